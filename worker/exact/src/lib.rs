//! Exact inference: a forward pass that is a function of integers only.
//!
//! Every operation here is defined for every input, uses no floating point and no library
//! function, and gives the same bits in any batch, tiling, order of summation or number of threads.
//! That is what lets anyone replay a job, and lets the chain judge one step of it. The normative
//! text is `docs/spec/exact-inference.md`; this crate is semantics version 1 of it.
//!
//! - [`header`]: shape and roots of a model, and how much work a job on it is
//! - [`layout`]: where each tensor lies in the sections of a model
//! - [`commitment`]: the hash trees over tokens, weights, scales, tables and hidden states
//! - [`drawn_prompt`]: prompts of jobs that the chain submits itself
//! - the operations: [`arithmetic`], [`quantise`], [`gemm`], [`hadamard`], [`normalise`], [`rope`],
//!   [`activation`], [`attention`], [`elementwise`], [`sampling`]
//! - [`picture`]: noise, step and byte of a picture model
//! - [`power`]: the chain of matrix products that measures what a machine can do
//!
//! Without features the crate has no dependencies; users pass their hash function as a [`Hasher256`], and
//! the feature `blake2` has one. It is built
//! with overflow checks in every profile: where a sum wraps on purpose, a comment bounds it.
#![cfg_attr(not(any(test, feature = "std")), no_std)]
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

pub mod activation;
pub mod arithmetic;
pub mod attention;
pub mod commitment;
pub mod drawn_prompt;
pub mod elementwise;
pub mod gemm;
pub mod hadamard;
pub mod header;
pub mod layout;
pub mod normalise;
pub mod picture;
pub mod power;
pub mod quantise;
pub mod rope;
pub mod sampling;
pub mod tables;
pub mod trace;
pub mod tree;

/// Fractional bits of the number formats.
pub mod format {
    /// Residual stream and logits.
    pub const RESIDUAL: i32 = 16;
    /// Logits, in natural-log units.
    pub const LOGITS: i32 = 16;
    /// Query, key, value, gate and up.
    pub const PROJECTION: i32 = 12;
    /// Gains and biases of norms.
    pub const GAIN: i32 = 12;
    /// A quantised row of a norm's output, see [`crate::normalise`].
    pub const NORMALISED: i32 = 44;
    /// Output of attention.
    pub const ATTENTION: i32 = 16;
    /// activation(gate) · up: Q16 · Q12.
    pub const GATED: i32 = 28;
    /// activation(up) of a feed-forward layer without a gate.
    pub const ACTIVATED: i32 = 16;
}

/// A hash function with 32 bytes of output. The protocol uses blake2b-256.
pub trait Hasher256 {
    /// Hash of the concatenation of `parts`.
    fn hash(parts: &[&[u8]]) -> [u8; 32];
}

/// blake2b-256, the hash of every commitment.
#[cfg(any(test, feature = "blake2"))]
#[derive(Clone, Copy, Debug)]
pub struct Blake2b256;

#[cfg(any(test, feature = "blake2"))]
impl Hasher256 for Blake2b256 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        use blake2::{digest::consts::U32, Blake2b, Digest};
        let mut state = Blake2b::<U32>::new();
        for part in parts {
            state.update(part);
        }
        state.finalize().into()
    }
}

#[cfg(any(test, feature = "testing"))]
pub mod testing;
