//! Where a worker could be dishonest.
//!
//! Everything that a worker says about a job passes one of these hooks. [`Honest`] leaves it as it is.
//! Whoever tests or demonstrates disputes needs workers that lie (`worker/liar`), and they should be real
//! ones in everything else.

use crate::{inference::Task, jobs::Answer};
use aipg_client::disputes::Stage;
use aipg_engine::trace::{Position, Trace};
use aipg_exact::trace::Claim;

/// How a worker behaves.
pub trait Conduct: Send + Sync {
    /// The answer that it delivers for one that it computed.
    fn answer(&self, _: &Task, answer: Answer) -> Answer {
        answer
    }

    /// The trace that it stands for.
    fn trace(&self, _: &mut Trace<'_>) {}

    /// The sums that it reveals of a claim.
    fn sums(&self, _: &Position<'_>, _: &Claim, sums: Vec<i64>) -> Vec<i64> {
        sums
    }

    /// Whether it puts its answer onto the node, where others find it.
    fn stores(&self) -> bool {
        true
    }

    /// Whether it publishes chunks that others cannot find.
    fn publishes(&self) -> bool {
        true
    }

    /// Whether it posts its trace when a result of it is challenged.
    fn defends(&self) -> bool {
        true
    }

    /// Whether it makes the move that a game waits for.
    fn moves(&self, _: &Stage) -> bool {
        true
    }

    /// Whether it says of results that they are false without having found that.
    fn accuses(&self) -> bool {
        false
    }

    /// Whether it answers the audits of its results.
    fn attests(&self) -> bool {
        true
    }

    /// What it commits to in an audit without having looked.
    fn stamps(&self, _job: u64) -> Option<[u8; 32]> {
        None
    }

    /// Whether it goes on to accuse where it finds nothing wrong.
    fn persists(&self) -> bool {
        false
    }
}

/// Says what it computed, and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Honest;

impl Conduct for Honest {}
