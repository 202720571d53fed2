//! Weights of what `pallet_finality` does, as measured in the runtime.
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
    fn report() -> Weight;
    fn on_initialize() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn report() -> Weight {
        // Finality::Believed: 1 read, 1 written
        // Finality::ReportedIn: 1 read, 1 written
        // Finality::Reports: 1 read, 1 written
        Weight::from_parts(17_650_950, 1_530).saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }

    fn on_initialize() -> Weight {
        // Finality::Believed: 1 read, 0 written
        // Finality::IsLagging: 1 read, 1 written
        // Finality::ReportedIn: 1 read, 0 written
        Weight::from_parts(11_642_116, 1_489).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn report() -> Weight {
        Weight::from_parts(17_650_950, 1_530)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 3))
    }

    fn on_initialize() -> Weight {
        Weight::from_parts(11_642_116, 1_489)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 1))
    }
}
