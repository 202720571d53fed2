//! The model header: everything about a model that the chain has to know.
//!
//! A header is [`HEADER_LENGTH`] bytes and names one model: its shape, its number formats and the
//! roots of its scales, tables, weights and tokenizer. The hash of the encoding is the model root,
//! which is the model's name on chain. [`ModelHeader::decode`] is total: arbitrary bytes give a
//! header whose every field is in range, or an error.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod error;
mod picture;
mod validate;
mod work;

pub use error::HeaderError;
pub use picture::{
    patch, Picture, MAX_PASSES, MAX_PICTURE_CONTEXT, MAX_PICTURE_VALUES, MAX_STEPS,
    PICTURE_VOCABULARY,
};
pub use work::MACS_PER_UNIT;

use crate::Hasher256;

/// Length of the encoding in bytes.
pub const HEADER_LENGTH: usize = 460;

/// The semantics version this crate implements.
pub const SEMANTICS_VERSION: u32 = 1;

/// A dense decoder with rotary positions and grouped-query attention. [`model`] says which norm,
/// activation and biases it has.
pub const TEMPLATE_DENSE_DECODER: u32 = 1;

/// A picture model: the layers of such a decoder, run over patches and prompt in several steps. See
/// [`Picture`].
pub const TEMPLATE_PICTURE: u32 = 2;

/// Most layers a header has room for.
pub const MAX_LAYERS: usize = 128;

/// Width of the residual stream is below this: Σ x² then fits 63 bits.
pub const MODEL_DIMENSION_LIMIT: u32 = 1 << 15;

/// Longest inner dimension of a matrix product whose sum fits an i32: K · 127² < 2³¹.
pub const MAX_INNER_DIMENSION: u32 = 133_144;

/// Widest attention head.
pub const MAX_HEAD_DIMENSION: u32 = 256;

/// Largest vocabulary.
pub const MAX_VOCABULARY: u32 = 1 << 20;

/// Most positions; the work of a job then fits a u64.
pub const MAX_CONTEXT: u32 = 1 << 18;

/// Largest epsilon of the norms, in units of 2⁻³².
pub const MAX_EPSILON: u32 = 1 << 28;

/// Largest score scale, in units of 2⁻⁴⁰.
pub const MAX_SCORE_SCALE: u32 = 1 << 30;

/// Smallest and largest V-scale format f_v.
pub const VALUE_FORMATS: core::ops::RangeInclusive<u8> = 2..=16;

/// Domain of the model root.
const MODEL_DOMAIN: &[u8] = b"aipg/model/1";

/// Width of a Hadamard block.
const HADAMARD_WIDTH: u32 = 64;

/// Bytes of [`ModelHeader::window_layers`], a bit per layer.
pub const WINDOW_MASK_LENGTH: usize = MAX_LAYERS / 8;

/// Bits of [`ModelHeader::model_flags`]: what the decoder consists of. Without any it is of the Llama
/// type: RMSNorm, SwiGLU, an output matrix of its own, no biases.
pub mod model {
    /// The output matrix is the embedding, which is stored once.
    pub const TIED_EMBEDDING: u32 = 1;
    /// Query, key and value have biases (Qwen2).
    pub const ATTENTION_BIAS: u32 = 1 << 1;
    /// The attention's output projection has a bias.
    pub const ATTENTION_OUTPUT_BIAS: u32 = 1 << 2;
    /// Gate, up and down have biases.
    pub const FEED_FORWARD_BIAS: u32 = 1 << 3;
    /// Norms subtract the mean and add a bias (LayerNorm) instead of RMSNorm.
    pub const LAYER_NORM: u32 = 1 << 4;
    /// The activation is GELU instead of SiLU.
    pub const GELU: u32 = 1 << 5;
    /// The feed-forward layer has no gate: down(activation(up)).
    pub const UNGATED: u32 = 1 << 6;
    /// Query and key heads pass an RMSNorm before they are rotated (Qwen3).
    pub const HEAD_NORM: u32 = 1 << 7;
    /// All of these.
    pub const ALL: u32 = 0xff;
}

/// Bits of [`ModelHeader::input_flags`]: which inputs of a layer's matrix products are rotated by
/// Hadamard-64 before they are quantised, and which are quantised to 16 bits instead of 8. Tensors
/// that read the same input share its bits.
pub mod input {
    /// Input of query, key and value.
    pub const ATTENTION: u8 = 1;
    /// Input of the attention's output projection.
    pub const ATTENTION_OUTPUT: u8 = 1 << 1;
    /// Input of gate and up.
    pub const FEED_FORWARD: u8 = 1 << 2;
    /// Input of down.
    pub const DOWN: u8 = 1 << 3;
    /// All four Hadamard bits.
    pub const HADAMARD: u8 = 0x0f;
    /// The 16-bit bit of an input is its Hadamard bit shifted left by this.
    pub const WIDE_SHIFT: u32 = 4;
    /// All four 16-bit bits.
    pub const WIDE: u8 = 0xf0;
}

/// Bits of [`ModelHeader::output_flags`].
pub mod output {
    /// The input of the logits product is rotated by Hadamard-64.
    pub const HADAMARD: u32 = 1;
    /// The input of the logits product has 16-bit activations.
    pub const WIDE: u32 = 1 << 1;
}

/// Shape, number formats and roots of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelHeader {
    /// Always [`SEMANTICS_VERSION`].
    pub semantics_version: u32,
    /// [`TEMPLATE_DENSE_DECODER`] or [`TEMPLATE_PICTURE`].
    pub template: u32,
    /// Width d of the residual stream.
    pub model_dimension: u32,
    /// Decoder layers, 1 to [`MAX_LAYERS`].
    pub layers: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; divides `heads`.
    pub key_value_heads: u32,
    /// Width of a head, even.
    pub head_dimension: u32,
    /// Width of the feed-forward layer.
    pub feed_forward: u32,
    /// Size of the vocabulary; token ids are below it.
    pub vocabulary: u32,
    /// Most positions, prompt and answer together.
    pub max_context: u32,
    /// Epsilon of the norms in units of 2⁻³², at least 1.
    pub epsilon: u32,
    /// log₂e / (√head_dimension · 127²) in units of 2⁻⁴⁰, at least 1.
    pub score_scale: u32,
    /// What the decoder consists of, see [`model`].
    pub model_flags: u32,
    /// Flags of the logits product, see [`output`].
    pub output_flags: u32,
    /// Keys that a query of a windowed layer sees, its own included; 0 if no layer has a window. The
    /// number of steps of a picture model.
    pub window: u32,
    /// Flags of each layer's matrix inputs, see [`input`]; 0 beyond the last layer.
    pub input_flags: [u8; MAX_LAYERS],
    /// V-scale format f_v of each layer, within [`VALUE_FORMATS`]; 0 beyond the last layer.
    pub value_formats: [u8; MAX_LAYERS],
    /// Which layers have the window: bit `layer % 8` of byte `layer / 8`. The rest of a picture model's
    /// [`Picture`].
    pub window_layers: [u8; WINDOW_MASK_LENGTH],
    /// Hash of the tokenizer file. Tokenizers are outside the semantics: jobs are token ids.
    pub tokenizer: [u8; 32],
    /// Root of the scale section.
    pub scales: [u8; 32],
    /// Root of the table section.
    pub tables: [u8; 32],
    /// Root of the weight tree.
    pub weights: [u8; 32],
}

/// Reads fields off the front of the encoding.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], HeaderError> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(HeaderError::Length)?;
        self.0 = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, HeaderError> {
        self.array().map(u32::from_le_bytes)
    }
}

impl ModelHeader {
    /// Decodes and validates.
    ///
    /// # Errors
    /// A [`HeaderError`] that names the first field out of range.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        if bytes.len() != HEADER_LENGTH {
            return Err(HeaderError::Length);
        }
        let mut reader = Reader(bytes);
        let header = Self {
            semantics_version: reader.u32()?,
            template: reader.u32()?,
            model_dimension: reader.u32()?,
            layers: reader.u32()?,
            heads: reader.u32()?,
            key_value_heads: reader.u32()?,
            head_dimension: reader.u32()?,
            feed_forward: reader.u32()?,
            vocabulary: reader.u32()?,
            max_context: reader.u32()?,
            epsilon: reader.u32()?,
            score_scale: reader.u32()?,
            model_flags: reader.u32()?,
            output_flags: reader.u32()?,
            window: reader.u32()?,
            input_flags: reader.array()?,
            value_formats: reader.array()?,
            window_layers: reader.array()?,
            tokenizer: reader.array()?,
            scales: reader.array()?,
            tables: reader.array()?,
            weights: reader.array()?,
        };
        header.validate()?;
        Ok(header)
    }

    /// The semantics version that an encoding names, also one that this crate does not implement.
    /// `None` if there is no room for it.
    pub fn version_of(encoding: &[u8]) -> Option<u32> {
        let version = encoding.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*version))
    }

    /// The fields in order of declaration, integers little-endian.
    pub fn encode(&self) -> [u8; HEADER_LENGTH] {
        let numbers = [
            self.semantics_version,
            self.template,
            self.model_dimension,
            self.layers,
            self.heads,
            self.key_value_heads,
            self.head_dimension,
            self.feed_forward,
            self.vocabulary,
            self.max_context,
            self.epsilon,
            self.score_scale,
            self.model_flags,
            self.output_flags,
            self.window,
        ];
        let bytes = numbers
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .chain(self.input_flags)
            .chain(self.value_formats)
            .chain(self.window_layers)
            .chain(self.tokenizer)
            .chain(self.scales)
            .chain(self.tables)
            .chain(self.weights);
        let mut encoded = [0; HEADER_LENGTH];
        for (slot, byte) in encoded.iter_mut().zip(bytes) {
            *slot = byte;
        }
        encoded
    }

    /// Whether the decoder has all of these [`model`] flags.
    pub const fn has(&self, flags: u32) -> bool {
        self.model_flags & flags == flags
    }

    /// Keys that a query of `layer` sees, its own included; `None` if it sees all up to its own.
    pub fn window_of(&self, layer: usize) -> Option<u32> {
        self.is_windowed(layer).then_some(self.window)
    }

    /// The layer's bit in the mask of windows. No layer of a picture model has one.
    fn is_windowed(&self, layer: usize) -> bool {
        if self.template == TEMPLATE_PICTURE {
            return false;
        }
        let byte = self.window_layers.get(layer >> 3).copied().unwrap_or(0);
        byte >> (layer & 7) & 1 != 0
    }

    /// The model root: the model's name on chain.
    pub fn root<H: Hasher256>(&self) -> [u8; 32] {
        H::hash(&[MODEL_DOMAIN, &self.encode()])
    }
}

#[cfg(test)]
pub(crate) mod tests;
