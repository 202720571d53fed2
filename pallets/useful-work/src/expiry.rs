//! Rewards that nobody claims: they lapse with their round, and what recorded them is removed.
//!
//! A round expires in one step, whatever the number of its workers, because what it still owes is
//! one figure. The workers' records follow in blocks that have weight to spare; nothing is paid on
//! them any more. What counted twice in the first days of the chain goes in the same way.

use crate::{pallet::*, weights::WeightInfo};
use aipg_primitives::{RoundIndex, WorkBudget};
use frame_support::{traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::SaturatedConversion;

/// Most records of expired credit that one block removes, and of early work, if it has the weight to spare: more than a block can book,
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
        let fits = records_within(left, look, T::WeightInfo::sweep_credits(1));
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
        if swept < fits {
            FirstUnswept::<T>::put(index.saturating_add(1));
        }
        T::WeightInfo::sweep_credits(swept)
    }

    /// Removes what says how much of a bond was counted twice, once nothing is any more: at most [`MAX_SWEPT`] records
    /// and as many as fit into `left`. Returns the weight that it took.
    pub(crate) fn sweep_early_work(now: BlockNumberFor<T>, left: Weight) -> Weight {
        let look = T::WeightInfo::sweep_early_work(0);
        let fits = records_within(left, look, T::WeightInfo::sweep_early_work(1));
        if fits == 0 {
            return Weight::zero();
        }
        if Self::is_early(now) {
            return look;
        }
        let swept = EarlyWork::<T>::drain().take(fits.saturated_into()).count();
        T::WeightInfo::sweep_early_work(swept.saturated_into())
    }
}

/// How many records, at most [`MAX_SWEPT`], can be removed within `left`, if to `look` for them takes so much and to
/// look for and remove one takes `one`.
fn records_within(left: Weight, look: Weight, one: Weight) -> u32 {
    let record = one.saturating_sub(look);
    left.checked_sub(&look)
        .and_then(|left| left.checked_div_per_component(&record))
        .map_or(0, |records| records.min(MAX_SWEPT.into()))
        .saturated_into()
}
