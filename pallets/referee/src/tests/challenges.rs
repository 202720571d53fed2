//! Who may challenge what, and until when.

use super::players::*;
use crate::{mock::*, pallet::*, HoldReason};
use aipg_primitives::SettlementGate;
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

fn try_challenge(who: AccountId) -> sp_runtime::DispatchResult {
    Referee::challenge(signed(who), JOB, H256::zero())
}

#[test]
fn a_challenge_should_hold_its_bond_and_keep_the_job_from_being_paid() {
    execute(|| {
        deliver(truth());
        let delivered = Referee::now();
        assert!(!Referee::may_settle(JOB, delivered));
        assert_eq!(challenge(CHALLENGER, truth()), 0);
        assert_eq!(challenge(SECOND, truth()), 1);
        assert_eq!(on_hold(HoldReason::Challenge, CHALLENGER), CHALLENGE_BOND);
        advance(CHALLENGE_WINDOW + 3);
        assert!(!Referee::may_settle(JOB, delivered));
        assert_eq!(Referee::tick(), Referee::now());
    });
}

#[test]
fn a_result_should_be_paid_when_nobody_challenged_it_in_time() {
    execute(|| {
        deliver(truth());
        let delivered = Referee::now();
        advance(CHALLENGE_WINDOW - 1);
        assert!(!Referee::may_settle(JOB, delivered));
        advance(1);
        assert!(Referee::may_settle(JOB, delivered));
        assert_noop!(try_challenge(CHALLENGER), error(Error::ChallengesClosed));
    });
}

#[test]
fn a_challenge_should_be_taken_in_the_last_tick_of_the_window() {
    execute(|| {
        deliver(truth());
        advance(CHALLENGE_WINDOW - 1);
        assert_ok!(try_challenge(CHALLENGER));
        advance(1);
        assert_noop!(try_challenge(SECOND), error(Error::ChallengesClosed));
    });
}

#[test]
fn a_challenge_should_be_refused_without_a_result() {
    execute(|| {
        assert_noop!(try_challenge(CHALLENGER), error(Error::ResultNotFound));
    });
}

#[test]
fn a_challenge_should_be_refused_when_its_bond_cannot_be_held() {
    execute(|| {
        deliver(truth());
        empty(CHALLENGER);
        assert_noop!(try_challenge(CHALLENGER), error(Error::BondExceedsBalance));
    });
}

#[test]
fn a_result_that_nobody_defends_should_be_false_when_nobody_can_any_more() {
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        advance_to(2 * CHALLENGE_WINDOW);
        assert!(Refuted::get().is_empty());
        advance(1);
        assert_eq!(Refuted::get(), [JOB]);
        // The reward waits, the case is decided.
        assert_noop!(try_challenge(SECOND), error(Error::ResultNotFound));
        assert_noop!(try_post(WORKER, truth()), error(Error::CaseDecided));
    });
}

#[test]
fn a_decided_case_should_take_no_challenge() {
    execute(|| {
        deliver_with(truth(), MOST + 1, &[]);
        let number = challenge(CHALLENGER, truth());
        advance(1);
        super::answers::prove_end(CHALLENGER, number, truth()).unwrap();
        assert_noop!(try_challenge(SECOND), error(Error::CaseDecided));
        assert_noop!(try_post(WORKER, truth()), error(Error::CaseDecided));
    });
}
