//! The formulas in the arrangement in which a compiler finds vectors. Each function is inlined into
//! one that is compiled for the wider vectors, and counts with indices: an adapter of iterators is not
//! always inlined into a function with more target features.

use super::{portable, ScaleSlices};
use aipg_exact::{
    activation::MAX_GATE,
    arithmetic::{bit_length, MAX_I32},
    normalise::{RootMeanSquare, MAX_GAIN},
    quantise::{quantise_row, Amplitude, Scale, MAX_INT8, MAX_MULTIPLIER},
};

/// rsh for a shift of 1 … 62 and |x| ≤ 2⁶², where x + 2^(shift − 1) cannot overflow.
#[inline(always)]
const fn round_shift(x: i64, half: i64, shift: i32) -> i64 {
    (x + half) >> shift
}

#[inline(always)]
pub fn requantise(sums: &[i32], scale: Scale, multipliers: &[u16], shift: i32, output: &mut [i32]) {
    let shift = shift.saturating_sub(scale.exponent).min(62);
    if shift < 1 {
        let shift = shift.saturating_add(scale.exponent);
        return portable::requantise(sums, scale, multipliers, shift, output);
    }
    let half = 1i64 << (shift - 1);
    let mantissa = i32::from(scale.mantissa);
    let (sums, multipliers) = (&sums[..output.len()], &multipliers[..output.len()]);
    for index in 0..output.len() {
        // At most 65,535 · 2¹⁵ < 2³¹.
        let factor = mantissa * i32::from(multipliers[index].min(MAX_MULTIPLIER));
        let product = i64::from(sums[index]) * i64::from(factor);
        output[index] = round_shift(product, half, shift).clamp(-MAX_I32, MAX_I32) as i32;
    }
}

#[inline(always)]
pub fn quantise(row: &[i64], output: &mut [i8]) -> Amplitude {
    let (mut least, mut most) = (0i64, 0i64);
    for &u in row {
        least = least.min(u);
        most = most.max(u);
    }
    // Smaller rows need a reciprocal of more than 31 bits; in larger ones the rounding would
    // overflow, and −2⁶³ has no magnitude.
    let largest = least.saturating_neg().max(most);
    if !(256..=1 << 62).contains(&largest) {
        return quantise_row(row, output);
    }
    let exponent = (bit_length(largest as u64) - 24).max(0);
    let half = (1i64 << exponent) >> 1;
    let amplitude = (largest + half) >> exponent;
    // Below 127 · 2²⁴.
    let reciprocal = i64::from(((MAX_INT8 << 32) / amplitude) as i32);
    let row = &row[..output.len()];
    for index in 0..output.len() {
        // At most 25 bits.
        let v = i64::from(((row[index] + half) >> exponent) as i32);
        let q = ((v * reciprocal + (1 << 31)) >> 32) as i32;
        output[index] = q.clamp(-(MAX_INT8 as i32), MAX_INT8 as i32) as i8;
    }
    Amplitude {
        value: amplitude as u64,
        exponent,
    }
}

#[inline(always)]
pub fn apply_gain(row: &[i32], gain: &[i32], output: &mut [i64]) {
    let (row, gain) = (&row[..output.len()], &gain[..output.len()]);
    for index in 0..output.len() {
        let gain = gain[index].clamp(-MAX_GAIN, MAX_GAIN);
        output[index] = i64::from(row[index]) * i64::from(gain);
    }
}

#[inline(always)]
pub fn root_mean_square(row: &[i32], epsilon: u32) -> RootMeanSquare {
    let mut largest = 0;
    for x in row {
        largest = largest.max(x.unsigned_abs());
    }
    let exponent = (bit_length(u64::from(largest)) - 24).max(0);
    let mut sum = 0i64;
    for &x in row {
        // At most 2²⁴; 2¹⁵ squares of it are below 2⁶³.
        let shifted = i64::from(x >> exponent);
        sum = sum.wrapping_add(shifted * shifted);
    }
    RootMeanSquare::of_sum(sum as u64, row.len(), exponent, epsilon)
}

#[inline(always)]
pub fn rotate(row: &mut [i64]) {
    for block in row.as_chunks_mut::<64>().0 {
        butterflies::<1>(block);
        butterflies::<2>(block);
        butterflies::<4>(block);
        butterflies::<8>(block);
        butterflies::<16>(block);
        butterflies::<32>(block);
    }
}

#[inline(always)]
fn butterflies<const HALF: usize>(block: &mut [i64; 64]) {
    let from = *block;
    for index in 0..64 {
        let partner = from[index ^ HALF];
        // Six doublings of 2⁵⁶ stay below 2⁶³.
        block[index] = if index & HALF == 0 {
            from[index].wrapping_add(partner)
        } else {
            partner.wrapping_sub(from[index])
        };
    }
}

/// The activated gate is at most 2³⁰ and up below 2²⁶.
#[inline(always)]
pub fn gate_product(activated: i32, up: i32) -> i64 {
    i64::from(activated) * i64::from(up.clamp(-MAX_GATE, MAX_GATE))
}

#[inline(always)]
pub fn scores(
    products: &[i32],
    query: Scale,
    keys: ScaleSlices<'_>,
    score_scale: u32,
    output: &mut [i32],
) -> i32 {
    let exponents = &keys.exponents[..output.len()];
    let mantissas = &keys.mantissas[..output.len()];
    // 26 − e_q; a shift for each key.
    let base = 26i32.saturating_sub(query.exponent);
    let (mut least, mut most) = (i32::MAX, i32::MIN);
    for &exponent in exponents {
        least = least.min(exponent);
        most = most.max(exponent);
    }
    let usual = (-1_000..=1_000).contains(&base)
        && base.saturating_sub(most) >= 1
        && base.saturating_sub(least) <= 62
        && score_scale <= 1 << 30;
    if !usual {
        return portable::scores(products, query, keys, score_scale, output);
    }
    let query_mantissa = i64::from(query.mantissa);
    let factor = i64::from(score_scale);
    let mut largest = i32::MIN;
    let products = &products[..output.len()];
    for index in 0..output.len() {
        let shift = base - exponents[index];
        let mantissas = query_mantissa * i64::from(mantissas[index]);
        let product = i64::from(products[index]) * mantissas;
        let scaled = ((product + (1 << 21)) >> 22) * factor;
        let score = (scaled + (1i64 << (shift - 1))) >> shift;
        let score = score.clamp(-MAX_I32, MAX_I32) as i32;
        output[index] = score;
        largest = largest.max(score);
    }
    largest
}
