//! Weights of what `pallet_referee` does, as measured in the runtime.
//!
//! Written by `scripts/weights`: change the benchmark, not this file. docs/weights.md explains it.
//!
//! - machine: AMD EPYC, 2 cores, 24 GiB of memory; load before the run 0.75
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
        Weight::from_parts(86_340_000, 6_326).saturating_add(T::DbWeight::get().reads_writes(9, 6))
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
        Weight::from_parts(131_129_675, 34_568)
            .saturating_add(T::DbWeight::get().reads_writes(9, 6))
            .saturating_add(Weight::from_parts(1_074_014, 0).saturating_mul(r.into()))
            .saturating_add(Weight::from_parts(0, 10).saturating_mul(r.into()))
    }

    fn hold_bond() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(45_278_000, 3_658).saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn open_root() -> Weight {
        // Referee::Accusations: 1 read, 1 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 1 written
        Weight::from_parts(22_824_000, 3_616).saturating_add(T::DbWeight::get().reads_writes(3, 2))
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
        Weight::from_parts(51_277_000, 11_748).saturating_add(T::DbWeight::get().reads_writes(8, 2))
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
        Weight::from_parts(60_697_399, 14_818)
            .saturating_add(T::DbWeight::get().reads_writes(8, 2))
            .saturating_add(Weight::from_parts(610_112, 0).saturating_mul(n.into()))
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
        Weight::from_parts(59_128_000, 14_818).saturating_add(T::DbWeight::get().reads_writes(8, 2))
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
        Weight::from_parts(55_143_000, 14_818).saturating_add(T::DbWeight::get().reads_writes(8, 2))
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
        Weight::from_parts(31_219_954, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(25_629, 0).saturating_mul(b.into()))
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
        Weight::from_parts(37_868_818, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(2_584, 0).saturating_mul(v.into()))
    }

    fn judge_parts() -> Weight {
        // JobEscrow::Jobs: 1 read, 0 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(52_779_000, 11_748).saturating_add(T::DbWeight::get().reads_writes(7, 1))
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
        Weight::from_parts(136_179_564, 14_818)
            .saturating_add(T::DbWeight::get().reads_writes(17, 14))
            .saturating_add(Weight::from_parts(10_414, 0).saturating_mul(b.into()))
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
        Weight::from_parts(120_601_000, 11_748)
            .saturating_add(T::DbWeight::get().reads_writes(11, 11))
    }

    fn resolve_fuse() -> Weight {
        // Referee::FrozenVersions: 1 read, 1 written
        // Referee::Fuses: 1 read, 1 written
        // Referee::Losses: 1 read, 1 written
        // Referee::Ticks: 1 read, 0 written
        Weight::from_parts(13_480_000, 6_095).saturating_add(T::DbWeight::get().reads_writes(4, 3))
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
        Weight::from_parts(33_278_070, 4_099)
            .saturating_add(T::DbWeight::get().reads_writes(6, 3))
            .saturating_add(Weight::from_parts(13_415, 0).saturating_mul(b.into()))
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
        Weight::from_parts(74_867_803, 4_039)
            .saturating_add(T::DbWeight::get().reads_writes(7, 5))
            .saturating_add(Weight::from_parts(4_027_733, 0).saturating_mul(c.into()))
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
        Weight::from_parts(81_917_643, 6_196)
            .saturating_add(T::DbWeight::get().reads_writes(8, 6))
            .saturating_add(Weight::from_parts(20_531, 0).saturating_mul(t.into()))
    }

    fn is_on_turn() -> Weight {
        // Referee::Cases: 1 read, 0 written
        // Referee::Challenges: 1 read, 0 written
        // Referee::Games: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        // Referee::Traces: 1 read, 0 written
        Weight::from_parts(17_927_000, 11_748).saturating_add(T::DbWeight::get().reads_writes(5, 0))
    }

    fn tick() -> Weight {
        // Finality::IsLagging: 1 read, 0 written
        // Referee::AgendaCursor: 1 read, 0 written
        // Referee::Ticks: 1 read, 1 written
        Weight::from_parts(3_214_000, 1_489).saturating_add(T::DbWeight::get().reads_writes(3, 1))
    }

    fn pass_tick() -> Weight {
        // Referee::Agenda: 1 read, 0 written
        // Referee::AgendaCursor: 0 read, 1 written
        Weight::from_parts(3_104_000, 3_493).saturating_add(T::DbWeight::get().reads_writes(1, 1))
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
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::ServingCount: 16 read, 16 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(929_807_000, 42_190)
            .saturating_add(T::DbWeight::get().reads_writes(101, 133))
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
        Weight::from_parts(119_079_000, 11_748)
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
        Weight::from_parts(102_774_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(8, 7))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn challenge() -> Weight {
        Weight::from_parts(86_340_000, 6_326)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 6))
    }

    fn post_roots(r: u32) -> Weight {
        Weight::from_parts(131_129_675, 34_568)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 6))
            .saturating_add(Weight::from_parts(1_074_014, 0).saturating_mul(r.into()))
            .saturating_add(Weight::from_parts(0, 10).saturating_mul(r.into()))
    }

    fn hold_bond() -> Weight {
        Weight::from_parts(45_278_000, 3_658)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 2))
    }

    fn open_root() -> Weight {
        Weight::from_parts(22_824_000, 3_616)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 2))
    }

    fn name_tensor() -> Weight {
        Weight::from_parts(51_277_000, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
    }

    fn reveal_nodes(n: u32) -> Weight {
        Weight::from_parts(60_697_399, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
            .saturating_add(Weight::from_parts(610_112, 0).saturating_mul(n.into()))
    }

    fn choose_node() -> Weight {
        Weight::from_parts(59_128_000, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
    }

    fn reveal_leaf() -> Weight {
        Weight::from_parts(55_143_000, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 2))
    }

    fn accuse(b: u32) -> Weight {
        Weight::from_parts(31_219_954, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(25_629, 0).saturating_mul(b.into()))
    }

    fn reveal_sums(v: u32) -> Weight {
        Weight::from_parts(37_868_818, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 1))
            .saturating_add(Weight::from_parts(2_584, 0).saturating_mul(v.into()))
    }

    fn judge_parts() -> Weight {
        Weight::from_parts(52_779_000, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 1))
    }

    fn judge(b: u32) -> Weight {
        Weight::from_parts(136_179_564, 14_818)
            .saturating_add(ParityDbWeight::get().reads_writes(17, 14))
            .saturating_add(Weight::from_parts(10_414, 0).saturating_mul(b.into()))
    }

    fn report_timeout() -> Weight {
        Weight::from_parts(120_601_000, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(11, 11))
    }

    fn resolve_fuse() -> Weight {
        Weight::from_parts(13_480_000, 6_095)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 3))
    }

    fn prove_flaw(b: u32) -> Weight {
        Weight::from_parts(33_278_070, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 3))
            .saturating_add(Weight::from_parts(13_415, 0).saturating_mul(b.into()))
    }

    fn demand(c: u32) -> Weight {
        Weight::from_parts(74_867_803, 4_039)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 5))
            .saturating_add(Weight::from_parts(4_027_733, 0).saturating_mul(c.into()))
            .saturating_add(Weight::from_parts(0, 2_557).saturating_mul(c.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(c.into()))
            .saturating_add(ParityDbWeight::get().writes(1).saturating_mul(c.into()))
    }

    fn publish(t: u32) -> Weight {
        Weight::from_parts(81_917_643, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 6))
            .saturating_add(Weight::from_parts(20_531, 0).saturating_mul(t.into()))
    }

    fn is_on_turn() -> Weight {
        Weight::from_parts(17_927_000, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 0))
    }

    fn tick() -> Weight {
        Weight::from_parts(3_214_000, 1_489)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 1))
    }

    fn pass_tick() -> Weight {
        Weight::from_parts(3_104_000, 3_493)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
    }

    fn step_refute() -> Weight {
        Weight::from_parts(929_807_000, 42_190)
            .saturating_add(ParityDbWeight::get().reads_writes(101, 133))
    }

    fn step_sweep() -> Weight {
        Weight::from_parts(119_079_000, 11_748)
            .saturating_add(ParityDbWeight::get().reads_writes(10, 11))
    }

    fn step_clear() -> Weight {
        Weight::from_parts(102_774_000, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 7))
    }
}
