//! Weights of what `pallet_power` does, estimated by hand: not measured yet.
//!
//! `scripts/weights` writes this file once the runtime has the pallet. docs/weights.md explains it.

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
        // WorkerRegistry::Workers: 2 read, 1 written
        Weight::from_parts(86_000_000, 3_700).saturating_add(T::DbWeight::get().reads_writes(7, 3))
    }

    fn prove() -> Weight {
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // Power::FastestTenth: 1 read, 1 written
        // Power::Records: 1 read, 1 written
        // WorkerRegistry::Workers: 2 read, 2 written
        Weight::from_parts(9_000_000_000, 3_700)
            .saturating_add(T::DbWeight::get().reads_writes(6, 4))
    }

    fn settle() -> Weight {
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // Power::Records: 1 read, 1 written
        // Power::WindowCount: 1 read, 0 written
        // WorkerRegistry::Workers: 2 read, 2 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(72_000_000, 3_700).saturating_add(T::DbWeight::get().reads_writes(7, 3))
    }

    fn wait() -> Weight {
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        Weight::from_parts(5_000_000, 1_600).saturating_add(T::DbWeight::get().reads_writes(2, 0))
    }

    fn poll() -> Weight {
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // UsefulWork::BeaconRing: 32 read, 0 written
        Weight::from_parts(80_000_000, 82_782)
            .saturating_add(T::DbWeight::get().reads_writes(35, 0))
    }

    fn open() -> Weight {
        // Power::Current: 0 read, 1 written
        // Power::WindowCount: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(18_000_000, 1_600).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn draw() -> Weight {
        // Power::Current: 0 read, 1 written
        // Power::Draws: 0 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(16_000_000, 1_600).saturating_add(T::DbWeight::get().reads_writes(1, 2))
    }

    fn end() -> Weight {
        // Power::Current: 0 read, 1 written
        // Power::Draws: 1 read, 0 written
        Weight::from_parts(12_000_000, 1_600).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn commit() -> Weight {
        Weight::from_parts(86_000_000, 3_700)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 3))
    }

    fn prove() -> Weight {
        Weight::from_parts(9_000_000_000, 3_700)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 4))
    }

    fn settle() -> Weight {
        Weight::from_parts(72_000_000, 3_700)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 3))
    }

    fn wait() -> Weight {
        Weight::from_parts(5_000_000, 1_600)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
    }

    fn poll() -> Weight {
        Weight::from_parts(80_000_000, 82_782)
            .saturating_add(ParityDbWeight::get().reads_writes(35, 0))
    }

    fn open() -> Weight {
        Weight::from_parts(18_000_000, 1_600)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn draw() -> Weight {
        Weight::from_parts(16_000_000, 1_600)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 2))
    }

    fn end() -> Weight {
        Weight::from_parts(12_000_000, 1_600)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }
}
