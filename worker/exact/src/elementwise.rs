//! Embedding, addition of residuals and biases, and greedy sampling.

use crate::arithmetic::{rsh, saturate};

/// One element of an embedding row in the residual format: rsh(E · EM, 16).
///
/// `multiplier` belongs to the row; the product has at most 7 + 32 bits.
#[inline]
pub fn embed(element: i8, multiplier: u32) -> i32 {
    saturate(rsh(i64::from(element) * i64::from(multiplier), 16))
}

/// Adds `update` to `residual`, saturating at ±(2³¹ − 1).
pub fn add_residual(residual: &mut [i32], update: &[i32]) {
    for (slot, &update) in residual.iter_mut().zip(update) {
        *slot = saturate(i64::from(*slot) + i64::from(update));
    }
}

/// Adds `biases` to the outputs of a matrix product, in their format, saturating at ±(2³¹ − 1). Any
/// i32 is a bias: the sum has 33 bits.
pub fn add_biases(outputs: &mut [i32], biases: &[i32]) {
    add_residual(outputs, biases);
}

/// Index of the largest logit; ties go to the lowest index. `None` if there are no logits.
pub fn argmax(logits: &[i32]) -> Option<u32> {
    let mut best: Option<(u32, i32)> = None;
    for (index, &logit) in (0u32..).zip(logits) {
        if best.is_none_or(|(_, largest)| logit > largest) {
            best = Some((index, logit));
        }
    }
    best.map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embed_should_hold_on_extremes() {
        assert_eq!(embed(127, u32::MAX), 127 << 16);
        assert_eq!(embed(-127, u32::MAX), -(127 << 16));
        assert_eq!(embed(-128, u32::MAX), -(128 << 16));
        assert_eq!(embed(1, 1 << 15), 1, "half rounds up");
        assert_eq!(embed(-1, 1 << 15), 0, "half rounds towards plus infinity");
    }

    #[test]
    fn add_residual_should_saturate_symmetrically() {
        let mut residual = [i32::MAX, -i32::MAX, i32::MIN, 5];
        add_residual(&mut residual, &[1, -1, i32::MIN, -7]);
        assert_eq!(residual, [i32::MAX, -i32::MAX, -i32::MAX, -2]);
    }

    #[test]
    fn add_biases_should_saturate_symmetrically() {
        let mut outputs = [-i32::MAX, i32::MAX, 7];
        add_biases(&mut outputs, &[i32::MIN, i32::MAX, -9]);
        assert_eq!(outputs, [-i32::MAX, i32::MAX, -2]);
    }

    #[test]
    fn argmax_should_take_the_lowest_index_when_logits_tie() {
        assert_eq!(argmax(&[1, 7, 7, 3]), Some(1));
        assert_eq!(argmax(&[i32::MIN, i32::MIN]), Some(0));
        assert_eq!(argmax(&[-3, -2, -2]), Some(1));
        assert_eq!(argmax(&[]), None);
    }
}
