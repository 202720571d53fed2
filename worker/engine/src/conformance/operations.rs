//! Inputs and outputs of each operation, and the calls that lead from one to the other.

use super::version_one::Curve;
use crate::{blob, sampling::Parameters, Blake2b256, Model, Sampler};
use aipg_exact::{
    arithmetic::rsh, attention, commitment::DigestBuilder, elementwise, gemm::dot, hadamard,
    quantise as quantisation, rope,
};
use serde::{Deserialize, Serialize};

/// Refuses lists whose lengths do not belong together.
pub fn same_length(what: &str, a: usize, b: usize) -> Result<(), String> {
    if a == b {
        return Ok(());
    }
    Err(format!("{what}: {a} and {b}"))
}

pub fn not_minus_128(values: &[i8]) -> Result<(), String> {
    match values.contains(&i8::MIN) {
        true => Err("-128 is no int8 element".into()),
        false => Ok(()),
    }
}

#[derive(Deserialize, Serialize)]
pub struct Shift {
    pub x: Vec<i64>,
    pub shift: Vec<i32>,
}

#[derive(Serialize)]
pub struct Shifted {
    y: Vec<i64>,
}

pub fn shift_right(inputs: Shift) -> Result<Shifted, String> {
    same_length("x and shift", inputs.x.len(), inputs.shift.len())?;
    let pairs = inputs.x.iter().zip(&inputs.shift);
    let y = pairs.map(|(&x, &shift)| rsh(x, shift)).collect();
    Ok(Shifted { y })
}

#[derive(Deserialize, Serialize)]
pub struct Embed {
    pub elements: Vec<i8>,
    pub multiplier: u32,
}

#[derive(Serialize)]
pub struct Row32 {
    pub x: Vec<i32>,
}

pub fn embed(inputs: Embed) -> Result<Row32, String> {
    not_minus_128(&inputs.elements)?;
    let elements = inputs.elements.iter();
    let x = elements.map(|&element| elementwise::embed(element, inputs.multiplier));
    Ok(Row32 { x: x.collect() })
}

#[derive(Deserialize, Serialize)]
pub struct Row64 {
    pub row: Vec<i64>,
}

/// A quantised row and its scale.
#[derive(Serialize)]
pub struct Quantised {
    values: Vec<i8>,
    mantissa: u16,
    exponent: i32,
}

impl Quantised {
    /// A row with its scale.
    pub const fn new(values: Vec<i8>, scale: quantisation::Scale) -> Self {
        Self {
            values,
            mantissa: scale.mantissa,
            exponent: scale.exponent,
        }
    }
}

pub fn quantise(inputs: Row64) -> Result<Quantised, String> {
    let mut values = vec![0; inputs.row.len()];
    let scale = quantisation::quantise_row(&inputs.row, &mut values).scale();
    Ok(Quantised::new(values, scale))
}

pub fn rotate(mut inputs: Row64) -> Result<Row64, String> {
    if !inputs.row.len().is_multiple_of(hadamard::WIDTH) {
        return Err(format!(
            "a row of {} is not made of blocks of 64",
            inputs.row.len()
        ));
    }
    hadamard::rotate(&mut inputs.row);
    Ok(inputs)
}

#[derive(Deserialize, Serialize)]
pub struct Product {
    pub input: Vec<i8>,
    pub mantissa: u16,
    pub exponent: i32,
    /// `[channels, inputs]`, row by row.
    pub weights: Vec<i8>,
    pub multipliers: Vec<u16>,
    /// S + f_in − f_out.
    pub shift: i32,
}

pub fn product(inputs: Product) -> Result<Row32, String> {
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

#[derive(Deserialize, Serialize)]
pub struct Rotary {
    pub head: Vec<i32>,
    pub cosines: Vec<i16>,
    pub sines: Vec<i16>,
}

pub fn rotary(mut inputs: Rotary) -> Result<Row32, String> {
    same_length("cosines", inputs.head.len(), 2 * inputs.cosines.len())?;
    same_length("sines", inputs.head.len(), 2 * inputs.sines.len())?;
    rope::rotate(&mut inputs.head, &inputs.cosines, &inputs.sines);
    Ok(Row32 { x: inputs.head })
}

#[derive(Deserialize, Serialize)]
pub struct Score {
    pub query: Vec<i8>,
    pub query_mantissa: u16,
    pub query_exponent: i32,
    pub key: Vec<i8>,
    pub key_mantissa: u16,
    pub key_exponent: i32,
    pub score_scale: u32,
}

#[derive(Serialize)]
pub struct Number {
    value: i64,
}

pub fn score(inputs: Score) -> Result<Number, String> {
    same_length("query and key", inputs.query.len(), inputs.key.len())?;
    not_minus_128(&inputs.query)?;
    not_minus_128(&inputs.key)?;
    let scale = |mantissa, exponent| quantisation::Scale { mantissa, exponent };
    let value = attention::score(
        &inputs.query,
        scale(inputs.query_mantissa, inputs.query_exponent),
        &inputs.key,
        scale(inputs.key_mantissa, inputs.key_exponent),
        inputs.score_scale,
    );
    Ok(Number {
        value: value.into(),
    })
}

#[derive(Deserialize, Serialize)]
pub struct ValueScale {
    pub mantissa: u16,
    pub exponent: i32,
    pub value_format: u8,
}

pub fn value_scale(inputs: ValueScale) -> Result<Number, String> {
    let scale = quantisation::Scale {
        mantissa: inputs.mantissa,
        exponent: inputs.exponent,
    };
    let value = attention::value_scale(scale, inputs.value_format);
    Ok(Number {
        value: value.into(),
    })
}

#[derive(Deserialize, Serialize)]
pub struct Attend {
    pub scores: Vec<i32>,
    /// `[positions, columns]`, row by row.
    pub values: Vec<i8>,
    pub columns: usize,
    pub value_scales: Vec<u16>,
    pub value_format: u8,
}

pub fn attend(inputs: Attend) -> Result<Row32, String> {
    let positions = inputs.scores.len();
    same_length("values", inputs.values.len(), positions * inputs.columns)?;
    same_length("value scales", inputs.value_scales.len(), positions)?;
    not_minus_128(&inputs.values)?;
    let mut x = vec![0; inputs.columns];
    attention::attend(
        &inputs.scores,
        inputs.values.chunks_exact(inputs.columns.max(1)),
        inputs.value_scales.iter().copied(),
        inputs.value_format,
        &mut vec![0; positions],
        &mut x,
    );
    Ok(Row32 { x })
}

#[derive(Deserialize, Serialize)]
pub struct Gated {
    #[serde(default, skip_serializing_if = "Curve::is_silu")]
    pub activation: Curve,
    pub gate: Vec<i32>,
    pub up: Vec<i32>,
}

pub fn gated(inputs: Gated) -> Result<Row64, String> {
    same_length("gate and up", inputs.gate.len(), inputs.up.len())?;
    let pairs = inputs.gate.iter().zip(&inputs.up);
    let row = pairs
        .map(|(&gate, &up)| inputs.activation.function().gated(gate, up))
        .collect();
    Ok(Row64 { row })
}

#[derive(Deserialize, Serialize)]
pub struct Residual {
    pub x: Vec<i32>,
    pub update: Vec<i32>,
}

pub fn residual(mut inputs: Residual) -> Result<Row32, String> {
    same_length("x and update", inputs.x.len(), inputs.update.len())?;
    elementwise::add_residual(&mut inputs.x, &inputs.update);
    Ok(Row32 { x: inputs.x })
}

/// Greedy if `beta` is 0.
#[derive(Clone, Deserialize, Serialize)]
pub struct Sampling {
    pub seed: u64,
    pub beta: u32,
    pub top_k: u32,
    pub top_p: u32,
    pub min_p: Option<u32>,
}

impl Sampling {
    pub const GREEDY: Self = Self {
        seed: 0,
        beta: 0,
        top_k: 0,
        top_p: 1 << 16,
        min_p: None,
    };

    fn sampler(&self) -> Result<Sampler, String> {
        if self.beta == 0 {
            return Ok(Sampler::GREEDY);
        }
        let parameters = Parameters {
            beta: self.beta,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
        };
        Sampler::seeded(self.seed, parameters).map_err(|error| error.to_string())
    }
}

#[derive(Deserialize, Serialize)]
pub struct Choose {
    pub logits: Vec<i32>,
    pub ordinal: u32,
    pub sampling: Sampling,
}

pub fn choose(inputs: Choose) -> Result<Number, String> {
    let token = inputs
        .sampling
        .sampler()?
        .choose(&inputs.logits, inputs.ordinal);
    let value = token.ok_or("no logits")?.into();
    Ok(Number { value })
}

#[derive(Deserialize, Serialize)]
pub struct Tokens {
    pub tokens: Vec<u32>,
}

#[derive(Serialize)]
pub struct Root {
    root: String,
}

pub fn token_root(inputs: Tokens) -> Result<Root, String> {
    let root = hex::encode(blob::token_root(&inputs.tokens));
    Ok(Root { root })
}

#[derive(Deserialize, Serialize)]
pub struct Hidden {
    /// `[positions, width]`, row by row.
    pub hidden: Vec<i32>,
    pub width: usize,
}

pub fn digest(inputs: Hidden) -> Result<Root, String> {
    if inputs.width == 0 || !inputs.hidden.len().is_multiple_of(inputs.width) {
        return Err("the width does not divide the number of elements".into());
    }
    let mut digest = DigestBuilder::<Blake2b256>::new();
    let rows = inputs.hidden.chunks_exact(inputs.width);
    rows.for_each(|row| digest.push(row));
    let root = hex::encode(digest.finish());
    Ok(Root { root })
}

#[derive(Deserialize, Serialize)]
pub struct Generate {
    /// A model file, hexadecimal.
    pub model: String,
    pub prompt: Vec<u32>,
    pub max_output: u32,
    pub stop: Vec<u32>,
    pub sampling: Sampling,
}

#[derive(Serialize)]
pub struct Generated {
    model_root: String,
    tokens: Vec<u32>,
    positions: u32,
    digest: String,
}

pub fn generate(inputs: Generate) -> Result<Generated, String> {
    let bytes = hex::decode(&inputs.model).map_err(|error| error.to_string())?;
    let model = Model::from_bytes(&bytes).map_err(|error| error.to_string())?;
    let sampler = inputs.sampling.sampler()?;
    let (prompt, stop) = (&inputs.prompt, &inputs.stop);
    let generation = model
        .generate(prompt, inputs.max_output, stop, &sampler, &mut |_| ())
        .map_err(|error| error.to_string())?;
    let replayed = model.replay(prompt, &generation.tokens, &sampler);
    if replayed != Ok(generation.digest) {
        return Err("replaying gives another digest than generating".into());
    }
    Ok(Generated {
        model_root: hex::encode(model.root()),
        tokens: generation.tokens,
        positions: generation.positions,
        digest: hex::encode(generation.digest),
    })
}
