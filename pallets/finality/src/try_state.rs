//! What must hold after every block.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::pallet::*;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// * Nothing is believed or reported of the current block or later ones.
    /// * There are reports exactly if a block has had one.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        use frame_support::ensure;
        let parent = Self::parent();
        ensure!(
            Believed::<T>::get() <= parent,
            "a block is believed to be final before it is made"
        );
        let reports = Reports::<T>::get();
        ensure!(
            reports.iter().all(|&report| report <= parent),
            "a report is beyond its block"
        );
        let newest = ReportedIn::<T>::get();
        ensure!(
            reports.is_empty() == (newest == 0) && newest <= parent.saturating_add(1),
            "the newest report is in no block"
        );
        Ok(())
    }
}
