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
        Hash::repeat_byte(3)
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

        assert_ok!(JobEscrow::refute(job));
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
