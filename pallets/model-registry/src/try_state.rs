//! What must always be true of this pallet's state.

use crate::{Config, HoldReason, Models, Pallet};
use aipg_primitives::{Balance, TrustClass};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// 1. Every record's header is valid and its root is the record's key.
    /// 2. Class, price floor and mint ceiling are within their bounds.
    /// 3. A record has a deposit only while it is active and has a creator.
    /// 4. What a creator has on hold is exactly the sum of the deposits of its records.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
        for (root, record) in Models::<T>::iter() {
            ensure!(
                Self::root_of(&record.header).ok() == Some(root),
                TryRuntimeError::Other("model record under a root that is not its own")
            );
            ensure!(
                record.class == TrustClass::Exact,
                TryRuntimeError::Other("model of a class without a backend")
            );
            ensure!(
                record.price_floor > 0,
                TryRuntimeError::Other("model with a price floor of zero")
            );
            ensure!(
                record
                    .mint_ceiling
                    .is_none_or(|ceiling| ceiling <= T::MaxMintCeiling::get()),
                TryRuntimeError::Other("model with a mint ceiling above the bound")
            );
            ensure!(
                record.deposit == 0 || !record.retired,
                TryRuntimeError::Other("retired model with a deposit")
            );
            match record.creator {
                Some(creator) => {
                    let sum = deposits.entry(creator).or_default();
                    *sum = sum.saturating_add(record.deposit);
                }
                None => ensure!(
                    record.deposit == 0,
                    TryRuntimeError::Other("model with a deposit that nobody made")
                ),
            }
        }
        let reason = T::RuntimeHoldReason::from(HoldReason::ModelDeposit);
        for (creator, sum) in deposits {
            ensure!(
                T::Currency::balance_on_hold(&reason, &creator) == sum,
                TryRuntimeError::Other("deposit on hold differs from the records that own it")
            );
        }
        Ok(())
    }
}
