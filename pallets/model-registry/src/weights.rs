//! Weights of the calls and hooks, counted by hand.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What the calls and hooks cost at most.
pub trait WeightInfo {
    fn register() -> Weight;
    fn set_price_floor() -> Weight;
    fn retire() -> Weight;
    fn list() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        Weight::from_parts(50_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    fn set_price_floor() -> Weight {
        Weight::from_parts(20_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    fn retire() -> Weight {
        Weight::from_parts(20_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    fn list() -> Weight {
        Weight::from_parts(20_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn register() -> Weight {
        Weight::from_parts(50_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 3))
    }
    fn set_price_floor() -> Weight {
        Weight::from_parts(20_000_000, 4096)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }
    fn retire() -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 3))
    }
    fn list() -> Weight {
        Weight::from_parts(20_000_000, 4096)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }
}
