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

#[test]
fn centre_should_subtract_the_rounded_mean() {
    let centred = |x: &[i32]| {
        let mut x = x.to_vec();
        centre(&mut x);
        x
    };
    assert_eq!(centred(&[1, 2, 3, 6]), [-2, -1, 0, 3]);
    // 1.5 and −1.5 round up, to 2 and −1.
    assert_eq!(centred(&[1, 2]), [-1, 0]);
    assert_eq!(centred(&[-1, -2]), [0, -1]);
    assert_eq!(centred(&[7]), [0]);
    assert_eq!(centred(&[]), []);
    let extremes = centred(&[i32::MAX, i32::MIN, i32::MIN, i32::MIN]);
    assert_eq!(extremes[0], i32::MAX, "saturates");
    let wide = vec![i32::MIN; (1 << 15) - 1];
    assert!(centred(&wide).iter().all(|&x| x == 0));
}

#[test]
fn norm_biases_should_hold_on_extremes() {
    let norm = root_mean_square(&vec![i32::MIN; (1 << 15) - 1], u32::MAX);
    let mut u = [1 << 53, -(1 << 53)];
    apply_norm_biases(&mut u, &[i32::MAX, i32::MIN], norm);
    // R · 2^(e0 − 7) is 2^31 and the bias counts as 2^22.
    assert_eq!(u, [1 << 54, -(1 << 54)]);
    assert!(u[0] < crate::hadamard::MAX_INPUT);
    let absurd = RootMeanSquare {
        root: u64::MAX,
        exponent: i32::MIN,
    };
    let mut u = [i64::MAX, i64::MIN];
    apply_norm_biases(&mut u, &[i32::MAX, i32::MIN], absurd);
    assert_eq!(u, [i64::MAX, i64::MIN]);
}

#[test]
fn normalise_head_should_hold_on_extremes() {
    for value in [i32::MIN, i32::MAX, 1, 0] {
        for gain in [i32::MIN, i32::MAX, 4096] {
            let mut head = [value; 256];
            normalise_head(&mut head, &[gain; 256], 1);
            let expected = match value.signum() * gain.signum() {
                0 => 0.0,
                sign => f64::from(sign) * f64::from(gain).abs().min(4_194_304.0),
            };
            let error = (f64::from(head[0]) - expected).abs();
            assert!(
                error <= expected.abs() * 0.005,
                "{value} {gain}: {}",
                head[0]
            );
        }
    }
    // One element carries the whole root mean square: √256 times the gain.
    let mut head = [0; 256];
    head[9] = i32::MAX;
    normalise_head(&mut head, &[MAX_GAIN; 256], 1);
    assert!((head[9] - 16 * MAX_GAIN).abs() < 1 << 12);
}

proptest! {
    #[test]
    fn centre_should_equal_wide_arithmetic(
        x in proptest::collection::vec(any::<i32>(), 1..50), shift in 0u32..31,
    ) {
        let x: Vec<i32> = x.into_iter().map(|x| x >> shift).collect();
        let count = x.len() as i128;
        let sum: i128 = x.iter().map(|&x| i128::from(x)).sum();
        let mean = (2 * sum + count).div_euclid(2 * count);
        let limit = i128::from(i32::MAX);
        let mut centred = x.clone();
        centre(&mut centred);
        for (&x, &centred) in x.iter().zip(&centred) {
            let exact = (i128::from(x) - mean).clamp(-limit, limit);
            prop_assert_eq!(i128::from(centred), exact);
        }
    }

    #[test]
    fn normalise_head_should_equal_wide_arithmetic(
        x in proptest::collection::vec(any::<i32>(), 1..40),
        gain in proptest::collection::vec(any::<i32>(), 40), shift in 0u32..31, epsilon: u32,
    ) {
        let x: Vec<i32> = x.into_iter().map(|x| x >> shift).collect();
        let norm = root_mean_square(&x, epsilon >> 8);
        let mut head = x.clone();
        normalise_head(&mut head, &gain, epsilon);
        for ((&x, &gain), &found) in x.iter().zip(&gain).zip(&head) {
            let product = i128::from(x) * i128::from(gain.clamp(-MAX_GAIN, MAX_GAIN));
            let right = norm.exponent - 7;
            let numerator = if right > 0 {
                (product + (1 << (right - 1))) >> right
            } else {
                product << -right
            };
            let root = i128::from(norm.root);
            let limit = i128::from(i32::MAX);
            let exact = (2 * numerator + root).div_euclid(2 * root).clamp(-limit, limit);
            prop_assert_eq!(i128::from(found), exact);
        }
    }

    #[test]
    fn layer_norm_should_be_close_to_float(
        x in proptest::collection::vec(-(1i32 << 26)..(1 << 26), 2..50),
        gain in proptest::collection::vec(-20_000i32..20_000, 50),
        biases in proptest::collection::vec(-20_000i32..20_000, 50),
        shift in 0u32..10, offset in -(1i32 << 26)..(1 << 26),
    ) {
        let x: Vec<i32> = x.into_iter().map(|x| (x >> shift) + offset).collect();
        let gain = &gain[..x.len()];
        let mut centred = x.clone();
        centre(&mut centred);
        let norm = root_mean_square(&centred, 42_950);
        let mut u = vec![0; x.len()];
        apply_gain(&centred, gain, &mut u);
        apply_norm_biases(&mut u, &biases, norm);
        let mut q = vec![0; x.len()];
        let scale = normalised_scale(quantise_row(&u, &mut q), norm);

        let floats: Vec<f64> = x.iter().map(|&x| f64::from(x) / 65536.0).collect();
        let mean = floats.iter().sum::<f64>() / floats.len() as f64;
        let variance = floats.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / floats.len() as f64;
        let root = (variance + 42_950.0 / 4_294_967_296.0).sqrt();
        let float: Vec<f64> = floats
            .iter()
            .zip(gain)
            .zip(&biases)
            .map(|((x, &gain), &bias)| {
                (x - mean) / root * f64::from(gain) / 4096.0 + f64::from(bias) / 4096.0
            })
            .collect();
        let largest = float.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        // What rounding the mean to 2^-17 costs where the deviation is small.
        let mean_error = 1e-5 / root * 5.0;
        for (&q, float) in q.iter().zip(&float) {
            let exact = dequantise(q, scale);
            let bound = largest * (0.5 / 127.0 + 1e-4) + mean_error + 1e-6;
            prop_assert!((exact - float).abs() <= bound, "{} {}", exact, float);
        }
    }

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
