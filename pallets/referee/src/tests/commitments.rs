//! What a challenger committed to, and when it counts.

use super::players::*;
use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

fn original(number: u32) -> bool {
    Challenges::<Test>::get(JOB, number).unwrap().original
}

#[test]
fn a_root_should_open_what_was_committed_to_and_nothing_else() {
    execute(|| {
        assert_noop!(open(CHALLENGER, 0, truth()), error(Error::CaseNotFound));
        deliver(truth());
        let number = challenge(CHALLENGER, truth());
        advance(1);
        let wrong = wrong_answer(truth());
        assert_noop!(
            open(CHALLENGER, number, &wrong),
            error(Error::CommitmentMismatch)
        );
        let salted = Referee::open_root(
            signed(CHALLENGER),
            JOB,
            number,
            H256::zero(),
            root_of(truth()),
        );
        assert_eq!(salted, Err(error(Error::CommitmentMismatch)));
        assert_noop!(open(SECOND, number, truth()), error(Error::NotYourSeat));
        assert_noop!(
            open(CHALLENGER, 1, truth()),
            error(Error::ChallengeNotFound)
        );
        assert_ok!(open(CHALLENGER, number, truth()));
        assert!(original(number));
        assert_noop!(
            open(CHALLENGER, number, truth()),
            error(Error::RootAlreadyOpen)
        );
    });
}

/// A commitment is its account's: whoever copies it cannot open it.
#[test]
fn a_copied_commitment_should_not_open() {
    execute(|| {
        deliver(truth());
        let number = challenge(CHALLENGER, truth());
        let copied = Challenges::<Test>::get(JOB, number).unwrap().commitment;
        assert_ok!(Referee::challenge(signed(SECOND), JOB, copied));
        let opened = Referee::open_root(signed(SECOND), JOB, 1, salt(CHALLENGER), root_of(truth()));
        assert_eq!(opened, Err(error(Error::CommitmentMismatch)));
    });
}

#[test]
fn a_root_should_be_original_only_if_it_was_committed_to_before_it_was_known() {
    execute(|| {
        deliver(truth());
        let first = challenge(CHALLENGER, truth());
        let early = challenge(SECOND, truth());
        advance(1);
        assert_ok!(open(CHALLENGER, first, truth()));
        // In the same block as the first opening, and after it.
        let same = challenge(THIRD, truth());
        advance(1);
        let late = challenge(DEFENDER, truth());
        assert_ok!(open(SECOND, early, truth()));
        assert_ok!(open(THIRD, same, truth()));
        assert_ok!(open(DEFENDER, late, truth()));
        let numbers = [first, early, same, late];
        assert_eq!(numbers.map(original), [true, true, false, false]);
        let accusation = Accusations::<Test>::get(JOB, root_of(truth())).unwrap();
        assert_eq!(accusation.originals, 2);
    });
}

#[test]
fn a_root_should_not_open_when_its_case_is_decided() {
    execute(|| {
        // Upheld: nobody is left who could open.
        deliver(truth());
        let number = challenge(CHALLENGER, truth());
        let posted = post(WORKER, truth());
        advance(CLOCK);
        assert_ok!(Referee::report_timeout(signed(THIRD), seat(number, posted)));
        assert_noop!(
            open(CHALLENGER, number, truth()),
            error(Error::ChallengeLost)
        );
    });
    execute(|| {
        // False: until the reward is paid.
        deliver(truth());
        let first = challenge(CHALLENGER, truth());
        let second = challenge(SECOND, truth());
        advance_to(2 * CHALLENGE_WINDOW + 1);
        assert_eq!(Refuted::get(), [JOB]);
        advance(CHALLENGE_WINDOW - 1);
        assert_ok!(open(CHALLENGER, first, truth()));
        advance(1);
        assert!(open(SECOND, second, truth()).is_err());
    });
}
