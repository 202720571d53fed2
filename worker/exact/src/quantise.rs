//! From wide integers to int8 or 16-bit rows with a scale, and back.

use crate::arithmetic::{bit_length, rsh, saturate};

/// Largest magnitude of int8 data; −128 does not occur.
pub const MAX_INT8: i64 = 127;

/// Largest weight multiplier.
pub const MAX_MULTIPLIER: u16 = 1 << 15;

/// int8 data as read from a model: the byte 0x80 means −127.
#[inline]
pub const fn int8_from_byte(byte: u8) -> i8 {
    let value = byte as i8;
    if value == i8::MIN {
        -i8::MAX
    } else {
        value
    }
}

/// What 127 stands for in a quantised row: `value` · 2^`exponent`, in units of the row's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amplitude {
    /// At least 1; at most 2²⁴ as [`quantise_row`] gives it.
    pub value: u64,
    /// Binary exponent.
    pub exponent: i32,
}

/// A 16-bit mantissa and an exponent: 127 stands for `mantissa` · 2^`exponent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Within [2¹⁵, 2¹⁶) unless the amplitude was 0.
    pub mantissa: u16,
    /// Binary exponent.
    pub exponent: i32,
}

impl Amplitude {
    /// The amplitude with 16 significant bits: m = min(65535, rsh(A, bl(A) − 16)).
    pub fn scale(self) -> Scale {
        let shift = bit_length(self.value).saturating_sub(16);
        // A amplitude of 2⁶³ or more does not occur; capping it keeps the function total.
        let value = self.value.min(i64::MAX as u64) as i64;
        let mantissa = rsh(value, shift).clamp(0, i64::from(u16::MAX)) as u16;
        Scale {
            mantissa,
            exponent: self.exponent.saturating_add(shift),
        }
    }
}

/// Largest magnitude of 16-bit data: 127 · 128, so that both planes of it are int8.
pub const MAX_WIDE: i64 = MAX_INT8 << PLANE_BITS;

/// Weight of the high plane of 16-bit data over the low one, as a shift.
pub const PLANE_BITS: i32 = 7;

/// Quantises `row` to int8 with a common scale: `output[i]` ≈ `row[i]` · 127 / amplitude.
///
/// e = max(0, bl(max|u|) − 24), v = rsh(u, e), A = max(1, rsh(max|u|, e)), r = ⌊127·2³² / A⌋,
/// q = (v·r + 2³¹) >> 32. As |v| ≤ A the product is at most 127·2³². Elements beyond the shorter of
/// the two slices are left alone; −2⁶³ counts as −(2⁶³ − 1).
pub fn quantise_row(row: &[i64], output: &mut [i8]) -> Amplitude {
    let quantiser = Quantiser::of_peak(peak(row), false);
    for (slot, &u) in output.iter_mut().zip(row) {
        *slot = quantiser.element(u) as i8;
    }
    quantiser.amplitude()
}

/// Quantises `row` to 16 bits, L = 16,256 in the place of 127, and splits each element q into two
/// int8 planes: hi = rsh(q, 7), lo = q − 128·hi.
///
/// |v·r| ≤ L·2³² fits 47 bits. |hi| ≤ 127 as |q| ≤ 127·128, and lo is within [−64, 63]. The amplitude
/// is that of [`quantise_row`]; it now stands for 16,256.
pub fn quantise_row_wide(row: &[i64], high: &mut [i8], low: &mut [i8]) -> Amplitude {
    let quantiser = Quantiser::of_peak(peak(row), true);
    for ((high, low), &u) in high.iter_mut().zip(low).zip(row) {
        let q = quantiser.element(u);
        let plane = rsh(q, PLANE_BITS);
        *high = plane as i8;
        *low = (q - (plane << PLANE_BITS)) as i8;
    }
    quantiser.amplitude()
}

/// Largest magnitude of a row, −2⁶³ counted as −(2⁶³ − 1).
pub fn peak(row: &[i64]) -> u64 {
    row.iter().map(|&u| magnitude(u)).max().unwrap_or(0)
}

/// |u|, at most 2⁶³ − 1.
pub const fn magnitude(u: i64) -> u64 {
    let magnitude = u.unsigned_abs();
    if magnitude > i64::MAX as u64 {
        i64::MAX as u64
    } else {
        magnitude
    }
}

/// The common scale of a row and the reciprocal that brings its elements to ±[`MAX_INT8`] or
/// ±[`MAX_WIDE`]: a function of the row's largest magnitude alone, so that a part of a row can be
/// quantised without the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiser {
    exponent: i32,
    amplitude: i64,
    reciprocal: i64,
    limit: i64,
}

impl Quantiser {
    /// For a row whose largest magnitude is `largest`, to 16 bits if `wide`, else to 8.
    pub fn of_peak(largest: u64, wide: bool) -> Self {
        let limit = if wide { MAX_WIDE } else { MAX_INT8 };
        let largest = largest.min(i64::MAX as u64);
        let exponent = (bit_length(largest) - 24).max(0);
        let amplitude = rsh(largest as i64, exponent).max(1);
        Self {
            exponent,
            amplitude,
            reciprocal: (limit << 32) / amplitude,
            limit,
        }
    }

    /// q of an element. One beyond the largest magnitude counts as that, with its sign.
    pub fn element(&self, u: i64) -> i64 {
        let v = rsh(u.max(-i64::MAX), self.exponent).clamp(-self.amplitude, self.amplitude);
        ((v * self.reciprocal + (1 << 31)) >> 32).clamp(-self.limit, self.limit)
    }

    /// What ±127, or ±16,256, stands for.
    pub const fn amplitude(&self) -> Amplitude {
        Amplitude {
            value: self.amplitude as u64,
            exponent: self.exponent,
        }
    }
}

/// Turns the i32 sum of an int8 product into format f_out:
/// rsh(acc · m · M, S + f_in − f_out − e), saturated.
///
/// `shift` is S + f_in − f_out; a `multiplier` above [`MAX_MULTIPLIER`] counts as it. The product
/// has at most 31 + 16 + 15 = 62 bits.
#[inline]
pub fn requantise(accumulator: i32, scale: Scale, multiplier: u16, shift: i32) -> i32 {
    let multiplier = i64::from(multiplier.min(MAX_MULTIPLIER));
    let product = i64::from(accumulator) * i64::from(scale.mantissa) * multiplier;
    saturate(rsh(product, shift.saturating_sub(scale.exponent)))
}

/// Sum of a product with a 16-bit row from the sums of its two planes: 128·Σ hi·W + Σ lo·W = Σ q·W.
/// Two i32 give at most 39 bits; sums that occur are below 2³⁸, since K · 127² < 2³¹.
#[inline]
pub const fn wide_sum(high: i32, low: i32) -> i64 {
    ((high as i64) << PLANE_BITS) + low as i64
}

/// [`requantise`] for the sum of a 16-bit row:
/// rsh(rsh(acc · m, 16) · M, S + f_in − f_out − e + 7 − 16), saturated.
///
/// A sum is 128 times that of an int8 row of the same scale, hence the 7. acc · m has 39 + 16 bits;
/// the 16 that the first shift takes away leave 39, and M makes 54 of them.
#[inline]
pub fn requantise_wide(accumulator: i64, scale: Scale, multiplier: u16, shift: i32) -> i32 {
    let multiplier = i64::from(multiplier.min(MAX_MULTIPLIER));
    // Saturation is out of reach for a sum of two planes, and keeps the function total.
    let scaled = rsh(accumulator.saturating_mul(scale.mantissa.into()), 16);
    let shift = shift
        .saturating_sub(scale.exponent)
        .saturating_add(PLANE_BITS - 16);
    saturate(rsh(scaled.saturating_mul(multiplier), shift))
}

#[cfg(test)]
mod tests;
