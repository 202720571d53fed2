//! An audit through all pallets, on real blocks: drawn, committed, attested, revealed, and what follows.

use super::*;
use crate::tests::spine::{online_worker, submit, tokens, OUTPUT};
use aipg_primitives::{Attestation, Attestations, JobId};
use codec::Encode;
use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::Inspect, Get},
};
use pallet_audits::types::{AuditorFault, Stage};
use sp_core::{crypto::VrfSecret, sr25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Bob, Charlie, Dave, Eve};

const BOND: Balance = 400 * AIPG;
const TRACE: Hash = Hash::repeat_byte(6);
const SALT: Hash = Hash::repeat_byte(8);

/// The key that an auditor is drawn by.
fn pair(who: Sr25519Keyring) -> sr25519::Pair {
    sr25519::Pair::from_seed(&account(who).encode().try_into().expect("32 bytes"))
}

/// Charlie works; Dave and Eve audit, and have all bonds together, so both are always drawn.
fn auditors() {
    online_worker();
    for who in [Dave, Eve] {
        assert_ok!(Audits::register(signed(who), pair(who).public(), BOND));
    }
    let delay: BlockNumber = <Runtime as pallet_audits::Config>::KeyDelay::get();
    run_to(System::block_number() + delay);
}

/// A job that Charlie delivered, and whose auditors are drawn.
fn drawn() -> JobId {
    let job = JobEscrow::next_job();
    submit();
    run_to(System::block_number() + 7);
    assert_ok!(JobEscrow::claim(signed(Charlie), job));
    assert_ok!(JobEscrow::submit_result(
        signed(Charlie),
        job,
        tokens(OUTPUT),
        Hash::repeat_byte(3),
        None
    ));
    assert!(Audits::is_open(job));
    until(|| matches!(stage(job), Some(Stage::Committing { .. })));
    job
}

/// Blocks pass until something holds, within the time that anything takes.
fn until(holds: impl Fn() -> bool) {
    let limit = System::block_number() + 60;
    while !holds() {
        assert!(System::block_number() < limit, "it never comes");
        run_to(System::block_number() + 1);
    }
}

fn stage(job: JobId) -> Option<Stage<BlockNumber>> {
    pallet_audits::Audits::<Runtime>::get(job).map(|audit| audit.stage)
}

fn commit(who: Sr25519Keyring, job: JobId, root: Hash) {
    let Some(Stage::Committing { seed, .. }) = stage(job) else {
        panic!("nobody is drawn");
    };
    let proof = pair(who).vrf_sign(&pallet_audits::sign_data(&seed)).into();
    let hash = pallet_audits::commitment(job, &account(who).encode(), SALT, root);
    assert_ok!(Audits::commit(signed(who), job, proof, hash));
}

/// Blocks pass until the worker has to attest.
fn until_attestation(job: JobId) {
    until(|| stage(job) == Some(Stage::Attesting));
}

fn bond(who: Sr25519Keyring) -> Balance {
    Audits::bond_of(&account(who))
}

#[test]
fn audited_job_should_pay_who_looked_and_fine_who_did_not() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        auditors();
        let job = drawn();
        commit(Dave, job, TRACE);
        commit(Eve, job, Hash::repeat_byte(7));
        until_attestation(job);
        assert_eq!(<Audits as Attestations>::of(job), Attestation::Awaited);
        assert_ok!(Audits::attest(signed(Charlie), job, TRACE));
        assert_ok!(Audits::reveal(signed(Dave), job, SALT, TRACE));
        let other = Hash::repeat_byte(7);
        assert_ok!(Audits::reveal(signed(Eve), job, SALT, other));
        let delivered = pallet_audits::Audits::<Runtime>::get(job)
            .expect("it is open")
            .delivered;
        until(|| JobEscrow::view(job).is_none());
        let window = pallet_chain_parameters::Parameters::<Runtime>::get().challenge_window;
        assert!(pallet_referee::Ticks::<Runtime>::get() >= delivered + window);
        assert_eq!((bond(Dave), bond(Eve)), (BOND, BOND / 2));
        assert_eq!(Emission::books().burned_audit_faults, BOND / 2);
        let record = pallet_worker_registry::Workers::<Runtime>::get(account(Charlie));
        assert_eq!(record.expect("registered").challenges_passed, 1);
        // The round closes; worker and auditor can claim.
        run_to(System::block_number() + 20);
        let rewards = |who| UsefulWork::claimable_rewards(&account(who));
        let (worker, auditor) = (rewards(Charlie), rewards(Dave));
        assert_eq!((worker.len(), auditor.len(), rewards(Eve).len()), (1, 1, 0));
        // 3/97 by two auditors, as every result of a newcomer is audited.
        let part = worker[0].amount * 3 / 97 / 2;
        assert!(auditor[0].amount.abs_diff(part) <= 1, "{auditor:?}");
        let (free, round) = (Balances::free_balance(account(Dave)), auditor[0].round);
        assert_ok!(UsefulWork::claim_reward(signed(Dave), round));
        assert_eq!(
            Balances::free_balance(account(Dave)),
            free + auditor[0].amount
        );
    });
}

#[test]
fn job_should_be_void_when_its_worker_does_not_attest() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        auditors();
        let requester = Balances::total_balance(&account(Bob));
        let job = drawn();
        commit(Dave, job, TRACE);
        until_attestation(job);
        let machine = WorkerRegistry::view(&account(Charlie)).expect("registered");
        until(|| JobEscrow::view(job).is_none());
        assert_eq!(Balances::total_balance(&account(Bob)), requester);
        let after = WorkerRegistry::view(&account(Charlie)).expect("registered");
        assert_eq!(after.bond, machine.bond - machine.bond / 20);
        assert_eq!(
            (after.completed, after.failed),
            (machine.completed - 1, machine.failed + 1)
        );
        assert_eq!(bond(Dave), BOND);
        assert_noop!(
            Audits::attest(signed(Charlie), job, TRACE),
            pallet_audits::Error::<Runtime>::AuditNotFound
        );
    });
}

#[test]
fn result_should_not_be_paid_while_another_one_of_its_worker_is_challenged() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        online_worker();
        let deliver = || {
            let job = JobEscrow::next_job();
            submit();
            run_to(System::block_number() + 7);
            assert_ok!(JobEscrow::claim(signed(Charlie), job));
            assert_ok!(JobEscrow::submit_result(
                signed(Charlie),
                job,
                tokens(OUTPUT),
                Hash::repeat_byte(3),
                None
            ));
            job
        };
        let (one, other) = (deliver(), deliver());
        assert_ok!(Referee::challenge(signed(Dave), other, Hash::zero()));
        // The window of the first passes; nobody stands for the second.
        run_to(System::block_number() + 20);
        assert!(JobEscrow::view(one).is_some(), "it waits");
        run_to(System::block_number() + 20);
        assert!(JobEscrow::view(other).is_none(), "it was false");
        assert!(JobEscrow::view(one).is_none(), "it was paid");
    });
}

#[test]
fn windows_of_audits_should_leave_time_for_a_challenge() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            let windows = <Runtime as pallet_audits::Config>::Windows::get();
            let parameters = pallet_chain_parameters::Parameters::<Runtime>::get();
            let beacon = parameters.audit_beacon_blocks + 1;
            let all = beacon + windows.commit + windows.attest + windows.reveal;
            assert!(all <= windows.within, "{name}: {windows:?}");
            assert!(windows.within < parameters.challenge_window);
            assert!(windows.commit >= 3 && windows.attest >= 3 && windows.reveal >= 3);
        });
    }
}

#[test]
fn vouching_should_cost_half_when_the_result_is_proven_false() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        use aipg_primitives::DeliveredResults;
        auditors();
        let job = drawn();
        commit(Dave, job, TRACE);
        commit(Eve, job, Hash::repeat_byte(7));
        until_attestation(job);
        assert_ok!(Audits::attest(signed(Charlie), job, TRACE));
        assert_ok!(Audits::reveal(signed(Dave), job, SALT, TRACE));
        let other = Hash::repeat_byte(7);
        assert_ok!(Audits::reveal(signed(Eve), job, SALT, other));
        assert_ok!(JobEscrow::refute(job, true));
        assert_eq!((bond(Dave), bond(Eve)), (BOND / 2, BOND));
        System::assert_has_event(
            pallet_audits::Event::AuditorPenalised {
                job,
                auditor: account(Dave),
                fault: AuditorFault::Wrong,
                amount: BOND / 2,
            }
            .into(),
        );
    });
}
