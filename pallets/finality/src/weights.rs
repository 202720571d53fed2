//! Weights of what `pallet_finality` does, as measured in the runtime.
//!
//! Written by `scripts/weights`: change the benchmark, not this file. docs/weights.md explains it.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What calls, hooks and their steps cost at most. Every function has a benchmark of its name.
pub trait WeightInfo {
    fn report() -> Weight;
    fn on_initialize() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn report() -> Weight {
        Weight::from_parts(20_000_000, 1_600).saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }

    fn on_initialize() -> Weight {
        Weight::from_parts(20_000_000, 1_600).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn report() -> Weight {
        Weight::from_parts(20_000_000, 1_600)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 3))
    }

    fn on_initialize() -> Weight {
        Weight::from_parts(20_000_000, 1_600)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 1))
    }
}
