use super::*;
use crate::{Offers, WorkerState};

#[test]
fn unbonding_time_should_start_when_a_machine_retires() {
    execute(|| {
        register(1);
        System::set_block_number(5);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        let unbonds_at = 5 + UNBONDING;
        assert_eq!(record(1).state, WorkerState::Retired { unbonds_at });
        assert_eq!(on_hold(1), MINIMUM_BOND);
        System::assert_last_event(
            Event::Retired {
                worker: 1,
                unbonds_at,
            }
            .into(),
        );
    });
}

#[test]
fn retiring_should_fail_when_the_machine_is_online() {
    execute(|| {
        register(1);
        serve(1, FLOOR);
        assert_noop!(
            WorkerRegistry::retire(signed(1)),
            Error::<Test>::StillOnline
        );
    });
}

#[test]
fn retiring_should_fail_when_a_job_is_not_finished() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        give_jobs(1, 1);
        assert_ok!(WorkerRegistry::go_offline(signed(1)));
        assert_noop!(WorkerRegistry::retire(signed(1)), Error::<Test>::JobsActive);
        WorkerRegistry::released(&1, PAYOUT);
        assert_ok!(WorkerRegistry::retire(signed(1)));
    });
}

#[test]
fn retiring_should_fail_when_the_machine_is_retired() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        System::set_block_number(2);
        assert_noop!(
            WorkerRegistry::retire(signed(1)),
            Error::<Test>::WorkerRetired
        );
    });
}

#[test]
fn bond_should_be_released_and_nothing_left_when_the_unbonding_time_is_over() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR));
        assert_ok!(WorkerRegistry::retire(signed(1)));

        System::set_block_number(UNBONDING);
        assert_noop!(
            WorkerRegistry::withdraw(signed(1)),
            Error::<Test>::StillUnbonding
        );
        System::set_block_number(1 + UNBONDING);
        assert_ok!(WorkerRegistry::withdraw(signed(1)));

        assert_eq!(on_hold(1), 0);
        assert_eq!(Balances::balance(&1), ENDOWMENT - FEE);
        assert_eq!(Workers::<Test>::get(1), None);
        assert!(!Offers::<Test>::contains_key(1));
        System::assert_last_event(
            Event::Withdrawn {
                worker: 1,
                bond: MINIMUM_BOND,
            }
            .into(),
        );
    });
}

#[test]
fn account_should_start_anew_when_it_registers_after_a_withdrawal() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 1);
        give_jobs(1, 1);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        WorkerRegistry::settled(&1, PAYOUT, false);
        assert_ok!(WorkerRegistry::go_offline(signed(1)));
        assert_ok!(WorkerRegistry::retire(signed(1)));
        System::set_block_number(1 + UNBONDING);
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        register(1);
        assert_eq!(record(1), Worker::new(1, Region::Europe));
        assert_eq!(Balances::balance(&TREASURY), 2 * FEE);
    });
}

#[test]
fn withdrawal_should_fail_when_the_machine_is_not_retired() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::withdraw(signed(1)),
            Error::<Test>::NotRetired
        );
    });
}

#[test]
fn withdrawing_should_fail_while_a_result_can_be_refuted() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        give_jobs(1, 2);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        assert_ok!(WorkerRegistry::go_offline(signed(1)));
        assert_ok!(WorkerRegistry::retire(signed(1)));
        System::set_block_number(1 + UNBONDING);
        for _ in 0..2 {
            assert_noop!(
                WorkerRegistry::withdraw(signed(1)),
                Error::<Test>::ResultsUnsettled
            );
            WorkerRegistry::settled(&1, PAYOUT, false);
        }
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        assert_eq!(on_hold(1), 0);
    });
}

#[test]
fn withdrawing_should_fail_while_the_bond_is_frozen() {
    execute(|| {
        register(1);
        register(2);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        assert_ok!(WorkerRegistry::retire(signed(2)));
        Frozen::set(vec![1]);
        System::set_block_number(1 + UNBONDING);
        assert_noop!(
            WorkerRegistry::withdraw(signed(1)),
            Error::<Test>::BondsFrozen
        );
        assert_ok!(WorkerRegistry::withdraw(signed(2)));
        // The unbonding time has run meanwhile.
        Frozen::set(vec![]);
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        assert_eq!(on_hold(1), 0);
    });
}
