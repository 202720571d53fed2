//! Models, machines, jobs, useful work.

use super::money::{BlockAuthor, StakersPot, Treasury};
use crate::*;
use aipg_primitives::{
    DeliveredResults, FeeSplit, JobId, Merits, MeritsOf, OnSettled, SettledJob, SettlementGate,
    StakeOf, Tick, Windows,
};
use frame_support::{
    traits::{ConstU128, ConstU32, ConstU8, Contains, Get},
    weights::Weight,
    PalletId,
};
use frame_system::EnsureRoot;
use pallet_audits::types::AuditWindows;
use sp_runtime::{Permill, Saturating};

frame_support::parameter_types! {
    pub const StandardFeeSplit: FeeSplit = FeeSplit::STANDARD;
    pub const RefereePalletId: PalletId = PalletId(*b"aipg/ref");
    pub const LanePalletId: PalletId = PalletId(*b"aipg/btp");
    pub const InputMissCharge: Permill = Permill::from_percent(2);
    pub const BondShare: Permill = Permill::from_percent(1);
    pub const FuseShare: Permill = Permill::from_percent(1);
}

/// VRF output of the block that is being finalised.
pub struct BlockRandomness;

impl Get<Option<Hash>> for BlockRandomness {
    fn get() -> Option<Hash> {
        Babe::author_vrf_randomness().map(Hash::from)
    }
}

/// κ of a model that governance did not list: half of what never returns to a party that is requester,
/// worker and creator at once, the burned and the stakers' share of a fee. The other half is for what its
/// auditors may mint; see docs/simulation.md.
pub struct DefaultMintCeiling;

impl Get<u32> for DefaultMintCeiling {
    fn get() -> u32 {
        let split = FeeSplit::STANDARD;
        let kept = split.burned.saturating_add(split.stakers);
        Permill::from_percent(50).saturating_mul(kept).deconstruct()
    }
}

impl pallet_model_registry::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type ListOrigin = EnsureRoot<AccountId>;
    type Deposit = ConstU128<{ 100 * AIPG }>;
    type MaxMintCeiling = pallet_chain_parameters::ListedCeiling<Runtime>;
    type WeightInfo = pallet_model_registry::weights::SubstrateWeight<Runtime>;
}

impl pallet_worker_registry::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Emission;
    type Power = Power;
    type Models = ModelRegistry;
    type Rewards = UsefulWork;
    type Freezes = Referee;
    type Windows = ChainParameters;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type Treasury = Treasury;
    type RegistrationFee = ConstU128<{ 100 * AIPG }>;
    type MinimumBond = ConstU128<{ 100 * AIPG }>;
    type LevelTwoBond = ConstU128<{ 1_000 * AIPG }>;
    type LevelThreeBond = ConstU128<{ 10_000 * AIPG }>;
    type MaxCapacity = ConstU32<16>;
    type MaxOffers = ConstU32<16>;
    type Candidates = ConstU32<4>;
    type OpenMachines = pallet_chain_parameters::ListedMachines<Runtime>;
    type WeightInfo = pallet_worker_registry::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

/// What a result has to pass before it is paid: disputes, also those about other results of its worker, and its
/// audit.
pub struct Gate;

impl SettlementGate for Gate {
    fn tick() -> Tick {
        Referee::tick()
    }

    fn may_settle(job: JobId, delivered: Tick) -> bool {
        let worker = JobEscrow::delivered(job).map(|result| result.worker);
        Referee::may_settle(job, delivered)
            && !Audits::is_open(job)
            && !worker.is_some_and(|worker| Referee::is_doubted(&worker))
    }

    fn is_audited(job: JobId) -> bool {
        Audits::is_audited(job)
    }

    fn is_void(job: JobId) -> bool {
        Audits::is_missed(job)
    }
}

/// Told of every paid job: its worker has earned credit, and then its auditors.
pub struct Settled;

impl OnSettled<AccountId> for Settled {
    fn on_settled(job: &SettledJob<AccountId>) {
        UsefulWork::on_settled(job);
        Audits::on_settled(job);
    }
}

/// So many hundredths of a block: what an agenda may take. All hooks together have the quarter that is not for normal
/// calls: a test says so.
pub struct BlockShare<const PERCENT: u32>;

impl<const PERCENT: u32> Get<Weight> for BlockShare<PERCENT> {
    fn get() -> Weight {
        let limits = <Runtime as frame_system::Config>::BlockWeights::get();
        Permill::from_percent(PERCENT) * limits.max_block
    }
}

/// Requesters that pay with money which was minted for their jobs, or is everybody's.
pub struct Subsidised;

impl Contains<AccountId> for Subsidised {
    fn contains(account: &AccountId) -> bool {
        TheLane::contains(account) || *account == Treasury::get()
    }
}

/// The requester of public jobs.
pub struct TheLane;

impl Contains<AccountId> for TheLane {
    fn contains(account: &AccountId) -> bool {
        *account == Bootstrap::account()
    }
}

impl pallet_job_escrow::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Emission;
    type Models = ModelRegistry;
    type Workers = WorkerRegistry;
    type Beacon = UsefulWork;
    type StrongBeacon = pallet_useful_work::AuditBeacon<Runtime>;
    type Windows = ChainParameters;
    type Gate = Gate;
    type OnSettled = Settled;
    type Watch = Audits;
    type Receipts = Receipts;
    type Treasury = Treasury;
    type StakersPot = StakersPot;
    type FeeSplit = StandardFeeSplit;
    type DefaultMintCeiling = DefaultMintCeiling;
    type Subsidised = Subsidised;
    type PublicRequesters = TheLane;
    type InputMissCharge = InputMissCharge;
    type StepsWeight = BlockShare<15>;
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
    type Attestations = Audits;
    type Models = ModelRegistry;
    type Workers = WorkerRegistry;
    type Rewards = UsefulWork;
    type Windows = DisputeWindows;
    type FinalityLags = pallet_finality::Lags<Runtime>;
    type Treasury = Treasury;
    type PalletId = RefereePalletId;
    type ChallengeBond = ConstU128<{ 50 * AIPG }>;
    type TraceBond = ConstU128<{ 50 * AIPG }>;
    type BondShare = BondShare;
    // Covers the fee of publishing it: a test says so.
    type ChunkPrice = ConstU128<{ AIPG / 10 }>;
    // A conviction weighs as much as a job that times out; both agendas together must leave normal calls their share.
    type MaxStepsPerBlock = ConstU32<7>;
    type FuseAt = ConstU32<3>;
    type FuseShare = FuseShare;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_referee::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

/// Ticks so far.
pub struct Ticks;

impl Get<Tick> for Ticks {
    fn get() -> Tick {
        Referee::tick()
    }
}

/// Each part of an audit takes a 24th of the challenge window (an hour of the main network's day), but as
/// much as a machine needs where that is short, and no more than a fifth.
pub struct AuditTimes;

impl Get<AuditWindows> for AuditTimes {
    fn get() -> AuditWindows {
        let window = pallet_chain_parameters::Parameters::<Runtime>::get().challenge_window;
        let fifth = window / 5;
        let part = (window / 24).max(fifth.min(10));
        AuditWindows {
            commit: part,
            attest: part,
            reveal: part,
            within: window.saturating_sub(fifth),
        }
    }
}

/// Blocks of two epochs: nobody knows the randomness of the one after the next.
pub struct KeyDelay;

impl Get<BlockNumber> for KeyDelay {
    fn get() -> BlockNumber {
        let slots = pallet_chain_parameters::Parameters::<Runtime>::get().epoch_slots;
        BlockNumber::try_from(slots.saturating_mul(2)).unwrap_or(BlockNumber::MAX)
    }
}

/// The bond of an auditor stays as long as that of a worker.
pub struct Unbonding;

impl Get<BlockNumber> for Unbonding {
    fn get() -> BlockNumber {
        ChainParameters::unbonding()
    }
}

impl pallet_audits::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Emission;
    type Beacon = pallet_useful_work::AuditBeacon<Runtime>;
    type Tick = Ticks;
    type History = WorkerRegistry;
    type Pay = UsefulWork;
    type Windows = AuditTimes;
    type ExpectedAuditors = ConstU32<2>;
    type MaxAuditors = ConstU32<8>;
    type MaxDraws = ConstU8<3>;
    type MinimumBond = ConstU128<{ 100 * AIPG }>;
    type KeyDelay = KeyDelay;
    type Unbonding = Unbonding;
    type StepsWeight = BlockShare<3>;
    type WeightInfo = pallet_audits::weights::SubstrateWeight<Runtime>;
}

/// What a worker's credit is multiplied for. Stake of others counts once there is staking.
pub struct WorkersMerits;

impl MeritsOf<AccountId> for WorkersMerits {
    fn merits_of(worker: &AccountId) -> Merits {
        let bond = WorkerRegistry::bond_of(worker);
        let record = pallet_worker_registry::Workers::<Runtime>::get(worker);
        let (attended, windows) = Power::attendance(worker).unwrap_or_default();
        let (completed, failed) = record.map_or((0, 0), |it| (it.completed, it.failed));
        Merits {
            attended,
            windows,
            is_fast: Power::is_fast(worker),
            completed,
            failed,
            bond,
            stake: bond.saturating_add(<() as StakeOf<AccountId>>::stake_of(worker)),
        }
    }
}

impl pallet_useful_work::Config for Runtime {
    type Budget = Emission;
    type Lane = Bootstrap;
    type Freezes = Referee;
    type CreditWatch = Authors;
    type Merits = WorkersMerits;
    type EarlyBlocks = pallet_chain_parameters::EarlyBlocks<Runtime>;
    type BlockRandomness = BlockRandomness;
    type BlockAuthor = BlockAuthor;
    type BeaconBlocks = pallet_chain_parameters::BeaconBlocks<Runtime>;
    type BeaconAuthors = pallet_chain_parameters::BeaconAuthors<Runtime>;
    type AuditBeaconBlocks = pallet_chain_parameters::AuditBeaconBlocks<Runtime>;
    type AuditBeaconAuthors = pallet_chain_parameters::AuditBeaconAuthors<Runtime>;
    type RoundBlocks = pallet_chain_parameters::RoundBlocks<Runtime>;
    type ExpiryRounds = pallet_chain_parameters::RewardExpiryRounds<Runtime>;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_useful_work::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_power::Config for Runtime {
    type Beacon = UsefulWork;
    type Machines = WorkerRegistry;
    type MeanInterval = pallet_chain_parameters::PowerInterval<Runtime>;
    type CommitBlocks = pallet_chain_parameters::PowerWindow<Runtime>;
    type ProveBlocks = pallet_chain_parameters::PowerProof<Runtime>;
    type PenaltyBlocks = pallet_chain_parameters::PowerBar<Runtime>;
    type WeightInfo = pallet_power::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_bootstrap::Config for Runtime {
    type Currency = Balances;
    type Budget = Emission;
    type Models = ModelRegistry;
    type Jobs = JobEscrow;
    type Machines = WorkerRegistry;
    type Beacon = UsefulWork;
    type Share = pallet_chain_parameters::BootstrapShare<Runtime>;
    type HalvingBlocks = pallet_chain_parameters::BootstrapHalving<Runtime>;
    type AllowanceRounds = pallet_chain_parameters::RoundsADay<Runtime>;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type PalletId = LanePalletId;
    type WeightInfo = pallet_bootstrap::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_receipts::Config for Runtime {
    // The rounds of useful work.
    type RoundBlocks = pallet_chain_parameters::RoundBlocks<Runtime>;
    type WeightInfo = pallet_receipts::weights::SubstrateWeight<Runtime>;
}
