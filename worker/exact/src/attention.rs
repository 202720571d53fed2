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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNIT: Scale = Scale {
        mantissa: 1 << 15,
        exponent: 0,
    };

    /// The whole head in i128, straight from the formulas.
    fn reference(scores: &[i32], values: &[Vec<i8>], scales: &[u16], format: u8) -> Vec<i32> {
        let width = values.first().map_or(0, Vec::len);
        let maximum = scores.iter().max().copied().unwrap_or(0);
        let p: Vec<i128> = scores
            .iter()
            .map(|&s| i128::from(exp2_negative(i64::from(maximum) - i64::from(s))))
            .collect();
        let z: i128 = p.iter().sum();
        (0..width)
            .map(|column| {
                let o: i128 = p
                    .iter()
                    .zip(values)
                    .zip(scales)
                    .map(|((p, v), &sv)| {
                        ((p * i128::from(sv) + (1 << 15)) >> 16) * i128::from(v[column])
                    })
                    .sum();
                let bits = 128 - z.leading_zeros() as i32;
                let zs = (bits - 24).max(0);
                let o = if zs > 0 {
                    (o + (1 << (zs - 1))) >> zs
                } else {
                    o
                };
                let z = z >> zs;
                let quotient = ((o << (33 - i32::from(format))) + 127 * z).div_euclid(254 * z);
                let limit = i128::from(i32::MAX);
                quotient.clamp(-limit, limit) as i32
            })
            .collect()
    }

    fn run(scores: &[i32], values: &[Vec<i8>], scales: &[u16], format: u8) -> Vec<i32> {
        let mut output = vec![7; values.first().map_or(3, Vec::len)];
        let mut weights = vec![0; scores.len() + 2];
        attend(
            scores,
            values.iter().map(Vec::as_slice),
            scales.iter().copied(),
            format,
            &mut weights,
            &mut output,
        );
        output
    }

    #[test]
    fn exp2_should_be_close_to_float_and_monotonic() {
        let mut last = u32::MAX;
        for x in (0..(26i64 << 16)).step_by(37) {
            let weight = exp2_negative(x);
            let float = (-(x as f64) / 65536.0).exp2() * 16_777_216.0;
            assert!((f64::from(weight) - float).abs() <= 17.0, "2^-{x}");
            assert!(weight <= last);
            last = weight;
        }
        assert_eq!(exp2_negative(0), MAX_WEIGHT);
        assert_eq!(exp2_negative(-5), MAX_WEIGHT);
        assert_eq!(exp2_negative(1 << 16), 1 << 23);
        assert_eq!(exp2_negative(25 << 16), 1);
        assert_eq!(exp2_negative(26 << 16), 0);
        assert_eq!(exp2_negative(i64::MAX), 0);
    }

    #[test]
    fn score_should_hold_on_extremes() {
        let full = Scale {
            mantissa: u16::MAX,
            exponent: 0,
        };
        let query = [127i8; 256];
        let largest = score(&query, full, &query, full, 1 << 30);
        let exact = ((256i128 * 127 * 127 * 65535 * 65535 + (1 << 21)) >> 22) << 30;
        assert_eq!(
            i128::from(largest),
            ((exact + (1 << 25)) >> 26).min((1 << 31) - 1)
        );
        let long = vec![127i8; 10_000];
        for exponent in [i32::MIN, -100, 100, i32::MAX] {
            let scale = Scale {
                mantissa: u16::MAX,
                exponent,
            };
            let value = score(&long, scale, &long, scale, u32::MAX);
            // The largest shift is 62, which leaves 2 of 2^63 − 1.
            assert!(value == i32::MAX || value <= 2, "{exponent}: {value}");
        }
    }

    #[test]
    fn score_should_be_close_to_float() {
        // q = 3.0 in all 64 elements, k = −0.5: the scores are −96 · log2(e) / 8.
        let scale_of = |value: f64| {
            let mut q = [0; 64];
            let row = [(value * 4096.0) as i64; 64];
            let scale = crate::quantise::quantise_row(&row, &mut q).scale();
            (q, scale)
        };
        let ((q, query_scale), (k, key_scale)) = (scale_of(3.0), scale_of(-0.5));
        let constant = core::f64::consts::LOG2_E / 8.0 / 16129.0 * (1u64 << 40) as f64;
        let exact = score(&q, query_scale, &k, key_scale, constant.round() as u32);
        let float = -96.0 * core::f64::consts::LOG2_E / 8.0;
        assert!(
            (f64::from(exact) / 65536.0 - float).abs() < 1e-3,
            "{exact} is not {float}"
        );
    }

    #[test]
    fn attend_should_give_zero_when_no_key_is_admissible() {
        assert_eq!(run(&[], &[], &[], 12), [0, 0, 0]);
    }

    #[test]
    fn attend_should_return_the_value_when_there_is_one_key() {
        // 127 stands for 1.0 at sv = 2^12 in format 12.
        let output = run(&[-5], &[vec![127, -127, 0, 64]], &[1 << 12], 12);
        let expected = [1.0, -1.0, 0.0, 64.0 / 127.0].map(|x: f64| (x * 65536.0) as i32);
        for (value, expected) in output.iter().zip(expected) {
            assert!((value - expected).abs() <= 8, "{output:?}");
        }
    }

    #[test]
    fn attend_should_hold_on_extremes() {
        for count in [1usize, 2, 1000] {
            for format in [2, 16] {
                for element in [127i8, -127] {
                    let values = vec![vec![element; 3]; count];
                    let scales = vec![u16::MAX; count];
                    let scores = vec![i32::MAX; count];
                    let output = run(&scores, &values, &scales, format);
                    assert_eq!(output, reference(&scores, &values, &scales, format));
                    assert!(output.iter().all(|&x| (x > 0) == (element > 0)));
                }
            }
        }
        // Scores at both ends of the range: the difference needs 33 bits.
        let values = vec![vec![127i8], vec![-127i8]];
        assert!(run(&[i32::MAX, -i32::MAX], &values, &[4096; 2], 12)[0] > 65_500);
    }

    /// A long row with an attention sink: 16-bit weights would lose the small ones.
    #[test]
    fn attend_should_keep_small_weights_when_there_is_a_sink() {
        let count = 8192usize;
        let mut scores = vec![-(15 << 16); count];
        scores[0] = 0;
        let mut values = vec![vec![100i8]; count];
        values[0] = vec![0];
        let output = run(&scores, &values, &vec![1 << 14; count], 12);
        let weight = 2f64.powi(-15) * (count - 1) as f64;
        let float = weight / (1.0 + weight) * 100.0 / 127.0 * 4.0;
        let exact = f64::from(output[0]) / 65536.0;
        assert!(
            (exact / float - 1.0).abs() < 0.002,
            "{exact} is not {float}"
        );
    }

    #[test]
    fn value_scale_should_convert_formats() {
        assert_eq!(value_scale(UNIT, 12), 1 << 15);
        assert_eq!(
            value_scale(
                Scale {
                    mantissa: 1 << 15,
                    exponent: -3
                },
                12
            ),
            1 << 12
        );
        assert_eq!(value_scale(UNIT, 16), u16::MAX, "saturates");
        assert_eq!(
            value_scale(
                Scale {
                    mantissa: 1,
                    exponent: i32::MIN
                },
                2
            ),
            0
        );
        assert_eq!(
            value_scale(
                Scale {
                    mantissa: 1,
                    exponent: i32::MAX
                },
                2
            ),
            u16::MAX
        );
    }

    proptest! {
        #[test]
        fn attend_should_equal_wide_arithmetic_in_any_order(
            keys in proptest::collection::vec(
                (any::<i32>(), proptest::collection::vec(-127i8..=127, 5), any::<u16>()), 1..40),
            shift in 0u32..31, format in 2u8..=16,
        ) {
            let scores: Vec<i32> = keys.iter().map(|key| key.0 >> shift).collect();
            let values: Vec<Vec<i8>> = keys.iter().map(|key| key.1.clone()).collect();
            let scales: Vec<u16> = keys.iter().map(|key| key.2).collect();
            let output = run(&scores, &values, &scales, format);
            prop_assert_eq!(&output, &reference(&scores, &values, &scales, format));

            let reverse = |i: usize| scores.len() - 1 - i;
            let permuted = run(
                &(0..scores.len()).map(|i| scores[reverse(i)]).collect::<Vec<_>>(),
                &(0..scores.len()).map(|i| values[reverse(i)].clone()).collect::<Vec<_>>(),
                &(0..scores.len()).map(|i| scales[reverse(i)]).collect::<Vec<_>>(),
                format,
            );
            prop_assert_eq!(output, permuted);
        }

        #[test]
        fn score_should_equal_wide_arithmetic(
            pairs in proptest::collection::vec((-127i8..=127, -127i8..=127), 1..=256),
            mantissas: (u16, u16), exponents in (-15i32..20, -15i32..20), scale in 0u32..=1 << 30,
        ) {
            let (q, k): (Vec<i8>, Vec<i8>) = pairs.iter().copied().unzip();
            let sum: i128 = pairs.iter().map(|&(q, k)| i128::from(q) * i128::from(k)).sum();
            let product = sum * i128::from(mantissas.0) * i128::from(mantissas.1);
            let scaled = ((product + (1 << 21)) >> 22) * i128::from(scale);
            let shift = 26 - exponents.0 - exponents.1;
            let exact = if shift > 0 {
                let shift = shift.min(62);
                (scaled + (1i128 << (shift - 1))) >> shift
            } else {
                scaled << -shift
            };
            let limit = i128::from(i32::MAX);
            prop_assert_eq!(
                i128::from(score(
                    &q,
                    Scale { mantissa: mantissas.0, exponent: exponents.0 },
                    &k,
                    Scale { mantissa: mantissas.1, exponent: exponents.1 },
                    scale,
                )),
                exact.clamp(-limit, limit)
            );
        }
    }
}
