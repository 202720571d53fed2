use super::*;
use proptest::prelude::*;

/// Relative error of one head against f64, where the first key draws most of the weight and has a
/// small value, as in real models, and all that matters is spread over the other keys.
fn sink_error(keys: usize, sink: f64) -> f64 {
    let mut state = 1u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    const WIDTH: usize = 32;
    let mut scores: Vec<i32> = (0..keys).map(|_| (random() * 131_072.0) as i32).collect();
    scores[0] = (sink * 65_536.0) as i32;
    let values: Vec<[i8; WIDTH]> = (0..keys)
        .map(|key| {
            let mean = if key == 0 { 0.0 } else { 60.0 };
            std::array::from_fn(|_| (mean + 100.0 * random()) as i8)
        })
        .collect();
    // The sink's row has a scale 256 times smaller.
    let scale = |key: usize| if key == 0 { 128 } else { 32_768 };
    let (mut weights, mut output) = (vec![0; keys], [0; WIDTH]);
    attend(
        &scores,
        values.iter().map(|row| row.as_slice()),
        (0..keys).map(scale),
        12,
        &mut weights,
        &mut output,
    );
    let power: Vec<f64> = scores
        .iter()
        .map(|&score| ((f64::from(score) - f64::from(scores[0])) / 65_536.0).exp2())
        .collect();
    let total: f64 = power.iter().sum();
    let (mut difference, mut norm) = (0.0, 0.0);
    for (column, &found) in output.iter().enumerate() {
        let exact: f64 = (0..keys)
            .map(|key| {
                let value = f64::from(values[key][column]) / 127.0 * f64::from(scale(key));
                power[key] / total * value / 4096.0
            })
            .sum();
        difference += (f64::from(found) / 65_536.0 - exact).powi(2);
        norm += exact.powi(2);
    }
    (difference / norm).sqrt()
}

/// Weights of 16 bits would lose a quarter here: most keys would weigh 0 or 1.
#[test]
fn attend_should_be_close_to_float_when_a_sink_takes_the_weight() {
    for keys in [256, 2_048, 8_192] {
        // Without a sink, and with one that outweighs any other key 2^10 and 2^13 times.
        for sink in [0.0, 10.0, 13.0] {
            let error = sink_error(keys, sink);
            assert!(error < 0.01, "{keys} keys, sink 2^{sink}: {error}");
        }
    }
}

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
