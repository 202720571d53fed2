//! Rewards that nobody claims: they lapse with their round, and what recorded them is removed.
//!
//! A round expires in one step, whatever the number of its workers, because what it still owes is
//! one figure. The workers' records follow in blocks that have weight to spare; nothing is paid on
//! them any more.

use crate::{pallet::*, weights::WeightInfo};
use aipg_primitives::{RoundIndex, WorkBudget};
use frame_support::{traits::Get, weights::Weight};
use sp_runtime::SaturatedConversion;

/// Most records of expired credit that one block removes, if it has the weight to spare: more than a block can book,
/// so that removing keeps pace.
pub const MAX_SWEPT: u32 = 1_024;

impl<T: Config> Pallet<T> {
    /// The oldest round whose rewards can be claimed while round `open` is open.
    pub fn oldest_claimable(open: RoundIndex) -> RoundIndex {
        open.saturating_sub(T::ExpiryRounds::get())
    }

    /// Ends the last round whose rewards cannot be claimed any more once round `open` begins.
    pub(crate) fn expire_before(open: RoundIndex) {
        let Some(index) = Self::oldest_claimable(open).checked_sub(1) else {
            return;
        };
        let Some(round) = Rounds::<T>::take(index) else {
            return;
        };
        T::Budget::lapse(round.reserved);
        Self::deposit_event(Event::RoundExpired {
            round: index,
            credit: round.unclaimed_credit,
            lapsed: round.reserved,
        });
    }

    /// Removes credit of the oldest expired round that has some left, at most [`MAX_SWEPT`] records
    /// and as many as fit into `left`. Returns the weight that it took.
    pub(crate) fn sweep_credits(open: RoundIndex, left: Weight) -> Weight {
        let look = T::WeightInfo::sweep_credits(0);
        let record = T::WeightInfo::sweep_credits(1).saturating_sub(look);
        let fits = left
            .checked_sub(&look)
            .and_then(|left| left.checked_div_per_component(&record))
            .map_or(0, |records| records.min(MAX_SWEPT.into()));
        if fits == 0 {
            return Weight::zero();
        }
        let index = FirstUnswept::<T>::get();
        if index >= Self::oldest_claimable(open) {
            return look;
        }
        let swept = Credits::<T>::drain_prefix(index)
            .take(fits.saturated_into())
            .count();
        let swept: u32 = swept.saturated_into();
        if u64::from(swept) < fits {
            FirstUnswept::<T>::put(index.saturating_add(1));
        }
        T::WeightInfo::sweep_credits(swept)
    }
}
