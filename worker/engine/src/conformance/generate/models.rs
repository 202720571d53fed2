//! Jobs on whole models.

use super::{Collection, Numbers};
use crate::{
    conformance::operations::{Generate, Sampling},
    convert::{CheckpointConfiguration, HadamardChoice},
    file::{self, Sections},
    ModelHeader,
};
use aipg_exact::layout::{section_lengths, weight_tensors, Weight};

/// Whole models with any bytes in their sections: what a converter would never write has a meaning, too.
pub(super) fn models(collection: &mut Collection, numbers: &mut Numbers) {
    for (shape, hadamard) in [
        ([6, 1, 1, 1, 2, 5], HadamardChoice::Nowhere),
        ([20, 2, 3, 3, 6, 33], HadamardChoice::Nowhere),
        ([64, 1, 4, 2, 16, 64], HadamardChoice::WherePossible),
        ([16, 2, 4, 1, 8, 24], HadamardChoice::Nowhere),
    ] {
        let model = model(shape, hadamard, numbers);
        for sampled in [false, true] {
            let prompt = numbers.list(9, |numbers| numbers.below(30) as u32);
            let mut sampling = Sampling::GREEDY;
            if sampled {
                sampling.seed = numbers.next();
                sampling.beta = 30_000;
            }
            collection.add(
                "generate",
                Generate {
                    model: model.clone(),
                    prompt,
                    max_output: 12,
                    stop: vec![3],
                    sampling,
                },
            );
        }
    }
}

/// A model file of this shape `[d, layers, heads, key-value heads, head dimension, feed-forward]`.
fn model(shape: [u32; 6], hadamard: HadamardChoice, numbers: &mut Numbers) -> String {
    let [model_dimension, layers, heads, key_value_heads, head_dimension, feed_forward] = shape;
    let configuration = CheckpointConfiguration {
        model_dimension,
        layers,
        heads,
        key_value_heads,
        head_dimension,
        feed_forward,
        vocabulary: 30,
        max_context: 24,
        rope_base: 10_000.0,
        epsilon: 1e-5,
    };
    let mut header = configuration
        .header(hadamard, [7; 32])
        .expect("the shapes above are in range");
    let lengths = section_lengths(&header);
    let mut bytes = |count: u64| numbers.list(count as usize, |numbers| numbers.next() as u8);
    let mut sections = Sections {
        scales: bytes(lengths.scales),
        tables: bytes(lengths.tables),
        weights: bytes(lengths.weights),
    };
    // Shifts of any size would leave nothing but zeros; these leave numbers of every magnitude.
    set_shifts(&header, &mut sections.scales, numbers);
    file::commit(&mut header, &sections);
    hex::encode(file::encode(&header, &sections))
}

/// Sets the shift S of each matrix to 20 … 35, and lets the multiplier of every second token be small.
fn set_shifts(header: &ModelHeader, scales: &mut [u8], numbers: &mut Numbers) {
    let mut at = 0;
    for tensor in weight_tensors(header) {
        if tensor.weight == Weight::Embedding {
            for row in (0..tensor.rows).step_by(2) {
                scales[at + 4 * row + 3] = 0;
            }
            at += 4 * tensor.rows;
        } else {
            let shift = 20 + numbers.below(16) as u16;
            scales[at..at + 2].copy_from_slice(&shift.to_le_bytes());
            at += 2 + 2 * tensor.rows;
        }
    }
}
