//! What clients read.

use crate::pallet::*;
use crate::types::Stage;
use aipg_primitives::{
    api::{JobStage, JobView, Quote},
    Balance, JobId, ModelCatalogue, ModelId,
};
use alloc::vec::Vec;
use frame_system::pallet_prelude::BlockNumberFor;

/// Most jobs that one read of [`Pallet::worker_jobs`] lists.
pub const MAX_JOBS_LISTED: usize = 64;

impl<T: Config> Pallet<T> {
    /// Price and time of a job; `None` for an unknown model or a context it cannot take.
    pub fn quote(model: ModelId, prompt: u32, output: u32) -> Option<Quote<BlockNumberFor<T>>> {
        let terms = T::Models::terms(&model)?;
        let units = T::Models::units(&model, prompt, output)?;
        Some(Quote {
            units,
            least_price: Balance::from(units).checked_mul(terms.price_floor)?,
            least_deadline: Self::least_deadline(&model, units),
        })
    }

    /// A live job.
    pub fn view(id: JobId) -> Option<JobView<T::AccountId, BlockNumberFor<T>>> {
        let job = Jobs::<T>::get(id)?;
        let (stage, ask) = match &job.stage {
            Stage::Queued { .. } => (JobStage::Queued, None),
            Stage::Assigned { ask, .. } => (JobStage::Assigned, Some(*ask)),
            Stage::Demanded { ask, .. } => (JobStage::Demanded, Some(*ask)),
            Stage::Running { ask, .. } => (JobStage::Running, Some(*ask)),
            Stage::Delivered { ask, .. } => (JobStage::Delivered, Some(*ask)),
        };
        let deliver_by = match &job.stage {
            Stage::Running { deliver_by, .. } => Some(*deliver_by),
            _ => None,
        };
        let worker = job.worker().cloned();
        let (output, output_provider, digest) = match job.stage {
            Stage::Delivered {
                output,
                provider,
                digest,
                ..
            } => (Some(output), provider, Some(digest)),
            _ => (None, None, None),
        };
        Some(JobView {
            id,
            worker,
            stage,
            due: job.due,
            deliver_by,
            deadline: job.deadline,
            model: job.model,
            input: job.input,
            input_provider: job.provider,
            parameters: job.parameters,
            max_price: job.max_price,
            ask,
            output,
            output_provider,
            digest,
            requester: job.requester,
        })
    }

    /// The tokens of an input that was published on chain, until its job has a result.
    pub fn published_input(id: JobId) -> Option<Vec<u32>> {
        PublishedInputs::<T>::get(id).map(Into::into)
    }

    /// Number that the next job gets: every job so far has a lower one.
    pub fn next_job() -> JobId {
        NextJob::<T>::get()
    }

    /// Jobs that `worker` must claim or deliver, oldest first.
    pub fn worker_jobs(worker: &T::AccountId) -> Vec<JobView<T::AccountId, BlockNumberFor<T>>> {
        let mut jobs: Vec<_> = WorkerJobs::<T>::iter_key_prefix(worker)
            .take(MAX_JOBS_LISTED)
            .filter_map(Self::view)
            .collect();
        jobs.sort_by_key(|job| job.id);
        jobs
    }
}
