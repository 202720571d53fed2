//! Weights counted by hand: reads and writes of each path, plus compute.
//!
//! They stand until every call has a benchmark; they are meant to be over, not under, the truth.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of calls and hooks.
pub trait WeightInfo {
    fn submit() -> Weight;
    fn claim() -> Weight;
    fn submit_result() -> Weight;
    /// With the refund that the third miss causes.
    fn input_unavailable() -> Weight;
    /// `steps` jobs moved on or empty blocks passed; each counted as a settlement.
    fn run_agenda(steps: u32) -> Weight;
}

/// Hand-counted weights over the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn submit() -> Weight {
        // Model (terms and units), windows, holds, account, counter; job, agenda, hold, account.
        Weight::from_parts(80_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(8, 6))
    }

    fn claim() -> Weight {
        Weight::from_parts(40_000_000, 8_192).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn submit_result() -> Weight {
        Weight::from_parts(60_000_000, 12_288).saturating_add(T::DbWeight::get().reads_writes(7, 5))
    }

    fn input_unavailable() -> Weight {
        Weight::from_parts(90_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(8, 9))
    }

    fn run_agenda(steps: u32) -> Weight {
        // A settlement: job, agenda, hold, six accounts, burn and issuance counters, credit. A
        // draw stays below it: four candidates with machine and offer.
        Weight::from_parts(10_000_000, 4_096)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(
                Weight::from_parts(250_000_000, 32_768)
                    .saturating_add(T::DbWeight::get().reads_writes(22, 20))
                    .saturating_mul(u64::from(steps)),
            )
    }
}

impl WeightInfo for () {
    fn submit() -> Weight {
        Weight::zero()
    }

    fn claim() -> Weight {
        Weight::zero()
    }

    fn submit_result() -> Weight {
        Weight::zero()
    }

    fn input_unavailable() -> Weight {
        Weight::zero()
    }

    fn run_agenda(_: u32) -> Weight {
        Weight::zero()
    }
}
