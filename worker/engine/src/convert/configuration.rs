//! The JSON next to a checkpoint: its shape and what its decoder consists of.

use super::{hugging_face::HuggingFace, naming::Naming, rope::RopeScaling, ConvertError};
use aipg_exact::header::model;
use serde::Deserialize;

/// Shape of a checkpoint; the JSON file next to it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointConfiguration {
    /// Width of the residual stream.
    pub model_dimension: u32,
    /// Decoder layers.
    pub layers: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads.
    pub key_value_heads: u32,
    /// Width of a head.
    pub head_dimension: u32,
    /// Width of the feed-forward layer.
    pub feed_forward: u32,
    /// Size of the vocabulary.
    pub vocabulary: u32,
    /// Most positions.
    pub max_context: u32,
    /// Base of the rotary embedding's wavelengths.
    pub rope_base: f64,
    /// Epsilon of the norms.
    pub epsilon: f64,
    /// What differs from a decoder of the Llama type.
    #[serde(default)]
    pub decoder: Decoder,
    /// How the tensors are called.
    #[serde(default)]
    pub naming: Naming,
}

/// What a decoder has; the default is the Llama type without biases.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Decoder {
    /// The output matrix is the embedding.
    pub tied_embedding: bool,
    /// Query, key and value have biases.
    pub attention_bias: bool,
    /// The attention's output projection has biases.
    pub attention_output_bias: bool,
    /// Gate, up and down have biases.
    pub feed_forward_bias: bool,
    /// LayerNorm in the place of RMSNorm.
    pub layer_norm: bool,
    /// GELU in the place of SiLU.
    pub gelu: bool,
    /// No gate in the feed-forward layer.
    pub ungated: bool,
    /// Query and key heads are normalised.
    pub head_norm: bool,
    /// Keys that a query sees in the windowed layers; 0 is all.
    pub window: u32,
    /// The windowed layers; none given are all of them.
    pub windowed_layers: Vec<u32>,
    /// How the frequencies of the rotary embedding are scaled.
    pub rope_scaling: RopeScaling,
}

impl Decoder {
    /// Everything that differs from a decoder of the Llama type, at once.
    pub const fn everything(window: u32, windowed_layers: Vec<u32>) -> Self {
        Self {
            tied_embedding: true,
            attention_bias: true,
            attention_output_bias: true,
            feed_forward_bias: true,
            layer_norm: true,
            gelu: true,
            ungated: true,
            head_norm: true,
            window,
            windowed_layers,
            rope_scaling: RopeScaling::None,
        }
    }

    /// The header's model flags.
    pub fn flags(&self) -> u32 {
        [
            (self.tied_embedding, model::TIED_EMBEDDING),
            (self.attention_bias, model::ATTENTION_BIAS),
            (self.attention_output_bias, model::ATTENTION_OUTPUT_BIAS),
            (self.feed_forward_bias, model::FEED_FORWARD_BIAS),
            (self.layer_norm, model::LAYER_NORM),
            (self.gelu, model::GELU),
            (self.ungated, model::UNGATED),
            (self.head_norm, model::HEAD_NORM),
        ]
        .into_iter()
        .filter(|(has, _)| *has)
        .fold(0, |flags, (_, flag)| flags | flag)
    }
}

impl CheckpointConfiguration {
    /// Parses the JSON file: our own, or a `config.json` of Hugging Face, which has a `model_type`
    /// (`llama`, `mistral`, `qwen2`, `qwen3` or `smollm3`).
    ///
    /// # Errors
    /// [`ConvertError::Configuration`] if a field is missing, unknown or of another type;
    /// [`ConvertError::UnknownArchitecture`], [`ConvertError::UnknownRopeScaling`] or
    /// [`ConvertError::Unsupported`] if it asks for what the semantics does not have;
    /// [`ConvertError::HeadsDoNotDivide`].
    pub fn from_json(json: &[u8]) -> Result<Self, ConvertError> {
        let malformed = |error: serde_json::Error| ConvertError::Configuration(error.to_string());
        let value: serde_json::Value = serde_json::from_slice(json).map_err(malformed)?;
        if value.get("model_type").is_some() {
            serde_json::from_value::<HuggingFace>(value)
                .map_err(malformed)?
                .translate()
        } else {
            serde_json::from_value(value).map_err(malformed)
        }
    }

    /// The same with at most so many positions: the rotary table and the cache of a run are the smaller.
    #[must_use]
    pub fn with_context_up_to(mut self, positions: u32) -> Self {
        self.max_context = self.max_context.min(positions);
        self.decoder.window = self.decoder.window.min(self.max_context);
        self
    }
}
