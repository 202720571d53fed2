//! Runs models beside the conversation with the chain, on threads of their own and on GPUs.

use crate::{
    conduct::Conduct,
    devices::{Computed, Devices},
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

/// Runs models: on GPUs that have them, or else on threads of the processor.
pub struct Inference {
    means: Means,
    results: mpsc::UnboundedSender<Finished>,
}

/// What a run is made with; copies share it.
#[derive(Clone)]
struct Means {
    slots: Arc<Semaphore>,
    /// How many tokens of an answer there are, by job that runs.
    tokens: Arc<Mutex<BTreeMap<u64, u32>>>,
    bars: MultiProgress,
    self_check: bool,
    conduct: Arc<dyn Conduct>,
    devices: Arc<Devices>,
}

impl Inference {
    /// At most `parallel` runs at a time on the processor; results arrive on the returned channel.
    pub fn new(
        parallel: usize,
        self_check: bool,
        bars: MultiProgress,
        conduct: Arc<dyn Conduct>,
    ) -> (Self, mpsc::UnboundedReceiver<Finished>) {
        let (results, receiver) = mpsc::unbounded_channel();
        let means = Means {
            slots: Arc::new(Semaphore::new(parallel.max(1))),
            tokens: Arc::default(),
            bars,
            self_check,
            conduct,
            devices: Arc::default(),
        };
        (Self { means, results }, receiver)
    }

    /// The same with GPUs.
    pub fn with_devices(mut self, devices: Arc<Devices>) -> Self {
        self.means.devices = devices;
        self
    }

    /// How many tokens of the answer of a job there are; 0 while it does not run.
    pub fn tokens(&self, job: u64) -> u32 {
        locked(&self.means.tokens).get(&job).copied().unwrap_or(0)
    }

    /// Runs `task` as soon as there is a place for it.
    pub fn start(&self, task: Task) {
        let (means, results) = (self.means.clone(), self.results.clone());
        tokio::spawn(async move {
            let finished = means.run(task).await;
            // Nobody listens any more when the process is about to end.
            let _ = results.send(finished);
        });
    }
}

impl Means {
    async fn run(self, task: Task) -> Finished {
        let (job, ticket) = (task.job, task.ticket);
        let began = Instant::now();
        let computed = match self.devices.have(&task) {
            true => {
                let mut telling = Telling::new(&task, &self);
                let progress = move |tokens| telling.tell(tokens);
                self.devices.run(&task, progress).await
            }
            false => None,
        };
        let started = computed.is_some().then_some(began);
        // The semaphore is never closed.
        let _slot = self.slots.clone().acquire_owned().await;
        let run = tokio::task::spawn_blocking(move || {
            let started = started.unwrap_or_else(Instant::now);
            let outcome = self.conclude(&task, computed);
            locked(&self.tokens).remove(&task.job);
            let outcome = outcome.map(|answer| self.conduct.answer(&task, answer));
            (outcome, started.elapsed().as_secs_f64())
        });
        let (outcome, seconds) = run
            .await
            .unwrap_or_else(|error| (Err(InferenceError::Crashed(error.to_string())), 0.0));
        Finished {
            job,
            ticket,
            seconds,
            outcome,
        }
    }

    /// Checks what a GPU answered; without an answer that stands, the processor computes it.
    fn conclude(&self, task: &Task, computed: Option<Computed>) -> Result<Answer, InferenceError> {
        if let Some(Computed { answer, device }) = computed {
            match check_computed(task, &answer, self.self_check) {
                Ok(()) => {
                    self.devices.trusted(device);
                    return Ok(answer);
                }
                Err(error) => self.devices.distrust(device, task.job, &error.to_string()),
            }
        }
        run(task, self.self_check, &mut Telling::new(task, self))
    }
}

/// Tells how far a run is: to a bar, or else to the log, and to whoever asks. The bar goes with it.
struct Telling {
    job: u64,
    at_most: u32,
    bar: ProgressBar,
    bars: MultiProgress,
    tokens: Arc<Mutex<BTreeMap<u64, u32>>>,
    reported: Instant,
}

impl Telling {
    fn new(task: &Task, means: &Means) -> Self {
        Self {
            job: task.job,
            at_most: task.max_output,
            bar: means.bars.add(progress_bar(task)),
            bars: means.bars.clone(),
            tokens: means.tokens.clone(),
            reported: Instant::now(),
        }
    }

    fn tell(&mut self, tokens: usize) {
        self.bar.set_position(tokens as u64);
        let count = u32::try_from(tokens).unwrap_or(u32::MAX);
        // A run that begins again has not lost what was said of it.
        let mut all = locked(&self.tokens);
        let told = all.entry(self.job).or_default();
        *told = count.max(*told);
        drop(all);
        if self.bar.is_hidden() && self.reported.elapsed() >= REPORT_INTERVAL {
            self.reported = Instant::now();
            tracing::info!(job = self.job, tokens, of_at_most = self.at_most, "running");
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.bars.remove(&self.bar);
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
fn run(task: &Task, self_check: bool, telling: &mut Telling) -> Result<Answer, InferenceError> {
    let started = Instant::now();
    let mut progress = |tokens: usize| telling.tell(tokens);
    let answer = task
        .work()
        .answer(&task.model, &mut progress)
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
        telling.bar.set_message(format!("{} self-check", task.job));
        replay(task, &answer)?;
    }
    Ok(answer)
}

/// Whether a second computation of an answer ends in its digest: of a text one prefill, which chooses its tokens.
fn replay(task: &Task, answer: &Answer) -> Result<(), InferenceError> {
    let again = task.work().digest(&task.model, &answer.tokens);
    compare(answer.digest, again)
}

/// Checks the answer of a GPU on the processor: where it ends in any case, all of it unless the settings say
/// otherwise.
fn check_computed(task: &Task, answer: &Answer, self_check: bool) -> Result<(), InferenceError> {
    if !ends_rightly(&answer.tokens, &task.stop, task.max_output) {
        let what = format!("{} tokens that do not end there", answer.tokens.len());
        return Err(InferenceError::SelfCheckFailed(what));
    }
    if self_check {
        replay(task, answer)?;
    }
    tracing::info!(
        job = task.job,
        tokens = answer.tokens.len(),
        self_check,
        "answer computed by a GPU"
    );
    Ok(())
}

/// Whether an output ends where it has to: at its first stop token, or at its largest length.
fn ends_rightly(tokens: &[u32], stop: &[u32], max_output: u32) -> bool {
    let Some((last, before)) = tokens.split_last() else {
        return false;
    };
    let is_full = tokens.len() as u64 == u64::from(max_output);
    !before.iter().any(|token| stop.contains(token))
        && tokens.len() as u64 <= u64::from(max_output)
        && (is_full || stop.contains(last))
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
    fn output_should_end_at_its_first_stop_token_or_its_length() {
        for (tokens, ends) in [
            (&[][..], false),
            (&[1], false),
            (&[1, 2], false),
            (&[1, 2, 3], true),
            (&[1, 2, 3, 4], false),
            (&[9], true),
            (&[1, 9], true),
            (&[1, 2, 9], true),
            (&[1, 9, 2], false),
            (&[9, 9], false),
        ] {
            assert_eq!(ends_rightly(tokens, &[9, 8], 3), ends, "{tokens:?}");
        }
    }

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
