//! The JSON next to a checkpoint: its shape and what its decoder consists of.

use super::{naming::Naming, ConvertError};
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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

/// The fields of a Hugging Face `config.json` that the arithmetic depends on.
#[derive(Deserialize)]
struct HuggingFace {
    model_type: String,
    hidden_size: u32,
    num_hidden_layers: u32,
    num_attention_heads: u32,
    num_key_value_heads: Option<u32>,
    head_dim: Option<u32>,
    intermediate_size: u32,
    vocab_size: u32,
    max_position_embeddings: u32,
    rms_norm_eps: f64,
    #[serde(default = "default_rope_theta")]
    rope_theta: f64,
    rope_scaling: Option<serde_json::Value>,
    #[serde(default = "default_activation")]
    hidden_act: String,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    #[serde(default)]
    use_sliding_window: bool,
    sliding_window: Option<u32>,
    max_window_layers: Option<u32>,
}

const fn default_rope_theta() -> f64 {
    10_000.0
}

fn default_activation() -> String {
    "silu".into()
}

impl CheckpointConfiguration {
    /// Parses the JSON file: our own, or a `config.json` of Hugging Face, which has a `model_type`
    /// (`llama`, `qwen2` or `qwen3`).
    ///
    /// # Errors
    /// [`ConvertError::Configuration`] if a field is missing, unknown or of another type, or asks for
    /// what the semantics does not have.
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
}

impl HuggingFace {
    fn translate(self) -> Result<CheckpointConfiguration, ConvertError> {
        let refuse = |what: String| Err(ConvertError::Configuration(what));
        if self.hidden_act != "silu" {
            return refuse(format!("hidden_act {} is not silu", self.hidden_act));
        }
        if self.rope_scaling.is_some_and(|scaling| !scaling.is_null()) {
            return refuse("rope_scaling is not supported".into());
        }
        let mut decoder = Decoder {
            tied_embedding: self.tie_word_embeddings,
            attention_bias: self.attention_bias,
            attention_output_bias: self.attention_bias,
            feed_forward_bias: self.mlp_bias,
            ..Decoder::default()
        };
        match self.model_type.as_str() {
            "llama" => {}
            "qwen2" => {
                decoder.attention_bias = true;
                decoder.attention_output_bias = false;
            }
            "qwen3" => decoder.head_norm = true,
            other => return refuse(format!("model_type {other} is unknown")),
        }
        if let (true, Some(window)) = (self.use_sliding_window, self.sliding_window) {
            // The first max_window_layers layers see everything.
            let first = self.max_window_layers.unwrap_or(0);
            decoder.windowed_layers = (first..self.num_hidden_layers).collect();
            if !decoder.windowed_layers.is_empty() {
                decoder.window = window.min(self.max_position_embeddings);
            }
        }
        let heads = self.num_attention_heads;
        Ok(CheckpointConfiguration {
            model_dimension: self.hidden_size,
            layers: self.num_hidden_layers,
            heads,
            key_value_heads: self.num_key_value_heads.unwrap_or(heads),
            head_dimension: match self.head_dim {
                Some(width) => width,
                None => self.hidden_size.checked_div(heads).unwrap_or(0),
            },
            feed_forward: self.intermediate_size,
            vocabulary: self.vocab_size,
            max_context: self.max_position_embeddings,
            rope_base: self.rope_theta,
            epsilon: self.rms_norm_eps,
            decoder,
            naming: Naming::HuggingFace,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn qwen2() -> serde_json::Value {
        // The shape of Qwen2.5-0.5B.
        json!({
            "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
            "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
            "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151_936,
            "max_position_embeddings": 32_768, "max_window_layers": 21, "sliding_window": 32_768,
            "use_sliding_window": false, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000.0,
            "tie_word_embeddings": true, "torch_dtype": "bfloat16"
        })
    }

    fn parse(value: &serde_json::Value) -> Result<CheckpointConfiguration, ConvertError> {
        CheckpointConfiguration::from_json(value.to_string().as_bytes())
    }

    #[test]
    fn configuration_should_be_read_when_it_is_of_qwen2() {
        let parsed = parse(&qwen2()).unwrap();
        assert_eq!((parsed.heads, parsed.key_value_heads), (14, 2));
        assert_eq!(parsed.head_dimension, 64);
        assert_eq!((parsed.rope_base, parsed.epsilon), (1e6, 1e-6));
        assert_eq!(parsed.naming, Naming::HuggingFace);
        assert_eq!(
            parsed.decoder.flags(),
            model::TIED_EMBEDDING | model::ATTENTION_BIAS
        );
        assert_eq!(parsed.decoder.window, 0);
    }

    #[test]
    fn configuration_should_be_read_when_it_is_of_llama_or_qwen3() {
        let mut value = qwen2();
        value["model_type"] = "llama".into();
        value["mlp_bias"] = true.into();
        value["tie_word_embeddings"] = false.into();
        value["num_key_value_heads"] = serde_json::Value::Null;
        let parsed = parse(&value).unwrap();
        assert_eq!(parsed.key_value_heads, 14);
        assert_eq!(parsed.decoder.flags(), model::FEED_FORWARD_BIAS);

        value["model_type"] = "qwen3".into();
        value["attention_bias"] = true.into();
        value["head_dim"] = 128.into();
        let parsed = parse(&value).unwrap();
        assert_eq!(parsed.head_dimension, 128);
        assert_eq!(
            parsed.decoder.flags(),
            model::FEED_FORWARD_BIAS
                | model::HEAD_NORM
                | model::ATTENTION_BIAS
                | model::ATTENTION_OUTPUT_BIAS
        );
    }

    #[test]
    fn windows_should_begin_after_the_first_layers() {
        let mut value = qwen2();
        value["use_sliding_window"] = true.into();
        let decoder = parse(&value).unwrap().decoder;
        assert_eq!(decoder.windowed_layers, [21, 22, 23]);
        assert_eq!(decoder.window, 32_768);
        value["max_window_layers"] = 24.into();
        assert_eq!(parse(&value).unwrap().decoder.window, 0);
    }

    #[test]
    fn configuration_should_be_refused_when_the_semantics_lacks_it() {
        for (field, wrong) in [
            ("hidden_act", json!("gelu")),
            ("model_type", json!("mamba")),
            (
                "rope_scaling",
                json!({"rope_type": "llama3", "factor": 8.0}),
            ),
            ("hidden_size", json!("wide")),
        ] {
            let mut value = qwen2();
            value[field] = wrong;
            let error = parse(&value);
            assert!(
                matches!(error, Err(ConvertError::Configuration(_))),
                "{field}"
            );
        }
    }
}
