//! Jobs on whole models.

use crate::{
    record::{record, Bytes},
    sampling::Sampling,
};
use alloc::vec::Vec;

record! {
    /// A job.
    pub struct Generate {
        /// A model file.
        pub model: Bytes,
        /// Its prompt.
        pub prompt: Vec<u32>,
        /// Most tokens of its output.
        pub max_output: u32,
        /// Tokens that end the output.
        pub stop: Vec<u32>,
        /// How tokens are chosen.
        pub sampling: Sampling,
    }

    /// A job on a picture model.
    pub struct Paint {
        /// A model file.
        pub model: Bytes,
        /// Its prompt.
        pub prompt: Vec<u32>,
        /// The job's.
        pub seed: u64,
    }

    /// The result of either.
    pub struct Generated {
        /// Of the model.
        pub model_root: [u8; 32],
        /// The output.
        pub tokens: Vec<u32>,
        /// Rows processed.
        pub positions: u32,
        /// Over their hidden states.
        pub digest: [u8; 32],
    }
}
