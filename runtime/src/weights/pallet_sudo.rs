//! Weights of what `pallet_sudo` does, as measured in this runtime.
//!
//! Written by `scripts/weights`: change the benchmark, not this file. docs/weights.md explains it.
//!
//! - machine: AMD EPYC, 2 cores, 24 GiB of memory; load before the run 0.69
//! - database: ParityDB, 8 µs for a read, 50 µs for a write
//! - runs: 20 steps, 20 repeats, at least 1 s for each benchmark
//! - runtime: compiled from WebAssembly, as the node runs it

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights with the costs of the runtime's database.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_sudo::WeightInfo for WeightInfo<T> {
    fn set_key() -> Weight {
        // Sudo::Key: 1 read, 1 written
        Weight::from_parts(17_593_000, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn sudo() -> Weight {
        // Sudo::Key: 1 read, 0 written
        Weight::from_parts(19_316_000, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }

    fn sudo_as() -> Weight {
        // Sudo::Key: 1 read, 0 written
        Weight::from_parts(19_517_000, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }

    fn remove_key() -> Weight {
        // Sudo::Key: 1 read, 1 written
        Weight::from_parts(15_629_000, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn check_only_sudo_account() -> Weight {
        // Sudo::Key: 1 read, 0 written
        Weight::from_parts(7_013_000, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }
}
