//! Results that can still be doubted, and what becomes of a job whose result is false.

use crate::pallet::*;
use crate::types::{RefundReason, Stage};
use aipg_primitives::{DeliveredResult, DeliveredResults, JobId, ResultWatch};
use frame_support::{ensure, pallet_prelude::DispatchResult, storage::with_storage_layer};

impl<T: Config> DeliveredResults<T::AccountId> for Pallet<T> {
    fn delivered(id: JobId) -> Option<DeliveredResult<T::AccountId>> {
        let job = Jobs::<T>::get(id)?;
        let Stage::Delivered {
            worker,
            output,
            digest,
            delivered,
            ask,
            units,
            ..
        } = job.stage.clone()
        else {
            return None;
        };
        let fee = Self::fee_of(&job, ask, units);
        Some(DeliveredResult {
            worker,
            model: job.model,
            input: job.input,
            parameters: job.parameters,
            output,
            digest,
            fee,
            delivered,
        })
    }

    /// All or nothing. Weighs what [`step_refund`](crate::WeightInfo::step_refund) does at most.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] if the job has ended or never was, [`Error::ResultNotSubmitted`]; what
    /// `Config::Receipts` says if it cannot keep the receipt.
    fn refute(id: JobId, is_proven: bool) -> DispatchResult {
        let job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        ensure!(
            matches!(job.stage, Stage::Delivered { .. }),
            Error::<T>::ResultNotSubmitted
        );
        with_storage_layer(|| Self::refund(id, job, RefundReason::ResultRefuted))?;
        T::Watch::fell(id, is_proven);
        Ok(())
    }
}
