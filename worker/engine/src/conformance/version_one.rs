//! The operations that came with version 1 of the semantics.

use super::operations::{not_minus_128, same_length, Row32, Row64};
use aipg_exact::{activation::Activation, elementwise, gemm::dot, quantise as quantisation};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub struct Planes {
    high: Vec<i8>,
    low: Vec<i8>,
    mantissa: u16,
    exponent: i32,
}

pub fn quantise_wide(inputs: Row64) -> Result<Planes, String> {
    let (mut high, mut low) = (vec![0; inputs.row.len()], vec![0; inputs.row.len()]);
    let scale = quantisation::quantise_row_wide(&inputs.row, &mut high, &mut low).scale();
    Ok(Planes {
        high,
        low,
        mantissa: scale.mantissa,
        exponent: scale.exponent,
    })
}

#[derive(Deserialize, Serialize)]
pub struct ProductWide {
    pub high: Vec<i8>,
    pub low: Vec<i8>,
    pub mantissa: u16,
    pub exponent: i32,
    /// `[channels, inputs]`, row by row.
    pub weights: Vec<i8>,
    pub multipliers: Vec<u16>,
    /// S + f_in − f_out.
    pub shift: i32,
}

pub fn product_wide(inputs: ProductWide) -> Result<Row32, String> {
    let (width, channels) = (inputs.high.len(), inputs.multipliers.len());
    same_length("high and low", width, inputs.low.len())?;
    same_length("weights", inputs.weights.len(), width * channels)?;
    for elements in [&inputs.high, &inputs.low, &inputs.weights] {
        not_minus_128(elements)?;
    }
    let scale = quantisation::Scale {
        mantissa: inputs.mantissa,
        exponent: inputs.exponent,
    };
    let rows = inputs.weights.chunks_exact(width.max(1));
    let x = rows.zip(&inputs.multipliers).map(|(row, &multiplier)| {
        let sum = quantisation::wide_sum(dot(&inputs.high, row), dot(&inputs.low, row));
        quantisation::requantise_wide(sum, scale, multiplier, inputs.shift)
    });
    Ok(Row32 { x: x.collect() })
}

#[derive(Deserialize, Serialize)]
pub struct Biased {
    pub x: Vec<i32>,
    pub biases: Vec<i32>,
}

pub fn add_biases(mut inputs: Biased) -> Result<Row32, String> {
    same_length("x and biases", inputs.x.len(), inputs.biases.len())?;
    elementwise::add_biases(&mut inputs.x, &inputs.biases);
    Ok(Row32 { x: inputs.x })
}

/// An activation function by name.
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Curve {
    #[default]
    Silu,
    Gelu,
}

impl Curve {
    pub const fn is_silu(&self) -> bool {
        matches!(self, Self::Silu)
    }

    pub const fn function(self) -> Activation {
        match self {
            Self::Silu => Activation::Silu,
            Self::Gelu => Activation::Gelu,
        }
    }
}

#[derive(Deserialize, Serialize)]
pub struct Activate {
    pub activation: Curve,
    pub x: Vec<i32>,
}

pub fn activate(inputs: Activate) -> Result<Row64, String> {
    let function = inputs.activation.function();
    let row = inputs.x.iter().map(|&x| function.apply(x)).collect();
    Ok(Row64 { row })
}
