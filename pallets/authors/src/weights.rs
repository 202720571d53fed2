//! Weights of what `pallet_authors` does.
//!
//! These are estimates by hand: they have to be measured by `scripts/weights`, which writes this file.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What calls, hooks and their steps cost at most. Every function has a benchmark of its name.
pub trait WeightInfo {
    fn join() -> Weight;
    fn bond_more() -> Weight;
    fn stand() -> Weight;
    fn leave() -> Weight;
    fn withdraw() -> Weight;
    fn poll() -> Weight;
    fn snapshot(n: u32) -> Weight;
    fn elect(n: u32) -> Weight;
    fn credited() -> Weight;
    fn expel() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn join() -> Weight {
        // Authors::Banned: 1 read, 0 written
        // Authors::CandidateCount: 1 read, 1 written
        // Authors::Candidates: 2 read, 2 written
        // Authors::Drawn: 1 read, 0 written
        // Authors::Exits: 1 read, 1 written
        // Authors::Seats: 1 read, 0 written
        // Balances::Holds: 2 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Session::NextKeys: 1 read, 0 written
        Weight::from_parts(95_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(11, 5))
    }

    fn bond_more() -> Weight {
        // Authors::Candidates: 1 read, 0 written
        // Balances::Holds: 1 read, 1 written
        Weight::from_parts(58_000_000, 3_658).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn stand() -> Weight {
        // Authors::Candidates: 1 read, 1 written
        Weight::from_parts(12_000_000, 3_600).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn leave() -> Weight {
        // Authors::CandidateCount: 1 read, 1 written
        // Authors::Candidates: 1 read, 1 written
        // Authors::Exits: 0 read, 1 written
        // Authors::Seats: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(30_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }

    fn withdraw() -> Weight {
        // Authors::Exits: 1 read, 1 written
        // Authors::Seats: 1 read, 0 written
        // Balances::Holds: 1 read, 1 written
        Weight::from_parts(60_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }

    fn poll() -> Weight {
        // Authors::Anchor: 1 read, 0 written
        // Authors::Authored: 1 read, 1 written
        // UsefulWork::BeaconRing: 32 read, 0 written
        Weight::from_parts(45_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(35, 1))
    }

    fn snapshot(n: u32) -> Weight {
        // `n` from 0 to 1024.
        // Authors::Anchor: 0 read, 1 written
        // Authors::Candidates: n + 1 read, 0 written
        // Authors::Credits: n read, 0 written
        // Authors::CurrentEra: n read, 0 written
        // Authors::Drawn: 0 read, 1 written
        // Authors::Snapshot: 0 read, 1 written
        // Balances::Holds: n read, 0 written
        // Session::NextKeys: n read, 0 written
        Weight::from_parts(15_000_000, 4_000)
            .saturating_add(T::DbWeight::get().reads_writes(2, 3))
            .saturating_add(Weight::from_parts(20_000_000, 3_700).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
    }

    fn elect(n: u32) -> Weight {
        // `n` from 1 to 1024.
        // Authors::Anchor: 0 read, 1 written
        // Authors::Candidates: 128 read, 0 written
        // Authors::CandidateCount: 1 read, 0 written
        // Authors::Drawn: 0 read, 1 written
        // Authors::Seats: 1 read, 0 written
        // Authors::Snapshot: 1 read, 1 written
        // Balances::Holds: 128 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Session::NextKeys: 128 read, 0 written
        Weight::from_parts(1_500_000_000, 60_000)
            .saturating_add(T::DbWeight::get().reads_writes(388, 3))
            .saturating_add(Weight::from_parts(3_000_000, 3_700).saturating_mul(n.into()))
    }

    fn credited() -> Weight {
        // Authors::Credits: 1 read, 1 written
        // Authors::CurrentEra: 1 read, 0 written
        Weight::from_parts(8_000_000, 3_600).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn expel() -> Weight {
        // Authors::Banned: 1 read, 1 written
        // Authors::CandidateCount: 1 read, 1 written
        // Authors::Candidates: 1 read, 1 written
        // Authors::Exits: 1 read, 1 written
        // Authors::Seats: 1 read, 1 written
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Burned: 1 read, 1 written
        // Session::DisabledValidators: 1 read, 1 written
        // Session::Validators: 1 read, 0 written
        Weight::from_parts(110_000_000, 12_000)
            .saturating_add(T::DbWeight::get().reads_writes(10, 8))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn join() -> Weight {
        Weight::from_parts(95_000_000, 8_000)
            .saturating_add(ParityDbWeight::get().reads_writes(11, 5))
    }

    fn bond_more() -> Weight {
        Weight::from_parts(58_000_000, 3_658)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn stand() -> Weight {
        Weight::from_parts(12_000_000, 3_600)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn leave() -> Weight {
        Weight::from_parts(30_000_000, 8_000)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 4))
    }

    fn withdraw() -> Weight {
        Weight::from_parts(60_000_000, 8_000)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 2))
    }

    fn poll() -> Weight {
        Weight::from_parts(45_000_000, 4_000)
            .saturating_add(ParityDbWeight::get().reads_writes(35, 1))
    }

    fn snapshot(n: u32) -> Weight {
        Weight::from_parts(15_000_000, 4_000)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 3))
            .saturating_add(Weight::from_parts(20_000_000, 3_700).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(4).saturating_mul(n.into()))
    }

    fn elect(n: u32) -> Weight {
        Weight::from_parts(1_500_000_000, 60_000)
            .saturating_add(ParityDbWeight::get().reads_writes(388, 3))
            .saturating_add(Weight::from_parts(3_000_000, 3_700).saturating_mul(n.into()))
    }

    fn credited() -> Weight {
        Weight::from_parts(8_000_000, 3_600)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn expel() -> Weight {
        Weight::from_parts(110_000_000, 12_000)
            .saturating_add(ParityDbWeight::get().reads_writes(10, 8))
    }
}
