//! Weights of what `pallet_sudo` does, as measured in this runtime.
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

impl<T: frame_system::Config> pallet_sudo::WeightInfo for WeightInfo<T> {
    fn set_key() -> Weight {
        // Sudo::Key: 1 read, 1 written
        Weight::from_parts(18_663_837, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn sudo() -> Weight {
        // Sudo::Key: 1 read, 0 written
        Weight::from_parts(21_236_369, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }

    fn sudo_as() -> Weight {
        // Sudo::Key: 1 read, 0 written
        Weight::from_parts(20_843_696, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }

    fn remove_key() -> Weight {
        // Sudo::Key: 1 read, 1 written
        Weight::from_parts(16_771_164, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn check_only_sudo_account() -> Weight {
        // Sudo::Key: 1 read, 0 written
        Weight::from_parts(7_021_721, 1_517).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }
}
