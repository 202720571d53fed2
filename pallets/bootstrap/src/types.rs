//! Records and limits.

use aipg_primitives::ModelId;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;

/// Most models that public jobs are drawn from.
pub const MAX_MODELS: u32 = 8;

/// Most public jobs that wait for a result.
pub const MAX_UNANSWERED: u32 = 16;

/// Most public jobs whose result can still be doubted: as many as there can be blocks in a challenge window and
/// the time of a dispute, and again.
pub const MAX_ANSWERED: u64 = 8_192;

/// Tokens of a prompt.
pub const PROMPT_TOKENS: u32 = 16;

/// Tokens of an answer, at most.
pub const OUTPUT_TOKENS: u32 = 16;

/// Times the model's floor that a public job pays at most for a unit: asks up to half of it leave the draw open.
pub const PRICE_FACTOR: u128 = 2;

/// Halvings of the share after which there is none.
pub const HALVINGS: u32 = 6;

/// What rebuilds a prompt of [`PROMPT_TOKENS`].
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Prompt {
    pub seed: H256,
    /// Size of the model's vocabulary.
    pub vocabulary: u32,
}

/// The places of a queue that are taken: from `first` to before `end`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Answered {
    pub first: u64,
    pub end: u64,
}

impl Answered {
    pub const fn count(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }
}

/// Whether a model is in the list twice.
pub fn has_twice(models: &[ModelId]) -> bool {
    let mut seen = models;
    while let Some((model, rest)) = seen.split_first() {
        if rest.contains(model) {
            return true;
        }
        seen = rest;
    }
    false
}
