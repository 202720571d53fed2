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
mod error;
mod float;
mod header;
mod hugging_face;
mod integers;
pub mod math;
mod naming;
mod rope;
mod source;
pub(crate) mod weights;

pub use choose::Quality;
pub use configuration::{CheckpointConfiguration, Decoder};
pub use error::ConvertError;
pub use naming::Naming;
pub use rope::RopeScaling;
use rope::Rotary;
pub use source::{
    gguf::{Gguf, GgufError, Metadata as GgufMetadata, Value as GgufValue},
    Checkpoint,
};

use crate::{
    attention::Cache,
    blob,
    file::{self, Sections},
    forward::Append,
    generate::PREFILL_ROWS,
    tokenizer::Tokenizer,
    Model, RunError,
};
use aipg_exact::{
    header::{ModelHeader, MAX_LAYERS, VALUE_FORMATS},
    quantise::Scale,
};
use balance::Peaks;
pub(crate) use checkpoint::tensors_of;
use checkpoint::FloatTensors;
use choose::Reference;
use float::FloatModel;
use integers::Integers;
use std::{fs, path::Path};

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
    /// Float tensors.
    pub checkpoint: Checkpoint,
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
    /// Calibration tokens, at most, on which the quality is measured if there is no budget; 0 measures nothing.
    pub measured_tokens: usize,
}

/// A finished conversion.
#[derive(Clone, Debug)]
pub struct ConvertedModel {
    /// Content of the model file.
    pub bytes: Vec<u8>,
    /// Its header, as it is registered on chain.
    pub header: ModelHeader,
    /// Integer model against float model, if it was measured.
    pub quality: Option<Quality>,
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

/// What a conversion is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading matrices and making them integers.
    Weights,
    /// Running the integer model over the calibration tokens.
    Calibration,
    /// Running the float model over the measured tokens, layer by layer.
    Reference,
    /// Choosing flags by what they lose.
    Choice,
}

/// How far a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Steps that are done.
    pub done: usize,
    /// Steps of the stage.
    pub total: usize,
}

/// A conversion before it is a file.
struct Conversion {
    header: ModelHeader,
    sections: Sections,
    quality: Option<Quality>,
}

/// Converts a checkpoint.
///
/// # Errors
/// A [`ConvertError`] that names what is wrong with the input.
pub fn convert(input: &ConvertInput) -> Result<ConvertedModel, ConvertError> {
    let Conversion {
        header,
        sections,
        quality,
    } = convert_to_sections(input, &mut |_| ())?;
    Ok(ConvertedModel {
        bytes: file::encode(&header, &sections),
        header,
        quality,
    })
}

/// Converts a checkpoint into a model file without a copy of it in memory. `progress` hears how far it is.
/// The file is there once it is whole.
///
/// # Errors
/// As [`convert`].
pub fn convert_to_file(
    input: &ConvertInput,
    path: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(ModelHeader, Option<Quality>), ConvertError> {
    let conversion = convert_to_sections(input, progress)?;
    file::write(path, &conversion.header, &conversion.sections)?;
    Ok((conversion.header, conversion.quality))
}

/// Logits `[tokens][vocabulary]` of the float model that a checkpoint is, in f64 and a fixed order.
///
/// # Errors
/// As [`convert`] for configuration, tensors and tokens.
pub fn float_logits(
    checkpoint: &Checkpoint,
    configuration: &CheckpointConfiguration,
    tokens: &[u32],
) -> Result<Vec<Vec<f64>>, ConvertError> {
    let header = configuration.header(HadamardChoice::Nowhere, [0; 32])?;
    check_calibration(tokens, &header)?;
    let float = FloatModel {
        header: &header,
        tensors: &FloatTensors::find(checkpoint, configuration, &header)?,
        rotary: &configuration.rotary(&header),
        epsilon: configuration.epsilon,
    };
    float.logits(tokens, &mut |_, _| (), &mut |_| ())
}

fn convert_to_sections(
    input: &ConvertInput,
    progress: &mut dyn FnMut(Progress),
) -> Result<Conversion, ConvertError> {
    let budget = input.loss_budget.unwrap_or(0.0);
    if !budget.is_finite() || budget < 0.0 {
        return Err(ConvertError::Configuration(
            "the loss budget is out of range".into(),
        ));
    }
    let tokenizer = blob::hash(&input.tokenizer);
    let mut header = input.configuration.header(input.hadamard, tokenizer)?;
    check_tokenizer(input, &header)?;
    check_calibration(&input.calibration, &header)?;
    let tensors = FloatTensors::find(&input.checkpoint, &input.configuration, &header)?;
    let rotary = input.configuration.rotary(&header);
    let table = rotary.table(header.max_context);
    let balanced;
    let mut integers = match input.loss_budget {
        Some(_) => Integers::kept(&tensors, table),
        None => Integers::new(&tensors, table),
    };
    let total = tensors.matrices.len();
    let mut sections = integers.sections(&header, &mut |done| {
        progress(Progress {
            stage: Stage::Weights,
            done,
            total,
        });
    })?;
    calibrate(&mut header, &sections, &input.calibration, progress);

    let mut quality = None;
    let measured = match input.loss_budget {
        Some(_) => choose::MEASURED_TOKENS,
        None => input.measured_tokens,
    };
    let measured = &input.calibration[..input.calibration.len().min(measured)];
    if !measured.is_empty() {
        let float = FloatModel {
            header: &header.clone(),
            tensors: &tensors,
            rotary: &rotary,
            epsilon: input.configuration.epsilon,
        };
        let mut peaks = Peaks::default();
        let reference = Reference::new(&float, measured, &mut peaks, &mut |done| {
            progress(Progress {
                stage: Stage::Reference,
                done,
                total: float.header.layers as usize,
            });
        })?;
        if let Some(budget) = input.loss_budget {
            drop(sections);
            balanced = balance::balanced(&header, &tensors, &peaks)?;
            let mut others = Integers::kept(&balanced, rotary.table(header.max_context));
            let mut best = reference.measure(&header, &mut integers)?;
            let other = reference.measure(&header, &mut others)?;
            if other.divergence < best.divergence {
                (integers, best) = (others, other);
            }
            choose::choose(
                &mut header,
                &mut integers,
                &reference,
                best,
                budget,
                progress,
            )?;
            sections = integers.sections(&header, &mut |_| ())?;
            calibrate(&mut header, &sections, &input.calibration, progress);
        }
        quality = Some(reference.compare(&Model::from_sections(header.clone(), &sections))?);
    }
    file::commit(&mut header, &sections);
    Ok(Conversion {
        header,
        sections,
        quality,
    })
}

impl CheckpointConfiguration {
    /// The rotary embedding of a header of this shape.
    pub(crate) fn rotary(&self, header: &ModelHeader) -> Rotary {
        Rotary::new(header, self.rope_base, &self.decoder.rope_scaling)
    }
}

/// Our own checkpoints come with a byte tokenizer of the same vocabulary. Of others only the hash
/// matters here.
fn check_tokenizer(input: &ConvertInput, header: &ModelHeader) -> Result<(), ConvertError> {
    if input.configuration.naming != Naming::Plain {
        return Ok(());
    }
    let (tokenizer, model) = (
        Tokenizer::from_json(&input.tokenizer)?.vocabulary(),
        header.vocabulary,
    );
    match tokenizer == model {
        true => Ok(()),
        false => Err(ConvertError::VocabularyMismatch { tokenizer, model }),
    }
}

fn check_calibration(tokens: &[u32], header: &ModelHeader) -> Result<(), ConvertError> {
    let refuse = |error| Err(ConvertError::Calibration(error));
    let vocabulary = header.vocabulary;
    if tokens.is_empty() {
        return refuse(RunError::EmptyPrompt);
    }
    match tokens.iter().position(|&token| token >= vocabulary) {
        None => Ok(()),
        Some(index) => refuse(RunError::TokenOutOfVocabulary {
            index,
            token: tokens[index],
            vocabulary,
        }),
    }
}

/// Sets the V-scale formats. The first pass runs with those that the header has, the second with
/// formats that fit.
fn calibrate(
    header: &mut ModelHeader,
    sections: &Sections,
    tokens: &[u32],
    progress: &mut dyn FnMut(Progress),
) {
    for pass in 1..=2 {
        let model = Model::from_sections(header.clone(), sections);
        header.value_formats = finest_value_formats(&model, tokens);
        progress(Progress {
            stage: Stage::Calibration,
            done: pass,
            total: 2,
        });
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
