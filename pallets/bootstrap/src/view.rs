//! What clients read.

use crate::pallet::*;
use aipg_primitives::{api::LaneView, Balance, JobId};
use alloc::vec::Vec;
use frame_support::traits::{
    fungible::Inspect,
    tokens::{Fortitude, Preservation},
};
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
    /// The prompt of a public job whose result can still be doubted.
    pub fn prompt(job: JobId) -> Option<Vec<u32>> {
        Prompts::<T>::get(job).map(|prompt| prompt.tokens())
    }

    /// How public jobs stand. Who mints knows how much was `minted`.
    pub fn view(minted: Balance) -> LaneView<T::AccountId> {
        let account = Self::account();
        let funds =
            T::Currency::reducible_balance(&account, Preservation::Preserve, Fortitude::Polite);
        LaneView {
            share: Self::share(),
            models: Models::<T>::get().into_inner(),
            allowance: Allowance::<T>::get(),
            funds,
            minted,
            started: Started::<T>::get(),
            unanswered: Unanswered::<T>::decode_len()
                .unwrap_or_default()
                .saturated_into(),
            answered: Places::<T>::get().count().saturated_into(),
            has_ended: HasEnded::<T>::get(),
            account,
        }
    }
}
