//! A false result through all pallets, as whoever judges it has it: refuted, convicted, forfeited.

use super::*;
use crate::tests::spine::{model, online_worker, submit, tokens, MAX_OUTPUT, OUTPUT, PROMPT};
use aipg_primitives::{Conviction, DeliveredResults, JobId, ModelCatalogue, UnvestedRewards};
use frame_support::{
    assert_noop, assert_ok,
    traits::fungible::{Inspect, InspectHold},
};
use sp_keyring::Sr25519Keyring::{Bob, Charlie};

/// Receives what a conviction does not burn; has nothing before.
fn reward() -> AccountId {
    AccountId::new([9; 32])
}

/// A job that Charlie was drawn for, claimed and delivered.
fn delivered() -> JobId {
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
}

#[test]
fn false_result_should_cost_its_worker_and_nobody_else() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        online_worker();
        let paid = delivered();
        run_to(System::block_number() + 30);
        assert!(JobEscrow::view(paid).is_none());
        assert_eq!(UsefulWork::claimable_rewards(&account(Charlie)).len(), 1);
        let (bob, charlie) = (account(Bob), account(Charlie));
        let requesters = Balances::total_balance(&bob);
        let before = Emission::books();
        let machine = WorkerRegistry::view(&charlie).expect("registered");

        let job = delivered();
        let result = JobEscrow::delivered(job).expect("it was just delivered");
        assert_eq!((result.worker, result.model), (charlie.clone(), model()));
        assert_eq!(
            (result.input, result.output),
            (tokens(PROMPT), tokens(OUTPUT))
        );
        assert_eq!(result.parameters.max_output, MAX_OUTPUT);
        assert!(ModelRegistry::header(&result.model).is_some());

        assert_ok!(JobEscrow::refute(job, true));
        let moved = WorkerRegistry::convict(&charlie, &reward()).expect("the bond suffices");
        UsefulWork::forfeit(&charlie);

        assert_eq!(Balances::total_balance(&bob), requesters);
        assert_eq!(Balances::total_balance_on_hold(&bob), 0);
        assert_eq!(moved, machine.bond / 4);
        assert_eq!(Balances::free_balance(reward()), moved);
        let after = WorkerRegistry::view(&charlie).expect("still registered");
        assert_eq!((after.banned, after.online), (true, false));
        assert_eq!(after.bond, machine.bond / 2);
        let books = Emission::books();
        assert_eq!(books.burned_convictions, machine.bond / 4);
        assert_eq!(books.burned_fees, before.burned_fees);
        assert!(UsefulWork::claimable_rewards(&charlie).is_empty());
        check_all_pallets();

        // The chain goes on without the machine.
        submit();
        run_to(System::block_number() + 210);
        assert_eq!(Balances::total_balance(&bob), requesters);
        assert_noop!(
            WorkerRegistry::go_online(signed(Charlie)),
            pallet_worker_registry::Error::<Runtime>::Banned
        );
        assert_ok!(WorkerRegistry::retire(signed(Charlie)));
        run_to(System::block_number() + 40);
        assert_ok!(WorkerRegistry::withdraw(signed(Charlie)));
        assert_eq!(Balances::total_balance_on_hold(&charlie), 0);
        check_all_pallets();
    });
}

#[test]
fn misuse_should_cost_what_a_false_result_does_and_pay_the_treasury() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        online_worker();
        delivered();
        run_to(System::block_number() + 30);
        let charlie = account(Charlie);
        let round = UsefulWork::claimable_rewards(&charlie)[0].round;
        let running = delivered();
        let machine = WorkerRegistry::view(&charlie).expect("registered");
        let burned = Emission::books().burned_convictions;
        let before = treasury();
        let reason = pallet_worker_registry::Reason::try_from(b"attacked nodes".to_vec())
            .expect("it is short");
        let convict =
            |origin| WorkerRegistry::convict_misuse(origin, charlie.clone(), reason.clone());

        assert_noop!(convict(signed(Bob)), sp_runtime::DispatchError::BadOrigin);
        assert_ok!(convict(RuntimeOrigin::root()));

        let after = WorkerRegistry::view(&charlie).expect("still registered");
        assert_eq!((after.banned, after.online), (true, false));
        assert_eq!(after.bond, machine.bond / 2);
        assert_eq!(treasury(), before + machine.bond / 4);
        assert_eq!(
            Emission::books().burned_convictions,
            burned + machine.bond / 4
        );
        assert!(UsefulWork::claimable_rewards(&charlie).is_empty());
        assert_noop!(
            UsefulWork::claim_reward(signed(Charlie), round),
            pallet_useful_work::Error::<Runtime>::RewardsForfeited
        );
        check_all_pallets();

        // What it had delivered is paid.
        let free = Balances::free_balance(&charlie);
        run_to(System::block_number() + 30);
        assert!(JobEscrow::view(running).is_none());
        assert!(Balances::free_balance(&charlie) > free);
        check_all_pallets();
    });
}

/// Only lost games freeze a version, which need traces of a real model; here it is frozen as they do.
fn freeze(version: u32) {
    let fuse = pallet_referee::fuse::Fuse {
        frozen_since: Some(Referee::now()),
        ..Default::default()
    };
    pallet_referee::Fuses::<Runtime>::insert(version, fuse);
    pallet_referee::FrozenVersions::<Runtime>::put(1);
}

#[test]
fn frozen_version_should_keep_money_where_it_is_until_root_rules() {
    use aipg_exact::header::SEMANTICS_VERSION;
    use pallet_referee::fuse::FuseRuling;
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        online_worker();
        let charlie = account(Charlie);
        let earlier = delivered();
        run_to(System::block_number() + 30);
        assert!(JobEscrow::view(earlier).is_none());
        let round = UsefulWork::claimable_rewards(&charlie)[0].round;

        let job = delivered();
        freeze(SEMANTICS_VERSION);
        run_to(System::block_number() + 60);
        assert!(JobEscrow::delivered(job).is_some(), "it is not paid");
        let claim = |round| UsefulWork::claim_reward(signed(Charlie), round);
        assert_noop!(
            claim(round),
            pallet_useful_work::Error::<Runtime>::RewardsFrozen
        );
        assert_ok!(WorkerRegistry::go_offline(signed(Charlie)));
        assert_ok!(WorkerRegistry::retire(signed(Charlie)));
        run_to(System::block_number() + 40);
        assert_noop!(
            WorkerRegistry::withdraw(signed(Charlie)),
            pallet_worker_registry::Error::<Runtime>::BondsFrozen
        );
        check_all_pallets();

        assert_ok!(Referee::resolve_fuse(
            RuntimeOrigin::root(),
            SEMANTICS_VERSION,
            FuseRuling::Convict
        ));
        assert_ok!(claim(round));
        run_to(System::block_number() + 20);
        assert!(JobEscrow::view(job).is_none());
        assert_eq!(UsefulWork::claimable_rewards(&charlie).len(), 1);
        assert_ok!(WorkerRegistry::withdraw(signed(Charlie)));
        assert_eq!(Balances::total_balance_on_hold(&charlie), 0);
        check_all_pallets();
    });
}

#[test]
fn results_of_other_versions_should_be_paid_while_one_is_frozen() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        online_worker();
        let job = delivered();
        freeze(aipg_exact::header::SEMANTICS_VERSION + 1);
        run_to(System::block_number() + 30);
        assert!(JobEscrow::view(job).is_none());
        check_all_pallets();
    });
}
