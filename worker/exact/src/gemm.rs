//! int8 matrix products with exact i32 sums.

/// Inner product Σ a·b of two int8 vectors as i32, over the length of the shorter.
///
/// Without −128 each product is at most 127², so the sum is exact up to
/// [`crate::header::MAX_INNER_DIMENSION`] terms, and no order of summation differs. The wrapping
/// operations say what happens beyond (the sum modulo 2³²) and let the loop vectorise.
#[inline]
pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).fold(0i32, |sum, (&a, &b)| {
        sum.wrapping_add(i32::from(a).wrapping_mul(i32::from(b)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::MAX_INNER_DIMENSION;
    use proptest::prelude::*;

    #[test]
    fn dot_should_be_exact_when_the_inner_dimension_is_the_largest() {
        let length = MAX_INNER_DIMENSION as usize;
        let (a, b) = (vec![127i8; length], vec![-127i8; length]);
        assert_eq!(i64::from(dot(&a, &a)), length as i64 * 127 * 127);
        assert_eq!(i64::from(dot(&a, &b)), -(length as i64 * 127 * 127));
        // One more term would not fit.
        assert!((length as i64 + 1) * 127 * 127 > i64::from(i32::MAX));
    }

    proptest! {
        #[test]
        fn dot_should_not_depend_on_order(
            pairs in proptest::collection::vec((-127i8..=127, -127i8..=127), 0..200),
            seed: u64,
        ) {
            let (a, b): (Vec<i8>, Vec<i8>) = pairs.iter().copied().unzip();
            let exact: i64 = pairs.iter().map(|&(a, b)| i64::from(a) * i64::from(b)).sum();
            prop_assert_eq!(i64::from(dot(&a, &b)), exact);

            let mut permuted = pairs.clone();
            permuted.sort_by_key(|&(a, b)| {
                (a as u64 ^ ((b as u64) << 8) ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            });
            let (a, b): (Vec<i8>, Vec<i8>) = permuted.into_iter().unzip();
            let split = a.len() / 3;
            let tiled = dot(&a[split..], &b[split..]) + dot(&a[..split], &b[..split]);
            prop_assert_eq!(i64::from(tiled), exact);
        }
    }
}
