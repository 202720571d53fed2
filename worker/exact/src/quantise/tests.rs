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
fn quantise_row_wide_should_map_the_extremes() {
    for largest in [1, 127, (1 << 24) - 1, 1 << 24, (1 << 24) + 1, i64::MAX] {
        let (mut high, mut low) = ([0; 3], [0; 3]);
        let wide = quantise_row_wide(&[largest, -largest, 0], &mut high, &mut low);
        assert_eq!((high, low), ([127, -127, 0], [0; 3]), "largest {largest}");
        assert_eq!(wide, quantise_row(&[largest], &mut [0]));
    }
    let (mut high, mut low) = ([1; 2], [1; 2]);
    quantise_row_wide(&[i64::MIN, i64::MAX], &mut high, &mut low);
    assert_eq!((high, low), ([-127, 127], [0; 2]));
    quantise_row_wide(&[0; 2], &mut high, &mut low);
    assert_eq!((high, low), ([0; 2], [0; 2]));
}

#[test]
fn planes_should_be_int8_for_every_element() {
    for q in -MAX_WIDE..=MAX_WIDE {
        // With an amplitude of 16,256 each element stands for itself.
        let (mut high, mut low) = ([0; 2], [0; 2]);
        quantise_row_wide(&[MAX_WIDE, q], &mut high, &mut low);
        assert_eq!(wide_sum(high[1].into(), low[1].into()), q);
        assert!(high[1] != i8::MIN && (-64..64).contains(&low[1]));
    }
}

#[test]
fn requantise_wide_should_hold_on_extremes() {
    let scale = |exponent| Scale {
        mantissa: u16::MAX,
        exponent,
    };
    for sum in [wide_sum(i32::MAX, i32::MAX), i64::MAX] {
        assert_eq!(requantise_wide(sum, scale(0), u16::MAX, 0), i32::MAX);
        assert_eq!(requantise_wide(-sum, scale(0), u16::MAX, 0), -i32::MAX);
    }
    let sum = wide_sum(i32::MIN, i32::MIN);
    assert_eq!(requantise_wide(sum, scale(i32::MIN), u16::MAX, i32::MAX), 0);
    assert_eq!(
        requantise_wide(sum, scale(i32::MAX), 1, i32::MIN),
        -i32::MAX
    );
    assert_eq!(requantise_wide(0, scale(i32::MAX), 1, i32::MIN), 0);
    let capped = requantise_wide(3000, scale(0), MAX_MULTIPLIER, 20);
    let above = requantise_wide(3000, scale(0), MAX_MULTIPLIER + 1, 20);
    assert_eq!(above, capped);
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
    fn quantise_row_wide_should_be_close(
        row in proptest::collection::vec(any::<i64>(), 1..20), shift in 0u32..63,
    ) {
        let row: Vec<i64> = row.into_iter().map(|u| u >> shift).collect();
        let (mut high, mut low) = (vec![0; row.len()], vec![0; row.len()]);
        let amplitude = quantise_row_wide(&row, &mut high, &mut low);
        let full = i128::from(amplitude.value) << amplitude.exponent;
        for ((&u, &high), &low) in row.iter().zip(&high).zip(&low) {
            let q = i128::from(wide_sum(high.into(), low.into()));
            let error = (q * full - i128::from(u) * i128::from(MAX_WIDE)).abs();
            // Half a step, and what 24 bits and the reciprocal lose.
            let allowed = full * 51 / 100 + (i128::from(MAX_WIDE) << amplitude.exponent);
            prop_assert!(error <= allowed, "{} became {}", u, q);
        }
    }

    #[test]
    fn requantise_wide_should_equal_wide_arithmetic(
        high: i32, low: i32, mantissa: u16, exponent in -40i32..40, multiplier: u16,
        shift in -60i32..90,
    ) {
        let sum = i128::from(high) * 128 + i128::from(low);
        prop_assert_eq!(i128::from(wide_sum(high, low)), sum);
        let first = (sum * i128::from(mantissa) + (1 << 15)) >> 16;
        let product = first * i128::from(multiplier.min(MAX_MULTIPLIER));
        let right = (shift - exponent + 7 - 16).min(62);
        let exact = if right > 0 {
            (product + (1 << (right - 1))) >> right
        } else {
            product.saturating_mul(1i128 << right.unsigned_abs().min(64))
        };
        let limit = i128::from(i32::MAX);
        prop_assert_eq!(
            i128::from(requantise_wide(
                wide_sum(high, low), Scale { mantissa, exponent }, multiplier, shift
            )),
            exact.clamp(-limit, limit)
        );
    }

    /// Where 8 bits are enough, 16 bits give about the same.
    #[test]
    fn requantise_wide_should_agree_with_int8(
        sum in -1_000_000_000i32..1_000_000_000, mantissa in 1u16 << 15.., shift in 31i32..60,
    ) {
        let scale = Scale { mantissa, exponent: 0 };
        let narrow = requantise(sum, scale, 1 << 15, shift);
        let wide = requantise_wide(i64::from(sum) << PLANE_BITS, scale, 1 << 15, shift);
        prop_assert!((i64::from(narrow) - i64::from(wide)).abs() <= 1, "{} {}", narrow, wide);
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
