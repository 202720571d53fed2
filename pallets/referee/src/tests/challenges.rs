//! Who may challenge what, and until when.

use super::players::*;
use crate::{mock::*, pallet::*, HoldReason};
use aipg_primitives::{Attestation, SettlementGate, AIPG};
use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
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
        assert_eq!(Proven::get(), [false], "nobody stood for it");
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

/// Pays for what a bond of this size takes.
fn endow(who: AccountId, amount: u128) {
    Balances::mint_into(&who, amount).unwrap();
}

#[test]
fn bonds_should_grow_with_what_can_be_won() {
    execute(|| {
        deliver(truth());
        for who in [CHALLENGER, SECOND, DEFENDER] {
            endow(who, 1_000 * AIPG);
        }
        // A hundredth of the worker's bond, rounded up.
        WorkerBond::set(10_000 * AIPG + 1);
        challenge(CHALLENGER, truth());
        let share = 100 * AIPG + 1;
        assert_eq!(on_hold(HoldReason::Challenge, CHALLENGER), share);
        post(DEFENDER, truth());
        assert_eq!(on_hold(HoldReason::Trace, DEFENDER), share);
        // What the requester pays, where that is more.
        Results::mutate(|results| results.get_mut(&JOB).unwrap().fee = 300 * AIPG);
        challenge(SECOND, truth());
        assert_eq!(on_hold(HoldReason::Challenge, SECOND), 300 * AIPG);
        // The worker's own trace takes none.
        post(WORKER, truth());
        assert_eq!(on_hold(HoldReason::Trace, WORKER), 0);
    });
}

#[test]
fn nobody_should_stand_for_a_result_before_its_worker_has_attested() {
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        Attested::set(Attestation::Awaited);
        for who in [WORKER, DEFENDER] {
            let posted = try_post(who, truth());
            assert_noop!(posted, error(Error::AttestationAwaited));
        }
        Attested::set(Attestation::Root(H256::repeat_byte(7)));
        let posted = try_post(DEFENDER, truth());
        assert_noop!(posted, error(Error::NotAsAttested));
        Attested::set(Attestation::Root(root_of(truth())));
        assert_ok!(try_post(DEFENDER, truth()));
        assert_ok!(try_post(WORKER, truth()));
    });
}

#[test]
fn worker_should_be_doubted_while_any_of_its_results_is_challenged() {
    execute(|| {
        let other = JOB + 1;
        deliver(truth());
        deliver_as(other, WORKER, truth(), 9, &[]);
        assert!(!Referee::is_doubted(&WORKER));
        challenge(CHALLENGER, truth());
        assert_ok!(Referee::challenge(signed(SECOND), other, H256::zero()));
        assert_ok!(Referee::challenge(signed(CHALLENGER), other, H256::zero()));
        assert_eq!(Doubted::<Test>::get(WORKER), 2);
        assert!(!Referee::is_doubted(&DEFENDER));
        // Nobody stands for the results; the first is decided, then the other.
        advance_to(2 * CHALLENGE_WINDOW + 1);
        assert!(!Referee::is_doubted(&WORKER), "both are false");
    });
}
