//! The steps of a job, as calls and requests, and what their outcomes mean for the [`Book`].
//!
//! [`Book`]: crate::jobs::Book

use super::{SessionError, Worker};
use crate::{
    inference::{Finished, InferenceError, Task},
    jobs::{Action, Progress, Step},
    pause::{self, Place},
};
use aipg_client::{
    blobs::{self, BlobError},
    calls::{self, JobResult},
    ChainError, Client, Fate, Hash, Inclusion, SignedCall, Signer,
};

/// The places at which a call may be interrupted: signed, stored, sent, included, booked.
fn places(action: Action) -> [Place; 5] {
    match action {
        Action::Claim => [
            Place::ClaimSigned,
            Place::ClaimStored,
            Place::ClaimSent,
            Place::ClaimIncluded,
            Place::ClaimBooked,
        ],
        Action::Deliver => [
            Place::ResultSigned,
            Place::ResultStored,
            Place::ResultSent,
            Place::ResultIncluded,
            Place::ResultBooked,
        ],
        Action::ReportInput => [
            Place::ReportSigned,
            Place::ReportStored,
            Place::ReportSent,
            Place::ReportIncluded,
            Place::ReportBooked,
        ],
    }
}

fn message(action: Action) -> &'static str {
    match action {
        Action::Claim => "claimed",
        Action::Deliver => "result delivered",
        Action::ReportInput => "input demanded",
    }
}

impl Worker {
    /// Does one step; returns whether the job moved on.
    pub(super) async fn advance(
        &mut self,
        client: &Client,
        id: u64,
        step: Step,
        now: u32,
    ) -> Result<bool, SessionError> {
        match step {
            Step::Fetch => self.fetch(client, id, now).await,
            Step::Compute => Ok(self.compute(id).await),
            Step::Publish => self.publish(client, id, now).await,
            Step::Sign(action) => self.say(client, &[id], action, now).await,
            Step::Send(action) => self.send(client, id, action, now).await,
        }
    }

    /// Signs one call that says the same of several jobs, stores it and sends it; returns whether they moved on.
    pub(super) async fn say(
        &mut self,
        client: &Client,
        ids: &[u64],
        action: Action,
        now: u32,
    ) -> Result<bool, SessionError> {
        let Some(call) = self.sign(client, ids, action, now).await? else {
            return Ok(false);
        };
        // At once: while it waits, no other call can have its nonce.
        self.transmit(client, ids, action, &call, now).await
    }

    /// Signs the call of `action` and stores it with each job; `None` if it may not be sent.
    async fn sign(
        &mut self,
        client: &Client,
        ids: &[u64],
        action: Action,
        now: u32,
    ) -> Result<Option<SignedCall>, SessionError> {
        if action == Action::Claim && !self.journal.may_claim() {
            return Ok(None);
        }
        let call = match self.signed(client, ids, action).await {
            Ok(Some(call)) => call,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.all_blocked(ids, now, error, "cannot sign the call")?;
                return Ok(None);
            }
        };
        let [signed, stored, ..] = places(action);
        pause::at(signed).await;
        let mut are_stored = true;
        for &id in ids {
            self.journal.book.signed(id, action, call.clone());
            are_stored &= self.journal.save(id)?;
        }
        if !are_stored && action == Action::Claim {
            for &id in ids {
                self.journal.book.void(id, action);
            }
            return Ok(None);
        }
        pause::at(stored).await;
        Ok(Some(call))
    }

    async fn signed(
        &self,
        client: &Client,
        ids: &[u64],
        action: Action,
    ) -> Result<Option<SignedCall>, ChainError> {
        let signer = Signer::new(client, &self.pair);
        let call = match (action, ids) {
            (Action::Claim, [id]) => signer.sign(&calls::claim(*id)).await?,
            (Action::Claim, ids) => signer.sign(&calls::claim_batch(ids)).await?,
            (Action::ReportInput, ids) => {
                let Some(id) = ids.first() else {
                    return Ok(None);
                };
                signer.sign(&calls::input_unavailable(*id)).await?
            }
            (Action::Deliver, ids) => {
                let mut results = Vec::new();
                for &id in ids {
                    match self.result(client, id).await? {
                        Some(result) => results.push(result),
                        None => return Ok(None),
                    }
                }
                match results.as_slice() {
                    [result] => signer.sign(&calls::submit_result(result)).await?,
                    results => signer.sign(&calls::submit_results(results)).await?,
                }
            }
        };
        Ok(Some(call))
    }

    /// The result of a job whose answer is in hand.
    async fn result(&self, client: &Client, id: u64) -> Result<Option<JobResult>, ChainError> {
        let progress = self.journal.book.get(id).map(|record| &record.progress);
        let Some(Progress::Computed(answer)) = progress else {
            return Ok(None);
        };
        // Another node than the one that took the blob may be asked by now.
        let output = if self.conduct.stores() {
            blobs::publish(client, &answer.tokens).await?
        } else {
            blobs::describe(&answer.tokens)?.0
        };
        Ok(Some(JobResult {
            job: id,
            output,
            digest: Hash(answer.digest),
            provider: blobs::provider(client).await?,
        }))
    }

    /// Sends the stored call of `action`, or finds out what became of it.
    async fn send(
        &mut self,
        client: &Client,
        id: u64,
        action: Action,
        now: u32,
    ) -> Result<bool, SessionError> {
        let record = self.journal.book.get(id);
        let Some(sent) = record.and_then(|record| record.calls.get(&action).cloned()) else {
            return Ok(false);
        };
        let signer = Signer::new(client, &self.pair);
        if !sent.is_fresh {
            match signer.fate(&sent.call).await {
                Ok(Fate::Pending) => {}
                Ok(Fate::Included {
                    inclusion,
                    is_final,
                }) => return self.include(id, action, inclusion, is_final, now).await,
                Ok(Fate::Failed { error, .. }) => {
                    let call = sent.call.name;
                    return self.refused(id, action, now, ChainError::Dispatch { call, error });
                }
                Ok(fate @ (Fate::Void | Fate::Forgotten)) => {
                    tracing::info!(
                        job = id,
                        call = sent.call.name,
                        ?fate,
                        "looking at the job again"
                    );
                    self.journal.book.void(id, action);
                    self.journal.save(id)?;
                    return Ok(true);
                }
                Err(error) => return self.refused(id, action, now, error),
            }
        }
        self.transmit(client, &[id], action, &sent.call, now).await
    }

    /// Sends a call that is stored with these jobs, and waits for the block that holds it.
    ///
    /// A part of a batch can have failed in that block. The chain then shows its job as it was, and once the
    /// block is final the book lets the job have a call of its own, which tells why.
    async fn transmit(
        &mut self,
        client: &Client,
        ids: &[u64],
        action: Action,
        call: &SignedCall,
        now: u32,
    ) -> Result<bool, SessionError> {
        for &id in ids {
            self.journal.book.sending(id, action);
        }
        let signer = Signer::new(client, &self.pair);
        let sent = match signer.submit(call).await {
            Ok(submission) => {
                pause::at(places(action)[2]).await;
                submission.inclusion().await
            }
            Err(error) => Err(error),
        };
        let mut advanced = false;
        match sent {
            Ok(inclusion) => {
                for &id in ids {
                    advanced |= self.include(id, action, inclusion, false, now).await?;
                }
            }
            Err(error) => {
                if Self::is_void(&error) {
                    for &id in ids {
                        self.journal.book.void(id, action);
                    }
                }
                self.all_blocked(ids, now, error, "step failed")?;
            }
        }
        Ok(advanced)
    }

    /// Whether a call with this error can never be included any more, or failed for good.
    fn is_void(error: &ChainError) -> bool {
        matches!(
            error,
            ChainError::Dispatch { .. } | ChainError::Superseded { .. }
        )
    }

    /// Books that a block holds the call.
    async fn include(
        &mut self,
        id: u64,
        action: Action,
        inclusion: Inclusion,
        is_final: bool,
        now: u32,
    ) -> Result<bool, SessionError> {
        let [.., included, booked] = places(action);
        pause::at(included).await;
        self.journal
            .book
            .included(id, action, inclusion, is_final, now);
        self.journal.save(id)?;
        tracing::info!(job = id, block = inclusion.number, "{}", message(action));
        pause::at(booked).await;
        Ok(true)
    }

    /// Books that the call was not included: what can never be is forgotten.
    fn refused(
        &mut self,
        id: u64,
        action: Action,
        now: u32,
        error: ChainError,
    ) -> Result<bool, SessionError> {
        if Self::is_void(&error) {
            self.journal.book.void(id, action);
        }
        self.blocked(id, now, error, "step failed")
    }

    async fn publish(&mut self, client: &Client, id: u64, now: u32) -> Result<bool, SessionError> {
        let progress = self.journal.book.get(id).map(|record| &record.progress);
        let Some(Progress::Computed(answer)) = progress else {
            return Ok(false);
        };
        if self.conduct.stores() {
            if let Err(error) = blobs::publish(client, &answer.tokens).await {
                return self.blocked(id, now, error.into(), "cannot publish the answer");
            }
        }
        pause::at(Place::AnswerPublished).await;
        self.journal.book.published(id);
        self.journal.save(id)?;
        pause::at(Place::PublishedStored).await;
        Ok(true)
    }

    async fn fetch(&mut self, client: &Client, id: u64, now: u32) -> Result<bool, SessionError> {
        let Some(record) = self.journal.book.get(id) else {
            return Ok(false);
        };
        let job = &record.job;
        let (input, provider, model) = (job.input, job.input_provider, job.model);
        let Some(served) = self.models.get(&model) else {
            tracing::error!(job = id, %model, "ModelNotLoaded: drawn for a model that this worker does not hold");
            self.journal.book.give_up(id);
            return Ok(false);
        };
        let vocabulary = served.model.header().vocabulary;
        match blobs::fetch_input(client, id, &input, provider, vocabulary).await {
            Ok(tokens) => {
                tracing::info!(job = id, tokens = tokens.len(), model = %model, "input in hand");
                pause::at(Place::InputFetched).await;
                self.journal.book.input_ready(id, tokens);
                self.journal.save(id)?;
                pause::at(Place::InputStored).await;
                Ok(true)
            }
            Err(error @ BlobError::Missing(_)) => {
                tracing::warn!(job = id, %error, "input missing");
                self.journal.book.input_missing(id, now);
                self.journal.save(id)?;
                // Once patience is over the next step is another one.
                Ok(self
                    .journal
                    .book
                    .get(id)
                    .is_some_and(|record| record.progress == Progress::Unusable))
            }
            Err(error) if error.is_unavailable_input() => {
                tracing::warn!(job = id, %error, "input wrong");
                let is_new = self
                    .journal
                    .book
                    .get(id)
                    .is_some_and(|r| r.progress == Progress::Waiting);
                self.journal.book.input_wrong(id);
                self.journal.save(id)?;
                if !is_new {
                    self.journal.book.postpone(id, now);
                }
                Ok(is_new)
            }
            Err(error) => self.blocked(id, now, error.into(), "cannot fetch the input"),
        }
    }

    async fn compute(&mut self, id: u64) -> bool {
        let Some(record) = self.journal.book.get(id) else {
            return false;
        };
        let job = &record.job;
        let (max_output, stop) = (job.max_output, job.stop.clone());
        let (seed, sampling) = (job.seed, job.sampling);
        let Some(model) = self
            .models
            .get(&record.job.model)
            .map(|served| served.model.clone())
        else {
            return false;
        };
        pause::at(Place::RunStarting).await;
        let Some((prompt, ticket)) = self.journal.book.start(id) else {
            return false;
        };
        tracing::info!(
            job = id,
            prompt = prompt.len(),
            at_most = max_output,
            "running"
        );
        self.inference.start(Task {
            job: id,
            ticket,
            model,
            prompt,
            max_output,
            stop,
            seed,
            sampling,
        });
        true
    }

    /// Books a failure; what only a new connection or a new build helps against is handed on.
    fn blocked(
        &mut self,
        id: u64,
        now: u32,
        error: ChainError,
        message: &str,
    ) -> Result<bool, SessionError> {
        self.all_blocked(&[id], now, error, message)?;
        Ok(false)
    }

    /// The same of a call for several jobs.
    fn all_blocked(
        &mut self,
        ids: &[u64],
        now: u32,
        error: ChainError,
        message: &str,
    ) -> Result<(), SessionError> {
        match error {
            ChainError::Transport(_)
            | ChainError::Incompatible(_)
            | ChainError::Syncing { .. }
            | ChainError::OtherChain { .. } => return Err(error.into()),
            ChainError::Dispatch { .. }
            | ChainError::Node(_)
            | ChainError::Pruned(_)
            | ChainError::Refused { .. }
            | ChainError::NonceConflict { .. }
            | ChainError::Superseded { .. }
            | ChainError::NotIncluded { .. } => {}
        }
        for &id in ids {
            self.book_failure(id, now, &error, message)?;
        }
        Ok(())
    }

    fn book_failure(
        &mut self,
        id: u64,
        now: u32,
        error: &ChainError,
        message: &str,
    ) -> Result<(), SessionError> {
        let given_up = if matches!(error, ChainError::Dispatch { .. }) {
            self.journal.book.failed(id, now)
        } else {
            self.journal.book.postpone(id, now);
            false
        };
        self.journal.save(id)?;
        if given_up {
            tracing::error!(job = id, %error, "{message}; given up");
            self.metrics.job_ended("GivenUp");
        } else {
            tracing::warn!(job = id, %error, "{message}; trying again");
        }
        Ok(())
    }

    /// Books a run that ended, and all others that have ended by now: their results go into one call.
    pub async fn take_all(&mut self, finished: Finished) -> Result<(), SessionError> {
        self.take(finished).await?;
        while let Ok(next) = self.results.try_recv() {
            self.take(next).await?;
        }
        Ok(())
    }

    /// Books a run that ended.
    async fn take(&mut self, finished: Finished) -> Result<(), SessionError> {
        let Finished {
            job,
            ticket,
            seconds,
            outcome,
        } = finished;
        match outcome {
            Ok(answer) => {
                pause::at(Place::AnswerComputed).await;
                let record = self.journal.book.get(job);
                let prompt = record.map_or(0, |record| record.job.input.count as usize);
                self.metrics.run_ended(prompt, answer.tokens.len(), seconds);
                if !self.journal.book.finished(job, ticket, answer) {
                    tracing::warn!(job, "the job was withdrawn while it ran");
                }
                self.journal.save(job)?;
                pause::at(Place::AnswerStored).await;
                Ok(())
            }
            Err(error @ InferenceError::SelfCheckFailed(_)) => {
                Err(SessionError::Broken { job, error })
            }
            Err(error) => {
                tracing::error!(job, %error, "given up");
                self.journal.book.run_failed(job, ticket);
                self.journal.save(job)?;
                self.metrics.job_ended("GivenUp");
                Ok(())
            }
        }
    }
}
