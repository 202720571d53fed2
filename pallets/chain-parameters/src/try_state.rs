//! What must hold of the stored parameters.

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: crate::Config> crate::Pallet<T> {
    /// The stored record is valid.
    ///
    /// # Errors
    /// The reason of its [`crate::ParameterError`].
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        crate::Parameters::<T>::get()
            .validate()
            .map_err(|error| sp_runtime::TryRuntimeError::Other(error.reason()))
    }
}
