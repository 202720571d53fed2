//! What came with picture models.

use super::{
    models::{widen, with_any_sections},
    Collection, Numbers,
};
use crate::{
    convert::{CheckpointConfiguration, Decoder, HadamardChoice, Naming},
    ModelHeader,
};
use aipg_exact::header::{patch, Picture};
use aipg_vectors::{
    job::Paint,
    operations::Row32,
    pictures::{Noise, Step},
    record::Bytes,
};

/// Latent values at the ends of what is a byte, and of i32.
const VALUES: [i32; 11] = [
    -i32::MAX,
    -65_537,
    -65_536,
    -65_279,
    -65_278,
    -1,
    0,
    1,
    65_535,
    65_536,
    i32::MAX,
];

pub(super) fn pictures(collection: &mut Collection, numbers: &mut Numbers) {
    for (seed, first, count) in [
        (0, 0, 16),
        (42, 0, 40),
        (u64::MAX, 3, 9),
        (7, 65_526, 10),
        (numbers.next(), 1_000, 64),
    ] {
        collection.add("noise", Noise { seed, first, count });
    }
    steps(collection, numbers);
    let x = VALUES.to_vec();
    collection.add("pixels", Row32 { x });
    for bits in [12, 17, 31] {
        let x = numbers.list(40, |numbers| numbers.signed(bits) as i32);
        collection.add("pixels", Row32 { x });
    }
    paintings(collection, numbers);
}

fn steps(collection: &mut Collection, numbers: &mut Numbers) {
    for (kappa, delta) in [
        (i32::MIN, i32::MIN),
        (i32::MAX, i32::MIN),
        (65_536, 0),
        (0, 65_536),
        (32_768, -32_768),
        (61_000, 9_000),
    ] {
        let (x, v) = (VALUES.to_vec(), VALUES.iter().rev().copied().collect());
        collection.add("step", Step { x, v, kappa, delta });
        let mut latent = || numbers.list(20, |numbers| numbers.signed(18) as i32);
        let (x, v) = (latent(), latent());
        collection.add("step", Step { x, v, kappa, delta });
    }
}

/// Pictures of whole models with any bytes in their sections.
fn paintings(collection: &mut Collection, numbers: &mut Numbers) {
    use HadamardChoice::{Nowhere, WherePossible};
    let (llama, everything) = (Decoder::default(), Decoder::everything(0, Vec::new()));
    let everything = Decoder {
        tied_embedding: false,
        ..everything
    };
    for (shape, hadamard, wide, decoder, [steps, height, width, side]) in [
        (
            [6, 1, 1, 1, 2, 5],
            Nowhere,
            false,
            llama.clone(),
            [1, 1, 1, 1],
        ),
        (
            [20, 2, 4, 2, 6, 33],
            Nowhere,
            false,
            llama.clone(),
            [3, 4, 6, 2],
        ),
        (
            [64, 1, 4, 2, 16, 64],
            WherePossible,
            true,
            llama,
            [2, 8, 16, 8],
        ),
        (
            [12, 2, 3, 3, 4, 20],
            Nowhere,
            true,
            everything,
            [2, 9, 6, 3],
        ),
    ] {
        let mut header = header(shape, hadamard, decoder);
        let rotated = hadamard == WherePossible && side == 8;
        header.set_picture(&Picture {
            steps,
            height,
            width,
            patch: side,
            flags: if rotated { patch::HADAMARD } else { 0 } | if wide { patch::WIDE } else { 0 },
        });
        if wide {
            widen(&mut header);
        }
        let model = with_any_sections(header, numbers);
        for length in [1, 4] {
            collection.add(
                "paint",
                Paint {
                    model: Bytes(model.clone()),
                    prompt: numbers.list(length, |numbers| numbers.below(256) as u32),
                    seed: numbers.next(),
                },
            );
        }
    }
}

/// The header of a decoder of this shape `[d, layers, heads, key-value heads, head dimension,
/// feed-forward]`, with a vocabulary of bytes.
fn header(shape: [u32; 6], hadamard: HadamardChoice, decoder: Decoder) -> ModelHeader {
    let [model_dimension, layers, heads, key_value_heads, head_dimension, feed_forward] = shape;
    let configuration = CheckpointConfiguration {
        model_dimension,
        layers,
        heads,
        key_value_heads,
        head_dimension,
        feed_forward,
        vocabulary: 256,
        max_context: 24,
        rope_base: 10_000.0,
        epsilon: 1e-5,
        decoder,
        naming: Naming::Plain,
    };
    configuration
        .header(hadamard, [7; 32])
        .expect("the shapes above are in range")
}
