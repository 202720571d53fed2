//! What workers do with a job.

use crate::pallet::*;
use crate::types::{ResultOf, Stage};
use aipg_primitives::{
    payout_at_most, Balance, JobId, ModelCatalogue, ResultWatch, SettlementGate, Units, Windows,
    WorkerDirectory,
};
use frame_support::{ensure, pallet_prelude::DispatchResult, storage::with_storage_layer};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::One, DispatchError, Permill, SaturatedConversion, Saturating};

/// What a job that is run was drawn for, and when.
struct Run<BlockNumber> {
    ask: Balance,
    /// That of the draw.
    payout: Balance,
    /// Block in which its worker's time to claim began.
    began: BlockNumber,
    /// First block in which a result is too late.
    deliver_by: BlockNumber,
}

impl<T: Config> Pallet<T> {
    /// The job, if it is drawn for `worker`, unclaimed and in time, with ask and payout of the draw.
    pub(crate) fn drawn_for(
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
            Stage::Demanded { worker: drawn, .. } if drawn == worker => {
                return Err(Error::<T>::InputAwaited.into())
            }
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
        let deliver_by = now
            .saturating_add(T::Windows::run(job.units_at_most))
            .min(job.deadline);
        job.stage = Stage::Running {
            worker: worker.clone(),
            ask,
            payout,
            began: job.due.saturating_sub(T::Windows::claim()),
            deliver_by,
        };
        let due = Self::heard_until(now, deliver_by);
        Self::put(id, &mut job, due);
        Self::deposit_event(Event::JobClaimed {
            job: id,
            worker,
            deliver_by: deliver_by.saturating_sub(One::one()),
            heard_by: due.saturating_sub(One::one()),
        });
        Ok(())
    }

    /// First block in which a job is drawn again if nothing is heard of its worker after `now`.
    fn heard_until(now: BlockNumberFor<T>, deliver_by: BlockNumberFor<T>) -> BlockNumberFor<T> {
        now.saturating_add(T::Windows::progress()).min(deliver_by)
    }

    pub(crate) fn do_progress(worker: T::AccountId, id: JobId, tokens: u32) -> DispatchResult {
        let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        let run = Self::run_by(&worker, &job)?;
        let due = Self::heard_until(frame_system::Pallet::<T>::block_number(), run.deliver_by);
        if due > job.due {
            Self::put(id, &mut job, due);
        }
        Self::deposit_event(Event::JobProgressed {
            job: id,
            worker,
            tokens,
            heard_by: job.due.saturating_sub(One::one()),
        });
        Ok(())
    }

    /// The run of a job that `worker` has, in time.
    fn run_by(worker: &T::AccountId, job: &JobOf<T>) -> Result<Run<BlockNumberFor<T>>, Error<T>> {
        let running = match &job.stage {
            Stage::Running {
                worker: runner,
                ask,
                payout,
                began,
                deliver_by,
            } if runner == worker => Run {
                ask: *ask,
                payout: *payout,
                began: *began,
                deliver_by: *deliver_by,
            },
            Stage::Assigned { worker: drawn, .. } | Stage::Demanded { worker: drawn, .. }
                if drawn == worker =>
            {
                return Err(Error::<T>::NotClaimed)
            }
            Stage::Delivered { worker: runner, .. } if runner == worker => {
                return Err(Error::<T>::ResultAlreadySubmitted)
            }
            _ if job.timed_out.as_ref() == Some(worker) => return Err(Error::<T>::ResultTooLate),
            _ => return Err(Error::<T>::NotAssignedWorker),
        };
        // The agenda may lag; the window does not.
        ensure!(
            frame_system::Pallet::<T>::block_number() < job.due,
            Error::<T>::ResultTooLate
        );
        Ok(running)
    }

    /// The part of the time of a worker, to claim and to run `units`, that has passed since it `began`.
    ///
    /// From the draw on and not from the claim, because a claim can wait until the answer is there. The deadline of a
    /// job never cuts this time short: nobody is drawn where it would.
    fn took(began: BlockNumberFor<T>, units: Units, now: BlockNumberFor<T>) -> Permill {
        let passed: u32 = now.saturating_sub(began).saturated_into();
        Permill::from_rational(passed, Self::time_for_worker(units).saturated_into())
    }

    pub(crate) fn do_submit_result(worker: T::AccountId, result: ResultOf) -> DispatchResult {
        let ResultOf {
            job: id,
            output,
            digest,
            provider,
        } = result;
        let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        let Run {
            ask,
            payout: drawn,
            began,
            ..
        } = Self::run_by(&worker, &job)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(output.count > 0, Error::<T>::EmptyOutput);
        ensure!(
            output.count <= job.parameters.max_output,
            Error::<T>::OutputTooLong
        );
        let length = T::Models::picture_length(&job.model);
        ensure!(
            length.is_none_or(|length| output.count == length),
            Error::<T>::PictureIncomplete
        );
        let units = T::Models::units(&job.model, job.input.count, output.count)
            .ok_or(Error::<T>::UnknownModel)?;
        let fee = Self::fee_of(&job, ask, units);
        // The ceiling may have risen since the draw; the bond was asked about what it was then.
        let payout = payout_at_most(fee, Self::mint_ceiling_of(&job)).min(drawn);
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
        // Whoever checks the result has it from a node, or demands it in a dispute.
        Self::forget_input(id, &job);
        // Else a machine could demand what it has, and compute while it waits.
        let took = (!job.is_published).then(|| Self::took(began, job.units_at_most, now));
        T::Workers::completed(&worker, drawn, payout, took);
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
}

impl<T: Config> Pallet<T> {
    /// Does one part of a batch, whole or not at all. What fails is left out and said in an event: the others
    /// lose nothing by it.
    fn each(worker: &T::AccountId, job: JobId, part: impl FnOnce() -> DispatchResult) {
        if let Err(error) = with_storage_layer(part) {
            Self::deposit_event(Event::BatchPartFailed {
                job,
                worker: worker.clone(),
                error,
            });
        }
    }

    pub(crate) fn claim_each(worker: &T::AccountId, jobs: impl IntoIterator<Item = JobId>) {
        for job in jobs {
            Self::each(worker, job, || Self::do_claim(worker.clone(), job));
        }
    }

    pub(crate) fn submit_each(worker: &T::AccountId, results: impl IntoIterator<Item = ResultOf>) {
        for result in results {
            let job = result.job;
            Self::each(worker, job, || {
                Self::do_submit_result(worker.clone(), result)
            });
        }
    }

    pub(crate) fn progress_each(
        worker: &T::AccountId,
        jobs: impl IntoIterator<Item = (JobId, u32)>,
    ) {
        for (job, tokens) in jobs {
            Self::each(worker, job, || {
                Self::do_progress(worker.clone(), job, tokens)
            });
        }
    }
}
