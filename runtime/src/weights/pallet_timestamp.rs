//! Weights of what `pallet_timestamp` does, as measured in this runtime.
//!
//! Written by `scripts/weights`: change the benchmark, not this file. docs/weights.md explains it.
//!
//! - machine: AMD EPYC, 2 cores, 24 GiB of memory; load before the run 2.31
//! - database: ParityDB, 8 µs for a read, 50 µs for a write
//! - runs: 20 steps, 20 repeats, at least 1 s for each benchmark
//! - runtime: compiled from WebAssembly, as the node runs it
//! - speed: Blake2-256 0.69, Sr25519 0.44 of the reference machine, whose times these are

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights with the costs of the runtime's database.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_timestamp::WeightInfo for WeightInfo<T> {
    fn set() -> Weight {
        // Babe::CurrentSlot: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Timestamp::Now: 1 read, 1 written
        Weight::from_parts(17_700_656, 1_618).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }

    fn on_finalize() -> Weight {
        Weight::from_parts(2_562_038, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }
}
