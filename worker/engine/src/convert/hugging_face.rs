//! The `config.json` of a checkpoint of Hugging Face.

use super::{
    configuration::{CheckpointConfiguration, Decoder},
    naming::Naming,
    rope::RopeScaling,
    ConvertError,
};
use serde::Deserialize;
use serde_json::Value;

/// The fields that the arithmetic depends on.
#[derive(Deserialize)]
pub(super) struct HuggingFace {
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
    rope_theta: Option<f64>,
    rope_scaling: Option<RopeParameters>,
    /// The newer place of `rope_theta` and `rope_scaling`.
    rope_parameters: Option<RopeParameters>,
    partial_rotary_factor: Option<f64>,
    /// 0 for each layer without a rotary embedding.
    no_rope_layers: Option<Vec<u32>>,
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
    layer_types: Option<Vec<String>>,
    quantization_config: Option<Value>,
}

#[derive(Deserialize)]
struct RopeParameters {
    rope_type: Option<String>,
    /// The older name of `rope_type`; some configurations have both.
    #[serde(rename = "type")]
    kind: Option<String>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<u32>,
}

fn default_activation() -> String {
    "silu".into()
}

/// Base of the rotary embedding where nothing says another.
const ROPE_BASE: f64 = 10_000.0;

impl HuggingFace {
    pub fn translate(self) -> Result<CheckpointConfiguration, ConvertError> {
        let mut decoder = self.decoder()?;
        self.refuse_what_is_lacking()?;
        (decoder.window, decoder.windowed_layers) = self.windows()?;
        decoder.rope_scaling = self.rope_scaling()?;
        let heads = self.num_attention_heads;
        let theta = |parameters: &Option<RopeParameters>| parameters.as_ref()?.rope_theta;
        Ok(CheckpointConfiguration {
            model_dimension: self.hidden_size,
            layers: self.num_hidden_layers,
            heads,
            key_value_heads: self.num_key_value_heads.unwrap_or(heads),
            head_dimension: self.head_dimension()?,
            feed_forward: self.intermediate_size,
            vocabulary: self.vocab_size,
            max_context: self.max_position_embeddings,
            rope_base: theta(&self.rope_parameters)
                .or(self.rope_theta)
                .unwrap_or(ROPE_BASE),
            epsilon: self.rms_norm_eps,
            decoder,
            naming: Naming::HuggingFace,
        })
    }

    /// Biases and norms of the architecture.
    fn decoder(&self) -> Result<Decoder, ConvertError> {
        let mut decoder = Decoder {
            tied_embedding: self.tie_word_embeddings,
            attention_bias: self.attention_bias,
            attention_output_bias: self.attention_bias,
            feed_forward_bias: self.mlp_bias,
            ..Decoder::default()
        };
        match self.model_type.as_str() {
            "llama" | "mistral" | "smollm3" => {}
            "qwen2" => {
                decoder.attention_bias = true;
                decoder.attention_output_bias = false;
            }
            "qwen3" => decoder.head_norm = true,
            other => return Err(ConvertError::UnknownArchitecture(other.into())),
        }
        Ok(decoder)
    }

    fn refuse_what_is_lacking(&self) -> Result<(), ConvertError> {
        let refuse = |what: String| Err(ConvertError::Unsupported(what));
        if self.hidden_act != "silu" {
            return refuse(format!("hidden_act {} is not silu", self.hidden_act));
        }
        if self.quantization_config.is_some() {
            return refuse("the weights are quantised; take the checkpoint of floats".into());
        }
        if self.partial_rotary_factor.is_some_and(|part| part != 1.0) {
            return refuse("only a part of each head is rotated".into());
        }
        // Where SmolLM3 does not say which layers rotate, every fourth does not.
        let all_rotate = match &self.no_rope_layers {
            Some(layers) => layers.iter().all(|&rotates| rotates != 0),
            None => self.model_type != "smollm3",
        };
        if !all_rotate {
            return refuse("some layers have no rotary embedding".into());
        }
        Ok(())
    }

    fn head_dimension(&self) -> Result<u32, ConvertError> {
        let (width, heads) = (self.hidden_size, self.num_attention_heads);
        match self.head_dim {
            Some(dimension) => Ok(dimension),
            None if heads != 0 && width.is_multiple_of(heads) => Ok(width / heads),
            None => Err(ConvertError::HeadsDoNotDivide { width, heads }),
        }
    }

    /// The window, and the layers that have it.
    fn windows(&self) -> Result<(u32, Vec<u32>), ConvertError> {
        let refuse = |what: &str| Err(ConvertError::Configuration(what.into()));
        let by_default = self.model_type == "mistral";
        let window = self
            .sliding_window
            .filter(|_| by_default || self.use_sliding_window);
        let layers: Vec<u32> = match &self.layer_types {
            Some(types) => {
                if types.len() != self.num_hidden_layers as usize {
                    return refuse("layer_types has another length than there are layers");
                }
                for kind in types {
                    if kind != "full_attention" && kind != "sliding_attention" {
                        return Err(ConvertError::Unsupported(format!("layers of type {kind}")));
                    }
                }
                let windowed = |(_, kind): &(u32, &String)| *kind == "sliding_attention";
                (0..)
                    .zip(types)
                    .filter(windowed)
                    .map(|(layer, _)| layer)
                    .collect()
            }
            // A layer above the header's limit is refused with the header.
            None if by_default => (0..self.num_hidden_layers.min(256)).collect(),
            // The first max_window_layers layers see everything.
            None => {
                (self.max_window_layers.unwrap_or(0)..self.num_hidden_layers.min(256)).collect()
            }
        };
        match window {
            Some(_) if layers.is_empty() => Ok((0, Vec::new())),
            Some(0) => refuse("sliding_window is 0"),
            Some(window) => Ok((window.min(self.max_position_embeddings), layers)),
            None if self.layer_types.is_some() && !layers.is_empty() => {
                refuse("layer_types names windowed layers, but there is no sliding_window")
            }
            None => Ok((0, Vec::new())),
        }
    }

    fn rope_scaling(&self) -> Result<RopeScaling, ConvertError> {
        let missing =
            |what: &str| ConvertError::Configuration(format!("rope_scaling lacks {what}"));
        let both = [&self.rope_scaling, &self.rope_parameters];
        let Some(scaling) = both.into_iter().flatten().next() else {
            return Ok(RopeScaling::None);
        };
        let factor = scaling.factor.ok_or_else(|| missing("factor"));
        match scaling.rope_type.as_deref().or(scaling.kind.as_deref()) {
            // Parameters of which none scales.
            None if scaling.factor.is_none() => Ok(RopeScaling::None),
            None => Err(missing("rope_type")),
            Some("default") => Ok(RopeScaling::None),
            Some("linear") => Ok(RopeScaling::Linear { factor: factor? }),
            Some("llama3") => Ok(RopeScaling::Llama3 {
                factor: factor?,
                low_frequency_factor: scaling
                    .low_freq_factor
                    .ok_or_else(|| missing("low_freq_factor"))?,
                high_frequency_factor: scaling
                    .high_freq_factor
                    .ok_or_else(|| missing("high_freq_factor"))?,
                original_context: scaling
                    .original_max_position_embeddings
                    .ok_or_else(|| missing("original_max_position_embeddings"))?,
            }),
            Some(other) => Err(ConvertError::UnknownRopeScaling(other.into())),
        }
    }
}

#[cfg(test)]
mod tests;
