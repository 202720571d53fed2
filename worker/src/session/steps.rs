//! The steps of a job, as calls and requests, and what their outcomes mean for the [`Book`].
//!
//! [`Book`]: crate::jobs::Book

use super::{SessionError, Worker};
use crate::{
    inference::{Finished, InferenceError, Task},
    jobs::{Progress, Step},
};
use aipg_client::{
    blobs::{self, BlobError},
    ChainError, Client, Hash, Inclusion, Signer,
};

impl Worker {
    /// Does one step; returns whether the job moved on.
    pub(super) async fn advance(
        &mut self,
        client: &Client,
        id: u64,
        step: Step,
        now: u32,
    ) -> Result<bool, ChainError> {
        let signer = Signer::new(client, &self.pair);
        match step {
            Step::Fetch => self.fetch(client, id, now).await,
            Step::Compute => Ok(self.compute(id)),
            Step::Claim => {
                let included = signer.claim(id).await;
                self.settle(id, step, now, included, "claimed")
            }
            Step::ReportInput => {
                let included = signer.input_unavailable(id).await;
                self.settle(id, step, now, included, "given back: input unavailable")
            }
            Step::Deliver => {
                let Some(Progress::Computed(answer)) =
                    self.book.get(id).map(|record| &record.progress)
                else {
                    return Ok(false);
                };
                let output = match blobs::publish(client, &answer.tokens).await {
                    Ok(output) => output,
                    Err(error) => {
                        return self.blocked(id, now, error.into(), "cannot publish the answer")
                    }
                };
                let included = signer.submit_result(id, output, Hash(answer.digest)).await;
                self.settle(id, step, now, included, "result delivered")
            }
        }
    }

    async fn fetch(&mut self, client: &Client, id: u64, now: u32) -> Result<bool, ChainError> {
        let Some(record) = self.book.get(id) else {
            return Ok(false);
        };
        let (input, model) = (record.job.input, record.job.model);
        let Some(served) = self.models.get(&model) else {
            tracing::error!(job = id, %model, "ModelNotLoaded: drawn for a model that this worker does not hold");
            self.book.give_up(id);
            return Ok(false);
        };
        let vocabulary = served.model.header().vocabulary;
        match blobs::fetch(client, &input, vocabulary).await {
            Ok(tokens) => {
                tracing::info!(job = id, tokens = tokens.len(), model = %model, "input in hand");
                self.book.input_ready(id, tokens);
                Ok(true)
            }
            Err(error @ BlobError::Missing(_)) => {
                tracing::warn!(job = id, %error, "input missing");
                self.book.input_missing(id, now);
                // Once patience is over the next step is another one.
                Ok(self
                    .book
                    .get(id)
                    .is_some_and(|record| record.next(now) == Some(Step::ReportInput)))
            }
            Err(error) if error.is_unavailable_input() => {
                tracing::warn!(job = id, %error, "input wrong");
                let is_new = self
                    .book
                    .get(id)
                    .is_some_and(|r| r.progress == Progress::Waiting);
                self.book.input_wrong(id);
                if !is_new {
                    self.book.postpone(id, now);
                }
                Ok(is_new)
            }
            Err(error) => self.blocked(id, now, error.into(), "cannot fetch the input"),
        }
    }

    fn compute(&mut self, id: u64) -> bool {
        let Some(record) = self.book.get(id) else {
            return false;
        };
        let (max_output, stop) = (record.job.max_output, record.job.stop.clone());
        let Some(model) = self
            .models
            .get(&record.job.model)
            .map(|served| served.model.clone())
        else {
            return false;
        };
        let Some((prompt, ticket)) = self.book.start(id) else {
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
        });
        true
    }

    /// Books the outcome of a call; returns whether the job moved on.
    fn settle(
        &mut self,
        id: u64,
        step: Step,
        now: u32,
        included: Result<Inclusion, ChainError>,
        message: &str,
    ) -> Result<bool, ChainError> {
        match included {
            Ok(inclusion) => {
                self.book.done(id, step, inclusion.number);
                tracing::info!(job = id, block = inclusion.number, "{message}");
                Ok(true)
            }
            Err(error) => self.blocked(id, now, error, "step failed"),
        }
    }

    /// Books a failure: what only a new connection or a new build helps against is handed on.
    fn blocked(
        &mut self,
        id: u64,
        now: u32,
        error: ChainError,
        message: &str,
    ) -> Result<bool, ChainError> {
        let given_up = match &error {
            ChainError::Transport(_) | ChainError::Incompatible(_) => return Err(error),
            ChainError::Dispatch { .. } => self.book.failed(id, now),
            ChainError::Node(_) | ChainError::Refused { .. } | ChainError::NotIncluded { .. } => {
                self.book.postpone(id, now);
                false
            }
        };
        if given_up {
            tracing::error!(job = id, %error, "{message}; given up");
        } else {
            tracing::warn!(job = id, %error, "{message}; trying again");
        }
        Ok(false)
    }

    /// Books a run that ended.
    pub(super) fn take(&mut self, finished: Finished) -> Result<(), SessionError> {
        let Finished {
            job,
            ticket,
            outcome,
        } = finished;
        match outcome {
            Ok(answer) => {
                if !self.book.finished(job, ticket, answer) {
                    tracing::warn!(job, "the job was withdrawn while it ran");
                }
                Ok(())
            }
            Err(error @ InferenceError::SelfCheckFailed(_)) => {
                Err(SessionError::Broken { job, error })
            }
            Err(error) => {
                tracing::error!(job, %error, "given up");
                self.book.run_failed(job, ticket);
                Ok(())
            }
        }
    }
}
