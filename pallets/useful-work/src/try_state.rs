//! What must hold after every block.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::pallet::*;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// * The open round's counter is the sum of its credit lines.
    /// * A closed round owes exactly the credit lines that are left of it, within its reserve.
    /// * What the budget has reserved is what closed rounds have, and the allowance of public jobs: none of it is
    ///   without an owner.
    /// * The difficulty is not under what governance set it to.
    /// * An expired round owes nothing, and no credit is left of rounds that were swept.
    ///
    /// # Errors
    /// Names what does not hold.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        use aipg_primitives::{BootstrapLane, WorkBudget};
        use alloc::collections::BTreeMap;
        use frame_support::{ensure, traits::Get};

        ensure!(
            Difficulty::<T>::get() >= LeastDifficulty::<T>::get(),
            "difficulty under the least one"
        );
        let open = Self::round_at(frame_system::Pallet::<T>::block_number());
        let first_unswept = FirstUnswept::<T>::get();
        let mut credit_by_round = BTreeMap::new();
        let mut owed_by_round = BTreeMap::new();
        for (index, _, lines) in Credits::<T>::iter() {
            ensure!(!lines.is_empty(), "credit record without lines");
            ensure!(index >= first_unswept, "credit of a round that was swept");
            for line in &lines {
                let credit = credit_by_round.entry(index).or_insert(0u128);
                *credit = credit.saturating_add(line.credit);
            }
            if let Some(round) = Rounds::<T>::get(index) {
                let owed = owed_by_round.entry(index).or_insert(0u128);
                *owed = owed.saturating_add(crate::reward::reward_of_all(&lines, &round).0);
            }
        }

        let mut reserved = 0u128;
        for (index, round) in Rounds::<T>::iter() {
            ensure!(
                index >= Self::oldest_claimable(open),
                "expired round still owes rewards"
            );
            ensure!(
                credit_by_round.remove(&index) == Some(round.unclaimed_credit),
                "closed round does not owe the credit that is left"
            );
            let owed = owed_by_round.get(&index).copied().unwrap_or_default();
            ensure!(owed <= round.reserved, "round owes over its reserve");
            reserved = reserved.saturating_add(round.reserved);
        }
        ensure!(
            T::Budget::reserved() == reserved.saturating_add(T::Lane::allowance()),
            "reserved budget is not what closed rounds and public jobs have"
        );

        // What is left belongs to the open round, or to expired ones and waits to be removed.
        let open_credit = credit_by_round.remove(&open).unwrap_or_default();
        ensure!(
            OpenCredit::<T>::get() == open_credit,
            "open credit differs from lines"
        );
        // A round expires with the last block of an open one, so one may have gone just now.
        let expired = |index: &u32| index.saturating_add(T::ExpiryRounds::get()) <= open;
        ensure!(
            credit_by_round.keys().all(expired),
            "credit of a round that neither is open, nor owes it, nor expired"
        );
        Ok(())
    }
}
