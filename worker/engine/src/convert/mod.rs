//! From a float checkpoint to an integer model.
//!
//! Conversion is deterministic: f64 additions, multiplications, divisions and square roots in a
//! fixed order, no fused operations and no mathematical library, so the same checkpoint gives the
//! same file, and the same model root, on every machine. The V-scale formats are calibrated, and the
//! inputs that need a rotation or 16 bits found, by running the integer engine itself on the given
//! tokens.

mod balance;
mod checkpoint;
mod choose;
mod configuration;
mod float;
mod header;
mod integers;
pub mod math;
mod naming;
pub(crate) mod weights;

pub use choose::Quality;
pub use configuration::{CheckpointConfiguration, Decoder};
pub use naming::Naming;

use crate::{
    attention::Cache,
    blob,
    file::{self, Sections},
    forward::Append,
    generate::PREFILL_ROWS,
    tokenizer::{Tokenizer, TokenizerError},
    Model, RunError,
};
use aipg_exact::{
    header::{HeaderError, ModelHeader, MAX_LAYERS, VALUE_FORMATS},
    quantise::Scale,
};
use balance::Peaks;
use checkpoint::FloatTensors;
use choose::Reference;
use float::FloatModel;
use integers::Integers;
use math::{exp, ln, sin_cos};
use std::{fs, io, path::Path};
use thiserror::Error;

/// Which inputs of matrix products are rotated by Hadamard-64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HadamardChoice {
    /// Every input whose width is a multiple of 64.
    #[default]
    WherePossible,
    /// None.
    Nowhere,
}

/// What a conversion starts from.
#[derive(Clone, Debug)]
pub struct ConvertInput {
    /// A safetensors file with float tensors of 32 or 16 bits.
    pub checkpoint: Vec<u8>,
    /// Its shape.
    pub configuration: CheckpointConfiguration,
    /// Content of the tokenizer file, whose hash the model commits.
    pub tokenizer: Vec<u8>,
    /// Token ids that calibrate the V-scale formats and, with a budget, measure losses: typical for
    /// what the model will see.
    pub calibration: Vec<u32>,
    /// Which inputs are rotated, at first.
    pub hadamard: HadamardChoice,
    /// Loss that is allowed, as a part of the float model's bits per token. With one, rotations that
    /// lose are taken back and inputs get 16 bits until the loss is within it.
    pub loss_budget: Option<f64>,
}

/// A finished conversion.
#[derive(Clone, Debug)]
pub struct ConvertedModel {
    /// Content of the model file.
    pub bytes: Vec<u8>,
    /// Its header, as it is registered on chain.
    pub header: ModelHeader,
    /// Integer model against float model, if there was a budget.
    pub quality: Option<Quality>,
}

/// Why a checkpoint cannot be converted.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// The checkpoint is no safetensors file.
    #[error("Checkpoint: {0}")]
    Checkpoint(String),
    /// The configuration is malformed.
    #[error("Configuration: {0}")]
    Configuration(String),
    /// The tokenizer file is malformed.
    #[error("Tokenizer: {0}")]
    Tokenizer(#[from] TokenizerError),
    /// Tokenizer and configuration disagree.
    #[error("VocabularyMismatch: the tokenizer has {tokenizer} ids, the model {model}")]
    VocabularyMismatch {
        /// Vocabulary of the tokenizer.
        tokenizer: u32,
        /// Vocabulary of the configuration.
        model: u32,
    },
    /// A tensor of the template is missing.
    #[error("MissingTensor: {0}")]
    MissingTensor(String),
    /// The checkpoint has a tensor that the template does not.
    #[error("UnexpectedTensor: {0}")]
    UnexpectedTensor(String),
    /// A tensor is not of floats of 32 or 16 bits.
    #[error("NotFloat: {0}")]
    NotFloat(String),
    /// A tensor has another shape than the configuration says.
    #[error("WrongShape: {name} is {found:?}, not {expected:?}")]
    WrongShape {
        /// Name of the tensor.
        name: String,
        /// Shape by the configuration.
        expected: Vec<usize>,
        /// Shape in the checkpoint.
        found: Vec<usize>,
    },
    /// A tensor has an element that is infinite or not a number.
    #[error("NotFinite: {0}")]
    NotFinite(String),
    /// A tensor's values are too large for the integer formats.
    #[error("OutOfRange: {0}")]
    OutOfRange(String),
    /// The shape is not one of the semantics.
    #[error("Shape: {0}")]
    Shape(#[from] HeaderError),
    /// The calibration tokens do not fit the model.
    #[error("Calibration: {0}")]
    Calibration(RunError),
    /// A file cannot be written.
    #[error("Io: {0}")]
    Io(#[from] io::Error),
}

impl ConvertedModel {
    /// Writes the model file.
    ///
    /// # Errors
    /// [`ConvertError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), ConvertError> {
        Ok(fs::write(path, &self.bytes)?)
    }

    /// Writes the encoded header, which `modelRegistry.register` takes.
    ///
    /// # Errors
    /// [`ConvertError::Io`].
    pub fn write_header(&self, path: &Path) -> Result<(), ConvertError> {
        Ok(fs::write(path, self.header.encode())?)
    }
}

/// Converts a checkpoint.
///
/// # Errors
/// A [`ConvertError`] that names what is wrong with the input.
pub fn convert(input: &ConvertInput) -> Result<ConvertedModel, ConvertError> {
    let budget = input.loss_budget.unwrap_or(0.0);
    if !budget.is_finite() || budget < 0.0 {
        return Err(ConvertError::Configuration(
            "the loss budget is out of range".into(),
        ));
    }
    let tokenizer = blob::hash(&input.tokenizer);
    let mut header = input.configuration.header(input.hadamard, tokenizer)?;
    check_tokenizer(input, &header)?;
    check_calibration(input, &header)?;
    let tensors = FloatTensors::read(&input.checkpoint, &input.configuration, &header)?;
    let rotary = Rotary::new(&header, input.configuration.rope_base);
    let balanced;
    let mut integers = Integers::new(&tensors, rotary.table(header.max_context));
    let mut sections = integers.sections(&header)?;
    calibrate(&mut header, &sections, &input.calibration);

    let mut quality = None;
    if let Some(budget) = input.loss_budget {
        let float = FloatModel {
            header: &header.clone(),
            tensors: &tensors,
            rotary: &rotary,
            epsilon: input.configuration.epsilon,
        };
        let mut peaks = Peaks::default();
        let reference = Reference::new(&float, &input.calibration, &mut peaks);
        balanced = balance::balanced(&header, &tensors, &peaks);
        let table = rotary.table(header.max_context);
        let mut others = Integers::new(&balanced, table);
        let mut best = reference.measure(&header, &mut integers)?;
        let other = reference.measure(&header, &mut others)?;
        if other.divergence < best.divergence {
            (integers, best) = (others, other);
        }
        choose::choose(&mut header, &mut integers, &reference, best, budget)?;
        sections = integers.sections(&header)?;
        calibrate(&mut header, &sections, &input.calibration);
        quality = Some(reference.compare(&Model::from_sections(header.clone(), &sections))?);
    }
    file::commit(&mut header, &sections);
    Ok(ConvertedModel {
        bytes: file::encode(&header, &sections),
        header,
        quality,
    })
}

/// Our own checkpoints come with a byte tokenizer of the same vocabulary. Of others only the hash
/// matters here.
fn check_tokenizer(input: &ConvertInput, header: &ModelHeader) -> Result<(), ConvertError> {
    if input.configuration.naming != Naming::Plain {
        return Ok(());
    }
    let (tokenizer, model) = (
        Tokenizer::from_json(&input.tokenizer)?.vocabulary,
        header.vocabulary,
    );
    match tokenizer == model {
        true => Ok(()),
        false => Err(ConvertError::VocabularyMismatch { tokenizer, model }),
    }
}

fn check_calibration(input: &ConvertInput, header: &ModelHeader) -> Result<(), ConvertError> {
    let refuse = |error| Err(ConvertError::Calibration(error));
    let vocabulary = header.vocabulary;
    if input.calibration.is_empty() {
        return refuse(RunError::EmptyPrompt);
    }
    let wrong = input
        .calibration
        .iter()
        .position(|&token| token >= vocabulary);
    match wrong {
        None => Ok(()),
        Some(index) => refuse(RunError::TokenOutOfVocabulary {
            index,
            token: input.calibration[index],
            vocabulary,
        }),
    }
}

/// The angles of the rotary embedding: position · base^(−2i / head_dimension).
pub(crate) struct Rotary {
    frequencies: Vec<f64>,
}

impl Rotary {
    pub fn new(header: &ModelHeader, base: f64) -> Self {
        let pairs = header.head_dimension / 2;
        let logarithm = ln(base);
        let frequencies = (0..pairs)
            .map(|i| exp(-(f64::from(i) / f64::from(pairs)) * logarithm))
            .collect();
        Self { frequencies }
    }

    /// Sine and cosine of each pair at a position.
    fn angles(&self, position: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let frequencies = self.frequencies.iter();
        frequencies.map(move |frequency| sin_cos(position as f64 * frequency))
    }

    /// The table section: cosines and sines in Q15, 1.0 → 32767.
    pub fn table(&self, positions: u32) -> Vec<u8> {
        let entry =
            |x: f64| ((x * 32_768.0).round().clamp(-32_767.0, 32_767.0) as i16).to_le_bytes();
        let mut table = Vec::new();
        for position in 0..positions as usize {
            table.extend(self.angles(position).flat_map(|(_, cosine)| entry(cosine)));
            table.extend(self.angles(position).flat_map(|(sine, _)| entry(sine)));
        }
        table
    }
}

/// Sets the V-scale formats. The first pass runs with those that the header has, the second with
/// formats that fit.
fn calibrate(header: &mut ModelHeader, sections: &Sections, tokens: &[u32]) {
    for _ in 0..2 {
        let model = Model::from_sections(header.clone(), sections);
        header.value_formats = finest_value_formats(&model, tokens);
    }
}

/// For each layer the finest V-scale format that leaves the largest value row seen one bit of
/// headroom.
fn finest_value_formats(model: &Model, tokens: &[u32]) -> [u8; MAX_LAYERS] {
    let header = model.header();
    // 127 stands for mantissa · 2^(exponent − 12); the number of bits before the point decides.
    let mut integer_bits = [i32::MIN; MAX_LAYERS];
    for window in tokens.chunks(header.max_context as usize) {
        let mut cache = Cache::new(header);
        for tokens in window.chunks(PREFILL_ROWS) {
            let append = Append {
                cache: &mut cache,
                tokens,
            };
            model.forward(&mut [append], &mut |layer: usize, scale: Scale| {
                let bits = 16 + scale.exponent - 12;
                integer_bits[layer] = integer_bits[layer].max(bits);
            });
        }
    }
    let mut formats = [0; MAX_LAYERS];
    for (format, bits) in formats
        .iter_mut()
        .zip(integer_bits)
        .take(header.layers as usize)
    {
        // sv = value · 2^f_v < 2^(bits + f_v) ≤ 2^15.
        let finest = 15i32.saturating_sub(bits);
        *format = finest.clamp(
            (*VALUE_FORMATS.start()).into(),
            (*VALUE_FORMATS.end()).into(),
        ) as u8;
    }
    formats
}
