use super::*;
use crate::{
    header::ModelHeader,
    layout::Weight,
    testing::{every_filter, shapes, small_picture_header, Blake, Model, Numbers},
};
use std::borrow::Cow;
use tensor::Elements;

mod games;
mod moves;
mod openings;
mod padding;
mod picture_proofs;
mod pictures;
mod sizes;
mod windows;

/// A job on each of the shapes, greedy and with every filter.
pub(super) fn jobs(models: &[Model]) -> Vec<Replay<'_>> {
    models
        .iter()
        .flat_map(|model| [(model, None), (model, every_filter::<Blake>())])
        .map(|(model, sampling)| {
            model
                .job(&[5, 39, 0, 7], sampling)
                .generate(3, &[])
                .unwrap()
        })
        .collect()
}

pub(super) fn models() -> Vec<Model> {
    let shapes = (1..).zip(shapes());
    shapes
        .map(|(seed, header)| Model::random::<Blake>(header, seed))
        .collect()
}

/// A claim and everything that it rests on, decided with true values.
fn holds(replay: &Replay<'_>, job: &Job<'_>, claim: &Claim) -> Result<(), Fault> {
    let values = replay.reveal(&claim.reveals(job, replay)?);
    for child in claim.check(job, &values, replay)? {
        holds(replay, job, &child)?;
    }
    Ok(())
}

fn for_each_leaf(replay: &Replay<'_>, mut visit: impl FnMut(Tensor, u64)) {
    let job = replay.job();
    for tensor in Tensor::all(job.header) {
        (0..tensor.leaves(&job)).for_each(|index| visit(tensor, index));
    }
}

#[test]
fn every_claim_of_an_honest_trace_should_hold() {
    let models = models();
    for replay in jobs(&models) {
        let job = replay.job();
        let mut decided = 0;
        for_each_leaf(&replay, |tensor, index| {
            let claims = claims(&job, tensor, index);
            assert!(!claims.is_empty(), "{tensor:?} {index}");
            for claim in claims {
                assert_eq!(holds(&replay, &job, &claim), Ok(()), "{claim:?}");
                decided += 1;
            }
        });
        assert!(decided > 1_000, "{decided}");
    }
}

#[test]
fn a_claim_should_fail_when_a_bit_of_its_leaf_is_false() {
    let models = models();
    let mut numbers = Numbers(11);
    for honest in jobs(&models) {
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
            false_trace.leaf_mut(tensor, index).unwrap()[place] ^= 1 << bit;
        });
    }
}

#[test]
fn a_claim_should_fail_when_its_leaf_has_another_length() {
    let models = models();
    for honest in jobs(&models).into_iter().step_by(2) {
        let job = honest.job();
        let mut false_trace = honest.clone();
        for_each_leaf(&honest, |tensor, index| {
            let leaf = false_trace.leaf_mut(tensor, index).unwrap();
            let last = leaf.pop().unwrap();
            let refuted = claims(&job, tensor, index)
                .iter()
                .any(|claim| holds(&false_trace, &job, claim).is_err_and(Fault::convicts));
            assert!(refuted, "{tensor:?}, leaf {index}");
            false_trace.leaf_mut(tensor, index).unwrap().push(last);
        });
    }
}

#[test]
fn a_claim_should_fail_when_the_token_is_not_the_chosen_one() {
    let models = models();
    for replay in jobs(&models) {
        let job = replay.job();
        let model = models
            .iter()
            .find(|model| model.header == *job.header)
            .unwrap();
        for wrong in 0..3 {
            let mut output = replay.output().to_vec();
            output[wrong] = (output[wrong] + 1) % 40;
            let forced = model.job(&[5, 39, 0, 7], job.sampling);
            let forced = forced.teacher_force(&output).unwrap();
            let refuted = |token: u64| {
                claims(&job, Tensor::Chosen, token)
                    .iter()
                    .any(|claim| holds(&forced, &job, claim).is_err_and(Fault::convicts))
            };
            assert!(refuted(wrong as u64));
            // Every other op is right, given these tokens.
            for tensor in Tensor::all(job.header).filter(|&tensor| tensor != Tensor::Chosen) {
                let last = tensor.leaves(&job) - 1;
                for claim in claims(&job, tensor, last) {
                    assert_eq!(holds(&forced, &job, &claim), Ok(()));
                }
            }
        }
    }
}

#[test]
fn the_last_stream_should_be_the_digest() {
    use crate::commitment::DigestBuilder;
    let models = models();
    for replay in jobs(&models) {
        let job = replay.job();
        let mut digest = DigestBuilder::<Blake>::new();
        let last = Tensor::last(job.header);
        let each = last.elements(job.header).leaves() as u64;
        for row in 0..job.rows() {
            let bytes: Vec<u8> = (0..each)
                .flat_map(|leaf| {
                    replay
                        .leaf(Leaf::Trace(last, row * each + leaf))
                        .unwrap()
                        .to_vec()
                })
                .collect();
            let row = bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&x| i32::from_le_bytes(x));
            digest.push(&row.collect::<Vec<i32>>());
        }
        assert_eq!(replay.root::<Blake>(last), digest.finish());
    }
}

#[test]
fn tensors_should_be_numbered_in_order() {
    for header in shapes() {
        let numbers = Tensor::all(&header).map(|tensor| tensor.number(&header));
        assert!(numbers.eq(0..15 * 2 + 4));
        assert_eq!(Tensor::count(&header), 15 * 2 + 4);
    }
}

#[test]
fn a_replay_should_refuse_what_is_no_job() {
    let models = models();
    let model = &models[0];
    let sections = Sections {
        scales: &model.scales,
        tables: &model.tables,
        weights: &model.weights[1..],
    };
    let refused =
        |sections, prompt: &[u32]| Replay::new(&model.header, sections, prompt, None).unwrap_err();
    assert_eq!(refused(sections, &[1]), ReplayError::SectionLength);
    let whole = Sections {
        weights: &model.weights,
        ..sections
    };
    assert_eq!(refused(whole, &[]), ReplayError::EmptyPrompt);
    assert_eq!(refused(whole, &[40]), ReplayError::Token(40));
    assert_eq!(refused(whole, &[1; 101]), ReplayError::Context);
    let job = || model.job(&[1; 90], None);
    assert_eq!(job().generate(0, &[]).unwrap_err(), ReplayError::NoOutput);
    assert_eq!(job().generate(11, &[]).unwrap_err(), ReplayError::Context);
    let forced = |output: &[u32]| job().teacher_force(output).unwrap_err();
    assert_eq!(forced(&[]), ReplayError::NoOutput);
    assert_eq!(forced(&[41]), ReplayError::Token(41));

    let pictures = Model::random::<Blake>(small_picture_header(), 1);
    let sections = Sections {
        scales: &pictures.scales,
        tables: &pictures.tables,
        weights: &pictures.weights,
    };
    let refused = Replay::new(&pictures.header, sections, &[1], None).unwrap_err();
    assert_eq!(refused, ReplayError::PictureModel);
    assert_eq!(
        refused.to_string(),
        "PictureModel: the model makes pictures, not text"
    );
}

#[test]
fn a_claim_out_of_range_should_be_unknown() {
    let models = models();
    let replay = &jobs(&models)[1];
    let job = replay.job();
    let far = u64::MAX;
    for claim in [
        Claim::Embedded { row: far, chunk: 0 },
        Claim::Embedded {
            row: 0,
            chunk: usize::MAX,
        },
        Claim::NormPeak {
            norm: crate::layout::Norm::Final,
            row: far,
            chunk: 0,
        },
        Claim::NormInput {
            norm: crate::layout::Norm::Query(0),
            row: 0,
            chunk: 0,
        },
        Claim::Head {
            part: Part::Softmax,
            layer: 0,
            row: 0,
            head: 0,
        },
        Claim::Head {
            part: Part::Keys,
            layer: 0,
            row: 0,
            head: usize::MAX,
        },
        Claim::Head {
            part: Part::Keys,
            layer: 9,
            row: 0,
            head: 0,
        },
        Claim::SoftmaxLargest {
            layer: 0,
            row: 1,
            head: 0,
            key: 2,
        },
        Claim::Attended {
            layer: 0,
            row: 0,
            column: usize::MAX,
        },
        Claim::GatedInput {
            layer: 0,
            row: 0,
            block: usize::MAX,
        },
        Claim::Residual {
            weight: Weight::Query,
            layer: 0,
            row: 0,
            column: 0,
        },
        Claim::ChosenBeats {
            token: far,
            candidate: 0,
        },
        Claim::ChosenBeats {
            token: 0,
            candidate: u32::MAX,
        },
        Claim::Terms {
            sum: Sum::Total { token: 0 },
            first: 0,
            count: 0,
            value: 0,
        },
        Claim::Terms {
            sum: Sum::Total { token: 0 },
            first: far,
            count: far,
            value: 0,
        },
    ] {
        let decided = claim.reveals(&job, replay).and_then(|spans| {
            let values = vec![0; spans.len().min(2_000)];
            claim.check(&job, &values, replay)
        });
        let fault = decided.unwrap_err();
        assert!(!fault.convicts(), "{claim:?}: {fault:?}");
    }
}

/// Leaves of the right length full of one byte: what a claim reads does not depend on what is there.
pub(super) struct Blank<'a>(pub Job<'a>);

impl Inputs for Blank<'_> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        let length = match leaf {
            Leaf::Scales(_) | Leaf::Tables(_) => 1024,
            Leaf::Weights(_) => 4096,
            Leaf::Prompt(_) | Leaf::Output(_) => 256,
            Leaf::Trace(tensor, index) => {
                let elements: Elements = tensor.elements(self.0.header);
                let leaf = index % elements.leaves() as u64;
                match tensor.is_digest(self.0.header) {
                    true => 1024,
                    false => elements.leaf_bytes(leaf as usize),
                }
            }
        };
        Some(Cow::Owned(vec![0; length]))
    }
}

/// Leaves of any bytes: what a liar may have committed.
struct Garbage<'a> {
    blank: Blank<'a>,
    seed: u64,
    /// Byte that fills a leaf; other bytes if it is odd.
    fill: u8,
    /// A leaf that is this much shorter, by its number.
    shorter: u64,
}

impl Inputs for Garbage<'_> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        let mut bytes = self.blank.leaf(leaf)?.into_owned();
        let mut numbers = Numbers(self.seed ^ bytes.len() as u64);
        for byte in &mut bytes {
            let random = numbers.draw() as u8;
            *byte = if self.fill & 1 == 0 {
                self.fill
            } else {
                random
            };
        }
        if numbers.below(20) < self.shorter {
            bytes.pop();
        }
        Some(Cow::Owned(bytes))
    }
}

/// The chain executes a step on whatever was committed and revealed: a panic there would be a way to
/// stop a dispute, or the chain. Overflow panics here, in every profile.
#[test]
fn a_decision_should_be_total_on_any_leaves_and_values() {
    let mut numbers = Numbers(41);
    let extremes = [
        0,
        1,
        -1,
        i64::MAX,
        i64::MIN,
        i32::MAX.into(),
        i32::MIN.into(),
    ];
    let mut decided = [0; 2];
    for mut header in shapes() {
        for (sampling, round) in [None, every_filter::<Blake>()].into_iter().zip(0..) {
            for repetition in 0..24u8 {
                let fill = [0x00, 0xfe, 0x80, 0x7e, 0x01][usize::from(repetition) % 5];
                header.epsilon = [1, 1 << 28][usize::from(repetition) % 2];
                let job = Job {
                    header: &header,
                    prompt: 4,
                    output: 3,
                    sampling,
                };
                let garbage = Garbage {
                    blank: Blank(job),
                    seed: numbers.draw(),
                    fill,
                    shorter: repetition.is_multiple_of(6).into(),
                };
                for tensor in Tensor::all(&header) {
                    let index = numbers.below(tensor.leaves(&job));
                    for mut claim in claims(&job, tensor, index).into_iter().take(8) {
                        while let Ok(spans) = claim.reveals(&job, &garbage) {
                            let mut value = || match numbers.below(3) {
                                0 => numbers.draw() as i64,
                                1 => numbers.draw() as i64 >> 40,
                                _ => extremes[numbers.below(7) as usize],
                            };
                            let values: Vec<i64> = spans.iter().map(|_| value()).collect();
                            decided[round] += 1;
                            let _ = claim.check(&job, &values, &garbage);
                            let Some(&(sum, first, count)) = spans.last() else {
                                break;
                            };
                            let value = value();
                            claim = Claim::Terms {
                                sum,
                                first,
                                count,
                                value,
                            };
                        }
                    }
                    let children = claims(&job, tensor, index).into_iter().filter_map(|claim| {
                        let children = claim.check(&job, &[], &garbage).ok()?;
                        children.first().copied()
                    });
                    for claim in children.take(4) {
                        let _ = claim.check(&job, &[], &garbage);
                    }
                }
            }
        }
    }
    assert!(
        decided.iter().all(|&decided| decided > 10_000),
        "{decided:?}"
    );
}
