//! An input that the drawn worker cannot get.
//!
//! Nobody can tell whether it was withheld from the worker, or whether the worker does not want the job. So the chain
//! asks for it: whoever has it can publish it, and then the worker has it as well. What stays away after that was
//! withheld, and what is claimed to be missing was not.

use crate::pallet::*;
use crate::types::{RefundReason, Stage};
use aipg_primitives::{Balance, JobId, ModelCatalogue, TokenList, Windows, WorkerDirectory};
use frame_support::{ensure, pallet_prelude::*, traits::Contains};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::One, Saturating};

impl<T: Config> Pallet<T> {
    /// Takes a published input out of the state.
    pub(crate) fn forget_input(id: JobId, job: &JobOf<T>) {
        if job.is_published {
            PublishedInputs::<T>::remove(id);
        }
    }

    pub(crate) fn do_input_unavailable(worker: T::AccountId, id: JobId) -> DispatchResult {
        let (mut job, ask, payout) = Self::drawn_for(&worker, id)?;
        let is_public = T::PublicRequesters::contains(&job.requester);
        ensure!(!job.is_published && !is_public, Error::<T>::InputPublished);
        let now = frame_system::Pallet::<T>::block_number();
        if job.input.count > MAX_PUBLISHED_INPUT {
            return Self::input_missed(id, job, (worker, payout), now);
        }
        job.stage = Stage::Demanded {
            worker: worker.clone(),
            ask,
            payout,
        };
        let due = now.saturating_add(T::Windows::progress());
        // Else a requester could publish so late that the time does not suffice, and have its money back.
        let reachable = due.saturating_add(Self::time_for_worker(job.units_at_most));
        job.deadline = job.deadline.max(reachable);
        Self::put(id, &mut job, due);
        Self::deposit_event(Event::InputDemanded {
            job: id,
            worker,
            publish_by: due.saturating_sub(One::one()),
        });
        Ok(())
    }

    pub(crate) fn do_publish_input(
        id: JobId,
        tokens: BoundedVec<u32, ConstU32<MAX_PUBLISHED_INPUT>>,
    ) -> DispatchResult {
        let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        let Stage::Demanded {
            worker,
            ask,
            payout,
        } = job.stage.clone()
        else {
            return Err(Error::<T>::InputNotDemanded.into());
        };
        let now = frame_system::Pallet::<T>::block_number();
        // The agenda may lag; the window does not.
        ensure!(now < job.due, Error::<T>::InputTooLate);
        ensure!(
            TokenList::of(&tokens) == job.input,
            Error::<T>::InputMismatch
        );
        // A model that was retired meanwhile has no terms any more; its worker has the vocabulary.
        let vocabulary = T::Models::terms(&job.model).map_or(u32::MAX, |terms| terms.vocabulary);
        ensure!(
            tokens.iter().all(|token| *token < vocabulary),
            Error::<T>::InputOutOfVocabulary
        );
        PublishedInputs::<T>::insert(id, tokens);
        job.is_published = true;
        job.stage = Stage::Assigned {
            worker: worker.clone(),
            ask,
            payout,
        };
        let due = now.saturating_add(T::Windows::claim());
        Self::put(id, &mut job, due);
        Self::deposit_event(Event::InputPublished {
            job: id,
            worker,
            ask,
            claim_by: due.saturating_sub(One::one()),
        });
        Ok(())
    }

    /// The input stayed away: the worker is free of the job, at no cost, and the job is drawn again or ends.
    pub(crate) fn input_missed(
        id: JobId,
        mut job: JobOf<T>,
        (worker, payout): (T::AccountId, Balance),
        now: BlockNumberFor<T>,
    ) -> DispatchResult {
        WorkerJobs::<T>::remove(&worker, id);
        T::Workers::released(&worker, payout);
        job.input_misses = job.input_misses.saturating_add(1);
        // A second look at the draw would be worth what the model's listing is.
        if job.input_misses >= MAX_INPUT_MISSES || Self::earns_listed(&job) {
            return Self::refund(id, job, RefundReason::InputUnavailable);
        }
        job.is_open = false;
        Self::redraw(id, job, worker, None, now);
        Ok(())
    }
}
