//! Weights of what `pallet_utility` does, as measured in this runtime.
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

impl<T: frame_system::Config> pallet_utility::WeightInfo for WeightInfo<T> {
    fn batch(c: u32) -> Weight {
        // `c` from 0 to 1000.
        Weight::from_parts(320_454, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(5_878_258, 0).saturating_mul(c.into()))
    }

    fn as_derivative() -> Weight {
        Weight::from_parts(10_961_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn batch_all(c: u32) -> Weight {
        // `c` from 0 to 1000.
        Weight::from_parts(43_932_061, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(6_229_041, 0).saturating_mul(c.into()))
    }

    fn dispatch_as() -> Weight {
        Weight::from_parts(15_269_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn force_batch(c: u32) -> Weight {
        // `c` from 0 to 1000.
        Weight::from_parts(81_286_361, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(5_739_422, 0).saturating_mul(c.into()))
    }

    fn dispatch_as_fallible() -> Weight {
        Weight::from_parts(15_439_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn if_else() -> Weight {
        Weight::from_parts(19_587_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }
}
