//! What only governance does: it lifts suspensions, punishes misuse, and agrees on trust level 4.

use crate::{Agreement, Config, Error, Event, Pallet, Reason, Workers};
use aipg_primitives::{Balance, UnvestedRewards};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use sp_core::H256;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_reinstate(worker: T::AccountId) -> DispatchResult {
        Workers::<T>::try_mutate(&worker, |record| {
            let record = record.as_mut().ok_or(Error::<T>::NotRegistered)?;
            ensure!(!Self::is_banned(&worker), Error::<T>::Banned);
            ensure!(record.suspended, Error::<T>::NotSuspended);
            record.suspended = false;
            Ok::<(), Error<T>>(())
        })?;
        Self::deposit_event(Event::Reinstated { worker });
        Ok(())
    }

    /// As a conviction of a false result, but that no accuser is paid. A second one takes half of what is left.
    pub(crate) fn do_convict_misuse(worker: T::AccountId, reason: Reason) -> DispatchResult {
        ensure!(!reason.is_empty(), Error::<T>::ReasonMissing);
        let taken = Self::halve_and_ban(&worker, &T::Treasury::get())?;
        T::Rewards::forfeit(&worker);
        Self::deposit_event(Event::MisuseConvicted {
            worker,
            burned: taken.burned,
            moved: taken.moved,
            reason,
        });
        Ok(())
    }

    pub(crate) fn do_grant_level_four(
        worker: T::AccountId,
        agreement: H256,
        insurance: Balance,
    ) -> DispatchResult {
        let mut record = Self::ensure_not_retired(&worker)?;
        ensure!(!Self::is_banned(&worker), Error::<T>::Banned);
        ensure!(insurance > 0, Error::<T>::AmountZero);
        record.agreement = Some(Agreement {
            hash: agreement,
            insurance,
        });
        Workers::<T>::insert(&worker, record);
        Self::deposit_event(Event::LevelFourGranted {
            worker,
            agreement,
            insurance,
        });
        Ok(())
    }

    pub(crate) fn do_revoke_level_four(worker: T::AccountId) -> DispatchResult {
        Workers::<T>::try_mutate(&worker, |record| {
            let record = record.as_mut().ok_or(Error::<T>::NotRegistered)?;
            record
                .agreement
                .take()
                .ok_or(Error::<T>::LevelFourNotGranted)
        })?;
        Self::deposit_event(Event::LevelFourRevoked { worker });
        Ok(())
    }
}
