//! GPUs beside the processor: which there are, what runs on them, and what becomes of it when one fails.
//!
//! The processor has every model as well. It computes what a GPU has to prove before it serves
//! ([`check`]), replays what a GPU answers unless the settings say otherwise, and takes over the jobs of a GPU
//! that fails. A GPU that fails once, or answers once what the processor does not, is out of service
//! until the worker starts again.

pub mod check;
mod choice;
pub mod plan;
mod setup;

pub use choice::{Choice, ChoiceError};
pub use setup::Opened;

use crate::{inference::Task, jobs::Answer, metrics::Metrics};
use aipg_client::{Hash, Sampling};
use aipg_cuda::{
    driver::{self, Absence, Found},
    jobs,
    service::{self, Service, TaskError},
};
use aipg_exact::{sampling::key, trace, Blake2b256};
use std::{
    collections::BTreeSet,
    panic::catch_unwind,
    sync::Arc,
    time::{Duration, Instant},
};
use thiserror::Error;
use tokio::{sync::oneshot, time::timeout};

/// What the settings want and the machine does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DevicesError {
    #[error("NoSuchDevice: the settings name GPU {wanted}; there are: {found}")]
    NoSuchDevice { wanted: usize, found: String },
    #[error("DevicesUnusable: the settings name GPUs by number, and there is none: {0}")]
    Unusable(Absence),
}

/// The GPUs to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub gpus: Vec<Found>,
    /// Why there is none, if one was looked for.
    pub absence: Option<Absence>,
}

/// Looks for GPUs unless the settings want none, and takes those that they want.
///
/// # Errors
/// [`DevicesError`] if a GPU that the settings name is not there.
pub fn find(choice: &Choice) -> Result<Selection, DevicesError> {
    if *choice == Choice::Cpu {
        return Ok(Selection::default());
    }
    // A driver's library of another kind than expected must not end the worker.
    let found = catch_unwind(driver::discover).unwrap_or_else(|panic| {
        let reason = service::message(&*panic).to_owned();
        Err(Absence::DriverFailed(reason))
    });
    select(choice, found)
}

/// Takes the GPUs that the settings want from what was found.
fn select(choice: &Choice, found: Result<Vec<Found>, Absence>) -> Result<Selection, DevicesError> {
    let wanted = match choice {
        Choice::Cpu => return Ok(Selection::default()),
        Choice::Auto => None,
        Choice::These(wanted) => Some(wanted),
    };
    let gpus = match (found, wanted) {
        (Ok(gpus), None) => gpus,
        (Ok(found), Some(wanted)) => {
            let gpu = |&wanted: &usize| {
                let gpu = found.iter().find(|gpu| gpu.ordinal == wanted).cloned();
                gpu.ok_or_else(|| DevicesError::NoSuchDevice {
                    wanted,
                    found: names(&found),
                })
            };
            wanted.iter().map(gpu).collect::<Result<_, _>>()?
        }
        (Err(absence), None) => {
            return Ok(Selection {
                gpus: Vec::new(),
                absence: Some(absence),
            })
        }
        (Err(absence), Some(_)) => return Err(DevicesError::Unusable(absence)),
    };
    Ok(Selection {
        gpus,
        absence: None,
    })
}

fn names(gpus: &[Found]) -> String {
    let names: Vec<String> = gpus
        .iter()
        .map(|gpu| format!("{} ({})", gpu.ordinal, gpu.name))
        .collect();
    names.join(", ")
}

/// A GPU that serves models.
struct Serving {
    device: usize,
    models: BTreeSet<Hash>,
    service: Service,
}

/// A step takes a second or two on the slowest GPU. One that takes so long never ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// All GPUs that serve.
pub struct Devices {
    serving: Vec<Serving>,
    metrics: Metrics,
    /// How long a GPU may be silent.
    patience: Duration,
}

impl Default for Devices {
    fn default() -> Self {
        Self::new(Vec::new(), Metrics::default())
    }
}

/// What a GPU answered.
#[derive(Debug)]
pub struct Computed {
    pub answer: Answer,
    /// The GPU's number.
    pub device: usize,
}

impl Devices {
    fn new(serving: Vec<Serving>, metrics: Metrics) -> Self {
        Self {
            serving,
            metrics,
            patience: PATIENCE,
        }
    }

    /// Runs a task on the GPU that has its model and least to do. `progress` hears the number of tokens so
    /// far. `None`: no GPU answered, and the processor has to.
    pub async fn run(
        &self,
        task: &Task,
        progress: impl FnMut(usize) + Send + 'static,
    ) -> Option<Computed> {
        let root = task.model.root();
        let serving = self.least_busy(Hash(root))?;
        let (sender, receiver) = oneshot::channel();
        serving.service.submit(service::Task {
            model: root,
            prompt: task.prompt.clone(),
            max_output: task.max_output as usize,
            stop: task.stop.clone(),
            sampling: sampling(task),
            progress: Box::new(progress),
            answer: Box::new(move |outcome| {
                // Nobody listens any more when the process is about to end.
                let _ = sender.send(outcome);
            }),
        });
        let device = serving.device;
        match self.wait(&serving.service, receiver).await {
            Ok(jobs::Answer { tokens, digest }) => Some(Computed {
                answer: Answer { tokens, digest },
                device,
            }),
            Err(TaskError::OutOfService(reason)) => {
                tracing::error!(
                    job = task.job,
                    device,
                    reason,
                    "the GPU is out of service: its job begins again on the processor"
                );
                self.metrics.device_out_of_service(device);
                self.metrics.device_job(device, "returned");
                None
            }
            Err(error) => {
                tracing::debug!(job = task.job, device, %error, "the processor takes the job");
                None
            }
        }
    }

    /// The end of a task, or that of waiting for it.
    async fn wait(
        &self,
        service: &Service,
        mut receiver: oneshot::Receiver<Result<jobs::Answer, TaskError>>,
    ) -> Result<jobs::Answer, TaskError> {
        let began = Instant::now();
        let reason = loop {
            match timeout(self.patience / 4, &mut receiver).await {
                Ok(Ok(outcome)) => return outcome,
                Ok(Err(_)) => break "its thread ended without an answer".to_owned(),
                // It may have been silent for want of tasks before this one.
                Err(_) if began.elapsed().min(service.silence()) >= self.patience => {
                    let seconds = self.patience.as_secs_f64();
                    break format!("DeviceHangs: it has not come back for {seconds} s");
                }
                Err(_) => {}
            }
        };
        service.retire(&reason);
        Err(TaskError::OutOfService(reason))
    }

    /// Whether a GPU serves the model of a task.
    pub fn have(&self, task: &Task) -> bool {
        self.least_busy(Hash(task.model.root())).is_some()
    }

    /// Among those that serve a model, the one with least to do.
    fn least_busy(&self, model: Hash) -> Option<&Serving> {
        let serving = self.serving.iter();
        serving
            .filter(|it| it.models.contains(&model) && it.service.outage().is_none())
            .min_by_key(|it| it.service.open())
    }

    /// Counts an answer that is delivered.
    pub fn trusted(&self, device: usize) {
        self.metrics.device_job(device, "answered");
    }

    /// Takes a GPU out of service that answered what the processor does not.
    pub fn distrust(&self, device: usize, job: u64, reason: &str) {
        tracing::error!(
            job,
            device,
            reason,
            "DeviceComputesWrongly: the GPU is out of service; its job begins again on the processor"
        );
        self.metrics.device_out_of_service(device);
        self.metrics.device_job(device, "returned");
        for serving in self.serving.iter().filter(|it| it.device == device) {
            serving.service.retire(reason);
        }
    }

    /// GPUs that serve, and the models that each has.
    pub fn in_service(&self) -> Vec<(usize, Vec<Hash>)> {
        let serving = self.serving.iter();
        serving
            .filter(|it| it.service.outage().is_none())
            .map(|it| (it.device, it.models.iter().copied().collect()))
            .collect()
    }
}

/// What chooses the tokens of a job, in the terms of traces.
fn sampling(task: &Task) -> Option<trace::Sampling> {
    match task.sampling {
        Sampling::Greedy => None,
        Sampling::Seeded(parameters) => Some(trace::Sampling {
            parameters: parameters.into(),
            key: key::<Blake2b256>(task.seed),
        }),
    }
}

/// Finds GPUs, or says in a line of the log why there is none.
///
/// # Errors
/// As of [`find`].
pub async fn discover(choice: Choice, metrics: &Metrics) -> Result<Selection, DevicesError> {
    let finding = tokio::task::spawn_blocking(move || find(&choice)).await;
    let selection = finding.unwrap_or_else(|error| {
        let absence = Some(Absence::DriverFailed(error.to_string()));
        Ok(Selection {
            absence,
            ..Selection::default()
        })
    })?;
    for gpu in &selection.gpus {
        tracing::info!("{gpu}");
        metrics.device(gpu.ordinal, &gpu.name, gpu.memory);
    }
    if let Some(absence) = &selection.absence {
        tracing::info!(%absence, "no GPU: models run on the processor");
    }
    Ok(selection)
}

/// Makes the GPUs ready on threads of their own; see [`setup`].
pub async fn start(
    selection: Selection,
    models: crate::models::Models,
    jobs: u32,
    metrics: Metrics,
) -> Arc<Devices> {
    if selection.gpus.is_empty() {
        return Arc::default();
    }
    let none = metrics.clone();
    let starting = tokio::task::spawn_blocking(move || {
        Devices::serve(setup::open(selection.gpus), &models, jobs.into(), metrics)
    });
    Arc::new(starting.await.unwrap_or_else(|error| {
        tracing::error!(%error, "no GPU could be made ready: models run on the processor");
        Devices::new(Vec::new(), none)
    }))
}

#[cfg(test)]
mod tests;
