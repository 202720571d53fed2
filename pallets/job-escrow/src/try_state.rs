//! What must hold after every block.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::pallet::*;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// * What is on hold for jobs is exactly what the live jobs own, per requester.
    /// * Every live job is in the agenda once, at its due block, not behind the cursor.
    /// * A worker's list names exactly the jobs it must claim or deliver.
    /// * No result was delivered at a tick that is still to come.
    /// * The payouts that a worker's bond stands for are those of its jobs.
    /// * Published inputs are those of jobs that say so and have no result.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        use crate::types::Stage;
        use aipg_primitives::{SettlementGate, WorkerDirectory};
        use alloc::collections::BTreeMap;
        use frame_support::{ensure, traits::fungible::InspectHold};
        let mut owned = BTreeMap::<_, u128>::new();
        let mut exposed = BTreeMap::<_, u128>::new();
        let mut live: u32 = 0;
        let mut published: u32 = 0;
        let mut active: u32 = 0;
        for (id, job) in Jobs::<T>::iter() {
            live = live.saturating_add(1);
            let sum = owned.entry(job.requester.clone()).or_default();
            *sum = sum.saturating_add(job.max_price);
            ensure!(id < NextJob::<T>::get(), "job number was not given yet");
            ensure!(
                Agenda::<T>::contains_key(job.due, id),
                "live job is not in the agenda"
            );
            ensure!(
                job.due >= AgendaCursor::<T>::get(),
                "live job is behind the cursor"
            );
            if job.is_published && !matches!(job.stage, Stage::Delivered { .. }) {
                published = published.saturating_add(1);
                ensure!(
                    PublishedInputs::<T>::contains_key(id),
                    "published input is not there"
                );
            }
            if let Stage::Delivered { delivered, .. } = job.stage {
                ensure!(
                    delivered <= T::Gate::tick(),
                    "result was delivered after today's tick"
                );
            }
            if let Stage::Assigned { worker, payout, .. }
            | Stage::Demanded { worker, payout, .. }
            | Stage::Running { worker, payout, .. }
            | Stage::Delivered { worker, payout, .. } = &job.stage
            {
                let sum = exposed.entry(worker.clone()).or_default();
                *sum = sum.saturating_add(*payout);
            }
            if let Some(worker) = job.active_worker() {
                active = active.saturating_add(1);
                ensure!(
                    WorkerJobs::<T>::contains_key(worker, id),
                    "worker does not know its job"
                );
            }
        }
        for (worker, payouts) in exposed {
            ensure!(
                payouts == T::Workers::exposed(&worker),
                "bond stands for other payouts than those of the worker's jobs"
            );
        }
        ensure!(
            Agenda::<T>::iter().count() == live as usize,
            "agenda has entries without a live job"
        );
        ensure!(
            PublishedInputs::<T>::iter_keys().count() == published as usize,
            "input is kept without a live job"
        );
        ensure!(
            WorkerJobs::<T>::iter().count() == active as usize,
            "worker list has entries without an active job"
        );
        let reason = HoldReason::JobPrice.into();
        for account in frame_system::Account::<T>::iter_keys() {
            let held = T::Currency::balance_on_hold(&reason, &account);
            ensure!(
                held == owned.get(&account).copied().unwrap_or_default(),
                "hold differs from the live jobs of its owner"
            );
        }
        Ok(())
    }
}
