//! How checkpoints name their tensors.

use aipg_exact::layout::Weight;
use serde::Deserialize;

/// A convention of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// `layers.0.attention.query.weight`: the demo model's.
    #[default]
    Plain,
    /// `model.layers.0.self_attn.q_proj.weight`: Llama, Qwen2 and Qwen3 on Hugging Face.
    HuggingFace,
    /// `blk.0.attn_q.weight`: GGUF files.
    Gguf,
}

/// The names of one convention, without `.weight` and `.bias`. Those of a layer follow its prefix and
/// number.
#[derive(Debug)]
pub(super) struct Names {
    embedding: &'static str,
    output: &'static str,
    pub final_norm: &'static str,
    layer: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    attention_output: &'static str,
    gate: &'static str,
    up: &'static str,
    down: &'static str,
    pub attention_norm: &'static str,
    pub query_norm: &'static str,
    pub key_norm: &'static str,
    pub feed_forward_norm: &'static str,
}

static PLAIN: Names = Names {
    embedding: "embedding",
    output: "output",
    final_norm: "final_norm",
    layer: "layers",
    query: "attention.query",
    key: "attention.key",
    value: "attention.value",
    attention_output: "attention.output",
    gate: "feed_forward.gate",
    up: "feed_forward.up",
    down: "feed_forward.down",
    attention_norm: "attention_norm",
    query_norm: "attention.query_norm",
    key_norm: "attention.key_norm",
    feed_forward_norm: "feed_forward_norm",
};

static HUGGING_FACE: Names = Names {
    embedding: "model.embed_tokens",
    output: "lm_head",
    final_norm: "model.norm",
    layer: "model.layers",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    attention_output: "self_attn.o_proj",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    attention_norm: "input_layernorm",
    query_norm: "self_attn.q_norm",
    key_norm: "self_attn.k_norm",
    feed_forward_norm: "post_attention_layernorm",
};

static GGUF: Names = Names {
    embedding: "token_embd",
    output: "output",
    final_norm: "output_norm",
    layer: "blk",
    query: "attn_q",
    key: "attn_k",
    value: "attn_v",
    attention_output: "attn_output",
    gate: "ffn_gate",
    up: "ffn_up",
    down: "ffn_down",
    attention_norm: "attn_norm",
    query_norm: "attn_q_norm",
    key_norm: "attn_k_norm",
    feed_forward_norm: "ffn_norm",
};

impl Naming {
    /// The names of this convention.
    pub(super) fn names(self) -> &'static Names {
        match self {
            Self::Plain => &PLAIN,
            Self::HuggingFace => &HUGGING_FACE,
            Self::Gguf => &GGUF,
        }
    }
}

impl Names {
    /// The full name of a part of a layer.
    pub fn in_layer(&self, layer: usize, part: &str) -> String {
        format!("{}.{layer}.{part}", self.layer)
    }

    /// The full name of a weight tensor.
    pub fn matrix(&self, weight: Weight, layer: usize) -> String {
        let part = match weight {
            Weight::Embedding => return self.embedding.into(),
            // Of picture models, which no checkpoint is converted to.
            Weight::Patch => return "patch".into(),
            Weight::Output => return self.output.into(),
            Weight::Query => self.query,
            Weight::Key => self.key,
            Weight::Value => self.value,
            Weight::AttentionOutput => self.attention_output,
            Weight::Gate => self.gate,
            Weight::Up => self.up,
            Weight::Down => self.down,
        };
        self.in_layer(layer, part)
    }
}
