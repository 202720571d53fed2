//! For each op: its false step is found, and a true one is not convicted.

use super::players::*;
use crate::{mock::*, pallet::*, types::*, HoldReason};
use aipg_exact::{
    commitment::token_root,
    testing::Numbers,
    trace::{claims, wire::Wire, Part, Replay, Tensor},
};
use aipg_primitives::HostBlake2;
use aipg_referee_game::Side;
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

/// The worker delivered `trace`, was challenged by somebody who found `own`, and has defended.
fn disputed<'a>(trace: &'a Replay<'static>, own: &Replay<'_>) -> Table<'a> {
    deliver(trace);
    let number = challenge(CHALLENGER, own);
    advance(1);
    let posted = post(WORKER, trace);
    assert_ok!(open(CHALLENGER, number, own));
    Table {
        seat: seat(number, posted),
        challenger: CHALLENGER,
        defender: WORKER,
        trace,
    }
}

/// What every tensor's trees have at their edges: the first byte and the last.
fn edges(trace: &Replay<'_>, tensor: Tensor) -> [(u64, usize); 2] {
    let last = tensor.leaves(&trace.job()) - 1;
    let leaf = aipg_exact::trace::Leaf::Trace(tensor, last);
    let bytes = aipg_exact::trace::Inputs::leaf(trace, leaf).unwrap().len();
    [(0, 0), (last, bytes - 1)]
}

#[test]
fn a_false_step_of_any_op_should_be_found() {
    let mut longest = 0;
    for truth in truths() {
        for tensor in Tensor::all(truth.job().header) {
            for (leaf, byte) in edges(truth, tensor) {
                let lie = flipped(truth, tensor, leaf, byte);
                execute(|| {
                    let table = disputed(&lie, truth);
                    let (winner, moves) = table.refute(tensor, leaf);
                    assert_eq!(winner, Side::Challenger, "{tensor:?}");
                    longest = longest.max(moves);
                    advance_to(2 * CHALLENGE_WINDOW + 2);
                    assert_eq!(Refuted::get(), [JOB]);
                    assert_eq!(Proven::get(), [true]);
                    assert_eq!(Convicted::get(), [WORKER]);
                    assert_eq!(Forfeited::get(), [WORKER]);
                    advance(CHALLENGE_WINDOW + 2);
                    assert_eq!(wealth(CHALLENGER), ENDOWMENT + REWARD);
                    assert_eq!(on_hold(HoldReason::Challenge, CHALLENGER), 0);
                    assert_eq!(Cases::<Test>::iter().count(), 0);
                });
            }
        }
    }
    assert!(longest >= 8, "{longest}");
}

#[test]
fn a_false_accusation_of_any_op_should_fail() {
    let mut numbers = Numbers(17);
    for truth in truths() {
        let job = truth.job();
        for tensor in Tensor::all(job.header) {
            for leaf in [0, tensor.leaves(&job) - 1] {
                execute(|| {
                    // The accuser's own trace is another one, and the worker's is true.
                    let own = flipped(truth, tensor, leaf, 0);
                    let table = disputed(truth, &own);
                    let choice = numbers.below(1 << 40);
                    let mut picks = Numbers(choice);
                    let (winner, _) = table.play(
                        tensor,
                        leaf,
                        |claims| claims[(choice % claims.len() as u64) as usize],
                        |_| picks.below(3) == 0,
                    );
                    assert_eq!(winner, Side::Defender, "{tensor:?}");
                    let half = CHALLENGE_BOND / 2;
                    assert_eq!(wealth(CHALLENGER), ENDOWMENT - CHALLENGE_BOND);
                    assert_eq!(wealth(WORKER), ENDOWMENT + half);
                    assert_eq!(Burned::get(), CHALLENGE_BOND - half);
                    advance_to(CHALLENGE_WINDOW + 2);
                    assert!(has_event(|event| matches!(
                        event,
                        Event::ResultUpheld { .. }
                    )));
                    assert_eq!(Cases::<Test>::iter().count(), 0);
                    assert!(Convicted::get().is_empty());
                });
            }
        }
    }
}

/// A tensor of more leaves than one reveal shows: the game goes down twice.
#[test]
fn a_false_leaf_of_a_large_tensor_should_be_found() {
    let prompt: Vec<u32> = (0..80).map(|place| place * 7 % 40).collect();
    let tensor = Tensor::Layer(1, Part::Queries);
    let truth = models()[0].job(&prompt, None).generate(2, &[]).unwrap();
    let leaves = tensor.leaves(&truth.job());
    assert!(leaves > u64::from(MAX_NODES), "{leaves}");
    for leaf in [1, 202, leaves - 1] {
        let lie = flipped(&truth, tensor, leaf, 0);
        execute(|| {
            deliver(&lie);
            Results::mutate(|results| {
                let input = &mut results.get_mut(&JOB).unwrap().input;
                input.root = H256(token_root::<HostBlake2>(&prompt));
                input.count = prompt.len() as u32;
            });
            let number = challenge(CHALLENGER, &truth);
            let posted = post(WORKER, &lie);
            assert_ok!(open(CHALLENGER, number, &truth));
            let table = Table {
                seat: seat(number, posted),
                challenger: CHALLENGER,
                defender: WORKER,
                trace: &lie,
            };
            assert_eq!(table.refute(tensor, leaf).0, Side::Challenger);
            let nodes = |event: &Event<Test>| matches!(event, Event::Moved { next, .. } if *next == Step::Nodes);
            assert_eq!(events().into_iter().filter(nodes).count(), 2);
        });
    }
}

#[test]
fn a_leaf_of_another_length_should_convict() {
    let tensor = Tensor::FinalNorm;
    let mut lie = truth().clone();
    lie.leaf_mut(tensor, 1).unwrap().push(0);
    execute(|| {
        let table = disputed(&lie, truth());
        assert_eq!(table.refute(tensor, 1).0, Side::Challenger);
    });
}

#[test]
fn a_move_should_be_refused_when_it_is_not_what_the_game_asks_for() {
    let tensor = Tensor::Chosen;
    let lie = flipped(truth(), tensor, 1, 0);
    execute(|| {
        deliver(&lie);
        let number = challenge(CHALLENGER, truth());
        let posted = post(WORKER, &lie);
        let table = Table {
            seat: seat(number, posted),
            challenger: CHALLENGER,
            defender: WORKER,
            trace: &lie,
        };
        assert_noop!(table.name(tensor), error(Error::RootNotOpen));
        assert_ok!(open(CHALLENGER, number, truth()));

        let at = |challenge, trace| Seat {
            challenge,
            trace,
            ..table.seat
        };
        let reveal = |who, seat, nodes: Vec<H256>| {
            Referee::reveal_nodes(signed(who), seat, nodes.try_into().unwrap())
        };
        assert_noop!(
            reveal(WORKER, at(1, 0), vec![]),
            error(Error::ChallengeNotFound)
        );
        assert_noop!(
            reveal(WORKER, at(0, 1), vec![]),
            error(Error::TraceNotFound)
        );
        let elsewhere = Seat {
            job: 8,
            ..table.seat
        };
        assert_noop!(
            reveal(WORKER, elsewhere, vec![]),
            error(Error::CaseNotFound)
        );
        // The challenger has to name a tensor first.
        assert_noop!(
            reveal(WORKER, table.seat, vec![]),
            error(Error::NotYourTurn)
        );
        assert_noop!(
            reveal(CHALLENGER, table.seat, vec![]),
            error(Error::NotYourSeat)
        );
        let name = |tensor: &[u8], root, path: Vec<H256>| {
            Referee::name_tensor(
                signed(CHALLENGER),
                table.seat,
                AddressBytes::truncate_from(tensor.to_vec()),
                root,
                path.try_into().unwrap(),
            )
        };
        let zero = H256::zero();
        assert_noop!(name(&[9], zero, vec![]), error(Error::Malformed));
        assert_noop!(
            name(&tensor.to_bytes(), zero, vec![]),
            error(Error::DoesNotVerify)
        );
        assert_ok!(table.name(tensor));

        assert_noop!(table.name(tensor), error(Error::NotYourTurn));
        assert_noop!(
            reveal(SECOND, table.seat, vec![zero]),
            error(Error::NotYourSeat)
        );
        assert_noop!(
            reveal(WORKER, table.seat, vec![zero]),
            error(Error::DoesNotVerify)
        );
        let leaf = |bytes: Vec<u8>| {
            Referee::reveal_leaf(signed(WORKER), table.seat, bytes.try_into().unwrap())
        };
        assert_noop!(leaf(vec![1]), error(Error::WrongStage));
        assert_ok!(table.defend());

        let Some(crate::types::GameRecord {
            stage: aipg_referee_game::Stage::Choice(node),
            ..
        }) = table.game()
        else {
            panic!("a choice");
        };
        let choose = |index, hash| {
            Referee::choose_node(
                signed(CHALLENGER),
                table.seat,
                index,
                hash,
                Default::default(),
            )
        };
        assert_noop!(choose(1, zero), error(Error::DoesNotVerify));
        assert_noop!(choose(9, zero), error(Error::DoesNotVerify));
        assert_ok!(table.choose(node.0, 1));
        assert_noop!(leaf(vec![1]), error(Error::DoesNotVerify));
        assert_ok!(table.defend());

        let job = lie.job();
        let accuse = |claim: &[u8], evidence: &[u8]| {
            Referee::accuse(
                signed(CHALLENGER),
                table.seat,
                ClaimBytes::truncate_from(claim.to_vec()),
                evidence.to_vec().try_into().unwrap(),
            )
        };
        assert_noop!(accuse(&[77], &[0, 0]), error(Error::Malformed));
        let other = claims(&job, tensor, 0)[0];
        assert_noop!(accuse(&other.to_bytes(), &[1]), error(Error::Malformed));
        // A claim of another leaf.
        assert_noop!(
            accuse(&other.to_bytes(), &[0, 0]),
            error(Error::DoesNotVerify)
        );
        // Which logit it needs is not known without the output's leaf.
        let token = aipg_exact::trace::Claim::ChosenToken { token: 1 };
        assert_noop!(
            accuse(&token.to_bytes(), &[0, 0]),
            error(Error::DoesNotVerify)
        );
        assert_ok!(table.accuse(&token));

        let sums = |values: Vec<i64>| {
            Referee::reveal_sums(signed(WORKER), table.seat, values.try_into().unwrap())
        };
        assert_noop!(sums(vec![]), error(Error::DoesNotVerify));
        assert_noop!(sums(vec![1, 2]), error(Error::DoesNotVerify));
        assert_ok!(sums(vec![1]));
        // Nothing is opened, so nothing is decided, and the game is where it was.
        let judge = |evidence: &[u8], part| {
            let evidence = evidence.to_vec().try_into().unwrap();
            Referee::judge(signed(CHALLENGER), table.seat, evidence, part)
        };
        assert_noop!(judge(&[0, 0], None), error(Error::DoesNotVerify));
        assert_noop!(judge(&[], None), error(Error::Malformed));
        assert_ok!(table.judge(&token, &[1], |_| true));
        assert!(!crate::Traces::<Test>::get(JOB, posted).unwrap().lives);

        assert_noop!(table.name(tensor), error(Error::TraceLost));
    });
}
