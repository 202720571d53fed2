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

use aipg_client::{
    calls::MAX_BATCH, events::ChainEvent, Amount, Inclusion, Job, SignedCall, Stage,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use subxt::utils::AccountId32;

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
            (Stage::Queued | Stage::Delivered, _) => None,
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

/// All jobs of this machine that have not ended, and those of which it is not known how.
#[derive(Clone, Debug, Default)]
pub struct Book {
    records: BTreeMap<u64, Record>,
    tickets: u64,
}

impl Book {
    /// The book as it was stored: nothing is listed until the chain was read.
    pub fn restore(records: impl IntoIterator<Item = Record>) -> Self {
        let records = records
            .into_iter()
            .filter(|record| !record.has_known_end())
            .map(|record| {
                let waiting = Record {
                    is_listed: false,
                    not_before: 0,
                    ..record
                };
                (waiting.job.id, waiting)
            });
        Self {
            records: records.collect(),
            tickets: 0,
        }
    }

    /// Takes over what the chain reports at block `now`; returns the jobs that are new. Jobs that
    /// it no longer reports wait for the finalised block that tells what became of them.
    pub fn observe(&mut self, jobs: Vec<Job>, now: u32) -> Vec<u64> {
        for record in self.records.values_mut() {
            record.is_listed = false;
        }
        let mut new = Vec::new();
        for job in jobs {
            let id = job.id;
            match self.records.get_mut(&id) {
                Some(record) => record.relist(job, now),
                None => {
                    self.records.insert(id, Record::new(job, now));
                    new.push(id);
                }
            }
        }
        new
    }

    /// Takes over what a finalised block did; returns the jobs that changed.
    pub fn finalise(&mut self, block: u32, event: &ChainEvent, own: &AccountId32) -> Option<u64> {
        let id = match event {
            ChainEvent::ResultSubmitted { job, .. }
            | ChainEvent::Settled { job, .. }
            | ChainEvent::Redrawn { job, .. }
            | ChainEvent::Refunded { job, .. } => *job,
            ChainEvent::Claimed { .. }
            | ChainEvent::RewardClaimed { .. }
            | ChainEvent::Penalised { .. } => return None,
        };
        let record = self.records.get_mut(&id)?;
        match event {
            ChainEvent::ResultSubmitted {
                worker,
                units,
                fee,
                settles_at,
                ..
            } if worker == own => {
                record.delivery = Some(Delivery {
                    block,
                    units: *units,
                    fee: *fee,
                    settles_at: *settles_at,
                });
            }
            ChainEvent::Settled {
                worker,
                units,
                fee,
                to_worker,
                ..
            } if worker == own => {
                record.end = Some(End::Paid {
                    block,
                    units: *units,
                    fee: *fee,
                    to_worker: *to_worker,
                });
            }
            ChainEvent::Settled { .. } => record.end = Some(End::Elsewhere { block }),
            ChainEvent::Refunded { reason, .. } => {
                record.end = Some(End::Refunded {
                    block,
                    reason: (*reason).to_owned(),
                });
            }
            ChainEvent::Redrawn { worker, fault, .. } if worker == own => {
                let loss = fault.unwrap_or("InputUnavailable");
                record.losses.push(loss.to_owned());
            }
            _ => return None,
        }
        Some(id)
    }

    /// The job has ended in blocks whose events the node no longer has.
    pub fn end_unseen(&mut self, id: u64) {
        if let Some(record) = self.records.get_mut(&id) {
            record.end = Some(End::Unseen);
        }
    }

    /// Takes the jobs that have ended out of the book, unless nobody has told how.
    pub fn forget_ended(&mut self) {
        self.records.retain(|_, record| !record.has_known_end());
    }

    /// Jobs that have ended, of which a receipt has to tell how.
    pub fn unseen(&self) -> Vec<u64> {
        let unseen = |record: &&Record| record.end == Some(End::Unseen);
        let records = self.records.values().filter(unseen);
        records.map(|record| record.job.id).collect()
    }

    /// Jobs that the chain no longer lists and that have no end yet.
    pub fn unlisted(&self) -> Vec<u64> {
        let is_open = |record: &Record| !record.is_listed && record.end.is_none();
        let unlisted = self.records.iter().filter(|(_, record)| is_open(record));
        unlisted.map(|(id, _)| *id).collect()
    }

    /// How many results can still be challenged, and the block in which the last of them is paid if none is.
    pub fn challengeable(&self) -> Option<(usize, u32)> {
        let open = self.records().filter(|record| record.end.is_none());
        let deliveries = open.filter_map(|record| record.delivery.as_ref());
        let ends: Vec<u32> = deliveries.map(|delivery| delivery.settles_at).collect();
        Some((ends.len(), ends.into_iter().max()?))
    }

    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
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

    /// The jobs of `steps` of which one call can say the same, and the other steps. One job is no batch.
    pub fn batches(steps: Vec<(u64, Step)>) -> (Vec<(Action, Vec<u64>)>, Vec<(u64, Step)>) {
        let mut batches = Vec::new();
        let mut others = steps;
        for action in [Action::Deliver, Action::Claim] {
            let (together, rest): (Vec<_>, Vec<_>) = others
                .into_iter()
                .partition(|(_, step)| *step == Step::Sign(action));
            others = rest;
            if together.len() < 2 {
                others.extend(together);
                continue;
            }
            let ids: Vec<u64> = together.into_iter().map(|(id, _)| id).collect();
            batches.extend(ids.chunks(MAX_BATCH).map(|ids| (action, ids.to_vec())));
        }
        (batches, others)
    }

    /// Jobs that this machine runs for longer than the chain waits for news of it, and of which it should hear
    /// now: the time in which it has to, `window` blocks, is half over.
    pub fn to_report(&self, now: u32, window: u32) -> Vec<u64> {
        let is_due = |record: &&Record| {
            let job = &record.job;
            let waits = job.deliver_by.is_some_and(|end| end > job.due);
            record.is_listed
                && record.end.is_none()
                && job.stage == Stage::Running
                && record.progress != Progress::GivenUp
                && waits
                && now.saturating_add(window / 2) >= job.due
        };
        let records = self.records.values().filter(is_due);
        records
            .map(|record| record.job.id)
            .take(MAX_BATCH)
            .collect()
    }

    pub fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    /// Jobs that still need this machine.
    pub fn unfinished(&self) -> usize {
        self.records
            .values()
            .filter(|record| {
                record.is_listed
                    && matches!(record.job.stage, Stage::Assigned | Stage::Running)
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

    /// The call is signed and about to be stored.
    pub fn signed(&mut self, id: u64, action: Action, call: SignedCall) {
        if let Some(record) = self.records.get_mut(&id) {
            let sent = Sent {
                call,
                included: None,
                is_fresh: true,
            };
            record.calls.insert(action, sent);
        }
    }

    /// The call is about to be sent: from now on somebody may have it.
    pub fn sending(&mut self, id: u64, action: Action) {
        if let Some(sent) = self.sent(id, action) {
            sent.is_fresh = false;
        }
    }

    /// A block holds the call. `now`: the block at which the chain was read before that was found
    /// out. A call that a final block before `now` holds was for an earlier turn of the job, which
    /// the chain has given to this machine anew: it has done its part and another one is due.
    pub fn included(
        &mut self,
        id: u64,
        action: Action,
        inclusion: Inclusion,
        is_final: bool,
        now: u32,
    ) {
        let Some(record) = self.records.get_mut(&id) else {
            return;
        };
        record.failures = 0;
        if is_final && inclusion.number <= now {
            record.calls.remove(&action);
        } else if let Some(sent) = record.calls.get_mut(&action) {
            sent.included = Some(inclusion);
            record.not_before = now.saturating_add(u32::from(inclusion.number <= now));
        }
    }

    /// The call can never be included, or it failed for good: another one may be signed.
    pub fn void(&mut self, id: u64, action: Action) {
        if let Some(record) = self.records.get_mut(&id) {
            record.calls.remove(&action);
        }
    }

    /// The node has the answer's blob.
    pub fn published(&mut self, id: u64) {
        if let Some(record) = self.records.get_mut(&id) {
            record.is_published = true;
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

    fn sent(&mut self, id: u64, action: Action) -> Option<&mut Sent> {
        self.records.get_mut(&id)?.calls.get_mut(&action)
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
mod recovery_tests;
#[cfg(test)]
pub(crate) mod tests;
