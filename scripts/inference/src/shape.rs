//! Shapes of the models that are compared.

use aipg_engine::convert::{CheckpointConfiguration, Decoder, Naming};
use clap::ValueEnum;

/// A model whose weights are random: only its shape matters for time and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// 60 million parameters.
    #[value(name = "60m")]
    Small,
    /// The shape of Qwen2.5 0.5B, without biases and with an output matrix of its own.
    #[value(name = "0.5b")]
    Large,
}

impl Shape {
    pub const ALL: [Self; 2] = [Self::Small, Self::Large];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "60m",
            Self::Large => "0.5b",
        }
    }

    pub fn configuration(self) -> CheckpointConfiguration {
        match self {
            Self::Small => CheckpointConfiguration {
                model_dimension: 512,
                layers: 9,
                heads: 8,
                key_value_heads: 4,
                head_dimension: 64,
                feed_forward: 1_536,
                vocabulary: 32_000,
                max_context: 2_048,
                rope_base: 10_000.0,
                epsilon: 1e-5,
                decoder: Decoder::default(),
                naming: Naming::Plain,
            },
            Self::Large => CheckpointConfiguration {
                model_dimension: 896,
                layers: 24,
                heads: 14,
                key_value_heads: 2,
                head_dimension: 64,
                feed_forward: 4_864,
                vocabulary: 151_936,
                max_context: 2_048,
                rope_base: 1_000_000.0,
                epsilon: 1e-6,
                decoder: Decoder::default(),
                naming: Naming::Plain,
            },
        }
    }

    /// Weights that are read for every token: all but the embedding.
    pub fn weights_read(self) -> u64 {
        let shape = self.configuration();
        let [d, layers, heads, groups, width, inner, vocabulary] = [
            shape.model_dimension,
            shape.layers,
            shape.heads,
            shape.key_value_heads,
            shape.head_dimension,
            shape.feed_forward,
            shape.vocabulary,
        ]
        .map(u64::from);
        layers * (2 * d * heads * width + 2 * d * groups * width + 3 * d * inner) + d * vocabulary
    }
}
