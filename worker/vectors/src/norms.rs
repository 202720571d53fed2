//! Norms of rows and of heads.

use crate::{
    operations::{same_length, Row32, Row64},
    record::record,
    rows::{rotate, Quantised},
};
use aipg_exact::{normalise as norms, quantise as quantisation};
use alloc::{string::String, vec, vec::Vec};

record! {
    /// A row for RMSNorm.
    pub struct Normalise {
        /// Q16.
        pub x: Vec<i32>,
        /// Q12.
        pub gain: Vec<i32>,
        /// The header's.
        pub epsilon: u32,
        /// Whether the result is rotated before it is quantised.
        pub rotated: bool,
    }

    /// A row for LayerNorm.
    pub struct LayerNorm {
        /// Q16.
        pub x: Vec<i32>,
        /// Q12.
        pub gain: Vec<i32>,
        /// Q12.
        pub biases: Vec<i32>,
        /// The header's.
        pub epsilon: u32,
        /// Whether the result is rotated before it is quantised.
        pub rotated: bool,
    }

    /// A query or key head.
    pub struct HeadNorm {
        /// Q12.
        pub head: Vec<i32>,
        /// Q12.
        pub gain: Vec<i32>,
        /// The header's.
        pub epsilon: u32,
    }
}

pub(crate) fn normalise(inputs: Normalise) -> Result<Quantised, String> {
    let Normalise {
        x,
        gain,
        epsilon,
        rotated,
    } = inputs;
    normalised(&x, &gain, None, epsilon, rotated)
}

/// RMSNorm, or what is left of a LayerNorm when the mean is off.
fn normalised(
    x: &[i32],
    gain: &[i32],
    biases: Option<&[i32]>,
    epsilon: u32,
    rotated: bool,
) -> Result<Quantised, String> {
    same_length("x and gain", x.len(), gain.len())?;
    let norm = norms::root_mean_square(x, epsilon);
    let mut row = vec![0; x.len()];
    norms::apply_gain(x, gain, &mut row);
    if let Some(biases) = biases {
        same_length("x and biases", x.len(), biases.len())?;
        norms::apply_norm_biases(&mut row, biases, norm);
    }
    if rotated {
        row = rotate(Row64 { row })?.row;
    }
    let mut values = vec![0; row.len()];
    let amplitude = quantisation::quantise_row(&row, &mut values);
    let scale = norms::normalised_scale(amplitude, norm);
    Ok(Quantised {
        values,
        mantissa: scale.mantissa,
        exponent: scale.exponent,
    })
}

pub(crate) fn layer_norm(inputs: LayerNorm) -> Result<Quantised, String> {
    let LayerNorm {
        mut x,
        gain,
        biases,
        epsilon,
        rotated,
    } = inputs;
    norms::centre(&mut x);
    normalised(&x, &gain, Some(&biases), epsilon, rotated)
}

pub(crate) fn head_norm(mut inputs: HeadNorm) -> Result<Row32, String> {
    same_length("head and gain", inputs.head.len(), inputs.gain.len())?;
    norms::normalise_head(&mut inputs.head, &inputs.gain, inputs.epsilon);
    Ok(Row32 { x: inputs.head })
}
