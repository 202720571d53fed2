//! Everything of a forward pass that is not a matrix product, one row at a time.
//!
//! The portable functions are those of `aipg-exact`, element by element. The vectorised ones compute
//! the same formulas in the same widths, arranged so that the compiler finds vectors in them: no
//! branch in the loop, products of 32-bit operands, one shift for a row. Where an operand is outside
//! of what that arrangement covers they fall back to the portable ones.

use aipg_exact::{
    activation::Activation,
    attention,
    normalise::{self, RootMeanSquare},
    quantise::{self, Amplitude, Scale},
};
use std::ops::Range;

/// Scales of cached keys, one array for each part.
#[derive(Clone, Debug, Default)]
pub struct Scales {
    /// Mantissas.
    pub mantissas: Vec<u16>,
    /// Exponents.
    pub exponents: Vec<i32>,
}

impl Scales {
    /// Appends a scale.
    pub fn push(&mut self, scale: Scale) {
        self.mantissas.push(scale.mantissa);
        self.exponents.push(scale.exponent);
    }

    /// The scales of these keys.
    pub fn range(&self, keys: Range<usize>) -> ScaleSlices<'_> {
        ScaleSlices {
            mantissas: &self.mantissas[keys.clone()],
            exponents: &self.exponents[keys],
        }
    }
}

/// [`Scales`] of some keys.
#[derive(Clone, Copy, Debug)]
pub struct ScaleSlices<'a> {
    /// Mantissas.
    pub mantissas: &'a [u16],
    /// Exponents.
    pub exponents: &'a [i32],
}

/// Bits of the lower of the two planes into which attention weights of 24 bits are cut.
pub const PLANE_BITS: u32 = 12;

/// Scores, their maximum, the value scales → w = rsh(P · sv, 16) in two planes, w = low + 2¹² · high;
/// returns Z = ΣP.
pub type Weights = fn(&[i32], i32, &[u16], &mut [i16], &mut [i16]) -> u64;

/// Value panels (see [`super::panels::Values`]), planes of weights → Σ w·v for each column.
pub type Weigh = fn(&[i8], &[i16], &[i16], &mut [i64]);

/// The functions of a kernel that work on rows. Lengths of slices that belong together are equal.
#[derive(Clone, Copy)]
pub struct RowFunctions {
    /// Sums, the row's scale, a multiplier for each, the shift → output;
    /// [`aipg_exact::quantise::requantise`].
    pub requantise: fn(&[i32], Scale, &[u16], i32, &mut [i32]),
    /// [`aipg_exact::quantise::quantise_row`].
    pub quantise: fn(&[i64], &mut [i8]) -> Amplitude,
    /// Row and gain → their product; [`aipg_exact::normalise::apply_gain`].
    pub apply_gain: fn(&[i32], &[i32], &mut [i64]),
    /// [`aipg_exact::normalise::root_mean_square`].
    pub root_mean_square: fn(&[i32], u32) -> RootMeanSquare,
    /// [`aipg_exact::hadamard::rotate`] of elements of at most 2⁵⁶.
    pub rotate: fn(&mut [i64]),
    /// Gate and up → gated; [`Activation::gated`].
    pub gated: fn(Activation, &[i32], &[i32], &mut [i64]),
    /// q·k of the keys, the query's scale, the keys' scales, the score scale → scores, of which the
    /// largest is returned; [`aipg_exact::attention::score`]. |q·k| < 2²² as head dimensions are at
    /// most 256.
    pub scores: fn(&[i32], Scale, ScaleSlices<'_>, u32, &mut [i32]) -> i32,
    /// See [`Weights`]; [`aipg_exact::attention::weight`].
    pub weights: Weights,
    /// See [`Weigh`].
    pub weigh: Weigh,
}

impl RowFunctions {
    /// `aipg-exact` as it is.
    pub const PORTABLE: Self = Self {
        requantise: portable::requantise,
        quantise: quantise::quantise_row,
        apply_gain: normalise::apply_gain,
        root_mean_square: normalise::root_mean_square,
        rotate: aipg_exact::hadamard::rotate,
        gated: portable::gated,
        scores: portable::scores,
        weights: portable::weights,
        weigh: portable::weigh,
    };
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod vector;

mod portable {
    use super::*;

    pub fn requantise(
        sums: &[i32],
        scale: Scale,
        multipliers: &[u16],
        shift: i32,
        output: &mut [i32],
    ) {
        for ((slot, &sum), &multiplier) in output.iter_mut().zip(sums).zip(multipliers) {
            *slot = quantise::requantise(sum, scale, multiplier, shift);
        }
    }

    pub fn gated(activation: Activation, gate: &[i32], up: &[i32], output: &mut [i64]) {
        for ((slot, &gate), &up) in output.iter_mut().zip(gate).zip(up) {
            *slot = activation.gated(gate, up);
        }
    }

    pub fn scores(
        products: &[i32],
        query: Scale,
        keys: ScaleSlices<'_>,
        score_scale: u32,
        output: &mut [i32],
    ) -> i32 {
        let keys = keys.mantissas.iter().zip(keys.exponents);
        for ((slot, &product), (&mantissa, &exponent)) in output.iter_mut().zip(products).zip(keys)
        {
            let key = Scale { mantissa, exponent };
            *slot = attention::score_of_product(product, query, key, score_scale);
        }
        output.iter().copied().max().unwrap_or(0)
    }

    pub fn weights(
        scores: &[i32],
        maximum: i32,
        value_scales: &[u16],
        low: &mut [i16],
        high: &mut [i16],
    ) -> u64 {
        let mut total = 0;
        let planes = low.iter_mut().zip(high);
        for ((&score, &scale), (low, high)) in scores.iter().zip(value_scales).zip(planes) {
            let probability = attention::exp2_negative(i64::from(maximum) - i64::from(score));
            total += u64::from(probability);
            let weight = attention::weight(probability, scale);
            *low = (weight & ((1 << PLANE_BITS) - 1)) as i16;
            *high = (weight >> PLANE_BITS) as i16;
        }
        total
    }

    pub fn weigh(panels: &[i8], low: &[i16], high: &[i16], sums: &mut [i64]) {
        sums.fill(0);
        let width = sums.len().next_multiple_of(super::super::panels::LANES);
        let groups = panels.chunks_exact(width * 4);
        for ((group, low), high) in groups.zip(low.chunks(4)).zip(high.chunks(4)) {
            for (sum, column) in sums.iter_mut().zip(group.as_chunks::<4>().0) {
                for ((&value, &low), &high) in column.iter().zip(low).zip(high) {
                    let weight = i64::from(low) + (i64::from(high) << PLANE_BITS);
                    *sum += weight * i64::from(value);
                }
            }
        }
    }
}
