use super::*;

/// Six founders with eras of 60 blocks: ten blocks each are fair.
fn six(test: impl FnOnce()) {
    execute_with(6, || {
        EraSessions::set(6);
        test();
    });
}

#[test]
fn absent_author_should_lose_its_seat_and_rest() {
    six(|| {
        candidate(1, 100, 0);
        candidate(2, 100, 0);
        Asleep::set(vec![1]);
        to_session(6);
        assert!(events().contains(&Event::AuthorAbsent {
            author: 1,
            authored: 0,
            fair: 9,
        }));
        assert_eq!(Candidates::<Test>::get(1), Some(Candidacy::Resting));
        assert_eq!(Candidates::<Test>::get(2), Some(Candidacy::Standing));
        // The seat goes at once.
        assert_eq!(seats(), vec![2, 3, 4, 5, 6]);
        assert_eq!(Authors::bond_of(&1), MINIMUM_BOND);
    });
}

#[test]
fn absent_author_should_not_be_drawn_until_it_stands_again() {
    six(|| {
        candidate(1, 100, 0);
        Authors::credited(&1, 1_000 * AIPG);
        Asleep::set(vec![1]);
        to_session(18);
        assert!(!Authors::has_seat(&1));
        Asleep::set(vec![]);
        assert_ok!(Authors::stand(signed(1)));
        to_session(24);
        assert!(Authors::has_seat(&1));
    });
}

#[test]
fn absent_author_should_keep_a_seat_that_nobody_could_take_when_it_stands_again() {
    six(|| {
        LeastAuthors::set(6);
        candidate(1, 100, 0);
        Asleep::set(vec![1]);
        to_session(6);
        assert_eq!(mark_of(1), Some(Going::Absent));
        Asleep::set(vec![]);
        assert_ok!(Authors::stand(signed(1)));
        assert_eq!(mark_of(1), None);
        LeastAuthors::set(3);
        to_session(12);
        assert!(Authors::has_seat(&1));
    });
}

#[test]
fn absent_founder_should_lose_its_seat() {
    six(|| {
        Asleep::set(vec![3]);
        to_session(6);
        assert_eq!(seats(), vec![1, 2, 4, 5, 6]);
        assert_eq!(Candidates::<Test>::get(3), None);
    });
}

#[test]
fn author_of_an_eighth_should_not_be_absent() {
    let judged = |count: u32, blocks: u32| {
        let mut absent = false;
        execute(|| {
            // Four authors share 64 · 4 blocks.
            let _ = Authored::<Test>::clear(10, None);
            Authored::<Test>::insert(1, count);
            Authored::<Test>::insert(2, blocks - count);
            Authored::<Test>::insert(3, 64);
            Authored::<Test>::insert(4, 64);
            Authors::judge_attendance();
            absent = mark_of(1) == Some(Going::Absent);
            assert_eq!(Authored::<Test>::iter().count(), 0);
        });
        absent
    };
    assert!(judged(7, 128));
    assert!(!judged(8, 128));
    assert!(judged(0, 128));
}

#[test]
fn nobody_should_be_absent_when_an_era_is_too_short_to_say() {
    execute(|| {
        let _ = Authored::<Test>::clear(10, None);
        for (who, count) in [(2, 11), (3, 10), (4, 10)] {
            Authored::<Test>::insert(who, count);
        }
        Authors::judge_attendance();
        assert_eq!(mark_of(1), None);
        // One block more and eight are expected of each.
        for (who, count) in [(2, 11), (3, 11), (4, 10)] {
            Authored::<Test>::insert(who, count);
        }
        Authors::judge_attendance();
        assert_eq!(mark_of(1), Some(Going::Absent));
    });
}

#[test]
fn nobody_should_be_absent_when_more_than_a_third_is() {
    six(|| {
        Asleep::set(vec![1, 2, 3]);
        to_session(6);
        assert_eq!(seats(), vec![1, 2, 3, 4, 5, 6]);
        assert!(events().contains(&Event::AbsenceExcused { era: 0, absent: 3 }));
        Asleep::set(vec![1, 2]);
        to_session(12);
        assert_eq!(seats(), vec![3, 4, 5, 6]);
    });
}

#[test]
fn newcomer_should_not_be_judged_for_the_era_before() {
    six(|| {
        candidate(10, 100, 100);
        // It was drawn for the era that begins now, and authored nothing in the one that ends.
        to_session(6);
        assert!(Authors::has_seat(&10));
        assert_eq!(Candidates::<Test>::get(10), Some(Candidacy::Standing));
    });
}

#[test]
fn author_should_not_be_judged_when_its_seat_went_within_the_era() {
    six(|| {
        candidate(1, 100, 0);
        assert_ok!(Authors::leave(signed(1)));
        to_session(6);
        let is_absent = |event: &_| matches!(event, Event::AuthorAbsent { .. });
        assert!(!events().iter().any(is_absent));
    });
}
