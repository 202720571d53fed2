//! The few functions conversion needs, from f64 additions, multiplications and divisions in a fixed
//! order. These are the same on every machine; a library's sin or exp is not.

use std::f64::consts::{FRAC_2_PI, LN_2, PI};

/// π/2 as a sum: the first part has 33 bits, so its multiples up to 2²⁰ are exact.
const HALF_PI_HIGH: f64 = 1.570_796_326_734_125_6;
const HALF_PI_LOW: f64 = 6.077_100_506_506_192e-11;

/// Natural logarithm of a positive number.
pub fn ln(x: f64) -> f64 {
    let (mut mantissa, mut exponent) = (x, 0.0);
    while mantissa > 1.5 {
        mantissa /= 2.0;
        exponent += 1.0;
    }
    while mantissa < 0.75 {
        mantissa *= 2.0;
        exponent -= 1.0;
    }
    // ln m = 2·artanh((m − 1) / (m + 1)), and the argument is at most 1/5.
    let y = (mantissa - 1.0) / (mantissa + 1.0);
    let square = y * y;
    let series = (0..14)
        .rev()
        .fold(0.0, |sum, k| sum * square + 1.0 / f64::from(2 * k + 1));
    2.0 * y * series + exponent * LN_2
}

/// e^x for |x| up to some hundreds.
pub fn exp(x: f64) -> f64 {
    let exponent = (x / LN_2 + 0.5).floor();
    let rest = x - exponent * LN_2;
    let mut power = (1..20)
        .rev()
        .fold(1.0, |sum, k| 1.0 + sum * rest / f64::from(k));
    let factor = if exponent < 0.0 { 0.5 } else { 2.0 };
    for _ in 0..exponent.abs() as u32 {
        power *= factor;
    }
    power
}

/// Sine and cosine of 0 ≤ x < 2²⁰.
pub fn sin_cos(x: f64) -> (f64, f64) {
    let quarters = (x * FRAC_2_PI + 0.5).floor();
    let rest = (x - quarters * HALF_PI_HIGH) - quarters * HALF_PI_LOW;
    let square = rest * rest;
    // Taylor series on |rest| ≤ π/4, innermost term first.
    let series = |first: u32| {
        (0..10).rev().fold(1.0, |sum, k| {
            let n = f64::from(2 * k + first);
            1.0 - sum * square / (n * (n + 1.0))
        })
    };
    let (sine, cosine) = (rest * series(2), series(1));
    match quarters as u64 % 4 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

/// 2^exponent by repeated multiplication, which is exact.
pub fn power_of_two(exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * 2.0)
}

/// Φ(x), the distribution function of the normal distribution: its power series for |x| ≤ 3, whose
/// largest term is below 40, and the continued fraction of the tail beyond.
pub fn normal_distribution(x: f64) -> f64 {
    let density = exp(-x * x / 2.0) / (2.0 * PI).sqrt();
    if x.abs() <= 3.0 {
        let series = (1..60)
            .rev()
            .fold(1.0, |sum, k| 1.0 + sum * x * x / f64::from(2 * k + 1));
        return 0.5 + density * x * series;
    }
    let fraction = (1..60)
        .rev()
        .fold(x.abs(), |rest, k| x.abs() + f64::from(k) / rest);
    let tail = density / fraction;
    if x < 0.0 {
        tail
    } else {
        1.0 - tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_should_be_close_to_the_library() {
        for i in 1..2000 {
            let x = f64::from(i) * 37.3;
            assert!((ln(x) - x.ln()).abs() < 1e-13, "ln {x}");
            assert!((ln(1.0 / x) + x.ln()).abs() < 1e-13, "ln 1/{x}");
            let y = f64::from(i) * 0.02 - 20.0;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-13, "exp {y}");
            for angle in [x, f64::from(i) * 0.001, x * 3.0] {
                let (sine, cosine) = sin_cos(angle);
                assert!((sine - angle.sin()).abs() < 1e-11, "sin {angle}");
                assert!((cosine - angle.cos()).abs() < 1e-11, "cos {angle}");
            }
        }
        // Of Φ(1), Φ(−2), Φ(3.5), Φ(−6).
        for (x, expected) in [
            (1.0, 0.841_344_746_068_542_9),
            (-2.0, 0.022_750_131_948_179_21),
            (3.5, 0.999_767_370_920_964_5),
            (-6.0, 9.865_876_450_376_98e-10),
        ] {
            let error = normal_distribution(x) / expected - 1.0;
            assert!(error.abs() < 1e-12, "Φ({x}): {error}");
        }
        assert_eq!(normal_distribution(0.0), 0.5);
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
        assert_eq!(power_of_two(40), 1_099_511_627_776.0);
    }
}
