//! Weights of what `pallet_utility` does, as measured in this runtime.
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

impl<T: frame_system::Config> pallet_utility::WeightInfo for WeightInfo<T> {
    fn batch(c: u32) -> Weight {
        // `c` from 0 to 1000.
        Weight::from_parts(25_769_778, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(6_464_360, 0).saturating_mul(c.into()))
    }

    fn as_derivative() -> Weight {
        Weight::from_parts(11_707_838, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn batch_all(c: u32) -> Weight {
        // `c` from 0 to 1000.
        Weight::from_parts(8_990_553, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(7_073_913, 0).saturating_mul(c.into()))
    }

    fn dispatch_as() -> Weight {
        Weight::from_parts(16_627_018, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn force_batch(c: u32) -> Weight {
        // `c` from 0 to 1000.
        Weight::from_parts(27_545_592, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(6_497_520, 0).saturating_mul(c.into()))
    }

    fn dispatch_as_fallible() -> Weight {
        Weight::from_parts(16_400_582, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn if_else() -> Weight {
        Weight::from_parts(20_594_617, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }
}
