//! Workers whose rewards are taken for good.
//!
//! One entry for a worker, whatever it has earned: its credit stays booked and is what nobody claims,
//! so that it lapses when its round expires. Others neither gain nor lose by it.

use crate::pallet::*;
use aipg_primitives::UnvestedRewards;

impl<T: Config> Pallet<T> {
    /// Whether the worker's rewards were taken.
    pub fn has_forfeited(worker: &T::AccountId) -> bool {
        Forfeited::<T>::contains_key(worker)
    }
}

impl<T: Config> UnvestedRewards<T::AccountId> for Pallet<T> {
    /// One read and one write. Does nothing the second time.
    fn forfeit(worker: &T::AccountId) {
        if Self::has_forfeited(worker) {
            return;
        }
        Forfeited::<T>::insert(worker, ());
        Self::deposit_event(Event::RewardsForfeited {
            worker: worker.clone(),
        });
    }
}
