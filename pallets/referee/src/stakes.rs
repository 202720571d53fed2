//! Bonds and rewards: what is put on hold, lost, returned and shared.

use crate::pallet::*;
use aipg_primitives::{Balance, Burn, BurnReason, Conviction, DeliveredResult, JobId};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    storage::with_storage_layer,
    traits::{
        fungible::{Inspect, InspectHold, Mutate, MutateHold},
        tokens::{Fortitude, Precision, Preservation, Restriction},
        Get,
    },
};
use sp_runtime::traits::AccountIdConversion;

impl<T: Config> Pallet<T> {
    /// The account that keeps rewards until they are shared.
    pub fn pot() -> T::AccountId {
        T::PalletId::get().into_account_truncating()
    }

    /// What a challenge, or a third party's trace, puts on hold: `least`, and a share of what can be won from
    /// the worker, and what the requester pays. It covers twice what the accused spends on its defence, and
    /// what an accuser gains by workers that happen to be away; see docs/simulation.md.
    pub(crate) fn stake(least: Balance, result: &DeliveredResult<T::AccountId>) -> Balance {
        let share = T::BondShare::get().mul_ceil(T::Workers::bond(&result.worker));
        least.max(share).max(result.fee)
    }

    pub(crate) fn hold(
        reason: HoldReason,
        account: &T::AccountId,
        amount: Balance,
    ) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        let reason = reason.into();
        ensure!(
            T::Currency::can_hold(&reason, account, amount),
            Error::<T>::BondExceedsBalance
        );
        T::Currency::hold(&reason, account, amount)
    }

    /// Returns a bond.
    pub(crate) fn release(
        reason: HoldReason,
        account: &T::AccountId,
        amount: Balance,
    ) -> DispatchResult {
        if amount > 0 {
            T::Currency::release(&reason.into(), account, amount, Precision::Exact)?;
        }
        Ok(())
    }

    /// What one account has on hold becomes what another one, or the same, may spend.
    pub(crate) fn hand_over(
        reason: T::RuntimeHoldReason,
        from: &T::AccountId,
        to: &T::AccountId,
        amount: Balance,
    ) -> DispatchResult {
        T::Currency::transfer_on_hold(
            &reason,
            from,
            to,
            amount,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Force,
        )?;
        Ok(())
    }

    /// A bond is lost: half of it goes to the winner, rounded down, and the rest is burned.
    pub(crate) fn lose(
        reason: HoldReason,
        job: JobId,
        account: &T::AccountId,
        bond: Balance,
        winner: &T::AccountId,
    ) -> DispatchResult {
        if bond == 0 {
            return Ok(());
        }
        let paid = bond.checked_div(2).unwrap_or_default();
        let burned = bond.saturating_sub(paid);
        let reason = reason.into();
        T::Burn::burn_held(&reason, account, burned, BurnReason::LostBond)?;
        Self::hand_over(reason, account, winner, paid)?;
        Self::deposit_event(Event::BondLost {
            job,
            account: account.clone(),
            burned,
            winner: winner.clone(),
            paid,
        });
        Ok(())
    }

    /// Gives the treasury what is left of a reward. Less than the existential deposit may have gone there
    /// as dust already, with the pot's account; what the treasury cannot receive stays in the pot.
    pub(crate) fn sweep_pot(left: Balance) {
        let amount = left.min(T::Currency::balance(&Self::pot()));
        let _ = with_storage_layer(|| Self::pay(&T::Treasury::get(), amount));
    }

    /// Pays out of the pot.
    pub(crate) fn pay(account: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount > 0 {
            let pot = Self::pot();
            T::Currency::transfer(&pot, account, amount, Preservation::Expendable)?;
        }
        Ok(())
    }
}
