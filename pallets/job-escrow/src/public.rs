//! Jobs that the chain submits itself. They are like any others from then on.

use crate::pallet::*;
use crate::submission::Submission;
use crate::types::Stage;
use aipg_primitives::{
    api::Quote, Balance, JobId, JobParameters, LivePhase, ModelCatalogue, ModelId, PublicJob,
    PublicJobs, ServiceLevel, TokenList, Windows,
};
use frame_support::storage::with_storage_layer;
use sp_runtime::{DispatchError, Saturating};

/// Times the least deadline: as many workers in turn may let the job down.
const PATIENCE: u32 = 4;

impl<T: Config> PublicJobs<T::AccountId> for Pallet<T> {
    fn least_price(model: &ModelId, prompt: u32, output: u32) -> Option<Balance> {
        let Quote { least_price, .. } = Self::quote(*model, prompt, output)?;
        Some(least_price)
    }

    /// # Errors
    /// Those of [`Pallet::submit`].
    fn submit(job: PublicJob<T::AccountId>) -> Result<JobId, DispatchError> {
        let PublicJob {
            requester,
            model,
            input,
            max_output,
            max_price,
        } = job;
        let terms = T::Models::terms(&model).ok_or(Error::<T>::UnknownModel)?;
        let parameters = JobParameters {
            max_output,
            ..JobParameters::default()
        };
        Self::ensure_picture(&model, &parameters)?;
        let quote = Self::quote(model, input.count, max_output).ok_or(Error::<T>::PromptTooLong)?;
        let time = quote
            .least_deadline
            .saturating_mul(PATIENCE.into())
            .min(T::Windows::max_deadline());
        let deadline = frame_system::Pallet::<T>::block_number().saturating_add(time);
        with_storage_layer(|| {
            Self::do_submit(Submission {
                requester,
                model,
                input,
                parameters,
                max_price,
                class: terms.class,
                deadline,
                service: ServiceLevel::default(),
                referrer: None,
                provider: None,
            })
        })
    }

    fn phase(job: JobId) -> Option<LivePhase> {
        Jobs::<T>::get(job).map(|job| match job.stage {
            Stage::Delivered { .. } => LivePhase::Answered,
            Stage::Queued { .. }
            | Stage::Assigned { .. }
            | Stage::Demanded { .. }
            | Stage::Running { .. } => LivePhase::Unanswered,
        })
    }

    fn input(job: JobId) -> Option<TokenList> {
        Jobs::<T>::get(job).map(|job| job.input)
    }
}
