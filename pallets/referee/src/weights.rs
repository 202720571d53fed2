//! Weights of what `pallet_referee` does, as measured in the runtime.
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
    fn challenge() -> Weight;
    fn post_roots(r: u32) -> Weight;
    fn hold_bond() -> Weight;
    fn open_root() -> Weight;
    fn name_tensor() -> Weight;
    fn reveal_nodes(n: u32) -> Weight;
    fn choose_node() -> Weight;
    fn reveal_leaf() -> Weight;
    fn accuse(b: u32) -> Weight;
    fn reveal_sums(v: u32) -> Weight;
    fn judge_parts() -> Weight;
    fn judge(b: u32) -> Weight;
    fn report_timeout() -> Weight;
    fn resolve_fuse() -> Weight;
    fn prove_flaw(b: u32) -> Weight;
    fn demand(c: u32) -> Weight;
    fn publish(t: u32) -> Weight;
    fn is_on_turn() -> Weight;
    fn tick() -> Weight;
    fn pass_tick() -> Weight;
    fn step_refute() -> Weight;
    fn step_sweep() -> Weight;
    fn step_clear() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn challenge() -> Weight {
        // Balances::Holds: 2 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 0 written
        // Referee::Agenda: 0 read, 1 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Challenges: 0 read, 1 written
        // Referee::Doubted: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(157_596_589, 6_362).saturating_add(T::DbWeight::get().reads_writes(9, 6))
    }

    fn post_roots(r: u32) -> Weight {
        // `r` from 1 to 500.
        // Audits::Audits: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Agenda: 0 read, 1 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Postings: 1 read, 1 written
        // Referee::Roots: 2 read, 2 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 0 read, 1 written
        Weight::from_parts(216_010_736, 34_568)
            .saturating_add(T::DbWeight::get().reads_writes(9, 6))
            .saturating_add(Weight::from_parts(1_574_953, 0).saturating_mul(r.into()))
            .saturating_add(Weight::from_parts(0, 10).saturating_mul(r.into()))
    }

    fn hold_bond() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(83_291_389, 3_676).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn open_root() -> Weight {
        // Referee::Accusations: 1 read, 1 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 1 written
        Weight::from_parts(50_911_062, 3_616).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }

    fn name_tensor() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Revealed: 0 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(106_375_695, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(8, 2))
    }

    fn reveal_nodes(n: u32) -> Weight {
        // `n` from 2 to 256.
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Revealed: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(119_695_403, 14_818)
            .saturating_add(T::DbWeight::get().reads_writes(8, 2))
            .saturating_add(Weight::from_parts(975_860, 0).saturating_mul(n.into()))
    }

    fn choose_node() -> Weight {
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Revealed: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(125_769_650, 14_818)
            .saturating_add(T::DbWeight::get().reads_writes(8, 2))
    }

    fn reveal_leaf() -> Weight {
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Revealed: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(115_937_363, 14_818)
            .saturating_add(T::DbWeight::get().reads_writes(8, 2))
    }

    fn accuse(b: u32) -> Weight {
        // `b` from 2 to 15360.
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(78_491_930, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(48_398, 0).saturating_mul(b.into()))
    }

    fn reveal_sums(v: u32) -> Weight {
        // `v` from 1 to 1024.
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(93_340_357, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(896, 0).saturating_mul(v.into()))
    }

    fn judge_parts() -> Weight {
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(118_438_651, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(7, 1))
    }

    fn judge(b: u32) -> Weight {
        // `b` from 9000 to 15360.
        // Balances::Holds: 1 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Accusations: 1 read, 1 written
        // Referee::Agenda: 0 read, 2 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::FrozenVersions: 1 read, 1 written
        // Referee::Fuses: 1 read, 1 written
        // Referee::Games: 1 read, 1 written
        // Referee::Losses: 1 read, 1 written
        // Referee::Revealed: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::TotalBond: 1 read, 0 written
        Weight::from_parts(334_553_599, 14_818)
            .saturating_add(T::DbWeight::get().reads_writes(18, 14))
            .saturating_add(Weight::from_parts(7_697, 0).saturating_mul(b.into()))
    }

    fn report_timeout() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // Referee::Agenda: 0 read, 2 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Challenges: 1 read, 1 written
        // Referee::Doubted: 1 read, 1 written
        // Referee::Games: 1 read, 1 written
        // Referee::Revealed: 0 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        // System::Account: 2 read, 2 written
        Weight::from_parts(218_898_848, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(11, 11))
    }

    fn resolve_fuse() -> Weight {
        // Referee::FrozenVersions: 1 read, 1 written
        // Referee::Fuses: 1 read, 1 written
        // Referee::Losses: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        Weight::from_parts(30_631_800, 7_119).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn prove_flaw(b: u32) -> Weight {
        // `b` from 512 to 15360.
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Agenda: 0 read, 2 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        Weight::from_parts(65_104_880, 4_190)
            .saturating_add(T::DbWeight::get().reads_writes(6, 3))
            .saturating_add(Weight::from_parts(20_407, 0).saturating_mul(b.into()))
    }

    fn demand(c: u32) -> Weight {
        // `c` from 1 to 8.
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 0 written
        // Referee::Agenda: 0 read, 2 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Demands: 8 read, 8 written
        // Referee::Ticks: 1 read, 0 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(142_094_350, 4_190)
            .saturating_add(T::DbWeight::get().reads_writes(7, 5))
            .saturating_add(Weight::from_parts(6_311_253, 0).saturating_mul(c.into()))
            .saturating_add(Weight::from_parts(0, 2_557).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(c.into()))
    }

    fn publish(t: u32) -> Weight {
        // `t` from 1 to 2048.
        // Balances::Holds: 1 read, 1 written
        // JobEscrow::Jobs: 1 read, 0 written
        // Referee::Agenda: 0 read, 1 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Demands: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // System::Account: 2 read, 2 written
        Weight::from_parts(143_522_838, 6_196)
            .saturating_add(T::DbWeight::get().reads_writes(8, 6))
            .saturating_add(Weight::from_parts(35_931, 0).saturating_mul(t.into()))
    }

    fn is_on_turn() -> Weight {
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(30_770_422, 11_748).saturating_add(T::DbWeight::get().reads_writes(5, 0))
    }

    fn tick() -> Weight {
        // Finality::IsLagging: 1 read, 0 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Ticks: 1 read, 1 written
        Weight::from_parts(6_036_448, 1_489).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }

    fn pass_tick() -> Weight {
        // Referee::Agenda: 1 read, 0 written
        // Referee::AgendaCursor: 0 read, 1 written
        Weight::from_parts(8_488_030, 3_493).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn step_refute() -> Weight {
        // Audits::Agenda: 0 read, 1 written
        // Audits::Auditors: 8 read, 8 written
        // Audits::Audits: 1 read, 1 written
        // Audits::Commitments: 9 read, 8 written
        // Audits::TotalBond: 1 read, 1 written
        // Balances::Holds: 10 read, 10 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Burned: 2 read, 2 written
        // JobEscrow::Agenda: 0 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        // Receipts::Open: 1 read, 1 written
        // Referee::Agenda: 0 read, 2 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Doubted: 1 read, 1 written
        // Referee::Fuses: 1 read, 0 written
        // Referee::Queue: 0 read, 1 written
        // System::Account: 11 read, 11 written
        // UsefulWork::Forfeited: 1 read, 1 written
        // WorkerRegistry::Banned: 0 read, 1 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(1_652_163_758, 51_310)
            .saturating_add(T::DbWeight::get().reads_writes(102, 134))
    }

    fn step_sweep() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Emission::Burned: 1 read, 1 written
        // Referee::Agenda: 0 read, 2 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Challenges: 1 read, 1 written
        // Referee::Doubted: 1 read, 1 written
        // Referee::Games: 1 read, 1 written
        // Referee::Revealed: 0 read, 1 written
        // Referee::Traces: 1 read, 0 written
        // System::Account: 2 read, 2 written
        Weight::from_parts(219_679_223, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(10, 11))
    }

    fn step_clear() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // Referee::Accusations: 1 read, 0 written
        // Referee::Agenda: 0 read, 2 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Cases: 1 read, 1 written
        // Referee::Challenges: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // System::Account: 2 read, 2 written
        Weight::from_parts(179_950_778, 6_196).saturating_add(T::DbWeight::get().reads_writes(8, 7))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn challenge() -> Weight {
        Weight::from_parts(157_596_589, 6_362)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 6))
    }

    fn post_roots(r: u32) -> Weight {
        Weight::from_parts(216_010_736, 34_568)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 6))
            .saturating_add(Weight::from_parts(1_574_953, 0).saturating_mul(r.into()))
            .saturating_add(Weight::from_parts(0, 10).saturating_mul(r.into()))
    }

    fn hold_bond() -> Weight {
        Weight::from_parts(83_291_389, 3_676)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn open_root() -> Weight {
        Weight::from_parts(50_911_062, 3_616)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 2))
    }

    fn name_tensor() -> Weight {
        Weight::from_parts(106_375_695, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
    }

    fn reveal_nodes(n: u32) -> Weight {
        Weight::from_parts(119_695_403, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
            .saturating_add(Weight::from_parts(975_860, 0).saturating_mul(n.into()))
    }

    fn choose_node() -> Weight {
        Weight::from_parts(125_769_650, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
    }

    fn reveal_leaf() -> Weight {
        Weight::from_parts(115_937_363, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
    }

    fn accuse(b: u32) -> Weight {
        Weight::from_parts(78_491_930, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(48_398, 0).saturating_mul(b.into()))
    }

    fn reveal_sums(v: u32) -> Weight {
        Weight::from_parts(93_340_357, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(896, 0).saturating_mul(v.into()))
    }

    fn judge_parts() -> Weight {
        Weight::from_parts(118_438_651, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 1))
    }

    fn judge(b: u32) -> Weight {
        Weight::from_parts(334_553_599, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(18, 14))
            .saturating_add(Weight::from_parts(7_697, 0).saturating_mul(b.into()))
    }

    fn report_timeout() -> Weight {
        Weight::from_parts(218_898_848, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(11, 11))
    }

    fn resolve_fuse() -> Weight {
        Weight::from_parts(30_631_800, 7_119)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn prove_flaw(b: u32) -> Weight {
        Weight::from_parts(65_104_880, 4_190)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 3))
            .saturating_add(Weight::from_parts(20_407, 0).saturating_mul(b.into()))
    }

    fn demand(c: u32) -> Weight {
        Weight::from_parts(142_094_350, 4_190)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 5))
            .saturating_add(Weight::from_parts(6_311_253, 0).saturating_mul(c.into()))
            .saturating_add(Weight::from_parts(0, 2_557).saturating_mul(c.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(c.into()))
            .saturating_add(ParityDbWeight::get().writes(1).saturating_mul(c.into()))
    }

    fn publish(t: u32) -> Weight {
        Weight::from_parts(143_522_838, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 6))
            .saturating_add(Weight::from_parts(35_931, 0).saturating_mul(t.into()))
    }

    fn is_on_turn() -> Weight {
        Weight::from_parts(30_770_422, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 0))
    }

    fn tick() -> Weight {
        Weight::from_parts(6_036_448, 1_489)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 1))
    }

    fn pass_tick() -> Weight {
        Weight::from_parts(8_488_030, 3_493)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn step_refute() -> Weight {
        Weight::from_parts(1_652_163_758, 51_310)
            .saturating_add(ParityDbWeight::get().reads_writes(102, 134))
    }

    fn step_sweep() -> Weight {
        Weight::from_parts(219_679_223, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(10, 11))
    }

    fn step_clear() -> Weight {
        Weight::from_parts(179_950_778, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 7))
    }
}
