//! Test vectors of exact inference: what they are, their binary form, and the answers to them.
//!
//! A vector is an operation of `docs/spec/exact-inference.md` with inputs and outputs. [`answer`] is the one
//! implementation of every operation's question, on the calls of `aipg-exact`; the engine answers JSON with it, and
//! the runtime's executor runs it in WebAssembly. What the two do not share is behind [`Implementation`]: a hash
//! function, and how a whole model runs.
//!
//! - [`value`]: fields by name, which is what JSON and the binary form have in common
//! - [`binary`]: the bytes of vectors, described in `docs/spec/vectors.md`
//! - [`record`]: fields as structs
//! - [`operations`], [`rows`], [`norms`], [`attention`], [`sampling`], [`pictures`], [`commitments`]: inputs and outputs
//!   of each operation, and the calls that lead from one to the other
//! - [`job`], [`portable`]: whole models, and the implementation that needs nothing else
#![cfg_attr(not(test), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

extern crate alloc;

pub mod attention;
pub mod binary;
pub mod commitments;
pub mod job;
pub mod norms;
pub mod operations;
pub mod pictures;
pub mod portable;
pub mod record;
pub mod rows;
pub mod sampling;
#[cfg(test)]
mod testing;
pub mod value;

pub use operations::{answer, operation_names, AnswerError, Implementation};
pub use value::{Fields, Value};

use aipg_exact::Hasher256;
use alloc::{string::String, vec::Vec};

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// A name of [`operation_names`].
    pub operation: String,
    /// Its inputs.
    pub inputs: Fields,
    /// What they give.
    pub outputs: Fields,
}

/// The digest of one answer: the hash of its binary form.
pub fn answer_digest<H: Hasher256>(outputs: &Fields) -> [u8; 32] {
    H::hash(&[&binary::encode_fields(outputs)])
}

/// The digest of many answers: the hash of their digests, one after the other.
pub fn digest<H: Hasher256>(answers: &[[u8; 32]]) -> [u8; 32] {
    let answers: Vec<&[u8]> = answers.iter().map(<[u8; 32]>::as_slice).collect();
    H::hash(&answers)
}
