use super::*;

#[test]
fn seat_should_go_with_the_next_session_when_its_author_leaves() {
    execute(|| {
        candidate(1, 100, 0);
        assert_ok!(Authors::leave(signed(1)));
        assert_eq!(mark_of(1), Some(Going::Left));
        assert_eq!(seats(), vec![1, 2, 3, 4]);
        next_session();
        assert_eq!(seats(), vec![2, 3, 4]);
        assert_eq!(Sitting::<Test>::get().into_inner(), vec![2, 3, 4]);
        assert_eq!(Session::validators(), vec![1, 2, 3, 4]);
        next_session();
        assert_eq!(Session::validators(), vec![2, 3, 4]);
    });
}

#[test]
fn seats_should_go_one_by_one_when_a_third_leaves_at_once() {
    execute(|| {
        LeastAuthors::set(1);
        for who in 1..=4 {
            candidate(who, 100, 0);
            assert_ok!(Authors::leave(signed(who)));
        }
        for left in [3, 2, 1, 1, 1] {
            next_session();
            assert_eq!(seats().len(), left);
        }
    });
}

#[test]
fn seats_should_stay_when_too_few_would_be_left() {
    execute(|| {
        candidate(1, 100, 0);
        candidate(2, 100, 0);
        assert_ok!(Authors::leave(signed(1)));
        assert_ok!(Authors::leave(signed(2)));
        to_session(6);
        assert_eq!(seats(), vec![2, 3, 4]);
        assert_eq!(mark_of(2), Some(Going::Left));
        // An election fills the vacant place, and then the seat can go.
        candidate(10, 100, 100);
        candidate(11, 100, 100);
        to_session(8);
        assert_eq!(seats().len(), 4);
        to_session(9);
        assert!(!Authors::has_seat(&2));
    });
}

#[test]
fn released_author_should_be_judged_for_its_last_era() {
    execute_with(9, || {
        for who in 10..30 {
            candidate(who, 100, 100);
        }
        candidate(1, 100, 0);
        EraSessions::set(12);
        Asleep::set(vec![3]);
        // 3 loses its seat by the election of the next era, and all its blocks of this one are missing.
        to_session(12);
        assert!(!Authors::has_seat(&3));
        assert!(events().contains(&Event::AuthorAbsent {
            author: 3,
            authored: 0,
            fair: 13,
        }));
    });
}
