//! What must hold after every block.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::pallet::*;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// * The open round is not later than the current one, has a receipt and has no root yet.
    /// * The levels of its frontier that are set are the bits of its number of receipts: the
    ///   highest is set.
    /// * Only rounds that are over have a root, and nothing else is kept of them.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        use frame_support::ensure;
        let current = Self::round_at(frame_system::Pallet::<T>::block_number());
        if let Some(open) = Open::<T>::get() {
            ensure!(open.round <= current, "open round is in the future");
            ensure!(
                matches!(open.frontier.last(), Some(Some(_))),
                "open round has no receipts, or levels over its highest"
            );
            ensure!(
                !Roots::<T>::contains_key(open.round),
                "open round has a root already"
            );
        }
        for (round, root) in Roots::<T>::iter() {
            ensure!(round < current, "round has a root before it is over");
            ensure!(!root.is_zero(), "round has an empty root");
        }
        Ok(())
    }
}
