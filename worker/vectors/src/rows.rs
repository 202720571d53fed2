//! Operations on the elements of rows.

use crate::{
    operations::{not_minus_128, same_length, Row32, Row64},
    record::{record, Field},
    Fields, Value,
};
use aipg_exact::{
    activation::Activation, arithmetic::rsh, elementwise, gemm::dot, hadamard,
    quantise as quantisation,
};
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};

record! {
    /// Numbers, and by how much each is shifted.
    pub struct Shift {
        /// The numbers.
        pub x: Vec<i64>,
        /// One for each.
        pub shift: Vec<i32>,
    }

    /// What they give.
    pub struct Shifted {
        /// The numbers.
        pub y: Vec<i64>,
    }

    /// A row of the embedding.
    pub struct Embed {
        /// Its elements.
        pub elements: Vec<i8>,
        /// EM.
        pub multiplier: u32,
    }

    /// A quantised row and its scale.
    pub struct Quantised {
        /// The elements.
        pub values: Vec<i8>,
        /// Of the scale.
        pub mantissa: u16,
        /// Of the scale.
        pub exponent: i32,
    }

    /// The planes of a row quantised to 16 bits, and its scale.
    pub struct Planes {
        /// The high plane.
        pub high: Vec<i8>,
        /// The low plane.
        pub low: Vec<i8>,
        /// Of the scale.
        pub mantissa: u16,
        /// Of the scale.
        pub exponent: i32,
    }

    /// A product of an int8 row.
    pub struct Product {
        /// The row.
        pub input: Vec<i8>,
        /// Of the row's scale.
        pub mantissa: u16,
        /// Of the row's scale.
        pub exponent: i32,
        /// `[channels, inputs]`, row by row.
        pub weights: Vec<i8>,
        /// One for each channel.
        pub multipliers: Vec<u16>,
        /// S + f_in − f_out.
        pub shift: i32,
    }

    /// A product of a 16-bit row.
    pub struct ProductWide {
        /// The row's high plane.
        pub high: Vec<i8>,
        /// The row's low plane.
        pub low: Vec<i8>,
        /// Of the row's scale.
        pub mantissa: u16,
        /// Of the row's scale.
        pub exponent: i32,
        /// `[channels, inputs]`, row by row.
        pub weights: Vec<i8>,
        /// One for each channel.
        pub multipliers: Vec<u16>,
        /// S + f_in − f_out.
        pub shift: i32,
    }

    /// Outputs of a product and its biases.
    pub struct Biased {
        /// The outputs.
        pub x: Vec<i32>,
        /// One for each.
        pub biases: Vec<i32>,
    }

    /// Inputs of an activation function.
    pub struct Activate {
        /// Which.
        pub activation: Curve,
        /// Q12.
        pub x: Vec<i32>,
    }

    /// Inputs of a gated feed-forward layer.
    pub struct Gated {
        /// SiLU if there is none.
        pub activation: Option<Curve>,
        /// Q12.
        pub gate: Vec<i32>,
        /// Q12.
        pub up: Vec<i32>,
    }

    /// A row of the residual stream and what is added to it.
    pub struct Residual {
        /// The row.
        pub x: Vec<i32>,
        /// What is added.
        pub update: Vec<i32>,
    }
}

/// An activation function by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// SiLU.
    Silu,
    /// GELU.
    Gelu,
}

impl Curve {
    const fn function(self) -> Activation {
        match self {
            Self::Silu => Activation::Silu,
            Self::Gelu => Activation::Gelu,
        }
    }
}

impl Field for Curve {
    fn into_value(self) -> Value {
        let name = match self {
            Self::Silu => "silu",
            Self::Gelu => "gelu",
        };
        Value::Text(name.to_owned())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(name) if name == "silu" => Some(Self::Silu),
            Value::Text(name) if name == "gelu" => Some(Self::Gelu),
            _ => None,
        }
    }
}

/// A field that may be missing.
impl Field for Option<Curve> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, Curve::into_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        Curve::from_value(value).map(Some)
    }

    fn store(self, name: &str, fields: &mut Fields) {
        if let Some(curve) = self {
            curve.store(name, fields);
        }
    }

    fn load(name: &str, fields: &mut Fields) -> Result<Self, String> {
        match fields.contains_key(name) {
            true => Curve::load(name, fields).map(Some),
            false => Ok(None),
        }
    }
}

pub(crate) fn shift_right(inputs: Shift) -> Result<Shifted, String> {
    same_length("x and shift", inputs.x.len(), inputs.shift.len())?;
    let pairs = inputs.x.iter().zip(&inputs.shift);
    let y = pairs.map(|(&x, &shift)| rsh(x, shift)).collect();
    Ok(Shifted { y })
}

pub(crate) fn embed(inputs: Embed) -> Result<Row32, String> {
    not_minus_128(&inputs.elements)?;
    let elements = inputs.elements.iter();
    let x = elements.map(|&element| elementwise::embed(element, inputs.multiplier));
    Ok(Row32 { x: x.collect() })
}

pub(crate) fn quantise(inputs: Row64) -> Result<Quantised, String> {
    let mut values = vec![0; inputs.row.len()];
    let scale = quantisation::quantise_row(&inputs.row, &mut values).scale();
    Ok(Quantised {
        values,
        mantissa: scale.mantissa,
        exponent: scale.exponent,
    })
}

pub(crate) fn quantise_wide(inputs: Row64) -> Result<Planes, String> {
    let (mut high, mut low) = (vec![0; inputs.row.len()], vec![0; inputs.row.len()]);
    let scale = quantisation::quantise_row_wide(&inputs.row, &mut high, &mut low).scale();
    Ok(Planes {
        high,
        low,
        mantissa: scale.mantissa,
        exponent: scale.exponent,
    })
}

pub(crate) fn rotate(mut inputs: Row64) -> Result<Row64, String> {
    let length = inputs.row.len();
    if !length.is_multiple_of(hadamard::WIDTH) {
        return Err(format!("a row of {length} is not made of blocks of 64"));
    }
    hadamard::rotate(&mut inputs.row);
    Ok(inputs)
}

pub(crate) fn product(inputs: Product) -> Result<Row32, String> {
    let (width, channels) = (inputs.input.len(), inputs.multipliers.len());
    same_length("weights", inputs.weights.len(), width * channels)?;
    not_minus_128(&inputs.input)?;
    not_minus_128(&inputs.weights)?;
    let scale = quantisation::Scale {
        mantissa: inputs.mantissa,
        exponent: inputs.exponent,
    };
    let rows = inputs.weights.chunks_exact(width.max(1));
    let x = rows.zip(&inputs.multipliers).map(|(row, &multiplier)| {
        quantisation::requantise(dot(&inputs.input, row), scale, multiplier, inputs.shift)
    });
    Ok(Row32 { x: x.collect() })
}

pub(crate) fn product_wide(inputs: ProductWide) -> Result<Row32, String> {
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

pub(crate) fn add_biases(mut inputs: Biased) -> Result<Row32, String> {
    same_length("x and biases", inputs.x.len(), inputs.biases.len())?;
    elementwise::add_biases(&mut inputs.x, &inputs.biases);
    Ok(Row32 { x: inputs.x })
}

pub(crate) fn activate(inputs: Activate) -> Result<Row64, String> {
    let function = inputs.activation.function();
    let row = inputs.x.iter().map(|&x| function.apply(x)).collect();
    Ok(Row64 { row })
}

pub(crate) fn gated(inputs: Gated) -> Result<Row64, String> {
    same_length("gate and up", inputs.gate.len(), inputs.up.len())?;
    let function = inputs.activation.unwrap_or(Curve::Silu).function();
    let pairs = inputs.gate.iter().zip(&inputs.up);
    let row = pairs.map(|(&gate, &up)| function.gated(gate, up)).collect();
    Ok(Row64 { row })
}

pub(crate) fn residual(mut inputs: Residual) -> Result<Row32, String> {
    same_length("x and update", inputs.x.len(), inputs.update.len())?;
    elementwise::add_residual(&mut inputs.x, &inputs.update);
    Ok(Row32 { x: inputs.x })
}
