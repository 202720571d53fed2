//! How much a decision reads on models that people run.

use super::*;
use crate::{
    header::{input, model, output, patch, Picture},
    layout::section_lengths,
    testing::small_header,
    tree::depth,
};

/// Shapes of Qwen2.5-0.5B and Llama-3-8B, and the largest of everything.
fn real_shapes() -> [(&'static str, ModelHeader); 3] {
    let mut small = ModelHeader {
        model_dimension: 896,
        layers: 24,
        heads: 14,
        key_value_heads: 2,
        head_dimension: 64,
        feed_forward: 4_864,
        vocabulary: 151_936,
        max_context: 1 << 15,
        model_flags: model::TIED_EMBEDDING | model::ATTENTION_BIAS,
        ..small_header()
    };
    small.value_formats[..24].fill(12);
    let mut medium = ModelHeader {
        model_dimension: 4_096,
        layers: 32,
        heads: 32,
        key_value_heads: 8,
        head_dimension: 128,
        feed_forward: 14_336,
        vocabulary: 128_256,
        max_context: 1 << 17,
        ..small_header()
    };
    medium.value_formats[..32].fill(12);
    let mut largest = ModelHeader {
        model_dimension: (1 << 15) - 1,
        layers: 128,
        heads: 256,
        key_value_heads: 256,
        head_dimension: 256,
        feed_forward: 133_144,
        vocabulary: 1 << 20,
        max_context: 1 << 18,
        model_flags: model::ALL & !model::UNGATED,
        output_flags: output::WIDE,
        ..small_header()
    };
    largest.value_formats.fill(12);
    largest.input_flags.fill(input::WIDE);
    // The limits of a header do not allow the widest attention with the most heads.
    largest.heads = 133_144 / 256;
    largest.key_value_heads = largest.heads;
    [("0.5 B", small), ("8 B", medium), ("largest", largest)]
}

/// Bytes of the leaves with their paths and of the values, as one move would carry them.
fn move_bytes(job: &Job<'_>, leaves: &[Leaf], values: usize) -> u64 {
    let lengths = section_lengths(job.header);
    let weights = lengths.weights.div_ceil(4096);
    let opened = leaves.iter().map(|&leaf| {
        let bytes = Blank(*job).leaf(leaf).unwrap().len() as u64;
        let leaves = match leaf {
            Leaf::Scales(_) => lengths.scales.div_ceil(1024),
            Leaf::Tables(_) => lengths.tables.div_ceil(1024),
            // A little more than that with tiles at the edges.
            Leaf::Weights(_) => weights * 2,
            Leaf::Prompt(_) => u64::from(job.prompt).div_ceil(64),
            Leaf::Output(_) => u64::from(job.output).div_ceil(64),
            Leaf::Trace(tensor, _) => tensor.leaves(job),
        };
        bytes + 32 * u64::from(depth(leaves))
    });
    opened.sum::<u64>() + 8 * values as u64
}

/// Every kind of claim at the last place of a full context.
#[test]
fn a_decision_should_fit_its_bounds_on_real_shapes() {
    for (name, header) in real_shapes() {
        header.validate().unwrap();
        let context = header.max_context;
        for sampling in [None, every_filter::<Blake>()] {
            let job = Job {
                header: &header,
                prompt: context / 2,
                output: context / 2,
                sampling,
            };
            let blank = Blank(job);
            let (mut most, mut largest, mut most_values) = (0, 0, 0);
            let mut visit = |claim: Claim| {
                let values = match claim.reveals(&job, &blank) {
                    Ok(spans) => spans.len(),
                    Err(fault) => panic!("{claim:?}: {fault:?}"),
                };
                assert!(values as u64 <= FAN_OUT, "{claim:?}");
                most_values = most_values.max(values);
                let leaves = Recorder::leaves(&job, &claim, &vec![0; values], &blank).unwrap();
                let bytes = move_bytes(&job, &leaves, values);
                if bytes > largest {
                    (largest, most) = (bytes, leaves.len());
                }
                bytes
            };
            let layer = header.layers as usize - 1;
            for tensor in [Tensor::Embedded, Tensor::FinalNorm, Tensor::FinalInput]
                .into_iter()
                .chain(Part::ALL.map(|part| Tensor::Layer(layer, part)))
            {
                let index = tensor.leaves(&job) - 1;
                for claim in claims(&job, tensor, index).into_iter().rev().take(40) {
                    visit(claim);
                }
            }
            let token = u64::from(job.output) - 1;
            for claim in claims(&job, Tensor::Chosen, token).into_iter().take(12) {
                visit(claim);
            }
            let last = job.rows() - 1;
            for sum in [
                Sum::Softmax {
                    layer,
                    row: last,
                    head: 0,
                },
                Sum::Attended {
                    layer,
                    row: last,
                    column: 0,
                },
                Sum::Product {
                    weight: Weight::Down,
                    layer,
                    row: last,
                    channel: 0,
                },
                Sum::Product {
                    weight: Weight::Output,
                    layer: 0,
                    row: token,
                    channel: 0,
                },
            ] {
                let terms = sum.terms(&job).unwrap();
                let value = 0;
                visit(Claim::Terms {
                    sum,
                    first: 0,
                    count: terms,
                    value,
                });
                visit(Claim::Terms {
                    sum,
                    first: terms - 1,
                    count: 1,
                    value,
                });
            }
            println!("{name}: a decision reads {most} leaves at most, a move has {largest} bytes and {most_values} values at most");
            // 16 KiB is a move's bound; the largest shapes split a reveal from its decision.
            assert!(
                largest
                    <= if name == "largest" {
                        32 << 10
                    } else {
                        16 << 10
                    },
                "{name}: {largest}"
            );
        }
    }
}

/// Every kind of claim of the last step of a picture, on the shape of a large diffusion transformer with as many
/// tensors as the chain takes, wide everywhere.
#[test]
fn a_decision_about_a_picture_should_fit_its_bounds() {
    let mut header = ModelHeader {
        model_dimension: 1_152,
        layers: 28,
        heads: 16,
        key_value_heads: 16,
        head_dimension: 72,
        feed_forward: 4_608,
        vocabulary: 1 << 16,
        max_context: 1 << 12,
        model_flags: model::ALL & !model::TIED_EMBEDDING,
        output_flags: output::WIDE,
        ..small_header()
    };
    header.value_formats[..28].fill(12);
    header.input_flags[..28].fill(input::WIDE);
    header.set_picture(&Picture {
        steps: 4,
        height: 128,
        width: 128,
        patch: 16,
        flags: patch::WIDE | patch::HADAMARD,
    });
    header.validate().unwrap();
    let job = Job {
        header: &header,
        prompt: 4_000,
        output: 3 * 128 * 128,
        sampling: Some(crate::trace::Sampling::of_picture([1, 2])),
    };
    let blank = Blank(job);
    let mut largest = 0;
    for tensor in Tensor::all(&header).filter(|tensor| tensor.number(&header) > 3 * 426) {
        let index = tensor.leaves(&job) - 1;
        let claims = claims(&job, tensor, index);
        let ends = claims.iter().take(40).chain(claims.iter().rev().take(40));
        for claim in ends {
            let values = claim.reveals(&job, &blank).unwrap().len();
            let leaves = Recorder::leaves(&job, claim, &vec![0; values], &blank).unwrap();
            largest = largest.max(move_bytes(&job, &leaves, values));
        }
    }
    println!("a move about a picture has {largest} bytes at most");
    assert!((4 << 10..14 << 10).contains(&largest), "{largest}");
}

/// Bytes that a trace hashes, for the figure in docs/traces.md.
#[test]
fn a_trace_should_be_as_long_as_its_leaves() {
    let (_, header) = real_shapes()[1].clone();
    let job = Job {
        header: &header,
        prompt: 2_048,
        output: 2_049,
        sampling: None,
    };
    let bytes = |tensor: Tensor| {
        let elements = tensor.elements(&header);
        let row: u64 = (0..elements.leaves())
            .map(|leaf| elements.leaf_bytes(leaf) as u64)
            .sum();
        row * tensor.rows(&job)
    };
    let total: u64 = Tensor::all(&header).map(bytes).sum();
    let leaves: u64 = Tensor::all(&header).map(|tensor| tensor.leaves(&job)).sum();
    println!("8 B, 4,096 rows: {total} bytes in {leaves} leaves");
    // Streams of 4 bytes make up most of it: embedded, attention, two residuals a layer.
    let streams = job.rows() * 4_096 * 4 * (1 + 3 * 32);
    assert!((streams..streams * 2).contains(&total));
}
