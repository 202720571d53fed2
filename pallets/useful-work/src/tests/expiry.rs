//! Rewards that nobody claims.

use super::*;
use frame_support::{
    traits::{Get, Hooks},
    weights::Weight,
};
use sp_runtime::TryRuntimeError;

/// The last block in which a reward of round 0 can be claimed.
const LAST: u64 = ROUND * (EXPIRY_ROUNDS as u64 + 1) - 1;
/// What the blocks of round 0 make available; the genesis makes nothing.
const BUDGET: Balance = 9 * BUDGET_PER_BLOCK;

/// Credit of both workers in round 0, three quarters of it `WORKER`'s, which takes the whole budget.
fn earn() {
    UsefulWork::on_settled(&job(WORKER, LISTED, 30_000, INDEX_PRICE));
    UsefulWork::on_settled(&job(OTHER_WORKER, LISTED, 10_000, INDEX_PRICE));
}

fn expired(round: RoundIndex) -> Option<(Balance, Balance)> {
    events().into_iter().find_map(|event| match event {
        Event::RoundExpired {
            round: index,
            credit,
            lapsed,
        } if index == round => Some((credit, lapsed)),
        _ => None,
    })
}

#[test]
fn reward_should_be_claimable_to_the_last_block_of_its_time_and_not_in_the_next() {
    execute(|| {
        earn();
        run_to(LAST);
        assert_eq!(UsefulWork::claimable_rewards(&OTHER_WORKER).len(), 1);
        assert_ok!(claim(WORKER, 0));
        assert_eq!(expired(0), None);
        run_to(LAST + 1);
        assert!(UsefulWork::claimable_rewards(&OTHER_WORKER).is_empty());
        assert_noop!(claim(OTHER_WORKER, 0), Error::<Test>::RewardExpired);
        assert_eq!(paid(), vec![(WORKER, BUDGET * 3 / 4)]);
    });
}

#[test]
fn round_should_lapse_what_nobody_claimed_when_it_expires() {
    execute(|| {
        earn();
        run_to(ROUND);
        assert_ok!(claim(WORKER, 0));
        let lapsed = LAPSED.get();
        run_to(LAST);
        assert_eq!(RESERVED.get(), BUDGET / 4);
        run_to(LAST + 1);
        assert_eq!(expired(0), Some((100_000, BUDGET / 4)));
        assert_eq!(RESERVED.get(), 0);
        assert!(Rounds::<Test>::get(0).is_none());
        // The other rounds earned nothing and lapsed whole.
        let others = Balance::from(EXPIRY_ROUNDS) * 10 * BUDGET_PER_BLOCK;
        assert_eq!(LAPSED.get(), lapsed + others + BUDGET / 4);
    });
}

#[test]
fn round_should_expire_with_what_its_ceilings_left() {
    execute(|| {
        // κ = 2 % of fees of 1,000 each; the reserve is far larger.
        UsefulWork::on_settled(&job(WORKER, UNLISTED, 100, INDEX_PRICE));
        UsefulWork::on_settled(&job(OTHER_WORKER, UNLISTED, 100, INDEX_PRICE));
        run_to(ROUND);
        let reserved = RESERVED.get();
        assert_ok!(claim(WORKER, 0));
        run_to(LAST + 1);
        assert_eq!(expired(0), Some((1_000, reserved - 20)));
    });
}

#[test]
fn round_should_not_expire_when_everything_was_claimed() {
    execute(|| {
        earn();
        run_to(ROUND);
        assert_ok!(claim(WORKER, 0));
        assert_ok!(claim(OTHER_WORKER, 0));
        run_to(LAST + 1);
        assert_eq!(expired(0), None);
        // Nothing is left to find, so that the reason is the same before and after a round is swept.
        assert_noop!(claim(WORKER, 0), Error::<Test>::RewardExpired);
    });
}

#[test]
fn rounds_should_expire_one_by_one_when_work_goes_on() {
    execute(|| {
        for round in 0..3u32 {
            run_to(u64::from(round) * ROUND + 5);
            UsefulWork::on_settled(&job(WORKER, LISTED, 30_000, INDEX_PRICE));
        }
        for round in 0..3u32 {
            run_to(LAST + u64::from(round) * ROUND);
            let left: Vec<_> = UsefulWork::claimable_rewards(&WORKER)
                .iter()
                .map(|reward| reward.round)
                .collect();
            assert_eq!(left, (round..3).collect::<Vec<_>>(), "oldest first");
            assert_eq!(expired(round), None);
            run_to(LAST + u64::from(round) * ROUND + 1);
            assert!(expired(round).is_some());
        }
        assert_eq!(RESERVED.get(), 0);
    });
}

/// Credit of so many workers in round 0, and a record of the next round.
fn earn_by(workers: u64) {
    for worker in 0..workers {
        UsefulWork::on_settled(&job(1_000 + worker, LISTED, 100, INDEX_PRICE));
    }
    run_to(ROUND);
    UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
}

fn records(round: RoundIndex) -> usize {
    Credits::<Test>::iter_prefix(round).count()
}

#[test]
fn records_of_an_expired_round_should_go_in_bounded_portions() {
    execute(|| {
        let most = MAX_SWEPT as usize;
        earn_by(2 * u64::from(MAX_SWEPT) + 5);
        run_to(LAST + 1);
        assert_eq!(records(0), 2 * most + 5);
        run_to(LAST + 2);
        assert_eq!(records(0), most + 5);
        run_to(LAST + 3);
        assert_eq!((records(0), FirstUnswept::<Test>::get()), (5, 0));
        run_to(LAST + 4);
        assert_eq!((records(0), FirstUnswept::<Test>::get()), (0, 1));
        // The next round has its time still.
        run_to(LAST + ROUND);
        assert_eq!(records(1), 1);
        assert_ok!(claim(WORKER, 1));
        run_to(LAST + 10 * ROUND);
        assert_eq!(Credits::<Test>::iter().count(), 0);
    });
}

#[test]
fn records_should_wait_when_a_block_has_no_weight_to_spare() {
    execute(|| {
        earn_by(20);
        let weight = <Test as Config>::WeightInfo::sweep_credits;
        IDLE_WEIGHT.set(weight(1).saturating_sub(Weight::from_parts(1, 0)));
        run_to(LAST + 3 * ROUND);
        assert_eq!(records(0), 20);
        IDLE_WEIGHT.set(weight(12));
        run_to(System::block_number() + 1);
        assert_eq!(records(0), 8);
        run_to(System::block_number() + 1);
        assert_eq!(records(0), 0);
    });
}

#[test]
fn sweep_should_take_no_more_weight_than_it_needs() {
    execute(|| {
        earn_by(3);
        run_to(LAST + 1);
        let weight = <Test as Config>::WeightInfo::sweep_credits;
        let look = <Test as Config>::WeightInfo::sweep_early_work(0);
        let idle = || UsefulWork::on_idle(System::block_number(), Weight::MAX);
        assert_eq!(idle(), weight(3) + look);
        assert_eq!(idle(), weight(0) + look);
        assert_eq!(UsefulWork::on_idle(LAST, Weight::zero()), Weight::zero());
    });
}

/// Does harm to a state with a closed round, an open one and one that expired, and asserts that
/// the state's own check says so.
fn assert_reported(expected: &'static str, harm: fn()) {
    execute(|| {
        earn();
        IDLE_WEIGHT.set(Weight::zero());
        run_to(3 * ROUND);
        UsefulWork::on_settled(&job(WORKER, LISTED, 10_000, INDEX_PRICE));
        run_to(LAST + 1);
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        assert_eq!(UsefulWork::do_try_state(), Ok(()));
        // A storage transaction that is undone: `execute` checks the state once more.
        let reserved = RESERVED.get();
        let outcome = frame_support::storage::with_transaction_unchecked(|| {
            harm();
            sp_runtime::TransactionOutcome::Rollback(UsefulWork::do_try_state())
        });
        RESERVED.set(reserved);
        assert_eq!(outcome, Err(TryRuntimeError::Other(expected)));
    });
}

#[test]
fn try_state_should_fail_when_an_expired_round_still_owes() {
    assert_reported("expired round still owes rewards", || {
        let round = Rounds::<Test>::get(3).unwrap();
        Rounds::<Test>::insert(0, round);
    });
}

#[test]
fn try_state_should_fail_when_reserved_budget_belongs_to_no_round() {
    assert_reported(
        "reserved budget is not what closed rounds and public jobs have",
        || {
            RESERVED.set(RESERVED.get() + 1);
        },
    );
}

#[test]
fn try_state_should_fail_when_a_swept_round_left_credit() {
    assert_reported("credit of a round that was swept", || {
        FirstUnswept::<Test>::put(1);
    });
}

#[test]
fn try_state_should_fail_when_a_round_owes_to_nobody() {
    assert_reported("closed round does not owe the credit that is left", || {
        Credits::<Test>::remove(3, WORKER);
    });
}

#[test]
fn try_state_should_fail_when_credit_is_of_no_round() {
    assert_reported(
        "credit of a round that neither is open, nor owes it, nor expired",
        || {
            let lines = Credits::<Test>::get(3, WORKER);
            Credits::<Test>::insert(2, WORKER, lines);
        },
    );
}

#[test]
fn expiry_should_be_as_many_rounds_as_configured() {
    let rounds: u32 = <Test as Config>::ExpiryRounds::get();
    assert_eq!(UsefulWork::oldest_claimable(rounds + 7), 7);
    assert_eq!(UsefulWork::oldest_claimable(rounds), 0);
    assert_eq!(UsefulWork::oldest_claimable(0), 0);
}
