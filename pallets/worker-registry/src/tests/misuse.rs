//! Governance punishes what no game can prove.

use super::*;
use crate::{Reason, TotalBond, WorkerState, MAX_REASON};
use aipg_primitives::BurnReason;

fn why() -> Reason {
    b"attacked other machines".to_vec().try_into().unwrap()
}

fn convict_misuse(who: AccountId) -> Result<(), DispatchError> {
    WorkerRegistry::convict_misuse(RuntimeOrigin::root(), who, why())
}

#[test]
fn misuse_should_cost_half_of_the_bond_of_which_half_goes_to_the_treasury() {
    execute(|| {
        online_with(1, 1_000 * AIPG, 1);
        register(2);
        let issuance = Balances::total_issuance();
        let (free, treasury) = (Balances::balance(&1), Balances::balance(&TREASURY));
        assert_ok!(convict_misuse(1));
        assert_eq!(on_hold(1), 500 * AIPG);
        assert_eq!(Balances::balance(&1), free);
        assert_eq!(Balances::balance(&TREASURY), treasury + 250 * AIPG);
        assert_eq!(Balances::total_issuance(), issuance - 250 * AIPG);
        assert_eq!(Burned::get(), vec![(BurnReason::Conviction, 250 * AIPG)]);
        assert_eq!(TotalBond::<Test>::get(), 500 * AIPG + MINIMUM_BOND);
        System::assert_last_event(
            Event::MisuseConvicted {
                worker: 1,
                burned: 250 * AIPG,
                moved: 250 * AIPG,
                reason: why(),
            }
            .into(),
        );
    });
}

#[test]
fn misuse_should_forfeit_the_rewards_of_who_is_convicted_alone() {
    execute(|| {
        register(1);
        register(2);
        assert_ok!(convict_misuse(1));
        assert_eq!(ForfeitedBy::get(), vec![1]);
    });
}

#[test]
fn machine_convicted_of_misuse_should_never_be_drawn_again() {
    execute(|| {
        online_with(1, 1_000 * AIPG, 16);
        online_with(2, 1_000 * AIPG, 16);
        assert_ok!(convict_misuse(1));
        assert_eq!(record(1).state, WorkerState::Offline);
        for seed in 0..16 {
            assert_eq!(draw(&request(seed)), Some((2, FLOOR)));
        }
        assert_noop!(WorkerRegistry::go_online(signed(1)), Error::<Test>::Banned);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        System::set_block_number(1 + UNBONDING);
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        assert_noop!(
            WorkerRegistry::register(signed(1), MINIMUM_BOND, 1, Region::Europe),
            Error::<Test>::Banned
        );
    });
}

#[test]
fn jobs_of_a_machine_convicted_of_misuse_should_run_on() {
    execute(|| {
        online_with(1, 1_000 * AIPG, 2);
        give_jobs(1, 2);
        assert_ok!(convict_misuse(1));
        assert_eq!(record(1).active, 2);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        WorkerRegistry::released(&1, PAYOUT);
        assert_eq!((record(1).active, record(1).completed), (0, 1));
    });
}

#[test]
fn second_misuse_should_take_half_of_what_is_left_also_of_a_retired_machine() {
    execute(|| {
        register_with(1, 1_000 * AIPG, 1);
        assert_ok!(convict_misuse(1));
        assert_ok!(WorkerRegistry::retire(signed(1)));
        assert_ok!(convict_misuse(1));
        assert_eq!(on_hold(1), 250 * AIPG);
    });
}

#[test]
fn misuse_should_be_refused_when_no_reason_is_given() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::convict_misuse(RuntimeOrigin::root(), 1, Reason::default()),
            Error::<Test>::ReasonMissing
        );
        let longest = Reason::try_from(vec![b'a'; MAX_REASON as usize]).unwrap();
        assert_ok!(WorkerRegistry::convict_misuse(
            RuntimeOrigin::root(),
            1,
            longest
        ));
    });
}

#[test]
fn misuse_should_be_refused_when_governance_does_not_say_so() {
    execute(|| {
        register(1);
        for who in [1, 2] {
            assert_noop!(
                WorkerRegistry::convict_misuse(signed(who), 1, why()),
                DispatchError::BadOrigin
            );
        }
    });
}

#[test]
fn misuse_should_be_refused_when_the_account_has_no_machine() {
    execute(|| {
        assert_noop!(convict_misuse(1), Error::<Test>::NotRegistered);
    });
}

#[test]
fn misuse_should_change_nothing_when_burning_fails() {
    execute(|| {
        online_with(1, 1_000 * AIPG, 1);
        BurnWorks::set(false);
        let refused: DispatchError = "burning is out of order".into();
        assert_noop!(convict_misuse(1), refused);
        assert!(ForfeitedBy::get().is_empty());
        assert_eq!(record(1).state, WorkerState::Online);
    });
}
