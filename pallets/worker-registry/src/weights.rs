//! Weights of what `pallet_worker_registry` does, as measured in the runtime.
//!
//! Written by `scripts/weights`: change the benchmark, not this file. docs/weights.md explains it.
//!
//! - machine: AMD EPYC, 2 cores, 24 GiB of memory; load before the run 2.14
//! - database: ParityDB, 8 µs for a read, 50 µs for a write
//! - runs: 20 steps, 20 repeats, at least 1 s for each benchmark
//! - runtime: compiled from WebAssembly, as the node runs it

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
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(121_200_000, 3_676).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn set_offer() -> Weight {
        // ModelRegistry::Models: 1 read, 0 written
        // WorkerRegistry::Offers: 1 read, 1 written
        // WorkerRegistry::Positions: 1 read, 1 written
        // WorkerRegistry::Serving: 0 read, 1 written
        // WorkerRegistry::ServingCount: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 0 written
        Weight::from_parts(67_921_000, 4_282).saturating_add(T::DbWeight::get().reads_writes(5, 4))
    }

    fn remove_offer() -> Weight {
        // WorkerRegistry::Offers: 1 read, 1 written
        // WorkerRegistry::Positions: 1 read, 2 written
        // WorkerRegistry::Serving: 1 read, 2 written
        // WorkerRegistry::ServingCount: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(80_890_000, 4_282).saturating_add(T::DbWeight::get().reads_writes(5, 7))
    }

    fn go_online(o: u32) -> Weight {
        // `o` from 1 to 16.
        // Balances::Holds: 1 read, 0 written
        // WorkerRegistry::Banned: 1 read, 0 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 16 written
        // WorkerRegistry::Serving: 0 read, 16 written
        // WorkerRegistry::ServingCount: 16 read, 16 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(5_339_362, 4_282)
            .saturating_add(T::DbWeight::get().reads_writes(4, 1))
            .saturating_add(Weight::from_parts(22_797_178, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 2_575).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().reads(2).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().writes(3).saturating_mul(o.into()))
    }

    fn go_offline(o: u32) -> Weight {
        // `o` from 1 to 16.
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::ServingCount: 16 read, 16 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(55_964_970, 4_282)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(25_683_493, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 2_575).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn bond_more() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 0 written
        Weight::from_parts(75_602_000, 3_676).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn retire() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(18_918_000, 3_584).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn withdraw() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Referee::FrozenVersions: 1 read, 0 written
        // Referee::Queue: 1 read, 0 written
        // WorkerRegistry::Offers: 0 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(115_801_000, 3_676).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn reinstate() -> Weight {
        // WorkerRegistry::Banned: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(22_233_000, 3_584).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn convict_misuse() -> Weight {
        // Estimated: convict, and what forfeits rewards.
        // Balances::Holds: 1 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // UsefulWork::Forfeited: 1 read, 1 written
        // WorkerRegistry::Banned: 0 read, 1 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(631_000_000, 42_190)
            .saturating_add(T::DbWeight::get().reads_writes(56, 88))
    }

    fn grant_level_four() -> Weight {
        // Estimated, as reinstate.
        // WorkerRegistry::Banned: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(24_000_000, 3_633).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn revoke_level_four() -> Weight {
        // Estimated, as reinstate.
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(22_000_000, 3_633).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn draw(c: u32) -> Weight {
        // `c` from 1 to 4.
        // Balances::Holds: 4 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // WorkerRegistry::Offers: 4 read, 0 written
        // WorkerRegistry::Serving: 4 read, 0 written
        // WorkerRegistry::ServingCount: 1 read, 0 written
        // WorkerRegistry::Workers: 4 read, 1 written
        Weight::from_parts(39_283_150, 4_099)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(35_718_020, 0).saturating_mul(c.into()))
            .saturating_add(Weight::from_parts(0, 3_292).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads(4).saturating_mul(c.into()))
    }

    fn completed() -> Weight {
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(7_031_000, 3_584).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn failed(o: u32) -> Weight {
        // `o` from 1 to 16.
        // Balances::Holds: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::ServingCount: 16 read, 16 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(90_534_015, 6_196)
            .saturating_add(T::DbWeight::get().reads_writes(5, 4))
            .saturating_add(Weight::from_parts(28_554_039, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 2_575).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn convict() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Banned: 0 read, 1 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::ServingCount: 16 read, 16 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(596_325_000, 42_190)
            .saturating_add(T::DbWeight::get().reads_writes(54, 86))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn register() -> Weight {
        Weight::from_parts(121_200_000, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn set_offer() -> Weight {
        Weight::from_parts(67_921_000, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 4))
    }

    fn remove_offer() -> Weight {
        Weight::from_parts(80_890_000, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 7))
    }

    fn go_online(o: u32) -> Weight {
        Weight::from_parts(5_339_362, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 1))
            .saturating_add(Weight::from_parts(22_797_178, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 2_575).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().reads(2).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().writes(3).saturating_mul(o.into()))
    }

    fn go_offline(o: u32) -> Weight {
        Weight::from_parts(55_964_970, 4_282)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(25_683_493, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 2_575).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn bond_more() -> Weight {
        Weight::from_parts(75_602_000, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn retire() -> Weight {
        Weight::from_parts(18_918_000, 3_584)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn withdraw() -> Weight {
        Weight::from_parts(115_801_000, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn reinstate() -> Weight {
        Weight::from_parts(22_233_000, 3_584)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn convict_misuse() -> Weight {
        Weight::from_parts(631_000_000, 42_190)
            .saturating_add(ParityDbWeight::get().reads_writes(56, 88))
    }

    fn grant_level_four() -> Weight {
        Weight::from_parts(24_000_000, 3_633)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
    }

    fn revoke_level_four() -> Weight {
        Weight::from_parts(22_000_000, 3_633)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn draw(c: u32) -> Weight {
        Weight::from_parts(39_283_150, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(35_718_020, 0).saturating_mul(c.into()))
            .saturating_add(Weight::from_parts(0, 3_292).saturating_mul(c.into()))
            .saturating_add(ParityDbWeight::get().reads(4).saturating_mul(c.into()))
    }

    fn completed() -> Weight {
        Weight::from_parts(7_031_000, 3_584)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn failed(o: u32) -> Weight {
        Weight::from_parts(90_534_015, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 4))
            .saturating_add(Weight::from_parts(28_554_039, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 2_575).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().reads(3).saturating_mul(o.into()))
            .saturating_add(ParityDbWeight::get().writes(5).saturating_mul(o.into()))
    }

    fn convict() -> Weight {
        Weight::from_parts(596_325_000, 42_190)
            .saturating_add(ParityDbWeight::get().reads_writes(54, 86))
    }
}
