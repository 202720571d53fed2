//! From a float checkpoint to an integer model.
//!
//! Conversion is deterministic: f64 additions, multiplications, divisions and square roots in a
//! fixed order, no fused operations and no mathematical library, so the same checkpoint gives the
//! same file, and the same model root, on every machine. The V-scale formats are calibrated by
//! running the integer engine itself on the given tokens.

mod checkpoint;
pub mod math;
pub(crate) mod weights;

pub use checkpoint::CheckpointConfiguration;

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
    header::{input, output, HeaderError, ModelHeader, MAX_LAYERS, VALUE_FORMATS},
    layout::{weight_tensors, Weight},
    quantise::Scale,
};
use checkpoint::{tensor_name, Checkpoint};
use math::{exp, ln, power_of_two, sin_cos};
use std::{fs, io, path::Path};
use thiserror::Error;

/// V-scale format of the first calibration pass.
const FIRST_VALUE_FORMAT: u8 = 10;

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
    /// A safetensors file with float32 tensors.
    pub checkpoint: Vec<u8>,
    /// Its shape.
    pub configuration: CheckpointConfiguration,
    /// Content of the tokenizer file, whose hash the model commits.
    pub tokenizer: Vec<u8>,
    /// Token ids that calibrate the V-scale formats, typical for what the model will see.
    pub calibration: Vec<u32>,
    /// Which inputs are rotated.
    pub hadamard: HadamardChoice,
}

/// A finished conversion.
#[derive(Clone, Debug)]
pub struct ConvertedModel {
    /// Content of the model file.
    pub bytes: Vec<u8>,
    /// Its header, as it is registered on chain.
    pub header: ModelHeader,
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
    /// A tensor is not float32.
    #[error("NotFloat32: {0}")]
    NotFloat32(String),
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
    let tokenizer = Tokenizer::from_json(&input.tokenizer)?;
    let mut header = input
        .configuration
        .header(input.hadamard, blob::hash(&input.tokenizer))?;
    if tokenizer.vocabulary != header.vocabulary {
        let (tokenizer, model) = (tokenizer.vocabulary, header.vocabulary);
        return Err(ConvertError::VocabularyMismatch { tokenizer, model });
    }

    let mut checkpoint = Checkpoint::parse(&input.checkpoint)?;
    let mut sections = Sections {
        scales: Vec::new(),
        tables: Vec::new(),
        weights: Vec::new(),
    };
    let Sections {
        scales, weights, ..
    } = &mut sections;
    for tensor in weight_tensors(&header) {
        let name = tensor_name(&tensor);
        let elements = checkpoint.take(&name, &[tensor.rows, tensor.columns])?;
        let columns = tensor.columns;
        if tensor.weight == Weight::Embedding {
            weights::push_embedding(&name, &elements, columns, scales, weights)?;
        } else {
            weights::push_matrix(&name, elements, columns, tensor.rotated, scales, weights)?;
        }
    }
    let norms = (0..header.layers).flat_map(|layer| {
        ["attention_norm", "feed_forward_norm"].map(|norm| format!("layers.{layer}.{norm}.weight"))
    });
    for name in norms.chain(["final_norm.weight".to_owned()]) {
        let gain = checkpoint.take(&name, &[header.model_dimension as usize])?;
        weights::push_gain(&name, &gain, scales)?;
    }
    checkpoint.finish()?;
    // Its size follows from the configuration alone, so it waits until the tensors have proved that.
    sections.tables = rotary_table(&header, input.configuration.rope_base);

    // The first pass runs with a coarse guess; the second with formats that fit.
    for _ in 0..2 {
        header.value_formats = calibrate(&header, &sections, &input.calibration)?;
    }
    file::commit(&mut header, &sections);
    Ok(ConvertedModel {
        bytes: file::encode(&header, &sections),
        header,
    })
}

impl CheckpointConfiguration {
    /// The header of a checkpoint of this shape, without roots of sections.
    pub(crate) fn header(
        &self,
        hadamard: HadamardChoice,
        tokenizer: [u8; 32],
    ) -> Result<ModelHeader, ConvertError> {
        let finite = self.epsilon.is_finite() && self.rope_base.is_finite();
        if !finite || self.rope_base <= 1.0 {
            return Err(ConvertError::Configuration(
                "rope_base or epsilon is out of range".into(),
            ));
        }
        let mut header = ModelHeader {
            semantics_version: 0,
            template: 1,
            model_dimension: self.model_dimension,
            layers: self.layers,
            heads: self.heads,
            key_value_heads: self.key_value_heads,
            head_dimension: self.head_dimension,
            feed_forward: self.feed_forward,
            vocabulary: self.vocabulary,
            max_context: self.max_context,
            // A cast from float saturates, and the header refuses what is out of range.
            epsilon: (self.epsilon * power_of_two(32)).round() as u32,
            score_scale: score_scale(self.head_dimension),
            output_flags: 0,
            input_flags: [0; MAX_LAYERS],
            value_formats: [0; MAX_LAYERS],
            tokenizer,
            scales: [0; 32],
            tables: [0; 32],
            weights: [0; 32],
        };
        let layers = (header.layers as usize).min(MAX_LAYERS);
        header.value_formats[..layers].fill(FIRST_VALUE_FORMAT);
        header.validate()?;
        if hadamard == HadamardChoice::WherePossible {
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
            if residual != 0 {
                header.output_flags = output::HADAMARD;
            }
        }
        header.validate()?;
        Ok(header)
    }
}

/// round(log₂e / (√head_dimension · 127²) · 2⁴⁰)
fn score_scale(head_dimension: u32) -> u32 {
    let divisor = f64::from(head_dimension).sqrt() * 16_129.0;
    (std::f64::consts::LOG2_E / divisor * power_of_two(40)).round() as u32
}

/// Cosines and sines of position · base^(−2i / head_dimension) in Q15, 1.0 → 32767.
pub(crate) fn rotary_table(header: &ModelHeader, base: f64) -> Vec<u8> {
    let pairs = header.head_dimension / 2;
    let logarithm = ln(base);
    let frequencies: Vec<f64> = (0..pairs)
        .map(|i| exp(-(f64::from(i) / f64::from(pairs)) * logarithm))
        .collect();
    let entry = |x: f64| ((x * 32_768.0).round().clamp(-32_767.0, 32_767.0) as i16).to_le_bytes();
    let mut table = Vec::new();
    for position in 0..header.max_context {
        let angles: Vec<(f64, f64)> = frequencies
            .iter()
            .map(|frequency| sin_cos(f64::from(position) * frequency))
            .collect();
        table.extend(angles.iter().flat_map(|&(_, cosine)| entry(cosine)));
        table.extend(angles.iter().flat_map(|&(sine, _)| entry(sine)));
    }
    table
}

/// For each layer the finest V-scale format that leaves the largest value row seen one bit of
/// headroom.
fn calibrate(
    header: &ModelHeader,
    sections: &Sections,
    tokens: &[u32],
) -> Result<[u8; MAX_LAYERS], ConvertError> {
    let model = Model::from_sections(header.clone(), sections);
    if tokens.is_empty() {
        return Err(ConvertError::Calibration(RunError::EmptyPrompt));
    }
    model.check(tokens, 0).map_err(ConvertError::Calibration)?;
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
    Ok(formats)
}
