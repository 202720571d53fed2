//! Credit of useful work: what is new counts in full, what is old fades.

use crate::{pallet::*, types::Credit};
use aipg_primitives::{Balance, CreditWatch};

/// Eras after which nothing is left: (7/8)^128 is one part in 26 million.
pub const FORGOTTEN: u32 = 128;

impl Credit {
    /// What an account has in an era: this era's credit in full, and seven eighths for each era that
    /// passed of what it had before, rounded down each time.
    fn at(self, era: u32) -> Self {
        let passed = era.saturating_sub(self.era);
        if passed == 0 {
            return self;
        }
        let mut before = 0;
        if passed < FORGOTTEN {
            before = self.total();
            for _ in 0..passed {
                before = before.saturating_sub(before.div_ceil(8));
            }
        }
        Self {
            era,
            current: 0,
            before,
        }
    }

    /// Credit that counts.
    fn total(self) -> Balance {
        self.current.saturating_add(self.before)
    }
}

impl<T: Config> Pallet<T> {
    /// Credit of an account that counts now, before the limit.
    pub fn credit_of(account: &T::AccountId) -> Balance {
        let era = CurrentEra::<T>::get();
        Credits::<T>::get(account).map_or(0, |credit| credit.at(era).total())
    }
}

impl<T: Config> CreditWatch<T::AccountId> for Pallet<T> {
    fn credited(account: &T::AccountId, credit: Balance) {
        let era = CurrentEra::<T>::get();
        let mut record = Credits::<T>::get(account).unwrap_or_default().at(era);
        record.era = era;
        record.current = record.current.saturating_add(credit);
        Credits::<T>::insert(account, record);
    }
}
