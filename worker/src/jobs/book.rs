//! All jobs of a machine together.

use super::{Action, Answer, Delivery, End, Progress, Record, Sent, Step, MAX_FAILURES};
use aipg_client::{calls::MAX_BATCH, events::ChainEvent, Inclusion, Job, SignedCall, Stage};
use std::collections::BTreeMap;
use subxt::utils::AccountId32;

/// What one call says of several jobs.
pub type Batch = (Action, Vec<u64>);

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
    pub fn batches(steps: Vec<(u64, Step)>) -> (Vec<Batch>, Vec<(u64, Step)>) {
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
                    && matches!(
                        record.job.stage,
                        Stage::Assigned | Stage::Demanded | Stage::Running
                    )
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
