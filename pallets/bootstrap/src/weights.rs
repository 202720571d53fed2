//! Weights of what `pallet_bootstrap` does, as measured in the runtime.
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
    fn set_models(n: u32) -> Weight;
    fn idle() -> Weight;
    fn look() -> Weight;
    fn poll() -> Weight;
    fn start() -> Weight;
    fn end() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn set_models(n: u32) -> Weight {
        // `n` from 0 to 8.
        // Bootstrap::Models: 0 read, 1 written
        // ModelRegistry::Models: 8 read, 0 written
        Weight::from_parts(19_320_418, 990)
            .saturating_add(T::DbWeight::get().reads_writes(0, 1))
            .saturating_add(Weight::from_parts(7_182_885, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_109).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
    }

    fn idle() -> Weight {
        // Bootstrap::HasEnded: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(8_371_499, 1_618).saturating_add(T::DbWeight::get().reads_writes(2, 0))
    }

    fn look() -> Weight {
        // Bootstrap::HasEnded: 1 read, 0 written
        // Bootstrap::Models: 1 read, 0 written
        // Bootstrap::Places: 1 read, 1 written
        // Bootstrap::Prompts: 0 read, 1 written
        // Bootstrap::Queue: 1 read, 2 written
        // Bootstrap::Unanswered: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Jobs: 2 read, 0 written
        Weight::from_parts(37_382_350, 7_390).saturating_add(T::DbWeight::get().reads_writes(8, 5))
    }

    fn poll() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // UsefulWork::BeaconRing: 32 read, 0 written
        Weight::from_parts(183_923_346, 82_782)
            .saturating_add(T::DbWeight::get().reads_writes(33, 0))
    }

    fn start() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Bootstrap::Allowance: 1 read, 1 written
        // Bootstrap::Models: 1 read, 0 written
        // Bootstrap::Prompts: 0 read, 1 written
        // Bootstrap::Started: 1 read, 1 written
        // Bootstrap::Unanswered: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Minted: 1 read, 1 written
        // Emission::ReservedWork: 1 read, 1 written
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 0 read, 1 written
        // JobEscrow::NextJob: 1 read, 1 written
        // ModelRegistry::Models: 8 read, 0 written
        // System::Account: 1 read, 1 written
        // WorkerRegistry::Classes: 8 read, 0 written
        Weight::from_parts(768_577_943, 26_150)
            .saturating_add(T::DbWeight::get().reads_writes(27, 12))
    }

    fn end() -> Weight {
        // Bootstrap::Allowance: 1 read, 1 written
        // Bootstrap::HasEnded: 0 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // Emission::Lapsed: 1 read, 1 written
        // Emission::ReservedWork: 1 read, 1 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(93_527_946, 3_593).saturating_add(T::DbWeight::get().reads_writes(5, 6))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn set_models(n: u32) -> Weight {
        Weight::from_parts(19_320_418, 990)
            .saturating_add(ParityDbWeight::get().reads_writes(0, 1))
            .saturating_add(Weight::from_parts(7_182_885, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_109).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(n.into()))
    }

    fn idle() -> Weight {
        Weight::from_parts(8_371_499, 1_618)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
    }

    fn look() -> Weight {
        Weight::from_parts(37_382_350, 7_390)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 5))
    }

    fn poll() -> Weight {
        Weight::from_parts(183_923_346, 82_782)
            .saturating_add(ParityDbWeight::get().reads_writes(33, 0))
    }

    fn start() -> Weight {
        Weight::from_parts(768_577_943, 26_150)
            .saturating_add(ParityDbWeight::get().reads_writes(27, 12))
    }

    fn end() -> Weight {
        Weight::from_parts(93_527_946, 3_593)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 6))
    }
}
