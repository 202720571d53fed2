//! The books: what must add up at the end of every block.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::{pallet::*, schedule::Schedule};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use aipg_primitives::Balance;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// Supply, cap and schedule hold together.
    ///
    /// # Errors
    /// Names the sum that does not hold.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        use frame_support::{ensure, traits::fungible::Inspect};
        use sp_runtime::traits::UniqueSaturatedInto;

        let terms = Terms::<T>::get();
        if terms.schedule == Schedule::default() {
            // Genesis did not configure emission.
            return Ok(());
        }
        let minted = sum(Minted::<T>::iter_values()).ok_or("the sum of mints overflows")?;
        let burned = sum(Burned::<T>::iter_values()).ok_or("the sum of burns overflows")?;
        let lapsed = sum(Lapsed::<T>::iter_values()).ok_or("the sum of lapses overflows")?;
        let (pending, reserved) = (PendingWork::<T>::get(), ReservedWork::<T>::get());
        let issuance: Balance = T::Currency::total_issuance();
        let rewarded = Rewarded::<T>::get();
        let height = frame_system::Pallet::<T>::block_number().unique_saturated_into();

        let booked = terms
            .imported
            .checked_add(minted)
            .and_then(|sum| sum.checked_sub(burned));
        ensure!(
            booked == Some(issuance),
            "issuance is not imported + minted - burned"
        );

        let scheduled = terms
            .schedule
            .emitted_through(height)
            .ok_or("the schedule overflows")?;
        ensure!(
            minted <= scheduled,
            "more was minted than the schedule emits"
        );
        ensure!(
            rewarded <= scheduled,
            "more was rewarded than the schedule emits"
        );

        let promised = sum([issuance, pending, reserved].into_iter());
        ensure!(
            promised.is_some_and(|promised| promised <= terms.cap),
            "issuance and the open work budgets are above the cap"
        );

        let accounted = sum([minted, pending, reserved, lapsed].into_iter());
        ensure!(
            accounted == Some(rewarded),
            "rewards are not minted + pending + reserved + lapsed"
        );
        Ok(())
    }
}

/// The sum, or `None` if it does not fit.
#[cfg(any(feature = "std", feature = "try-runtime"))]
fn sum(mut amounts: impl Iterator<Item = Balance>) -> Option<Balance> {
    amounts.try_fold(0, |sum: Balance, amount| sum.checked_add(amount))
}
