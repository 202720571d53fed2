//! Weights of the calls and hooks, counted by hand.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What the calls and hooks cost at most.
pub trait WeightInfo {
    fn submit() -> Weight;
    fn claim() -> Weight;
    fn submit_result() -> Weight;
    fn input_unavailable() -> Weight;
    fn pass_blocks(b: u32) -> Weight;
    fn step_draw() -> Weight;
    fn step_settle() -> Weight;
    fn step_refund() -> Weight;
    fn step_time_out() -> Weight;
    fn postpone() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn submit() -> Weight {
        Weight::from_parts(80_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(8, 6))
    }
    fn claim() -> Weight {
        Weight::from_parts(40_000_000, 8192).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }
    fn submit_result() -> Weight {
        Weight::from_parts(60_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(7, 5))
    }
    fn input_unavailable() -> Weight {
        Weight::from_parts(150_000_000, 18432)
            .saturating_add(T::DbWeight::get().reads_writes(10, 11))
    }
    fn pass_blocks(b: u32) -> Weight {
        Weight::from_parts(10_000_000, 4096)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(T::DbWeight::get().reads_writes(3, 5))
                    .saturating_mul(b.into()),
            )
    }
    fn step_draw() -> Weight {
        Weight::from_parts(250_000_000, 32768)
            .saturating_add(T::DbWeight::get().reads_writes(60, 6))
    }
    fn step_settle() -> Weight {
        Weight::from_parts(310_000_000, 34816)
            .saturating_add(T::DbWeight::get().reads_writes(24, 21))
    }
    fn step_refund() -> Weight {
        Weight::from_parts(150_000_000, 18432)
            .saturating_add(T::DbWeight::get().reads_writes(10, 11))
    }
    fn step_time_out() -> Weight {
        Weight::from_parts(560_000_000, 34816)
            .saturating_add(T::DbWeight::get().reads_writes(62, 91))
    }
    fn postpone() -> Weight {
        Weight::from_parts(40_000_000, 8192).saturating_add(T::DbWeight::get().reads_writes(2, 3))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn submit() -> Weight {
        Weight::from_parts(80_000_000, 16384)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 6))
    }
    fn claim() -> Weight {
        Weight::from_parts(40_000_000, 8192)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }
    fn submit_result() -> Weight {
        Weight::from_parts(60_000_000, 12288)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 5))
    }
    fn input_unavailable() -> Weight {
        Weight::from_parts(150_000_000, 18432)
            .saturating_add(ParityDbWeight::get().reads_writes(10, 11))
    }
    fn pass_blocks(b: u32) -> Weight {
        Weight::from_parts(10_000_000, 4096)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
            .saturating_add(
                Weight::from_parts(5_000_000, 12_288)
                    .saturating_add(ParityDbWeight::get().reads_writes(3, 5))
                    .saturating_mul(b.into()),
            )
    }
    fn step_draw() -> Weight {
        Weight::from_parts(250_000_000, 32768)
            .saturating_add(ParityDbWeight::get().reads_writes(60, 6))
    }
    fn step_settle() -> Weight {
        Weight::from_parts(310_000_000, 34816)
            .saturating_add(ParityDbWeight::get().reads_writes(24, 21))
    }
    fn step_refund() -> Weight {
        Weight::from_parts(150_000_000, 18432)
            .saturating_add(ParityDbWeight::get().reads_writes(10, 11))
    }
    fn step_time_out() -> Weight {
        Weight::from_parts(560_000_000, 34816)
            .saturating_add(ParityDbWeight::get().reads_writes(62, 91))
    }
    fn postpone() -> Weight {
        Weight::from_parts(40_000_000, 8192)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 3))
    }
}
