//! Float tensors to int8 elements and integer scales.

use super::{checkpoint::FloatNorm, math::power_of_two, ConvertError};
use aipg_exact::{hadamard::WIDTH, normalise::MAX_GAIN};
use rayon::prelude::*;

/// Largest magnitude of an int8 element.
const MAX_INT8: f64 = 127.0;

/// An int8 tensor and the scale of each of its rows: element · scale ≈ the float.
struct Quantised {
    elements: Vec<u8>,
    scales: Vec<f64>,
}

/// Symmetric quantisation per row, rounding half away from zero. Rows do not depend on each other, so it does
/// not matter which core takes which.
fn quantise(elements: &[f32], columns: usize, rotated: bool) -> Quantised {
    let mut quantised = Quantised {
        elements: vec![0; elements.len()],
        scales: vec![0.0; elements.len() / columns],
    };
    quantised
        .elements
        .par_chunks_exact_mut(columns)
        .zip(&mut quantised.scales)
        .zip(elements.par_chunks_exact(columns))
        .for_each(|((bytes, scale), row)| {
            let mut row = widen(row);
            if rotated {
                rotate(&mut row);
            }
            *scale = quantise_row(&row, bytes);
        });
    quantised
}

/// Returns the scale of the row.
fn quantise_row(row: &[f64], bytes: &mut [u8]) -> f64 {
    let largest = row.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    let scale = largest / MAX_INT8;
    for (byte, x) in bytes.iter_mut().zip(row) {
        let q = if scale > 0.0 {
            (x / scale).round().clamp(-MAX_INT8, MAX_INT8)
        } else {
            0.0
        };
        *byte = (q as i8).to_le_bytes()[0];
    }
    scale
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

/// A matrix as it stands in the sections: S and multipliers, and elements.
#[derive(Clone, Debug)]
pub(crate) struct IntegerMatrix {
    /// S and M, or EM, little-endian.
    pub multipliers: Vec<u8>,
    /// int8, row by row.
    pub elements: Vec<u8>,
}

/// Embedding: EM = round(s · 2³²) of each row.
pub(crate) fn embedding(
    name: &str,
    elements: &[f32],
    columns: usize,
) -> Result<IntegerMatrix, ConvertError> {
    let quantised = quantise(elements, columns, false);
    let mut multipliers = Vec::new();
    for scale in &quantised.scales {
        let multiplier = (scale * power_of_two(32)).round();
        if multiplier > f64::from(u32::MAX) {
            return Err(ConvertError::OutOfRange(format!("{name}.weight")));
        }
        multipliers.extend((multiplier as u32).to_le_bytes());
    }
    Ok(IntegerMatrix {
        multipliers,
        elements: quantised.elements,
    })
}

/// Matrix: S and M = round(s / 127 · 2^S) of each row. S is the one that puts the largest M into
/// [2¹⁴, 2¹⁵].
pub(crate) fn matrix(
    name: &str,
    elements: &[f32],
    columns: usize,
    rotated: bool,
) -> Result<IntegerMatrix, ConvertError> {
    let quantised = quantise(elements, columns, rotated);
    let largest = quantised
        .scales
        .iter()
        .fold(0.0f64, |largest, s| largest.max(*s))
        / MAX_INT8;
    if largest >= power_of_two(15) {
        return Err(ConvertError::OutOfRange(format!("{name}.weight")));
    }
    let mut shift = 0u16;
    let mut factor = 1.0;
    while largest > 0.0 && largest * factor < power_of_two(14) {
        factor *= 2.0;
        shift += 1;
    }
    let mut multipliers = shift.to_le_bytes().to_vec();
    for scale in &quantised.scales {
        let multiplier = (scale / MAX_INT8 * factor).round() as u16;
        multipliers.extend(multiplier.to_le_bytes());
    }
    Ok(IntegerMatrix {
        multipliers,
        elements: quantised.elements,
    })
}

/// Biases of a product as i32 of `fraction_bits`.
pub(super) fn biases(
    name: &str,
    biases: &[f32],
    fraction_bits: u32,
) -> Result<Vec<u8>, ConvertError> {
    let most = f64::from(i32::MAX);
    fixed_point(format!("{name}.bias"), biases, fraction_bits, most)
}

/// Gains and biases of a norm in Q12.
pub(super) fn norm(norm: &FloatNorm) -> Result<Vec<u8>, ConvertError> {
    let most = f64::from(MAX_GAIN);
    let mut bytes = fixed_point(format!("{}.weight", norm.name), &norm.gains, 12, most)?;
    if let Some(biases) = &norm.biases {
        bytes.extend(fixed_point(
            format!("{}.bias", norm.name),
            biases,
            12,
            most,
        )?);
    }
    Ok(bytes)
}

/// Floats as i32 of `fraction_bits`, of magnitude at most `most`.
fn fixed_point(
    name: String,
    floats: &[f32],
    fraction_bits: u32,
    most: f64,
) -> Result<Vec<u8>, ConvertError> {
    let mut bytes = Vec::with_capacity(4 * floats.len());
    for &float in floats {
        let fixed = (f64::from(float) * power_of_two(fraction_bits)).round();
        if fixed.abs() > most {
            return Err(ConvertError::OutOfRange(name));
        }
        bytes.extend((fixed as i32).to_le_bytes());
    }
    Ok(bytes)
}

fn widen(elements: &[f32]) -> Vec<f64> {
    elements.iter().copied().map(f64::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrix_should_give_back_its_floats() {
        let elements: Vec<f32> = (0..128i16)
            .map(|i| f32::from(i * 37 % 101 - 50) * 0.001)
            .collect();
        let integers = matrix("w", &elements, 64, false).unwrap();
        let number = |at: usize| {
            let bytes = &integers.multipliers[at..at + 2];
            u16::from_le_bytes([bytes[0], bytes[1]])
        };
        let shift = i32::from(number(0));
        assert_eq!(integers.multipliers.len(), 2 + 2 * 2);
        assert!((1 << 14..=1 << 15).contains(&number(2).max(number(4))));
        for (i, (&x, &q)) in elements.iter().zip(&integers.elements).enumerate() {
            let scale = f64::from(number(2 + 2 * (i / 64))) * 127.0 / 2f64.powi(shift);
            assert!(
                (f64::from(q as i8) * scale - f64::from(x)).abs() <= scale * 0.51,
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
        let zero = matrix("w", &[0.0; 8], 4, false).unwrap();
        assert_eq!((zero.multipliers, zero.elements), (vec![0; 6], vec![0; 8]));
    }

    #[test]
    fn scales_should_be_refused_when_out_of_range() {
        fn refused<T>(result: Result<T, ConvertError>) {
            assert!(
                matches!(result, Err(ConvertError::OutOfRange(name)) if name.starts_with("x."))
            );
        }
        let one = |element: f32| embedding("x", &[element], 1);
        let norms = |gain: f32, bias: f32| {
            norm(&FloatNorm {
                name: "x".into(),
                gains: vec![gain],
                biases: Some(vec![bias]),
            })
        };
        refused(one(127.01));
        refused(matrix("x", &[1e9], 1, false));
        refused(norms(1024.1, 0.0));
        refused(norms(-1024.1, 0.0));
        refused(norms(0.0, 1024.1));
        refused(biases("x", &[524_289.0], 12));
        assert_eq!(
            norms(-1024.0, 0.25).unwrap(),
            [0, 0, 0xc0, 0xff, 0, 4, 0, 0]
        );
        assert_eq!(biases("x", &[-2.0], 16).unwrap(), [0, 0, 0xfe, 0xff]);
        assert!(one(126.99).is_ok());
    }
}
