//! Pictures: the false step of each new op is found, a true one is not convicted, and a falsified pixel loses.

use super::players::*;
use crate::{dispute::tensors, mock::*, pallet::*, types::*};
use aipg_exact::{
    commitment::token_root,
    testing::{picture_shapes, Model, Numbers},
    trace::{
        claims, wire::Wire, Claim, Evidence, Fault, Flaw, Inputs, Leaf, Opening, Replay, Tensor,
    },
    tree::{self, Domain},
};
use aipg_primitives::{HostBlake2, MAX_TRACE_TENSORS};
use aipg_referee_game::Side;
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use std::{collections::BTreeSet, sync::OnceLock};

/// The job's, see [`deliver_as`].
const SEED: u64 = 7;

fn models() -> &'static [Model] {
    static MODELS: OnceLock<Vec<Model>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let shapes = (1..).zip(picture_shapes());
        shapes
            .map(|(seed, header)| Model::random::<HostBlake2>(header, seed))
            .collect()
    })
}

fn truths() -> &'static [Replay<'static>] {
    static TRUTHS: OnceLock<Vec<Replay<'static>>> = OnceLock::new();
    TRUTHS.get_or_init(|| {
        let pictures = models().iter();
        pictures
            .map(|model| model.paint::<HostBlake2>(&PROMPT, SEED))
            .collect()
    })
}

/// The worker delivered the picture that `trace` ends in, was challenged by somebody who found `own`, and has
/// defended.
fn disputed<'a>(trace: &'a Replay<'static>, own: &Replay<'_>) -> Table<'a> {
    deliver_with(trace, trace.output().len() as u32, &[]);
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

/// The finished picture.
fn finished(trace: &Replay<'_>) -> Tensor {
    let picture = trace.job().header.picture().unwrap();
    Tensor::Latent(picture.steps as usize)
}

/// What is new in claims about pictures; `None` of those that text has as well.
fn name_of(claim: &Claim) -> Option<&'static str> {
    Some(match claim {
        Claim::Noise { .. } => "noise",
        Claim::Moved { .. } => "moved",
        Claim::Pixel { .. } => "pixel",
        Claim::PatchPeak { .. } => "patch peak",
        Claim::PatchInput { .. } => "patch input",
        Claim::PatchRow { .. } => "patch row",
        Claim::PromptRow { .. } => "prompt row",
        _ => return None,
    })
}

/// First and last leaf of a tensor, each with a byte that is flipped in it.
fn edges(trace: &Replay<'_>, tensor: Tensor) -> [(u64, usize); 2] {
    let last = tensor.leaves(&trace.job()) - 1;
    let bytes = trace.leaf(Leaf::Trace(tensor, last)).unwrap().len();
    // The lowest byte of a value: as little as can be false.
    [(0, 0), (last, bytes.saturating_sub(4))]
}

#[test]
fn a_false_step_of_any_op_of_a_picture_should_be_found() {
    let mut accused = BTreeSet::new();
    for truth in truths() {
        let job = truth.job();
        for tensor in Tensor::all(job.header) {
            for (leaf, byte) in edges(truth, tensor) {
                let lie = flipped(truth, tensor, leaf, byte);
                let of_leaf = claims(&job, tensor, leaf);
                let first_false = of_leaf
                    .iter()
                    .find(|claim| holds(&lie, &job, claim).is_err_and(Fault::convicts));
                accused.extend(first_false.and_then(name_of));
                execute(|| {
                    let table = disputed(&lie, truth);
                    let (winner, _) = table.refute(tensor, leaf);
                    assert_eq!(winner, Side::Challenger, "{tensor:?}");
                    advance_to(2 * CHALLENGE_WINDOW + 2);
                    assert_eq!(Refuted::get(), [JOB]);
                    assert_eq!(Proven::get(), [true]);
                    assert_eq!(Convicted::get(), [WORKER]);
                    advance(CHALLENGE_WINDOW + 2);
                    assert_eq!(wealth(CHALLENGER), ENDOWMENT + REWARD);
                });
            }
        }
    }
    let expected = [
        "moved",
        "noise",
        "patch input",
        "patch peak",
        "patch row",
        "prompt row",
    ];
    assert!(accused.iter().eq(&expected), "{accused:?}");
}

#[test]
fn a_false_accusation_of_any_op_of_a_picture_should_fail() {
    let mut numbers = Numbers(17);
    let mut accused = BTreeSet::new();
    for truth in truths() {
        let job = truth.job();
        for tensor in Tensor::all(job.header) {
            let last = tensor.leaves(&job) - 1;
            // One claim of each kind that is new, and any of the others.
            let mut picked: Vec<(u64, Claim)> = Vec::new();
            let mut kinds = BTreeSet::new();
            for leaf in [0, last] {
                let of_leaf = claims(&job, tensor, leaf);
                let place = numbers.below(of_leaf.len() as u64) as usize;
                picked.push((leaf, of_leaf[place]));
                let new = of_leaf.iter().rev();
                picked.extend(new.filter_map(|claim| {
                    name_of(claim)
                        .filter(|name| kinds.insert(*name))
                        .map(|_| (leaf, *claim))
                }));
            }
            for (leaf, claim) in picked {
                accused.extend(name_of(&claim));
                execute(|| {
                    // The accuser's own trace is another one, and the worker's is true.
                    let own = flipped(truth, tensor, leaf, 0);
                    let table = disputed(truth, &own);
                    let mut picks = Numbers(leaf + 1);
                    let part = |_: &Claim| picks.below(3) == 0;
                    let (winner, _) = table.play(tensor, leaf, |_| claim, part);
                    assert_eq!(winner, Side::Defender, "{claim:?}");
                    assert_eq!(wealth(CHALLENGER), ENDOWMENT - CHALLENGE_BOND);
                    advance_to(CHALLENGE_WINDOW + 2);
                    assert!(has_event(|event| matches!(
                        event,
                        Event::ResultUpheld { .. }
                    )));
                    assert!(Convicted::get().is_empty());
                });
            }
        }
    }
    assert_eq!(accused.len(), 7, "{accused:?}");
}

/// Both find the same trace; what differs is that the picture is not what it ends in.
#[test]
fn a_falsified_pixel_should_lose() {
    for truth in truths() {
        let job = truth.job();
        let picture = job.header.picture().unwrap();
        // The least that can be false; and a word of prompts, which is no byte.
        for (token, value) in [
            (0, truth.output()[0] ^ 1),
            (picture.values() / 2, 256),
            (
                picture.values() - 1,
                truth.output()[picture.values() as usize - 1] ^ 1,
            ),
        ] {
            let mut output = truth.output().to_vec();
            output[token as usize] = value;
            let lie = truth.clone().beside(output);
            let index = picture.latent_index(token).unwrap();
            let (row, column) = (
                u64::from(index / picture.patch_values()),
                (index % picture.patch_values()) as usize,
            );
            let tensor = finished(truth);
            let leaf = tensor.index(job.header, row, column / 256);
            execute(|| {
                let table = disputed(&lie, &lie);
                assert_eq!(table.refute(tensor, leaf).0, Side::Challenger);
                let pixel = Claim::Pixel { row, column }.to_bytes();
                assert!(has_event(|event| matches!(
                    event,
                    Event::GameEnded { outcome: Outcome { ending: Ending::Executed { claim }, .. }, .. }
                        if **claim == pixel
                )));
                advance_to(2 * CHALLENGE_WINDOW + 2);
                assert_eq!(Convicted::get(), [WORKER]);
            });
        }
    }
}

#[test]
fn a_picture_of_another_seed_should_lose_by_its_noise() {
    for model in models() {
        let other = model.paint::<HostBlake2>(&PROMPT, SEED + 1);
        let truth = model.paint::<HostBlake2>(&PROMPT, SEED);
        execute(|| {
            let table = disputed(&other, &truth);
            let noise = |claims: &[Claim]| {
                let is_noise = |claim: &&Claim| matches!(claim, Claim::Noise { .. });
                *claims.iter().find(is_noise).unwrap()
            };
            let (winner, _) = table.play(Tensor::Latent(0), 0, noise, |_| false);
            assert_eq!(winner, Side::Challenger);
        });
    }
}

#[test]
fn a_token_beyond_the_vocabulary_should_be_a_flaw_and_a_stop_token_none() {
    let truth = &truths()[0];
    let length = truth.output().len() as u32;
    let mut output = truth.output().to_vec();
    output[70] = truth.job().header.vocabulary;
    execute(|| {
        deliver_with(truth, length, &[output[0]]);
        Results::mutate(|results| {
            let result = results.get_mut(&JOB).unwrap();
            result.output.root = H256(token_root::<HostBlake2>(&output));
        });
        let number = challenge(CHALLENGER, truth);
        advance(1);
        let leaves: Vec<Vec<u8>> = output
            .chunks(64)
            .map(|tokens| {
                let mut bytes: Vec<u8> = tokens.iter().flat_map(|id| id.to_le_bytes()).collect();
                bytes.resize(256, 0);
                bytes
            })
            .collect();
        let hashes: Vec<[u8; 32]> = leaves
            .iter()
            .map(|bytes| tree::leaf::<HostBlake2>(Domain::Tokens, bytes))
            .collect();
        let prove = |flaw: Flaw, index: usize| {
            let evidence = Evidence {
                tensors: Vec::new(),
                leaves: vec![Opening {
                    leaf: Leaf::Output(index as u64),
                    path: tree::path::<HostBlake2>(Domain::Tokens, &hashes, index).unwrap(),
                    bytes: leaves[index].clone(),
                }],
            };
            Referee::prove_flaw(
                signed(CHALLENGER),
                JOB,
                number,
                AddressBytes::truncate_from(flaw.to_bytes()),
                EvidenceBytes::try_from(evidence.to_bytes()).unwrap(),
            )
        };
        for (flaw, index) in [
            (Flaw::EarlyStop(0), 0),
            (Flaw::EndsEarly, leaves.len() - 1),
            (Flaw::UnknownToken(69), 1),
        ] {
            assert_noop!(prove(flaw, index), error(Error::NoSuchFlaw));
        }
        assert_ok!(prove(Flaw::UnknownToken(70), 1));
        advance(1);
        assert_eq!(Refuted::get(), [JOB]);
    });
}

/// Roots of a trace of text have no room in that of a picture, and the other way round.
#[test]
fn a_trace_should_have_as_many_roots_as_the_picture_has_tensors() {
    for truth in truths() {
        let roots: Vec<H256> = truth
            .tensor_roots::<HostBlake2>()
            .into_iter()
            .map(H256)
            .collect();
        let count = tensors(truth.job().header);
        assert_eq!(roots.len() as u64, count);
        assert!(count <= MAX_TRACE_TENSORS);
        execute(|| {
            deliver_with(truth, truth.output().len() as u32, &[]);
            challenge(CHALLENGER, truth);
            let page = |roots: &[H256]| {
                Referee::post_roots(signed(WORKER), JOB, roots.to_vec().try_into().unwrap())
            };
            let (last, before) = roots.split_last().unwrap();
            assert_ok!(page(before));
            assert_eq!(Traces::<Test>::iter().count(), 0);
            assert_noop!(page(&[*last, *last]), error(Error::TooManyRoots));
            assert_ok!(page(&[*last]));
            assert_eq!(Traces::<Test>::get(JOB, 0).unwrap().root, root_of(truth));
        });
    }
}
