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

/// Weight rows that share a word in [`tile`].
const LANES: usize = 3;

/// Bits of a lane.
const LANE_BITS: u32 = 21;

/// Products that a lane holds: 63 · 2¹⁴ < 2²⁰, whatever the elements are.
const LANE_TERMS: usize = 63;

/// Adds to `output` `[m, n]` the products of `rows` `[m, columns]` with `weights` `[n, columns]`, each
/// of them [`dot`].
///
/// For processors without vectors, WebAssembly above all: three weights lie in a word of 64 bits, 21
/// bits each, so that one multiplication by an element of a row makes three products. A word is
/// w₀ + 2²¹·w₁ + 2⁴²·w₂ as a whole number, negative weights included, so sums of words are words of the sums
/// as long as each stays below 2²⁰.
///
/// Rows that are not whole, or outputs beyond them, are left alone.
pub fn tile(rows: &[i8], weights: &[i8], columns: usize, output: &mut [i32]) {
    let columns = columns.max(1);
    let channels = (weights.len() / columns).max(1);
    let triples = weights.chunks(columns.saturating_mul(LANES));
    for (first, triple) in (0..).step_by(LANES).zip(triples) {
        for start in (0..columns).step_by(LANE_TERMS) {
            let mut words = [0i64; LANE_TERMS];
            let mut lanes_used = 0;
            for (lane, row) in (0u32..).zip(triple.chunks_exact(columns)) {
                for (word, &weight) in words.iter_mut().zip(row.iter().skip(start)) {
                    *word = word.wrapping_add(i64::from(weight) << (LANE_BITS * lane));
                }
                lanes_used += 1;
            }
            let outputs = output.chunks_exact_mut(channels);
            for (row, output) in rows.chunks_exact(columns).zip(outputs) {
                let terms = words.iter().zip(row.iter().skip(start));
                let sum = terms.fold(0i64, |sum, (&word, &element)| {
                    sum.wrapping_add(word.wrapping_mul(i64::from(element)))
                });
                let slots = output.iter_mut().skip(first).take(lanes_used);
                for (slot, sum) in slots.zip(lanes(sum)) {
                    *slot = slot.wrapping_add(sum);
                }
            }
        }
    }
}

/// The sums in a word, lowest first.
const fn lanes(word: i64) -> [i32; LANES] {
    const REST: u32 = 64 - LANE_BITS;
    let first = word << REST >> REST;
    let word = (word - first) >> LANE_BITS;
    let second = word << REST >> REST;
    let third = (word - second) >> LANE_BITS;
    [first as i32, second as i32, third as i32]
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

    fn products(rows: &[i8], weights: &[i8], columns: usize) -> Vec<i32> {
        let each = |row| {
            weights
                .chunks_exact(columns)
                .map(move |weights| dot(row, weights))
        };
        rows.chunks_exact(columns).flat_map(each).collect()
    }

    #[test]
    fn tile_should_be_exact_when_all_elements_are_extremes() {
        for columns in [1, 62, 63, 64, 126, 127, 256] {
            for (a, b) in [(-128, -128), (127, 127), (127, -128), (-127, 127)] {
                // Neighbours of the other sign borrow from a lane's upper bits.
                let rows = [vec![a; columns], vec![b; columns]].concat();
                let weights = [a, b, b, a, b].map(|x| vec![x; columns]).concat();
                let mut output = vec![0; 10];
                tile(&rows, &weights, columns, &mut output);
                assert_eq!(
                    output,
                    products(&rows, &weights, columns),
                    "{columns}, {a}, {b}"
                );
            }
        }
    }

    #[test]
    fn tile_should_leave_alone_what_is_not_whole() {
        let mut output = [7; 3];
        tile(&[1, 2], &[], 2, &mut output);
        tile(&[], &[1, 2], 0, &mut output);
        tile(&[1], &[1, 2], 2, &mut output);
        tile(&[1, 2], &[1], 2, &mut output);
        assert_eq!(output, [7; 3]);
    }

    proptest! {
        #[test]
        fn tile_should_equal_the_products(
            (columns, rows, weights) in (1usize..200, 1usize..6, 1usize..20).prop_flat_map(
                |(columns, rows, channels)| (
                    Just(columns),
                    proptest::collection::vec(any::<i8>(), columns * rows),
                    proptest::collection::vec(any::<i8>(), columns * channels),
                )
            ),
        ) {
            let expected = products(&rows, &weights, columns);
            let mut output = vec![0; expected.len()];
            tile(&rows, &weights, columns, &mut output);
            prop_assert_eq!(output, expected);
        }

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
