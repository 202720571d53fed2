//! Why a checkpoint cannot be converted.

use super::GgufError;
use crate::{tokenizer::TokenizerError, RunError};
use aipg_exact::header::HeaderError;
use std::io;
use thiserror::Error;

/// Why a checkpoint cannot be converted.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// A directory has no checkpoint.
    #[error("NoCheckpoint: {0} has neither model.safetensors nor model.safetensors.index.json")]
    NoCheckpoint(String),
    /// A file cannot be read.
    #[error("Unreadable: cannot read {file}: {error}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// The checkpoint is no safetensors file.
    #[error("Checkpoint: {0}")]
    Checkpoint(String),
    /// A file of the checkpoint ends before its last tensor.
    #[error("Truncated: {file} has {found} of {expected} bytes")]
    Truncated {
        /// Its name.
        file: String,
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The checkpoint is no GGUF file, or one that is malformed.
    #[error("GGUF: {0}")]
    Gguf(#[from] GgufError),
    /// The index of shards is malformed.
    #[error("Index: {0}")]
    Index(String),
    /// The index names a shard that is no file beside it.
    #[error("BadShardName: the index names {0:?}, which is no safetensors file beside it")]
    BadShardName(String),
    /// The index names a shard that is not there.
    #[error("MissingShard: the index names {0}, which is not there")]
    MissingShard(String),
    /// A shard has a tensor that the index puts elsewhere.
    #[error("MisplacedTensor: {shard} has {name}, which the index puts into {index}")]
    MisplacedTensor {
        /// Name of the tensor.
        name: String,
        /// The shard that has it.
        shard: String,
        /// The shard that the index names.
        index: String,
    },
    /// Two tensors have one name.
    #[error("DuplicateTensor: {0}")]
    DuplicateTensor(String),
    /// The decoder is of a kind that is not known.
    #[error("UnknownArchitecture: {0}")]
    UnknownArchitecture(String),
    /// The rotary embedding is scaled in a way that is not known.
    #[error("UnknownRopeScaling: {0}")]
    UnknownRopeScaling(String),
    /// The configuration asks for what the semantics does not have.
    #[error("Unsupported: {0}")]
    Unsupported(String),
    /// The residual stream cannot be divided among the heads, and the configuration gives them no width.
    #[error("HeadsDoNotDivide: {heads} heads and a width of {width}")]
    HeadsDoNotDivide {
        /// Width of the residual stream.
        width: u32,
        /// Query heads.
        heads: u32,
    },
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
