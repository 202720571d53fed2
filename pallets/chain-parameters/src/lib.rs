#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod getters;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
mod try_state;
mod types;

pub use getters::*;
pub use pallet::*;
pub use types::*;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::types::ChainParameters;
    use core::marker::PhantomData;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::BlockNumberFor;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    /// The parameters of this chain: written once, in genesis.
    ///
    /// Without a genesis they read as the `dev` preset, so that checks which run before any state
    /// exists (integrity tests) meet valid values.
    #[pallet::storage]
    pub type Parameters<T: Config> = StorageValue<_, ChainParameters, ValueQuery>;

    /// The parameters to start the chain with.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The record; it must pass [`ChainParameters::validate`].
        pub parameters: ChainParameters,
        #[serde(skip)]
        pub _config: PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        #[allow(
            clippy::panic,
            reason = "a chain must not start with nonsense, and genesis has no other way to refuse"
        )]
        fn build(&self) {
            if let Err(error) = self.parameters.validate() {
                panic!("genesis of chain-parameters: {error}");
            }
            Parameters::<T>::put(&self.parameters);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
