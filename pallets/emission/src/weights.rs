//! Weights of what `pallet_emission` does, as measured in the runtime.
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
    fn set_author_share() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn on_initialize() -> Weight {
        // Emission::AuthorShare: 1 read, 0 written
        // Emission::Minted: 2 read, 2 written
        // Emission::PendingWork: 1 read, 1 written
        // Emission::ReservedWork: 1 read, 0 written
        // Emission::Rewarded: 1 read, 1 written
        // Emission::Terms: 1 read, 0 written
        // Session::Validators: 1 read, 0 written
        // System::Account: 2 read, 2 written
        Weight::from_parts(128_945_274, 6_196)
            .saturating_add(T::DbWeight::get().reads_writes(10, 6))
    }

    fn set_author_share() -> Weight {
        // Emission::AuthorShare: 0 read, 1 written
        Weight::from_parts(12_510_305, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn on_initialize() -> Weight {
        Weight::from_parts(128_945_274, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(10, 6))
    }

    fn set_author_share() -> Weight {
        Weight::from_parts(12_510_305, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 1))
    }
}
