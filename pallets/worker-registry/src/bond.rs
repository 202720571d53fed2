//! What an account has on hold for its machine.

use crate::{Config, Error, HoldReason, Pallet, TotalBond, WorkerOf, WorkerState, Workers};
use aipg_primitives::Balance;
use frame_support::{
    ensure,
    traits::{
        fungible::{Inspect, InspectHold},
        tokens::{Fortitude, Preservation},
    },
};

impl<T: Config> Pallet<T> {
    /// The bond of a machine: what its account has on hold for it.
    pub fn bond_of(worker: &T::AccountId) -> Balance {
        T::Currency::balance_on_hold(&Self::bond_reason(), worker)
    }

    /// So much is no bond any more.
    pub(crate) fn less_bonded(amount: Balance) {
        TotalBond::<T>::mutate(|total| *total = total.saturating_sub(amount));
    }

    pub(crate) fn bond_reason() -> T::RuntimeHoldReason {
        HoldReason::WorkerBond.into()
    }

    pub(crate) fn ensure_covers(who: &T::AccountId, amount: Balance) -> Result<(), Error<T>> {
        let free = T::Currency::reducible_balance(who, Preservation::Preserve, Fortitude::Polite);
        ensure!(free >= amount, Error::<T>::BalanceTooLow);
        Ok(())
    }

    pub(crate) fn ensure_not_retired(worker: &T::AccountId) -> Result<WorkerOf<T>, Error<T>> {
        let record = Workers::<T>::get(worker).ok_or(Error::<T>::NotRegistered)?;
        ensure!(
            !matches!(record.state, WorkerState::Retired { .. }),
            Error::<T>::WorkerRetired
        );
        Ok(record)
    }
}
