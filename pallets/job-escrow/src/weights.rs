//! Weights of what `pallet_job_escrow` does, as measured in the runtime.
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
    fn submit() -> Weight;
    fn claim() -> Weight;
    fn submit_result() -> Weight;
    fn input_unavailable() -> Weight;
    fn publish_input(n: u32) -> Weight;
    fn pass_blocks(b: u32) -> Weight;
    fn claim_batch(n: u32) -> Weight;
    fn submit_results(n: u32) -> Weight;
    fn report_progress(n: u32) -> Weight;
    fn step_draw(n: u32) -> Weight;
    fn step_settle(n: u32) -> Weight;
    fn step_settle_audited() -> Weight;
    fn step_refund() -> Weight;
    fn step_time_out() -> Weight;
    fn step_unanswered() -> Weight;
    fn postpone() -> Weight;
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn submit() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 0 read, 1 written
        // JobEscrow::NextJob: 1 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        Weight::from_parts(152_457_000, 4_099).saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }

    fn claim() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 1 written
        Weight::from_parts(51_607_000, 4_055).saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }

    fn submit_result() -> Weight {
        // Audits::Agenda: 0 read, 2 written
        // Audits::AgendaCursor: 1 read, 0 written
        // Audits::Audits: 0 read, 1 written
        // Audits::TotalBond: 1 read, 0 written
        // Balances::Holds: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 1 written
        // JobEscrow::WorkerJobs: 0 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(172_225_000, 4_099).saturating_add(T::DbWeight::get().reads_writes(9, 8))
    }

    fn input_unavailable() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // JobEscrow::WorkerJobs: 0 read, 1 written
        // Receipts::Open: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(340_996_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(7, 8))
    }

    fn publish_input(n: u32) -> Weight {
        Weight::from_parts(80_000_000, 4_099)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(30_000, 0).saturating_mul(n.into()))
    }

    fn pass_blocks(b: u32) -> Weight {
        // `b` from 0 to 32.
        // JobEscrow::Agenda: 32 read, 0 written
        // JobEscrow::AgendaCursor: 1 read, 1 written
        Weight::from_parts(4_983_948, 1_489)
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
            .saturating_add(Weight::from_parts(5_058_024, 0).saturating_mul(b.into()))
            .saturating_add(Weight::from_parts(0, 2_503).saturating_mul(b.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(b.into()))
    }

    fn claim_batch(n: u32) -> Weight {
        Weight::from_parts(51_607_000, 4_055)
            .saturating_add(T::DbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(51_607_000, 4_055).saturating_mul(n.into()))
            .saturating_add(
                T::DbWeight::get()
                    .reads_writes(1, 3)
                    .saturating_mul(n.into()),
            )
    }

    fn submit_results(n: u32) -> Weight {
        Weight::from_parts(172_225_000, 4_099)
            .saturating_add(T::DbWeight::get().reads_writes(6, 1))
            .saturating_add(Weight::from_parts(172_225_000, 4_055).saturating_mul(n.into()))
            .saturating_add(
                T::DbWeight::get()
                    .reads_writes(2, 7)
                    .saturating_mul(n.into()),
            )
    }

    fn report_progress(n: u32) -> Weight {
        Weight::from_parts(51_607_000, 4_055)
            .saturating_add(T::DbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(51_607_000, 4_055).saturating_mul(n.into()))
            .saturating_add(
                T::DbWeight::get()
                    .reads_writes(1, 3)
                    .saturating_mul(n.into()),
            )
    }

    fn step_draw(n: u32) -> Weight {
        Weight::from_parts(100_000_000, 40_000)
            .saturating_add(T::DbWeight::get().reads_writes(36, 0))
            .saturating_add(Weight::from_parts(272_000_000, 42_782).saturating_mul(n.into()))
            .saturating_add(
                T::DbWeight::get()
                    .reads_writes(20, 5)
                    .saturating_mul(n.into()),
            )
    }

    fn step_settle(n: u32) -> Weight {
        Weight::from_parts(150_000_000, 14_055)
            .saturating_add(T::DbWeight::get().reads_writes(12, 6))
            .saturating_add(Weight::from_parts(450_000_000, 14_055).saturating_mul(n.into()))
            .saturating_add(
                T::DbWeight::get()
                    .reads_writes(16, 16)
                    .saturating_mul(n.into()),
            )
    }

    fn step_settle_audited() -> Weight {
        // Audits::Agenda: 0 read, 1 written
        // Audits::Auditors: 8 read, 8 written
        // Audits::Audits: 1 read, 1 written
        // Audits::Commitments: 9 read, 8 written
        // Authors::Credits: 9 read, 9 written
        // Authors::CurrentEra: 1 read, 0 written
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Burned: 1 read, 1 written
        // JobEscrow::Agenda: 1 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        // Receipts::Open: 1 read, 1 written
        // Referee::Cases: 1 read, 0 written
        // Referee::Doubted: 1 read, 0 written
        // Referee::FrozenVersions: 1 read, 0 written
        // Referee::Fuses: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        // System::Account: 6 read, 6 written
        // UsefulWork::Credits: 9 read, 9 written
        // UsefulWork::IndexPrice: 1 read, 0 written
        // UsefulWork::OpenCredit: 1 read, 1 written
        // WorkerRegistry::Workers: 2 read, 2 written
        Weight::from_parts(1_003_398_000, 33_606)
            .saturating_add(T::DbWeight::get().reads_writes(59, 50))
    }

    fn step_refund() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 1 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // Receipts::Open: 1 read, 1 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(255_139_000, 4_055).saturating_add(T::DbWeight::get().reads_writes(6, 5))
    }

    fn step_time_out() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 1 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 1 written
        // JobEscrow::WorkerJobs: 0 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::ServingCount: 16 read, 16 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(606_289_000, 42_190)
            .saturating_add(T::DbWeight::get().reads_writes(57, 88))
    }

    fn step_unanswered() -> Weight {
        Weight::from_parts(380_996_000, 6_196).saturating_add(T::DbWeight::get().reads_writes(9, 9))
    }

    fn postpone() -> Weight {
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 0 read, 1 written
        Weight::from_parts(40_721_000, 1_489).saturating_add(T::DbWeight::get().reads_writes(1, 3))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn submit() -> Weight {
        Weight::from_parts(152_457_000, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 5))
    }

    fn claim() -> Weight {
        Weight::from_parts(51_607_000, 4_055)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 3))
    }

    fn submit_result() -> Weight {
        Weight::from_parts(172_225_000, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 8))
    }

    fn input_unavailable() -> Weight {
        Weight::from_parts(340_996_000, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(7, 8))
    }

    fn publish_input(n: u32) -> Weight {
        Weight::from_parts(80_000_000, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(30_000, 0).saturating_mul(n.into()))
    }

    fn pass_blocks(b: u32) -> Weight {
        Weight::from_parts(4_983_948, 1_489)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 1))
            .saturating_add(Weight::from_parts(5_058_024, 0).saturating_mul(b.into()))
            .saturating_add(Weight::from_parts(0, 2_503).saturating_mul(b.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(b.into()))
    }

    fn claim_batch(n: u32) -> Weight {
        Weight::from_parts(51_607_000, 4_055)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(51_607_000, 4_055).saturating_mul(n.into()))
            .saturating_add(
                ParityDbWeight::get()
                    .reads_writes(1, 3)
                    .saturating_mul(n.into()),
            )
    }

    fn submit_results(n: u32) -> Weight {
        Weight::from_parts(172_225_000, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 1))
            .saturating_add(Weight::from_parts(172_225_000, 4_055).saturating_mul(n.into()))
            .saturating_add(
                ParityDbWeight::get()
                    .reads_writes(2, 7)
                    .saturating_mul(n.into()),
            )
    }

    fn report_progress(n: u32) -> Weight {
        Weight::from_parts(51_607_000, 4_055)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(51_607_000, 4_055).saturating_mul(n.into()))
            .saturating_add(
                ParityDbWeight::get()
                    .reads_writes(1, 3)
                    .saturating_mul(n.into()),
            )
    }

    fn step_draw(n: u32) -> Weight {
        Weight::from_parts(100_000_000, 40_000)
            .saturating_add(ParityDbWeight::get().reads_writes(36, 0))
            .saturating_add(Weight::from_parts(272_000_000, 42_782).saturating_mul(n.into()))
            .saturating_add(
                ParityDbWeight::get()
                    .reads_writes(20, 5)
                    .saturating_mul(n.into()),
            )
    }

    fn step_settle(n: u32) -> Weight {
        Weight::from_parts(150_000_000, 14_055)
            .saturating_add(ParityDbWeight::get().reads_writes(12, 6))
            .saturating_add(Weight::from_parts(450_000_000, 14_055).saturating_mul(n.into()))
            .saturating_add(
                ParityDbWeight::get()
                    .reads_writes(16, 16)
                    .saturating_mul(n.into()),
            )
    }

    fn step_settle_audited() -> Weight {
        Weight::from_parts(1_003_398_000, 33_606)
            .saturating_add(ParityDbWeight::get().reads_writes(59, 50))
    }

    fn step_refund() -> Weight {
        Weight::from_parts(255_139_000, 4_055)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 5))
    }

    fn step_time_out() -> Weight {
        Weight::from_parts(606_289_000, 42_190)
            .saturating_add(ParityDbWeight::get().reads_writes(57, 88))
    }

    fn step_unanswered() -> Weight {
        Weight::from_parts(380_996_000, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 9))
    }

    fn postpone() -> Weight {
        Weight::from_parts(40_721_000, 1_489)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 3))
    }
}
