//! What a worker loses whose result is false, or who misuses the chain: half of its bond, and its place for good.

use crate::{
    Banned, Config, Error, Event, Pallet, TotalBond, Workers, CONVICTION, CONVICTION_REWARD,
};
use aipg_primitives::{Balance, Burn, BurnReason, Conviction};
use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use sp_runtime::DispatchError;

/// What a conviction took from a bond.
pub(crate) struct Taken {
    pub burned: Balance,
    pub moved: Balance,
}

impl<T: Config> Pallet<T> {
    /// Whether this account's machine was convicted, now or at any time before.
    pub fn is_banned(worker: &T::AccountId) -> bool {
        Banned::<T>::contains_key(worker)
    }

    /// Takes half of a worker's bond, burns half of that and moves the other half to `receiver`, and bans the worker.
    /// All or nothing. Both halves are rounded against who is paid: the worker keeps the odd unit of its bond, and the
    /// odd unit of what is taken burns. A retired machine is convicted as long as its bond is on hold.
    ///
    /// # Errors
    /// [`Error::NotRegistered`]; what `Config::Burn` says; the currency's error if `receiver` cannot
    /// receive its part, as when that would leave the account under the existential deposit.
    pub(crate) fn halve_and_ban(
        worker: &T::AccountId,
        receiver: &T::AccountId,
    ) -> Result<Taken, DispatchError> {
        let mut record = Workers::<T>::get(worker).ok_or(Error::<T>::NotRegistered)?;
        let taken = CONVICTION.mul_floor(Self::bond_of(worker));
        let moved = CONVICTION_REWARD.mul_floor(taken);
        let burned = taken.saturating_sub(moved);
        let bond = Self::bond_reason();
        with_storage_layer(|| {
            if burned > 0 {
                T::Burn::burn_held(&bond, worker, burned, BurnReason::Conviction)?;
            }
            if moved > 0 {
                // Freezes do not protect a bond: what was promised is taken.
                T::Currency::transfer_on_hold(
                    &bond,
                    worker,
                    receiver,
                    moved,
                    Precision::Exact,
                    Restriction::Free,
                    Fortitude::Force,
                )?;
            }
            Self::less_bonded(taken);
            if Self::take_offline(worker, &mut record) {
                Workers::<T>::insert(worker, record);
            }
            Banned::<T>::insert(worker, ());
            Ok(Taken { burned, moved })
        })
    }
}

impl<T: Config> Conviction<T::AccountId> for Pallet<T> {
    /// All or nothing. Weighs [`convict`](crate::WeightInfo::convict).
    ///
    /// # Errors
    /// [`Error::NotRegistered`]; what `Config::Burn` says; the currency's error if `reward` cannot
    /// receive its part.
    fn convict(worker: &T::AccountId, reward: &T::AccountId) -> Result<Balance, DispatchError> {
        let taken = Self::halve_and_ban(worker, reward)?;
        Self::deposit_event(Event::Convicted {
            worker: worker.clone(),
            burned: taken.burned,
            reward: taken.moved,
        });
        Ok(taken.moved)
    }

    fn bond(worker: &T::AccountId) -> Balance {
        Self::bond_of(worker)
    }

    fn total_bond() -> Balance {
        TotalBond::<T>::get()
    }
}
