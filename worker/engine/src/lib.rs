//! The engine of exact inference: model files, conversion from float checkpoints, execution on the
//! CPU.
//!
//! The operations and their definition are in `aipg-exact`; this crate composes them into a forward
//! pass. Everything a [`Model`] computes is a function of integers, so [`Model::generate`] and
//! [`Model::replay`] give the same digest bit for bit on every machine.
//!
//! - [`Model`]: a verified model file in memory; `generate`, `replay`, `logits`, `score`
//! - [`Sequence`]: prompts that run together in one batch
//! - [`mod@answer`]: their outputs as text while they grow, and what ends them
//! - [`kernels`]: the inner loops for each kind of processor
//! - [`mod@file`]: the `.aipg` format
//! - [`conformance`]: test vectors, and answers to those of others
//! - [`mod@convert`]: float checkpoint → model file
//! - [`blob`]: token lists as bytes, their address and their root
//! - [`memory`]: what a model and its runs need
//! - [`synthetic`]: models with random weights, for measurements
//! - [`picture`]: pictures from a prompt and a seed
//! - [`mod@power`]: the chain of verified power
//! - [`mod@trace`]: traces of jobs, for those who dispute a result
//! - [`mod@tokenizer`]: text to token ids and back
//! - [`mod@template`]: chat templates, from messages to the text of a prompt
//! - [`words`]: the tokenizer of a picture model's prompts

pub mod answer;
mod attention;
pub mod blob;
pub mod command;
pub mod conformance;
pub mod convert;
pub mod file;
mod forward;
mod generate;
pub mod kernels;
pub mod memory;
mod model;
mod observer;
pub mod picture;
pub mod power;
mod random;
pub mod sampling;
mod score;
mod sequence;
pub mod synthetic;
pub mod template;
pub mod tokenizer;
pub mod trace;
pub mod words;

pub use aipg_exact::{header::ModelHeader, Blake2b256};
pub use answer::{Answer, Stop, StopError};
pub use file::ModelError;
pub use generate::{Generation, RunError};
pub use kernels::Kernel;
pub use model::Model;
pub use picture::Painting;
pub use sampling::Sampler;
pub use score::Score;
pub use sequence::{Finish, Request, Sequence};
