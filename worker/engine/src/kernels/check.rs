//! What a kernel computes on numbers that reach the limits, to be compared with another's.

use super::{
    panels::{Activations, Panels, Values},
    rows::Scales,
    Block, Kernel, BLOCK_ROWS,
};
use crate::random::Random;
use aipg_exact::{activation::Activation, quantise::Scale};

/// Numbers with the extremes among them; the same on every call.
struct Numbers(Random);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0.next()
    }

    fn int8(&mut self) -> i8 {
        match self.next() % 4 {
            0 => 127,
            1 => -127,
            _ => ((self.next() % 255) as i16 - 127) as i8,
        }
    }

    fn int32(&mut self) -> i32 {
        let bits = self.next() % 32;
        (self.next() as i32) >> bits
    }

    fn int8s(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| self.int8()).collect()
    }

    fn int32s(&mut self, count: usize) -> Vec<i32> {
        (0..count).map(|_| self.int32()).collect()
    }

    fn scale(&mut self) -> Scale {
        Scale {
            mantissa: (self.next() as u16) | 1 << 15,
            exponent: (self.next() % 24) as i32 - 12,
        }
    }
}

/// Sums of products with every number of rows and with padding in every direction.
pub fn products(kernel: &Kernel) -> Vec<i32> {
    let mut numbers = Numbers(Random::new(1));
    let mut results = Vec::new();
    for (channels, columns) in [(16, 64), (17, 131), (1, 1), (35, 4099)] {
        let weights = Panels::pack(&numbers.int8s(channels * columns), columns);
        for rows in 1..=BLOCK_ROWS {
            let rows = numbers.int8s(rows * columns);
            let input = Activations::from_elements(kernel.companion, &rows, columns);
            for panel in 0..weights.panels() {
                let sums = (kernel.products)(&Block::new(&weights, panel, &input, 0));
                results.extend(sums[..input.rows()].as_flattened());
            }
        }
    }
    results
}

/// Results of all row functions, one after the other.
pub fn rows(kernel: &Kernel) -> Vec<i64> {
    const WIDTH: usize = 203;
    let functions = &kernel.rows;
    let mut numbers = Numbers(Random::new(2));
    let mut results = Vec::new();
    for round in 0..8 {
        let (a, b) = (numbers.int32s(WIDTH), numbers.int32s(WIDTH));
        let multipliers: Vec<u16> = (0..WIDTH).map(|_| numbers.next() as u16).collect();
        let mut narrow = vec![0; WIDTH];
        let shift = round * 8 - 4;
        (functions.requantise)(&a, numbers.scale(), &multipliers, shift, &mut narrow);
        results.extend(narrow.iter().map(|&x| i64::from(x)));

        let mut wide = vec![0; WIDTH];
        (functions.apply_gain)(&a, &b, &mut wide);
        results.extend(&wide);
        (functions.rotate)(&mut wide);
        results.extend(&wide);
        let mut quantised = vec![0; WIDTH];
        for bits in [0, 40, 60] {
            wide.iter_mut().for_each(|x| *x >>= bits / 2);
            let amplitude = (functions.quantise)(&wide, &mut quantised);
            results.extend([amplitude.value as i64, i64::from(amplitude.exponent)]);
            results.extend(quantised.iter().map(|&x| i64::from(x)));
        }
        let norm = (functions.root_mean_square)(&a, round as u32);
        results.extend([norm.root as i64, i64::from(norm.exponent)]);
        for activation in [Activation::Silu, Activation::Gelu] {
            (functions.gated)(activation, &a, &b, &mut wide);
            results.extend(&wide);
        }
        results.extend(attention(kernel, &mut numbers, WIDTH));
    }
    results
}

fn attention(kernel: &Kernel, numbers: &mut Numbers, length: usize) -> Vec<i64> {
    const COLUMNS: usize = 20;
    let products: Vec<i32> = (0..length)
        .map(|_| (numbers.int32() >> 10).clamp(-4_129_024, 4_129_024))
        .collect();
    let mut keys = Scales::default();
    let mut values = Values::new(COLUMNS);
    let mut value_scales = Vec::new();
    for _ in 0..length {
        keys.push(numbers.scale());
        values.push(&numbers.int8s(COLUMNS));
        value_scales.push(numbers.next() as u16);
    }
    let mut scores = vec![0; length];
    let query = numbers.scale();
    let maximum = (kernel.rows.scores)(
        &products,
        query,
        keys.range(0..length),
        1 << 24,
        &mut scores,
    );
    let padded = length.next_multiple_of(4);
    let (mut low, mut high) = (vec![0; padded], vec![0; padded]);
    let total = (kernel.rows.weights)(
        &scores,
        maximum,
        &value_scales,
        &mut low[..length],
        &mut high[..length],
    );
    let mut sums = vec![0; COLUMNS];
    (kernel.rows.weigh)(values.groups(0..length), &low, &high, &mut sums);
    let scores = scores.into_iter().map(i64::from);
    scores
        .chain([i64::from(maximum), total as i64])
        .chain(sums)
        .collect()
}
