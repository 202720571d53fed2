//! Public jobs through all pallets: from a round's budget to the fee of a machine, and to the end.

use super::*;
use crate::configs::work::Subsidised;
use aipg_primitives::{MeasuredMachines, ModelId, Region};
use frame_support::{
    assert_ok,
    traits::{fungible::Inspect, Contains},
    BoundedVec,
};
use pallet_bootstrap::types::{OUTPUT_TOKENS, PROMPT_TOKENS};
use spine::{model, tokens};
use Sr25519Keyring::{Bob, Charlie, Eve};

/// Tokens of the answer that the machine gives.
const ANSWER: u32 = 8;

fn floor() -> Balance {
    pallet_model_registry::Models::<Runtime>::get(model())
        .expect("it is registered")
        .price_floor
}

fn set_models(models: Vec<ModelId>) {
    assert_ok!(Bootstrap::set_models(
        RuntimeOrigin::root(),
        BoundedVec::truncate_from(models)
    ));
}

/// A machine that is online for the model at its floor.
fn machine(who: Sr25519Keyring) {
    assert_ok!(WorkerRegistry::register(
        signed(who),
        200 * AIPG,
        1,
        Region::Europe
    ));
    assert_ok!(WorkerRegistry::set_offer(signed(who), model(), floor()));
    assert_ok!(WorkerRegistry::go_online(signed(who)));
}

/// The machine has proven its power in the last window there was.
fn measure(who: Sr25519Keyring, steps: u32) {
    pallet_power::WindowCount::<Runtime>::put(1);
    pallet_power::Records::<Runtime>::insert(
        account(who),
        pallet_power::types::Record {
            attendance: pallet_power::attendance::Attendance::new(0),
            power: steps,
            proven: steps,
            claim: None,
            barred_until: None,
        },
    );
    WorkerRegistry::measured(&account(who), steps);
}

/// A development chain with public jobs of its model, on which Charlie's machine was measured and Eve's was not.
fn with_lane(test: impl FnOnce()) {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|parameters| {
            // Windows are there, and none opens in this test.
            parameters.power_interval = u32::MAX;
            parameters.bootstrap_share = 10_000;
            parameters.validate().expect("a chain can live with it");
        });
        set_models(vec![model()]);
        machine(Charlie);
        measure(Charlie, 100);
        machine(Eve);
        test();
        check_all_pallets();
    });
}

fn price() -> Balance {
    let quote = JobEscrow::quote(model(), PROMPT_TOKENS, OUTPUT_TOKENS);
    2 * quote.expect("the model takes it").least_price
}

#[test]
fn public_job_should_pay_a_measured_machine_and_earn_it_no_credit() {
    with_lane(|| {
        run_to(9);
        assert_eq!(JobEscrow::next_job(), 0);
        run_to(10);
        // The round of nine blocks has closed: 1 % of what useful work can earn.
        let granted = 9 * 3_750 * AIPG / 100;
        let minted = price() + EXISTENTIAL_DEPOSIT;
        let lane = Bootstrap::account();
        let job = JobEscrow::view(0).expect("it is there");
        assert_eq!((job.requester, job.max_price), (lane.clone(), price()));
        assert_eq!(Emission::books().minted_bootstrap, minted);
        assert_eq!(Emission::books().reserved_work, granted - minted);
        let view = Bootstrap::view(minted);
        assert_eq!((view.allowance, view.started), (granted - minted, 1));
        let prompt = Bootstrap::prompt(0).expect("it is a public job");
        assert_eq!(prompt.len(), PROMPT_TOKENS as usize);
        // One is enough.
        set_models(vec![]);

        run_to(14);
        assert_eq!(JobEscrow::worker_jobs(&account(Charlie)).len(), 1);
        assert!(JobEscrow::worker_jobs(&account(Eve)).is_empty());
        let before = Balances::free_balance(account(Charlie));
        assert_ok!(JobEscrow::claim(signed(Charlie), 0));
        assert_ok!(JobEscrow::submit_result(
            signed(Charlie),
            0,
            tokens(ANSWER),
            Hash::repeat_byte(3),
            None
        ));
        run_to(50);

        let quote = JobEscrow::quote(model(), PROMPT_TOKENS, ANSWER).expect("it takes it");
        let fee = Balance::from(quote.units) * floor();
        assert_eq!(
            Balances::free_balance(account(Charlie)) - before,
            fee * 920_000 / 1_000_000
        );
        assert_eq!(Balances::free_balance(&lane), minted - fee);
        assert_eq!(Balances::reserved_balance(&lane), 0);
        // The model is listed with twice the fee, and still:
        assert!(pallet_useful_work::Credits::<Runtime>::iter()
            .next()
            .is_none());
        assert!(UsefulWork::claimable_rewards(&account(Charlie)).is_empty());
        assert_eq!(Emission::books().minted_work, 0);
        assert_eq!(Bootstrap::prompt(0), None);
        // Without models nothing is kept for more jobs.
        assert_eq!(Emission::books().reserved_work, 0);
    });
}

#[test]
fn public_jobs_should_follow_each_other_without_minting_what_came_back() {
    with_lane(|| {
        run_to(30);
        let view = Bootstrap::view(Emission::books().minted_bootstrap);
        assert_eq!((view.started, view.unanswered), (16, 16));
        assert_eq!(view.minted, 16 * price() + EXISTENTIAL_DEPOSIT);
        check_all_pallets();
        // The machine lets them down and is gone: they come back whole, and no other one begins.
        assert_ok!(WorkerRegistry::go_offline(signed(Charlie)));
        run_to(180);
        let view = Bootstrap::view(Emission::books().minted_bootstrap);
        assert_eq!((view.started, view.unanswered, view.answered), (16, 0, 0));
        assert_eq!(view.minted, 16 * price() + EXISTENTIAL_DEPOSIT);
        assert_eq!(view.funds, 16 * price());
        assert_eq!(JobEscrow::next_job(), 16);
    });
}

#[test]
fn what_is_left_should_burn_when_the_time_of_public_jobs_is_over() {
    with_lane(|| {
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|it| it.bootstrap_halving = 10);
        run_to(10);
        let job = JobEscrow::view(0).expect("one has begun");
        assert_ok!(WorkerRegistry::go_offline(signed(Charlie)));
        run_to(60);
        assert_eq!(pallet_bootstrap::Pallet::<Runtime>::share_at(60), 0);
        assert!(!pallet_bootstrap::HasEnded::<Runtime>::get(), "one waits");
        run_to(job.deadline + 2);
        assert!(JobEscrow::view(0).is_none());
        assert!(pallet_bootstrap::HasEnded::<Runtime>::get());
        let books = Emission::books();
        assert_eq!(books.minted_bootstrap, price() + EXISTENTIAL_DEPOSIT);
        assert_eq!(books.burned_bootstrap, books.minted_bootstrap);
        assert_eq!(books.reserved_work, 0);
        assert_eq!(Balances::total_balance(&Bootstrap::account()), 0);
        assert_eq!(JobEscrow::next_job(), 1);
    });
}

#[test]
fn no_public_job_should_begin_where_no_machine_was_measured() {
    with_lane(|| {
        assert_ok!(WorkerRegistry::go_offline(signed(Charlie)));
        run_to(40);
        assert_eq!(JobEscrow::next_job(), 0);
        let books = Emission::books();
        assert_eq!(books.minted_bootstrap, 0);
        // Four rounds have closed, the first of which had a block less.
        assert_eq!(books.reserved_work, 39 * 3_750 * AIPG / 100);
    });
}

#[test]
fn presets_should_set_aside_what_their_parameters_say() {
    for (name, granted) in [
        (DEV_RUNTIME_PRESET, 0),
        (LOCAL_TESTNET_RUNTIME_PRESET, 9 * 375 * AIPG / 100),
        // Governance has put no model into the lane yet.
        (MAINNET_RUNTIME_PRESET, 0),
    ] {
        preset_state(name).execute_with(|| {
            run_to(11);
            assert_eq!(
                pallet_bootstrap::Allowance::<Runtime>::get(),
                granted,
                "{name}"
            );
            assert_eq!(Emission::books().reserved_work, granted, "{name}");
            assert_eq!(JobEscrow::next_job(), 0, "{name}");
            check_all_pallets();
        });
    }
}

#[test]
fn lane_and_treasury_should_be_subsidised_and_nobody_else() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        assert!(Subsidised::contains(&Bootstrap::account()));
        assert!(Subsidised::contains(&<Treasury as Get<AccountId>>::get()));
        assert!(!Subsidised::contains(&account(Bob)));
    });
}
