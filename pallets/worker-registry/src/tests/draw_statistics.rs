//! The odds of a draw over many seeds, and its cost. Seeds are fixed, so nothing here is flaky.

use super::*;
use crate::{draw::score, success_share, Conduct};
use codec::Encode;
use std::collections::BTreeMap;

/// How often each machine wins `draws` draws.
fn wins(draws: u64) -> BTreeMap<AccountId, u64> {
    let mut wins = BTreeMap::new();
    for seed in 0..draws {
        let drawn = WorkerRegistry::draw(&request(seed), &[]).unwrap();
        WorkerRegistry::released(&drawn.worker, drawn.payout);
        *wins.entry(drawn.worker).or_default() += 1;
    }
    wins
}

/// Whether `count` of `draws` is within four standard deviations of the probability `share / total`.
fn fits(count: u64, draws: u64, share: u64, total: u64) -> bool {
    let probability = share as f64 / total as f64;
    let draws = draws as f64;
    let deviation = (draws * probability * (1.0 - probability)).sqrt();
    (count as f64 - draws * probability).abs() < 4.0 * deviation
}

#[test]
fn winners_should_be_proportional_to_score_when_all_machines_are_candidates() {
    execute(|| {
        // Ask, completed, failed: different scores for different reasons.
        let machines = [
            (1, FLOOR, 0, 0),
            (2, 5 * FLOOR, 0, 0),
            (3, FLOOR, 4, 5),
            (4, 9 * FLOOR, 9, 1),
        ];
        let mut scores = BTreeMap::new();
        for (who, ask, completed, failed) in machines {
            register(who);
            serve(who, ask);
            Workers::<Test>::mutate(who, |record| {
                let record = record.as_mut().unwrap();
                (record.completed, record.failed) = (completed, failed);
            });
            let conduct = Conduct {
                reputation: success_share(completed, failed),
                pace: NEWCOMER_PACE,
                uptime: Permill::one(),
            };
            scores.insert(who, score(100 * ask, 1_000 * FLOOR, &conduct));
        }
        let total = scores.values().sum();
        let draws = 20_000;
        let wins = wins(draws);
        for (who, share) in &scores {
            assert!(
                fits(wins[who], draws, *share, total),
                "machine {who} won {} of {draws} with {share} of {total}",
                wins[who]
            );
        }
        // The scores differ enough for the test to notice a draw that ignores them.
        assert!(wins[&1] > 2 * wins[&4]);
    });
}

#[test]
fn winners_should_be_even_when_many_machines_are_alike() {
    execute(|| {
        for who in 1..=20 {
            register(who);
            serve(who, FLOOR);
        }
        let draws = 20_000;
        let wins = wins(draws);
        for who in 1..=20 {
            assert!(
                fits(wins[&who], draws, 1, 20),
                "machine {who} won {} times",
                wins[&who]
            );
        }
    });
}

/// Bytes of the storage proof of one draw among `machines` machines: all that it reads.
fn proof_of_a_draw(machines: u64) -> usize {
    let mut externalities = test_externalities();
    externalities.execute_with(|| {
        for who in 1..=machines {
            assert_ok!(Balances::force_set_balance(
                RuntimeOrigin::root(),
                who,
                ENDOWMENT
            ));
            register(who);
            serve(who, FLOOR);
        }
        System::reset_events();
    });
    externalities.commit_all().unwrap();
    let (drawn, proof) = externalities.execute_and_prove(|| draw(&request(1)));
    assert!(drawn.is_some());
    proof.encoded_size()
}

#[test]
fn draw_should_read_no_more_when_ten_times_as_many_machines_are_online() {
    let (few, many) = (proof_of_a_draw(200), proof_of_a_draw(2_000));
    // The state's tree gets deeper by one node, at most 600 bytes, on the way to each of the 18
    // entries read. One more entry for each machine would be 1,800 × 32 bytes at the very least.
    assert!(
        many < few + 18 * 600,
        "{few} bytes among 200 machines, {many} among 2,000"
    );
}
