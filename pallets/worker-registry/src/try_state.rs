//! What must always be true of this pallet's state.

use crate::{
    class_of, Classes, Config, HoldReason, Offers, Pallet, Positions, Serving, TotalBond,
    WorkerState, Workers,
};
use aipg_primitives::{Balance, ModelId};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// 1. Every machine has a bond on hold, of the minimum at least while it is online; their sum is kept.
    /// 2. A machine has a valid capacity and no more jobs than that; a retired one has none. The bond of one
    ///    without jobs and results stands for nothing.
    /// 3. A machine is online exactly when it has a place in the index of every model it offers, and
    ///    then it offers something; a suspended or banned one is not online. No model is offered twice.
    /// 4. The index is dense and its two directions agree.
    /// 5. Offers and places belong to registered machines.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_workers()?;
        Self::check_index()
    }

    fn check_workers() -> Result<(), TryRuntimeError> {
        let reason = T::RuntimeHoldReason::from(HoldReason::WorkerBond);
        let mut bonds: Balance = 0;
        for (worker, record) in Workers::<T>::iter() {
            let online = record.state == WorkerState::Online;
            let bond = T::Currency::balance_on_hold(&reason, &worker);
            bonds = bonds.saturating_add(bond);
            ensure!(
                bond > 0,
                TryRuntimeError::Other("machine without a bond on hold")
            );
            ensure!(
                (1..=T::MaxCapacity::get()).contains(&record.capacity)
                    && record.active <= record.capacity,
                TryRuntimeError::Other("machine with more jobs than its capacity allows")
            );
            ensure!(
                record.active > 0 || record.unsettled > 0 || record.exposed == 0,
                TryRuntimeError::Other("bond stands for payouts of no job")
            );
            if matches!(record.state, WorkerState::Retired { .. }) {
                ensure!(
                    record.active == 0,
                    TryRuntimeError::Other("retired machine with a job")
                );
            }
            let offers = Offers::<T>::get(&worker);
            if online {
                ensure!(
                    bond >= T::MinimumBond::get(),
                    TryRuntimeError::Other("machine online with a bond under the minimum")
                );
                ensure!(
                    !record.suspended,
                    TryRuntimeError::Other("suspended machine online")
                );
                ensure!(
                    !Self::is_banned(&worker),
                    TryRuntimeError::Other("banned machine online")
                );
                ensure!(
                    !offers.is_empty(),
                    TryRuntimeError::Other("online without an offer")
                );
            }
            let mut places = 0usize;
            for (model, _) in Positions::<T>::iter_prefix(&worker) {
                ensure!(
                    offers.iter().filter(|offer| offer.model == model).count() == 1,
                    TryRuntimeError::Other(
                        "place in the index of a model that is not offered once"
                    )
                );
                places = places.saturating_add(1);
            }
            let expected = if online { offers.len() } else { 0 };
            ensure!(
                places == expected,
                TryRuntimeError::Other("index and offers of a machine disagree")
            );
        }
        ensure!(
            TotalBond::<T>::get() == bonds,
            TryRuntimeError::Other("bonds differ from their sum")
        );
        for (worker, offers) in Offers::<T>::iter() {
            ensure!(
                Workers::<T>::contains_key(&worker) && !offers.is_empty(),
                TryRuntimeError::Other("offers of nobody, or an empty list")
            );
        }
        Ok(())
    }

    fn check_index() -> Result<(), TryRuntimeError> {
        let mut found = BTreeMap::<(ModelId, u8), u32>::new();
        for (model, place, worker) in Serving::<T>::iter() {
            ensure!(
                Positions::<T>::get(&worker, model) == Some(place),
                TryRuntimeError::Other("machine in the index at another place than it knows")
            );
            ensure!(
                Workers::<T>::get(&worker).map(|record| class_of(record.power))
                    == Some(place.class),
                TryRuntimeError::Other("machine in a class of other capacity")
            );
            let last = found.entry((model, place.class)).or_default();
            *last = place.index.saturating_add(1).max(*last);
        }
        let machines = Serving::<T>::iter().count() as u64;
        let mut counted = 0u64;
        for (model, classes) in Classes::<T>::iter() {
            ensure!(
                !classes.is_empty() && classes.is_sorted_by(|a, b| a.class < b.class),
                TryRuntimeError::Other("classes out of order, or none")
            );
            for it in &classes {
                counted = counted.saturating_add(it.count.into());
                ensure!(
                    it.count > 0 && found.remove(&(model, it.class)) == Some(it.count),
                    TryRuntimeError::Other("index with gaps")
                );
            }
        }
        ensure!(
            found.is_empty() && counted == machines,
            TryRuntimeError::Other("index without a count")
        );
        for (worker, model, place) in Positions::<T>::iter() {
            ensure!(
                Serving::<T>::get(model, place) == Some(worker),
                TryRuntimeError::Other("place at which another machine stands")
            );
        }
        Ok(())
    }
}
