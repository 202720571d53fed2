//! Weights of what `pallet_power` does, as measured in the runtime.
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
    fn commit() -> Weight;
    fn prove() -> Weight;
    fn settle() -> Weight;
    fn wait() -> Weight;
    fn poll() -> Weight;
    fn open() -> Weight;
    fn draw() -> Weight;
    fn end() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn commit() -> Weight {
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // Power::FastestTenth: 1 read, 1 written
        // Power::Records: 1 read, 1 written
        // Power::WindowCount: 1 read, 0 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 48 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(862_952_538, 51_310)
            .saturating_add(T::DbWeight::get().reads_writes(55, 99))
    }

    fn prove() -> Weight {
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // Power::FastestTenth: 1 read, 1 written
        // Power::Records: 1 read, 1 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 48 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(6_754_670_806, 51_310)
            .saturating_add(T::DbWeight::get().reads_writes(54, 99))
    }

    fn settle() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // Power::Records: 1 read, 1 written
        // Power::WindowCount: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(69_242_426, 3_645).saturating_add(T::DbWeight::get().reads_writes(6, 2))
    }

    fn wait() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // Power::Current: 1 read, 0 written
        Weight::from_parts(9_644_510, 1_618).saturating_add(T::DbWeight::get().reads_writes(2, 0))
    }

    fn poll() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // UsefulWork::BeaconRing: 32 read, 0 written
        Weight::from_parts(93_688_108, 82_782)
            .saturating_add(T::DbWeight::get().reads_writes(35, 0))
    }

    fn open() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // Power::Current: 0 read, 1 written
        // Power::WindowCount: 1 read, 1 written
        Weight::from_parts(19_858_424, 1_618).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn draw() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // Power::Current: 0 read, 1 written
        // Power::Draws: 0 read, 1 written
        Weight::from_parts(18_027_055, 1_618).saturating_add(T::DbWeight::get().reads_writes(1, 2))
    }

    fn end() -> Weight {
        // Power::Current: 0 read, 1 written
        // Power::Draws: 1 read, 0 written
        Weight::from_parts(11_974_038, 3_513).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn commit() -> Weight {
        Weight::from_parts(862_952_538, 51_310)
            .saturating_add(ParityDbWeight::get().reads_writes(55, 99))
    }

    fn prove() -> Weight {
        Weight::from_parts(6_754_670_806, 51_310)
            .saturating_add(ParityDbWeight::get().reads_writes(54, 99))
    }

    fn settle() -> Weight {
        Weight::from_parts(69_242_426, 3_645)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 2))
    }

    fn wait() -> Weight {
        Weight::from_parts(9_644_510, 1_618)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
    }

    fn poll() -> Weight {
        Weight::from_parts(93_688_108, 82_782)
            .saturating_add(ParityDbWeight::get().reads_writes(35, 0))
    }

    fn open() -> Weight {
        Weight::from_parts(19_858_424, 1_618)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn draw() -> Weight {
        Weight::from_parts(18_027_055, 1_618)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 2))
    }

    fn end() -> Weight {
        Weight::from_parts(11_974_038, 3_513)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }
}
