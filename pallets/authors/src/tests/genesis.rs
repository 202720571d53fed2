use super::*;
use sp_runtime::BuildStorage;

#[test]
fn founders_should_author_from_the_first_session() {
    execute(|| {
        assert_eq!(seats(), vec![1, 2, 3, 4]);
        assert_eq!(Sitting::<Test>::get().into_inner(), vec![1, 2, 3, 4]);
        assert_eq!(Session::validators(), vec![1, 2, 3, 4]);
        // Equivocations of the first sessions can be proven.
        assert!(Historical::historical_root(0).is_some());
        assert!(Historical::historical_root(1).is_some());
    });
}

#[test]
#[should_panic(expected = "an author is named twice")]
fn genesis_should_fail_when_an_author_is_named_twice() {
    let authors = vec![1, 2, 1];
    let _ = GenesisConfig::<Test> { authors }.build_storage();
}

#[test]
#[should_panic(expected = "too many authors")]
fn genesis_should_fail_when_there_are_too_many() {
    let authors = (0..=u64::from(MAX_AUTHORS)).collect();
    let _ = GenesisConfig::<Test> { authors }.build_storage();
}

#[test]
fn sessions_should_be_left_alone_when_there_are_no_authors() {
    execute(|| {
        candidate(10, 100, 100);
        Seats::<Test>::kill();
        use pallet_session::SessionManager;
        assert_eq!(<Authors as SessionManager<_>>::new_session_genesis(0), None);
        assert_eq!(<Authors as SessionManager<_>>::new_session(3), None);
        Seats::<Test>::put(frame_support::BoundedVec::truncate_from(vec![Seat {
            author: 1,
            going: None,
        }]));
    });
}
