//! What of the budget of useful work is for public jobs, and what becomes of it.

use crate::{pallet::*, types::HALVINGS};
use aipg_primitives::{Balance, BootstrapLane, LaneBudget};
use frame_support::traits::Get;
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};
use sp_runtime::{
    traits::{AccountIdConversion, UniqueSaturatedInto},
    Permill,
};

impl<T: Config> Pallet<T> {
    /// The account that pays public jobs.
    pub fn account() -> T::AccountId {
        T::PalletId::get().into_account_truncating()
    }

    /// How often the share has halved at a block.
    fn halvings_at(height: BlockNumberFor<T>) -> u32 {
        let height: u64 = height.unique_saturated_into();
        let interval: u64 = T::HalvingBlocks::get().unique_saturated_into();
        let halvings = height.checked_div(interval).unwrap_or(u64::MAX);
        u32::try_from(halvings).unwrap_or(u32::MAX)
    }

    /// Whether the time of public jobs is over at a block.
    pub(crate) fn is_over(height: BlockNumberFor<T>) -> bool {
        Self::halvings_at(height) >= HALVINGS
    }

    /// Share of a budget that is for public jobs at a block, in parts per million, rounded down.
    pub fn share_at(height: BlockNumberFor<T>) -> u32 {
        let halvings = Self::halvings_at(height);
        if halvings >= HALVINGS {
            return 0;
        }
        T::Share::get().checked_shr(halvings).unwrap_or_default()
    }

    /// The share at the current block; nothing while there are no models, as nobody needs it then.
    pub(crate) fn share() -> u32 {
        if Models::<T>::decode_len().unwrap_or_default() == 0 {
            return 0;
        }
        Self::share_at(System::<T>::block_number())
    }

    /// Burns what public jobs have left and gives back what they could still have minted, once.
    pub(crate) fn end() {
        let account = Self::account();
        // Nothing is on hold any more, so nothing can keep the account; if something did, it would be tried again.
        let Ok(burned) = T::Budget::burn_rest(&account) else {
            return;
        };
        let lapsed = Allowance::<T>::take();
        T::Budget::lapse(lapsed);
        HasEnded::<T>::put(true);
        Self::deposit_event(Event::LaneEnded { burned, lapsed });
    }
}

impl<T: Config> BootstrapLane for Pallet<T> {
    fn share_of(budget: Balance) -> Balance {
        Permill::from_parts(Self::share()).mul_floor(budget)
    }

    /// What is above the cap after a halving lapses here as well.
    fn grant(share: Balance) -> Balance {
        let cap = share.saturating_mul(T::AllowanceRounds::get().into());
        let allowance = Allowance::<T>::get();
        let granted = share.min(cap.saturating_sub(allowance));
        let surplus = allowance.saturating_sub(cap);
        if surplus > 0 {
            T::Budget::lapse(surplus);
        }
        let allowance = allowance.saturating_add(granted).saturating_sub(surplus);
        Allowance::<T>::put(allowance);
        granted
    }

    fn allowance() -> Balance {
        Allowance::<T>::get()
    }
}
