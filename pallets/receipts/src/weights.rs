//! Weights of what `pallet_receipts` does, as measured in the runtime.
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
    fn on_initialize() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn on_initialize() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // Receipts::Open: 1 read, 1 written
        // Receipts::Roots: 0 read, 1 written
        Weight::from_parts(45_953_222, 2_546).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn on_initialize() -> Weight {
        Weight::from_parts(45_953_222, 2_546)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }
}
