//! Traces of a job, and the steps that decide whether one is right.
//!
//! A trace is every intermediate result of a job. Of each op the result is either *committed*, as a
//! tensor with a hash tree ([`tensor`]), or *lazy*: sums inside of an op, which nobody stores and
//! whoever stands for the trace reveals when asked ([`Sum`]).
//!
//! ```text
//! norm ─ records (Σx, Σx², maxima) ─ quantised rows ┐
//!                                                   ├ Σ q·w (lazy) ─ heads, residual stream, …
//! weights ──────────────────────────────────────────┘
//! ```
//!
//! That a trace is right is a set of [`Claim`]s: those of [`claims`] for each leaf of each tensor. A
//! claim is decided by [`Claim::check`] from a few leaves and the values of a few sums. What it needs
//! of these is true by assumption, since somebody else's claim covers it, or becomes the next claim: a
//! sum splits into at most [`FAN_OUT`] parts, and a part of one term is arithmetic on opened leaves
//! alone. So every disagreement about a trace ends, after at most [`MAX_ROUNDS`] reveals, in one step
//! of a few hundred multiplications, which is what the chain executes.
//!
//! [`Replay`] computes a trace, and is at the same time the portable forward pass: it makes the rows
//! from the same functions that decide claims, so what an honest worker commits, nobody can accuse.

mod arithmetic;
mod chosen;
mod claim;
mod decide;
mod descent;
mod evidence;
mod flaw;
mod home;
mod openings;
mod picture;
mod reader;
mod record;
mod replay;
mod reveal;
mod sum;
pub mod tensor;
pub mod wire;

pub use claim::{claims, Claim, Fault, MAX_ROUNDS};
pub use descent::{Node, LEVELS};
pub use evidence::{trace_root, Evidence, TensorProof};
pub use flaw::Flaw;
pub use openings::{Opening, OpeningError, Openings, Recorder, Roots};
pub use reader::{Inputs, Job, Leaf, Sampling};
pub use record::{Chosen, NormRecord, PeakRecord, Record, SoftmaxRecord};
pub use replay::{Replay, ReplayError, Sections};
pub use reveal::value;
pub use sum::{Span, Sum, FAN_OUT};
pub use tensor::{Part, Tensor};

#[cfg(test)]
mod tests;
