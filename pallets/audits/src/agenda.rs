//! What the chain does by itself: draws, and closes what a window is over for, a bounded number of steps
//! in each block.

use crate::{
    lottery::{is_audited, seed},
    pallet::*,
    types::{Audit, Stage},
    WeightInfo,
};
use aipg_primitives::{agenda::BEACON_PATIENCE, AuditHistory, Balance, Beacon, JobId, Tick};
use frame_support::{traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::Saturating;

impl<T: Config> Pallet<T> {
    /// Writes an audit under its new due tick.
    pub(crate) fn put(job: JobId, mut audit: AuditOf<T>, due: Tick) {
        Agenda::<T>::remove(audit.due, job);
        // A cursor that has passed a tick does not come back to it.
        audit.due = due.max(AgendaCursor::<T>::get());
        Agenda::<T>::insert(audit.due, job, ());
        Audits::<T>::insert(job, audit);
    }

    /// Writes an audit for which the chain has nothing to do.
    fn rest(job: JobId, audit: AuditOf<T>) {
        Agenda::<T>::remove(audit.due, job);
        Audits::<T>::insert(job, audit);
    }

    /// Forgets an audit that nobody committed to.
    fn forget(job: JobId, audit: &AuditOf<T>) {
        Agenda::<T>::remove(audit.due, job);
        Audits::<T>::remove(job);
    }

    /// A result was delivered: whether it is audited is drawn when its beacon is complete.
    pub(crate) fn begin(job: JobId, worker: &T::AccountId, payout: Balance) {
        // Without auditors there is nobody to wait for.
        if TotalBond::<T>::get() == 0 {
            return;
        }
        let delivered = T::Tick::get();
        let anchor = frame_system::Pallet::<T>::block_number();
        let audit = Audit {
            worker: worker.clone(),
            chance: T::History::chance(worker, payout),
            delivered,
            draw: 0,
            committed: 0,
            stage: Stage::Drawing(anchor),
            due: delivered,
        };
        Self::put(job, audit, delivered.saturating_add(Self::beacon_ticks()));
    }

    /// Ticks after which a beacon can be complete.
    fn beacon_ticks() -> Tick {
        use sp_runtime::traits::UniqueSaturatedInto;
        T::Beacon::delay().unique_saturated_into()
    }

    /// Moves on the audits that are due, as many as [`Config::StepsWeight`] has room for, but one at least.
    pub(crate) fn run_agenda() -> Weight {
        let now = T::Tick::get();
        let room = T::StepsWeight::get();
        let dearest = T::WeightInfo::step().max(T::WeightInfo::pass_tick());
        let mut weight = T::WeightInfo::pass_tick();
        let mut cursor = AgendaCursor::<T>::get();
        let mut is_first = true;
        while cursor <= now && (is_first || weight.saturating_add(dearest).all_lte(room)) {
            is_first = false;
            match Agenda::<T>::iter_key_prefix(cursor).next() {
                Some(job) => {
                    weight.saturating_accrue(T::WeightInfo::step());
                    Self::step(job, cursor, now);
                }
                None => {
                    cursor = cursor.saturating_add(1);
                    // Written at once: a step must not put an audit behind the cursor.
                    AgendaCursor::<T>::put(cursor);
                    weight.saturating_accrue(T::WeightInfo::pass_tick());
                }
            }
        }
        weight
    }

    /// One step of one audit.
    pub(crate) fn step(job: JobId, slot: Tick, now: Tick) {
        let Some(mut audit) = Audits::<T>::get(job) else {
            Agenda::<T>::remove(slot, job);
            return;
        };
        let windows = T::Windows::get();
        match audit.stage {
            Stage::Drawing(anchor) => Self::draw(job, audit, anchor, now),
            Stage::Committing { .. } if audit.committed == 0 => Self::draw_again(job, audit, now),
            Stage::Committing { .. } => {
                let (worker, until) = (audit.worker.clone(), now.saturating_add(windows.attest));
                audit.stage = Stage::Attesting;
                Self::put(job, audit, until);
                Self::deposit_event(Event::AttestationDue { job, worker, until });
            }
            Stage::Attesting => {
                let worker = audit.worker.clone();
                audit.stage = Stage::Missed;
                Self::rest(job, audit);
                Self::deposit_event(Event::AttestationMissed { job, worker });
            }
            Stage::Revealing(root) => {
                audit.stage = Stage::Over(root);
                Self::rest(job, audit);
            }
            Stage::Over(_) | Stage::Missed => Self::rest(job, audit),
        }
    }

    /// Draws, if the beacon is complete: whether there is an audit at all, the first time, and who is asked.
    fn draw(job: JobId, mut audit: AuditOf<T>, anchor: BlockNumberFor<T>, now: Tick) {
        let Some(beacon) = T::Beacon::beacon(anchor) else {
            let block = frame_system::Pallet::<T>::block_number();
            if block > anchor.saturating_add(BEACON_PATIENCE.into()) {
                audit.stage = Stage::Drawing(block);
            }
            return Self::put(job, audit, now.saturating_add(1));
        };
        if audit.draw == 0 && !is_audited(&beacon, job, audit.chance) {
            return Self::forget(job, &audit);
        }
        let seed = seed(&beacon, job, audit.draw);
        let (worker, draw) = (audit.worker.clone(), audit.draw);
        let until = now.saturating_add(T::Windows::get().commit);
        audit.stage = Stage::Committing { anchor, seed };
        Self::put(job, audit, until);
        Self::deposit_event(Event::AuditBegun {
            job,
            worker,
            draw,
            seed,
            until,
        });
    }

    /// Nobody has replied: others are drawn, if there is time for what they would have to do.
    fn draw_again(job: JobId, mut audit: AuditOf<T>, now: Tick) {
        let windows = T::Windows::get();
        let delay = Self::beacon_ticks();
        let end = [delay, windows.commit, windows.attest, windows.reveal]
            .into_iter()
            .fold(now, Tick::saturating_add);
        let draw = audit.draw.saturating_add(1);
        if draw >= T::MaxDraws::get() || end > audit.delivered.saturating_add(windows.within) {
            Self::forget(job, &audit);
            return Self::deposit_event(Event::AuditAbandoned { job });
        }
        audit.draw = draw;
        audit.stage = Stage::Drawing(frame_system::Pallet::<T>::block_number());
        Self::put(job, audit, now.saturating_add(delay));
    }
}
