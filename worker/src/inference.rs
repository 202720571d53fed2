//! Runs models beside the conversation with the chain, on threads of their own.

use crate::{
    conduct::Conduct,
    jobs::Answer,
    work::{Work, WorkError},
};
use aipg_client::Sampling;
use aipg_engine::{sampling::OutOfRange, Model, Sampler};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use thiserror::Error;
use tokio::sync::{mpsc, Semaphore};

/// How often a run is reported where there is no progress bar.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// A run to make.
pub struct Task {
    pub job: u64,
    /// Comes back with the result.
    pub ticket: u64,
    pub model: Arc<Model>,
    pub prompt: Vec<u32>,
    pub max_output: u32,
    pub stop: Vec<u32>,
    pub seed: u64,
    pub sampling: Sampling,
}

impl Task {
    /// What it asks of the model.
    pub fn work(&self) -> Work<'_> {
        Work {
            prompt: &self.prompt,
            max_output: self.max_output,
            stop: &self.stop,
            seed: self.seed,
            sampling: self.sampling,
        }
    }
}

/// A run that ended.
#[derive(Debug)]
pub struct Finished {
    pub job: u64,
    pub ticket: u64,
    /// How long it took, with the self-check.
    pub seconds: f64,
    pub outcome: Result<Answer, InferenceError>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum InferenceError {
    #[error("the model cannot run this job: {0}")]
    Run(String),
    #[error("SelfCheckFailed: a second computation of the answer differs ({0}); this machine computes wrongly and must not serve jobs")]
    SelfCheckFailed(String),
    #[error("the run ended without a result: {0}")]
    Crashed(String),
}

/// What chooses the tokens of a job.
///
/// # Errors
/// [`OutOfRange`] if a parameter is; the chain takes no such job.
pub fn sampler(seed: u64, sampling: Sampling) -> Result<Sampler, OutOfRange> {
    match sampling {
        Sampling::Greedy => Ok(Sampler::GREEDY),
        Sampling::Seeded(parameters) => Sampler::seeded(seed, parameters.into()),
    }
}

/// The threads that run models.
pub struct Inference {
    slots: Arc<Semaphore>,
    /// How many tokens of an answer there are, by job that runs.
    tokens: Arc<Mutex<BTreeMap<u64, u32>>>,
    results: mpsc::UnboundedSender<Finished>,
    bars: MultiProgress,
    self_check: bool,
    conduct: Arc<dyn Conduct>,
}

impl Inference {
    /// At most `parallel` runs at a time; results arrive on the returned channel.
    pub fn new(
        parallel: usize,
        self_check: bool,
        bars: MultiProgress,
        conduct: Arc<dyn Conduct>,
    ) -> (Self, mpsc::UnboundedReceiver<Finished>) {
        let (results, receiver) = mpsc::unbounded_channel();
        let slots = Arc::new(Semaphore::new(parallel.max(1)));
        (
            Self {
                slots,
                tokens: Arc::default(),
                results,
                bars,
                self_check,
                conduct,
            },
            receiver,
        )
    }

    /// How many tokens of the answer of a job there are; 0 while it does not run.
    pub fn tokens(&self, job: u64) -> u32 {
        locked(&self.tokens).get(&job).copied().unwrap_or(0)
    }

    /// Runs `task` as soon as a slot is free.
    pub fn start(&self, task: Task) {
        let (slots, results) = (self.slots.clone(), self.results.clone());
        let (bars, self_check) = (self.bars.clone(), self.self_check);
        let (conduct, tokens) = (self.conduct.clone(), self.tokens.clone());
        tokio::spawn(async move {
            // The semaphore is never closed.
            let _slot = slots.acquire_owned().await;
            let (job, ticket) = (task.job, task.ticket);
            let run = tokio::task::spawn_blocking(move || {
                let started = Instant::now();
                let bar = bars.add(progress_bar(&task));
                let tell = |count: usize| {
                    let count = u32::try_from(count).unwrap_or(u32::MAX);
                    locked(&tokens).insert(task.job, count);
                };
                let outcome = run(&task, self_check, &bar, &tell);
                locked(&tokens).remove(&task.job);
                let outcome = outcome.map(|answer| conduct.answer(&task, answer));
                bar.finish_and_clear();
                bars.remove(&bar);
                (outcome, started.elapsed().as_secs_f64())
            });
            let (outcome, seconds) = run
                .await
                .unwrap_or_else(|error| (Err(InferenceError::Crashed(error.to_string())), 0.0));
            // Nobody listens any more when the process is about to end.
            let _ = results.send(Finished {
                job,
                ticket,
                seconds,
                outcome,
            });
        });
    }
}

/// What a lock protects here is whole after every change, also after that of a thread that panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn progress_bar(task: &Task) -> ProgressBar {
    let template = "job {msg} {bar:30} {pos}/{len} tokens, {per_sec}, {elapsed}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(task.max_output.into())
        .with_style(style)
        .with_message(task.job.to_string())
}

/// Computes the answer, then checks it the way an auditor does: one prefill over prompt and answer must choose the
/// same tokens and end in the same digest, and a picture that is made again must be the same.
fn run(
    task: &Task,
    self_check: bool,
    bar: &ProgressBar,
    tell: &(dyn Fn(usize) + Sync),
) -> Result<Answer, InferenceError> {
    let started = Instant::now();
    let mut reported = started;
    let mut progress = |tokens: usize| {
        bar.set_position(tokens as u64);
        tell(tokens);
        if bar.is_hidden() && reported.elapsed() >= REPORT_INTERVAL {
            reported = Instant::now();
            tracing::info!(
                job = task.job,
                tokens,
                of_at_most = task.max_output,
                "running"
            );
        }
    };
    let (work, model) = (task.work(), &task.model);
    let answer = work
        .answer(model, &mut progress)
        .map_err(|error| InferenceError::Run(error.to_string()))?;
    let seconds = started.elapsed().as_secs_f64();
    tracing::info!(
        job = task.job,
        prompt = task.prompt.len(),
        tokens = answer.tokens.len(),
        tokens_per_second = %format_args!("{:.1}", answer.tokens.len() as f64 / seconds),
        "answer computed"
    );
    if self_check {
        bar.set_message(format!("{} self-check", task.job));
        compare(answer.digest, work.digest(model, &answer.tokens))?;
    }
    Ok(answer)
}

fn compare(digest: [u8; 32], replayed: Result<[u8; 32], WorkError>) -> Result<(), InferenceError> {
    match replayed {
        Ok(again) if again == digest => Ok(()),
        Ok(again) => Err(InferenceError::SelfCheckFailed(format!(
            "digest 0x{} against 0x{}",
            hex::encode(digest),
            hex::encode(again)
        ))),
        Err(error) => Err(InferenceError::SelfCheckFailed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_engine::RunError;

    #[test]
    fn self_check_should_pass_when_the_digests_agree() {
        assert!(compare([1; 32], Ok([1; 32])).is_ok());
    }

    #[test]
    fn self_check_should_fail_when_one_bit_of_the_digest_differs() {
        let mut other = [1; 32];
        other[31] ^= 1;
        let error = compare([1; 32], Ok(other)).unwrap_err();
        assert!(matches!(error, InferenceError::SelfCheckFailed(_)));
    }

    #[test]
    fn self_check_should_fail_when_the_replay_chooses_another_token() {
        let mismatch = RunError::OutputMismatch {
            index: 3,
            expected: 7,
            found: 8,
        };
        let error = compare([1; 32], Err(mismatch.into())).unwrap_err();
        assert!(error.to_string().contains("output token 3 is 8"));
    }
}
