//! A runtime with balances and this pallet; results, models and convictions are the tests'.

use crate::{HoldReason, Pallet};
use aipg_primitives::{
    Attestation, Attestations, Balance, Burn, BurnReason, Conviction, DeliveredResult,
    DeliveredResults, JobId, ModelCatalogue, ModelId, ModelTerms, Units, UnvestedRewards, AIPG,
};
use aipg_referee_game::Windows;
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::{Inspect, InspectHold, Mutate, MutateHold},
        tokens::{imbalance::ResolveTo, Fortitude, Precision, Preservation},
        ConstU128, ConstU32, Hooks,
    },
    PalletId,
};
use frame_system::EnsureRoot;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, Permill};
use std::collections::BTreeMap;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Referee: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<{ AIPG / 1_000 }>;
    type AccountStore = System;
    type DustRemoval = ResolveTo<Treasury, Balances>;
}

/// W: a result may be challenged for so many ticks.
pub const CHALLENGE_WINDOW: u32 = 20;
/// K: ticks that a side has for all its moves.
pub const CLOCK: u32 = 30;
pub const CHALLENGE_BOND: Balance = 50 * AIPG + 1;
pub const TRACE_BOND: Balance = 40 * AIPG + 1;
/// What a demand of a chunk pays.
pub const CHUNK_PRICE: Balance = AIPG / 10 + 1;
/// What a conviction brings as a reward.
pub const REWARD: Balance = 25 * AIPG;
pub const WORKER: AccountId = 1;
pub const TREASURY: AccountId = 99;
/// Balance of each of the accounts 1 to 20 at the start.
pub const ENDOWMENT: Balance = 1_000 * AIPG;

parameter_types! {
    pub const Treasury: AccountId = TREASURY;
    pub const RefereePalletId: PalletId = PalletId(*b"aipg/ref");
    pub const DisputeWindows: Windows = Windows {
        challenge: CHALLENGE_WINDOW,
        clock: CLOCK,
    };
    pub const BondShare: Permill = Permill::from_percent(1);
    pub static FinalityLags: bool = false;
    /// Bond of every worker.
    pub static WorkerBond: Balance = 100 * AIPG;
    pub static TotalBond: Balance = 1_000 * AIPG;
    pub const FuseShare: Permill = Permill::from_percent(1);
    pub static Results: BTreeMap<JobId, DeliveredResult<AccountId>> = BTreeMap::new();
    /// Jobs whose requester got its price back.
    pub static Refuted: Vec<JobId> = Vec::new();
    pub static Headers: BTreeMap<ModelId, Vec<u8>> = BTreeMap::new();
    pub static Convicted: Vec<AccountId> = Vec::new();
    pub static Forfeited: Vec<AccountId> = Vec::new();
    pub static Burned: Balance = 0;
    pub static ConvictionFails: bool = false;
    pub static Attested: Attestation = Attestation::None;
    /// Whether what was refuted was proven.
    pub static Proven: Vec<bool> = Vec::new();
}

pub struct Escrow;

impl DeliveredResults<AccountId> for Escrow {
    fn delivered(job: JobId) -> Option<DeliveredResult<AccountId>> {
        Results::get().get(&job).cloned()
    }

    fn refute(job: JobId, is_proven: bool) -> DispatchResult {
        Results::mutate(|results| results.remove(&job))
            .ok_or(DispatchError::Other("no such result"))?;
        Refuted::mutate(|refuted| refuted.push(job));
        Proven::mutate(|proven| proven.push(is_proven));
        Ok(())
    }
}

pub struct Auditing;

impl Attestations for Auditing {
    fn of(_: JobId) -> Attestation {
        Attested::get()
    }
}

pub struct Catalogue;

impl ModelCatalogue<AccountId> for Catalogue {
    fn terms(_: &ModelId) -> Option<ModelTerms<AccountId>> {
        None
    }

    fn units(_: &ModelId, _: u32, _: u32) -> Option<Units> {
        None
    }

    fn header(model: &ModelId) -> Option<Vec<u8>> {
        Headers::get().get(model).cloned()
    }
}

/// The reward is minted: what a worker's bond is, other tests say.
pub struct Registry;

impl Conviction<AccountId> for Registry {
    fn convict(worker: &AccountId, reward: &AccountId) -> Result<Balance, DispatchError> {
        if ConvictionFails::get() {
            return Err(DispatchError::Other("no such worker"));
        }
        Convicted::mutate(|convicted| convicted.push(*worker));
        Balances::mint_into(reward, REWARD)?;
        Ok(REWARD)
    }

    fn bond(_: &AccountId) -> Balance {
        WorkerBond::get()
    }

    fn total_bond() -> Balance {
        TotalBond::get()
    }
}

impl UnvestedRewards<AccountId> for Registry {
    fn forfeit(worker: &AccountId) {
        Forfeited::mutate(|forfeited| forfeited.push(*worker));
    }
}

pub struct Furnace;

impl Burn<AccountId, RuntimeHoldReason> for Furnace {
    fn burn_held(
        reason: &RuntimeHoldReason,
        who: &AccountId,
        amount: Balance,
        why: BurnReason,
    ) -> DispatchResult {
        assert_eq!(why, BurnReason::LostBond);
        Balances::burn_held(reason, who, amount, Precision::Exact, Fortitude::Force)?;
        Burned::mutate(|burned| *burned += amount);
        Ok(())
    }
}

impl crate::Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Furnace;
    type Results = Escrow;
    type Attestations = Auditing;
    type Models = Catalogue;
    type Workers = Registry;
    type Rewards = Registry;
    type Windows = DisputeWindows;
    type FinalityLags = FinalityLags;
    type Treasury = Treasury;
    type PalletId = RefereePalletId;
    type ChallengeBond = ConstU128<CHALLENGE_BOND>;
    type TraceBond = ConstU128<TRACE_BOND>;
    type BondShare = BondShare;
    type ChunkPrice = ConstU128<CHUNK_PRICE>;
    type MaxStepsPerBlock = ConstU32<32>;
    type FuseAt = ConstU32<3>;
    type FuseShare = FuseShare;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Escrow;
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Escrow {
    fn deliver(header: &[u8], result: DeliveredResult<AccountId>) -> JobId {
        Headers::mutate(|headers| headers.insert(result.model, header.to_vec()));
        Results::mutate(|results| results.insert(1, result));
        1
    }

    fn audited(_: JobId) {}
}

#[cfg(feature = "runtime-benchmarks")]
pub fn benchmark_externalities() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig::default().build_storage().unwrap();
    sp_io::TestExternalities::new(storage)
}

/// Runs a test and checks the state after it.
pub fn execute(test: impl FnOnce()) {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: (1..=20)
                .map(|who| (who, ENDOWMENT))
                .chain([(TREASURY, AIPG)])
                .collect(),
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    FinalityLags::set(false);
    WorkerBond::set(100 * AIPG);
    TotalBond::set(1_000 * AIPG);
    Attested::set(Attestation::None);
    Proven::set(Vec::new());
    Results::set(BTreeMap::new());
    Refuted::set(Vec::new());
    Headers::set(BTreeMap::new());
    Convicted::set(Vec::new());
    Forfeited::set(Vec::new());
    Burned::set(0);
    ConvictionFails::set(false);
    sp_io::TestExternalities::new(storage).execute_with(|| {
        advance(1);
        test();
        Pallet::<Test>::do_try_state().unwrap();
    });
}

/// So many blocks pass.
pub fn advance(blocks: u32) {
    for _ in 0..blocks {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Referee::on_initialize(next);
    }
}

/// Blocks pass until this tick.
pub fn advance_to(tick: u32) {
    while Referee::now() < tick {
        advance(1);
    }
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn on_hold(reason: HoldReason, who: AccountId) -> Balance {
    Balances::balance_on_hold(&reason.into(), &who)
}

/// All that an account has, on hold or not.
pub fn wealth(who: AccountId) -> Balance {
    <Balances as Inspect<_>>::total_balance(&who)
}

/// Takes all that an account may spend.
pub fn empty(who: AccountId) {
    let all = Balances::free_balance(who);
    let _ = Balances::transfer(&who, &TREASURY, all - AIPG, Preservation::Expendable);
}
