//! Weights of what `pallet_bootstrap` does, estimated by hand: not measured yet.
//!
//! `scripts/weights` writes this file once the runtime has the pallet. docs/weights.md explains it.

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
        Weight::from_parts(12_000_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(0, 1))
            .saturating_add(Weight::from_parts(6_000_000, 2_700).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
    }

    fn idle() -> Weight {
        // Bootstrap::HasEnded: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        Weight::from_parts(4_000_000, 1_700).saturating_add(T::DbWeight::get().reads_writes(2, 0))
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
        Weight::from_parts(32_000_000, 7_000).saturating_add(T::DbWeight::get().reads_writes(8, 5))
    }

    fn poll() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // UsefulWork::BeaconRing: 32 read, 0 written
        Weight::from_parts(78_000_000, 82_782)
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
        // JobEscrow::Agenda: 0 read, 1 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 0 read, 1 written
        // JobEscrow::NextJob: 1 read, 1 written
        // ModelRegistry::Models: 8 read, 0 written
        // System::Account: 1 read, 1 written
        // WorkerRegistry::Classes: 8 read, 0 written
        Weight::from_parts(290_000_000, 30_000)
            .saturating_add(T::DbWeight::get().reads_writes(27, 11))
    }

    fn end() -> Weight {
        // Bootstrap::Allowance: 1 read, 1 written
        // Bootstrap::HasEnded: 0 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // Emission::Lapsed: 1 read, 1 written
        // Emission::ReservedWork: 1 read, 1 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(62_000_000, 3_600).saturating_add(T::DbWeight::get().reads_writes(5, 6))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn set_models(n: u32) -> Weight {
        Weight::from_parts(12_000_000, 0)
            .saturating_add(ParityDbWeight::get().reads_writes(0, 1))
            .saturating_add(Weight::from_parts(6_000_000, 2_700).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(n.into()))
    }

    fn idle() -> Weight {
        Weight::from_parts(4_000_000, 1_700)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
    }

    fn look() -> Weight {
        Weight::from_parts(32_000_000, 7_000)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 5))
    }

    fn poll() -> Weight {
        Weight::from_parts(78_000_000, 82_782)
            .saturating_add(ParityDbWeight::get().reads_writes(33, 0))
    }

    fn start() -> Weight {
        Weight::from_parts(290_000_000, 30_000)
            .saturating_add(ParityDbWeight::get().reads_writes(27, 11))
    }

    fn end() -> Weight {
        Weight::from_parts(62_000_000, 3_600)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 6))
    }
}
