//! Weights of what `frame_system` does, as measured in this runtime.
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

impl<T: frame_system::Config> frame_system::WeightInfo for WeightInfo<T> {
    fn remark(b: u32) -> Weight {
        // `b` from 0 to 3932160.
        Weight::from_parts(18_766_717, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(456, 0).saturating_mul(b.into()))
    }

    fn remark_with_event(b: u32) -> Weight {
        // `b` from 0 to 3932160.
        Weight::from_parts(12_693_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(1_808, 0).saturating_mul(b.into()))
    }

    fn set_heap_pages() -> Weight {
        // the key `:heappages`: 0 read, 1 written
        Weight::from_parts(10_169_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }

    fn set_code() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // the key `:code`: 0 read, 1 written
        Weight::from_parts(178_737_262_000, 1_562)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn set_storage(i: u32) -> Weight {
        // `i` from 0 to 1000.
        Weight::from_parts(5_341_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(1_510_026, 0).saturating_mul(i.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(i.into()))
    }

    fn kill_storage(i: u32) -> Weight {
        // `i` from 0 to 1000.
        Weight::from_parts(5_280_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(1_158_312, 0).saturating_mul(i.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(i.into()))
    }

    fn kill_prefix(p: u32) -> Weight {
        // `p` from 0 to 1000.
        Weight::from_parts(3_687_025, 72)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(1_999_656, 0).saturating_mul(p.into()))
            .saturating_add(Weight::from_parts(0, 70).saturating_mul(p.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(p.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
    }

    fn authorize_upgrade() -> Weight {
        // System::AuthorizedUpgrade: 0 read, 1 written
        Weight::from_parts(39_264_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }

    fn apply_authorized_upgrade() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // System::AuthorizedUpgrade: 1 read, 1 written
        // the key `:code`: 0 read, 1 written
        Weight::from_parts(178_158_987_000, 1_562)
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
}
