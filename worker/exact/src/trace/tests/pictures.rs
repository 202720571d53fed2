//! Traces of pictures.

use super::{for_each_leaf, games::play, holds};
use crate::{
    commitment::DigestBuilder,
    picture,
    testing::{picture_shapes, shapes, small_picture_header, Blake, Model, Numbers},
    trace::{claims, Claim, Fault, Flaw, Job, Replay, ReplayError, Sections, Sum, Tensor},
};
use std::collections::BTreeSet;

const PROMPT: [u32; 3] = [5, 259, 7];

fn models() -> Vec<Model> {
    (1..)
        .zip(picture_shapes())
        .map(|(seed, header)| Model::random::<Blake>(header, seed))
        .collect()
}

fn pictures(models: &[Model]) -> Vec<Replay<'_>> {
    models
        .iter()
        .map(|model| model.paint::<Blake>(&PROMPT, 7))
        .collect()
}

#[test]
fn every_claim_of_an_honest_picture_should_hold() {
    let models = models();
    for replay in pictures(&models) {
        let job = replay.job();
        let mut seen = BTreeSet::new();
        for_each_leaf(&replay, |tensor, index| {
            let claims = claims(&job, tensor, index);
            assert!(!claims.is_empty(), "{tensor:?} {index}");
            for claim in claims {
                assert_eq!(claim.home(&job), Some((tensor, index)), "{claim:?}");
                assert!(seen.insert(claim), "{claim:?} twice");
                assert_eq!(holds(&replay, &job, &claim), Ok(()), "{claim:?}");
            }
        });
        let pixels = seen
            .iter()
            .filter(|claim| matches!(claim, Claim::Pixel { .. }));
        assert_eq!(pixels.count(), replay.output().len());
    }
}

#[test]
fn a_claim_should_fail_when_a_bit_of_its_leaf_is_false() {
    let models = models();
    let mut numbers = Numbers(12);
    for honest in pictures(&models) {
        let job = honest.job();
        let mut false_trace = honest.clone();
        for_each_leaf(&honest, |tensor, index| {
            let leaf = false_trace.leaf_mut(tensor, index).unwrap();
            let (place, bit) = (numbers.below(leaf.len() as u64) as usize, numbers.below(8));
            leaf[place] ^= 1 << bit;
            let refuted = claims(&job, tensor, index)
                .iter()
                .any(|claim| holds(&false_trace, &job, claim).is_err_and(Fault::convicts));
            assert!(refuted, "{tensor:?}, leaf {index}, byte {place}, bit {bit}");
            let leaf = false_trace.leaf_mut(tensor, index).unwrap();
            leaf[place] ^= 1 << bit;
            let last = leaf.pop().unwrap();
            let refuted = claims(&job, tensor, index)
                .iter()
                .any(|claim| holds(&false_trace, &job, claim).is_err_and(Fault::convicts));
            assert!(refuted, "{tensor:?}, leaf {index} without its end");
            false_trace.leaf_mut(tensor, index).unwrap().push(last);
        });
    }
}

#[test]
fn a_pixel_that_is_not_the_pictures_should_lose() {
    let models = models();
    for honest in pictures(&models) {
        let job = honest.job();
        let picture = job.header.picture().unwrap();
        let finished = Tensor::Latent(picture.steps as usize);
        for token in [0, 1, picture.values() / 2, picture.values() - 1] {
            let mut output = honest.output().to_vec();
            output[token as usize] ^= 1;
            let wrong = honest.clone().beside(output);
            let mut refuted = Vec::new();
            for index in 0..finished.leaves(&job) {
                let claims = claims(&job, finished, index).into_iter();
                refuted.extend(claims.filter(|claim| {
                    let outcome = holds(&wrong, &job, claim);
                    outcome.is_err_and(Fault::convicts)
                }));
            }
            let index = picture.latent_index(token).unwrap();
            let (row, column) = (
                u64::from(index / picture.patch_values()),
                (index % picture.patch_values()) as usize,
            );
            assert_eq!(refuted, [Claim::Pixel { row, column }]);
        }
    }
}

/// In every tensor one element is false by as little as possible; the checker names the first claim
/// that is, and follows the false values down.
#[test]
fn an_honest_checker_of_a_picture_should_win_whatever_is_revealed() {
    let models = models();
    let mut numbers = Numbers(30);
    for honest in pictures(&models) {
        let job = honest.job();
        for tensor in Tensor::all(job.header) {
            for _ in 0..4 {
                let index = numbers.below(tensor.leaves(&job));
                let mut trace = honest.clone();
                let leaf = trace.leaf_mut(tensor, index).unwrap();
                let place = numbers.below(leaf.len() as u64) as usize & !3;
                leaf[place] ^= 1;
                let claim = claims(&job, tensor, index)
                    .into_iter()
                    .find(|claim| holds(&trace, &job, claim).is_err_and(Fault::convicts));
                play(&trace, &job, claim.unwrap());
            }
        }
    }
}

#[test]
fn tensors_should_be_numbered_in_order() {
    for header in picture_shapes() {
        let steps = u64::from(header.picture().unwrap().steps);
        let numbers = Tensor::all(&header).map(|tensor| tensor.number(&header));
        assert!(numbers.eq(0..steps * (15 * 2 + 6) + 1));
        assert!(Tensor::all(&header).all(|tensor| tensor.is_of(&header)));
        assert_eq!(Tensor::count(&header), steps * (15 * 2 + 6) + 1);
    }
}

#[test]
fn the_last_stream_should_be_the_digest() {
    let models = models();
    for replay in pictures(&models) {
        let job = replay.job();
        let last = Tensor::last(job.header);
        let each = last.elements(job.header).leaves() as u64;
        let mut digest = DigestBuilder::<Blake>::new();
        for row in 0..job.rows() {
            let leaves = (0..each).map(|leaf| row * each + leaf);
            let bytes: Vec<u8> = leaves
                .flat_map(|index| replay.clone().leaf_mut(last, index).unwrap().clone())
                .collect();
            let numbers = bytes.as_chunks::<4>().0.iter();
            let row: Vec<i32> = numbers.map(|&x| i32::from_le_bytes(x)).collect();
            digest.push(&row);
        }
        assert_eq!(digest.positions(), replay.job().rows());
        assert_eq!(replay.root::<Blake>(last), digest.finish());
    }
}

#[test]
fn text_and_pictures_should_not_be_each_others() {
    let text = Model::random::<Blake>(shapes()[0].clone(), 1);
    let sections = Sections {
        scales: &text.scales,
        tables: &text.tables,
        weights: &text.weights,
    };
    let refused = Replay::paint(&text.header, sections, &[1], [0, 0]).unwrap_err();
    assert_eq!(refused, ReplayError::NoPictureModel);
    let pictures = Model::random::<Blake>(small_picture_header(), 1);
    let painted = || pictures.paint::<Blake>(&[1], 1);
    let refused = painted().generate(1, &[]).unwrap_err();
    assert_eq!(refused, ReplayError::PictureModel);
    let refused = painted().teacher_force(&[1]).unwrap_err();
    assert_eq!(refused, ReplayError::PictureModel);
    let sections = Sections {
        scales: &pictures.scales,
        tables: &pictures.tables,
        weights: &pictures.weights,
    };
    let paint = |prompt: &[u32]| Replay::paint(&pictures.header, sections, prompt, [0, 0]);
    assert_eq!(paint(&[]).unwrap_err(), ReplayError::EmptyPrompt);
    assert_eq!(paint(&[256]).unwrap_err(), ReplayError::Token(256));
    // Eight patches leave room for twelve tokens.
    assert_eq!(paint(&[1; 13]).unwrap_err(), ReplayError::Context);
    assert!(paint(&[1; 12]).is_ok());
    let short = Sections {
        tables: &pictures.tables[1..],
        ..sections
    };
    let refused = Replay::paint(&pictures.header, short, &[1], [0, 0]).unwrap_err();
    assert_eq!(refused, ReplayError::SectionLength);

    // Tensors and claims of the other kind are of no trace.
    let text = text.job(&[1], None).generate(1, &[]).unwrap();
    let painted = painted();
    for (replay, other) in [(&text, &painted), (&painted, &text)] {
        let (job, other_job) = (replay.job(), other.job());
        for tensor in Tensor::all(other_job.header) {
            if matches!(tensor, Tensor::Layer(..)) {
                continue;
            }
            assert!(!tensor.is_of(job.header));
            assert_eq!(tensor.leaves(&job), 0);
            for claim in claims(&other_job, tensor, 0) {
                assert_eq!(claim.home(&job), None, "{claim:?}");
                let fault = holds(replay, &job, &claim).unwrap_err();
                assert!(!fault.convicts(), "{claim:?}: {fault:?}");
            }
        }
    }
}

#[test]
fn claims_beyond_the_ends_of_a_picture_should_be_unknown() {
    let model = Model::random::<Blake>(small_picture_header(), 1);
    let replay = model.paint::<Blake>(&[1, 2], 1);
    let job = replay.job();
    let rows = job.rows();
    assert_eq!(rows, 8 + 2);
    for claim in [
        Claim::Noise { row: 8, chunk: 0 },
        Claim::Noise { row: 0, chunk: 1 },
        Claim::Noise {
            row: u64::MAX,
            chunk: usize::MAX,
        },
        Claim::Moved {
            step: 3,
            row: 0,
            column: 0,
        },
        Claim::Moved {
            step: usize::MAX,
            row: 0,
            column: 0,
        },
        Claim::Moved {
            step: 0,
            row: 0,
            column: 48,
        },
        Claim::Pixel { row: 8, column: 0 },
        Claim::Pixel { row: 0, column: 48 },
        Claim::PatchPeak {
            step: 3,
            row: 0,
            chunk: 0,
        },
        Claim::PatchInput {
            step: 0,
            row: 8,
            chunk: 0,
        },
        Claim::PatchRow {
            step: 0,
            row: 8,
            column: 0,
        },
        Claim::PatchRow {
            step: 0,
            row: 0,
            column: 64,
        },
        Claim::PromptRow {
            step: 0,
            row: 7,
            chunk: 0,
        },
        Claim::PromptRow {
            step: 0,
            row: 10,
            chunk: 0,
        },
        Claim::PromptRow {
            step: 3,
            row: 8,
            chunk: 0,
        },
        Claim::SoftmaxLargest {
            layer: 0,
            row: 0,
            head: 0,
            key: rows,
        },
        Claim::SoftmaxTotal {
            layer: 6,
            row: 0,
            head: 0,
        },
    ] {
        assert_eq!(claim.home(&job), None, "{claim:?}");
        let outcome = claim
            .reveals(&job, &replay)
            .map(|spans| replay.reveal(&spans))
            .and_then(|values| claim.check(&job, &values, &replay));
        assert!(outcome.is_err_and(|fault| !fault.convicts()), "{claim:?}");
    }
    // A query of the first row sees the last key.
    let sum = Sum::Softmax {
        layer: 5,
        row: 0,
        head: 3,
    };
    assert_eq!(sum.terms(&job), Some(rows));
}

#[test]
fn a_picture_should_end_with_its_last_value_and_not_stop_before() {
    let model = Model::random::<Blake>(small_picture_header(), 1);
    let replay = model.paint::<Blake>(&[1, 2], 1);
    let whole = replay.job();
    let most = whole.output;
    // Every byte would stop a text.
    let every: Vec<u32> = (0..256).collect();
    let is_in = |flaw: Flaw, job: &Job<'_>, stop: &[u32]| flaw.is_in(job, most, stop, &replay);
    assert_eq!(is_in(Flaw::EarlyStop(0), &whole, &every), Ok(false));
    assert_eq!(is_in(Flaw::EndsEarly, &whole, &[]), Ok(false));
    assert_eq!(
        is_in(Flaw::UnknownToken(most.into()), &whole, &[]),
        Err(Fault::Unknown)
    );
    assert_eq!(
        is_in(Flaw::EarlyStop(most.into()), &whole, &[]),
        Err(Fault::Unknown)
    );
    assert_eq!(is_in(Flaw::UnknownToken(0), &whole, &[]), Ok(false));
    let short = Job {
        output: most - 1,
        ..whole
    };
    assert_eq!(is_in(Flaw::EndsEarly, &short, &every), Ok(true));
}

#[test]
fn seeds_should_make_different_noise() {
    let model = Model::random::<Blake>(small_picture_header(), 1);
    let [first, again, other] = [1, 1, 2].map(|seed| model.paint::<Blake>(&[1], seed));
    assert_eq!(first.output(), again.output());
    assert_ne!(first.output(), other.output());
    let noise = |replay: &Replay<'_>| replay.root::<Blake>(Tensor::Latent(0));
    assert_ne!(noise(&first), noise(&other));
    let leaf = first
        .clone()
        .leaf_mut(Tensor::Latent(0), 0)
        .unwrap()
        .clone();
    let expected: Vec<u8> = (0..12)
        .flat_map(|block| picture::noise(picture::key::<Blake>(1), block))
        .flat_map(i32::to_le_bytes)
        .collect();
    assert_eq!(leaf, expected);
}
