//! Weights of the calls and hooks, counted by hand.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What the calls and hooks cost at most.
pub trait WeightInfo {
    fn claim_reward() -> Weight;
    fn set_index_price() -> Weight;
    fn set_difficulty() -> Weight;
    fn on_finalize() -> Weight;
    /// Removing `records` records of expired credit, and looking for them.
    fn sweep_credits(records: u32) -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn claim_reward() -> Weight {
        Weight::from_parts(60_000_000, 8192).saturating_add(T::DbWeight::get().reads_writes(8, 7))
    }
    fn set_index_price() -> Weight {
        Weight::from_parts(10_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }
    fn set_difficulty() -> Weight {
        Weight::from_parts(10_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }
    fn on_finalize() -> Weight {
        Weight::from_parts(45_000_000, 8192).saturating_add(T::DbWeight::get().reads_writes(9, 8))
    }
    fn sweep_credits(records: u32) -> Weight {
        let each = Weight::from_parts(5_000_000, 4096)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1));
        Weight::from_parts(5_000_000, 4096)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
            .saturating_add(each.saturating_mul(records.into()))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn claim_reward() -> Weight {
        Weight::from_parts(60_000_000, 8192)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 7))
    }
    fn set_index_price() -> Weight {
        Weight::from_parts(10_000_000, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 1))
    }
    fn set_difficulty() -> Weight {
        Weight::from_parts(10_000_000, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 1))
    }
    fn on_finalize() -> Weight {
        Weight::from_parts(45_000_000, 8192)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 8))
    }
    fn sweep_credits(records: u32) -> Weight {
        let each = Weight::from_parts(5_000_000, 4096)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1));
        Weight::from_parts(5_000_000, 4096)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 1))
            .saturating_add(each.saturating_mul(records.into()))
    }
}
