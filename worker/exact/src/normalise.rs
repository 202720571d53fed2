//! RMSNorm. The root mean square enters only the scale of the quantised row.
//!
//! ```text
//! R = root mean square of x           root_mean_square(x, epsilon)
//! u = x · G                           apply_gain(x, gain)
//! u = H · u, if the input is rotated  hadamard::rotate(u)
//! (q, A, e1) = quantise u             quantise_row(u)
//! scale of q, format 44               normalised_scale((A, e1), R)
//! ```

use crate::{
    arithmetic::bit_length,
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
        let root = (((mean + epsilon).min(u64::MAX >> 14)) << 14)
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
    let exponent = (bit_length(u64::from(largest)) - 24).max(0);
    let sum = x.iter().fold(0u64, |sum, &x| {
        let shifted = u64::from((x >> exponent).unsigned_abs());
        // Saturation is out of reach while d < 2^15, and keeps the function total.
        sum.saturating_add(shifted * shifted)
    });
    RootMeanSquare::of_sum(sum, x.len(), exponent, epsilon)
}

/// u = x · G: residual Q16 times gain Q12, 53 bits. Gains beyond ±2²² count as ±2²².
pub fn apply_gain(x: &[i32], gain: &[i32], output: &mut [i64]) {
    for ((slot, &x), &gain) in output.iter_mut().zip(x).zip(gain) {
        *slot = i64::from(x) * i64::from(gain.clamp(-MAX_GAIN, MAX_GAIN));
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
mod tests {
    use super::*;
    use crate::{format, quantise::quantise_row};
    use proptest::prelude::*;

    /// The value a quantised element stands for, as a float.
    fn dequantise(q: i8, scale: Scale) -> f64 {
        let exponent = scale.exponent - format::NORMALISED;
        f64::from(q) / 127.0 * f64::from(scale.mantissa) * 2f64.powi(exponent)
    }

    fn normalised(x: &[i32], gain: &[i32], epsilon: u32) -> Vec<f64> {
        let norm = root_mean_square(x, epsilon);
        let mut u = vec![0; x.len()];
        apply_gain(x, gain, &mut u);
        let mut q = vec![0; x.len()];
        let scale = normalised_scale(quantise_row(&u, &mut q), norm);
        q.iter().map(|&q| dequantise(q, scale)).collect()
    }

    fn float(x: &[i32], gain: &[i32], epsilon: u32) -> Vec<f64> {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x) / 65536.0).collect();
        let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let rms = (mean + f64::from(epsilon) / 4_294_967_296.0).sqrt();
        x.iter()
            .zip(gain)
            .map(|(x, &gain)| x / rms * f64::from(gain) / 4096.0)
            .collect()
    }

    #[test]
    fn root_mean_square_should_hold_on_extremes() {
        let wide = vec![i32::MIN; (1 << 15) - 1];
        let norm = root_mean_square(&wide, u32::MAX);
        // All elements are 2^31 = 2^23 · 2^8 at e0 = 8, and R carries 7 more bits.
        assert_eq!(norm.exponent, 8);
        assert_eq!(norm.root, 1 << 30);
        let largest = vec![-((1i32 << 24) - 1); (1 << 15) - 1];
        let norm = root_mean_square(&largest, 1 << 28);
        assert_eq!(norm.exponent, 0);
        let mean = ((1u64 << 24) - 1).pow(2) + (1 << 28);
        assert_eq!(norm.root, (mean << 14).isqrt());
        assert_eq!(
            root_mean_square(&[], 0),
            RootMeanSquare {
                root: 1,
                exponent: 0
            }
        );
        assert_eq!(root_mean_square(&[0; 4], 0).root, 1);
        // Only epsilon: sqrt(42950 · 2^14).
        assert_eq!(
            root_mean_square(&[0; 4], 42_950).root,
            (42_950u64 << 14).isqrt()
        );
    }

    #[test]
    fn gain_should_be_clamped() {
        let mut u = [0; 2];
        apply_gain(&[i32::MIN, 1], &[i32::MAX, i32::MIN], &mut u);
        assert_eq!(u, [-(1 << 53), -(1 << 22)]);
    }

    #[test]
    fn normalised_scale_should_hold_on_extremes() {
        for value in [0, 1, 1 << 24, u64::MAX] {
            for root in [0, 1, 1 << 31, u64::MAX] {
                let amplitude = Amplitude {
                    value,
                    exponent: i32::MAX,
                };
                let scale = normalised_scale(amplitude, RootMeanSquare { root, exponent: -1 });
                assert!(scale.mantissa == 0 || scale.mantissa >= 1 << 15);
            }
        }
    }

    proptest! {
        #[test]
        fn root_mean_square_should_equal_wide_arithmetic(
            x in proptest::collection::vec(any::<i32>(), 1..50), shift in 0u32..31, epsilon: u32,
        ) {
            let x: Vec<i32> = x.into_iter().map(|x| x >> shift).collect();
            let norm = root_mean_square(&x, epsilon);
            let sum: u128 = x.iter().map(|&x| u128::from((x >> norm.exponent).unsigned_abs()).pow(2)).sum();
            let mean = sum / x.len() as u128 + (u128::from(epsilon) >> (2 * norm.exponent));
            let root = u128::from(norm.root);
            let radicand = mean << 14;
            prop_assert!(root * root <= radicand.max(1));
            prop_assert!((root + 1) * (root + 1) > radicand);
        }

        #[test]
        fn normalised_row_should_be_close_to_float(
            x in proptest::collection::vec(-(1i32 << 28)..(1 << 28), 1..50),
            gain in proptest::collection::vec(-20_000i32..20_000, 50),
            shift in 0u32..16,
        ) {
            let x: Vec<i32> = x.into_iter().map(|x| x >> shift).collect();
            let gain = &gain[..x.len()];
            let exact = normalised(&x, gain, 42_950);
            let float = float(&x, gain, 42_950);
            let largest = float.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            for (a, b) in exact.iter().zip(&float) {
                // Half a step of 1/127 of the row's largest element, plus the 16-bit scale.
                prop_assert!((a - b).abs() <= largest * (0.5 / 127.0 + 1e-4) + 1e-6, "{} {}", a, b);
            }
        }
    }
}
