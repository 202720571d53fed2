//! Weights of the calls and hooks, counted by hand.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What the calls and hooks cost at most.
pub trait WeightInfo {
    fn on_initialize() -> Weight;
    fn set_author_share() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn on_initialize() -> Weight {
        Weight::from_parts(60_000_000, 8000).saturating_add(T::DbWeight::get().reads_writes(11, 9))
    }
    fn set_author_share() -> Weight {
        Weight::from_parts(8_000_000, 1500).saturating_add(T::DbWeight::get().reads_writes(1, 2))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn on_initialize() -> Weight {
        Weight::from_parts(60_000_000, 8000)
            .saturating_add(ParityDbWeight::get().reads_writes(11, 9))
    }
    fn set_author_share() -> Weight {
        Weight::from_parts(8_000_000, 1500).saturating_add(ParityDbWeight::get().reads_writes(1, 2))
    }
}
