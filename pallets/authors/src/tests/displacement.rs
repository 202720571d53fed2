use super::*;

/// A full list: candidates 11, 12, … with bonds of 200 AIPG.
fn full() {
    for who in 11..11 + u64::from(MAX_CANDIDATES) {
        candidate(who, 200, 1);
    }
}

fn instead(bond: Balance, of: Option<AccountId>) -> frame_support::dispatch::DispatchResult {
    Authors::join(signed(60), bond * AIPG, of)
}

#[test]
fn full_list_should_take_a_larger_bond_instead_of_a_smaller() {
    execute(|| {
        full();
        assert_noop!(instead(201, None), Error::<Test>::ListFull);
        assert_noop!(instead(201, Some(9)), Error::<Test>::DisplacedNotCandidate);
        assert_noop!(instead(201, Some(60)), Error::<Test>::DisplacedNotCandidate);
        assert_noop!(instead(200, Some(11)), Error::<Test>::DisplacedNotSmaller);
        assert_ok!(instead(201, Some(11)));
        assert_eq!(CandidateCount::<Test>::get(), MAX_CANDIDATES);
        assert!(!Candidates::<Test>::contains_key(11));
        let exit = Exits::<Test>::get(11).unwrap();
        assert_eq!(exit.unbonds_at, System::block_number() + UNBONDING);
        assert!(!exit.is_expelled);
        assert!(events().contains(&Event::Joined {
            author: 60,
            bond: 201 * AIPG,
            instead_of: Some(11),
        }));
        advance(UNBONDING);
        assert_ok!(Authors::withdraw(signed(11)));
    });
}

#[test]
fn full_list_should_not_lose_who_has_a_seat_or_is_to_have_one() {
    execute(|| {
        full();
        to_session(1);
        advance(BEACON_DELAY);
        let elected = Drawn::<Test>::get().unwrap().newcomers[0];
        let replace = |who| instead(300, Some(who));
        assert_noop!(replace(elected), Error::<Test>::DisplacedHasSeat);
        to_session(3);
        assert!(Authors::has_seat(&elected));
        assert_noop!(replace(elected), Error::<Test>::DisplacedHasSeat);
    });
}

#[test]
fn list_with_room_should_displace_nobody_when_somebody_is_named() {
    execute(|| {
        candidate(11, 100, 1);
        assert_ok!(instead(200, Some(11)));
        assert!(Candidates::<Test>::contains_key(11));
        assert!(events().contains(&Event::Joined {
            author: 60,
            bond: 200 * AIPG,
            instead_of: None,
        }));
    });
}
