//! From wide integers to int8 rows with a scale, and back.

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

/// Quantises `row` to int8 with a common scale: `output[i]` ≈ `row[i]` · 127 / amplitude.
///
/// e = max(0, bl(max|u|) − 24), v = rsh(u, e), A = max(1, rsh(max|u|, e)), r = ⌊127·2³² / A⌋,
/// q = (v·r + 2³¹) >> 32. As |v| ≤ A the product is at most 127·2³². Elements beyond the shorter of
/// the two slices are left alone; −2⁶³ counts as −(2⁶³ − 1).
pub fn quantise_row(row: &[i64], output: &mut [i8]) -> Amplitude {
    let largest = row
        .iter()
        .map(|&u| u.unsigned_abs())
        .max()
        .unwrap_or(0)
        .min(i64::MAX as u64);
    let exponent = (bit_length(largest) - 24).max(0);
    let amplitude = rsh(largest as i64, exponent).max(1);
    let reciprocal = (MAX_INT8 << 32) / amplitude;
    for (slot, &u) in output.iter_mut().zip(row) {
        let v = rsh(u.max(-i64::MAX), exponent);
        let q = (v * reciprocal + (1 << 31)) >> 32;
        *slot = q.clamp(-MAX_INT8, MAX_INT8) as i8;
    }
    Amplitude {
        value: amplitude as u64,
        exponent,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// |q · A·2^e / 127 − u| ≤ half a step plus the rounding to 24 bits and of the reciprocal.
    fn assert_close(row: &[i64]) {
        let mut q = vec![0i8; row.len()];
        let amplitude = quantise_row(row, &mut q);
        for (&u, &q) in row.iter().zip(&q) {
            assert_ne!(q, i8::MIN);
            let step = (i128::from(amplitude.value) << amplitude.exponent) / 127 + 1;
            let back = i128::from(q) * (i128::from(amplitude.value) << amplitude.exponent) / 127;
            let error = (back - i128::from(u)).abs();
            assert!(
                error * 100 <= step * 51 + 300,
                "{u} became {q}, error {error} of {step}"
            );
        }
    }

    #[test]
    fn quantise_row_should_map_the_extremes() {
        for largest in [
            1,
            126,
            127,
            128,
            (1 << 24) - 1,
            1 << 24,
            (1 << 24) + 1,
            i64::MAX,
        ] {
            let mut q = [0; 4];
            quantise_row(&[largest, -largest, 0, largest / 2], &mut q);
            assert_eq!(&q[..3], &[127, -127, 0], "largest {largest}");
            assert_close(&[largest, -largest, 0, largest / 3]);
        }
        let mut q = [1; 2];
        quantise_row(&[i64::MIN, i64::MAX], &mut q);
        assert_eq!(q, [-127, 127]);
    }

    #[test]
    fn quantise_row_should_give_zeros_when_the_row_is_zero() {
        let mut q = [1; 3];
        let amplitude = quantise_row(&[0; 3], &mut q);
        assert_eq!(
            (q, amplitude),
            (
                [0; 3],
                Amplitude {
                    value: 1,
                    exponent: 0
                }
            )
        );
        assert_eq!(
            quantise_row(&[], &mut []),
            Amplitude {
                value: 1,
                exponent: 0
            }
        );
    }

    #[test]
    fn scale_should_keep_sixteen_bits() {
        let scale = |value, exponent| {
            let scale = Amplitude { value, exponent }.scale();
            (scale.mantissa, scale.exponent)
        };
        assert_eq!(scale(1, 3), (1 << 15, -12));
        assert_eq!(scale(0xffff, 0), (0xffff, 0));
        assert_eq!(scale(0x1_0000, 0), (0x8000, 1));
        assert_eq!(
            scale(0x1_ffff, 0),
            (0xffff, 1),
            "rounds up to 2^16 and is capped"
        );
        assert_eq!(scale(1 << 24, 5), (0x8000, 14));
        assert_eq!(scale(0, 0), (0, -16));
        assert_eq!(scale(u64::MAX, i32::MAX).0, 0x8000);
    }

    #[test]
    fn requantise_should_hold_on_extremes() {
        let scale = |exponent| Scale {
            mantissa: u16::MAX,
            exponent,
        };
        assert_eq!(requantise(i32::MAX, scale(0), u16::MAX, 0), i32::MAX);
        assert_eq!(requantise(i32::MIN, scale(0), u16::MAX, 0), -i32::MAX);
        assert_eq!(
            requantise(i32::MIN, scale(i32::MIN), u16::MAX, i32::MAX),
            -1
        );
        assert_eq!(requantise(i32::MAX, scale(i32::MAX), 1, i32::MIN), i32::MAX);
        assert_eq!(requantise(0, scale(i32::MAX), 1, i32::MIN), 0);
        // Multipliers above 2^15 count as 2^15.
        let capped = requantise(3, scale(0), MAX_MULTIPLIER, 20);
        assert_eq!(requantise(3, scale(0), MAX_MULTIPLIER + 1, 20), capped);
    }

    #[test]
    fn int8_should_never_be_minus_128() {
        assert_eq!(int8_from_byte(0x80), -127);
        assert_eq!(int8_from_byte(0x81), -127);
        assert_eq!((int8_from_byte(0x7f), int8_from_byte(0xff)), (127, -1));
    }

    proptest! {
        #[test]
        fn quantise_row_should_be_close(
            row in proptest::collection::vec(any::<i64>(), 1..20), shift in 0u32..63,
        ) {
            let row: Vec<i64> = row.into_iter().map(|u| u >> shift).collect();
            assert_close(&row);
        }

        #[test]
        fn requantise_should_equal_wide_arithmetic(
            accumulator: i32, mantissa: u16, exponent in -40i32..40, multiplier: u16,
            shift in -60i32..90,
        ) {
            let product = i128::from(accumulator)
                * i128::from(mantissa)
                * i128::from(multiplier.min(MAX_MULTIPLIER));
            let right = (shift - exponent).min(62);
            let exact = if right > 0 {
                (product + (1 << (right - 1))) >> right
            } else {
                product.saturating_mul(1i128 << right.unsigned_abs().min(64))
            };
            let limit = i128::from(i32::MAX);
            prop_assert_eq!(
                i128::from(requantise(accumulator, Scale { mantissa, exponent }, multiplier, shift)),
                exact.clamp(-limit, limit)
            );
        }
    }
}
