//! A runtime with balances and this pallet; beacons, histories and payments are the tests'.

use crate::{
    types::{AuditWindows, DrawProof, Stage},
    *,
};
use aipg_primitives::{
    AuditHistory, AuditPay, Balance, Beacon, Burn, BurnReason, CheckedMachines, JobId, OnSettled,
    ResultWatch, SettledJob, Tick, TrustClass, AIPG,
};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
        ConstU128, ConstU32, ConstU64, ConstU8, Hooks,
    },
    weights::Weight,
};
use sp_core::{crypto::VrfSecret, sr25519::Pair, Pair as _, H256};
use sp_runtime::{BuildStorage, DispatchResult, Permill};

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Auditing: crate,
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
}

pub const MINIMUM_BOND: Balance = 100 * AIPG;
/// Blocks from a delivery to the draw.
pub const BEACON_DELAY: u64 = 2;
pub const KEY_DELAY: u64 = 5;
pub const UNBONDING: u64 = 50;
pub const COMMIT: Tick = 4;
pub const ATTEST: Tick = 3;
pub const REVEAL: Tick = 5;
/// Enough for two draws.
pub const WITHIN: Tick = 30;
pub const MAX_AUDITORS: u32 = 3;
pub const MAX_DRAWS: u8 = 3;
pub const WORKER: AccountId = 1;
/// Balance of each of the accounts 1 to 20 at the start.
pub const ENDOWMENT: Balance = 1_000 * AIPG;

parameter_types! {
    /// What a block may take for steps.
    pub static StepsWeight: Weight = Weight::MAX;
    pub const Windows: AuditWindows = AuditWindows {
        commit: COMMIT,
        attest: ATTEST,
        reveal: REVEAL,
        within: WITHIN,
    };
    pub static Ticks: Tick = 0;
    /// No tick passes with a block.
    pub static FinalityLags: bool = false;
    pub static DrawDelay: u64 = BEACON_DELAY;
    /// The beacons of all blocks from this one on never come.
    pub static NoBeaconFrom: u64 = u64::MAX;
    pub static Chance: Permill = Permill::one();
    pub static Passed: Vec<AccountId> = Vec::new();
    /// Who was paid for which job, with what chance and how many others.
    pub static Paid: Vec<(AccountId, JobId, Permill, u32)> = Vec::new();
    pub static Burned: Balance = 0;
}

pub struct Blocks;

impl Beacon<u64> for Blocks {
    fn beacon(height: u64) -> Option<H256> {
        let complete = height + DrawDelay::get() <= System::block_number();
        (complete && height < NoBeaconFrom::get()).then(|| H256::from_low_u64_be(height + 1))
    }

    fn delay() -> u64 {
        DrawDelay::get()
    }
}

pub struct Registry;

impl AuditHistory<AccountId> for Registry {
    fn chance(_: &AccountId, _: Balance) -> Permill {
        Chance::get()
    }
}

impl CheckedMachines<AccountId> for Registry {
    fn passed(worker: &AccountId) {
        Passed::mutate(|passed| passed.push(*worker));
    }
}

impl AuditPay<AccountId> for Registry {
    fn pay(auditor: &AccountId, job: &SettledJob<AccountId>, chance: Permill, expected: u32) {
        Paid::mutate(|paid| paid.push((*auditor, job.job, chance, expected)));
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
        assert_eq!(why, BurnReason::AuditFault);
        Balances::burn_held(reason, who, amount, Precision::Exact, Fortitude::Force)?;
        Burned::mutate(|burned| *burned += amount);
        Ok(())
    }
}

impl crate::Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Furnace;
    type Beacon = Blocks;
    type Tick = Ticks;
    type History = Registry;
    type Pay = Registry;
    type Windows = Windows;
    type ExpectedAuditors = ConstU32<2>;
    type MaxAuditors = ConstU32<MAX_AUDITORS>;
    type MaxDraws = ConstU8<MAX_DRAWS>;
    type MinimumBond = ConstU128<MINIMUM_BOND>;
    type KeyDelay = ConstU64<KEY_DELAY>;
    type Unbonding = ConstU64<UNBONDING>;
    type StepsWeight = StepsWeight;
    type WeightInfo = ();
}

/// The state in which the benchmarks run.
#[cfg(feature = "runtime-benchmarks")]
pub fn fresh() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig::default().build_storage().unwrap();
    sp_io::TestExternalities::new(storage)
}

/// Runs a test and checks the state after it.
pub fn execute(test: impl FnOnce()) {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: (1..=20).map(|who| (who, ENDOWMENT)).collect(),
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    Ticks::set(0);
    StepsWeight::set(Weight::MAX);
    FinalityLags::set(false);
    DrawDelay::set(BEACON_DELAY);
    NoBeaconFrom::set(u64::MAX);
    Chance::set(Permill::one());
    Passed::set(Vec::new());
    Paid::set(Vec::new());
    Burned::set(0);
    sp_io::TestExternalities::new(storage).execute_with(|| {
        advance(1);
        test();
        Pallet::<Test>::do_try_state().unwrap();
    });
}

/// So many blocks pass.
pub fn advance(blocks: u64) {
    for _ in 0..blocks {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        if !FinalityLags::get() {
            Ticks::mutate(|ticks| *ticks += 1);
        }
        Auditing::on_initialize(next);
        Pallet::<Test>::do_try_state().unwrap();
    }
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// The key of an auditor.
pub fn pair(who: AccountId) -> Pair {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&who.to_le_bytes());
    Pair::from_seed(&seed)
}

/// Registers an auditor with this bond.
pub fn register(who: AccountId, bond: Balance) -> DispatchResult {
    Auditing::register(signed(who), pair(who).public(), bond)
}

/// So many auditors with the same bond, 2, 3, …, whose keys can be drawn.
pub fn auditors(count: u64) {
    for who in 2..2 + count {
        register(who, MINIMUM_BOND).unwrap();
    }
    advance(KEY_DELAY);
}

/// A worker delivers a result.
pub fn deliver(job: JobId) {
    Auditing::delivered(job, &WORKER, 5);
}

/// A result whose auditors can commit.
pub fn drawn(job: JobId) -> H256 {
    deliver(job);
    advance(BEACON_DELAY);
    seed_of(job)
}

pub fn stage_of(job: JobId) -> Option<Stage<u64>> {
    crate::Audits::<Test>::get(job).map(|audit| audit.stage)
}

pub fn seed_of(job: JobId) -> H256 {
    match stage_of(job) {
        Some(Stage::Committing { seed, .. }) => seed,
        other => panic!("nobody is drawn at {other:?}"),
    }
}

/// What an auditor signs for a seed.
pub fn proof(who: AccountId, seed: H256) -> DrawProof {
    pair(who).vrf_sign(&sign_data(&seed)).into()
}

pub fn salt(who: AccountId) -> H256 {
    H256::from_low_u64_be(1_000 + who)
}

pub fn committed(who: AccountId, job: JobId, root: H256) -> H256 {
    commitment(job, &codec::Encode::encode(&who), salt(who), root)
}

/// An auditor commits to a root.
pub fn commit(who: AccountId, job: JobId, root: H256) -> DispatchResult {
    let hash = committed(who, job, root);
    Auditing::commit(signed(who), job, proof(who, seed_of(job)), hash)
}

pub fn reveal(who: AccountId, job: JobId, root: H256) -> DispatchResult {
    Auditing::reveal(signed(who), job, salt(who), root)
}

/// The result is paid.
pub fn settle(job: JobId) {
    Auditing::on_settled(&SettledJob {
        job,
        worker: WORKER,
        requester: 20,
        model: H256::zero(),
        class: TrustClass::Exact,
        units: 5,
        ask: 1,
        fee: 5,
        mint_ceiling: 0,
        is_subsidised: false,
    });
}

pub fn events() -> Vec<Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Auditing(event) => Some(event),
            _ => None,
        })
        .collect()
}
