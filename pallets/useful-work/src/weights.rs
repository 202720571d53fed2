//! Weights of what `pallet_useful_work` does, as measured in the runtime.
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
    fn claim_reward() -> Weight;
    fn set_index_price() -> Weight;
    fn set_difficulty() -> Weight;
    fn on_finalize() -> Weight;
    fn sweep_credits(n: u32) -> Weight;
    fn sweep_early_work(n: u32) -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn claim_reward() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Lapsed: 1 read, 1 written
        // Emission::Minted: 1 read, 1 written
        // Emission::ReservedWork: 1 read, 1 written
        // Referee::FrozenVersions: 1 read, 0 written
        // Referee::Queue: 1 read, 0 written
        // UsefulWork::Credits: 1 read, 1 written
        // UsefulWork::Forfeited: 1 read, 0 written
        // UsefulWork::Rounds: 1 read, 1 written
        Weight::from_parts(128_126_791, 4_678).saturating_add(T::DbWeight::get().reads_writes(9, 5))
    }

    fn set_index_price() -> Weight {
        // UsefulWork::IndexPrice: 0 read, 1 written
        Weight::from_parts(12_001_652, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }

    fn set_difficulty() -> Weight {
        // UsefulWork::Difficulty: 0 read, 1 written
        // UsefulWork::LeastDifficulty: 0 read, 1 written
        Weight::from_parts(12_809_642, 0).saturating_add(T::DbWeight::get().reads_writes(0, 2))
    }

    fn on_finalize() -> Weight {
        // Babe::AuthorVrfRandomness: 1 read, 0 written
        // Bootstrap::Allowance: 1 read, 1 written
        // Bootstrap::Models: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Lapsed: 1 read, 1 written
        // Emission::PendingWork: 1 read, 1 written
        // Emission::ReservedWork: 1 read, 1 written
        // Session::Validators: 1 read, 0 written
        // UsefulWork::BeaconRing: 0 read, 1 written
        // UsefulWork::Difficulty: 1 read, 1 written
        // UsefulWork::LeastDifficulty: 1 read, 0 written
        // UsefulWork::OpenCredit: 1 read, 1 written
        // UsefulWork::Rounds: 1 read, 2 written
        Weight::from_parts(85_902_581, 6_612).saturating_add(T::DbWeight::get().reads_writes(12, 9))
    }

    fn sweep_credits(n: u32) -> Weight {
        // `n` from 0 to 1024.
        // ChainParameters::Parameters: 1 read, 0 written
        // UsefulWork::Credits: 1025 read, 1024 written
        // UsefulWork::FirstUnswept: 1 read, 1 written
        Weight::from_parts(16_726_982, 4_678)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
            .saturating_add(Weight::from_parts(7_831_587, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_688).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
    }

    fn sweep_early_work(n: u32) -> Weight {
        // `n` from 0 to 1024.
        // ChainParameters::Parameters: 1 read, 0 written
        // UsefulWork::EarlyWork: 1025 read, 1024 written
        Weight::from_parts(11_005_334, 3_521)
            .saturating_add(T::DbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(6_510_692, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2_531).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn claim_reward() -> Weight {
        Weight::from_parts(128_126_791, 4_678)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 5))
    }

    fn set_index_price() -> Weight {
        Weight::from_parts(12_001_652, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 1))
    }

    fn set_difficulty() -> Weight {
        Weight::from_parts(12_809_642, 0).saturating_add(ParityDbWeight::get().reads_writes(0, 2))
    }

    fn on_finalize() -> Weight {
        Weight::from_parts(85_902_581, 6_612)
            .saturating_add(ParityDbWeight::get().reads_writes(12, 9))
    }

    fn sweep_credits(n: u32) -> Weight {
        Weight::from_parts(16_726_982, 4_678)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 1))
            .saturating_add(Weight::from_parts(7_831_587, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_688).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().writes(1).saturating_mul(n.into()))
    }

    fn sweep_early_work(n: u32) -> Weight {
        Weight::from_parts(11_005_334, 3_521)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(6_510_692, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2_531).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().writes(1).saturating_mul(n.into()))
    }
}
