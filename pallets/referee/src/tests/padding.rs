//! What fills up the last leaf of a tree is zeros: who has something else there loses, and nobody wins by it.

use super::players::*;
use crate::{
    mock::*,
    pallet::*,
    types::{AddressBytes, Blob, ChunkPath, ChunkTokens, DemandedChunks, EvidenceBytes},
};
use aipg_exact::{
    commitment::{token_chunk, token_root},
    trace::{claims, wire::Wire, Claim, Evidence, Flaw, Leaf, Opening, Recorder, Replay, Tensor},
    tree::{self, Domain},
};
use aipg_primitives::HostBlake2;
use aipg_referee_game::{Side, Stage};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

/// The worker stands for `lie`, and somebody who found the truth plays against it.
fn against<'a>(lie: &'a Replay<'static>) -> Table<'a> {
    deliver(lie);
    let number = challenge(CHALLENGER, truth());
    let posted = post(WORKER, lie);
    assert_ok!(open(CHALLENGER, number, truth()));
    Table {
        seat: seat(number, posted),
        challenger: CHALLENGER,
        defender: WORKER,
        trace: lie,
    }
}

/// All elements of the digest are right, and it is not the true one.
#[test]
fn a_digest_should_be_false_when_its_padding_is_not_zero() {
    let tensor = Tensor::last(truth().job().header);
    let length = Domain::Digest.leaf_length();
    for leaf in [0, tensor.leaves(&truth().job()) - 1] {
        let mut lie = truth().clone();
        let bytes = lie.leaf_mut(tensor, leaf).unwrap();
        assert!(bytes.len() < length);
        bytes.resize(length, 0);
        assert_eq!(root_of(&lie), root_of(truth()));
        *lie.leaf_mut(tensor, leaf).unwrap().last_mut().unwrap() = 1;
        assert_ne!(root_of(&lie), root_of(truth()));
        execute(|| {
            let table = against(&lie);
            assert_eq!(table.refute(tensor, leaf).0, Side::Challenger);
            advance_to(2 * CHALLENGE_WINDOW + 2);
            assert_eq!(Convicted::get(), [WORKER]);
        });
    }
}

/// Plays against a leaf of `trace` until somebody is out. Before each verdict the challenger tries it with
/// other bytes behind what a leaf holds; the number of leaves that it tried.
fn play_forging(trace: &Replay<'static>, tensor: Tensor, leaf: u64, is_false: bool) -> u32 {
    let mut forged = 0;
    execute(|| {
        let table = match is_false {
            true => against(trace),
            false => {
                let other = flipped(trace, tensor, leaf, 0);
                deliver(trace);
                let number = challenge(CHALLENGER, &other);
                let posted = post(WORKER, trace);
                assert_ok!(open(CHALLENGER, number, &other));
                Table {
                    seat: seat(number, posted),
                    challenger: CHALLENGER,
                    defender: WORKER,
                    trace,
                }
            }
        };
        let job = trace.job();
        while table.lives() {
            if let Some(Stage::Verdict(claim, values)) = table.game().map(|game| game.stage) {
                let read = Recorder::leaves(&job, &claim.0, &values, trace).unwrap();
                let evidence = trace.evidence::<HostBlake2>(&read);
                for (place, opened) in read.iter().enumerate() {
                    // The last byte of these is of no element.
                    if !matches!(opened, Leaf::Weights(_) | Leaf::Prompt(_) | Leaf::Output(_)) {
                        continue;
                    }
                    let mut evidence = evidence.clone();
                    let last = evidence.leaves[place].bytes.last_mut().unwrap();
                    assert_eq!(*last, 0);
                    *last = 1;
                    let evidence = EvidenceBytes::try_from(evidence.to_bytes()).unwrap();
                    assert_noop!(
                        Referee::judge(signed(CHALLENGER), table.seat, evidence, None),
                        error(Error::DoesNotVerify)
                    );
                    forged += 1;
                }
            }
            let last = |claims: &[Claim]| *claims.last().unwrap();
            assert_ok!(match table.turn() {
                Side::Defender => table.defend(),
                Side::Challenger if is_false => table.attack_false(tensor, leaf),
                Side::Challenger => table.attack(tensor, leaf, last, |_| true),
            });
        }
        let lives = Traces::<Test>::get(JOB, table.seat.trace).unwrap().lives;
        assert_eq!(lives, !is_false);
    });
    forged
}

/// Each of these reads the last, partial tile of a matrix.
#[test]
fn an_opening_should_be_refused_when_its_padding_is_not_zero() {
    let truth = truth();
    let job = truth.job();
    let queries = Tensor::Layer(1, aipg_exact::trace::Part::Queries);
    for (tensor, leaf) in [
        // The prompt's token 39 of a vocabulary of 40.
        (Tensor::Embedded, 1),
        (queries, queries.leaves(&job) - 1),
        (Tensor::Chosen, 0),
    ] {
        assert!(!claims(&job, tensor, leaf).is_empty());
        let lie = flipped(truth, tensor, leaf, 0);
        // A false head is found before its weights are read.
        let forged = play_forging(&lie, tensor, leaf, true);
        assert_eq!(forged > 0, tensor != queries, "{tensor:?}");
        assert!(play_forging(truth, tensor, leaf, false) > 0, "{tensor:?}");
    }
}

/// A list of ids whose leaf goes on with something else than zeros, and its root.
fn overfull(tokens: &[u32]) -> (Vec<u8>, H256) {
    let mut bytes: Vec<u8> = tokens.iter().flat_map(|id| id.to_le_bytes()).collect();
    bytes.resize(256, 0);
    bytes[255] = 1;
    let top = tree::leaf::<HostBlake2>(Domain::Tokens, &bytes);
    let root = tree::root::<HostBlake2>(Domain::Tokens, &[tokens.len() as u64], &top);
    assert_ne!(root, token_root::<HostBlake2>(tokens));
    (bytes, H256(root))
}

fn prove(flaw: Flaw, leaf: Leaf, bytes: &[u8]) -> sp_runtime::DispatchResult {
    let evidence = Evidence {
        tensors: Vec::new(),
        leaves: vec![Opening {
            leaf,
            bytes: bytes.to_vec(),
            path: Vec::new(),
        }],
    };
    Referee::prove_flaw(
        signed(CHALLENGER),
        JOB,
        0,
        AddressBytes::truncate_from(flaw.to_bytes()),
        EvidenceBytes::try_from(evidence.to_bytes()).unwrap(),
    )
}

#[test]
fn an_answer_should_be_false_when_the_padding_of_its_tokens_is_not_zero() {
    let (bytes, root) = overfull(truth().output());
    execute(|| {
        deliver(truth());
        challenge(CHALLENGER, truth());
        advance(1);
        let flaw = Flaw::UnknownToken(0);
        // The true list has no such leaf, and its own leaf no flaw.
        assert_noop!(
            prove(flaw, Leaf::Output(0), &bytes),
            error(Error::DoesNotVerify)
        );
        let own = truth().hashed_leaf(Leaf::Output(0)).unwrap();
        assert_noop!(prove(flaw, Leaf::Output(0), &own), error(Error::NoSuchFlaw));
    });
    execute(|| {
        deliver(truth());
        Results::mutate(|results| results.get_mut(&JOB).unwrap().output.root = root);
        challenge(CHALLENGER, truth());
        post(WORKER, truth());
        advance(1);
        assert_ok!(prove(Flaw::UnknownToken(0), Leaf::Output(0), &bytes));
        advance(1);
        assert_eq!(Refuted::get(), [JOB]);
        assert_eq!(Proven::get(), [true]);
    });
}

/// Whoever cannot find the answer need not know that leaf: nobody can publish it.
#[test]
fn an_answer_should_not_be_published_when_the_padding_of_its_tokens_is_not_zero() {
    let (_, root) = overfull(truth().output());
    execute(|| {
        deliver(truth());
        Results::mutate(|results| results.get_mut(&JOB).unwrap().output.root = root);
        let chunks = DemandedChunks::try_from(vec![0]).unwrap();
        assert_ok!(Referee::demand(
            signed(CHALLENGER),
            JOB,
            Blob::Output,
            chunks
        ));
        let (ids, path) = token_chunk::<HostBlake2>(truth().output(), 0).unwrap();
        assert!(path.is_empty());
        let tokens = ChunkTokens::try_from(ids.to_vec()).unwrap();
        assert_noop!(
            Referee::publish(
                signed(WORKER),
                JOB,
                Blob::Output,
                0,
                tokens,
                ChunkPath::default()
            ),
            error(Error::DoesNotVerify)
        );
        advance_to(1 + CHALLENGE_WINDOW);
        assert_eq!(Refuted::get(), [JOB]);
        assert_eq!(Convicted::get(), [WORKER]);
    });
}

/// Such a prompt cannot be read by its root: the worker had to give the job back.
#[test]
fn an_answer_should_be_false_when_the_padding_of_its_prompt_is_not_zero() {
    let (bytes, root) = overfull(&PROMPT);
    execute(|| {
        deliver(truth());
        Results::mutate(|results| results.get_mut(&JOB).unwrap().input.root = root);
        challenge(CHALLENGER, truth());
        advance(1);
        assert_ok!(prove(Flaw::UnknownInput(3), Leaf::Prompt(0), &bytes));
    });
}
