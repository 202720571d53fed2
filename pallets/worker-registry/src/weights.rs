//! Weights of the calls and hooks, counted by hand.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What the calls and hooks cost at most.
pub trait WeightInfo {
    fn register() -> Weight;
    fn set_offer() -> Weight;
    fn remove_offer() -> Weight;
    fn go_online(o: u32) -> Weight;
    fn go_offline(o: u32) -> Weight;
    fn bond_more() -> Weight;
    fn retire() -> Weight;
    fn withdraw() -> Weight;
    fn reinstate() -> Weight;
    fn draw(c: u32) -> Weight;
    fn completed() -> Weight;
    fn failed(o: u32) -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        Weight::from_parts(20_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn set_offer() -> Weight {
        Weight::from_parts(25_000_000, 24576).saturating_add(T::DbWeight::get().reads_writes(6, 6))
    }
    fn remove_offer() -> Weight {
        Weight::from_parts(25_000_000, 24576).saturating_add(T::DbWeight::get().reads_writes(6, 7))
    }
    fn go_online(o: u32) -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(T::DbWeight::get().reads_writes(3, 5))
                    .saturating_mul(o.into()),
            )
    }
    fn go_offline(o: u32) -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(T::DbWeight::get().reads_writes(3, 5))
                    .saturating_mul(o.into()),
            )
    }
    fn bond_more() -> Weight {
        Weight::from_parts(20_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }
    fn retire() -> Weight {
        Weight::from_parts(20_000_000, 8192).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    fn withdraw() -> Weight {
        Weight::from_parts(20_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 4))
    }
    fn reinstate() -> Weight {
        Weight::from_parts(20_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    fn draw(c: u32) -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(T::DbWeight::get().reads_writes(3, 5))
                    .saturating_mul(c.into()),
            )
    }
    fn completed() -> Weight {
        Weight::from_parts(20_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    fn failed(o: u32) -> Weight {
        Weight::from_parts(40_000_000, 12288)
            .saturating_add(T::DbWeight::get().reads_writes(5, 5))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(T::DbWeight::get().reads_writes(3, 5))
                    .saturating_mul(o.into()),
            )
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn register() -> Weight {
        Weight::from_parts(20_000_000, 16384)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 4))
    }
    fn set_offer() -> Weight {
        Weight::from_parts(25_000_000, 24576)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 6))
    }
    fn remove_offer() -> Weight {
        Weight::from_parts(25_000_000, 24576)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 7))
    }
    fn go_online(o: u32) -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(ParityDbWeight::get().reads_writes(3, 5))
                    .saturating_mul(o.into()),
            )
    }
    fn go_offline(o: u32) -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(ParityDbWeight::get().reads_writes(3, 5))
                    .saturating_mul(o.into()),
            )
    }
    fn bond_more() -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 2))
    }
    fn retire() -> Weight {
        Weight::from_parts(20_000_000, 8192)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }
    fn withdraw() -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 4))
    }
    fn reinstate() -> Weight {
        Weight::from_parts(20_000_000, 4096)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }
    fn draw(c: u32) -> Weight {
        Weight::from_parts(20_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(ParityDbWeight::get().reads_writes(3, 5))
                    .saturating_mul(c.into()),
            )
    }
    fn completed() -> Weight {
        Weight::from_parts(20_000_000, 4096)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }
    fn failed(o: u32) -> Weight {
        Weight::from_parts(40_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 5))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(ParityDbWeight::get().reads_writes(3, 5))
                    .saturating_mul(o.into()),
            )
    }
}
