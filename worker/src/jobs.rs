//! What to do next for each job: a state machine without any input or output of its own.
//!
//! The chain's stage says what a job waits for, the [`Record`] says what this machine has of it;
//! [`Record::next`] puts the two together. Records live as long as the chain reports the job, also
//! across connections, so that nothing is computed or paid for twice.

use aipg_client::{Job, Stage};
use std::collections::BTreeMap;

/// Failed attempts after which a job is given up. A failed call costs its fee.
const MAX_FAILURES: u32 = 3;

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub tokens: Vec<u32>,
    pub digest: [u8; 32],
}

/// What this machine has of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The input is not in hand.
    Waiting,
    /// The input is missing for good, or wrong.
    Unusable,
    /// The input is in hand and checked.
    Ready(Vec<u32>),
    /// A run is under way; its result carries this ticket.
    Computing { input: Vec<u32>, ticket: u64 },
    /// The answer is in hand.
    Computed(Answer),
    /// Nothing more is done about the job.
    GivenUp,
}

/// The next thing to do for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Get and check the input.
    Fetch,
    /// Tell the chain that the input cannot be had.
    ReportInput,
    /// Take the job.
    Claim,
    /// Run the model.
    Compute,
    /// Publish and submit the answer.
    Deliver,
}

/// One job.
#[derive(Clone, Debug)]
pub struct Record {
    pub job: Job,
    pub progress: Progress,
    /// Block at which the machine first saw the job.
    first_seen: u32,
    /// Nothing is tried before this block.
    not_before: u32,
    failures: u32,
    /// The last step that a block holds, and that block.
    done: Option<(Step, u32)>,
}

impl Record {
    fn new(job: Job, now: u32) -> Self {
        Self {
            job,
            progress: Progress::Waiting,
            first_seen: now,
            not_before: now,
            failures: 0,
            done: None,
        }
    }

    /// What to do at block `now`, given that the chain reported the job's stage at that block.
    pub fn next(&self, now: u32) -> Option<Step> {
        if now < self.not_before {
            return None;
        }
        let step = match (self.job.stage, &self.progress) {
            (_, Progress::GivenUp) => None,
            (Stage::Assigned, Progress::Waiting) => Some(Step::Fetch),
            (Stage::Assigned, Progress::Unusable) => Some(Step::ReportInput),
            (
                Stage::Assigned,
                Progress::Ready(_) | Progress::Computing { .. } | Progress::Computed(_),
            ) => Some(Step::Claim),
            // Claimed before a restart, or the node lost the blob: there is no way back but the
            // input itself.
            (Stage::Running, Progress::Waiting | Progress::Unusable) => Some(Step::Fetch),
            (Stage::Running, Progress::Ready(_)) => Some(Step::Compute),
            (Stage::Running, Progress::Computing { .. }) => None,
            (Stage::Running, Progress::Computed(_)) => Some(Step::Deliver),
            (Stage::Queued | Stage::Delivered, _) => None,
        }?;
        match self.done {
            // The chain was read at or before the block that holds the step.
            Some((done, block)) if done == step && now <= block => None,
            _ => Some(step),
        }
    }

    /// Whether a missing input is to be reported at block `now`: after a quarter of the time that
    /// the claim window leaves, since blobs travel between nodes and may be on their way.
    fn is_patience_over(&self, now: u32) -> bool {
        let window = self.job.due.saturating_sub(self.first_seen);
        now.saturating_sub(self.first_seen) >= window / 4
    }
}

/// All jobs of this machine.
#[derive(Debug, Default)]
pub struct Book {
    records: BTreeMap<u64, Record>,
    tickets: u64,
}

impl Book {
    /// Takes over what the chain reports at block `now`; forgets jobs that it no longer reports.
    pub fn observe(&mut self, jobs: Vec<Job>, now: u32) {
        let mut old = std::mem::take(&mut self.records);
        for job in jobs {
            let record = match old.remove(&job.id) {
                Some(record) => Record { job, ..record },
                None => Record::new(job, now),
            };
            self.records.insert(record.job.id, record);
        }
    }

    /// The next step of every job that has one, most urgent first.
    pub fn steps(&self, now: u32) -> Vec<(u64, Step)> {
        let mut steps: Vec<_> = self
            .records
            .values()
            .filter_map(|record| Some((record.job.due, record.job.id, record.next(now)?)))
            .collect();
        steps.sort_by_key(|&(due, id, _)| (due, id));
        steps.into_iter().map(|(_, id, step)| (id, step)).collect()
    }

    pub fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    /// Jobs that still need this machine.
    pub fn unfinished(&self) -> usize {
        self.records
            .values()
            .filter(|record| {
                matches!(record.job.stage, Stage::Assigned | Stage::Running)
                    && record.progress != Progress::GivenUp
            })
            .count()
    }

    /// The input is in hand.
    pub fn input_ready(&mut self, id: u64, tokens: Vec<u32>) {
        self.set(id, Progress::Ready(tokens));
    }

    /// The input is wrong.
    pub fn input_wrong(&mut self, id: u64) {
        self.set(id, Progress::Unusable);
    }

    /// The input is not there; it is asked for again at the next block until patience is over.
    pub fn input_missing(&mut self, id: u64, now: u32) {
        if let Some(record) = self.records.get_mut(&id) {
            record.not_before = now.saturating_add(1);
            if record.job.stage == Stage::Assigned && record.is_patience_over(now) {
                record.progress = Progress::Unusable;
                record.not_before = now;
            }
        }
    }

    /// A run begins: returns its input and the ticket that its result must carry.
    pub fn start(&mut self, id: u64) -> Option<(Vec<u32>, u64)> {
        let record = self.records.get_mut(&id)?;
        let Progress::Ready(input) = &record.progress else {
            return None;
        };
        let input = input.clone();
        self.tickets += 1;
        let ticket = self.tickets;
        record.progress = Progress::Computing {
            input: input.clone(),
            ticket,
        };
        Some((input, ticket))
    }

    /// A run ended. `false`: the job was withdrawn meanwhile and the result is of no use.
    pub fn finished(&mut self, id: u64, ticket: u64, answer: Answer) -> bool {
        let Some(record) = self.computing(id, ticket) else {
            return false;
        };
        record.progress = Progress::Computed(answer);
        true
    }

    /// A run failed; the model would fail again.
    pub fn run_failed(&mut self, id: u64, ticket: u64) -> bool {
        let Some(record) = self.computing(id, ticket) else {
            return false;
        };
        record.progress = Progress::GivenUp;
        true
    }

    /// A block holds the step.
    pub fn done(&mut self, id: u64, step: Step, block: u32) {
        if let Some(record) = self.records.get_mut(&id) {
            record.done = Some((step, block));
            record.failures = 0;
        }
    }

    /// The step failed in a way that may pass: tried again after a growing number of blocks,
    /// finally given up. Returns whether it was given up.
    pub fn failed(&mut self, id: u64, now: u32) -> bool {
        let Some(record) = self.records.get_mut(&id) else {
            return false;
        };
        record.failures += 1;
        record.not_before = now.saturating_add(record.failures);
        if record.failures >= MAX_FAILURES {
            record.progress = Progress::GivenUp;
        }
        record.progress == Progress::GivenUp
    }

    /// The step could not be tried: again at the next block.
    pub fn postpone(&mut self, id: u64, now: u32) {
        if let Some(record) = self.records.get_mut(&id) {
            record.not_before = now.saturating_add(1);
        }
    }

    /// Nothing more is done about the job.
    pub fn give_up(&mut self, id: u64) {
        self.set(id, Progress::GivenUp);
    }

    fn set(&mut self, id: u64, progress: Progress) {
        if let Some(record) = self.records.get_mut(&id) {
            record.progress = progress;
        }
    }

    fn computing(&mut self, id: u64, ticket: u64) -> Option<&mut Record> {
        self.records.get_mut(&id).filter(|record| {
            matches!(record.progress, Progress::Computing { ticket: own, .. } if own == ticket)
        })
    }
}

#[cfg(test)]
mod tests;
