//! Attention of one query head over the cached keys and values, in two passes: first the true
//! maximum of the scores, then weights relative to it. Rescaling on the fly is not allowed, since
//! its result depends on the order.

use crate::{
    arithmetic::{bit_length, interpolate, rsh, saturate},
    gemm::dot,
    header::VALUE_FORMATS,
    quantise::Scale,
    tables::EXP2,
};

/// A weight of 1, reached by the largest score: 24 bits.
pub const MAX_WEIGHT: u32 = (1 << 24) - 1;

/// Bits cut from q·k before the score scale is applied.
const SCORE_SHIFT: i32 = 22;

/// Format of the score scale.
const SCORE_SCALE_BITS: i32 = 40;

/// Score of one key in log₂ units, Q16.
///
/// t = rsh(q·k · m_q · m_k, 22), score = rsh(t · C, 26 − e_q − e_k), saturated; C is the header's
/// score scale. Query and key are Q12, so 26 = 40 − 22 + 2·12 − 16. With heads of at most 256 the
/// first product has 22 + 32 bits and the second 32 + 30.
pub fn score(query: &[i8], query_scale: Scale, key: &[i8], key_scale: Scale, scale: u32) -> i32 {
    score_of_product(dot(query, key), query_scale, key_scale, scale)
}

/// [`score`] of a product q·k.
#[inline]
pub fn score_of_product(product: i32, query_scale: Scale, key_scale: Scale, scale: u32) -> i32 {
    let mantissas = i64::from(query_scale.mantissa) * i64::from(key_scale.mantissa);
    // Saturation is out of reach for a valid header, and keeps the function total.
    let product = i64::from(product).saturating_mul(mantissas);
    let scaled = rsh(product, SCORE_SHIFT).saturating_mul(i64::from(scale));
    let shift = (SCORE_SCALE_BITS - SCORE_SHIFT + 2 * 12 - 16)
        .saturating_sub(query_scale.exponent)
        .saturating_sub(key_scale.exponent);
    saturate(rsh(scaled, shift))
}

/// 2^−x for a difference `x` ≥ 0 in Q16, as a weight of 24 bits. A negative x counts as 0.
///
/// P = min(rsh(interpolated table at the fraction, ⌊x⌋), 2²⁴ − 1).
pub fn exp2_negative(x: i64) -> u32 {
    let x = x.max(0);
    let whole = i32::try_from(x >> 16).unwrap_or(i32::MAX);
    let power = rsh(interpolate(&EXP2, x & 0xffff, 8), whole);
    power.clamp(0, i64::from(MAX_WEIGHT)) as u32
}

/// Scale of a cached value row in the layer's static format f_v:
/// sv = min(65535, rsh(m, 12 − f_v − e)).
pub fn value_scale(scale: Scale, value_format: u8) -> u16 {
    let shift = (12 - i32::from(value_format)).saturating_sub(scale.exponent);
    rsh(i64::from(scale.mantissa), shift).clamp(0, i64::from(u16::MAX)) as u16
}

/// w = rsh(P · sv, 16), at most 24 bits.
#[inline]
pub fn weight(probability: u32, value_scale: u16) -> i32 {
    let product = i64::from(probability.min(MAX_WEIGHT)) * i64::from(value_scale);
    rsh(product, 16) as i32
}

/// What turns the sums Σ w·v of a head into its output, from Z = ΣP and the layer's value format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotient {
    /// zs.
    shift: i32,
    /// Z' = Z >> zs; 0 if there is no key.
    total: i64,
    /// f_v − 33.
    format_shift: i32,
}

impl Quotient {
    /// For weights that add up to `total`.
    pub fn new(total: u64, value_format: u8) -> Self {
        let shift = (bit_length(total) - 24).max(0);
        let value_format = value_format.clamp(*VALUE_FORMATS.start(), *VALUE_FORMATS.end());
        Self {
            shift,
            total: (total >> shift) as i64,
            format_shift: i32::from(value_format) - 33,
        }
    }

    /// ⌊(rsh(o, zs) · 2^(33 − f_v) + 127·Z') / (254·Z')⌋ in Q16, saturated; 0 if there is no key.
    #[inline]
    pub fn output(&self, sum: i64) -> i32 {
        if self.total == 0 {
            return 0;
        }
        let numerator = rsh(rsh(sum, self.shift), self.format_shift);
        let half = 127 * self.total;
        saturate(numerator.saturating_add(half).div_euclid(2 * half))
    }
}

/// One query head's output in Q16.
///
/// `scores` are the scores of the admissible keys, `values` and `value_scales` their value rows and
/// [`value_scale`]s, in the same order; `weights` is scratch space of at least as many entries.
///
/// P = 2^(score − max), Z = ΣP, w = rsh(P · sv, 16), o = Σ w·v, zs = max(0, bl(Z) − 24),
/// output = ⌊(rsh(o, zs) · 2^(33 − f_v) + 127·Z') / (254·Z')⌋ with Z' = Z >> zs, saturated: the
/// quotient o / (127·Z) rounded half toward +∞.
///
/// Widths: with T ≤ 2¹⁸ keys Σw ≤ Z + T/2, so after the shift by zs the numerator is below 2³¹
/// before the last shift of at most 31, and below 2⁶² after. No key: 0.
pub fn attend<'a>(
    scores: &[i32],
    values: impl Iterator<Item = &'a [i8]> + Clone,
    value_scales: impl Iterator<Item = u16>,
    value_format: u8,
    weights: &mut [i32],
    output: &mut [i32],
) {
    let maximum = i64::from(scores.iter().copied().max().unwrap_or(0));
    let mut total = 0u64;
    for ((slot, &score), scale) in weights.iter_mut().zip(scores).zip(value_scales) {
        let probability = exp2_negative(maximum - i64::from(score));
        total = total.saturating_add(u64::from(probability));
        *slot = weight(probability, scale);
    }
    let quotient = Quotient::new(total, value_format);
    // Blocks of columns keep the sums in registers while the value rows stream by.
    const BLOCK: usize = 16;
    for (block, slots) in output.chunks_mut(BLOCK).enumerate() {
        let mut sums = [0i64; BLOCK];
        for ((value, &weight), _) in values.clone().zip(weights.iter()).zip(scores) {
            let columns = value.get(block * BLOCK..).unwrap_or_default();
            for (sum, &element) in sums.iter_mut().zip(columns) {
                // |w·v| < 2^31 and there are at most 2^18 keys: 49 bits.
                let product = weight.wrapping_mul(i32::from(element));
                *sum = sum.wrapping_add(i64::from(product));
            }
        }
        for (slot, &sum) in slots.iter_mut().zip(&sums) {
            *slot = quotient.output(sum);
        }
    }
}

#[cfg(test)]
mod tests;
