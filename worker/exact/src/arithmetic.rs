//! Rounding, shifting and saturation.

/// Largest magnitude of an i32 result: saturation is symmetric, so negation is always exact.
pub const MAX_I32: i64 = i32::MAX as i64;

/// Bits needed to write `x`: 0 for 0, 64 for 2⁶³ and above.
#[inline]
pub const fn bit_length(x: u64) -> i32 {
    64 - x.leading_zeros() as i32
}

/// Shift right by `shift`, rounding half toward +∞: ⌊(x + 2^(shift−1)) / 2^shift⌋.
///
/// A shift above 62 counts as 62. A shift of 0 or less is a left shift by −shift that saturates at
/// ±(2⁶³ − 1).
#[inline]
pub const fn rsh(x: i64, shift: i32) -> i64 {
    if shift > 0 {
        let shift = if shift > 62 { 62 } else { shift };
        // x >> shift plus the bit below: the sum x + 2^(shift−1) itself could overflow.
        (x >> shift) + ((x >> (shift - 1)) & 1)
    } else {
        shift_left(x, shift.unsigned_abs())
    }
}

/// Shift left, saturating at ±(2⁶³ − 1).
#[inline]
const fn shift_left(x: i64, shift: u32) -> i64 {
    let magnitude = x.unsigned_abs();
    let fits = magnitude == 0 || shift < magnitude.leading_zeros();
    let shifted = match (fits, magnitude) {
        (_, 0) => 0,
        (true, magnitude) => (magnitude << shift) as i64,
        (false, _) => i64::MAX,
    };
    if x < 0 {
        -shifted
    } else {
        shifted
    }
}

/// The nearest i32 of magnitude at most 2³¹ − 1.
#[inline]
pub const fn saturate(x: i64) -> i32 {
    if x > MAX_I32 {
        i32::MAX
    } else if x < -MAX_I32 {
        -i32::MAX
    } else {
        x as i32
    }
}

/// Linear interpolation in a table of steps 2^`fraction_bits` wide: entry ⌊x⌋ plus the rounded
/// share of the way to the next. `x` is counted from the first entry; beyond the ends the first or
/// last entry answers.
///
/// Entries are below 2³¹ in magnitude and `fraction_bits` at most 16, so the product fits 49 bits.
#[inline]
pub(crate) fn interpolate(table: &[i32], x: i64, fraction_bits: i32) -> i64 {
    let Ok(index) = usize::try_from(x >> fraction_bits) else {
        return table.first().copied().map_or(0, i64::from);
    };
    match (table.get(index), table.get(index.saturating_add(1))) {
        (Some(&from), Some(&to)) => {
            let fraction = x & ((1 << fraction_bits) - 1);
            let (from, to) = (i64::from(from), i64::from(to));
            from + rsh((to - from) * fraction, fraction_bits)
        }
        _ => table.last().copied().map_or(0, i64::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition in i128.
    fn reference_rsh(x: i64, shift: i32) -> i64 {
        let x = i128::from(x);
        if shift > 0 {
            let shift = shift.min(62);
            ((x + (1i128 << (shift - 1))) >> shift) as i64
        } else {
            let limit = i128::from(i64::MAX);
            let factor = 1i128 << shift.unsigned_abs().min(64);
            (x * factor).clamp(-limit, limit) as i64
        }
    }

    #[test]
    fn rsh_should_equal_its_definition_on_extremes() {
        let values = [
            0,
            1,
            -1,
            2,
            -2,
            3,
            -3,
            i64::MAX,
            i64::MIN,
            i64::MAX - 1,
            1 << 62,
            -(1 << 62),
        ];
        for x in values {
            for shift in (-70..=70).chain([i32::MIN, i32::MIN + 1, i32::MAX]) {
                assert_eq!(rsh(x, shift), reference_rsh(x, shift), "rsh({x}, {shift})");
            }
        }
    }

    #[test]
    fn rsh_should_round_half_towards_plus_infinity() {
        assert_eq!(
            [rsh(1, 1), rsh(-1, 1), rsh(3, 1), rsh(-3, 1)],
            [1, 0, 2, -1]
        );
        assert_eq!(
            [rsh(5, 2), rsh(6, 2), rsh(-6, 2), rsh(-7, 2)],
            [1, 2, -1, -2]
        );
    }

    #[test]
    fn bit_length_should_count_bits() {
        for (x, bits) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (3, 2),
            (255, 8),
            (256, 9),
            (u64::MAX, 64),
        ] {
            assert_eq!(bit_length(x), bits);
        }
    }

    #[test]
    fn saturate_should_be_symmetric() {
        assert_eq!(saturate(i64::MAX), i32::MAX);
        assert_eq!(saturate(i64::MIN), -i32::MAX);
        assert_eq!(saturate(-MAX_I32 - 1), -i32::MAX);
        assert_eq!(saturate(-MAX_I32), -i32::MAX);
        assert_eq!(saturate(-7), -7);
    }

    #[test]
    fn interpolate_should_clamp_at_both_ends() {
        let table = [10, 20, 40];
        let at = |x| interpolate(&table, x, 8);
        assert_eq!(
            [at(-1), at(i64::MIN), at(0), at(128), at(256)],
            [10, 10, 10, 15, 20]
        );
        assert_eq!([at(511), at(512), at(i64::MAX)], [40, 40, 40]);
    }

    proptest! {
        #[test]
        fn rsh_should_equal_its_definition(x: i64, shift in -80i32..80) {
            prop_assert_eq!(rsh(x, shift), reference_rsh(x, shift));
        }
    }
}
