//! RMSNorm and LayerNorm. The root mean square enters only the scale of the quantised row.
//!
//! ```text
//! x = x − mean                        centre(x), LayerNorm only
//! R = root mean square of x           root_mean_square(x, epsilon)
//! u = x · G                           apply_gain(x, gain)
//! u = u + B · R                       apply_norm_biases(u, biases, R), LayerNorm only
//! u = H · u, if the input is rotated  hadamard::rotate(u)
//! (q, A, e1) = quantise u             quantise_row(u)
//! scale of q, format 44               normalised_scale((A, e1), R)
//! ```
//!
//! [`normalise_head`] is the RMSNorm of a query or key head, whose result stays in Q12.

use crate::{
    arithmetic::{bit_length, rsh, saturate},
    quantise::{Amplitude, Scale},
};

/// Largest magnitude of a gain (Q12).
pub const MAX_GAIN: i32 = 1 << 22;

/// √(mean of x² + ε) of a row: `root` · 2^(`exponent` − 7), in units of the residual stream (2⁻¹⁶).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootMeanSquare {
    /// R, at least 1, below 2³².
    pub root: u64,
    /// e0, at least 0.
    pub exponent: i32,
}

impl RootMeanSquare {
    /// From ss = Σ (x >> e0)² of a row of `width` elements and its e0 = `exponent`, 0 … 8.
    pub fn of_sum(sum: u64, width: usize, exponent: i32, epsilon: u32) -> Self {
        let mean = sum / (width as u64).max(1);
        let epsilon = u64::from(epsilon) >> (2 * exponent);
        let root = (mean.saturating_add(epsilon).min(u64::MAX >> 14) << 14)
            .isqrt()
            .max(1);
        Self { root, exponent }
    }
}

/// R of a residual row (Q16); `epsilon` in units of 2⁻³².
///
/// e0 = max(0, bl(max|x|) − 24), ss = Σ (x >> e0)²,
/// R = max(1, isqrt((⌊ss/d⌋ + (ε >> 2·e0)) << 14)). Each square is at most 2⁴⁸ and d < 2¹⁵, so ss
/// fits 63 bits; the mean is at most 2⁴⁸ and ε < 2³², so the radicand fits 63 bits too.
pub fn root_mean_square(x: &[i32], epsilon: u32) -> RootMeanSquare {
    let largest = x.iter().map(|&x| x.unsigned_abs()).max().unwrap_or(0);
    let exponent = square_exponent(largest);
    RootMeanSquare::of_sum(sum_of_squares(x, exponent), x.len(), exponent, epsilon)
}

/// e0 = max(0, bl(max|x|) − 24), 0 … 8, of a row whose largest magnitude is `largest`.
pub const fn square_exponent(largest: u32) -> i32 {
    let exponent = bit_length(largest as u64) - 24;
    if exponent > 0 {
        exponent
    } else {
        0
    }
}

/// Σ (x >> e0)² of a row or of a part of it.
pub fn sum_of_squares(x: &[i32], exponent: i32) -> u64 {
    x.iter().fold(0u64, |sum, &x| {
        let shifted = u64::from((x >> exponent).unsigned_abs());
        // Saturation is out of reach while d < 2^15, and keeps the function total.
        sum.saturating_add(shifted * shifted)
    })
}

/// u = x · G: residual Q16 times gain Q12, 53 bits. Gains beyond ±2²² count as ±2²².
pub fn apply_gain(x: &[i32], gain: &[i32], output: &mut [i64]) {
    for ((slot, &x), &gain) in output.iter_mut().zip(x).zip(gain) {
        *slot = i64::from(x) * i64::from(gain.clamp(-MAX_GAIN, MAX_GAIN));
    }
}

/// Subtracts the mean, rounded half toward +∞: μ = ⌊(2·Σx + d) / 2d⌋, x = sat(x − μ).
///
/// With d < 2¹⁵ the sum has 46 bits. An empty row stays empty.
pub fn centre(x: &mut [i32]) {
    // Saturation is out of reach while d < 2^15, and keeps the function total.
    let sum = x.iter().fold(0i64, |sum, &x| sum.saturating_add(x.into()));
    let mean = mean(sum, x.len());
    subtract_mean(x, mean);
}

/// μ = ⌊(2·Σx + d) / 2d⌋ of a row of `width` elements, from its sum.
pub fn mean(sum: i64, width: usize) -> i64 {
    let count = (width as i64).max(1);
    sum.saturating_mul(2)
        .saturating_add(count)
        .div_euclid(count.saturating_mul(2))
}

/// x = sat(x − μ), of a row or of a part of it.
pub fn subtract_mean(x: &mut [i32], mean: i64) {
    for x in x {
        *x = saturate(i64::from(*x).saturating_sub(mean));
    }
}

/// u = u + rsh(B·R, 7 − e0): the biases (Q12) of a LayerNorm in units of u, before the row is divided
/// by R. Biases beyond ±2²² count as ±2²².
///
/// R < 2³² makes B·R 54 bits. The root is at most 2³¹·2⁻⁷·2⁷ in units of the stream, so with
/// e0 ≤ 8 the term has 55 bits and u stays below 2⁵⁶.
pub fn apply_norm_biases(u: &mut [i64], biases: &[i32], norm: RootMeanSquare) {
    let root = i64::try_from(norm.root).unwrap_or(i64::MAX);
    let shift = 7i32.saturating_sub(norm.exponent);
    for (u, &bias) in u.iter_mut().zip(biases) {
        let bias = i64::from(bias.clamp(-MAX_GAIN, MAX_GAIN));
        *u = u.saturating_add(rsh(bias.saturating_mul(root), shift));
    }
}

/// RMSNorm of a head (Q12) with `gain` (Q12), in place; `epsilon` is the header's, in units of 2⁻³²,
/// of which 2⁸ make a unit of a squared Q12.
///
/// (R, e0) as in [`root_mean_square`] with ε >> 8; N = rsh(x·G, e0 − 7);
/// x = sat(⌊(2·N + R) / 2R⌋), the quotient rounded half toward +∞. |x·G| is below 2^(46 + e0) (24 + e0
/// bits times 2²²), so N has at most 54 bits and the numerator 56.
pub fn normalise_head(x: &mut [i32], gain: &[i32], epsilon: u32) {
    let norm = root_mean_square(x, epsilon >> 8);
    let root = i64::try_from(norm.root).unwrap_or(i64::MAX).max(1);
    for (x, &gain) in x.iter_mut().zip(gain) {
        let product = i64::from(*x) * i64::from(gain.clamp(-MAX_GAIN, MAX_GAIN));
        let numerator = rsh(product, norm.exponent.saturating_sub(7));
        let doubled = numerator.saturating_mul(2).saturating_add(root);
        *x = saturate(doubled.div_euclid(root.saturating_mul(2)));
    }
}

/// Scale of the normalised row in format 44: T = ⌊A·2³² / R⌋ with exponent e1 + 7 − e0.
pub fn normalised_scale(amplitude: Amplitude, norm: RootMeanSquare) -> Scale {
    let value = (amplitude.value.min(u64::from(u32::MAX)) << 32) / norm.root.max(1);
    let exponent = amplitude
        .exponent
        .saturating_add(7)
        .saturating_sub(norm.exponent);
    Amplitude { value, exponent }.scale()
}

#[cfg(test)]
mod tests;
