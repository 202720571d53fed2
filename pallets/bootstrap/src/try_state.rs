//! What must always hold.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::{pallet::*, types::MAX_ANSWERED};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use aipg_primitives::TokenList;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use sp_runtime::TryRuntimeError;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// * The allowance is a part of the reserved budget.
    /// * Each public job is once among those that wait or in the queue, and only of these the prompt is known.
    /// * The prompt of a live job is what the job commits to.
    /// * After the end there is nothing left.
    ///
    /// # Errors
    /// Names what does not hold.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        use aipg_primitives::{LaneBudget, PublicJobs};
        use alloc::collections::BTreeSet;
        use frame_support::ensure;

        let allowance = Allowance::<T>::get();
        ensure!(
            allowance <= T::Budget::reserved(),
            "allowance is above the reserved budget"
        );
        let places = Places::<T>::get();
        ensure!(
            places.first <= places.end && places.count() <= MAX_ANSWERED,
            "queue is turned around, or too long"
        );
        let mut known = BTreeSet::new();
        for job in Unanswered::<T>::get() {
            ensure!(known.insert(job), "public job waits twice");
        }
        let mut queued: u64 = 0;
        for (place, job) in Queue::<T>::iter() {
            queued = queued.saturating_add(1);
            ensure!(
                place >= places.first && place < places.end,
                "public job is outside of the queue"
            );
            ensure!(known.insert(job), "public job is known twice");
        }
        ensure!(queued == places.count(), "queue has a gap");
        for (job, prompt) in Prompts::<T>::iter() {
            ensure!(known.remove(&job), "prompt of a job that is not known");
            let tokens = prompt.tokens();
            ensure!(
                T::Jobs::input(job).is_none_or(|input| input == TokenList::of(&tokens)),
                "prompt is not what the job commits to"
            );
        }
        ensure!(known.is_empty(), "prompt of a public job is missing");
        if HasEnded::<T>::get() {
            ensure!(
                allowance == 0 && Unanswered::<T>::get().is_empty() && places.count() == 0,
                "something is left after the end"
            );
        }
        Ok(())
    }
}
