//! What the chain does by itself: draws, timeouts, refunds and settlements, in the order in which
//! they fall due, a bounded number in each block.
//!
//! A live job is in the agenda exactly once, under the block in which it is due. A cursor follows
//! the chain's height and lags behind it only when more jobs are due than one block moves on.

use crate::pallet::*;
use crate::types::{Delivery, RefundReason, Stage};
use crate::WeightInfo;
use aipg_primitives::{
    agenda::{pause_at, BEACON_PATIENCE, RETRY_AFTER},
    Balance, Beacon, DrawRequest, Fault, JobId, ResultWatch, SettlementGate, Windows,
    WorkerDirectory,
};
use frame_support::{
    pallet_prelude::DispatchResult, storage::with_storage_layer, traits::Get, weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::{
    traits::{Hash, One},
    DispatchError, Saturating,
};

/// Longest pause, in blocks, between draws that found nobody.
const LONGEST_PAUSE: u32 = 8;

impl<T: Config> Pallet<T> {
    /// Writes the job under its new due block.
    pub(crate) fn put(id: JobId, job: &mut JobOf<T>, due: BlockNumberFor<T>) {
        Agenda::<T>::remove(job.due, id);
        // A cursor that has passed a block does not come back to it.
        job.due = due.max(AgendaCursor::<T>::get());
        Agenda::<T>::insert(job.due, id, ());
        Jobs::<T>::insert(id, job);
    }

    /// Forgets the job. The caller has released what it held.
    pub(crate) fn remove(id: JobId, job: &JobOf<T>) {
        Agenda::<T>::remove(job.due, id);
        Jobs::<T>::remove(id);
    }

    /// Moves on the jobs that are due, at most [`Config::MaxStepsPerBlock`].
    pub(crate) fn run_agenda(now: BlockNumberFor<T>) -> Weight {
        let mut steps: u32 = 0;
        let mut passed: u32 = 0;
        let mut weight = Weight::zero();
        let limit = T::MaxStepsPerBlock::get();
        let mut cursor = AgendaCursor::<T>::get();
        while cursor <= now && steps < limit {
            steps = steps.saturating_add(1);
            let Some(id) = Agenda::<T>::iter_key_prefix(cursor).next() else {
                cursor = cursor.saturating_add(One::one());
                // Written at once: a step must not put a job behind the cursor.
                AgendaCursor::<T>::put(cursor);
                passed = passed.saturating_add(1);
                continue;
            };
            weight.saturating_accrue(Self::step(id, cursor, now));
        }
        weight.saturating_add(T::WeightInfo::pass_blocks(passed))
    }

    /// One step of one job, taken whole or not at all. Returns what it may have cost at most.
    pub(crate) fn step(id: JobId, slot: BlockNumberFor<T>, now: BlockNumberFor<T>) -> Weight {
        let Some(mut job) = Jobs::<T>::get(id) else {
            Agenda::<T>::remove(slot, id);
            return T::WeightInfo::postpone();
        };
        let weight = Self::step_weight(&job.stage);
        let taken = with_storage_layer(|| Self::advance(id, job.clone(), now));
        if let Err(error) = taken {
            Self::postpone(id, &mut job, now, error);
            return weight.saturating_add(T::WeightInfo::postpone());
        }
        weight
    }

    /// What a step from this stage costs at most.
    fn step_weight(stage: &Stage<T::AccountId, BlockNumberFor<T>>) -> Weight {
        match stage {
            Stage::Queued { .. } => T::WeightInfo::step_draw().max(T::WeightInfo::step_refund()),
            Stage::Assigned { .. } | Stage::Running { .. } => T::WeightInfo::step_time_out(),
            Stage::Delivered { .. } => T::WeightInfo::step_settle(),
        }
    }

    /// Tries a step that failed again later.
    pub(crate) fn postpone(
        id: JobId,
        job: &mut JobOf<T>,
        now: BlockNumberFor<T>,
        error: DispatchError,
    ) {
        Self::put(id, job, now.saturating_add(RETRY_AFTER.into()));
        Self::deposit_event(Event::JobDeferred { job: id, error });
    }

    fn advance(id: JobId, job: JobOf<T>, now: BlockNumberFor<T>) -> DispatchResult {
        match job.stage.clone() {
            Stage::Queued { anchor, attempt } => Self::draw(id, job, anchor, attempt, now),
            Stage::Assigned { worker, payout, .. } => {
                Self::time_out(id, job, (worker, payout), Fault::ClaimMissed, now)
            }
            Stage::Running { worker, payout, .. } => {
                Self::time_out(id, job, (worker, payout), Fault::ResultMissed, now)
            }
            Stage::Delivered {
                worker,
                ask,
                payout,
                units,
                output,
                digest,
                delivered,
                provider: _,
            } => {
                if !T::Gate::may_settle(id, delivered) {
                    let mut job = job;
                    let pause = pause_at(T::Gate::tick().saturating_sub(delivered));
                    Self::put(id, &mut job, now.saturating_add(pause.into()));
                    return Ok(());
                }
                if T::Gate::is_void(id) {
                    Self::refund(id, job, RefundReason::NotAttested)?;
                    T::Watch::fell(id, false);
                    return Ok(());
                }
                let delivery = Delivery {
                    worker,
                    ask,
                    payout,
                    units,
                    output,
                    digest,
                };
                Self::settle(id, job, delivery)
            }
        }
    }

    /// Draws a worker, if the beacon is complete and the time still suffices.
    fn draw(
        id: JobId,
        mut job: JobOf<T>,
        anchor: BlockNumberFor<T>,
        attempt: u32,
        now: BlockNumberFor<T>,
    ) -> DispatchResult {
        if now.saturating_add(Self::time_for_worker(job.units_at_most)) > job.deadline {
            return Self::refund(id, job, RefundReason::DeadlineUnreachable);
        }
        let Some(beacon) = T::Beacon::beacon(anchor) else {
            if now > anchor.saturating_add(BEACON_PATIENCE.into()) {
                job.stage = Stage::Queued {
                    anchor: now,
                    attempt,
                };
            }
            Self::put(id, &mut job, now.saturating_add(One::one()));
            return Ok(());
        };
        let seed = T::Hashing::hash_of(&(b"aipg/draw/0", beacon, id, attempt));
        let request = DrawRequest {
            model: job.model,
            units: job.units_at_most,
            max_price: job.max_price,
            mint_ceiling: Self::mint_ceiling(&job.model),
            service: job.service,
            seed: H256::from_slice(seed.as_ref()),
        };
        let Some(drawn) = T::Workers::draw(&request) else {
            let attempt = attempt.saturating_add(1);
            job.stage = Stage::Queued { anchor, attempt };
            let pause = attempt.min(LONGEST_PAUSE);
            Self::put(id, &mut job, now.saturating_add(pause.into()));
            return Ok(());
        };
        let due = now.saturating_add(T::Windows::claim());
        job.stage = Stage::Assigned {
            worker: drawn.worker.clone(),
            ask: drawn.ask,
            payout: drawn.payout,
        };
        WorkerJobs::<T>::insert(&drawn.worker, id, ());
        Self::put(id, &mut job, due);
        Self::deposit_event(Event::JobAssigned {
            job: id,
            worker: drawn.worker,
            ask: drawn.ask,
            claim_by: due.saturating_sub(One::one()),
        });
        Ok(())
    }

    /// The worker's time ran out: it is penalised and the job drawn again.
    fn time_out(
        id: JobId,
        mut job: JobOf<T>,
        (worker, payout): (T::AccountId, Balance),
        fault: Fault,
        now: BlockNumberFor<T>,
    ) -> DispatchResult {
        WorkerJobs::<T>::remove(&worker, id);
        T::Workers::failed(&worker, payout, fault);
        job.timed_out = Some(worker.clone());
        Self::redraw(id, job, worker, Some(fault), now);
        Ok(())
    }

    /// Queues the job anew, under a beacon that nobody knows yet.
    pub(crate) fn redraw(
        id: JobId,
        mut job: JobOf<T>,
        worker: T::AccountId,
        fault: Option<Fault>,
        now: BlockNumberFor<T>,
    ) {
        job.stage = Stage::Queued {
            anchor: now,
            attempt: 0,
        };
        Self::put(id, &mut job, now.saturating_add(T::Beacon::delay()));
        Self::deposit_event(Event::JobRedrawn {
            job: id,
            worker,
            fault,
        });
    }
}
