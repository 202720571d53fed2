//! Who may defend what, and until when.

use super::players::*;
use crate::{dispute::tensors, mock::*, pallet::*, types::MAX_ROOTS, HoldReason};
use aipg_exact::{
    header::{ModelHeader, MAX_LAYERS},
    testing::{small_header, Numbers},
    trace::{trace_root, Replay, Tensor},
};
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

/// The roots of a trace as they are kept; all parts but the last are full.
fn kept(number: u32) -> Vec<H256> {
    let parts = (0..).map_while(|part| Roots::<Test>::get(JOB, (number, part)));
    let parts: Vec<Vec<H256>> = parts.map(|roots| roots.into_inner()).collect();
    let count = Roots::<Test>::iter_prefix(JOB)
        .filter(|((of, _), _)| *of == number)
        .count();
    assert_eq!(count, parts.len());
    if let Some((last, full)) = parts.split_last() {
        assert!(!last.is_empty());
        assert!(full.iter().all(|roots| roots.len() == MAX_ROOTS as usize));
    }
    parts.concat()
}

/// Posts roots in pages of these lengths, the last of them again and again, and checks after each what is
/// kept.
fn post_in_pages(who: AccountId, number: u32, roots: &[H256], lengths: &[usize]) {
    let last = lengths.last().copied().unwrap();
    let mut lengths = lengths.iter().copied().chain(std::iter::repeat(last));
    let mut posted = 0;
    while posted < roots.len() {
        let end = roots.len().min(posted + lengths.next().unwrap());
        assert_ok!(page(who, &roots[posted..end]));
        assert_eq!(kept(number), roots[..end]);
        posted = end;
    }
}

/// A result of a model with as many layers as there can be, and roots of a trace that ends in it.
fn deliver_deepest() -> Vec<H256> {
    let header = ModelHeader {
        layers: MAX_LAYERS as u32,
        value_formats: [12; MAX_LAYERS],
        ..small_header()
    };
    let model = H256(header.root::<HostBlake2>());
    let roots: Vec<H256> = (0..tensors(&header)).map(H256::from_low_u64_be).collect();
    deliver(truth());
    Headers::mutate(|headers| headers.insert(model, header.encode().to_vec()));
    Results::mutate(|results| {
        let result = results.get_mut(&JOB).unwrap();
        result.model = model;
        result.digest = roots[Tensor::last(&header).number(&header) as usize];
    });
    roots
}

#[test]
fn roots_should_be_kept_in_order_however_they_come() {
    let roots = roots(truth());
    for lengths in [&[1, 3, 500][..], &[33, 1], &[34], &[7]] {
        execute(|| {
            deliver(truth());
            challenge(CHALLENGER, truth());
            post_in_pages(DEFENDER, 0, &roots, lengths);
            assert_eq!(Traces::<Test>::get(JOB, 0).unwrap().root, root_of(truth()));
        });
    }
}

#[test]
fn roots_should_fill_one_part_after_the_other() {
    let check = |lengths: &[usize]| {
        execute(|| {
            let roots = deliver_deepest();
            challenge(CHALLENGER, truth());
            post_in_pages(DEFENDER, 0, &roots, lengths);
            let bare: Vec<_> = roots.iter().map(|root| root.0).collect();
            let root = H256(trace_root::<HostBlake2>(&bare));
            assert_eq!(Traces::<Test>::get(JOB, 0).unwrap().root, root);
            let parts = |part| Roots::<Test>::get(JOB, (0, part)).map_or(0, |it| it.len());
            assert_eq!([0, 1, 2, 3, 4].map(parts), [500, 500, 500, 424, 0]);
        });
    };
    // Within a part, up to its end, from its end, over its end.
    for lengths in [&[500][..], &[1, 500], &[499, 2, 498, 1, 500], &[424, 500]] {
        check(lengths);
    }
    let mut numbers = Numbers(5);
    for _ in 0..4 {
        let lengths = [0; 40].map(|_| 1 + numbers.below(MAX_ROOTS.into()) as usize);
        check(&lengths);
    }
}

#[test]
fn traces_that_are_posted_at_once_should_not_mix() {
    let other = flipped(truth(), Tensor::Chosen, 1, 0);
    let (first, second) = (roots(truth()), roots(&other));
    assert_ne!(first, second);
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        for (from, to) in [(0, 2), (2, 9)] {
            assert_ok!(page(DEFENDER, &first[from..to]));
            assert_ok!(page(SECOND, &second[from..to]));
            Pallet::<Test>::do_try_state().unwrap();
        }
        let number = |who| Postings::<Test>::get(JOB, who).map(|posting| posting.number);
        assert_eq!([DEFENDER, SECOND].map(number), [Some(0), Some(1)]);
        // Whoever began later may end earlier.
        assert_ok!(page(SECOND, &second[9..]));
        assert!(Traces::<Test>::get(JOB, 0).is_none());
        assert_eq!(kept(0), first[..9]);
        // The same account begins another one.
        assert_ok!(page(SECOND, &first[..1]));
        assert_eq!(number(SECOND), Some(2));
        assert_ok!(page(DEFENDER, &first[9..]));
        assert_eq!((kept(0), kept(1)), (first.clone(), second.clone()));
        let of = |number| Traces::<Test>::get(JOB, number).map(|it| (it.account, it.root));
        assert_eq!(of(0), Some((DEFENDER, root_of(truth()))));
        assert_eq!(of(1), Some((SECOND, root_of(&other))));
        let record = Cases::<Test>::get(JOB).unwrap();
        assert_eq!((record.traces, record.case.traces), (3, 2));
    });
}

#[test]
fn an_abandoned_trace_should_leave_nothing_when_the_case_is_closed() {
    let roots = roots(truth());
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        assert_ok!(page(SECOND, &roots[..3]));
        let posted = post(DEFENDER, truth());
        assert_eq!(posted, 1);
        assert_eq!(on_hold(HoldReason::Trace, SECOND), TRACE_BOND);
        // Nobody moves: the chain ends the games with what was posted in full.
        let end = Cases::<Test>::get(JOB).unwrap().case.games_end;
        advance_to(end - 1);
        assert_eq!((kept(0).len(), kept(1).len()), (3, roots.len()));
        advance(4);
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert_eq!(Roots::<Test>::iter().count(), 0);
        assert!(Refuted::get().is_empty());
        for (who, gained) in [(SECOND, 0), (DEFENDER, CHALLENGE_BOND / 2)] {
            assert_eq!(on_hold(HoldReason::Trace, who), 0);
            assert_eq!(wealth(who), ENDOWMENT + gained);
        }
    });
}

/// Each of its parts takes a step of its own.
#[test]
fn the_roots_of_a_large_trace_should_be_cleared() {
    execute(|| {
        let roots = deliver_deepest();
        challenge(CHALLENGER, truth());
        post_in_pages(WORKER, 0, &roots, &[500]);
        let end = Cases::<Test>::get(JOB).unwrap().case.games_end;
        advance_to(end + 4);
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert_eq!(Roots::<Test>::iter().count(), 0);
    });
}

/// A challenge that has lost one game leaves the others where they are, till the case is cleared.
#[test]
fn what_unfinished_games_have_shown_should_be_cleared() {
    let own = flipped(truth(), Tensor::Chosen, 1, 0);
    execute(|| {
        deliver(truth());
        let number = challenge(CHALLENGER, &own);
        let first = post(WORKER, truth());
        let second = post(DEFENDER, truth());
        assert_ok!(open(CHALLENGER, number, &own));
        let table = |trace, defender| Table {
            seat: seat(number, trace),
            challenger: CHALLENGER,
            defender,
            trace: truth(),
        };
        let other = table(second, DEFENDER);
        assert_ok!(other.name(Tensor::Chosen));
        assert_ok!(other.defend());
        other.check_revealed();
        let played = table(first, WORKER).play(Tensor::Chosen, 1, |claims| claims[0], |_| true);
        assert_eq!(played.0, Side::Defender);
        assert_eq!(Revealed::<Test>::iter_keys().count(), 1);
        other.check_revealed();
        advance_to(CHALLENGE_WINDOW + 3);
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert_eq!(Revealed::<Test>::iter_keys().count(), 0);
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
