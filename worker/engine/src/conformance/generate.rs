//! Which vectors there are: the edges of each operation, then numbers of all magnitudes.

use super::{operations::*, outputs, Vector};
use crate::{
    convert::{CheckpointConfiguration, HadamardChoice},
    file::{self, Sections},
};
use aipg_exact::layout::section_lengths;
use serde::Serialize;

/// Numbers that look random, the same on every machine: the multiplicative congruential generator with
/// the multiplier of L'Ecuyer (1999).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        self.0 ^ (self.0 >> 32)
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
            _ => numbers.below(255) as i8 - 127,
        })
    }

    fn int32s(&mut self, count: usize) -> Vec<i32> {
        self.list(count, |numbers| numbers.signed(31) as i32)
    }

    fn scale(&mut self) -> (u16, i32) {
        (self.next() as u16 | 1 << 15, self.below(30) as i32 - 12)
    }
}

/// Collects vectors; this implementation fills in the outputs.
#[derive(Default)]
struct Collection(Vec<Vector>);

impl Collection {
    fn add(&mut self, operation: &str, inputs: impl Serialize) {
        let inputs = serde_json::to_value(inputs).expect("inputs are plain data");
        let outputs = outputs(operation, inputs.clone()).expect("vectors are well-formed");
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
    let mut numbers = Numbers(7);
    arithmetic(&mut collection, &mut numbers);
    rows(&mut collection, &mut numbers);
    attention(&mut collection, &mut numbers);
    choices(&mut collection, &mut numbers);
    commitments(&mut collection, &mut numbers);
    models(&mut collection, &mut numbers);
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
    let edges = [
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
    for up in [1, -4_096, i32::MAX, i32::MIN] {
        collection.add(
            "gated",
            Gated {
                gate: edges.to_vec(),
                up: vec![up; edges.len()],
            },
        );
    }
    let gate = numbers.list(64, |numbers| numbers.signed(17) as i32);
    collection.add(
        "gated",
        Gated {
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

fn attention(collection: &mut Collection, numbers: &mut Numbers) {
    for width in [1, 2, 64, 256] {
        for _ in 0..3 {
            let ((query_mantissa, query_exponent), (key_mantissa, key_exponent)) =
                (numbers.scale(), numbers.scale());
            collection.add(
                "score",
                Score {
                    query: numbers.int8s(width),
                    query_mantissa,
                    query_exponent,
                    key: numbers.int8s(width),
                    key_mantissa,
                    key_exponent,
                    score_scale: numbers.below(1 << 30) as u32 + 1,
                },
            );
        }
    }
    for exponent in [-100, 0, 13, 100] {
        collection.add(
            "score",
            Score {
                query: vec![127; 256],
                query_mantissa: u16::MAX,
                query_exponent: exponent,
                key: vec![-127; 256],
                key_mantissa: u16::MAX,
                key_exponent: 0,
                score_scale: 1 << 30,
            },
        );
    }
    for (mantissa, exponent, value_format) in [
        (1 << 15, 0, 12),
        (u16::MAX, -3, 16),
        (u16::MAX, -30, 2),
        (40_000, -7, 10),
        (1, i32::MAX, 2),
        (1, i32::MIN, 2),
    ] {
        collection.add(
            "value_scale",
            ValueScale {
                mantissa,
                exponent,
                value_format,
            },
        );
    }
    for (positions, columns, value_format, bits) in [
        (1, 3, 12, 20),
        (2, 1, 2, 31),
        (17, 4, 16, 18),
        (100, 8, 10, 19),
        (40, 5, 12, 31),
    ] {
        collection.add(
            "attend",
            Attend {
                scores: numbers.list(positions, |numbers| numbers.signed(bits) as i32),
                values: numbers.int8s(positions * columns),
                columns,
                value_scales: numbers.list(positions, |numbers| numbers.next() as u16),
                value_format,
            },
        );
    }
    // No key, a tie of all, both ends of the range, a sink whose weight leaves little for the others.
    let keys = |scores: Vec<i32>, numbers: &mut Numbers| Attend {
        values: numbers.int8s(scores.len() * 2),
        columns: 2,
        value_scales: vec![u16::MAX; scores.len()],
        value_format: 12,
        scores,
    };
    let sink = [vec![0], vec![-(15 << 16); 300]].concat();
    for scores in [vec![], vec![5; 9], vec![i32::MAX, -i32::MAX], sink] {
        let inputs = keys(scores, numbers);
        collection.add("attend", inputs);
    }
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

/// Whole models with any bytes in their sections: what a converter would never write has a meaning, too.
fn models(collection: &mut Collection, numbers: &mut Numbers) {
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
fn set_shifts(header: &crate::ModelHeader, scales: &mut [u8], numbers: &mut Numbers) {
    use aipg_exact::layout::{weight_tensors, Weight};
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
