//! Weights of what `pallet_balances` does, as measured in this runtime.
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

impl<T: frame_system::Config> pallet_balances::WeightInfo for WeightInfo<T> {
    fn transfer_allow_death() -> Weight {
        // System::Account: 2 read, 2 written
        Weight::from_parts(128_834_818, 6_196).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn transfer_keep_alive() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(80_098_643, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn force_set_balance_creating() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(44_193_650, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn force_set_balance_killing() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(43_557_421, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn force_transfer() -> Weight {
        // System::Account: 3 read, 3 written
        Weight::from_parts(131_496_267, 8_799).saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }

    fn transfer_all() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(99_420_249, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn force_unreserve() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(34_914_751, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn upgrade_accounts(u: u32) -> Weight {
        // `u` from 1 to 1000.
        // System::Account: 1000 read, 1000 written
        Weight::from_parts(34_045_458, 990)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(27_030_538, 0).saturating_mul(u.into()))
            .saturating_add(Weight::from_parts(0, 2_603).saturating_mul(u.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(u.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(u.into()))
    }

    fn force_adjust_total_issuance() -> Weight {
        Weight::from_parts(14_430_038, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }

    fn burn_allow_death() -> Weight {
        // System::Account: 1 read, 1 written
        Weight::from_parts(92_288_624, 3_593).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn burn_keep_alive() -> Weight {
        Weight::from_parts(43_374_615, 0).saturating_add(T::DbWeight::get().reads_writes(0, 0))
    }
}
