//! Weights of what `pallet_worker_registry` does, as measured in the runtime.
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
    fn set_offer() -> Weight;
    fn remove_offer() -> Weight;
    fn go_online(o: u32) -> Weight;
    fn go_offline(o: u32) -> Weight;
    fn bond_more() -> Weight;
    fn retire() -> Weight;
    fn withdraw() -> Weight;
    fn reinstate() -> Weight;
    fn convict_misuse() -> Weight;
    fn grant_level_four() -> Weight;
    fn revoke_level_four() -> Weight;
    fn draw(c: u32) -> Weight;
    fn completed() -> Weight;
    fn failed(o: u32) -> Weight;
    fn convict() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // System::Account: 1 read, 1 written
        // WorkerRegistry::Banned: 1 read, 0 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(164_053_876, 3_676).saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }

    fn set_offer() -> Weight {
        // ModelRegistry::Models: 1 read, 0 written
        // WorkerRegistry::Classes: 1 read, 1 written
        // WorkerRegistry::Offers: 1 read, 1 written
        // WorkerRegistry::Positions: 1 read, 1 written
        // WorkerRegistry::Serving: 0 read, 1 written
        // WorkerRegistry::Workers: 1 read, 0 written
        Weight::from_parts(74_935_906, 4_282).saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }

    fn remove_offer() -> Weight {
        // WorkerRegistry::Classes: 1 read, 1 written
        // WorkerRegistry::Offers: 1 read, 1 written
        // WorkerRegistry::Positions: 1 read, 2 written
        // WorkerRegistry::Serving: 1 read, 2 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(79_623_128, 4_282).saturating_add(T::DbWeight::get().reads_writes(5, 7))
    }

    fn go_online(o: u32) -> Weight {
        // `o` from 1 to 16.
        // Balances::Holds: 1 read, 0 written
        // WorkerRegistry::Banned: 1 read, 0 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 16 written
        // WorkerRegistry::Serving: 0 read, 16 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(39_857_924, 4_282)
            .saturating_add(T::DbWeight::get().reads_writes(4, 1))
            .saturating_add(Weight::from_parts(18_610_569, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 3_145).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().reads(2).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().writes(3).saturating_mul(o.into()))
    }

    fn go_offline(o: u32) -> Weight {
        // `o` from 1 to 16.
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(41_842_707, 4_282)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(32_146_783, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 3_145).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn bond_more() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 0 written
        Weight::from_parts(105_219_215, 3_676).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }

    fn retire() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(29_735_445, 3_645).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn withdraw() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Referee::FrozenVersions: 1 read, 0 written
        // Referee::Queue: 1 read, 0 written
        // WorkerRegistry::Offers: 0 read, 1 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(114_006_031, 3_676).saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }

    fn reinstate() -> Weight {
        // WorkerRegistry::Banned: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(24_572_708, 3_645).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn convict_misuse() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // UsefulWork::Forfeited: 1 read, 1 written
        // WorkerRegistry::Banned: 0 read, 1 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(740_823_535, 51_310)
            .saturating_add(T::DbWeight::get().reads_writes(56, 88))
    }

    fn grant_level_four() -> Weight {
        // WorkerRegistry::Banned: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(27_693_657, 3_645).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn revoke_level_four() -> Weight {
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(20_909_970, 3_645).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn draw(c: u32) -> Weight {
        // `c` from 1 to 4.
        // Balances::Holds: 4 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // Power::Records: 4 read, 0 written
        // Power::WindowCount: 1 read, 0 written
        // WorkerRegistry::Classes: 1 read, 0 written
        // WorkerRegistry::Offers: 4 read, 0 written
        // WorkerRegistry::Serving: 4 read, 0 written
        // WorkerRegistry::Workers: 4 read, 1 written
        Weight::from_parts(52_126_858, 4_135)
            .saturating_add(T::DbWeight::get().reads_writes(6, 1))
            .saturating_add(Weight::from_parts(42_295_560, 0).saturating_mul(c.into()))
            .saturating_add(Weight::from_parts(0, 3_292).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads(5).saturating_mul(c.into()))
    }

    fn completed() -> Weight {
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(9_610_821, 3_645).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn failed(o: u32) -> Weight {
        // `o` from 1 to 16.
        // Balances::Holds: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(122_899_438, 6_196)
            .saturating_add(T::DbWeight::get().reads_writes(6, 5))
            .saturating_add(Weight::from_parts(31_504_250, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 3_145).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn convict() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Banned: 0 read, 1 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(699_739_789, 51_310)
            .saturating_add(T::DbWeight::get().reads_writes(55, 87))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn register() -> Weight {
        Weight::from_parts(164_053_876, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 4))
    }

    fn set_offer() -> Weight {
        Weight::from_parts(74_935_906, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 4))
    }

    fn remove_offer() -> Weight {
        Weight::from_parts(79_623_128, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 7))
    }

    fn go_online(o: u32) -> Weight {
        Weight::from_parts(39_857_924, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 1))
            .saturating_add(Weight::from_parts(18_610_569, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 3_145).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().reads(2).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().writes(3).saturating_mul(o.into()))
    }

    fn go_offline(o: u32) -> Weight {
        Weight::from_parts(41_842_707, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(32_146_783, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 3_145).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn bond_more() -> Weight {
        Weight::from_parts(105_219_215, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 2))
    }

    fn retire() -> Weight {
        Weight::from_parts(29_735_445, 3_645)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn withdraw() -> Weight {
        Weight::from_parts(114_006_031, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 4))
    }

    fn reinstate() -> Weight {
        Weight::from_parts(24_572_708, 3_645)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn convict_misuse() -> Weight {
        Weight::from_parts(740_823_535, 51_310)
            .saturating_add(ParityDbWeight::get().reads_writes(56, 88))
    }

    fn grant_level_four() -> Weight {
        Weight::from_parts(27_693_657, 3_645)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn revoke_level_four() -> Weight {
        Weight::from_parts(20_909_970, 3_645)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn draw(c: u32) -> Weight {
        Weight::from_parts(52_126_858, 4_135)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 1))
            .saturating_add(Weight::from_parts(42_295_560, 0).saturating_mul(c.into()))
            .saturating_add(Weight::from_parts(0, 3_292).saturating_mul(c.into()))
            .saturating_add(ParityDbWeight::get().reads(5).saturating_mul(c.into()))
    }

    fn completed() -> Weight {
        Weight::from_parts(9_610_821, 3_645)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn failed(o: u32) -> Weight {
        Weight::from_parts(122_899_438, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 5))
            .saturating_add(Weight::from_parts(31_504_250, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 3_145).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn convict() -> Weight {
        Weight::from_parts(699_739_789, 51_310)
            .saturating_add(ParityDbWeight::get().reads_writes(55, 87))
    }
}
