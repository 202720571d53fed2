//! Weights of what `pallet_model_registry` does, as measured in the runtime.
//!
//! Written by `scripts/weights`: change the benchmark, not this file. docs/weights.md explains it.
//!
//! - machine: AMD EPYC, 2 cores, 24 GiB of memory; load before the run 2.31
//! - database: ParityDB, 8 µs for a read, 50 µs for a write
//! - runs: 20 steps, 20 repeats, at least 1 s for each benchmark
//! - runtime: compiled from WebAssembly, as the node runs it
//! - speed: Blake2-256 0.69, Sr25519 0.44 of the reference machine, whose times these are

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What calls, hooks and their steps cost at most. Every function has a benchmark of its name.
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
        // Balances::Holds: 1 read, 1 written
        // ModelRegistry::Models: 1 read, 1 written
        Weight::from_parts(104_732_102, 4_099).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn set_price_floor() -> Weight {
        // ModelRegistry::Models: 1 read, 1 written
        Weight::from_parts(24_722_376, 4_099).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn retire() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ModelRegistry::Models: 1 read, 1 written
        Weight::from_parts(86_185_350, 4_099).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn list() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 1 written
        Weight::from_parts(28_778_339, 4_099).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn register() -> Weight {
        Weight::from_parts(104_732_102, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn set_price_floor() -> Weight {
        Weight::from_parts(24_722_376, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn retire() -> Weight {
        Weight::from_parts(86_185_350, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn list() -> Weight {
        Weight::from_parts(28_778_339, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }
}
