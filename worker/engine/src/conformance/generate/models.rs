//! Jobs on whole models.

use super::{Collection, Numbers};
use crate::{
    convert::{CheckpointConfiguration, Decoder, HadamardChoice, Naming},
    file::{self, Sections},
    ModelHeader,
};
use aipg_exact::{
    header::{input, output},
    layout::{move_place, section_lengths, weight_tensors, Weight},
};
use aipg_vectors::{job::Generate, record::Bytes, sampling::Sampling};

/// Whole models with any bytes in their sections: what a converter would never write has a meaning, too.
pub(super) fn models(collection: &mut Collection, numbers: &mut Numbers) {
    use HadamardChoice::{Nowhere, WherePossible};
    let (llama, everything) = (Decoder::default(), Decoder::everything(3, Vec::new()));
    for (shape, hadamard, wide, decoder) in [
        ([6, 1, 1, 1, 2, 5], Nowhere, false, llama.clone()),
        ([20, 2, 3, 3, 6, 33], Nowhere, false, llama.clone()),
        ([64, 1, 4, 2, 16, 64], WherePossible, false, llama.clone()),
        ([16, 2, 4, 1, 8, 24], Nowhere, false, llama.clone()),
        ([20, 2, 2, 1, 6, 33], Nowhere, true, llama),
        ([64, 1, 4, 2, 16, 64], WherePossible, true, qwen2()),
        ([20, 2, 2, 1, 8, 12], Nowhere, false, qwen3()),
        ([12, 2, 3, 3, 4, 20], Nowhere, true, everything),
    ] {
        let model = model(shape, hadamard, wide, decoder, numbers);
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
                    model: Bytes(model.clone()),
                    prompt,
                    max_output: 12,
                    stop: vec![3],
                    sampling,
                },
            );
        }
    }
}

fn qwen2() -> Decoder {
    Decoder {
        attention_bias: true,
        ..Decoder::default()
    }
}

fn qwen3() -> Decoder {
    Decoder {
        tied_embedding: true,
        head_norm: true,
        window: 5,
        windowed_layers: vec![1],
        ..Decoder::default()
    }
}

/// A model file of this shape `[d, layers, heads, key-value heads, head dimension, feed-forward]`, all
/// of whose inputs are `wide` or none.
fn model(
    shape: [u32; 6],
    hadamard: HadamardChoice,
    wide: bool,
    decoder: Decoder,
    numbers: &mut Numbers,
) -> Vec<u8> {
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
        decoder,
        naming: Naming::Plain,
    };
    let mut header = configuration
        .header(hadamard, [7; 32])
        .expect("the shapes above are in range");
    if wide {
        widen(&mut header);
    }
    with_any_sections(header, numbers)
}

/// Gives every input of the layers and of the output 16 bits.
pub(super) fn widen(header: &mut ModelHeader) {
    let layers = header.layers as usize;
    let flags = header.input_flags.iter_mut().take(layers);
    flags.for_each(|flags| *flags |= input::WIDE);
    header.output_flags |= output::WIDE;
}

/// A model file of this header with any bytes in its sections.
pub(super) fn with_any_sections(mut header: ModelHeader, numbers: &mut Numbers) -> Vec<u8> {
    let lengths = section_lengths(&header);
    let mut bytes = |count: u64| numbers.list(count as usize, |numbers| numbers.next() as u8);
    let mut sections = Sections {
        scales: bytes(lengths.scales),
        tables: bytes(lengths.tables),
        weights: bytes(lengths.weights),
    };
    // Numbers of any size would leave nothing but zeros and limits; these leave some of every magnitude.
    set_scales(&header, &mut sections.scales, numbers);
    set_moves(&header, &mut sections.tables, numbers);
    file::commit(&mut header, &sections);
    file::encode(&header, &sections)
}

/// Lets κ of each step of a picture have up to 17 bits and δ up to 6: the output is often at its limits, and a
/// picture shall have more values than two.
fn set_moves(header: &ModelHeader, tables: &mut [u8], numbers: &mut Numbers) {
    let moves = &mut tables[move_place(header, 0) as usize..];
    for (slots, bits) in moves.chunks_exact_mut(4).zip([17, 6].into_iter().cycle()) {
        slots.copy_from_slice(&(numbers.signed(bits) as i32).to_le_bytes());
    }
}

/// Sets the shift S of each matrix to 20 … 35, lets the multiplier of every second token be small, and
/// biases and norms have up to 20 bits.
fn set_scales(header: &ModelHeader, scales: &mut [u8], numbers: &mut Numbers) {
    let mut at = 0;
    let small = |at: usize, scales: &mut [u8], numbers: &mut Numbers| {
        let number = numbers.signed(20) as i32;
        scales[at..at + 4].copy_from_slice(&number.to_le_bytes());
    };
    for tensor in weight_tensors(header) {
        if tensor.weight == Weight::Embedding {
            for row in (0..tensor.rows).step_by(2) {
                scales[at + 4 * row + 3] = 0;
            }
            at += 4 * tensor.rows;
            continue;
        }
        let shift = 20 + numbers.below(16) as u16;
        scales[at..at + 2].copy_from_slice(&shift.to_le_bytes());
        at += 2 + 2 * tensor.rows;
        for _ in 0..if tensor.biased { tensor.rows } else { 0 } {
            small(at, scales, numbers);
            at += 4;
        }
    }
    while at < scales.len() {
        small(at, scales, numbers);
        at += 4;
    }
}
