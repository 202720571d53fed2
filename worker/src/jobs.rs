//! What to do next for each job: a state machine without any input or output of its own.
//!
//! The chain's stage says what a job waits for, the [`Record`] says what this machine has of it;
//! [`Record::next`] puts the two together. Records are stored after every change and live until a
//! finalised block shows the end of the job, also across connections and restarts, so that nothing
//! is computed or paid for twice.
//!
//! **Write-ahead.** A step has one effect outside the process at most, and what it will do is in the
//! record before it is done: a call is signed and stored by [`Step::Sign`] before [`Step::Send`] sends
//! exactly these bytes. Whoever finds the record after a crash sends the same bytes again or learns
//! from the chain what became of them; another call for the same purpose is signed only when the
//! first one can never be included.

mod book;

pub use book::Book;

use aipg_client::{Amount, Inclusion, Job, SignedCall, Stage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Failed attempts after which a job is given up. A failed call costs its fee.
const MAX_FAILURES: u32 = 3;

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub tokens: Vec<u32>,
    pub digest: [u8; 32],
}

/// What this machine has of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// The input is not in hand.
    Waiting,
    /// The input is missing for good, or wrong.
    Unusable,
    /// The input is in hand and checked.
    Ready(Vec<u32>),
    /// A run is under way; its result carries this ticket. Never stored: a run does not outlive the
    /// process.
    Computing { input: Vec<u32>, ticket: u64 },
    /// The answer is in hand.
    Computed(Answer),
    /// Nothing more is done about the job.
    GivenUp,
}

/// What is said to the chain about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    /// The input cannot be had.
    ReportInput,
    /// Take the job.
    Claim,
    /// Submit the answer.
    Deliver,
}

/// The next thing to do for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Get and check the input.
    Fetch,
    /// Sign the call and store it; nobody sees it yet.
    Sign(Action),
    /// Send the stored call, or find out what became of it.
    Send(Action),
    /// Run the model.
    Compute,
    /// Put the answer into the blob store.
    Publish,
}

/// A signed call and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub call: SignedCall,
    /// The block that held it when it was last looked for.
    pub included: Option<Inclusion>,
    /// Signed by this process and not sent yet: nobody else can know it.
    #[serde(skip)]
    pub is_fresh: bool,
}

/// A result that a finalised block holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub block: u32,
    pub units: u64,
    pub fee: Amount,
    /// Block at which the job is paid unless it is challenged.
    pub settles_at: u32,
}

/// How a job ended, by a finalised block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// This machine was paid.
    Paid {
        block: u32,
        units: u64,
        fee: Amount,
        to_worker: Amount,
    },
    /// Another machine was paid.
    Elsewhere { block: u32 },
    /// It ended unpaid, without a result or because it was false.
    Refunded { block: u32, reason: String },
    /// It ended in a block whose state the node no longer has: the payment is in the balance; its
    /// amount is not known here until a receipt tells.
    Unseen,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub job: Job,
    pub progress: Progress,
    /// What was signed for it, by purpose.
    pub calls: BTreeMap<Action, Sent>,
    /// The node has taken the answer's blob.
    pub is_published: bool,
    /// How often the chain took the job away: `ClaimMissed`, `ResultMissed`, `InputUnavailable`.
    pub losses: Vec<String>,
    pub delivery: Option<Delivery>,
    pub end: Option<End>,
    /// Block at which the machine first saw the job.
    pub first_seen: u32,
    /// Nothing is tried before this block.
    #[serde(skip)]
    not_before: u32,
    failures: u32,
    /// The chain lists the job as one that this machine has to claim or to deliver.
    #[serde(skip)]
    is_listed: bool,
}

impl Record {
    fn new(job: Job, now: u32) -> Self {
        Self {
            job,
            progress: Progress::Waiting,
            calls: BTreeMap::new(),
            is_published: false,
            losses: Vec::new(),
            delivery: None,
            end: None,
            first_seen: now,
            not_before: now,
            failures: 0,
            is_listed: true,
        }
    }

    /// Takes over what the chain reports of the job. An assignment with another term is another
    /// turn, in which the input may be there and calls may succeed; the answer stays what it is.
    fn relist(&mut self, job: Job, now: u32) {
        if job.stage == Stage::Assigned && (self.job.stage, self.job.due) != (job.stage, job.due) {
            self.first_seen = now;
            self.failures = 0;
            if matches!(self.progress, Progress::Unusable | Progress::GivenUp) {
                self.progress = Progress::Waiting;
            }
        }
        self.job = job;
        self.is_listed = true;
    }

    /// What to do at block `now`, given that the chain reported the job's stage at that block.
    pub fn next(&self, now: u32) -> Option<Step> {
        if now < self.not_before || !self.is_listed || self.end.is_some() {
            return None;
        }
        match (self.job.stage, &self.progress) {
            (_, Progress::GivenUp) => None,
            (Stage::Assigned, Progress::Waiting) => Some(Step::Fetch),
            (Stage::Assigned, Progress::Unusable) => self.say(Action::ReportInput, now),
            (
                Stage::Assigned,
                Progress::Ready(_) | Progress::Computing { .. } | Progress::Computed(_),
            ) => self.say(Action::Claim, now),
            // Claimed before a restart, or the node lost the blob: there is no way back but the
            // input itself.
            (Stage::Running, Progress::Waiting | Progress::Unusable) => Some(Step::Fetch),
            (Stage::Running, Progress::Ready(_)) => Some(Step::Compute),
            (Stage::Running, Progress::Computing { .. }) => None,
            (Stage::Running, Progress::Computed(_)) if !self.is_published => Some(Step::Publish),
            (Stage::Running, Progress::Computed(_)) => self.say(Action::Deliver, now),
            (Stage::Queued | Stage::Demanded | Stage::Delivered, _) => None,
        }
    }

    fn say(&self, action: Action, now: u32) -> Option<Step> {
        match self.calls.get(&action) {
            None => Some(Step::Sign(action)),
            // The chain was read at or before the block that holds the call.
            Some(Sent {
                included: Some(inclusion),
                ..
            }) if now <= inclusion.number => None,
            Some(_) => Some(Step::Send(action)),
        }
    }

    /// Forgets what blocks from `first_lost` on said; returns whether they said anything.
    pub fn reopen(&mut self, first_lost: u32) -> bool {
        let ended = match &self.end {
            Some(
                End::Paid { block, .. } | End::Elsewhere { block } | End::Refunded { block, .. },
            ) => *block >= first_lost,
            Some(End::Unseen) | None => false,
        };
        let delivered = self
            .delivery
            .as_ref()
            .is_some_and(|delivery| delivery.block >= first_lost);
        if ended {
            self.end = None;
        }
        if delivered {
            self.delivery = None;
        }
        ended || delivered
    }

    /// Whether the job has ended and it is known how.
    fn has_known_end(&self) -> bool {
        !matches!(self.end, None | Some(End::Unseen))
    }

    /// What this machine has done for the job so far, in one word.
    pub fn state(&self) -> &'static str {
        let call = |action| self.calls.get(&action);
        match (&self.end, &self.progress) {
            (Some(End::Paid { .. }), _) => "Settled",
            (Some(End::Elsewhere { .. }), _) => "Lost",
            (Some(End::Refunded { .. }), _) => "Refunded",
            (Some(End::Unseen), _) => "EndedUnseen",
            (None, _) if self.delivery.is_some() => "Delivered",
            (None, Progress::GivenUp) => "GivenUp",
            (None, _) if call(Action::Deliver).is_some() => "ResultSubmitted",
            (None, _) if self.is_published => "Published",
            (None, Progress::Computed(_)) => "Computed",
            (None, Progress::Unusable) => "InputUnusable",
            (None, _) => match call(Action::Claim) {
                Some(sent) if sent.included.is_some() => "Claimed",
                Some(_) => "ClaimSubmitted",
                None if self.progress == Progress::Waiting => "Seen",
                None => "Fetched",
            },
        }
    }

    /// The record as it is stored.
    pub fn to_stored(&self) -> Self {
        let mut stored = self.clone();
        if let Progress::Computing { input, .. } = stored.progress {
            stored.progress = Progress::Ready(input);
        }
        if stored.end.is_some() {
            // What is left is history.
            stored.progress = Progress::Waiting;
            stored.calls.clear();
        }
        stored
    }

    /// Whether a missing input is to be reported at block `now`: after a quarter of the time that
    /// the claim window leaves, since blobs travel between nodes and may be on their way.
    fn is_patience_over(&self, now: u32) -> bool {
        let window = self.job.due.saturating_sub(self.first_seen);
        now.saturating_sub(self.first_seen) >= window / 4
    }
}

#[cfg(test)]
mod recovery_tests;
#[cfg(test)]
pub(crate) mod tests;
