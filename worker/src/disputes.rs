//! Disputes, played without a human: results that this machine finds false are challenged, those that it
//! stands for are defended, and every move is made in time.
//!
//! ```text
//! results ──▶ check: one prefill ──false──▶ study ──▶ challenge ─┐
//! cases about own results ─────────────────▶ study ──▶ roots ────┼──▶ duties ──▶ calls
//! games ─────────────────────────────────────────────────────────┤
//! audits: drawn, or of own results ────────▶ study ──▶ root ─────┘
//! ```
//!
//! Nothing is stored: what has to be done ([`duties`]) follows from the chain's state, what there is to
//! say ([`player`]) from the job's trace, which a [`study`] rebuilds, and a salt from the key. So a
//! restart in the middle of a game goes on where the chain is.

mod auditing;
mod checking;
pub mod commands;
pub mod duties;
mod lists;
pub mod player;
mod preparing;
mod retries;
pub mod study;

use crate::{conduct::Conduct, keys, metrics::Metrics, models::Models};
use aipg_client::{
    disputes::{DeliveredResult, Dispute},
    ChainError, Client, SignedCall, Signer, State,
};
use auditing::Audits;
use checking::Checked;
use duties::{duties, is_party, Duty, Moment, Opinion, Place};
use lists::Lists;
use preparing::{Preparation, Prepared};
use retries::Retries;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use study::{Findings, Question, Reply, Study, Subject};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use tokio::sync::{mpsc, Notify};

/// Most calls that are on their way at the same time.
const MAX_CALLS: usize = 8;

/// Most results whose prompt and answer are there and that wait for their check.
const MAX_WAITING: usize = 64;

/// What is done about results of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// They are checked, and challenged if they are false.
    pub checks: bool,
    /// Those that are right are defended if their workers do not; only of those that are checked.
    pub defends_others: bool,
}

/// The disputes that concern an account.
pub struct Disputes {
    account: AccountId32,
    models: Models,
    metrics: Metrics,
    policy: Policy,
    conduct: Arc<dyn Conduct>,
    /// Results that were checked, and whether they are right.
    checked: BTreeMap<u64, bool>,
    /// The result that is being checked.
    checking: Option<u64>,
    /// Results that are checked next, by their jobs.
    waiting: BTreeMap<u64, Subject>,
    verdicts: mpsc::UnboundedReceiver<Checked>,
    verdict_sender: mpsc::UnboundedSender<Checked>,
    studies: BTreeMap<u64, Study>,
    findings: BTreeMap<u64, Findings>,
    retries: Retries,
    lists: Lists,
    audits: Audits,
    /// Own results that cannot be defended, once told.
    indefensible: BTreeSet<u64>,
    news: Arc<Notify>,
}

impl Disputes {
    /// Of the account of a key, which can run `models`.
    pub fn new(
        pair: &Keypair,
        models: Models,
        metrics: Metrics,
        policy: Policy,
        conduct: Arc<dyn Conduct>,
    ) -> Self {
        let account = keys::account(pair);
        let (verdict_sender, verdicts) = mpsc::unbounded_channel();
        let news = Arc::new(Notify::new());
        Self {
            account,
            models,
            metrics,
            policy,
            conduct,
            checked: BTreeMap::new(),
            checking: None,
            waiting: BTreeMap::new(),
            verdicts,
            verdict_sender,
            studies: BTreeMap::new(),
            findings: BTreeMap::new(),
            retries: Retries::default(),
            lists: Lists::new(account, news.clone()),
            audits: Audits::new(pair),
            indefensible: BTreeSet::new(),
            news,
        }
    }

    /// Returns when something was found that [`Self::step`] can go on with.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// Does what can be done at a block.
    ///
    /// # Errors
    /// [`ChainError`] if the node cannot be asked. Calls that fail are told and tried again.
    pub async fn step(
        &mut self,
        client: &Client,
        pair: &Keypair,
        state: &State,
    ) -> Result<(), ChainError> {
        while let Ok(checked) = self.verdicts.try_recv() {
            self.judge(checked);
        }
        self.lists.take_rebuilt();
        let now = Moment {
            tick: state.tick().await?,
            next_block: state.number().saturating_add(1),
        };
        let disputed = state.disputed().await?;
        let audits = self.audit_duties(client, state, now).await?;
        if self.policy.checks {
            self.check_results(client, state, &disputed, now).await?;
        }
        let mut open = Vec::new();
        for job in disputed {
            if let Some(dispute) = state.dispute(job).await? {
                let concerns = self.checked.contains_key(&job)
                    || self.lists.is_missing(job)
                    || self.policy.defends_others;
                if is_party(&dispute, &self.account) || concerns {
                    open.push(dispute);
                }
            }
        }
        self.forget(&open);
        let mut todo = audits;
        for dispute in &open {
            let opinion = self.opinion(client, state, dispute).await?;
            todo.extend(duties(dispute, &self.account, opinion, now));
        }
        let undisputed = self.undisputed(&open);
        todo.extend(undisputed.map(|job| Duty::Challenge { job }));
        if self.policy.checks {
            todo.extend(self.lists.demands(now.tick));
        }
        let signer = Signer::new(client, pair);
        let mut calls = Vec::new();
        for duty in todo {
            if !self.retries.is_due(duty, now.next_block) || calls.len() == MAX_CALLS {
                continue;
            }
            let dispute = open.iter().find(|dispute| dispute.job == duty.job());
            let ahead = calls.len() as u64;
            let prepared = Preparation {
                client,
                pair,
                state,
                signer: &signer,
                ahead,
            };
            match self.prepare(&prepared, duty, dispute).await? {
                Prepared::Call(call) => calls.push((duty, call)),
                Prepared::NotYet => {}
                Prepared::Impossible(error) => {
                    tracing::error!(job = duty.job(), ?duty, %error, "cannot do what a dispute takes");
                    self.retries.failed(duty, now.next_block);
                }
            }
        }
        self.send(&signer, calls, now).await
    }

    /// Sends all calls, then waits for each.
    async fn send(
        &mut self,
        signer: &Signer<'_>,
        calls: Vec<(Duty, SignedCall)>,
        now: Moment,
    ) -> Result<(), ChainError> {
        let mut sent = Vec::new();
        for (duty, call) in &calls {
            sent.push((duty, call, signer.submit(call).await));
        }
        for (&duty, call, submission) in sent {
            let included = match submission {
                Ok(submission) => submission.inclusion().await,
                Err(error) => Err(error),
            };
            match included {
                Ok(inclusion) => {
                    self.retries.done(duty);
                    self.metrics.dispute_call(&call.name);
                    tracing::info!(job = duty.job(), call = call.name, seat = %Place(duty), block = inclusion.number, "dispute: call made");
                }
                Err(error @ (ChainError::Transport(_) | ChainError::Incompatible(_))) => {
                    return Err(error)
                }
                Err(error) => {
                    tracing::warn!(job = duty.job(), call = call.name, seat = %Place(duty), %error, "dispute: call failed");
                    // One that lost its nonce to another call is signed anew at once.
                    if !matches!(error, ChainError::Superseded { .. }) {
                        self.retries.failed(duty, now.next_block);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether this machine found the result of a job false.
    fn is_false(&self, job: u64) -> bool {
        self.checked.get(&job) == Some(&false)
    }

    /// Results that were found false and that nobody has challenged.
    fn undisputed<'a>(&'a self, open: &'a [Dispute]) -> impl Iterator<Item = u64> + 'a {
        let found_false = self.checked.iter().filter(|(_, &is_right)| !is_right);
        found_false
            .map(|(&job, _)| job)
            .filter(|job| !open.iter().any(|dispute| dispute.job == *job))
    }

    /// Ends the studies of what is over.
    fn forget(&mut self, open: &[Dispute]) {
        let (checked, audits) = (&self.checked, &self.audits);
        let is_disputed = |job: &u64| {
            checked.get(job) == Some(&false) || open.iter().any(|dispute| dispute.job == *job)
        };
        let is_alive = |job: &u64| is_disputed(job) || audits.concerns(*job);
        self.findings.retain(|job, _| is_alive(job));
        let findings = &self.findings;
        // An audit takes what the trace comes to, not the trace.
        self.studies
            .retain(|job, _| is_disputed(job) || is_alive(job) && !findings.contains_key(job));
        self.retries.retain(is_alive);
        self.lists.forget(is_alive);
    }

    /// What this machine thinks of a disputed result; studies it as far as that matters.
    async fn opinion(
        &mut self,
        client: &Client,
        state: &State,
        dispute: &Dispute,
    ) -> Result<Opinion, ChainError> {
        let job = dispute.job;
        let has_challenged = dispute.challenge_of(&self.account).is_some();
        let is_own = dispute.worker == self.account;
        let would_stand_for = self.policy.defends_others && self.checked.get(&job) == Some(&true);
        let may_defend = dispute.is_challenged() && (is_own || would_stand_for);
        let matters = has_challenged || may_defend || self.is_false(job);
        if dispute.is_open() && matters {
            self.find_out(client, state, job).await?;
        }
        let findings = self.findings.get(&job);
        let has_its_trace = findings.is_some_and(|found| found.is_digest_right);
        let cannot_defend = is_own && findings.is_some() && !has_its_trace;
        if cannot_defend && self.indefensible.insert(job) {
            tracing::error!(
                job,
                "CannotDefend: this machine does not come to the digest of its own result"
            );
        }
        // Before its worker has attested it, nobody can stand for an audited result.
        let awaits = self.audits.await_attestation(job);
        Ok(Opinion {
            stands_for: is_own && has_its_trace && self.conduct.defends() && !awaits,
            shows: (is_own || self.policy.defends_others) && self.conduct.publishes(),
            would_stand_for: would_stand_for && has_its_trace && !awaits,
            is_false: self.is_false(job),
            is_flawed: has_challenged && findings.is_some_and(|found| found.flaw.is_some()),
        })
    }

    /// What a study of the job found; `None` as long as it is under way, or cannot begin.
    async fn find_out(
        &mut self,
        client: &Client,
        state: &State,
        job: u64,
    ) -> Result<Option<&Findings>, ChainError> {
        if !self.findings.contains_key(&job) {
            let answer = match self.study(client, state, job).await? {
                Some(study) => study.ask(&Question::Findings),
                None => None,
            };
            match answer {
                Some(Ok(Reply::Findings(findings))) => {
                    self.findings.insert(job, findings);
                }
                Some(Ok(Reply::Move(_))) | None => {}
                Some(Err(error)) => {
                    tracing::error!(job, %error, "cannot study the job");
                    self.lists.put_off(job, state.number());
                    self.studies.remove(&job);
                }
            }
        }
        Ok(self.findings.get(&job))
    }

    /// The study of a job; begins one if there is none. `None` if what it takes is not there.
    async fn study(
        &mut self,
        client: &Client,
        state: &State,
        job: u64,
    ) -> Result<Option<&mut Study>, ChainError> {
        if !self.studies.contains_key(&job) {
            let Some(result) = state.result(job).await? else {
                return Ok(None);
            };
            let Some(subject) = self.subject(client, state, result).await? else {
                return Ok(None);
            };
            tracing::info!(job, "dispute: rebuilding the trace of the job");
            let study = Study::start(subject, self.conduct.clone(), self.news.clone());
            self.studies.insert(job, study);
        }
        Ok(self.studies.get_mut(&job))
    }

    /// All that a result is checked with; `None` if the model is not loaded or the blobs cannot be had.
    async fn subject(
        &mut self,
        client: &Client,
        state: &State,
        result: DeliveredResult,
    ) -> Result<Option<Subject>, ChainError> {
        let Some(model) = self.models.get(&result.model).cloned() else {
            return Ok(None);
        };
        self.lists.subject(client, state, result, model).await
    }
}
