//! The operations of exact inference as a WASM blob, for the executor that runs the runtime.
//!
//! A third implementation to ask the test vectors: the same source as the native answers, but another compiler, 32-bit
//! addresses and no vectors. `tests/executor.rs` calls it; the chain will judge steps of an inference with
//! the same operations in the same executor.
//!
//! | function | input | output |
//! |---|---|---|
//! | `answer_digests` | a file of vectors in their binary form | the digest of each answer, 32 bytes each |
//! | `inner_products` | 0 for `gemm::dot`, 1 for `gemm::tile` (u8), how often (u32) | a sum over the products (i32) |
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(target_arch = "wasm32")]
mod blob;
#[cfg(target_arch = "wasm32")]
mod host;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
