//! Which vectors there are: the edges of each operation, then numbers of all magnitudes.

mod attention;
mod models;
mod pictures;
mod version_one;

use super::Engine;
use crate::random::Random;
use aipg_vectors::{
    answer,
    attention::Rotary,
    commitments::{Hidden, Tokens},
    norms::Normalise,
    operations::Row64,
    record::Record,
    rows::{Embed, Gated, Product, Residual, Shift},
    sampling::{Choose, Sampling},
    Vector,
};

/// Numbers of all kinds of inputs.
struct Numbers(Random);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0.next()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Of any magnitude up to `bits` bits, both signs.
    fn signed(&mut self, bits: u32) -> i64 {
        let cut = 64 - 1 - self.below(u64::from(bits)) as u32;
        (self.next() as i64) >> cut
    }

    fn list<T>(&mut self, count: usize, mut each: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..count).map(|_| each(self)).collect()
    }

    fn int8s(&mut self, count: usize) -> Vec<i8> {
        self.list(count, |numbers| match numbers.below(8) {
            0 => 127,
            1 => -127,
            2 => 0,
            _ => (numbers.below(255) as i16 - 127) as i8,
        })
    }

    fn int32s(&mut self, count: usize) -> Vec<i32> {
        self.list(count, |numbers| numbers.signed(31) as i32)
    }

    fn scale(&mut self) -> (u16, i32) {
        (self.next() as u16 | 1 << 15, self.below(30) as i32 - 12)
    }
}

/// Around the ends of the tables of activations, and of i32.
const ACTIVATION_EDGES: [i32; 13] = [
    i32::MIN,
    -(1 << 26),
    -32_769,
    -32_768,
    -32_767,
    -1,
    0,
    1,
    32_767,
    32_768,
    (1 << 26) - 1,
    1 << 26,
    i32::MAX,
];

/// Collects vectors; this implementation fills in the outputs.
#[derive(Default)]
struct Collection(Vec<Vector>);

impl Collection {
    fn add(&mut self, operation: &str, inputs: impl Record) {
        let inputs = inputs.into_fields();
        let outputs = answer::<Engine>(operation, inputs.clone()).expect("vectors are well-formed");
        self.0.push(Vector {
            operation: operation.into(),
            inputs,
            outputs,
        });
    }
}

/// All vectors, in a fixed order.
pub fn vectors() -> Vec<Vector> {
    let mut collection = Collection::default();
    let mut numbers = Numbers(Random::new(7));
    arithmetic(&mut collection, &mut numbers);
    rows(&mut collection, &mut numbers);
    attention::attention(&mut collection, &mut numbers);
    choices(&mut collection, &mut numbers);
    commitments(&mut collection, &mut numbers);
    version_one::version_one(&mut collection, &mut numbers);
    models::models(&mut collection, &mut numbers);
    pictures::pictures(&mut collection, &mut numbers);
    collection.0
}

fn arithmetic(collection: &mut Collection, numbers: &mut Numbers) {
    let edges = [0, 1, -1, 2, -2, 3, -3, i64::MAX, -i64::MAX, i64::MIN];
    for shift in [-70, -63, -1, 0, 1, 2, 31, 61, 62, 63, 90] {
        let x = edges.to_vec();
        collection.add(
            "rsh",
            Shift {
                shift: vec![shift; x.len()],
                x,
            },
        );
    }
    let x = numbers.list(64, |numbers| numbers.signed(63));
    let shift = numbers.list(64, |numbers| numbers.below(140) as i32 - 70);
    collection.add("rsh", Shift { x, shift });
}

fn rows(collection: &mut Collection, numbers: &mut Numbers) {
    for multiplier in [0, 1, 65_536, 12_345_678, u32::MAX] {
        let elements = [vec![127, -127, 0, 1, -1], numbers.int8s(11)].concat();
        collection.add(
            "embed",
            Embed {
                elements,
                multiplier,
            },
        );
    }
    for largest in [
        0,
        1,
        126,
        127,
        128,
        255,
        256,
        (1 << 24) - 1,
        1 << 24,
        (1 << 24) + 1,
        1 << 40,
        1 << 62,
        i64::MAX,
        i64::MIN,
    ] {
        let row = vec![
            largest,
            largest.saturating_neg(),
            largest / 2,
            largest / 3,
            1,
            0,
            -1,
        ];
        collection.add("quantise", Row64 { row });
    }
    for bits in [8, 20, 31, 45, 60] {
        let row = numbers.list(40, |numbers| numbers.signed(bits));
        collection.add("quantise", Row64 { row });
    }
    for row in [
        vec![i64::MAX; 64],
        vec![i64::MIN; 64],
        (0..64).map(|index| i64::from(index == 5)).collect(),
        numbers.list(128, |numbers| numbers.signed(56)),
    ] {
        collection.add("rotate", Row64 { row });
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
            "product",
            Product {
                input: numbers.int8s(width),
                mantissa,
                exponent,
                weights: numbers.int8s(width * channels),
                multipliers: numbers.list(channels, |numbers| numbers.next() as u16),
                shift,
            },
        );
    }
    // The largest sums of both signs, and shifts beyond every limit.
    for (shift, exponent) in [
        (0, 0),
        (100, 0),
        (0, 100),
        (i32::MAX, i32::MIN),
        (i32::MIN, i32::MAX),
    ] {
        collection.add(
            "product",
            Product {
                input: vec![127; 300],
                mantissa: u16::MAX,
                exponent,
                weights: [vec![127; 300], vec![-127; 300]].concat(),
                multipliers: vec![u16::MAX, 1 << 15],
                shift,
            },
        );
    }
    for (width, epsilon, rotated) in [
        (1, 1, false),
        (7, 42_950, false),
        (64, 4_295, true),
        (192, 1 << 28, true),
    ] {
        collection.add(
            "normalise",
            Normalise {
                x: numbers.int32s(width),
                gain: numbers.list(width, |numbers| numbers.signed(22) as i32),
                epsilon,
                rotated,
            },
        );
    }
    for x in [0, 1, i32::MAX, -i32::MAX, i32::MIN] {
        let gain = vec![i32::MAX, i32::MIN, 1 << 22, 4_096, 0];
        collection.add(
            "normalise",
            Normalise {
                x: vec![x; 5],
                gain,
                epsilon: 1,
                rotated: false,
            },
        );
    }
    for pairs in [1, 2, 16] {
        collection.add(
            "rotary",
            Rotary {
                head: numbers.int32s(2 * pairs),
                cosines: numbers.list(pairs, |numbers| numbers.next() as i16),
                sines: numbers.list(pairs, |numbers| numbers.next() as i16),
            },
        );
    }
    let edge = i16::MAX;
    collection.add(
        "rotary",
        Rotary {
            head: vec![i32::MAX, -i32::MAX, i32::MAX, -i32::MAX],
            cosines: vec![edge, edge],
            sines: vec![-edge, edge],
        },
    );
    let edges = ACTIVATION_EDGES;
    for up in [1, -4_096, i32::MAX, i32::MIN] {
        collection.add(
            "gated",
            Gated {
                activation: None,
                gate: edges.to_vec(),
                up: vec![up; edges.len()],
            },
        );
    }
    let gate = numbers.list(64, |numbers| numbers.signed(17) as i32);
    collection.add(
        "gated",
        Gated {
            activation: None,
            gate,
            up: numbers.int32s(64),
        },
    );
    for (x, update) in [(i32::MAX, 1), (-i32::MAX, -1), (i32::MIN, 0), (5, -7)] {
        collection.add(
            "residual",
            Residual {
                x: vec![x],
                update: vec![update],
            },
        );
    }
    collection.add(
        "residual",
        Residual {
            x: numbers.int32s(40),
            update: numbers.int32s(40),
        },
    );
}

fn choices(collection: &mut Collection, numbers: &mut Numbers) {
    let greedy = Sampling::GREEDY;
    for logits in [
        vec![0],
        vec![3, 7, 7, -1],
        vec![i32::MIN; 4],
        vec![i32::MAX, i32::MIN],
    ] {
        collection.add(
            "choose",
            Choose {
                logits,
                ordinal: 0,
                sampling: greedy.clone(),
            },
        );
    }
    let logits = numbers.list(300, |numbers| numbers.signed(19) as i32);
    for (beta, top_k, top_p, min_p) in [
        (65_536, 0, 1 << 16, None),
        (93_623, 40, 62_259, Some(196_328)),
        (1, 0, 1 << 16, None),
        (1 << 20, 0, 1, None),
        (65_536, 1, 1 << 16, None),
        (40_000, 0, 32_768, None),
        (65_536, 0, 1 << 16, Some(0)),
        (65_536, 0, 1 << 16, Some(u32::MAX)),
    ] {
        for ordinal in [0, 1, u32::MAX] {
            let seed = numbers.next();
            let sampling = Sampling {
                seed,
                beta,
                top_k,
                top_p,
                min_p,
            };
            collection.add(
                "choose",
                Choose {
                    logits: logits.clone(),
                    ordinal,
                    sampling,
                },
            );
        }
    }
}

fn commitments(collection: &mut Collection, numbers: &mut Numbers) {
    for count in [0, 1, 64, 65, 200] {
        let tokens = numbers.list(count, |numbers| numbers.next() as u32);
        collection.add("token_root", Tokens { tokens });
    }
    for (rows, width) in [(0, 3), (1, 1), (3, 20), (2, 300)] {
        let hidden = numbers.list(rows * width, |numbers| numbers.next() as i32);
        collection.add("digest", Hidden { hidden, width });
    }
}
