//! Which inputs are rotated and which have 16 bits, chosen by what they lose.
//!
//! The loss of a model is the Kullback–Leibler divergence of its next-token distributions from the
//! float model's over the calibration tokens, in bits per token: what its text costs more to predict
//! when the float model is right. It is smooth where a score on few tokens is noise, and never
//! negative. The search is greedy and everything in it has a fixed order:
//!
//! 1. norms and the weights behind them are balanced if the loss is smaller then;
//! 2. each rotation is taken back if the loss is smaller without it;
//! 3. while the loss exceeds the budget, the input whose 16-bit mode saves most gets it. The savings
//!    are measured once, one by one; a mode that saves nothing when its turn comes is taken back.

use super::{
    balance::Peaks,
    float::{softmax, FloatModel},
    integers::Integers,
    math::ln,
    ConvertError, Progress, Stage,
};
use crate::Model;
use aipg_exact::header::{input, model, output, ModelHeader};
use rayon::prelude::*;
use std::f64::consts::LN_2;

/// Calibration tokens, at most, that losses are measured on when flags are chosen by them.
pub(super) const MEASURED_TOKENS: usize = 512;

/// Quality of a conversion on the calibration tokens, in bits per token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Tokens predicted.
    pub tokens: usize,
    /// Mean of −log₂ p(next token) of the float model.
    pub float_bits: f64,
    /// The same of the integer model.
    pub integer_bits: f64,
    /// Mean divergence of the integer model from the float model.
    pub divergence: f64,
    /// Part of the rows in which both find the same token the most likely.
    pub agreement: f64,
}

/// The float model's answers to the measured tokens.
pub(super) struct Reference<'a> {
    windows: Vec<&'a [u32]>,
    /// Distributions of each row, of the windows one after the other.
    rows: Vec<Vec<f64>>,
}

/// An input of matrix products that has flags: of a layer, by its Hadamard bit, or of the logits.
#[derive(Clone, Copy, Debug)]
enum Input {
    Layer(usize, u8),
    Logits,
}

/// The flags of an input.
#[derive(Clone, Copy)]
enum Flag {
    Hadamard,
    Wide,
}

impl Input {
    /// Every input of a model, in order.
    fn all(header: &ModelHeader) -> Vec<Self> {
        let bits = [
            input::ATTENTION,
            input::ATTENTION_OUTPUT,
            input::FEED_FORWARD,
            input::DOWN,
        ];
        let layers = 0..header.layers as usize;
        let inputs = layers.flat_map(|layer| bits.map(|bit| Self::Layer(layer, bit)));
        inputs.chain([Self::Logits]).collect()
    }

    fn toggle(self, header: &mut ModelHeader, flag: Flag) {
        match (self, flag) {
            (Self::Layer(layer, bit), Flag::Hadamard) => header.input_flags[layer] ^= bit,
            (Self::Layer(layer, bit), Flag::Wide) => {
                header.input_flags[layer] ^= bit << input::WIDE_SHIFT;
            }
            (Self::Logits, Flag::Hadamard) => header.output_flags ^= output::HADAMARD,
            (Self::Logits, Flag::Wide) => header.output_flags ^= output::WIDE,
        }
    }

    fn is_rotated(self, header: &ModelHeader) -> bool {
        match self {
            Self::Layer(layer, bit) => header.input_flags[layer] & bit != 0,
            Self::Logits => header.output_flags & output::HADAMARD != 0,
        }
    }
}

impl<'a> Reference<'a> {
    /// Runs the float model over tokens. `peaks` sees what its norms give, `done` hears of each layer.
    pub fn new(
        float: &FloatModel,
        measured: &'a [u32],
        peaks: &mut Peaks,
        done: &mut dyn FnMut(usize),
    ) -> Result<Self, ConvertError> {
        let windows: Vec<&[u32]> = measured.chunks(float.header.max_context as usize).collect();
        let mut rows = Vec::with_capacity(measured.len());
        for window in &windows {
            let logits = float.logits(window, &mut |norm, row| peaks.see(norm, row), done)?;
            rows.par_extend(logits.into_par_iter().map(|row| softmax(&row)));
        }
        Ok(Self { windows, rows })
    }

    /// How the integers do against the float model, under the flags of `header`.
    pub fn measure(
        &self,
        header: &ModelHeader,
        integers: &mut Integers,
    ) -> Result<Quality, ConvertError> {
        let sections = integers.sections(header, &mut |_| ())?;
        self.compare(&Model::from_sections(header.clone(), &sections))
    }

    /// How an integer model does against the float model.
    pub fn compare(&self, model: &Model) -> Result<Quality, ConvertError> {
        let vocabulary = model.header().vocabulary as usize;
        let mut references = self.rows.as_slice();
        let mut total = Row::default();
        let mut tokens = 0u32;
        for window in &self.windows {
            let logits = model.logits(window).map_err(ConvertError::Calibration)?;
            let (floats, rest) = references.split_at(window.len());
            references = rest;
            let rows: Vec<Row> = logits
                .par_chunks_exact(vocabulary)
                .zip(floats)
                .enumerate()
                .map(|(index, (row, float))| Row::compare(row, float, window.get(index + 1)))
                .collect();
            for row in rows {
                total.divergence += row.divergence;
                total.float_bits += row.float_bits;
                total.integer_bits += row.integer_bits;
                total.agreement += row.agreement;
            }
            tokens += window.len().saturating_sub(1) as u32;
        }
        let (predicted, rows) = (f64::from(tokens.max(1)), self.rows.len().max(1) as f64);
        Ok(Quality {
            tokens: tokens as usize,
            float_bits: total.float_bits / predicted,
            integer_bits: total.integer_bits / predicted,
            divergence: total.divergence / rows,
            agreement: total.agreement / rows,
        })
    }
}

/// What one row adds to the quality.
#[derive(Default)]
struct Row {
    divergence: f64,
    float_bits: f64,
    integer_bits: f64,
    /// 1 if the most likely tokens are the same.
    agreement: f64,
}

impl Row {
    /// `next` is the token that follows, if there is one.
    fn compare(logits: &[i32], float: &[f64], next: Option<&u32>) -> Self {
        let logits: Vec<f64> = logits
            .iter()
            .map(|&logit| f64::from(logit) / 65_536.0)
            .collect();
        let integer = softmax(&logits);
        let bits = |row: &[f64]| next.map_or(0.0, |&next| surprise(row, next));
        Self {
            divergence: bits_between(float, &integer),
            float_bits: bits(float),
            integer_bits: bits(&integer),
            agreement: f64::from(u8::from(likeliest(float) == likeliest(&integer))),
        }
    }
}

/// The most likely token, of equal ones the first.
fn likeliest(distribution: &[f64]) -> Option<usize> {
    let pairs = distribution.iter().enumerate();
    // `max_by` takes the last of equal ones.
    pairs
        .rev()
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(index, _)| index)
}

/// Smallest probability that is told from 0: about e^−700.
const LEAST: f64 = 1e-304;

/// Σ p · log₂(p / q)
fn bits_between(p: &[f64], q: &[f64]) -> f64 {
    let terms = p.iter().zip(q).filter(|(p, _)| **p > LEAST);
    let nats = terms.fold(0.0, |sum, (&p, &q)| sum + p * (ln(p) - ln(q.max(LEAST))));
    nats / LN_2
}

/// −log₂ p(token)
fn surprise(distribution: &[f64], token: u32) -> f64 {
    -ln(distribution[token as usize].max(LEAST)) / LN_2
}

/// Chooses flags for `header`, beginning with those it has, which give quality `best`, until the loss is
/// at most `budget` times the float model's bits per token. A budget that cannot be met is missed by as
/// little as 16-bit inputs everywhere allow.
pub(super) fn choose(
    header: &mut ModelHeader,
    integers: &mut Integers,
    reference: &Reference,
    mut best: Quality,
    budget: f64,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), ConvertError> {
    let inputs = Input::all(header);
    // At most: each rotation, each saving, each turn.
    let (mut done, total) = (0, 3 * inputs.len());
    let mut measure = |header: &ModelHeader| {
        done += 1;
        progress(Progress {
            stage: Stage::Choice,
            done,
            total,
        });
        reference.measure(header, integers)
    };
    let allowed = budget * best.float_bits;
    for input in &inputs {
        if input.is_rotated(header) {
            input.toggle(header, Flag::Hadamard);
            let plain = measure(header)?;
            if plain.divergence < best.divergence {
                best = plain;
            } else {
                input.toggle(header, Flag::Hadamard);
            }
        }
    }
    if best.divergence <= allowed {
        return Ok(());
    }
    let mut savings = Vec::new();
    for &input in &inputs {
        let mut wide = header.clone();
        input.toggle(&mut wide, Flag::Wide);
        savings.push((best.divergence - measure(&wide)?.divergence, input));
    }
    // The sort is stable: equal savings stay in the order of the inputs.
    savings.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    for (_, input) in savings {
        if best.divergence <= allowed {
            break;
        }
        input.toggle(header, Flag::Wide);
        let wide = measure(header)?;
        if wide.divergence < best.divergence {
            best = wide;
        } else {
            input.toggle(header, Flag::Wide);
        }
    }
    Ok(())
}

/// Rotates every input whose width is a multiple of 64, but not that of a tied output matrix.
pub(super) fn rotate_where_possible(header: &mut ModelHeader) {
    let layers = header.layers as usize;
    let flag = |width: u32, flag: u8| if width.is_multiple_of(64) { flag } else { 0 };
    let residual = flag(
        header.model_dimension,
        input::ATTENTION | input::FEED_FORWARD,
    );
    let attention = flag(
        header.heads * header.head_dimension,
        input::ATTENTION_OUTPUT,
    );
    let flags = residual | attention | flag(header.feed_forward, input::DOWN);
    header.input_flags[..layers].fill(flags);
    if residual != 0 && !header.has(model::TIED_EMBEDDING) {
        header.output_flags = output::HADAMARD;
    }
}
