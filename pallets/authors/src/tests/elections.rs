use super::*;
use std::collections::BTreeMap;

/// Candidates with the same bond and credit.
fn equals(who: impl IntoIterator<Item = AccountId>) {
    who.into_iter().for_each(|who| candidate(who, 100, 100));
}

#[test]
fn weights_should_be_fixed_before_the_beacon_is_known() {
    execute(|| {
        equals([10]);
        to_session(1);
        let anchor = System::block_number();
        assert_eq!(Anchor::<Test>::get(), Some(anchor));
        let snapshot = Snapshot::<Test>::get();
        assert_eq!(snapshot.len(), 1);
        assert!(events().contains(&Event::ElectionBegun { candidates: 1 }));
        // Nothing counts that comes after.
        assert_ok!(Authors::bond_more(signed(10), 1_000 * AIPG));
        Authors::credited(&10, 1_000 * AIPG);
        equals([11]);
        advance(BEACON_DELAY - 1);
        assert_eq!(Snapshot::<Test>::get(), snapshot);
        assert_eq!(Drawn::<Test>::get(), None);
        advance(1);
        assert_eq!(
            Drawn::<Test>::get().unwrap().newcomers.into_inner(),
            vec![10]
        );
        assert_eq!(Anchor::<Test>::get(), None);
        assert!(Snapshot::<Test>::get().is_empty());
        assert!(events().contains(&Event::Elected {
            newcomers: vec![10]
        }));
    });
}

#[test]
fn elected_should_author_when_the_era_begins() {
    execute(|| {
        equals([10]);
        to_session(2);
        assert_eq!(seats(), vec![2, 3, 4, 10]);
        assert_eq!(Session::validators(), vec![1, 2, 3, 4]);
        assert!(events().contains(&Event::AuthorsChanged {
            session: 3,
            joined: vec![10],
            left: vec![1],
        }));
        to_session(3);
        assert_eq!(Session::validators(), vec![2, 3, 4, 10]);
        assert_eq!(Sitting::<Test>::get().into_inner(), vec![2, 3, 4, 10]);
        assert_eq!(CurrentEra::<Test>::get(), 1);
    });
}

#[test]
fn elections_should_be_once_an_era() {
    execute(|| {
        equals(10..20);
        for session in 1..12 {
            let before = seats();
            to_session(session);
            let planned = session + 1;
            assert_eq!(seats() != before, planned % 3 == 0, "{session}");
        }
    });
}

#[test]
fn eras_of_one_session_should_elect_in_every_session() {
    execute(|| {
        EraSessions::set(1);
        equals(10..20);
        to_session(1);
        // Founders 1 to 4 are gone after four elections; later ones may draw who was released.
        for gone in 1..=4 {
            next_session();
            assert_eq!(seats().iter().filter(|who| **who <= 4).count(), 4 - gone);
        }
        assert_eq!(CurrentEra::<Test>::get(), 5);
    });
}

#[test]
fn era_of_no_session_should_count_as_one() {
    execute(|| {
        EraSessions::set(0);
        equals(10..20);
        to_session(2);
        assert_eq!(seats()[..3], [2, 3, 4]);
        assert!(seats()[3] >= 10);
    });
}

#[test]
fn founders_should_be_replaced_first_and_a_third_an_era() {
    execute_with(9, || {
        equals(20..40);
        for era in 1..=3 {
            next_era();
            let founders: Vec<_> = seats().into_iter().filter(|who| *who <= 9).collect();
            assert_eq!(founders, (era * 3 + 1..=9).collect::<Vec<_>>());
            assert_eq!(seats().len(), 9);
        }
    });
}

#[test]
fn founder_with_a_bond_should_be_like_any_other_member() {
    execute_with(9, || {
        equals([1]);
        equals(20..40);
        next_era();
        assert_eq!(seats()[..6], [1, 5, 6, 7, 8, 9]);
    });
}

#[test]
fn set_should_grow_to_its_target_and_no_further() {
    execute_with(3, || {
        TargetSeats::set(7);
        equals(20..60);
        for size in [4, 5, 6, 7, 7, 7] {
            next_era();
            assert_eq!(seats().len(), size);
        }
        TargetSeats::set(1_000);
        for _ in 0..9 {
            next_era();
        }
        assert_eq!(seats().len(), MAX_AUTHORS as usize);
    });
}

#[test]
fn set_should_stay_when_there_is_nobody_to_elect() {
    execute(|| {
        // No credit, no keys, not standing.
        assert_ok!(join(10));
        equals([11, 12]);
        assert_ok!(Session::purge_keys(signed(11)));
        Candidates::<Test>::insert(12, Candidacy::Resting);
        for _ in 0..3 {
            next_era();
            assert_eq!(seats(), vec![1, 2, 3, 4]);
        }
        let is_change = |event: &_| matches!(event, Event::AuthorsChanged { .. });
        assert!(!events().iter().any(is_change));
    });
}

#[test]
fn single_author_should_never_be_replaced() {
    execute_with(1, || {
        LeastAuthors::set(1);
        equals(20..40);
        for _ in 0..3 {
            next_era();
            assert_eq!(seats(), vec![1]);
        }
    });
}

#[test]
fn elected_should_lose_its_place_when_it_is_eligible_no_more() {
    let lost: [fn(AccountId); 4] = [
        |who| Authors::leave(signed(who)).unwrap(),
        |who| Session::purge_keys(signed(who)).unwrap(),
        |who| Candidates::<Test>::insert(who, Candidacy::Resting),
        equivocated,
    ];
    for lose in lost {
        execute(|| {
            equals([10]);
            to_session(1);
            advance(BEACON_DELAY);
            assert!(Drawn::<Test>::exists());
            lose(10);
            to_session(2);
            assert_eq!(seats(), vec![1, 2, 3, 4]);
            assert!(!Drawn::<Test>::exists());
        });
    }
}

#[test]
fn election_should_anchor_anew_when_the_beacon_does_not_come() {
    execute(|| {
        // Sessions of ten blocks are shorter than the patience: eras of one session would anchor anew anyway.
        EraSessions::set(6);
        equals([10]);
        to_session(4);
        let anchor = System::block_number();
        NoBeaconFrom::set(anchor);
        advance(24);
        assert_eq!(Anchor::<Test>::get(), Some(anchor));
        advance(1);
        assert_eq!(Anchor::<Test>::get(), Some(anchor + 25));
        // The new weights are those of now.
        Authors::leave(signed(10)).unwrap();
        advance(25);
        assert_eq!(Anchor::<Test>::get(), None);
        assert_eq!(seats(), vec![1, 2, 3, 4]);
    });
}

#[test]
fn late_election_should_be_given_up_for_that_of_the_next_era() {
    execute(|| {
        equals([10]);
        to_session(1);
        NoBeaconFrom::set(System::block_number());
        // It comes after the set of session 3 was planned.
        to_session(2);
        NoBeaconFrom::set(u64::MAX);
        advance(1);
        assert!(Drawn::<Test>::exists());
        to_session(3);
        assert_eq!(seats(), vec![1, 2, 3, 4]);
        assert!(Drawn::<Test>::exists());
        to_session(4);
        assert!(!Drawn::<Test>::exists() && Anchor::<Test>::exists());
        to_session(5);
        assert_eq!(seats(), vec![2, 3, 4, 10]);
    });
}

#[test]
fn hook_should_charge_for_what_it_does() {
    use frame_support::traits::Hooks;
    execute(|| {
        equals([10, 11]);
        let poll = <Test as Config>::WeightInfo::poll();
        let run = || Authors::on_initialize(System::block_number());
        assert_eq!(run(), poll);
        EraSessions::set(6);
        to_session(4);
        let anchor = System::block_number();
        NoBeaconFrom::set(anchor);
        assert_eq!(run(), poll);
        System::set_block_number(anchor + 25);
        assert_eq!(run(), poll + <Test as Config>::WeightInfo::snapshot(2));
        NoBeaconFrom::set(u64::MAX);
        System::set_block_number(anchor + 25 + BEACON_DELAY);
        // One of the two has left since, and is drawn among even so.
        Authors::leave(signed(11)).unwrap();
        assert_eq!(run(), poll + <Test as Config>::WeightInfo::elect(2));
    });
}

#[test]
fn seats_should_be_held_in_proportion_to_weights() {
    execute_with(3, || {
        // 20 candidates of weight 1 and 10 of weight 2: credit may be four times the median.
        EraSessions::set(1);
        for who in 10..40 {
            candidate(who, 100, 0);
        }
        let weight = |who: AccountId| if who < 30 { 1u128 } else { 2 };
        let mut held: BTreeMap<AccountId, u32> = BTreeMap::new();
        for era in 0..1_000u64 {
            for who in 10..40 {
                Authors::credited(&who, 100 * AIPG * weight(who) * weight(who));
            }
            BeaconSalt::set(era);
            (0..SESSION).for_each(|_| pass_block());
            if era >= 10 {
                for who in seats() {
                    *held.entry(who).or_default() += 1;
                }
            }
        }
        assert!(held.keys().all(|who| *who >= 10));
        let mean = |range: std::ops::Range<u64>| {
            let count = range.end - range.start;
            range.map(|who| f64::from(held[&who])).sum::<f64>() / count as f64
        };
        // An author has one seat: whoever is kept is not drawn, which costs the larger a little.
        let ratio = mean(30..40) / mean(10..30);
        assert!(ratio > 1.6 && ratio < 2.1, "{ratio}");
    });
}
