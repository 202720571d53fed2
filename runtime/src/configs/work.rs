//! Models, machines, jobs, useful work.

use super::money::{BlockAuthor, StakersPot, Treasury};
use crate::*;
use aipg_primitives::FeeSplit;
use frame_support::{
    traits::{ConstU128, ConstU32, Get},
    PalletId,
};
use frame_system::EnsureRoot;
use sp_runtime::Permill;

frame_support::parameter_types! {
    pub const StandardFeeSplit: FeeSplit = FeeSplit::STANDARD;
    pub const RefereePalletId: PalletId = PalletId(*b"aipg/ref");
    pub const InputMissCharge: Permill = Permill::from_percent(2);
}

/// VRF output of the block that is being finalised.
pub struct BlockRandomness;

impl Get<Option<Hash>> for BlockRandomness {
    fn get() -> Option<Hash> {
        Babe::author_vrf_randomness().map(Hash::from)
    }
}

/// κ of a model that governance did not list: the burned and the stakers' share of a fee, 2 %.
/// Whoever is requester, worker and creator at once loses at least that.
pub struct DefaultMintCeiling;

impl Get<u32> for DefaultMintCeiling {
    fn get() -> u32 {
        let split = FeeSplit::STANDARD;
        split
            .burned
            .deconstruct()
            .saturating_add(split.stakers.deconstruct())
    }
}

impl pallet_model_registry::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type ListOrigin = EnsureRoot<AccountId>;
    type Deposit = ConstU128<{ 100 * AIPG }>;
    type WeightInfo = pallet_model_registry::weights::SubstrateWeight<Runtime>;
}

impl pallet_worker_registry::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Emission;
    type Models = ModelRegistry;
    type Freezes = Referee;
    type Windows = ChainParameters;
    type ReinstateOrigin = EnsureRoot<AccountId>;
    type Treasury = Treasury;
    type RegistrationFee = ConstU128<{ 100 * AIPG }>;
    type MinimumBond = ConstU128<{ 100 * AIPG }>;
    type LevelTwoBond = ConstU128<{ 1_000 * AIPG }>;
    type LevelThreeBond = ConstU128<{ 10_000 * AIPG }>;
    type MaxCapacity = ConstU32<16>;
    type MaxOffers = ConstU32<16>;
    type Candidates = ConstU32<4>;
    type WeightInfo = pallet_worker_registry::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_job_escrow::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Emission;
    type Models = ModelRegistry;
    type Workers = WorkerRegistry;
    type Beacon = UsefulWork;
    type Windows = ChainParameters;
    type Gate = Referee;
    type OnSettled = UsefulWork;
    type Receipts = Receipts;
    type Treasury = Treasury;
    type StakersPot = StakersPot;
    type FeeSplit = StandardFeeSplit;
    type InputMissCharge = InputMissCharge;
    type MaxStepsPerBlock = ConstU32<32>;
    type WeightInfo = pallet_job_escrow::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

/// Windows and clocks of disputes, from the chain's parameters.
pub struct DisputeWindows;

impl Get<aipg_referee_game::Windows> for DisputeWindows {
    fn get() -> aipg_referee_game::Windows {
        let parameters = pallet_chain_parameters::Parameters::<Runtime>::get();
        aipg_referee_game::Windows {
            challenge: parameters.challenge_window,
            clock: parameters.dispute_clock,
        }
    }
}

impl pallet_referee::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Emission;
    type Results = JobEscrow;
    type Models = ModelRegistry;
    type Workers = WorkerRegistry;
    type Rewards = UsefulWork;
    type Windows = DisputeWindows;
    type FinalityLags = pallet_finality::Lags<Runtime>;
    type Treasury = Treasury;
    type PalletId = RefereePalletId;
    type ChallengeBond = ConstU128<{ 50 * AIPG }>;
    type TraceBond = ConstU128<{ 50 * AIPG }>;
    // Covers the fee of publishing it: a test says so.
    type ChunkPrice = ConstU128<{ AIPG / 10 }>;
    // A conviction weighs as much as a job that times out; both agendas together must leave normal calls their share.
    type MaxStepsPerBlock = ConstU32<8>;
    type FuseAt = ConstU32<3>;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_referee::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_useful_work::Config for Runtime {
    type Budget = Emission;
    type Models = ModelRegistry;
    type Freezes = Referee;
    type BlockRandomness = BlockRandomness;
    type BlockAuthor = BlockAuthor;
    type BeaconBlocks = pallet_chain_parameters::BeaconBlocks<Runtime>;
    type BeaconAuthors = pallet_chain_parameters::BeaconAuthors<Runtime>;
    type RoundBlocks = pallet_chain_parameters::RoundBlocks<Runtime>;
    type ExpiryRounds = pallet_chain_parameters::RewardExpiryRounds<Runtime>;
    type DefaultMintCeiling = DefaultMintCeiling;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_useful_work::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_receipts::Config for Runtime {
    // The rounds of useful work.
    type RoundBlocks = pallet_chain_parameters::RoundBlocks<Runtime>;
    type WeightInfo = pallet_receipts::weights::SubstrateWeight<Runtime>;
}
