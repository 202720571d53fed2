//! Weights counted by hand: reads and writes of each path, plus compute.
//!
//! They stand until every call has a benchmark; they are meant to be over, not under, the truth.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of calls and hooks.
pub trait WeightInfo {
    fn claim_reward() -> Weight;
    fn set_parameter() -> Weight;
    /// Beacon record, and the closing of a round in the worst case.
    fn on_finalize() -> Weight;
}

/// Hand-counted weights over the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn claim_reward() -> Weight {
        // Credits, Rounds, reserve, counters, issuance, worker's account.
        Weight::from_parts(60_000_000, 8_192).saturating_add(T::DbWeight::get().reads_writes(7, 7))
    }

    fn set_parameter() -> Weight {
        Weight::from_parts(10_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }

    fn on_finalize() -> Weight {
        // VRF output, author, round length, budget, credit, difficulty; ring, round, budget.
        Weight::from_parts(30_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(7, 6))
    }
}

impl WeightInfo for () {
    fn claim_reward() -> Weight {
        Weight::zero()
    }

    fn set_parameter() -> Weight {
        Weight::zero()
    }

    fn on_finalize() -> Weight {
        Weight::zero()
    }
}
