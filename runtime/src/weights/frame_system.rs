//! Weights of what `frame_system` does, as measured in this runtime.
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

impl<T: frame_system::Config> frame_system::WeightInfo for WeightInfo<T> {
    fn remark(b: u32) -> Weight {
        // `b` from 0 to 3932160.
        Weight::from_parts(17_797_427, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(345, 0).saturating_mul(b.into()))
    }

    fn remark_with_event(b: u32) -> Weight {
        // `b` from 0 to 3932160.
        Weight::from_parts(13_301_726, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(1_312, 0).saturating_mul(b.into()))
    }

    fn set_heap_pages() -> Weight {
        // the key `:heappages`: 0 read, 1 written
        Weight::from_parts(10_845_173, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }

    fn set_code() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // the key `:code`: 0 read, 1 written
        Weight::from_parts(141_149_906_231, 1_618)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn set_storage(i: u32) -> Weight {
        // `i` from 0 to 1000.
        Weight::from_parts(11_935_957, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(1_305_353, 0).saturating_mul(i.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(i.into()))
    }

    fn kill_storage(i: u32) -> Weight {
        // `i` from 0 to 1000.
        Weight::from_parts(6_302_096, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(936_301, 0).saturating_mul(i.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(i.into()))
    }

    fn kill_prefix(p: u32) -> Weight {
        // `p` from 0 to 1000.
        Weight::from_parts(10_579_525, 80)
            .saturating_add(T::DbWeight::get().reads_writes(0, 0))
            .saturating_add(Weight::from_parts(1_703_170, 0).saturating_mul(p.into()))
            .saturating_add(Weight::from_parts(0, 70).saturating_mul(p.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(p.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(p.into()))
    }

    fn authorize_upgrade() -> Weight {
        // System::AuthorizedUpgrade: 0 read, 1 written
        Weight::from_parts(23_571_419, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }

    fn apply_authorized_upgrade() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // System::AuthorizedUpgrade: 1 read, 1 written
        // the key `:code`: 0 read, 1 written
        Weight::from_parts(159_067_746_692, 1_618)
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
}
