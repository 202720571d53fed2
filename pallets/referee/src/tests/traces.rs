//! Who may defend what, and until when.

use super::players::*;
use crate::{mock::*, pallet::*, types::MAX_ROOTS, HoldReason};
use aipg_exact::trace::{Replay, Tensor};
use aipg_primitives::HostBlake2;
use aipg_referee_game::Side;
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

fn roots(trace: &Replay<'_>) -> Vec<H256> {
    let roots = trace.tensor_roots::<HostBlake2>();
    roots.into_iter().map(H256).collect()
}

fn page(who: AccountId, roots: &[H256]) -> sp_runtime::DispatchResult {
    Referee::post_roots(signed(who), JOB, roots.to_vec().try_into().unwrap())
}

#[test]
fn a_trace_should_stand_when_its_last_page_is_there() {
    let roots = roots(truth());
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        for part in roots.chunks(5) {
            assert_eq!(Traces::<Test>::iter().count(), 0);
            assert_ok!(page(DEFENDER, part));
            assert_eq!(on_hold(HoldReason::Trace, DEFENDER), TRACE_BOND);
            Pallet::<Test>::do_try_state().unwrap();
        }
        let trace = Traces::<Test>::get(JOB, 0).unwrap();
        assert_eq!((trace.account, trace.root), (DEFENDER, root_of(truth())));
        assert_eq!(Postings::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_worker_should_defend_itself_without_a_bond() {
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        post(WORKER, truth());
        assert_eq!(on_hold(HoldReason::Trace, WORKER), 0);
    });
}

#[test]
fn a_trace_should_be_refused_when_it_is_not_the_results() {
    let other = wrong_answer(&truths()[0]);
    let roots = roots(truth());
    execute(|| {
        assert_noop!(try_post(DEFENDER, truth()), error(Error::CaseNotFound));
        deliver(truth());
        assert_noop!(try_post(DEFENDER, truth()), error(Error::CaseNotFound));
        challenge(CHALLENGER, truth());
        assert_noop!(page(DEFENDER, &[]), error(Error::NoRoots));
        let mut wrong = roots.clone();
        let header = truth().job().header;
        wrong[Tensor::last(header).number(header) as usize].0[0] ^= 1;
        assert_noop!(page(DEFENDER, &wrong), error(Error::WrongDigest));
        let mut longer = roots.clone();
        longer.push(H256::zero());
        assert_noop!(page(DEFENDER, &longer), error(Error::TooManyRoots));
        // The digest says nothing about the last token: this one is refuted by its record.
        post(DEFENDER, &other);
        empty(SECOND);
        assert_noop!(page(SECOND, &roots), error(Error::BondExceedsBalance));
        assert!(u32::try_from(roots.len()).unwrap() < MAX_ROOTS);
    });
}

#[test]
fn a_trace_should_be_refused_when_the_time_to_defend_has_passed() {
    let roots = roots(truth());
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        assert_ok!(page(SECOND, &roots[..3]));
        advance(2 * CHALLENGE_WINDOW - 1);
        let case = Cases::<Test>::get(JOB).unwrap().case;
        assert_eq!(case.traces_end, Referee::now() + 1);
        assert_ok!(page(DEFENDER, &roots));
        advance(1);
        assert_noop!(page(SECOND, &roots[3..]), error(Error::TracesClosed));
        // What was begun and not finished costs nothing.
        advance_to(case.games_end + 3);
        assert_eq!(wealth(SECOND), ENDOWMENT);
        assert_eq!(on_hold(HoldReason::Trace, SECOND), 0);
    });
}

#[test]
fn a_trace_should_be_refused_when_its_result_or_its_model_is_gone() {
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        let headers = Headers::take();
        assert_noop!(try_post(DEFENDER, truth()), error(Error::UnknownModel));
        Headers::set(headers);
        Results::set(Default::default());
        assert_noop!(try_post(DEFENDER, truth()), error(Error::ResultNotFound));
        deliver(truth());
    });
}

/// The worker is offline, somebody else stands for its result and takes the challenger's bond.
#[test]
fn an_offline_worker_should_be_defended_by_somebody_else() {
    let own = flipped(truth(), Tensor::Chosen, 0, 0);
    execute(|| {
        deliver(truth());
        let number = challenge(CHALLENGER, &own);
        let posted = post(DEFENDER, truth());
        assert_ok!(open(CHALLENGER, number, &own));
        let table = Table {
            seat: seat(number, posted),
            challenger: CHALLENGER,
            defender: DEFENDER,
            trace: truth(),
        };
        let played = table.play(Tensor::Chosen, 0, |claims| claims[0], |_| true);
        assert_eq!(played.0, Side::Defender);
        advance_to(CHALLENGE_WINDOW + 3);
        assert!(Convicted::get().is_empty());
        assert_eq!(wealth(DEFENDER), ENDOWMENT + CHALLENGE_BOND / 2);
        assert_eq!(on_hold(HoldReason::Trace, DEFENDER), 0);
        assert_eq!(Cases::<Test>::iter().count(), 0);
    });
}

/// A false defence by somebody else says nothing about the worker's result.
#[test]
fn a_failed_defence_of_somebody_else_should_prove_nothing() {
    let lie = flipped(truth(), Tensor::Chosen, 1, 0);
    execute(|| {
        deliver(truth());
        let number = challenge(CHALLENGER, truth());
        let posted = post(DEFENDER, &lie);
        assert_ok!(open(CHALLENGER, number, truth()));
        let table = Table {
            seat: seat(number, posted),
            challenger: CHALLENGER,
            defender: DEFENDER,
            trace: &lie,
        };
        assert_eq!(table.refute(Tensor::Chosen, 1).0, Side::Challenger);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT + TRACE_BOND / 2);
        assert_eq!(wealth(DEFENDER), ENDOWMENT - TRACE_BOND);
        // The worker comes in time, with the truth, and whoever doubted it falls silent.
        post(WORKER, truth());
        advance_to(2 * CHALLENGE_WINDOW + 2 * CLOCK + 4);
        assert!(Convicted::get().is_empty());
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert_eq!(wealth(WORKER), ENDOWMENT + CHALLENGE_BOND / 2);
    });
}

#[test]
fn every_challenge_should_have_a_game_with_every_trace() {
    let lie = flipped(truth(), Tensor::Chosen, 1, 0);
    execute(|| {
        deliver(truth());
        let honest = challenge(CHALLENGER, truth());
        let sham = challenge(SECOND, &lie);
        let (true_one, false_one) = (post(WORKER, truth()), post(DEFENDER, &lie));
        assert_ok!(open(CHALLENGER, honest, truth()));
        assert_ok!(open(SECOND, sham, &lie));
        let table = |challenge, challenger, trace, defender, replay| Table {
            seat: seat(challenge, trace),
            challenger,
            defender,
            trace: replay,
        };
        // Honest against false, sham against true, in one case.
        let refuting = table(honest, CHALLENGER, false_one, DEFENDER, &lie);
        assert_eq!(refuting.refute(Tensor::Chosen, 1).0, Side::Challenger);
        let accusing = table(sham, SECOND, true_one, WORKER, truth());
        let played = accusing.play(Tensor::Chosen, 1, |claims| claims[0], |_| true);
        assert_eq!(played.0, Side::Defender);
        let case = Cases::<Test>::get(JOB).unwrap().case;
        assert_eq!((case.challenges, case.traces), (1, 1));
    });
}
