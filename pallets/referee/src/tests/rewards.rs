//! Who has what of the bond of a worker whose result was false.

use super::players::*;
use crate::{mock::*, pallet::*};
use aipg_exact::trace::{Replay, Tensor};
use aipg_primitives::{Balance, AIPG};
use aipg_referee_game::Side;
use frame_support::assert_ok;

const TENSOR: Tensor = Tensor::FinalInput;

fn lie() -> Replay<'static> {
    flipped(truth(), TENSOR, 0, 0)
}

fn refute(
    challenger: AccountId,
    number: u32,
    posted: u32,
    defender: AccountId,
    lie: &Replay<'static>,
) {
    let table = Table {
        seat: seat(number, posted),
        challenger,
        defender,
        trace: lie,
    };
    assert_eq!(table.refute(TENSOR, 0).0, Side::Challenger);
}

/// The case ends, and everything is paid.
fn close() {
    advance_to(2 * CHALLENGE_WINDOW + 2 * CLOCK + 2);
    advance(CHALLENGE_WINDOW + 4);
    assert_eq!(Cases::<Test>::iter().count(), 0);
    assert_eq!(Refuted::get(), [JOB]);
    assert_eq!(wealth(Referee::pot()), 0);
}

fn gain(who: AccountId) -> Balance {
    wealth(who) - ENDOWMENT
}

#[test]
fn checkers_who_found_the_same_should_share() {
    let lie = lie();
    execute(|| {
        deliver(&lie);
        let first = challenge(CHALLENGER, truth());
        let second = challenge(SECOND, truth());
        let posted = post(WORKER, &lie);
        advance(1);
        assert_ok!(open(CHALLENGER, first, truth()));
        // It copies what it has seen.
        advance(1);
        let copy = challenge(THIRD, truth());
        refute(CHALLENGER, first, posted, WORKER, &lie);
        assert_ok!(open(SECOND, second, truth()));
        assert_ok!(open(THIRD, copy, truth()));
        close();
        assert_eq!(
            [CHALLENGER, SECOND, THIRD].map(gain),
            [REWARD / 2, REWARD / 2, 0]
        );
    });
}

/// A third is no whole number: the smallest unit goes to the treasury, and the case closes.
#[test]
fn what_rounding_leaves_should_go_to_the_treasury() {
    let lie = lie();
    execute(|| {
        deliver(&lie);
        let checkers = [CHALLENGER, SECOND, THIRD];
        let numbers = checkers.map(|who| challenge(who, truth()));
        let posted = post(WORKER, &lie);
        advance(1);
        for (who, number) in checkers.into_iter().zip(numbers) {
            assert_ok!(open(who, number, truth()));
        }
        refute(CHALLENGER, numbers[0], posted, WORKER, &lie);
        close();
        assert_eq!(checkers.map(gain), [REWARD / 3; 3]);
        assert_eq!(wealth(TREASURY), AIPG + REWARD - REWARD / 3 * 3);
    });
}

#[test]
fn a_checker_who_opens_after_the_verdict_should_share() {
    let lie = lie();
    execute(|| {
        deliver(&lie);
        let first = challenge(CHALLENGER, truth());
        let second = challenge(SECOND, truth());
        let posted = post(WORKER, &lie);
        advance(1);
        assert_ok!(open(CHALLENGER, first, truth()));
        refute(CHALLENGER, first, posted, WORKER, &lie);
        advance_to(2 * CHALLENGE_WINDOW + 2);
        assert_eq!(Refuted::get(), [JOB]);
        assert_ok!(open(SECOND, second, truth()));
        close();
        assert_eq!([CHALLENGER, SECOND].map(gain), [REWARD / 2, REWARD / 2]);
    });
}

/// The worker accuses itself first, with something that it lets fail. The honest checker is not held up.
#[test]
fn a_sham_challenge_of_the_worker_should_not_help_it() {
    let lie = lie();
    execute(|| {
        deliver(&lie);
        let sham = challenge(SECOND, &lie);
        let posted = post(WORKER, &lie);
        assert_ok!(open(SECOND, sham, &lie));
        let table = Table {
            seat: seat(sham, posted),
            challenger: SECOND,
            defender: WORKER,
            trace: &lie,
        };
        let played = table.play(Tensor::Embedded, 0, |claims| claims[0], |_| true);
        assert_eq!(played.0, Side::Defender);
        let honest = challenge(CHALLENGER, truth());
        advance(1);
        assert_ok!(open(CHALLENGER, honest, truth()));
        refute(CHALLENGER, honest, posted, WORKER, &lie);
        close();
        assert_eq!(gain(CHALLENGER), REWARD);
        assert_eq!(wealth(SECOND), ENDOWMENT - CHALLENGE_BOND);
    });
}

#[test]
fn parts_of_the_reward_should_go_to_whoever_beat_a_trace() {
    // Two false traces; each is beaten by another challenge, with another root.
    let (lie, other) = (lie(), flipped(truth(), TENSOR, 0, 1));
    execute(|| {
        deliver(&lie);
        let first = challenge(CHALLENGER, truth());
        let second = challenge(SECOND, &other);
        let (one, two) = (post(WORKER, &lie), post(DEFENDER, &lie));
        advance(1);
        assert_ok!(open(CHALLENGER, first, truth()));
        assert_ok!(open(SECOND, second, &other));
        refute(CHALLENGER, first, one, WORKER, &lie);
        refute(SECOND, second, two, DEFENDER, &lie);
        close();
        let bond = TRACE_BOND / 2;
        assert_eq!(
            [CHALLENGER, SECOND].map(gain),
            [REWARD / 2, REWARD / 2 + bond]
        );
    });
}

#[test]
fn the_first_challenge_should_have_all_when_nobody_defended() {
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        challenge(SECOND, truth());
        close();
        assert_eq!([CHALLENGER, SECOND].map(gain), [REWARD, 0]);
    });
}

#[test]
fn what_nobody_earned_should_go_to_the_treasury() {
    let lie = lie();
    execute(|| {
        deliver(&lie);
        // Committed in the block in which its root became known: no original.
        let number = challenge(CHALLENGER, truth());
        let posted = post(WORKER, &lie);
        assert_ok!(open(CHALLENGER, number, truth()));
        refute(CHALLENGER, number, posted, WORKER, &lie);
        close();
        assert_eq!(gain(CHALLENGER), 0);
        assert_eq!(wealth(TREASURY), AIPG + REWARD);
    });
}

#[test]
fn a_requester_should_have_its_price_back_even_if_the_worker_cannot_be_convicted() {
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        ConvictionFails::set(true);
        close();
        assert!(has_event(|event| matches!(
            event,
            Event::ConvictionFailed { .. }
        )));
        assert_eq!(gain(CHALLENGER), 0);
    });
}

#[test]
fn a_step_that_fails_should_change_nothing_and_be_tried_again() {
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        let results = Results::take();
        advance_to(2 * CHALLENGE_WINDOW + 2);
        assert!(has_event(|event| matches!(
            event,
            Event::CaseDeferred { .. }
        )));
        assert!(Convicted::get().is_empty());
        Results::set(results);
        close();
        assert_eq!(gain(CHALLENGER), REWARD);
    });
}
