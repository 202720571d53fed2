//! Rotary position embedding with committed Q15 tables.

use crate::arithmetic::{rsh, saturate};

/// Fractional bits of the table; 1.0 is stored as 32767.
pub const TABLE_BITS: i32 = 15;

/// Rotates one head in place: pairs (i, i + half), with `cosines` and `sines` of the position,
/// `head.len() / 2` entries each. Products have at most 31 + 15 + 1 = 47 bits.
pub fn rotate(head: &mut [i32], cosines: &[i16], sines: &[i16]) {
    let half = head.len() / 2;
    let (low, high) = head.split_at_mut(half);
    let table = cosines.iter().zip(sines);
    for ((a, b), (&cosine, &sine)) in low.iter_mut().zip(high).zip(table) {
        let (x, y) = (i64::from(*a), i64::from(*b));
        let (cosine, sine) = (i64::from(cosine), i64::from(sine));
        *a = saturate(rsh(x * cosine - y * sine, TABLE_BITS));
        *b = saturate(rsh(x * sine + y * cosine, TABLE_BITS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rotate_should_turn_by_a_quarter() {
        let mut head = [100, 200, 300, 400];
        rotate(&mut head, &[0, 32767], &[32767, 0]);
        assert_eq!(head, [-300, 200, 100, 400]);
    }

    #[test]
    fn rotate_should_saturate_on_extremes() {
        for value in [i32::MIN, i32::MAX] {
            for entry in [i16::MIN, i16::MAX] {
                let mut head = [value, value];
                rotate(&mut head, &[entry], &[entry]);
                assert!(head.iter().all(|&x| x != i32::MIN));
            }
        }
        let mut head = [i32::MIN, i32::MAX];
        rotate(&mut head, &[i16::MAX], &[i16::MAX]);
        assert_eq!(head[0], -i32::MAX);
    }

    proptest! {
        #[test]
        fn rotate_should_equal_wide_arithmetic(x: i32, y: i32, cosine: i16, sine: i16) {
            let mut head = [x, y];
            rotate(&mut head, &[cosine], &[sine]);
            let wide = |value: i128| {
                let limit = i128::from(i32::MAX);
                ((value + (1 << 14)) >> 15).clamp(-limit, limit) as i32
            };
            let [x, y] = [x, y].map(i128::from);
            let [cosine, sine] = [cosine, sine].map(i128::from);
            prop_assert_eq!(head, [wide(x * cosine - y * sine), wide(x * sine + y * cosine)]);
        }
    }
}
