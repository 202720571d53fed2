//! Float tensors to int8 elements and integer scales.

use super::{math::power_of_two, ConvertError};
use aipg_exact::{hadamard::WIDTH, normalise::MAX_GAIN};

/// Largest magnitude of an int8 element.
const MAX_INT8: f64 = 127.0;

/// An int8 tensor and the scale of each of its rows: element · scale ≈ the float.
struct Quantised {
    elements: Vec<u8>,
    scales: Vec<f64>,
}

/// Symmetric quantisation per row, rounding half away from zero.
fn quantise(elements: &[f64], columns: usize) -> Quantised {
    let mut quantised = Quantised {
        elements: Vec::with_capacity(elements.len()),
        scales: vec![],
    };
    for row in elements.chunks_exact(columns) {
        let largest = row.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        let scale = largest / MAX_INT8;
        quantised.scales.push(scale);
        quantised.elements.extend(row.iter().map(|x| {
            let q = if scale > 0.0 {
                (x / scale).round().clamp(-MAX_INT8, MAX_INT8)
            } else {
                0.0
            };
            (q as i8).to_le_bytes()[0]
        }));
    }
    quantised
}

/// W · H / 64 in blocks of 64 columns, so that products with an input rotated by H are those of W.
fn rotate(elements: &mut [f64]) {
    for block in elements.chunks_exact_mut(WIDTH) {
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
        block.iter_mut().for_each(|x| *x /= WIDTH as f64);
    }
}

/// Embedding: appends EM = round(s · 2³²) of each row to `scales`, elements to `weights`.
pub(crate) fn push_embedding(
    name: &str,
    elements: &[f64],
    columns: usize,
    scales: &mut Vec<u8>,
    weights: &mut Vec<u8>,
) -> Result<(), ConvertError> {
    let quantised = quantise(elements, columns);
    for scale in &quantised.scales {
        let multiplier = (scale * power_of_two(32)).round();
        if multiplier > f64::from(u32::MAX) {
            return Err(ConvertError::OutOfRange(name.into()));
        }
        scales.extend((multiplier as u32).to_le_bytes());
    }
    weights.extend(quantised.elements);
    Ok(())
}

/// Matrix: appends S and M = round(s / 127 · 2^S) of each row to `scales`, elements to `weights`.
/// S is the one that puts the largest M into [2¹⁴, 2¹⁵].
pub(crate) fn push_matrix(
    name: &str,
    mut elements: Vec<f64>,
    columns: usize,
    rotated: bool,
    scales: &mut Vec<u8>,
    weights: &mut Vec<u8>,
) -> Result<(), ConvertError> {
    if rotated {
        rotate(&mut elements);
    }
    let quantised = quantise(&elements, columns);
    let largest = quantised
        .scales
        .iter()
        .fold(0.0f64, |largest, s| largest.max(*s))
        / MAX_INT8;
    if largest >= power_of_two(15) {
        return Err(ConvertError::OutOfRange(name.into()));
    }
    let mut shift = 0u16;
    let mut factor = 1.0;
    while largest > 0.0 && largest * factor < power_of_two(14) {
        factor *= 2.0;
        shift += 1;
    }
    scales.extend(shift.to_le_bytes());
    for scale in &quantised.scales {
        let multiplier = (scale / MAX_INT8 * factor).round() as u16;
        scales.extend(multiplier.to_le_bytes());
    }
    weights.extend(quantised.elements);
    Ok(())
}

/// Gains in Q12.
pub(crate) fn push_gain(
    name: &str,
    elements: &[f64],
    scales: &mut Vec<u8>,
) -> Result<(), ConvertError> {
    for element in elements {
        let gain = (element * 4096.0).round();
        if gain.abs() > f64::from(MAX_GAIN) {
            return Err(ConvertError::OutOfRange(name.into()));
        }
        scales.extend((gain as i32).to_le_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrix_should_give_back_its_floats() {
        let elements: Vec<f64> = (0..128)
            .map(|i| f64::from(i * 37 % 101 - 50) * 0.001)
            .collect();
        let (mut scales, mut weights) = (vec![], vec![]);
        push_matrix("w", elements.clone(), 64, false, &mut scales, &mut weights).unwrap();
        let number = |at: usize| u16::from_le_bytes([scales[at], scales[at + 1]]);
        let shift = i32::from(number(0));
        assert_eq!(scales.len(), 2 + 2 * 2);
        assert!((1 << 14..=1 << 15).contains(&number(2).max(number(4))));
        for (i, (&x, &q)) in elements.iter().zip(&weights).enumerate() {
            let scale = f64::from(number(2 + 2 * (i / 64))) * 127.0 / 2f64.powi(shift);
            assert!(
                (f64::from(q as i8) * scale - x).abs() <= scale * 0.51,
                "{x}"
            );
        }
    }

    #[test]
    fn rotation_should_keep_products() {
        let weights: Vec<f64> = (0..64).map(|i| f64::from(i * 29 % 64) - 31.5).collect();
        let input: Vec<i64> = (0..64).map(|i| i * 17 % 61 - 30).collect();
        let plain: f64 = weights.iter().zip(&input).map(|(w, &x)| w * x as f64).sum();
        let (mut rotated, mut rotated_input) = (weights, input);
        rotate(&mut rotated);
        aipg_exact::hadamard::rotate(&mut rotated_input);
        let product: f64 = rotated
            .iter()
            .zip(&rotated_input)
            .map(|(w, &x)| w * x as f64)
            .sum();
        assert!((product - plain).abs() < 1e-9);
    }

    #[test]
    fn zero_rows_should_stay_zero() {
        let (mut scales, mut weights) = (vec![], vec![]);
        push_matrix("w", vec![0.0; 8], 4, false, &mut scales, &mut weights).unwrap();
        assert_eq!((scales, weights), (vec![0; 6], vec![0; 8]));
    }

    #[test]
    fn scales_should_be_refused_when_out_of_range() {
        let (mut scales, mut weights) = (vec![], vec![]);
        let refused = |result: Result<(), ConvertError>| {
            assert!(matches!(result, Err(ConvertError::OutOfRange(name)) if name == "x"));
        };
        refused(push_embedding("x", &[127.01], 1, &mut scales, &mut weights));
        refused(push_matrix(
            "x",
            vec![1e9],
            1,
            false,
            &mut scales,
            &mut weights,
        ));
        refused(push_gain("x", &[1024.1], &mut scales));
        refused(push_gain("x", &[-1024.1], &mut scales));
        push_gain("x", &[-1024.0], &mut scales).unwrap();
        push_embedding("x", &[126.99], 1, &mut scales, &mut weights).unwrap();
    }
}
