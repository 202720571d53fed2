//! Weights of what `pallet_authors` does, as measured in the runtime.
//!
//! Written by `scripts/weights`: change the benchmark, not this file. docs/weights.md explains it.
//!
//! - machine: AMD EPYC, 2 cores, 24 GiB of memory; load before the run 2.31
//! - database: ParityDB, 8 µs for a read, 50 µs for a write
//! - runs: 20 steps, 20 repeats, at least 1 s for each benchmark
//! - runtime: compiled from WebAssembly, as the node runs it
//! - speed: Blake2-256 0.69, Sr25519 0.44 of the reference machine, whose times these are

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
        Weight::from_parts(164_037_308, 9_882)
            .saturating_add(T::DbWeight::get().reads_writes(11, 5))
    }

    fn bond_more() -> Weight {
        // Authors::Candidates: 1 read, 0 written
        // Balances::Holds: 1 read, 1 written
        Weight::from_parts(104_804_451, 3_676).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn stand() -> Weight {
        // Authors::Candidates: 1 read, 1 written
        // Authors::Seats: 1 read, 1 written
        Weight::from_parts(26_963_539, 5_839).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn leave() -> Weight {
        // Authors::CandidateCount: 1 read, 1 written
        // Authors::Candidates: 1 read, 1 written
        // Authors::Exits: 0 read, 1 written
        // Authors::Seats: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(44_774_651, 5_839).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }

    fn withdraw() -> Weight {
        // Authors::Exits: 1 read, 1 written
        // Authors::Seats: 1 read, 0 written
        // Balances::Holds: 1 read, 1 written
        Weight::from_parts(90_506_408, 5_839).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }

    fn poll() -> Weight {
        // Authors::Anchor: 1 read, 0 written
        // Authors::Authored: 1 read, 1 written
        // Authors::CandidateCount: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // UsefulWork::BeaconRing: 32 read, 0 written
        Weight::from_parts(94_606_554, 82_782)
            .saturating_add(T::DbWeight::get().reads_writes(36, 1))
    }

    fn snapshot(n: u32) -> Weight {
        // `n` from 0 to 1024.
        // Authors::Anchor: 0 read, 1 written
        // Authors::Candidates: 1025 read, 0 written
        // Authors::Credits: 1024 read, 0 written
        // Authors::CurrentEra: 1 read, 0 written
        // Authors::Drawn: 0 read, 1 written
        // Authors::Snapshot: 0 read, 1 written
        // Balances::Holds: 1024 read, 0 written
        // Session::NextKeys: 1024 read, 0 written
        Weight::from_parts(9_312_589, 3_514)
            .saturating_add(T::DbWeight::get().reads_writes(2, 3))
            .saturating_add(Weight::from_parts(25_213_767, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2_766).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
    }

    fn elect(n: u32) -> Weight {
        // `n` from 1 to 1024.
        // Authors::Anchor: 0 read, 1 written
        // Authors::Candidates: 128 read, 0 written
        // Authors::Drawn: 0 read, 1 written
        // Authors::Seats: 1 read, 0 written
        // Authors::Snapshot: 1 read, 1 written
        // Balances::Holds: 128 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Session::NextKeys: 128 read, 0 written
        Weight::from_parts(1_514_224_648, 324_062)
            .saturating_add(T::DbWeight::get().reads_writes(308, 2))
            .saturating_add(Weight::from_parts(1_546_477, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 247).saturating_mul(n.into()))
    }

    fn credited() -> Weight {
        // Authors::Credits: 1 read, 1 written
        // Authors::CurrentEra: 1 read, 0 written
        Weight::from_parts(13_274_111, 3_549).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn expel() -> Weight {
        // Authors::Banned: 1 read, 1 written
        // Authors::CandidateCount: 1 read, 1 written
        // Authors::Candidates: 1 read, 1 written
        // Authors::Exits: 0 read, 1 written
        // Authors::Seats: 1 read, 1 written
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Burned: 1 read, 1 written
        // Session::DisabledValidators: 1 read, 0 written
        // Session::Validators: 1 read, 0 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(115_206_694, 6_550)
            .saturating_add(T::DbWeight::get().reads_writes(10, 8))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn join() -> Weight {
        Weight::from_parts(164_037_308, 9_882)
            .saturating_add(ParityDbWeight::get().reads_writes(11, 5))
    }

    fn bond_more() -> Weight {
        Weight::from_parts(104_804_451, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn stand() -> Weight {
        Weight::from_parts(26_963_539, 5_839)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn leave() -> Weight {
        Weight::from_parts(44_774_651, 5_839)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 4))
    }

    fn withdraw() -> Weight {
        Weight::from_parts(90_506_408, 5_839)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 2))
    }

    fn poll() -> Weight {
        Weight::from_parts(94_606_554, 82_782)
            .saturating_add(ParityDbWeight::get().reads_writes(36, 1))
    }

    fn snapshot(n: u32) -> Weight {
        Weight::from_parts(9_312_589, 3_514)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 3))
            .saturating_add(Weight::from_parts(25_213_767, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2_766).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(4).saturating_mul(n.into()))
    }

    fn elect(n: u32) -> Weight {
        Weight::from_parts(1_514_224_648, 324_062)
            .saturating_add(ParityDbWeight::get().reads_writes(308, 2))
            .saturating_add(Weight::from_parts(1_546_477, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 247).saturating_mul(n.into()))
    }

    fn credited() -> Weight {
        Weight::from_parts(13_274_111, 3_549)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn expel() -> Weight {
        Weight::from_parts(115_206_694, 6_550)
            .saturating_add(ParityDbWeight::get().reads_writes(10, 8))
    }
}
