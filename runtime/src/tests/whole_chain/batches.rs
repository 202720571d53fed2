//! Batches with one bad member: what each kind does with the money, to the unit.

use super::{
    chain::{send, Chain},
    ledger::Ledger,
    *,
};
use aipg_primitives::{JobParameters, ServiceLevel, TrustClass};
use frame_support::traits::fungible::InspectHold;
use pallet_utility::Call as Utility;
use sp_keyring::Sr25519Keyring::{Bob, Eve};
use sp_runtime::{ArithmeticError, DispatchError, TokenError};

fn execute(test: impl FnOnce()) {
    sp_io::TestExternalities::from(storage(DEV_RUNTIME_PRESET, |_| ())).execute_with(|| {
        let mut chain = Chain::start();
        let mut ledger = Ledger::open();
        test();
        ledger.book(&chain.end());
        assert_eq!(ledger.check(), vec![]);
    });
}

fn pay(value: Balance) -> RuntimeCall {
    let dest = account(Eve).into();
    pallet_balances::Call::transfer_keep_alive { dest, value }.into()
}

/// What only the holder of the sudo key may do.
fn usurp() -> RuntimeCall {
    pallet_sudo::Call::remove_key {}.into()
}

/// Sends a batch as Bob; returns how it ended, what Eve got, and what Bob paid besides the fee.
fn outcome_of(batch: Utility<Runtime>) -> (Result<(), DispatchError>, Balance, Balance) {
    let (bob, eve, fees) = (
        Balances::free_balance(account(Bob)),
        Balances::free_balance(account(Eve)),
        treasury(),
    );
    let outcome = send(Bob, batch).expect("the batch itself is valid");
    let fee = treasury() - fees;
    assert!(fee > 0);
    (
        outcome,
        Balances::free_balance(account(Eve)) - eve,
        bob - Balances::free_balance(account(Bob)) - fee,
    )
}

#[test]
fn batch_should_keep_what_came_before_the_bad_member() {
    for bad in [pay(Balance::MAX), usurp(), pay(100_001 * AIPG)] {
        execute(|| {
            let calls = vec![pay(1), bad, pay(10)];
            assert_eq!(outcome_of(Utility::batch { calls }), (Ok(()), 1, 1));
        });
    }
}

#[test]
fn batch_all_should_undo_everything_when_one_member_is_bad() {
    for (bad, error) in [
        (pay(Balance::MAX), ArithmeticError::Underflow.into()),
        (pay(100_001 * AIPG), TokenError::FundsUnavailable.into()),
        (usurp(), pallet_sudo::Error::<Runtime>::RequireSudo.into()),
    ] {
        execute(|| {
            let calls = vec![pay(1), bad, pay(10)];
            let outcome = outcome_of(Utility::batch_all { calls });
            assert_eq!(outcome, (Err(error), 0, 0));
        });
    }
}

#[test]
fn force_batch_should_leave_out_only_the_bad_member() {
    for bad in [pay(Balance::MAX), usurp()] {
        execute(|| {
            let calls = vec![pay(1), bad, pay(10)];
            let outcome = outcome_of(Utility::force_batch { calls });
            assert_eq!(outcome, (Ok(()), 11, 11));
        });
    }
}

#[test]
fn fallback_should_pay_alone_when_the_main_call_is_bad() {
    execute(|| {
        let choice = Utility::if_else {
            main: Box::new(
                Utility::batch_all {
                    calls: vec![pay(1), usurp()],
                }
                .into(),
            ),
            fallback: Box::new(pay(10)),
        };
        assert_eq!(outcome_of(choice), (Ok(()), 10, 10));
    });
}

#[test]
fn empty_batch_should_cost_its_fee_and_nothing_else() {
    execute(|| {
        for batch in [
            Utility::batch { calls: vec![] },
            Utility::batch_all { calls: vec![] },
            Utility::force_batch { calls: vec![] },
        ] {
            assert_eq!(outcome_of(batch), (Ok(()), 0, 0));
        }
    });
}

#[test]
fn batch_should_hold_the_price_of_exactly_the_jobs_that_were_accepted() {
    execute(|| {
        let model = pallet_model_registry::Models::<Runtime>::iter_keys()
            .next()
            .expect("dev has a model");
        let least = JobEscrow::quote(model, 10, 10)
            .expect("the model takes the job")
            .least_price;
        let submit = |max_price| {
            RuntimeCall::from(pallet_job_escrow::Call::submit {
                model,
                input: tokens(10),
                parameters: JobParameters {
                    max_output: 10,
                    ..Default::default()
                },
                max_price,
                class: TrustClass::Exact,
                deadline: System::block_number() + 200,
                service: ServiceLevel::default(),
                referrer: None,
                provider: None,
            })
        };
        let calls = vec![submit(least), submit(least - 1), submit(least + 5)];
        let held = || {
            let reason = pallet_job_escrow::HoldReason::JobPrice;
            Balances::balance_on_hold(&reason.into(), &account(Bob))
        };
        let undone = outcome_of(Utility::batch_all {
            calls: calls.clone(),
        });
        let error = pallet_job_escrow::Error::<Runtime>::PriceBelowFloor;
        assert_eq!(undone, (Err(error.into()), 0, 0));
        assert_eq!(
            (held(), pallet_job_escrow::NextJob::<Runtime>::get()),
            (0, 0)
        );
        let spent = outcome_of(Utility::batch {
            calls: calls.clone(),
        });
        assert_eq!(spent, (Ok(()), 0, least));
        assert_eq!(held(), least);
        let spent = outcome_of(Utility::force_batch { calls });
        assert_eq!(spent, (Ok(()), 0, 2 * least + 5));
        assert_eq!(held(), 3 * least + 5);
        assert_eq!(pallet_job_escrow::NextJob::<Runtime>::get(), 3);
    });
}
