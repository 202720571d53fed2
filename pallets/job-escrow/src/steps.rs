//! What workers do with a job.

use crate::pallet::*;
use crate::types::{RefundReason, Stage};
use aipg_primitives::{
    payout_at_most, Balance, JobId, ModelCatalogue, NodeId, ResultWatch, SettlementGate, TokenList,
    Windows, WorkerDirectory,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use sp_core::H256;
use sp_runtime::{traits::One, DispatchError, Saturating};

impl<T: Config> Pallet<T> {
    /// The job, if it is drawn for `worker`, unclaimed and in time, with ask and payout of the draw.
    fn drawn_for(
        worker: &T::AccountId,
        id: JobId,
    ) -> Result<(JobOf<T>, Balance, Balance), DispatchError> {
        let job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        let (ask, payout) = match &job.stage {
            Stage::Assigned {
                worker: drawn,
                ask,
                payout,
            } if drawn == worker => (*ask, *payout),
            Stage::Running { worker: drawn, .. } | Stage::Delivered { worker: drawn, .. }
                if drawn == worker =>
            {
                return Err(Error::<T>::AlreadyClaimed.into())
            }
            _ if job.timed_out.as_ref() == Some(worker) => {
                return Err(Error::<T>::ClaimTooLate.into())
            }
            _ => return Err(Error::<T>::NotAssignedWorker.into()),
        };
        // The agenda may lag; the window does not.
        ensure!(
            frame_system::Pallet::<T>::block_number() < job.due,
            Error::<T>::ClaimTooLate
        );
        Ok((job, ask, payout))
    }

    pub(crate) fn do_claim(worker: T::AccountId, id: JobId) -> DispatchResult {
        let (mut job, ask, payout) = Self::drawn_for(&worker, id)?;
        let now = frame_system::Pallet::<T>::block_number();
        let due = now
            .saturating_add(T::Windows::run(job.units_at_most))
            .min(job.deadline);
        job.stage = Stage::Running {
            worker: worker.clone(),
            ask,
            payout,
        };
        Self::put(id, &mut job, due);
        Self::deposit_event(Event::JobClaimed {
            job: id,
            worker,
            deliver_by: due.saturating_sub(One::one()),
        });
        Ok(())
    }

    pub(crate) fn do_submit_result(
        worker: T::AccountId,
        id: JobId,
        output: TokenList,
        digest: H256,
        provider: Option<NodeId>,
    ) -> DispatchResult {
        let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        let (ask, drawn) = match &job.stage {
            Stage::Running {
                worker: runner,
                ask,
                payout,
            } if *runner == worker => (*ask, *payout),
            Stage::Assigned { worker: drawn, .. } if *drawn == worker => {
                return Err(Error::<T>::NotClaimed.into())
            }
            Stage::Delivered { worker: runner, .. } if *runner == worker => {
                return Err(Error::<T>::ResultAlreadySubmitted.into())
            }
            _ if job.timed_out.as_ref() == Some(&worker) => {
                return Err(Error::<T>::ResultTooLate.into())
            }
            _ => return Err(Error::<T>::NotAssignedWorker.into()),
        };
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now < job.due, Error::<T>::ResultTooLate);
        ensure!(output.count > 0, Error::<T>::EmptyOutput);
        ensure!(
            output.count <= job.parameters.max_output,
            Error::<T>::OutputTooLong
        );
        let units = T::Models::units(&job.model, job.input.count, output.count)
            .ok_or(Error::<T>::UnknownModel)?;
        let fee = Self::fee_of(&job, ask, units);
        // The ceiling may have risen since the draw; the bond was asked about what it was then.
        let payout = payout_at_most(fee, Self::mint_ceiling(&job.model)).min(drawn);
        let settles_at = now.saturating_add(T::Windows::challenge());
        job.stage = Stage::Delivered {
            worker: worker.clone(),
            ask,
            payout,
            units,
            output,
            provider,
            digest,
            delivered: T::Gate::tick(),
        };
        Self::put(id, &mut job, settles_at);
        WorkerJobs::<T>::remove(&worker, id);
        T::Workers::completed(&worker, drawn, payout);
        T::Watch::delivered(id, &worker, payout);
        Self::deposit_event(Event::ResultSubmitted {
            job: id,
            worker,
            output,
            provider,
            digest,
            units,
            fee,
            settles_at,
        });
        Ok(())
    }

    pub(crate) fn do_input_unavailable(worker: T::AccountId, id: JobId) -> DispatchResult {
        let (mut job, _, payout) = Self::drawn_for(&worker, id)?;
        WorkerJobs::<T>::remove(&worker, id);
        T::Workers::released(&worker, payout);
        job.input_misses = job.input_misses.saturating_add(1);
        if job.input_misses >= MAX_INPUT_MISSES {
            return Self::refund(id, job, RefundReason::InputUnavailable);
        }
        let now = frame_system::Pallet::<T>::block_number();
        Self::redraw(id, job, worker, None, now);
        Ok(())
    }
}
