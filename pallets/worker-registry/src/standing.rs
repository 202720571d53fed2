//! How jobs end for a machine, and what follows: counters, penalties, suspension, level, reputation.

use crate::{
    audit_chance, Config, Event, Offers, Pallet, WorkerOf, WorkerState, Workers, LEVEL_THREE_JOBS,
    LEVEL_THREE_SUCCESS, LEVEL_TWO_CHALLENGES, PENALTY, SUSPENSION_JOBS, SUSPENSION_SHARE,
};
use aipg_primitives::{
    api::WorkerView, AuditHistory, Balance, CheckedMachines, DrawRequest, Drawn, Fault,
    NobodyDrawn, WorkerDirectory,
};
use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        Get,
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::Permill;

impl<T: Config> Pallet<T> {
    /// Trust level of a machine, 0 to 4. See the table in the crate's documentation.
    pub(crate) fn level_of(worker: &T::AccountId, record: &WorkerOf<T>) -> u8 {
        let bond = Self::bond_of(worker);
        if bond < T::MinimumBond::get() {
            return 0;
        }
        if bond < T::LevelTwoBond::get() || record.challenges_passed < LEVEL_TWO_CHALLENGES {
            return 1;
        }
        let jobs = record.completed.saturating_add(record.failed);
        let proven =
            jobs >= LEVEL_THREE_JOBS && record.completed >= LEVEL_THREE_SUCCESS.mul_ceil(jobs);
        if bond < T::LevelThreeBond::get() || !proven {
            return 2;
        }
        let excess = bond.saturating_sub(T::LevelThreeBond::get());
        if record
            .agreement
            .is_some_and(|agreement| excess >= agreement.insurance)
        {
            4
        } else {
            3
        }
    }

    /// A machine as clients read it.
    pub fn view(worker: &T::AccountId) -> Option<WorkerView<BlockNumberFor<T>>> {
        let record = Workers::<T>::get(worker)?;
        Some(WorkerView {
            online: record.state == WorkerState::Online,
            suspended: record.suspended,
            banned: Self::is_banned(worker),
            bond: Self::bond_of(worker),
            level: Self::level_of(worker, &record),
            region: record.region,
            capacity: record.capacity,
            active: record.active,
            exposed: record.exposed,
            completed: record.completed,
            failed: record.failed,
            reputation: record.reputation().deconstruct(),
            pace: record.pace.deconstruct(),
            power: record.power,
            offers: Offers::<T>::get(worker)
                .iter()
                .map(|offer| (offer.model, offer.ask))
                .collect(),
            unbonds_at: match record.state {
                WorkerState::Retired { unbonds_at } => Some(unbonds_at),
                WorkerState::Offline | WorkerState::Online => None,
            },
        })
    }

    /// Moves the penalty from the bond to the treasury and returns it. The share is rounded down:
    /// against the treasury, which is paid.
    fn take_penalty(worker: &T::AccountId) -> Balance {
        let amount = PENALTY.mul_floor(Self::bond_of(worker));
        // What cannot be moved stays where it is, and the event says that nothing was taken.
        let taken = with_storage_layer(|| {
            T::Currency::transfer_on_hold(
                &Self::bond_reason(),
                worker,
                &T::Treasury::get(),
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        })
        .unwrap_or_default();
        Self::less_bonded(taken);
        taken
    }

    /// Frees a slot of the machine, takes `payout` from what its bond stands for and changes its record.
    fn finish(worker: &T::AccountId, payout: Balance, change: impl FnOnce(&mut WorkerOf<T>)) {
        Workers::<T>::mutate_extant(worker, |record| {
            record.active = record.active.saturating_sub(1);
            record.exposed = record.exposed.saturating_sub(payout);
            change(record);
        });
    }

    /// Takes a result of `payout` from those that the machine's bond stands for, and changes its record.
    fn close(worker: &T::AccountId, payout: Balance, change: impl FnOnce(&mut WorkerOf<T>)) {
        Workers::<T>::mutate_extant(worker, |record| {
            record.unsettled = record.unsettled.saturating_sub(1);
            record.exposed = record.exposed.saturating_sub(payout);
            change(record);
        });
    }

    /// Counts and penalises a failure, and suspends a machine that fails too often.
    fn fail(worker: &T::AccountId, record: &mut WorkerOf<T>, fault: Fault) {
        record.failed = record.failed.saturating_add(1);
        let amount = Self::take_penalty(worker);
        Self::deposit_event(Event::Penalised {
            worker: worker.clone(),
            fault,
            amount,
        });

        let (completed, failed) = (record.completed, record.failed);
        let jobs = completed.saturating_add(failed);
        let unreliable = jobs >= SUSPENSION_JOBS && failed > SUSPENSION_SHARE.mul_floor(jobs);
        if unreliable && !record.suspended {
            record.suspended = true;
            let worker = worker.clone();
            Self::deposit_event(Event::Suspended {
                worker,
                completed,
                failed,
            });
        }
        if record.suspended || Self::bond_of(worker) < T::MinimumBond::get() {
            Self::take_offline(worker, record);
        }
    }
}

impl<T: Config> AuditHistory<T::AccountId> for Pallet<T> {
    fn chance(worker: &T::AccountId, payout: Balance) -> Permill {
        let paid = Workers::<T>::get(worker).map_or(0, |record| record.paid);
        audit_chance(paid, Self::bond_of(worker), payout)
    }
}

impl<T: Config> CheckedMachines<T::AccountId> for Pallet<T> {
    fn passed(worker: &T::AccountId) {
        Workers::<T>::mutate_extant(worker, |record| {
            record.challenges_passed = record.challenges_passed.saturating_add(1);
        });
    }
}

impl<T: Config> WorkerDirectory<T::AccountId> for Pallet<T> {
    fn draw(
        request: &DrawRequest,
        avoid: &[T::AccountId],
    ) -> Result<Drawn<T::AccountId>, NobodyDrawn> {
        Self::draw_worker(request, avoid)
    }

    fn completed(worker: &T::AccountId, drawn: Balance, payout: Balance, took: Option<Permill>) {
        Self::finish(worker, drawn, |record| {
            if let Some(took) = took {
                record.count_pace(took);
            }
            record.completed = record.completed.saturating_add(1);
            record.unsettled = record.unsettled.saturating_add(1);
            record.exposed = record.exposed.saturating_add(payout);
        });
    }

    fn settled(worker: &T::AccountId, payout: Balance, is_paid: bool) {
        Self::close(worker, payout, |record| {
            let paid = if is_paid { payout } else { 0 };
            record.paid = record.paid.saturating_add(paid);
        });
    }

    fn released(worker: &T::AccountId, payout: Balance) {
        Self::finish(worker, payout, |_| ());
    }

    fn failed(worker: &T::AccountId, payout: Balance, fault: Fault) {
        Self::finish(worker, payout, |record| Self::fail(worker, record, fault));
    }

    fn lapsed(worker: &T::AccountId, payout: Balance, fault: Fault) {
        Self::close(worker, payout, |record| {
            record.completed = record.completed.saturating_sub(1);
            Self::fail(worker, record, fault);
        });
    }

    fn exposed(worker: &T::AccountId) -> Balance {
        Workers::<T>::get(worker).map_or(0, |record| record.exposed)
    }
}
