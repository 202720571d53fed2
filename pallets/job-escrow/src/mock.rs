//! A runtime with balances and the escrow; the other pallets' traits are played by small doubles
//! that tests can steer.

use crate as pallet_job_escrow;
use aipg_primitives::*;
use core::cell::{Cell, RefCell};
use frame_support::{
    derive_impl,
    dispatch::DispatchResult,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
        ConstU128, ConstU32, Contains, Equals, Get, Hooks,
    },
    weights::Weight,
};
use sp_core::H256;
use sp_runtime::{BuildStorage, Permill};

pub type AccountId = u64;

pub const REQUESTER: AccountId = 1;
pub const WORKER: AccountId = 2;
pub const OTHER_WORKER: AccountId = 3;
pub const CREATOR: AccountId = 4;
pub const REFERRER: AccountId = 5;
pub const TREASURY: AccountId = 6;
pub const STAKERS: AccountId = 7;
/// Pays public jobs.
pub const LANE: AccountId = 8;
/// Has nothing.
pub const STRANGER: AccountId = 9;

pub const DEPOSIT: Balance = 10;
pub const ENDOWMENT: Balance = 1_000_000;
pub const MODEL: ModelId = H256::repeat_byte(1);
pub const RETIRED: ModelId = H256::repeat_byte(2);
/// Makes pictures of so many tokens.
pub const PICTURES: ModelId = H256::repeat_byte(3);
pub const PICTURE_LENGTH: u32 = 27;
pub const FLOOR: Balance = 10;
pub const ASK: Balance = 12;
pub const CONTEXT: u32 = 64;
pub const VOCABULARY: u32 = 100;
pub const CLAIM_WINDOW: u64 = 5;
pub const RUN_WINDOW: u64 = 7;
pub const CHALLENGE_WINDOW: u64 = 9;
pub const MAX_DEADLINE: u64 = 1_000;
pub const BEACON_DELAY: u64 = 2;
pub const LATE_BEACON_DELAY: u64 = 6;
pub const PROGRESS_WINDOW: u64 = 4;
/// κ of models that are not listed, in millionths.
pub const DEFAULT_CEILING: u32 = 20_000;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        JobEscrow: pallet_job_escrow,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<DEPOSIT>;
    type AccountStore = System;
    type RuntimeHoldReason = RuntimeHoldReason;
}

thread_local! {
    /// Workers that the next draws give, in turn; empty: nobody fits.
    pub static DRAWS: RefCell<Vec<AccountId>> = const { RefCell::new(Vec::new()) };
    /// What the directory was asked.
    pub static REQUESTS: RefCell<Vec<DrawRequest>> = const { RefCell::new(Vec::new()) };
    /// What the directory was told of workers.
    /// The part of its time that each result took.
    pub static TOOK: RefCell<Vec<Option<Permill>>> = const { RefCell::new(Vec::new()) };
    pub static REPORTS: RefCell<Vec<(AccountId, Report)>> = const { RefCell::new(Vec::new()) };
    pub static BEACON_WORKS: Cell<bool> = const { Cell::new(true) };
    pub static GATE_OPEN: Cell<bool> = const { Cell::new(true) };
    pub static IS_VOID: Cell<bool> = const { Cell::new(false) };
    pub static IS_AUDITED: Cell<bool> = const { Cell::new(false) };
    /// Whether draws pass over nobody.
    pub static IS_OPEN: Cell<bool> = const { Cell::new(true) };
    /// The progress window; longer than any job at first.
    pub static CONTEXT_LIMIT: Cell<u32> = const { Cell::new(CONTEXT) };
    pub static PROGRESS: Cell<u64> = const { Cell::new(MAX_DEADLINE) };
    pub static STEPS_WEIGHT: Cell<Weight> = const { Cell::new(Weight::MAX) };
    /// Whom the draws were to avoid.
    pub static AVOIDED: RefCell<Vec<Vec<AccountId>>> = const { RefCell::new(Vec::new()) };
    /// What governance has listed the model with.
    pub static LISTED: Cell<Option<u32>> = const { Cell::new(None) };
    /// What workers got at most for results that were paid or refuted.
    pub static PAYOUTS: RefCell<Vec<Balance>> = const { RefCell::new(Vec::new()) };
    pub static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
    pub static TICK: Cell<Tick> = const { Cell::new(0) };
    /// What the gate was asked.
    pub static ASKED: RefCell<Vec<(JobId, Tick)>> = const { RefCell::new(Vec::new()) };
    pub static BURN_WORKS: Cell<bool> = const { Cell::new(true) };
    pub static RECEIPTS_WORK: Cell<bool> = const { Cell::new(true) };
    /// The receipts that were kept, oldest first.
    pub static RECEIPTS: RefCell<Vec<Receipt<AccountId, u64>>> = const { RefCell::new(Vec::new()) };
    pub static SETTLED: RefCell<Vec<SettledJob<AccountId>>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    Completed,
    Settled,
    Released,
    Failed(Fault),
    Lapsed(Fault),
}

pub struct Directory;

impl WorkerDirectory<AccountId> for Directory {
    fn draw(request: &DrawRequest, avoid: &[AccountId]) -> Result<Drawn<AccountId>, NobodyDrawn> {
        AVOIDED.with_borrow_mut(|avoided| avoided.push(avoid.to_vec()));
        REQUESTS.with_borrow_mut(|requests| requests.push(request.clone()));
        DRAWS
            .with_borrow_mut(|draws| {
                (!draws.is_empty()).then(|| Drawn {
                    worker: draws.remove(0),
                    ask: ASK,
                    payout: payout_at_most(
                        Balance::from(request.units) * ASK,
                        request.mint_ceiling,
                    ),
                    is_open: IS_OPEN.get(),
                })
            })
            .inspect(|drawn| stand_for(&drawn.worker, drawn.payout, 0))
            .ok_or(NobodyDrawn {
                is_open: IS_OPEN.get(),
            })
    }

    fn completed(worker: &AccountId, drawn: Balance, payout: Balance, took: Option<Permill>) {
        report(worker, Report::Completed);
        TOOK.with_borrow_mut(|parts| parts.push(took));
        stand_for(worker, payout, drawn);
    }

    fn settled(worker: &AccountId, payout: Balance, is_paid: bool) {
        report(worker, Report::Settled);
        stand_for(worker, 0, payout);
        PAYOUTS.with_borrow_mut(|payouts| payouts.push(if is_paid { payout } else { 0 }));
    }

    fn released(worker: &AccountId, payout: Balance) {
        report(worker, Report::Released);
        stand_for(worker, 0, payout);
    }

    fn failed(worker: &AccountId, payout: Balance, fault: Fault) {
        report(worker, Report::Failed(fault));
        stand_for(worker, 0, payout);
    }

    fn lapsed(worker: &AccountId, payout: Balance, fault: Fault) {
        report(worker, Report::Lapsed(fault));
        stand_for(worker, 0, payout);
    }

    fn exposed(worker: &AccountId) -> Balance {
        Exposed::get(worker)
    }
}

fn report(worker: &AccountId, report: Report) {
    REPORTS.with_borrow_mut(|reports| reports.push((*worker, report)));
}

/// What the bond of each worker stands for; in the state, so that what is undone is undone here too.
#[frame_support::storage_alias]
type Exposed = StorageMap<
    Directory,
    frame_support::Twox64Concat,
    AccountId,
    Balance,
    frame_support::pallet_prelude::ValueQuery,
>;

/// Adds a payout to those that the bond of a worker stands for, and takes another away.
fn stand_for(worker: &AccountId, more: Balance, less: Balance) {
    Exposed::mutate(worker, |exposed| {
        *exposed = (*exposed + more)
            .checked_sub(less)
            .expect("it stood for this");
    });
}

pub struct Catalogue;

impl ModelCatalogue<AccountId> for Catalogue {
    fn terms(model: &ModelId) -> Option<ModelTerms<AccountId>> {
        (*model == MODEL || *model == PICTURES).then_some(ModelTerms {
            class: TrustClass::Exact,
            price_floor: FLOOR,
            creator: Some(CREATOR),
            mint_ceiling: LISTED.get(),
            vocabulary: VOCABULARY,
            max_context: CONTEXT,
        })
    }

    fn units(model: &ModelId, prompt: u32, output: u32) -> Option<Units> {
        if *model == PICTURES && output != PICTURE_LENGTH {
            return None;
        }
        let known = [MODEL, RETIRED, PICTURES].contains(model);
        (known && prompt > 0 && output > 0 && prompt.checked_add(output)? <= CONTEXT_LIMIT.get())
            .then(|| u64::from(prompt + output))
    }

    fn header(_: &ModelId) -> Option<Vec<u8>> {
        None
    }

    fn picture_length(model: &ModelId) -> Option<u32> {
        (*model == PICTURES).then_some(PICTURE_LENGTH)
    }
}

pub struct FixedBeacon;

impl Beacon<u64> for FixedBeacon {
    fn beacon(height: u64) -> Option<H256> {
        let complete = System::block_number() >= height + BEACON_DELAY;
        (BEACON_WORKS.get() && complete).then(|| H256::from_low_u64_be(height))
    }

    fn delay() -> u64 {
        BEACON_DELAY
    }
}

/// That of jobs on which more is minted.
pub struct LateBeacon;

impl Beacon<u64> for LateBeacon {
    fn beacon(height: u64) -> Option<H256> {
        let complete = System::block_number() >= height + LATE_BEACON_DELAY;
        (BEACON_WORKS.get() && complete).then(|| H256::from_low_u64_be(1_000_000 + height))
    }

    fn delay() -> u64 {
        LATE_BEACON_DELAY
    }
}

pub struct FixedWindows;

impl Windows<u64> for FixedWindows {
    fn claim() -> u64 {
        CLAIM_WINDOW
    }

    fn run(_: Units) -> u64 {
        RUN_WINDOW
    }

    fn progress() -> u64 {
        PROGRESS.get()
    }

    fn challenge() -> u64 {
        CHALLENGE_WINDOW
    }

    fn unbonding() -> u64 {
        1
    }

    fn max_deadline() -> u64 {
        MAX_DEADLINE
    }
}

pub struct Burner;

impl Burn<AccountId, RuntimeHoldReason> for Burner {
    fn burn_held(
        reason: &RuntimeHoldReason,
        who: &AccountId,
        amount: Balance,
        _: BurnReason,
    ) -> DispatchResult {
        if !BURN_WORKS.get() {
            return Err("burning is out of order".into());
        }
        Balances::burn_held(reason, who, amount, Precision::Exact, Fortitude::Polite).map(|_| ())
    }
}

pub struct Gate;

impl SettlementGate for Gate {
    fn tick() -> Tick {
        TICK.get()
    }

    fn may_settle(job: JobId, delivered: Tick) -> bool {
        ASKED.with_borrow_mut(|asked| asked.push((job, delivered)));
        GATE_OPEN.get()
    }

    fn is_audited(_: JobId) -> bool {
        IS_AUDITED.get()
    }

    fn is_void(_: JobId) -> bool {
        IS_VOID.get()
    }
}

/// What the watch was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Delivered(JobId, AccountId, Balance),
    Fell(JobId, bool),
}

pub struct Watch;

impl ResultWatch<AccountId> for Watch {
    fn delivered(job: JobId, worker: &AccountId, payout: Balance) {
        SEEN.with_borrow_mut(|seen| seen.push(Seen::Delivered(job, *worker, payout)));
    }

    fn fell(job: JobId, is_proven: bool) {
        SEEN.with_borrow_mut(|seen| seen.push(Seen::Fell(job, is_proven)));
    }
}

pub struct Receipts;

impl ReceiptLog<AccountId, u64> for Receipts {
    fn append(receipt: &Receipt<AccountId, u64>) -> DispatchResult {
        if !RECEIPTS_WORK.get() {
            return Err("the round is full".into());
        }
        RECEIPTS.with_borrow_mut(|receipts| receipts.push(receipt.clone()));
        Ok(())
    }
}

pub struct Ledger;

impl OnSettled<AccountId> for Ledger {
    fn on_settled(job: &SettledJob<AccountId>) {
        SETTLED.with_borrow_mut(|jobs| jobs.push(job.clone()));
    }
}

pub struct StepsWeight;

impl Get<Weight> for StepsWeight {
    fn get() -> Weight {
        STEPS_WEIGHT.get()
    }
}

frame_support::parameter_types! {
    pub const Split: FeeSplit = FeeSplit::STANDARD;
    pub const Charge: Permill = Permill::from_percent(2);
    pub const TreasuryAccount: AccountId = TREASURY;
    pub const StakersAccount: AccountId = STAKERS;
    pub const LaneAccount: AccountId = LANE;
}

/// The lane and the treasury.
pub struct Subsidised;

impl Contains<AccountId> for Subsidised {
    fn contains(account: &AccountId) -> bool {
        [LANE, TREASURY].contains(account)
    }
}

impl pallet_job_escrow::Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Burner;
    type Models = Catalogue;
    type Workers = Directory;
    type Beacon = FixedBeacon;
    type StrongBeacon = LateBeacon;
    type Windows = FixedWindows;
    type Gate = Gate;
    type OnSettled = Ledger;
    type Watch = Watch;
    type Receipts = Receipts;
    type Treasury = TreasuryAccount;
    type StakersPot = StakersAccount;
    type FeeSplit = Split;
    type DefaultMintCeiling = ConstU32<DEFAULT_CEILING>;
    type InputMissCharge = Charge;
    type Subsidised = Subsidised;
    type PublicRequesters = Equals<LaneAccount>;
    type StepsWeight = StepsWeight;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId, u64> for Helper {
    fn model_with_candidates(_: u32) -> ModelId {
        next_draw(WORKER);
        MODEL
    }

    fn machine(_: &AccountId) {}

    fn complete_beacon(anchor: u64) -> u64 {
        anchor + BEACON_DELAY
    }

    fn earlier_credit(_: &AccountId) {}

    fn auditor() {}

    fn audited(_: JobId) {}

    fn nearly_full_round() {}

    fn let_the_window_pass() {}
}

/// A state without genesis, inside block 1.
#[cfg(feature = "runtime-benchmarks")]
pub fn benchmark_state() -> sp_io::TestExternalities {
    let mut state = sp_io::TestExternalities::default();
    state.execute_with(|| System::set_block_number(1));
    state
}

/// Runs a test in a fresh state at block 1, and checks the state afterwards.
pub fn execute(test: impl FnOnce()) {
    DRAWS.with_borrow_mut(Vec::clear);
    REQUESTS.with_borrow_mut(Vec::clear);
    REPORTS.with_borrow_mut(Vec::clear);
    AVOIDED.with_borrow_mut(Vec::clear);
    TOOK.with_borrow_mut(Vec::clear);
    SETTLED.with_borrow_mut(Vec::clear);
    RECEIPTS.with_borrow_mut(Vec::clear);
    ASKED.with_borrow_mut(Vec::clear);
    RECEIPTS_WORK.set(true);
    BEACON_WORKS.set(true);
    TICK.set(0);
    GATE_OPEN.set(true);
    IS_VOID.set(false);
    IS_AUDITED.set(false);
    IS_OPEN.set(true);
    LISTED.set(None);
    CONTEXT_LIMIT.set(CONTEXT);
    PROGRESS.set(MAX_DEADLINE);
    STEPS_WEIGHT.set(Weight::MAX);
    SEEN.with_borrow_mut(Vec::clear);
    PAYOUTS.with_borrow_mut(Vec::clear);
    BURN_WORKS.set(true);
    let accounts = [
        REQUESTER,
        WORKER,
        OTHER_WORKER,
        CREATOR,
        REFERRER,
        TREASURY,
        STAKERS,
        LANE,
    ];
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: accounts
                .iter()
                .map(|account| (*account, ENDOWMENT))
                .collect(),
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis of the mock is valid");
    let mut state = sp_io::TestExternalities::from(storage);
    state.execute_with(|| {
        run_to(1);
        test();
        JobEscrow::do_try_state().expect("the state holds together");
    });
}

/// Goes on to the start of block `height`.
pub fn run_to(height: u64) {
    while System::block_number() < height {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        JobEscrow::on_initialize(next);
        JobEscrow::do_try_state().expect("the state holds together");
    }
}

/// The next draw gives `worker`.
pub fn next_draw(worker: AccountId) {
    DRAWS.with_borrow_mut(|draws| draws.push(worker));
}

/// What an account has on hold for jobs.
pub fn held(account: AccountId) -> Balance {
    use frame_support::traits::fungible::InspectHold;
    Balances::balance_on_hold(&crate::HoldReason::JobPrice.into(), &account)
}

/// Events of the escrow, oldest first.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::JobEscrow(event) => Some(event),
            _ => None,
        })
        .collect()
}
