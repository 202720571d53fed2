use super::*;

#[test]
fn joining_should_hold_the_bond() {
    execute(|| {
        assert_ok!(join(10));
        assert_eq!(Authors::bond_of(&10), MINIMUM_BOND);
        assert_eq!(Balances::free_balance(10), ENDOWMENT - MINIMUM_BOND);
        assert_eq!(Candidates::<Test>::get(10), Some(Candidacy::Standing));
        assert_eq!(CandidateCount::<Test>::get(), 1);
        assert!(events().contains(&Event::Joined {
            author: 10,
            bond: MINIMUM_BOND,
            instead_of: None,
        }));
    });
}

#[test]
fn joining_should_fail_when_the_bond_is_too_small_or_not_there() {
    execute(|| {
        let with = |bond| Authors::join(signed(10), bond, None);
        assert_noop!(with(MINIMUM_BOND - 1), Error::<Test>::BondTooSmall);
        assert_noop!(with(ENDOWMENT + 1), Error::<Test>::BondExceedsBalance);
    });
}

#[test]
fn joining_should_fail_when_there_are_no_session_keys() {
    execute(|| {
        assert_ok!(Session::purge_keys(signed(10)));
        assert_noop!(join(10), Error::<Test>::NoSessionKeys);
    });
}

#[test]
fn joining_should_fail_when_it_is_a_second_time() {
    execute(|| {
        assert_ok!(join(10));
        assert_noop!(join(10), Error::<Test>::AlreadyCandidate);
        assert_ok!(Authors::leave(signed(10)));
        assert_noop!(join(10), Error::<Test>::BondNotWithdrawn);
    });
}

#[test]
fn joining_should_fail_when_the_account_is_banned() {
    execute(|| {
        equivocated(10);
        assert_noop!(join(10), Error::<Test>::Banned);
    });
}

#[test]
fn calls_should_fail_when_they_are_not_signed() {
    execute(|| {
        let none = RuntimeOrigin::none;
        let bad = sp_runtime::DispatchError::BadOrigin;
        assert_noop!(Authors::join(none(), MINIMUM_BOND, None), bad);
        assert_noop!(Authors::bond_more(none(), 1), bad);
        assert_noop!(Authors::stand(none()), bad);
        assert_noop!(Authors::leave(none()), bad);
        assert_noop!(Authors::withdraw(none()), bad);
    });
}

#[test]
fn bond_should_grow_until_its_owner_leaves() {
    execute(|| {
        let more = |amount| Authors::bond_more(signed(10), amount);
        assert_noop!(more(AIPG), Error::<Test>::NotCandidate);
        assert_ok!(join(10));
        assert_ok!(more(AIPG));
        assert_eq!(Authors::bond_of(&10), MINIMUM_BOND + AIPG);
        assert!(events().contains(&Event::BondIncreased {
            author: 10,
            amount: AIPG,
            bond: MINIMUM_BOND + AIPG,
        }));
        assert_noop!(more(ENDOWMENT), Error::<Test>::BondExceedsBalance);
        assert_ok!(Authors::leave(signed(10)));
        assert_noop!(more(AIPG), Error::<Test>::HasLeft);
    });
}

#[test]
fn standing_again_should_be_for_those_who_were_absent() {
    execute(|| {
        let stand = || Authors::stand(signed(10));
        assert_noop!(stand(), Error::<Test>::NotCandidate);
        assert_ok!(join(10));
        assert_noop!(stand(), Error::<Test>::NotResting);
        Candidates::<Test>::insert(10, Candidacy::Resting);
        assert_ok!(stand());
        assert_eq!(Candidates::<Test>::get(10), Some(Candidacy::Standing));
        assert!(events().contains(&Event::Returned { author: 10 }));
        assert_ok!(Authors::leave(signed(10)));
        assert_noop!(stand(), Error::<Test>::HasLeft);
    });
}

#[test]
fn leaving_should_start_the_unbonding() {
    execute(|| {
        assert_noop!(Authors::leave(signed(10)), Error::<Test>::NotCandidate);
        assert_ok!(join(10));
        assert_ok!(Authors::leave(signed(10)));
        assert_eq!(CandidateCount::<Test>::get(), 0);
        let unbonds_at = System::block_number() + UNBONDING;
        assert_eq!(Exits::<Test>::get(10).unwrap().unbonds_at, unbonds_at);
        assert!(events().contains(&Event::Left {
            author: 10,
            unbonds_at,
        }));
        assert_noop!(Authors::leave(signed(10)), Error::<Test>::HasLeft);
    });
}

#[test]
fn bond_should_come_back_when_its_time_is_over() {
    execute(|| {
        let withdraw = || Authors::withdraw(signed(10));
        assert_noop!(withdraw(), Error::<Test>::NotCandidate);
        assert_ok!(join(10));
        assert_noop!(withdraw(), Error::<Test>::HasNotLeft);
        assert_ok!(Authors::leave(signed(10)));
        advance(UNBONDING - 1);
        assert_noop!(withdraw(), Error::<Test>::StillUnbonding);
        advance(1);
        assert_ok!(withdraw());
        assert_eq!(Authors::bond_of(&10), 0);
        assert_eq!(Balances::free_balance(10), ENDOWMENT);
        assert!(events().contains(&Event::Withdrawn {
            author: 10,
            bond: MINIMUM_BOND,
        }));
        assert_ok!(join(10));
    });
}

#[test]
fn bond_should_answer_for_the_seat_until_its_time_is_over() {
    execute(|| {
        candidate(1, 100, 0);
        LeastAuthors::set(4);
        assert_ok!(Authors::leave(signed(1)));
        assert_eq!(mark_of(1), Some(Going::Left));
        advance(UNBONDING + 1);
        assert_noop!(Authors::withdraw(signed(1)), Error::<Test>::HasSeat);
        LeastAuthors::set(3);
        next_session();
        assert!(!Authors::has_seat(&1));
        let lost = System::block_number();
        assert_eq!(Exits::<Test>::get(1).unwrap().unbonds_at, lost + UNBONDING);
        assert_noop!(Authors::withdraw(signed(1)), Error::<Test>::StillUnbonding);
        advance(UNBONDING);
        assert_ok!(Authors::withdraw(signed(1)));
    });
}
