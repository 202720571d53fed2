use super::*;

#[test]
fn equivocation_should_burn_half_of_the_bond_and_ban_for_good() {
    execute(|| {
        candidate(1, 301, 10);
        let issued = Balances::total_issuance();
        equivocated(1);
        assert_eq!(Authors::bond_of(&1), 301 * AIPG / 2);
        assert_eq!(Burned::get(), 301 * AIPG / 2);
        assert_eq!(Balances::total_issuance(), issued - Burned::get());
        assert!(Banned::<Test>::contains_key(1));
        assert!(!Candidates::<Test>::contains_key(1));
        assert_eq!(CandidateCount::<Test>::get(), 0);
        assert_eq!(mark_of(1), Some(Going::Offence));
        assert_eq!(Session::disabled_validators(), vec![0]);
        assert!(events().contains(&Event::Expelled {
            author: 1,
            burned: 301 * AIPG / 2,
        }));
        let more = Authors::bond_more(signed(1), AIPG);
        assert_eq!(more, Err(Error::<Test>::HasLeft.into()));
    });
}

#[test]
fn expelled_author_should_have_the_rest_back_and_never_return() {
    execute(|| {
        candidate(1, 100, 10);
        equivocated(1);
        next_session();
        assert!(!Authors::has_seat(&1));
        assert_noop!(Authors::withdraw(signed(1)), Error::<Test>::StillUnbonding);
        advance(UNBONDING);
        assert_ok!(Authors::withdraw(signed(1)));
        assert_eq!(Balances::free_balance(1), ENDOWMENT - 50 * AIPG);
        assert_noop!(join(1), Error::<Test>::Banned);
    });
}

#[test]
fn offender_should_go_before_others() {
    execute(|| {
        candidate(1, 100, 0);
        candidate(2, 100, 0);
        assert_ok!(Authors::leave(signed(1)));
        equivocated(2);
        next_session();
        assert_eq!(seats(), vec![1, 3, 4]);
    });
}

#[test]
fn offender_should_stay_disabled_when_a_session_begins_with_another_set() {
    execute(|| {
        candidate(10, 100, 100);
        to_session(2);
        // The set that begins with session 3 has the offender still.
        assert_eq!(seats(), vec![2, 3, 4, 10]);
        equivocated(3);
        assert_eq!(Session::disabled_validators(), vec![2]);
        to_session(3);
        assert_eq!(Session::validators(), vec![2, 3, 4, 10]);
        assert_eq!(Session::disabled_validators(), vec![1]);
        assert_eq!(seats(), vec![2, 4, 10]);
    });
}

#[test]
fn second_report_should_cost_nothing() {
    execute(|| {
        candidate(1, 100, 0);
        equivocated(1);
        let unbonds_at = Exits::<Test>::get(1).unwrap().unbonds_at;
        advance(1);
        equivocated(1);
        assert_eq!(Authors::bond_of(&1), 50 * AIPG);
        assert_eq!(Exits::<Test>::get(1).unwrap().unbonds_at, unbonds_at);
        let is_expelled = |event: &Event<Test>| matches!(event, Event::Expelled { .. });
        assert_eq!(
            events().iter().filter(|event| is_expelled(event)).count(),
            1
        );
    });
}

#[test]
fn author_who_has_left_should_pay_while_its_bond_is_on_hold() {
    execute(|| {
        candidate(1, 100, 0);
        assert_ok!(Authors::leave(signed(1)));
        next_session();
        advance(50);
        equivocated(1);
        assert_eq!(Burned::get(), 50 * AIPG);
        let exit = Exits::<Test>::get(1).unwrap();
        assert!(exit.is_expelled);
        assert_eq!(exit.unbonds_at, System::block_number() + UNBONDING);
    });
}

#[test]
fn founder_should_lose_its_seat_when_it_has_no_bond() {
    execute(|| {
        equivocated(1);
        assert!(events().contains(&Event::Expelled {
            author: 1,
            burned: 0,
        }));
        assert_eq!(Exits::<Test>::get(1), None);
        next_session();
        assert_eq!(seats(), vec![2, 3, 4]);
        assert_noop!(join(1), Error::<Test>::Banned);
    });
}

#[test]
fn author_should_be_expelled_when_the_burn_fails() {
    execute(|| {
        candidate(1, 100, 0);
        IsFireOut::set(true);
        equivocated(1);
        assert_eq!(Authors::bond_of(&1), 100 * AIPG);
        assert!(Banned::<Test>::contains_key(1));
        assert!(Exits::<Test>::get(1).unwrap().is_expelled);
        assert_eq!(mark_of(1), Some(Going::Offence));
        assert!(events().contains(&Event::Expelled {
            author: 1,
            burned: 0,
        }));
    });
}

#[test]
fn each_offender_should_pay_when_several_are_reported_at_once() {
    use sp_staking::offence::{OffenceDetails, OnOffenceHandler};
    execute(|| {
        candidate(1, 100, 0);
        candidate(2, 200, 0);
        let details = |who| OffenceDetails {
            offender: (who, ()),
            reporters: vec![9],
        };
        let weight = Authors::on_offence(&[details(1), details(2)], &[], 0);
        assert_eq!(weight, <() as WeightInfo>::expel() * 2);
        assert_eq!(Burned::get(), 150 * AIPG);
    });
}

#[test]
fn last_authors_should_keep_their_seats_when_all_equivocate() {
    execute(|| {
        for who in 1..=4 {
            equivocated(who);
        }
        to_session(6);
        assert_eq!(seats(), vec![2, 3, 4]);
        // As soon as somebody is drawn one after the other goes.
        for who in 10..20 {
            candidate(who, 100, 100);
        }
        to_session(24);
        assert!(seats().iter().all(|who| *who >= 10));
    });
}
