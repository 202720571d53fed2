use super::*;
use aipg_primitives::api::{AuthorState, AuthorView};

#[test]
fn view_should_be_empty_when_the_account_is_unknown() {
    execute(|| {
        Authors::credited(&10, AIPG);
        assert_eq!(Authors::view(&10), None);
    });
}

#[test]
fn view_should_tell_what_an_author_has() {
    execute(|| {
        candidate(10, 100, 100);
        candidate(11, 300, 300);
        assert_eq!(
            Authors::view(&10),
            Some(AuthorView {
                has_seat: false,
                state: Some(AuthorState::Standing),
                bond: 100 * AIPG,
                credit: 100 * AIPG,
                weight_share: 250_000,
                unbonds_at: None,
            })
        );
        assert_eq!(
            Authors::view(&1),
            Some(AuthorView {
                has_seat: true,
                state: None,
                bond: 0,
                credit: 0,
                weight_share: 0,
                unbonds_at: None,
            })
        );
    });
}

#[test]
fn view_should_tell_every_state() {
    execute(|| {
        let state = || Authors::view(&10).and_then(|view| view.state);
        candidate(10, 100, 100);
        Candidates::<Test>::insert(10, Candidacy::Resting);
        assert_eq!(state(), Some(AuthorState::Resting));
        assert_eq!(Authors::view(&10).unwrap().weight_share, 0);
        assert_ok!(Authors::leave(signed(10)));
        assert_eq!(state(), Some(AuthorState::Leaving));
        let unbonds_at = Some(System::block_number() + UNBONDING);
        assert_eq!(Authors::view(&10).unwrap().unbonds_at, unbonds_at);
        equivocated(10);
        assert_eq!(state(), Some(AuthorState::Expelled));
    });
}
