//! Rewards that were taken from a worker.

use super::*;
use aipg_primitives::UnvestedRewards;
use frame_support::assert_storage_noop;

/// The last block in which a reward of round 0 can be claimed.
const LAST: u64 = ROUND * (EXPIRY_ROUNDS as u64 + 1) - 1;
/// What the blocks of round 0 make available; the genesis makes nothing.
const BUDGET: Balance = 9 * BUDGET_PER_BLOCK;

/// Credit of both workers in the open round, three quarters of it `WORKER`'s.
fn earn() {
    UsefulWork::on_settled(&job(WORKER, LISTED, 30_000, INDEX_PRICE));
    UsefulWork::on_settled(&job(OTHER_WORKER, LISTED, 10_000, INDEX_PRICE));
}

#[test]
fn claim_should_fail_when_the_rewards_were_forfeited() {
    execute(|| {
        earn();
        run_to(ROUND);
        assert_eq!(UsefulWork::claimable_rewards(&WORKER).len(), 1);
        UsefulWork::forfeit(&WORKER);
        assert_eq!(
            events().last(),
            Some(&Event::RewardsForfeited { worker: WORKER })
        );
        assert!(UsefulWork::claimable_rewards(&WORKER).is_empty());
        for round in [0, 1, 77] {
            assert_noop!(claim(WORKER, round), Error::<Test>::RewardsForfeited);
        }
        assert!(paid().is_empty());
    });
}

#[test]
fn forfeited_credit_should_lapse_with_its_round_and_change_no_other_reward() {
    execute(|| {
        earn();
        UsefulWork::forfeit(&WORKER);
        run_to(ROUND);
        assert_ok!(claim(OTHER_WORKER, 0));
        assert_eq!(paid(), vec![(OTHER_WORKER, BUDGET / 4)]);
        assert_eq!(RESERVED.get(), BUDGET * 3 / 4);
        run_to(LAST + 1);
        assert!(events().contains(&Event::RoundExpired {
            round: 0,
            credit: 300_000,
            lapsed: BUDGET * 3 / 4,
        }));
        assert_eq!(RESERVED.get(), 0);
        run_to(LAST + 1 + 2 * ROUND);
        assert_eq!(Credits::<Test>::iter().count(), 0);
        // The reason outlives the credit.
        assert_noop!(claim(WORKER, 0), Error::<Test>::RewardsForfeited);
    });
}

#[test]
fn credit_that_is_earned_afterwards_should_be_forfeited_as_well() {
    execute(|| {
        UsefulWork::forfeit(&WORKER);
        run_to(ROUND);
        earn();
        run_to(2 * ROUND);
        assert!(UsefulWork::claimable_rewards(&WORKER).is_empty());
        assert_noop!(claim(WORKER, 1), Error::<Test>::RewardsForfeited);
        assert_eq!(UsefulWork::claimable_rewards(&OTHER_WORKER).len(), 1);
        assert_ok!(claim(OTHER_WORKER, 1));
    });
}

#[test]
fn forfeiting_should_change_nothing_when_it_is_repeated() {
    execute(|| {
        UsefulWork::forfeit(&WORKER);
        assert_storage_noop!(UsefulWork::forfeit(&WORKER));
        assert!(UsefulWork::has_forfeited(&WORKER));
        assert!(!UsefulWork::has_forfeited(&OTHER_WORKER));
    });
}

#[test]
fn reward_that_was_claimed_before_should_stay_with_the_worker() {
    execute(|| {
        earn();
        run_to(ROUND);
        assert_ok!(claim(WORKER, 0));
        UsefulWork::forfeit(&WORKER);
        assert_eq!(paid(), vec![(WORKER, BUDGET * 3 / 4)]);
    });
}
