use super::*;

#[test]
fn seat_should_go_when_its_author_has_no_keys() {
    execute(|| {
        assert_ok!(Session::purge_keys(signed(2)));
        next_session();
        assert_eq!(seats(), vec![1, 3, 4]);
        assert!(events().contains(&Event::SeatMarked {
            author: 2,
            why: Going::Keyless,
        }));
    });
}

#[test]
fn keyless_seat_should_be_marked_once_when_it_cannot_go() {
    execute(|| {
        LeastAuthors::set(4);
        assert_ok!(Session::purge_keys(signed(2)));
        to_session(4);
        let marked = events()
            .into_iter()
            .filter(|event| matches!(event, Event::SeatMarked { .. }));
        assert_eq!(marked.count(), 1);
        assert_eq!(mark_of(2), Some(Going::Keyless));
    });
}
