//! Traces of jobs, from the fast kernels and within a budget of memory.
//!
//! A [`Trace`] is what `aipg_exact::trace::Replay` is, bit for bit, without having all of it in memory. One
//! pass takes all rows of the job through one layer after the other, hashes each tensor's leaves as they
//! come, and keeps
//!
//! - the roots of all tensors ([`TraceRoots`]), and of each tree one node for every 256 leaves;
//! - the residual stream that enters every k-th layer, k as small as the budget allows;
//! - the few rows from which tokens are sampled.
//!
//! Whatever else is asked for later, a leaf, nodes of a tree or the value of a sum, is computed again from
//! the layer it belongs to: its keys and values once, then the block of rows that is wanted.
//!
//! ```text
//! tokens ─ embedded ─┬─ layer 0 ─┬─ … ─┬─ layer L−1 ─── sampled rows ─ chosen
//!               checkpoint   checkpoint  │
//!                                        └─ on demand: keys, values, blocks of rows
//! ```
//!
//! Two parties that disagree about a job each have a trace. [`Position`] finds what they disagree about
//! and brings what a referee needs to decide it; a [`ModelFile`] proves the leaves of the model.

mod build;
mod file;
mod grouped;
mod layers;
mod picture;
mod plan;
mod position;
mod rows;
mod strategy;

pub use build::Trace;
pub use file::ModelFile;
pub use picture::PictureRequest;
pub use position::{open_output, open_prompt, Disputed, Position};
pub use strategy::{Accusation, Choice, Descent, Verdict};

use crate::{Blake2b256, ModelError, RunError, Sampler};
use aipg_exact::{
    header::ModelHeader,
    trace::{trace_root, Leaf, Tensor},
    tree::{self, Domain},
};
use thiserror::Error;

/// Why there is no trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The job cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Not even one layer fits the budget.
    #[error(
        "BudgetTooSmall: a trace of this job takes at least {needed} bytes, the budget is {budget}"
    )]
    BudgetTooSmall {
        /// What was allowed.
        budget: u64,
        /// What it takes with the smallest blocks and no checkpoint.
        needed: u64,
    },
    /// The model file cannot be read, or is not what its header says.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The file holds another model than the one that runs.
    #[error("OtherModel: the file holds another model")]
    OtherModel,
    /// There is no such leaf.
    #[error("NoLeaf: neither the job nor its trace nor the model has the leaf {0:?}")]
    NoLeaf(Leaf),
}

/// Memory that a trace may take, besides that of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBudget {
    /// Bytes.
    pub bytes: u64,
}

impl MemoryBudget {
    /// As much as there is.
    pub const UNLIMITED: Self = Self { bytes: u64::MAX };
}

/// A job and its answer, right or not.
#[derive(Clone, Copy, Debug)]
pub struct TraceRequest<'a> {
    /// The prompt's tokens, at least one.
    pub prompt: &'a [u32],
    /// The output's tokens, at least one.
    pub output: &'a [u32],
    /// How tokens are chosen.
    pub sampler: Sampler,
}

/// Roots of all tensors of a trace, in the order of [`Tensor::all`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRoots {
    /// A root for each tensor.
    pub tensors: Vec<[u8; 32]>,
}

impl TraceRoots {
    /// Root of the trace.
    pub fn root(&self) -> [u8; 32] {
        trace_root::<Blake2b256>(&self.tensors)
    }

    /// Root of a tensor; `None` if it is not one of the model's.
    pub fn tensor(&self, header: &ModelHeader, tensor: Tensor) -> Option<[u8; 32]> {
        let index = usize::try_from(tensor.number(header)).ok()?;
        self.tensors.get(index).copied()
    }

    /// The first tensor of which the other trace has another root, or none at all. What it is computed
    /// from is the same in both.
    pub fn first_difference(&self, header: &ModelHeader, other: &[[u8; 32]]) -> Option<Tensor> {
        let theirs = other.iter().map(Some).chain(std::iter::repeat(None));
        let mut pairs = Tensor::all(header).zip(self.tensors.iter().zip(theirs));
        pairs
            .find(|(_, (own, other))| Some(*own) != *other)
            .map(|(tensor, _)| tensor)
    }

    /// What proves a tensor's root to be in the trace: siblings from it up to [`Self::root`]. `None` if it
    /// is not one of the model's.
    pub fn path(&self, header: &ModelHeader, tensor: Tensor) -> Option<Vec<[u8; 32]>> {
        let domain = Domain::TraceRoot;
        let roots = self.tensors.iter();
        let leaves: Vec<_> = roots
            .map(|root| tree::leaf::<Blake2b256>(domain, root))
            .collect();
        let index = usize::try_from(tensor.number(header)).ok()?;
        tree::path::<Blake2b256>(domain, &leaves, index)
    }
}
