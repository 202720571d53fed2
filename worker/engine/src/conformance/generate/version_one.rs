//! The operations that came with version 1 of the semantics.

use super::{Collection, Numbers, ACTIVATION_EDGES};
use aipg_vectors::{
    norms::{HeadNorm, LayerNorm},
    operations::Row64,
    rows::{Activate, Biased, Curve, Gated, ProductWide},
};

pub(super) fn version_one(collection: &mut Collection, numbers: &mut Numbers) {
    wide(collection, numbers);
    norms(collection, numbers);
    activations(collection, numbers);
    for (x, bias) in [
        (i32::MAX, 1),
        (-i32::MAX, -1),
        (i32::MIN, i32::MIN),
        (5, -7),
    ] {
        let (x, biases) = (vec![x], vec![bias]);
        collection.add("add_biases", Biased { x, biases });
    }
    let (x, biases) = (numbers.int32s(40), numbers.int32s(40));
    collection.add("add_biases", Biased { x, biases });
}

fn wide(collection: &mut Collection, numbers: &mut Numbers) {
    for largest in [
        0,
        1,
        127,
        128,
        16_255,
        16_256,
        16_257,
        1 << 24,
        i64::MAX,
        i64::MIN,
    ] {
        let row = vec![largest, largest.saturating_neg(), largest / 3, 1, 0, -1];
        collection.add("quantise_wide", Row64 { row });
    }
    for bits in [8, 20, 31, 45, 60] {
        let row = numbers.list(40, |numbers| numbers.signed(bits));
        collection.add("quantise_wide", Row64 { row });
    }
    for (width, channels, shift) in [
        (1, 1, 0),
        (5, 3, 20),
        (64, 17, 30),
        (131, 5, 40),
        (256, 4, -3),
    ] {
        let (mantissa, exponent) = numbers.scale();
        collection.add(
            "product_wide",
            ProductWide {
                high: numbers.int8s(width),
                low: numbers.list(width, |numbers| numbers.below(128) as i8 - 64),
                mantissa,
                exponent,
                weights: numbers.int8s(width * channels),
                multipliers: numbers.list(channels, |numbers| numbers.next() as u16),
                shift,
            },
        );
    }
    for (shift, exponent) in [
        (0, 0),
        (9, 0),
        (100, 0),
        (0, 100),
        (0, -100),
        (i32::MAX, i32::MIN),
    ] {
        collection.add(
            "product_wide",
            ProductWide {
                high: vec![127; 300],
                low: vec![-64; 300],
                mantissa: u16::MAX,
                exponent,
                weights: [vec![127; 300], vec![-127; 300]].concat(),
                multipliers: vec![u16::MAX, 1 << 15],
                shift,
            },
        );
    }
}

fn norms(collection: &mut Collection, numbers: &mut Numbers) {
    for (width, epsilon, rotated) in [
        (1, 1, false),
        (2, 1 << 28, false),
        (7, 42_950, false),
        (64, 4_295, true),
        (192, 1 << 28, true),
    ] {
        let vector =
            |numbers: &mut Numbers| numbers.list(width, |numbers| numbers.signed(22) as i32);
        collection.add(
            "layer_norm",
            LayerNorm {
                x: numbers.int32s(width),
                gain: vector(numbers),
                biases: vector(numbers),
                epsilon,
                rotated,
            },
        );
    }
    for x in [0, 1, i32::MAX, -i32::MAX, i32::MIN] {
        let extremes = vec![i32::MAX, i32::MIN, 1 << 22, 4_096, 0];
        collection.add(
            "layer_norm",
            LayerNorm {
                x: vec![x, 0, x, -1, 5],
                gain: extremes.clone(),
                biases: extremes.iter().rev().copied().collect(),
                epsilon: 1,
                rotated: false,
            },
        );
        collection.add(
            "head_norm",
            HeadNorm {
                head: vec![x; 5],
                gain: extremes,
                epsilon: 1,
            },
        );
    }
    for (width, epsilon) in [(2, 255), (16, 42_950), (64, 1 << 28)] {
        collection.add(
            "head_norm",
            HeadNorm {
                head: numbers.int32s(width),
                gain: numbers.list(width, |numbers| numbers.signed(22) as i32),
                epsilon,
            },
        );
    }
}

fn activations(collection: &mut Collection, numbers: &mut Numbers) {
    let edges = ACTIVATION_EDGES;
    for activation in [Curve::Silu, Curve::Gelu] {
        let x = edges.to_vec();
        collection.add("activate", Activate { activation, x });
        let x = numbers.list(64, |numbers| numbers.signed(17) as i32);
        collection.add("activate", Activate { activation, x });
    }
    for up in [1, -4_096, i32::MAX, i32::MIN] {
        collection.add(
            "gated",
            Gated {
                activation: Some(Curve::Gelu),
                gate: edges.to_vec(),
                up: vec![up; edges.len()],
            },
        );
    }
}
