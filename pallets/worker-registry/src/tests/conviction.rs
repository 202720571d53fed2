use super::*;
use crate::WorkerState;
use aipg_primitives::{BurnReason, Conviction};
use frame_support::traits::{
    fungible::MutateHold, tokens::Precision, LockableCurrency, WithdrawReasons,
};
use sp_runtime::TokenError;

fn convict(who: AccountId) -> Result<Balance, DispatchError> {
    WorkerRegistry::convict(&who, &REWARD)
}

/// Leaves the machine with a bond of `rest`, which no call could.
fn shrink_bond(who: AccountId, rest: Balance) {
    let reason = crate::HoldReason::WorkerBond.into();
    let excess = on_hold(who) - rest;
    assert_ok!(Balances::release(&reason, &who, excess, Precision::Exact));
    crate::TotalBond::<Test>::mutate(|total| *total -= excess);
}

#[test]
fn conviction_should_burn_a_quarter_of_the_bond_and_move_a_quarter_to_the_reward() {
    execute(|| {
        register_with(1, 1_000 * AIPG, 1);
        let issuance = Balances::total_issuance();
        let free = Balances::balance(&1);
        assert_eq!(convict(1), Ok(250 * AIPG));
        assert_eq!(on_hold(1), 500 * AIPG);
        assert_eq!(Balances::balance(&1), free);
        assert_eq!(Balances::balance(&REWARD), 250 * AIPG);
        assert_eq!(on_hold(REWARD), 0);
        assert_eq!(Balances::total_issuance(), issuance - 250 * AIPG);
        assert_eq!(Burned::get(), vec![(BurnReason::Conviction, 250 * AIPG)]);
        System::assert_last_event(
            Event::Convicted {
                worker: 1,
                burned: 250 * AIPG,
                reward: 250 * AIPG,
            }
            .into(),
        );
    });
}

#[test]
fn conviction_should_be_rounded_against_who_is_paid() {
    // (odd units of the bond, of what the worker keeps, of the reward, of what burns)
    for (odd, kept, moved, burned) in [(1, 1, 0, 0), (2, 1, 0, 1), (3, 2, 0, 1), (6, 3, 1, 2)] {
        execute(|| {
            register_with(1, 1_000 * AIPG + odd, 1);
            assert_eq!(convict(1), Ok(250 * AIPG + moved));
            assert_eq!(on_hold(1), 500 * AIPG + kept);
            assert_eq!(Balances::balance(&REWARD), 250 * AIPG + moved);
            let reason = BurnReason::Conviction;
            assert_eq!(Burned::get(), vec![(reason, 250 * AIPG + burned)]);
        });
    }
}

#[test]
fn convicted_machine_should_leave_every_index_and_never_be_drawn_again() {
    execute(|| {
        for who in [1, 2] {
            online_with(who, 1_000 * AIPG, 16);
            assert_ok!(WorkerRegistry::set_offer(signed(who), model(2), FLOOR));
        }
        assert_ok!(convict(1));
        assert_eq!(record(1).state, WorkerState::Offline);
        System::assert_has_event(Event::WentOffline { worker: 1 }.into());
        for seed in 0..16 {
            assert_eq!(draw(&request(seed)), Some((2, FLOOR)));
        }
        assert_noop!(WorkerRegistry::go_online(signed(1)), Error::<Test>::Banned);
        // More bond does not buy it back.
        assert_ok!(WorkerRegistry::bond_more(signed(1), 1_000 * AIPG));
        assert_noop!(WorkerRegistry::go_online(signed(1)), Error::<Test>::Banned);
    });
}

#[test]
fn jobs_of_a_convicted_machine_should_run_on() {
    execute(|| {
        online_with(1, 1_000 * AIPG, 3);
        give_jobs(1, 3);
        assert_ok!(convict(1));
        assert_eq!(record(1).active, 3);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        WorkerRegistry::released(&1, PAYOUT);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        let record = record(1);
        assert_eq!((record.active, record.completed, record.failed), (0, 1, 1));
        // The penalty is of what the conviction left.
        assert_eq!(on_hold(1), 475 * AIPG);
    });
}

#[test]
fn reinstatement_should_fail_when_the_machine_is_banned() {
    execute(|| {
        online_with(1, 10_000 * AIPG, 16);
        give_jobs(1, 10);
        for _ in 0..10 {
            WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        }
        assert!(record(1).suspended);
        assert_ok!(convict(1));
        let reinstate = |who| WorkerRegistry::reinstate(RuntimeOrigin::root(), who);
        assert_noop!(reinstate(1), Error::<Test>::Banned);
        register(2);
        assert_ok!(convict(2));
        assert_noop!(reinstate(2), Error::<Test>::Banned);
    });
}

#[test]
fn convicted_machine_should_leave_with_the_rest_of_its_bond_and_not_come_back() {
    execute(|| {
        online_with(1, 1_000 * AIPG, 1);
        assert_ok!(convict(1));
        let again = || WorkerRegistry::register(signed(1), MINIMUM_BOND, 1, Region::Europe);
        assert_noop!(again(), Error::<Test>::Banned);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        System::set_block_number(UNBONDING);
        assert_noop!(
            WorkerRegistry::withdraw(signed(1)),
            Error::<Test>::StillUnbonding
        );
        System::set_block_number(1 + UNBONDING);
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        System::assert_last_event(
            Event::Withdrawn {
                worker: 1,
                bond: 500 * AIPG,
            }
            .into(),
        );
        assert_eq!(on_hold(1), 0);
        assert_eq!(Workers::<Test>::get(1), None);
        assert!(WorkerRegistry::is_banned(&1));
        assert_noop!(again(), Error::<Test>::Banned);
    });
}

#[test]
fn retired_machine_should_be_convicted_while_its_bond_is_on_hold() {
    execute(|| {
        register_with(1, 1_000 * AIPG, 1);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        let unbonds_at = 1 + UNBONDING;
        // The time is over, but the bond is still there.
        System::set_block_number(unbonds_at);
        assert_eq!(convict(1), Ok(250 * AIPG));
        assert_eq!(record(1).state, WorkerState::Retired { unbonds_at });
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        System::assert_last_event(
            Event::Withdrawn {
                worker: 1,
                bond: 500 * AIPG,
            }
            .into(),
        );
        assert_noop!(convict(1), Error::<Test>::NotRegistered);
    });
}

#[test]
fn second_conviction_should_take_half_of_what_is_left() {
    execute(|| {
        register_with(1, 1_000 * AIPG, 1);
        assert_eq!(convict(1), Ok(250 * AIPG));
        assert_eq!(convict(1), Ok(125 * AIPG));
        assert_eq!(on_hold(1), 250 * AIPG);
        assert_eq!(Balances::balance(&REWARD), 375 * AIPG);
        System::assert_last_event(
            Event::Convicted {
                worker: 1,
                burned: 125 * AIPG,
                reward: 125 * AIPG,
            }
            .into(),
        );
    });
}

#[test]
fn conviction_should_ban_when_the_bond_is_too_small_to_be_halved() {
    for (bond, kept, burned) in [(1, 1, 0), (2, 1, 1), (3, 2, 1)] {
        execute(|| {
            register(1);
            shrink_bond(1, bond);
            assert_eq!(convict(1), Ok(0));
            assert_eq!(on_hold(1), kept);
            assert_eq!(Balances::balance(&REWARD), 0);
            let total: Balance = Burned::get().iter().map(|(_, amount)| amount).sum();
            assert_eq!(total, burned);
            assert!(WorkerRegistry::is_banned(&1));
        });
    }
}

#[test]
fn conviction_should_fail_when_the_account_has_no_machine() {
    execute(|| {
        assert_noop!(convict(1), Error::<Test>::NotRegistered);
        assert!(!WorkerRegistry::is_banned(&1));
    });
}

#[test]
fn conviction_should_change_nothing_when_the_reward_would_be_under_the_existential_deposit() {
    execute(|| {
        register(1);
        shrink_bond(1, 4 * EXISTENTIAL_DEPOSIT - 1);
        // Also without the storage layer of a call around it.
        assert_storage_noop!(assert_eq!(convict(1), Err(TokenError::CannotCreate.into())));
        assert!(!WorkerRegistry::is_banned(&1));

        register(2);
        shrink_bond(2, 4 * EXISTENTIAL_DEPOSIT);
        assert_eq!(convict(2), Ok(EXISTENTIAL_DEPOSIT));
        // The account is open now and takes less.
        assert_eq!(convict(1), Ok(EXISTENTIAL_DEPOSIT - 1));
    });
}

#[test]
fn conviction_should_change_nothing_when_burning_fails() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 1);
        BurnWorks::set(false);
        assert_storage_noop!(assert_eq!(
            convict(1),
            Err("burning is out of order".into())
        ));
        assert_eq!(record(1).state, WorkerState::Online);
        BurnWorks::set(true);
        assert_ok!(convict(1));
    });
}

#[test]
fn conviction_should_take_its_part_when_the_balance_is_locked() {
    execute(|| {
        register_with(1, 1_000 * AIPG, 1);
        Balances::set_lock(*b"vote....", &1, ENDOWMENT, WithdrawReasons::all());
        assert_eq!(convict(1), Ok(250 * AIPG));
        assert_eq!(on_hold(1), 500 * AIPG);
    });
}

#[test]
fn view_should_say_when_a_machine_is_banned() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 1);
        assert!(!WorkerRegistry::view(&1).unwrap().banned);
        assert_ok!(convict(1));
        let view = WorkerRegistry::view(&1).unwrap();
        assert_eq!((view.banned, view.online, view.level), (true, false, 0));
        assert_eq!(view.bond, MINIMUM_BOND / 2);
    });
}
