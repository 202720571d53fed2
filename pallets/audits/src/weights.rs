//! Weights of what `pallet_audits` does, as measured in the runtime.
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
    fn register() -> Weight;
    fn bond_more() -> Weight;
    fn leave() -> Weight;
    fn withdraw() -> Weight;
    fn commit() -> Weight;
    fn attest() -> Weight;
    fn reveal() -> Weight;
    fn pass_tick() -> Weight;
    fn step() -> Weight;
    fn redraw() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        // Audits::Auditors: 1 read, 1 written
        // Audits::TotalBond: 1 read, 1 written
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(111_023_706, 3_676).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn bond_more() -> Weight {
        // Audits::Auditors: 1 read, 1 written
        // Audits::TotalBond: 1 read, 1 written
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(133_621_450, 3_676).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn leave() -> Weight {
        // Audits::Auditors: 1 read, 1 written
        // Audits::TotalBond: 1 read, 1 written
        // Balances::Holds: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(40_381_243, 3_676).saturating_add(T::DbWeight::get().reads_writes(4, 2))
    }

    fn withdraw() -> Weight {
        // Audits::Auditors: 1 read, 1 written
        // Balances::Holds: 1 read, 1 written
        Weight::from_parts(88_227_138, 3_676).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn commit() -> Weight {
        // Audits::Auditors: 2 read, 2 written
        // Audits::Audits: 1 read, 0 written
        // Audits::Commitments: 10 read, 2 written
        // Balances::Holds: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        Weight::from_parts(720_439_338, 27_190)
            .saturating_add(T::DbWeight::get().reads_writes(15, 4))
    }

    fn attest() -> Weight {
        // Audits::Agenda: 0 read, 2 written
        // Audits::AgendaCursor: 1 read, 0 written
        // Audits::Audits: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        Weight::from_parts(37_105_656, 3_620).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn reveal() -> Weight {
        // Audits::Audits: 1 read, 1 written
        // Audits::Commitments: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        Weight::from_parts(37_918_616, 3_620).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }

    fn pass_tick() -> Weight {
        // Audits::Agenda: 1 read, 0 written
        // Audits::AgendaCursor: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        Weight::from_parts(21_595_905, 3_493).saturating_add(T::DbWeight::get().reads_writes(4, 1))
    }

    fn step() -> Weight {
        // Audits::Agenda: 0 read, 2 written
        // Audits::AgendaCursor: 1 read, 0 written
        // Audits::Audits: 1 read, 1 written
        // Audits::TotalBond: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(25_723_665, 3_620).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn redraw() -> Weight {
        // Audits::Agenda: 0 read, 2 written
        // Audits::AgendaCursor: 1 read, 0 written
        // Audits::Auditors: 8 read, 8 written
        // Audits::Audits: 1 read, 1 written
        // Audits::Commitments: 9 read, 8 written
        // Audits::TotalBond: 1 read, 1 written
        // Balances::Holds: 8 read, 8 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Burned: 1 read, 1 written
        // System::Account: 8 read, 8 written
        Weight::from_parts(746_378_946, 24_570)
            .saturating_add(T::DbWeight::get().reads_writes(38, 37))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn register() -> Weight {
        Weight::from_parts(111_023_706, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn bond_more() -> Weight {
        Weight::from_parts(133_621_450, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn leave() -> Weight {
        Weight::from_parts(40_381_243, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 2))
    }

    fn withdraw() -> Weight {
        Weight::from_parts(88_227_138, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn commit() -> Weight {
        Weight::from_parts(720_439_338, 27_190)
            .saturating_add(ParityDbWeight::get().reads_writes(15, 4))
    }

    fn attest() -> Weight {
        Weight::from_parts(37_105_656, 3_620)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn reveal() -> Weight {
        Weight::from_parts(37_918_616, 3_620)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 2))
    }

    fn pass_tick() -> Weight {
        Weight::from_parts(21_595_905, 3_493)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 1))
    }

    fn step() -> Weight {
        Weight::from_parts(25_723_665, 3_620)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn redraw() -> Weight {
        Weight::from_parts(746_378_946, 24_570)
            .saturating_add(ParityDbWeight::get().reads_writes(38, 37))
    }
}
