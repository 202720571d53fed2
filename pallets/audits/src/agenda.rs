//! What the chain does by itself: draws, and closes what a window is over for, a bounded number of steps
//! in each block.

use crate::{
    lottery::{is_audited, seed},
    pallet::*,
    types::{Audit, AuditorFault, Stage},
    WeightInfo,
};
use aipg_primitives::{agenda::BEACON_PATIENCE, AuditHistory, Balance, Beacon, JobId, Tick};
use frame_support::{storage::KeyPrefixIterator, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::{SaturatedConversion, Saturating};

impl<T: Config> Pallet<T> {
    /// Writes an audit under its new due tick, and says which it is.
    pub(crate) fn put(job: JobId, mut audit: AuditOf<T>, due: Tick) -> Tick {
        Agenda::<T>::remove(audit.due, job);
        // A cursor that has passed a tick does not come back to it.
        audit.due = due.max(AgendaCursor::<T>::get());
        let due = audit.due;
        Agenda::<T>::insert(due, job, ());
        Audits::<T>::insert(job, audit);
        due
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
        let total_bond = TotalBond::<T>::get();
        if total_bond == 0 {
            return;
        }
        let delivered = T::Tick::get();
        let anchor = frame_system::Pallet::<T>::block_number();
        let audit = Audit {
            worker: worker.clone(),
            chance: T::History::chance(worker, payout),
            delivered,
            draw: 0,
            total_bond,
            attested: None,
            committed: 0,
            revealed: 0,
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
        let dearest = T::WeightInfo::step()
            .max(T::WeightInfo::redraw())
            .max(T::WeightInfo::pass_tick());
        let mut weight = Weight::zero();
        let mut cursor = AgendaCursor::<T>::get();
        // One pass over a tick: a new one would look again at every key that this block has removed.
        let mut jobs = Self::pass(cursor, &mut weight);
        let mut is_refilled = false;
        let mut is_first = true;
        while cursor <= now && (is_first || weight.saturating_add(dearest).all_lte(room)) {
            is_first = false;
            if let Some(job) = jobs.next() {
                let (cost, due) = Self::step(job, cursor, now);
                weight.saturating_accrue(cost);
                is_refilled |= due == Some(cursor);
                continue;
            }
            // A step has put its audit under the same tick, perhaps where the pass had been already.
            if !core::mem::take(&mut is_refilled) {
                cursor = cursor.saturating_add(1);
                // Written at once: a step must not put an audit behind the cursor.
                AgendaCursor::<T>::put(cursor);
            }
            jobs = Self::pass(cursor, &mut weight);
        }
        weight
    }

    /// Begins a pass over the audits that are due in a tick, and charges for it.
    fn pass(tick: Tick, weight: &mut Weight) -> KeyPrefixIterator<JobId> {
        weight.saturating_accrue(T::WeightInfo::pass_tick());
        Agenda::<T>::iter_key_prefix(tick)
    }

    /// Whether auditors can reveal, and none has.
    fn is_silent(audit: &AuditOf<T>) -> bool {
        matches!(audit.stage, Stage::Revealing(_)) && audit.revealed == 0
    }

    /// One step of one audit: what it cost at most, and the tick under which it put it, if it did.
    pub(crate) fn step(job: JobId, slot: Tick, now: Tick) -> (Weight, Option<Tick>) {
        let Some(audit) = Audits::<T>::get(job) else {
            Agenda::<T>::remove(slot, job);
            return (T::WeightInfo::step(), None);
        };
        let weight = if Self::is_silent(&audit) {
            T::WeightInfo::redraw()
        } else {
            T::WeightInfo::step()
        };
        (weight, Self::move_on(job, audit, now))
    }

    fn move_on(job: JobId, mut audit: AuditOf<T>, now: Tick) -> Option<Tick> {
        match audit.stage {
            Stage::Drawing(anchor) => return Self::draw(job, audit, anchor, now),
            Stage::Committing { .. } if audit.committed == 0 => {
                return Self::nobody_replied(job, audit, now);
            }
            Stage::Committing { .. } => return Some(Self::ask(job, audit, now)),
            Stage::Attesting => {
                let worker = audit.worker.clone();
                audit.stage = Stage::Missed;
                Self::rest(job, audit);
                Self::deposit_event(Event::AttestationMissed { job, worker });
            }
            Stage::Revealing(root) => {
                if Self::is_silent(&audit) && Self::has_time(&audit, true, now) {
                    return Some(Self::redraw(job, audit, root, now));
                }
                audit.stage = Stage::Over(root);
                Self::rest(job, audit);
            }
            Stage::Over(_) | Stage::Missed => Self::rest(job, audit),
        }
        None
    }

    /// Auditors have committed: the worker attests, or they reveal if it has.
    fn ask(job: JobId, mut audit: AuditOf<T>, now: Tick) -> Tick {
        let windows = T::Windows::get();
        let worker = audit.worker.clone();
        if let Some(root) = audit.attested.take() {
            let until = now.saturating_add(windows.reveal);
            audit.stage = Stage::Revealing(root);
            let due = Self::put(job, audit, until);
            Self::deposit_event(Event::Attested {
                job,
                worker,
                root,
                until,
            });
            return due;
        }
        let until = now.saturating_add(windows.attest);
        audit.stage = Stage::Attesting;
        let due = Self::put(job, audit, until);
        Self::deposit_event(Event::AttestationDue { job, worker, until });
        due
    }

    /// Draws, if the beacon is complete: whether there is an audit at all, the first time, and who is asked.
    fn draw(
        job: JobId,
        mut audit: AuditOf<T>,
        anchor: BlockNumberFor<T>,
        now: Tick,
    ) -> Option<Tick> {
        let Some(beacon) = T::Beacon::beacon(anchor) else {
            let block = frame_system::Pallet::<T>::block_number();
            if block > anchor.saturating_add(BEACON_PATIENCE.into()) {
                Self::anchor(&mut audit);
            }
            return Some(Self::put(job, audit, now.saturating_add(1)));
        };
        if audit.draw == 0 && !is_audited(&beacon, job, audit.chance) {
            Self::forget(job, &audit);
            return None;
        }
        let seed = seed(&beacon, job, audit.draw);
        let (worker, draw) = (audit.worker.clone(), audit.draw);
        let until = now.saturating_add(T::Windows::get().commit);
        audit.stage = Stage::Committing { anchor, seed };
        let due = Self::put(job, audit, until);
        Self::deposit_event(Event::AuditBegun {
            job,
            worker,
            draw,
            seed,
            until,
        });
        Some(due)
    }

    /// Lets the beacon of this block draw, by the bonds as they are.
    fn anchor(audit: &mut AuditOf<T>) {
        audit.stage = Stage::Drawing(frame_system::Pallet::<T>::block_number());
        audit.total_bond = TotalBond::<T>::get();
    }

    /// Whether others can be drawn, and there is time for what they and the worker would have to do.
    fn has_time(audit: &AuditOf<T>, is_attested: bool, now: Tick) -> bool {
        let windows = T::Windows::get();
        let attest = if is_attested { 0 } else { windows.attest };
        let end = [Self::beacon_ticks(), windows.commit, attest, windows.reveal]
            .into_iter()
            .fold(now, Tick::saturating_add);
        audit.draw.saturating_add(1) < T::MaxDraws::get()
            && end <= audit.delivered.saturating_add(windows.within)
    }

    /// Draws others.
    fn draw_again(job: JobId, mut audit: AuditOf<T>, now: Tick) -> Tick {
        audit.draw = audit.draw.saturating_add(1);
        Self::anchor(&mut audit);
        Self::put(job, audit, now.saturating_add(Self::beacon_ticks()))
    }

    /// Nobody has committed: others are drawn, or none any more.
    fn nobody_replied(job: JobId, mut audit: AuditOf<T>, now: Tick) -> Option<Tick> {
        if Self::has_time(&audit, audit.attested.is_some(), now) {
            return Some(Self::draw_again(job, audit, now));
        }
        if let Some(root) = audit.attested.take() {
            // The root stays part of the result.
            audit.stage = Stage::Over(root);
            Self::rest(job, audit);
        } else {
            Self::forget(job, &audit);
            Self::deposit_event(Event::AuditAbandoned { job });
        }
        None
    }

    /// Nobody has revealed: the silent pay for it, and others are drawn. What the worker attested stays so.
    fn redraw(job: JobId, mut audit: AuditOf<T>, root: H256, now: Tick) -> Tick {
        let limit: usize = T::MaxAuditors::get().saturated_into();
        for (auditor, _) in Commitments::<T>::drain_prefix(job).take(limit) {
            Self::close_one(&auditor);
            Self::penalise(job, auditor, AuditorFault::Silent);
        }
        audit.committed = 0;
        audit.attested = Some(root);
        Self::draw_again(job, audit, now)
    }
}
