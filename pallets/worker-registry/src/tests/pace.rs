//! The part of its time that a machine uses, and what follows in draws.

use super::*;
use crate::moved;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Says that a machine finished so many jobs, each in this part of its time.
fn finish(who: AccountId, jobs: u32, took: Permill) {
    for _ in 0..jobs {
        Workers::<Test>::mutate(who, |record| record.as_mut().unwrap().count_pace(took));
    }
}

/// How often each machine wins.
fn wins(draws: u64) -> BTreeMap<AccountId, u64> {
    let mut wins = BTreeMap::new();
    for seed in 0..draws {
        let drawn = WorkerRegistry::draw(&request(seed), &[]).unwrap();
        WorkerRegistry::released(&drawn.worker, drawn.payout);
        *wins.entry(drawn.worker).or_default() += 1;
    }
    wins
}

#[test]
fn pace_should_follow_what_jobs_took() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        assert_eq!(record(1).pace, Permill::from_percent(50));
        give_jobs(1, 2);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, Some(Permill::zero()));
        assert_eq!(record(1).pace, Permill::from_parts(437_500));
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, Some(Permill::one()));
        assert_eq!(record(1).pace, Permill::from_parts(507_812));
    });
}

#[test]
fn pace_should_stay_when_a_job_is_given_back_or_lost() {
    execute(|| {
        online_with(1, 10 * MINIMUM_BOND, 2);
        give_jobs(1, 2);
        WorkerRegistry::released(&1, PAYOUT);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        assert_eq!(record(1).pace, NEWCOMER_PACE);
    });
}

/// Shares within 0.015, four standard deviations of so many draws.
#[test]
fn slow_machine_should_be_drawn_less_and_a_newcomer_in_between() {
    execute(|| {
        for who in 1..=3 {
            register(who);
            serve(who, FLOOR);
        }
        finish(1, 100, Permill::zero());
        finish(2, 100, Permill::one());
        let draws = 20_000;
        let wins = wins(draws);
        // Factors of 1, 1/2 and 3/4.
        for (who, share) in [(1, 4.0 / 9.0), (2, 2.0 / 9.0), (3, 3.0 / 9.0)] {
            let won = wins[&who] as f64 / draws as f64;
            assert!((won - share).abs() < 0.015, "machine {who}: {won}");
        }
    });
}

#[test]
fn machine_that_becomes_fast_should_be_as_one_that_always_was_after_fifty_jobs() {
    execute(|| {
        register(1);
        finish(1, 100, Permill::one());
        assert!(record(1).pace > Permill::from_parts(999_990));
        finish(1, 50, Permill::from_percent(10));
        assert!(record(1).pace < Permill::from_parts(101_200));
    });
}

proptest! {
    #[test]
    fn average_should_stay_between_what_it_was_and_what_came(
        before in 0u32..=1_000_000,
        value in 0u32..=1_000_000,
    ) {
        let after = moved(Permill::from_parts(before), Permill::from_parts(value)).deconstruct();
        prop_assert!(after <= before.max(value));
        // Rounding takes less than one part of it.
        prop_assert!(after + 1 > before.min(value));
        let distance = before.abs_diff(value);
        prop_assert!(before.abs_diff(after) <= distance / 8 + 1);
    }
}

#[test]
fn pace_should_stay_when_nothing_is_known_of_the_time() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 4);
        draw(&request(0));
        let pace = || Workers::<Test>::get(1).unwrap().pace;
        let before = pace();
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, None);
        assert_eq!(pace(), before);
        assert_eq!(Workers::<Test>::get(1).unwrap().completed, 1);
    });
}
