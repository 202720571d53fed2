//! What must always hold.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::{attendance::REMEMBERED, pallet::*, types::MAX_STEPS};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use frame_support::ensure;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use sp_runtime::TryRuntimeError;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// Windows are counted, draws are of windows that were, and records say what can be.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let count = WindowCount::<T>::get();
        if let Some(window) = Current::<T>::get() {
            ensure!(
                window.number.checked_add(1) == Some(count),
                "the window in progress is not the last one"
            );
            ensure!(
                window.closes_at < window.proves_until,
                "nobody can prove after the window has closed"
            );
        }
        for (slot, draw) in Draws::<T>::iter() {
            ensure!(
                slot < REMEMBERED && slot == Self::slot_of(draw.window),
                "a draw is not in its place"
            );
            ensure!(draw.window < count, "a draw is of no window");
        }
        for (_, record) in Records::<T>::iter() {
            ensure!(record.attendance.is_consistent(), "an attendance cannot be");
            ensure!(
                record.attendance.last < count,
                "a window was attended that has not been"
            );
            ensure!(
                record.power <= MAX_STEPS && record.proven <= MAX_STEPS,
                "nobody can have so much power"
            );
            ensure!(
                record
                    .claim
                    .is_none_or(|claim| (1..=MAX_STEPS).contains(&claim.steps)),
                "nobody can claim so many steps"
            );
            ensure!(
                record.barred_until.is_none()
                    || record.claim.is_none() && record.power == 0 && record.proven == 0,
                "who is barred has power, or claims some"
            );
        }
        Ok(())
    }
}
