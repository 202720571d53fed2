//! Weights, counted by hand from the storage that each call touches; a later issue replaces them by
//! benchmarks.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// What the pallet's calls and its hook cost at most.
pub trait WeightInfo {
    fn on_initialize() -> Weight;
    fn set_author_share() -> Weight;
}

/// Computation of the hook: two mints and the arithmetic of three shares.
const HOOK: Weight = Weight::from_parts(60_000_000, 8_000);
/// Computation of a call that checks and writes one value.
const CALL: Weight = Weight::from_parts(8_000_000, 1_500);

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Reads: terms, author share, issuance, author, pending, reserved, rewarded, the counters of
    // two mints and the two accounts. Writes: issuance, pending, rewarded, two counters (of mints or
    // of lapses), two accounts, and the events with their count.
    fn on_initialize() -> Weight {
        HOOK.saturating_add(T::DbWeight::get().reads_writes(11, 9))
    }

    // Writes: the share, and the event with the count of events.
    fn set_author_share() -> Weight {
        CALL.saturating_add(T::DbWeight::get().reads_writes(1, 2))
    }
}

/// Weights for tests, without database costs.
impl WeightInfo for () {
    fn on_initialize() -> Weight {
        HOOK
    }

    fn set_author_share() -> Weight {
        CALL
    }
}
