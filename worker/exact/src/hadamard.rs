//! Rotation by the Hadamard matrix of order 64, which spreads outliers over a block before it is
//! quantised. The weights that read the rotated input hold W · H / 64, so the product is the same.

/// Width of a block.
pub const WIDTH: usize = 64;

/// Largest magnitude that enters; larger values count as it. Every input of the semantics is below
/// 2⁵⁶, so this only makes the function total: sums of 64 fit 62 bits.
pub const MAX_INPUT: i64 = 1 << 56;

/// Multiplies consecutive blocks of 64 values by H (unnormalised, Sylvester order:
/// `H[i][j] = (−1)^popcount(i & j)`). A remainder shorter than a block is left alone.
pub fn rotate(values: &mut [i64]) {
    for block in values.chunks_exact_mut(WIDTH) {
        for value in block.iter_mut() {
            *value = (*value).clamp(-MAX_INPUT, MAX_INPUT);
        }
        let mut half = 1;
        while half < WIDTH {
            for pair in block.chunks_exact_mut(2 * half) {
                let (low, high) = pair.split_at_mut(half);
                for (a, b) in low.iter_mut().zip(high) {
                    (*a, *b) = (*a + *b, *a - *b);
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reference(block: &[i64]) -> Vec<i64> {
        (0..WIDTH)
            .map(|i| {
                let sum: i128 = block
                    .iter()
                    .enumerate()
                    .map(|(j, &x)| {
                        let x = i128::from(x.clamp(-MAX_INPUT, MAX_INPUT));
                        if (i & j).count_ones() % 2 == 0 {
                            x
                        } else {
                            -x
                        }
                    })
                    .sum();
                i64::try_from(sum).unwrap()
            })
            .collect()
    }

    #[test]
    fn rotate_should_hold_on_extremes() {
        for value in [i64::MAX, i64::MIN, MAX_INPUT, -MAX_INPUT, 1, 0] {
            let mut block = [value; WIDTH];
            let expected = reference(&block);
            rotate(&mut block);
            assert_eq!(block.to_vec(), expected);
        }
    }

    #[test]
    fn rotate_should_leave_a_short_remainder_alone() {
        let mut values: Vec<i64> = (0..70).collect();
        rotate(&mut values);
        assert_eq!(values[64..], [64, 65, 66, 67, 68, 69]);
        assert_ne!(values[1], 1);
    }

    proptest! {
        #[test]
        fn rotate_should_equal_the_matrix_product(
            block in proptest::collection::vec(any::<i64>(), WIDTH), shift in 0u32..63,
        ) {
            let mut block: Vec<i64> = block.into_iter().map(|x| x >> shift).collect();
            let expected = reference(&block);
            rotate(&mut block);
            prop_assert_eq!(block, expected);
        }

        #[test]
        fn rotate_twice_should_multiply_by_64(
            block in proptest::collection::vec(-1_000_000i64..1_000_000, WIDTH),
        ) {
            let mut twice = block.clone();
            rotate(&mut twice);
            rotate(&mut twice);
            prop_assert_eq!(twice, block.iter().map(|x| x * 64).collect::<Vec<_>>());
        }
    }
}
