//! What the chain does by itself: draws, timeouts, refunds and settlements, in the order in which
//! they fall due, a bounded number in each block.
//!
//! A live job is in the agenda exactly once, under the block in which it is due. A cursor follows
//! the chain's height and lags behind it only when more jobs are due than one block moves on.

use crate::pallet::*;
use crate::tally::{Step, Tally};
use crate::types::{Delivery, RefundReason, Stage};
use aipg_primitives::{
    agenda::{pause_at, BEACON_PATIENCE, RETRY_AFTER},
    Balance, DrawRequest, Fault, JobId, ResultWatch, SettlementGate, Windows, WorkerDirectory,
};
use frame_support::{
    pallet_prelude::DispatchResult,
    storage::with_storage_layer,
    traits::{Contains, Get},
    weights::Weight,
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
        Self::forget_input(id, job);
    }

    /// Moves on the jobs that are due, as many as [`Config::StepsWeight`] has room for, but one at least.
    pub(crate) fn run_agenda(now: BlockNumberFor<T>) -> Weight {
        let room = T::StepsWeight::get();
        let mut tally = Tally::default();
        let mut cursor = AgendaCursor::<T>::get();
        // One pass through a block's jobs: to begin anew for each would look at all that were taken out before it.
        let mut due = Agenda::<T>::iter_key_prefix(cursor);
        let mut is_new = true;
        while cursor <= now && tally.leaves_room_in::<T>(room) {
            if let Some(id) = due.next() {
                is_new = false;
                Self::step(id, cursor, now, &mut tally);
                continue;
            }
            if is_new {
                cursor = cursor.saturating_add(One::one());
                // Written at once: a step must not put a job behind the cursor.
                AgendaCursor::<T>::put(cursor);
                tally.count(Step::Pass);
            }
            // A step may have put a job in front of where the pass was.
            due = Agenda::<T>::iter_key_prefix(cursor);
            is_new = true;
        }
        tally.weight::<T>()
    }

    /// One step of one job, taken whole or not at all.
    pub(crate) fn step(
        id: JobId,
        slot: BlockNumberFor<T>,
        now: BlockNumberFor<T>,
        tally: &mut Tally,
    ) {
        let Some(mut job) = Jobs::<T>::get(id) else {
            Agenda::<T>::remove(slot, id);
            return tally.count(Step::Postpone);
        };
        tally.count(Self::kind_of(id, &job, now));
        let taken = with_storage_layer(|| Self::advance(id, job.clone(), now));
        if let Err(error) = taken {
            Self::postpone(id, &mut job, now, error);
            tally.count(Step::Postpone);
        }
    }

    /// What kind of step the job is due for. One that turns out to be less costs what it might have been.
    fn kind_of(id: JobId, job: &JobOf<T>, now: BlockNumberFor<T>) -> Step {
        match job.stage {
            Stage::Queued { .. } if Self::is_unreachable(job, now) => Step::Refund,
            Stage::Queued { .. } => Step::Draw,
            Stage::Assigned { .. } | Stage::Running { .. } => Step::TimeOut,
            Stage::Demanded { .. } => Step::Unanswered,
            Stage::Delivered { .. } if T::Gate::is_audited(id) => Step::SettleAudited,
            Stage::Delivered { .. } => Step::Settle,
        }
    }

    /// Whether no worker could deliver any more if it was drawn now.
    fn is_unreachable(job: &JobOf<T>, now: BlockNumberFor<T>) -> bool {
        now.saturating_add(Self::time_for_worker(job.units_at_most)) > job.deadline
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
            Stage::Demanded { worker, payout, .. } => {
                Self::input_missed(id, job, (worker, payout), now)
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
        if Self::is_unreachable(&job, now) {
            return Self::refund(id, job, RefundReason::DeadlineUnreachable);
        }
        let Some(beacon) = Self::beacon(&job.model, anchor) else {
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
            mint_ceiling: Self::mint_ceiling_of(&job),
            service: job.service,
            needs_power: T::PublicRequesters::contains(&job.requester),
            seed: H256::from_slice(seed.as_ref()),
        };
        let drawn = T::Workers::draw(&request, &job.lost_by);
        job.is_open &= match &drawn {
            Ok(drawn) => drawn.is_open,
            // Else a filter would be tried until it finds who it is for.
            Err(nobody) => nobody.is_open,
        };
        let Ok(drawn) = drawn else {
            // By a beacon that nobody knows yet: who could compute the next draw would move to where it falls.
            let attempt = attempt.saturating_add(1);
            job.stage = Stage::Queued {
                anchor: now,
                attempt,
            };
            let pause = BlockNumberFor::<T>::from(attempt.min(LONGEST_PAUSE));
            let pause = pause.max(Self::beacon_delay(&job.model));
            Self::put(id, &mut job, now.saturating_add(pause));
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
        job.remember(worker.clone());
        job.stage = Stage::Queued {
            anchor: now,
            attempt: 0,
        };
        let due = now.saturating_add(Self::beacon_delay(&job.model));
        Self::put(id, &mut job, due);
        Self::deposit_event(Event::JobRedrawn {
            job: id,
            worker,
            fault,
        });
    }
}
