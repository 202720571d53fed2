//! What must hold after every block.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::pallet::*;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// * The open round's counter is the sum of its credit lines.
    /// * A closed round owes exactly the credit lines that are left of it, within its reserve.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        use alloc::collections::BTreeMap;
        let mut credit_by_round = BTreeMap::new();
        let mut owed_by_round = BTreeMap::new();
        for (_, index, lines) in Credits::<T>::iter() {
            frame_support::ensure!(!lines.is_empty(), "credit record without lines");
            for line in &lines {
                let credit = credit_by_round.entry(index).or_insert(0u128);
                *credit = credit.saturating_add(line.credit);
            }
            if let Some(round) = Rounds::<T>::get(index) {
                let owed = owed_by_round.entry(index).or_insert(0u128);
                *owed = owed.saturating_add(crate::reward::reward_of_all(&lines, &round).0);
            }
        }
        let mut open = 0u128;
        for (index, credit) in credit_by_round {
            match Rounds::<T>::get(index) {
                Some(round) => {
                    frame_support::ensure!(
                        round.unclaimed_credit == credit,
                        "closed round does not owe the credit that is left"
                    );
                    let owed = owed_by_round.get(&index).copied().unwrap_or_default();
                    frame_support::ensure!(owed <= round.reserved, "round owes over its reserve");
                }
                None => open = open.saturating_add(credit),
            }
        }
        frame_support::ensure!(
            OpenCredit::<T>::get() == open,
            "open credit differs from lines"
        );
        Ok(())
    }
}
