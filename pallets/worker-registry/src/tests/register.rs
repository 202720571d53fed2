use super::*;

#[test]
fn machine_should_be_registered_with_bond_held_and_fee_paid() {
    execute(|| {
        assert_ok!(WorkerRegistry::register(
            signed(1),
            250 * AIPG,
            3,
            Region::Asia
        ));
        assert_eq!(record(1), Worker::new(3, Region::Asia));
        assert_eq!(on_hold(1), 250 * AIPG);
        assert_eq!(Balances::balance(&1), ENDOWMENT - 350 * AIPG);
        assert_eq!(Balances::balance(&TREASURY), FEE);
        System::assert_last_event(
            Event::Registered {
                worker: 1,
                bond: 250 * AIPG,
                capacity: 3,
                region: Region::Asia,
            }
            .into(),
        );
    });
}

#[test]
fn registration_should_fail_when_the_account_has_a_machine() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::register(signed(1), MINIMUM_BOND, 1, Region::Europe),
            Error::<Test>::AlreadyRegistered
        );
    });
}

#[test]
fn registration_should_fail_when_the_bond_is_under_the_minimum() {
    execute(|| {
        assert_noop!(
            WorkerRegistry::register(signed(1), MINIMUM_BOND - 1, 1, Region::Europe),
            Error::<Test>::BondTooSmall
        );
        register(1);
    });
}

#[test]
fn registration_should_fail_when_the_capacity_is_out_of_range() {
    execute(|| {
        for capacity in [0, 17, u32::MAX] {
            assert_noop!(
                WorkerRegistry::register(signed(1), MINIMUM_BOND, capacity, Region::Europe),
                Error::<Test>::InvalidCapacity
            );
        }
        register_with(1, MINIMUM_BOND, 16);
    });
}

#[test]
fn registration_should_fail_when_bond_and_fee_are_not_covered() {
    execute(|| {
        let most = ENDOWMENT - FEE - EXISTENTIAL_DEPOSIT;
        for bond in [most + 1, ENDOWMENT, Balance::MAX] {
            assert_noop!(
                WorkerRegistry::register(signed(1), bond, 1, Region::Europe),
                Error::<Test>::BalanceTooLow
            );
        }
        register_with(1, most, 1);
        assert_eq!(Balances::balance(&1), EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn registration_should_fail_when_it_is_not_signed() {
    execute(|| {
        for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
            assert_noop!(
                WorkerRegistry::register(origin, MINIMUM_BOND, 1, Region::Europe),
                DispatchError::BadOrigin
            );
        }
    });
}

#[test]
fn every_call_of_a_machine_should_fail_when_there_is_none() {
    execute(|| {
        assert_noop!(
            WorkerRegistry::set_offer(signed(1), model(1), FLOOR),
            Error::<Test>::NotRegistered
        );
        assert_noop!(
            WorkerRegistry::remove_offer(signed(1), model(1)),
            Error::<Test>::NotRegistered
        );
        assert_noop!(
            WorkerRegistry::go_online(signed(1)),
            Error::<Test>::NotRegistered
        );
        assert_noop!(
            WorkerRegistry::go_offline(signed(1)),
            Error::<Test>::NotRegistered
        );
        assert_noop!(
            WorkerRegistry::bond_more(signed(1), 1),
            Error::<Test>::NotRegistered
        );
        assert_noop!(
            WorkerRegistry::retire(signed(1)),
            Error::<Test>::NotRegistered
        );
        assert_noop!(
            WorkerRegistry::withdraw(signed(1)),
            Error::<Test>::NotRegistered
        );
        assert_noop!(
            WorkerRegistry::reinstate(RuntimeOrigin::root(), 1),
            Error::<Test>::NotRegistered
        );
    });
}
