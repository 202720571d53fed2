//! Norms of rows and of heads.

use super::operations::{rotate, same_length, Quantised, Row32, Row64};
use aipg_exact::{normalise as norms, quantise as quantisation};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub struct Normalise {
    pub x: Vec<i32>,
    pub gain: Vec<i32>,
    pub epsilon: u32,
    pub rotated: bool,
}

pub fn normalise(inputs: Normalise) -> Result<Quantised, String> {
    let Normalise {
        x,
        gain,
        epsilon,
        rotated,
    } = inputs;
    normalised(&x, &gain, None, epsilon, rotated)
}

/// RMSNorm, or what is left of a LayerNorm when the mean is off.
pub fn normalised(
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
    Ok(Quantised::new(
        values,
        norms::normalised_scale(amplitude, norm),
    ))
}

#[derive(Deserialize, Serialize)]
pub struct LayerNorm {
    pub x: Vec<i32>,
    pub gain: Vec<i32>,
    pub biases: Vec<i32>,
    pub epsilon: u32,
    pub rotated: bool,
}

pub fn layer_norm(inputs: LayerNorm) -> Result<Quantised, String> {
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

#[derive(Deserialize, Serialize)]
pub struct HeadNorm {
    pub head: Vec<i32>,
    pub gain: Vec<i32>,
    pub epsilon: u32,
}

pub fn head_norm(mut inputs: HeadNorm) -> Result<Row32, String> {
    same_length("head and gain", inputs.head.len(), inputs.gain.len())?;
    norms::normalise_head(&mut inputs.head, &inputs.gain, inputs.epsilon);
    Ok(Row32 { x: inputs.head })
}
