//! Weights of what `frame_system_extensions` does, as measured in this runtime.
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

impl<T: frame_system::Config> frame_system::ExtensionsWeightInfo for WeightInfo<T> {
    fn check_genesis() -> Weight {
        Weight::from_parts(4_055_411, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_mortality_mortal_transaction() -> Weight {
        Weight::from_parts(8_189_246, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_mortality_immortal_transaction() -> Weight {
        Weight::from_parts(8_144_511, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_non_zero_sender() -> Weight {
        Weight::from_parts(1_023_932, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_nonce() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(14_275_952, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn check_spec_version() -> Weight {
        Weight::from_parts(802_466, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_tx_version() -> Weight {
        Weight::from_parts(813_512, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn check_weight() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(15_133_646, 1_618).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }

    fn weight_reclaim() -> Weight {
        Weight::from_parts(5_499_630, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }
}
