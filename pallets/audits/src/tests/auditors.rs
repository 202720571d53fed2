use super::*;

#[test]
fn registration_should_hold_the_bond_and_delay_the_key() {
    execute(|| {
        assert_ok!(register(2, MINIMUM_BOND));
        assert_eq!(Auditing::bond_of(&2), MINIMUM_BOND);
        assert_eq!(TotalBond::<Test>::get(), MINIMUM_BOND);
        let active_from = System::block_number() + KEY_DELAY;
        assert_eq!(Auditors::<Test>::get(2).unwrap().active_from, active_from);
        assert!(events().contains(&Event::AuditorRegistered {
            auditor: 2,
            key: sp_core::Pair::public(&pair(2)),
            bond: MINIMUM_BOND,
            active_from,
        }));
    });
}

#[test]
fn registration_should_fail_when_it_is_a_second_one_or_the_bond_is_not_there() {
    execute(|| {
        let small = MINIMUM_BOND - 1;
        assert_noop!(register(2, small), Error::<Test>::BondTooSmall);
        let much = ENDOWMENT + 1;
        assert_noop!(register(2, much), Error::<Test>::BondExceedsBalance);
        assert_ok!(register(2, MINIMUM_BOND));
        assert_noop!(register(2, MINIMUM_BOND), Error::<Test>::AlreadyAuditor);
    });
}

#[test]
fn bond_should_grow_until_its_auditor_leaves() {
    execute(|| {
        let more = |who, amount| Auditing::bond_more(signed(who), amount);
        assert_noop!(more(2, AIPG), Error::<Test>::NotAuditor);
        assert_ok!(register(2, MINIMUM_BOND));
        assert_ok!(more(2, AIPG));
        assert_eq!(Auditing::bond_of(&2), MINIMUM_BOND + AIPG);
        assert_eq!(TotalBond::<Test>::get(), MINIMUM_BOND + AIPG);
        assert_noop!(more(2, ENDOWMENT), Error::<Test>::BondExceedsBalance);
        assert_ok!(Auditing::leave(signed(2)));
        assert_eq!(TotalBond::<Test>::get(), 0);
        assert_noop!(more(2, AIPG), Error::<Test>::AuditorHasLeft);
    });
}

#[test]
fn bond_should_come_back_when_its_time_is_over() {
    execute(|| {
        let withdraw = || Auditing::withdraw(signed(2));
        assert_noop!(withdraw(), Error::<Test>::NotAuditor);
        assert_noop!(Auditing::leave(signed(2)), Error::<Test>::NotAuditor);
        assert_ok!(register(2, MINIMUM_BOND));
        assert_noop!(withdraw(), Error::<Test>::AuditorHasNotLeft);
        assert_ok!(Auditing::leave(signed(2)));
        assert_noop!(Auditing::leave(signed(2)), Error::<Test>::AuditorHasLeft);
        advance(UNBONDING - 1);
        assert_noop!(withdraw(), Error::<Test>::StillUnbonding);
        advance(1);
        assert_ok!(withdraw());
        assert_eq!(Auditing::bond_of(&2), 0);
        assert_eq!(Balances::free_balance(2), ENDOWMENT);
        assert_ok!(register(2, MINIMUM_BOND));
    });
}

#[test]
fn bond_should_stay_while_an_audit_is_open() {
    execute(|| {
        auditors(1);
        attested(&[(2, ROOT)]);
        assert_ok!(Auditing::leave(signed(2)));
        assert_ok!(reveal(2, JOB, ROOT));
        advance(UNBONDING);
        assert_noop!(Auditing::withdraw(signed(2)), Error::<Test>::AuditsOpen);
        settle(JOB);
        assert_ok!(Auditing::withdraw(signed(2)));
    });
}
