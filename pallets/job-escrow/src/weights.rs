//! Weights of what `pallet_job_escrow` does, as measured in the runtime.
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
    fn submit() -> Weight;
    fn claim() -> Weight;
    fn submit_result() -> Weight;
    fn input_unavailable() -> Weight;
    fn publish_input(n: u32) -> Weight;
    fn step_unanswered() -> Weight;
    fn pass_blocks(b: u32) -> Weight;
    fn claim_batch(n: u32) -> Weight;
    fn submit_results(n: u32) -> Weight;
    fn report_progress(n: u32) -> Weight;
    fn step_draw(n: u32) -> Weight;
    fn step_settle(n: u32) -> Weight;
    fn step_settle_audited() -> Weight;
    fn step_refund() -> Weight;
    fn step_time_out() -> Weight;
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
        Weight::from_parts(193_153_092, 4_099).saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }

    fn claim() -> Weight {
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 1 written
        Weight::from_parts(56_344_418, 4_190).saturating_add(T::DbWeight::get().reads_writes(3, 3))
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
        Weight::from_parts(153_795_780, 4_190).saturating_add(T::DbWeight::get().reads_writes(9, 8))
    }

    fn input_unavailable() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // JobEscrow::WorkerJobs: 0 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        // Receipts::Open: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(292_745_100, 6_196).saturating_add(T::DbWeight::get().reads_writes(8, 8))
    }

    fn publish_input(n: u32) -> Weight {
        // `n` from 1 to 32768.
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 1 written
        // JobEscrow::PublishedInputs: 0 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        Weight::from_parts(76_747_533, 4_190)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(37_285, 0).saturating_mul(n.into()))
    }

    fn step_unanswered() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 1 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // JobEscrow::WorkerJobs: 0 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        // Receipts::Open: 1 read, 1 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(310_656_176, 6_196).saturating_add(T::DbWeight::get().reads_writes(9, 8))
    }

    fn pass_blocks(b: u32) -> Weight {
        // `b` from 0 to 32.
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 32 read, 0 written
        // JobEscrow::AgendaCursor: 1 read, 1 written
        Weight::from_parts(14_907_890, 1_618)
            .saturating_add(T::DbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(6_123_798, 0).saturating_mul(b.into()))
            .saturating_add(Weight::from_parts(0, 2_503).saturating_mul(b.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(b.into()))
    }

    fn claim_batch(n: u32) -> Weight {
        // `n` from 1 to 64.
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 128 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 64 read, 64 written
        Weight::from_parts(35_775_350, 1_618)
            .saturating_add(T::DbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(32_321_762, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_200).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(3).saturating_mul(n.into()))
    }

    fn submit_results(n: u32) -> Weight {
        // `n` from 1 to 64.
        // Audits::Agenda: 0 read, 128 written
        // Audits::AgendaCursor: 1 read, 0 written
        // Audits::Audits: 0 read, 64 written
        // Audits::TotalBond: 1 read, 0 written
        // Balances::Holds: 1 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 128 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 64 read, 64 written
        // JobEscrow::WorkerJobs: 0 read, 64 written
        // ModelRegistry::Models: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(26_191_037, 4_099)
            .saturating_add(T::DbWeight::get().reads_writes(8, 1))
            .saturating_add(Weight::from_parts(103_716_190, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_200).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(7).saturating_mul(n.into()))
    }

    fn report_progress(n: u32) -> Weight {
        // `n` from 1 to 64.
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 0 read, 128 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 64 read, 64 written
        Weight::from_parts(20_597_290, 1_618)
            .saturating_add(T::DbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(30_004_433, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_200).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(3).saturating_mul(n.into()))
    }

    fn step_draw(n: u32) -> Weight {
        // `n` from 1 to 8.
        // Balances::Holds: 32 read, 0 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 8 read, 16 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 8 read, 8 written
        // JobEscrow::WorkerJobs: 0 read, 8 written
        // ModelRegistry::Models: 8 read, 0 written
        // Power::Current: 1 read, 0 written
        // Power::Draws: 1 read, 0 written
        // Power::Records: 32 read, 0 written
        // Power::WindowCount: 1 read, 0 written
        // UsefulWork::BeaconRing: 32 read, 0 written
        // WorkerRegistry::Classes: 8 read, 0 written
        // WorkerRegistry::Offers: 32 read, 0 written
        // WorkerRegistry::Serving: 32 read, 0 written
        // WorkerRegistry::Workers: 32 read, 8 written
        Weight::from_parts(116_005_538, 82_782)
            .saturating_add(T::DbWeight::get().reads_writes(37, 0))
            .saturating_add(Weight::from_parts(405_818_555, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 13_168).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(24).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(5).saturating_mul(n.into()))
    }

    fn step_settle(n: u32) -> Weight {
        // `n` from 1 to 8.
        // Audits::Audits: 8 read, 0 written
        // Authors::Credits: 8 read, 8 written
        // Authors::CurrentEra: 1 read, 0 written
        // Balances::Holds: 16 read, 8 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Burned: 1 read, 1 written
        // JobEscrow::Agenda: 8 read, 8 written
        // JobEscrow::Jobs: 8 read, 8 written
        // ModelRegistry::Models: 8 read, 0 written
        // Power::Records: 8 read, 0 written
        // Receipts::Open: 1 read, 1 written
        // Referee::Cases: 8 read, 0 written
        // Referee::Doubted: 8 read, 0 written
        // Referee::FrozenVersions: 1 read, 0 written
        // Referee::Fuses: 1 read, 0 written
        // Referee::Ticks: 1 read, 0 written
        // System::Account: 34 read, 34 written
        // UsefulWork::Credits: 8 read, 8 written
        // UsefulWork::IndexPrice: 1 read, 0 written
        // UsefulWork::OpenCredit: 1 read, 1 written
        // WorkerRegistry::Workers: 8 read, 8 written
        Weight::from_parts(43_477_495, 6_196)
            .saturating_add(T::DbWeight::get().reads_writes(11, 5))
            .saturating_add(Weight::from_parts(683_488_700, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 10_412).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(16).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(10).saturating_mul(n.into()))
    }

    fn step_settle_audited() -> Weight {
        // Audits::Agenda: 0 read, 1 written
        // Audits::Auditors: 8 read, 8 written
        // Audits::Audits: 1 read, 1 written
        // Audits::Commitments: 9 read, 8 written
        // Authors::Credits: 9 read, 9 written
        // Authors::CurrentEra: 1 read, 0 written
        // Balances::Holds: 2 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // Emission::Burned: 1 read, 1 written
        // JobEscrow::Agenda: 1 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        // Power::Records: 1 read, 0 written
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
        Weight::from_parts(1_046_361_157, 34_182)
            .saturating_add(T::DbWeight::get().reads_writes(61, 50))
    }

    fn step_refund() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 1 read, 1 written
        // JobEscrow::Jobs: 1 read, 1 written
        // Receipts::Open: 1 read, 1 written
        // System::Account: 1 read, 1 written
        Weight::from_parts(204_396_460, 4_190).saturating_add(T::DbWeight::get().reads_writes(6, 5))
    }

    fn step_time_out() -> Weight {
        // Balances::Holds: 1 read, 1 written
        // ChainParameters::Parameters: 1 read, 0 written
        // JobEscrow::Agenda: 1 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 1 read, 1 written
        // JobEscrow::WorkerJobs: 0 read, 1 written
        // ModelRegistry::Models: 1 read, 0 written
        // System::Account: 2 read, 2 written
        // WorkerRegistry::Classes: 16 read, 16 written
        // WorkerRegistry::Offers: 1 read, 0 written
        // WorkerRegistry::Positions: 16 read, 32 written
        // WorkerRegistry::Serving: 16 read, 32 written
        // WorkerRegistry::TotalBond: 1 read, 1 written
        // WorkerRegistry::Workers: 1 read, 1 written
        Weight::from_parts(710_772_737, 51_310)
            .saturating_add(T::DbWeight::get().reads_writes(59, 89))
    }

    fn postpone() -> Weight {
        // JobEscrow::Agenda: 0 read, 2 written
        // JobEscrow::AgendaCursor: 1 read, 0 written
        // JobEscrow::Jobs: 0 read, 1 written
        Weight::from_parts(27_909_599, 1_489).saturating_add(T::DbWeight::get().reads_writes(1, 3))
    }
}

/// Weights for tests.
impl WeightInfo for () {
    fn submit() -> Weight {
        Weight::from_parts(193_153_092, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(5, 5))
    }

    fn claim() -> Weight {
        Weight::from_parts(56_344_418, 4_190)
            .saturating_add(ParityDbWeight::get().reads_writes(3, 3))
    }

    fn submit_result() -> Weight {
        Weight::from_parts(153_795_780, 4_190)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 8))
    }

    fn input_unavailable() -> Weight {
        Weight::from_parts(292_745_100, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 8))
    }

    fn publish_input(n: u32) -> Weight {
        Weight::from_parts(76_747_533, 4_190)
            .saturating_add(ParityDbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(37_285, 0).saturating_mul(n.into()))
    }

    fn step_unanswered() -> Weight {
        Weight::from_parts(310_656_176, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(9, 8))
    }

    fn pass_blocks(b: u32) -> Weight {
        Weight::from_parts(14_907_890, 1_618)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 1))
            .saturating_add(Weight::from_parts(6_123_798, 0).saturating_mul(b.into()))
            .saturating_add(Weight::from_parts(0, 2_503).saturating_mul(b.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(b.into()))
    }

    fn claim_batch(n: u32) -> Weight {
        Weight::from_parts(35_775_350, 1_618)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(32_321_762, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_200).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().writes(3).saturating_mul(n.into()))
    }

    fn submit_results(n: u32) -> Weight {
        Weight::from_parts(26_191_037, 4_099)
            .saturating_add(ParityDbWeight::get().reads_writes(8, 1))
            .saturating_add(Weight::from_parts(103_716_190, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_200).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().writes(7).saturating_mul(n.into()))
    }

    fn report_progress(n: u32) -> Weight {
        Weight::from_parts(20_597_290, 1_618)
            .saturating_add(ParityDbWeight::get().reads_writes(2, 0))
            .saturating_add(Weight::from_parts(30_004_433, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 3_200).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(1).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().writes(3).saturating_mul(n.into()))
    }

    fn step_draw(n: u32) -> Weight {
        Weight::from_parts(116_005_538, 82_782)
            .saturating_add(ParityDbWeight::get().reads_writes(37, 0))
            .saturating_add(Weight::from_parts(405_818_555, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 13_168).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(24).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().writes(5).saturating_mul(n.into()))
    }

    fn step_settle(n: u32) -> Weight {
        Weight::from_parts(43_477_495, 6_196)
            .saturating_add(ParityDbWeight::get().reads_writes(11, 5))
            .saturating_add(Weight::from_parts(683_488_700, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 10_412).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().reads(16).saturating_mul(n.into()))
            .saturating_add(ParityDbWeight::get().writes(10).saturating_mul(n.into()))
    }

    fn step_settle_audited() -> Weight {
        Weight::from_parts(1_046_361_157, 34_182)
            .saturating_add(ParityDbWeight::get().reads_writes(61, 50))
    }

    fn step_refund() -> Weight {
        Weight::from_parts(204_396_460, 4_190)
            .saturating_add(ParityDbWeight::get().reads_writes(6, 5))
    }

    fn step_time_out() -> Weight {
        Weight::from_parts(710_772_737, 51_310)
            .saturating_add(ParityDbWeight::get().reads_writes(59, 89))
    }

    fn postpone() -> Weight {
        Weight::from_parts(27_909_599, 1_489)
            .saturating_add(ParityDbWeight::get().reads_writes(1, 3))
    }
}
