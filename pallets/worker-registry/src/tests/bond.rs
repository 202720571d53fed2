use super::*;

#[test]
fn bond_should_grow_when_more_is_bonded() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::bond_more(signed(1), 7));
        assert_eq!(on_hold(1), MINIMUM_BOND + 7);
        System::assert_last_event(
            Event::BondIncreased {
                worker: 1,
                amount: 7,
                bond: MINIMUM_BOND + 7,
            }
            .into(),
        );
    });
}

#[test]
fn bonding_should_fail_when_the_amount_is_zero() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::bond_more(signed(1), 0),
            Error::<Test>::AmountZero
        );
    });
}

#[test]
fn bonding_should_fail_when_the_amount_is_not_covered() {
    execute(|| {
        register(1);
        let most = Balances::balance(&1) - EXISTENTIAL_DEPOSIT;
        for amount in [most + 1, Balance::MAX] {
            assert_noop!(
                WorkerRegistry::bond_more(signed(1), amount),
                Error::<Test>::BalanceTooLow
            );
        }
        assert_ok!(WorkerRegistry::bond_more(signed(1), most));
    });
}

#[test]
fn bonding_should_fail_when_the_machine_is_retired() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        assert_noop!(
            WorkerRegistry::bond_more(signed(1), 1),
            Error::<Test>::WorkerRetired
        );
    });
}
