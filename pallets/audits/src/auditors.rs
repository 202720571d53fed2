//! Who can be drawn, and what is at stake.

use crate::{
    pallet::*,
    types::{Auditor, AuditorFault, SILENT, WRONG},
};
use aipg_primitives::{api::AuditorView, Balance, Burn, BurnReason, JobId};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    storage::with_storage_layer,
    traits::{
        fungible::{InspectHold, MutateHold},
        tokens::Precision,
        Get,
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::sr25519::Public;
use sp_runtime::{DispatchError, Saturating};

impl<T: Config> Pallet<T> {
    /// The bond of an auditor.
    pub fn bond_of(auditor: &T::AccountId) -> Balance {
        T::Currency::balance_on_hold(&HoldReason::AuditorBond.into(), auditor)
    }

    /// An auditor as clients read it.
    pub fn view(auditor: &T::AccountId) -> Option<AuditorView<BlockNumberFor<T>>> {
        let record = Auditors::<T>::get(auditor)?;
        let bond = Self::bond_of(auditor);
        let latest = record
            .active_from
            .max(frame_system::Pallet::<T>::block_number());
        let counts = Self::bond_at(auditor, &record, latest);
        Some(AuditorView {
            key: record.key.0.into(),
            bond,
            active_from: record.active_from,
            pending: record.pending,
            pending_from: record.pending_from,
            unbonds_at: record.unbonds_at,
            open: record.open,
            can_be_drawn: record.unbonds_at.is_none() && counts >= T::MinimumBond::get(),
            total_bond: TotalBond::<T>::get(),
            expected: T::ExpectedAuditors::get(),
        })
    }

    fn hold(auditor: &T::AccountId, amount: Balance) -> DispatchResult {
        let reason = HoldReason::AuditorBond.into();
        ensure!(
            T::Currency::can_hold(&reason, auditor, amount),
            Error::<T>::BondExceedsBalance
        );
        T::Currency::hold(&reason, auditor, amount)?;
        TotalBond::<T>::mutate(|total| *total = total.saturating_add(amount));
        Ok(())
    }

    pub(crate) fn do_register(auditor: T::AccountId, key: Public, bond: Balance) -> DispatchResult {
        ensure!(
            !Auditors::<T>::contains_key(&auditor),
            Error::<T>::AlreadyAuditor
        );
        ensure!(bond >= T::MinimumBond::get(), Error::<T>::BondTooSmall);
        Self::hold(&auditor, bond)?;
        let now = frame_system::Pallet::<T>::block_number();
        let active_from = now.saturating_add(T::KeyDelay::get());
        Auditors::<T>::insert(
            &auditor,
            Auditor {
                key,
                active_from,
                pending: 0,
                pending_from: active_from,
                unbonds_at: None,
                open: 0,
            },
        );
        Self::deposit_event(Event::AuditorRegistered {
            auditor,
            key,
            bond,
            active_from,
        });
        Ok(())
    }

    pub(crate) fn do_bond_more(auditor: T::AccountId, amount: Balance) -> DispatchResult {
        let mut record = Self::present(&auditor)?;
        let before = Self::bond_of(&auditor);
        Self::hold(&auditor, amount)?;
        let now = frame_system::Pallet::<T>::block_number();
        if record.pending_from <= now {
            // One addition is remembered. What the last one brought must not count for earlier beacons for that.
            record.active_from = record.active_from.max(record.pending_from);
            record.pending = 0;
        }
        // A penalty may have taken part of it.
        record.pending = record.pending.min(before).saturating_add(amount);
        record.pending_from = now.saturating_add(T::KeyDelay::get());
        Auditors::<T>::insert(&auditor, record);
        let bond = before.saturating_add(amount);
        Self::deposit_event(Event::AuditorBondIncreased {
            auditor,
            amount,
            bond,
        });
        Ok(())
    }

    /// An auditor that has not left.
    pub(crate) fn present(
        auditor: &T::AccountId,
    ) -> Result<Auditor<BlockNumberFor<T>>, DispatchError> {
        let record = Auditors::<T>::get(auditor).ok_or(Error::<T>::NotAuditor)?;
        ensure!(record.unbonds_at.is_none(), Error::<T>::AuditorHasLeft);
        Ok(record)
    }

    pub(crate) fn do_leave(auditor: T::AccountId) -> DispatchResult {
        let mut record = Self::present(&auditor)?;
        let now = frame_system::Pallet::<T>::block_number();
        let unbonds_at = now.saturating_add(T::Unbonding::get());
        record.unbonds_at = Some(unbonds_at);
        Auditors::<T>::insert(&auditor, record);
        let bond = Self::bond_of(&auditor);
        TotalBond::<T>::mutate(|total| *total = total.saturating_sub(bond));
        Self::deposit_event(Event::AuditorLeft {
            auditor,
            unbonds_at,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw(auditor: T::AccountId) -> DispatchResult {
        let record = Auditors::<T>::get(&auditor).ok_or(Error::<T>::NotAuditor)?;
        let unbonds_at = record.unbonds_at.ok_or(Error::<T>::AuditorHasNotLeft)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now >= unbonds_at, Error::<T>::StillUnbonding);
        ensure!(record.open == 0, Error::<T>::AuditsOpen);
        let bond = Self::bond_of(&auditor);
        let reason = HoldReason::AuditorBond.into();
        T::Currency::release(&reason, &auditor, bond, Precision::Exact)?;
        Auditors::<T>::remove(&auditor);
        Self::deposit_event(Event::AuditorWithdrawn { auditor, bond });
        Ok(())
    }

    /// Burns the part of an auditor's bond that a fault costs, rounded down.
    pub(crate) fn penalise(job: JobId, auditor: T::AccountId, fault: AuditorFault) {
        let share = match fault {
            AuditorFault::Silent => SILENT,
            AuditorFault::Wrong => WRONG,
        };
        let amount = share.mul_floor(Self::bond_of(&auditor));
        let reason = HoldReason::AuditorBond.into();
        // What cannot be burned stays where it is, and the event says that nothing was.
        let burned = with_storage_layer(|| {
            T::Burn::burn_held(&reason, &auditor, amount, BurnReason::AuditFault)
        });
        let amount = burned.map_or(0, |()| amount);
        if Self::present(&auditor).is_ok() {
            TotalBond::<T>::mutate(|total| *total = total.saturating_sub(amount));
        }
        Self::deposit_event(Event::AuditorPenalised {
            job,
            auditor,
            fault,
            amount,
        });
    }
}
