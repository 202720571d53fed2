//! Weights of what `frame_system_extensions` does, as measured in this runtime.
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

impl<T: frame_system::Config> frame_system::ExtensionsWeightInfo for WeightInfo<T> {
    fn check_genesis() -> Weight {
        Weight::from_parts(3_988_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_mortality_mortal_transaction() -> Weight {
        Weight::from_parts(8_356_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_mortality_immortal_transaction() -> Weight {
        Weight::from_parts(15_739_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_non_zero_sender() -> Weight {
        Weight::from_parts(1_093_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_nonce() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(13_946_000, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn check_spec_version() -> Weight {
        Weight::from_parts(871_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_tx_version() -> Weight {
        Weight::from_parts(811_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_weight() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(12_844_000, 1_562).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }

    fn weight_reclaim() -> Weight {
        Weight::from_parts(5_229_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }
}
