//! A runtime with useful work; budget, models and consensus are played by small doubles.

use crate as pallet_useful_work;
use aipg_primitives::*;
use core::cell::{Cell, RefCell};
use frame_support::{
    derive_impl,
    dispatch::DispatchResult,
    traits::{ConstU32, Get, Hooks},
    weights::Weight,
};
use frame_system::EnsureRoot;
use sp_core::H256;
use sp_runtime::BuildStorage;
use std::collections::BTreeMap;

pub type AccountId = u64;

pub const WORKER: AccountId = 2;
pub const OTHER_WORKER: AccountId = 3;
/// κ of this model is twice the credit.
pub const LISTED: ModelId = H256::repeat_byte(1);
/// κ of this model is the default.
pub const UNLISTED: ModelId = H256::repeat_byte(2);
pub const LISTED_CEILING: u32 = 2_000_000;
pub const DEFAULT_CEILING: u32 = 20_000;
pub const INDEX_PRICE: Balance = 10;
pub const DIFFICULTY: Balance = 100_000;
pub const BUDGET_PER_BLOCK: Balance = 30_000;
pub const ROUND: u64 = 10;
/// Rounds of time to claim a reward.
pub const EXPIRY_ROUNDS: u32 = 4;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        UsefulWork: pallet_useful_work,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
}

thread_local! {
    pub static MERITS: RefCell<BTreeMap<AccountId, Merits>> = const { RefCell::new(BTreeMap::new()) };
    pub static EARLY_BLOCKS: Cell<u64> = const { Cell::new(0) };
    pub static PENDING: Cell<Balance> = const { Cell::new(0) };
    pub static RESERVED: Cell<Balance> = const { Cell::new(0) };
    pub static LANE_SHARE: Cell<Balance> = const { Cell::new(0) };
    pub static LANE_ROOM: Cell<Balance> = const { Cell::new(Balance::MAX) };
    pub static LANE_ALLOWANCE: Cell<Balance> = const { Cell::new(0) };
    pub static LAPSED: Cell<Balance> = const { Cell::new(0) };
    pub static PAID: RefCell<Vec<(AccountId, Balance)>> = const { RefCell::new(Vec::new()) };
    pub static CREDITED: RefCell<Vec<(AccountId, Balance)>> = const { RefCell::new(Vec::new()) };
    pub static FROZEN: RefCell<Vec<AccountId>> = const { RefCell::new(Vec::new()) };
    pub static PAY_WORKS: Cell<bool> = const { Cell::new(true) };
    pub static AUTHOR: Cell<Option<AccountId>> = const { Cell::new(Some(1)) };
    pub static RANDOMNESS: Cell<bool> = const { Cell::new(true) };
    pub static AUTHORS_NEEDED: Cell<u32> = const { Cell::new(2) };
    pub static IDLE_WEIGHT: Cell<Weight> = const { Cell::new(Weight::MAX) };
}

/// A budget with the books of the real one.
pub struct Budget;

impl WorkBudget<AccountId> for Budget {
    fn pending() -> Balance {
        PENDING.get()
    }

    fn reserved() -> Balance {
        RESERVED.get()
    }

    fn allocate(amount: Balance) -> Balance {
        let pending = PENDING.take();
        let reserved = amount.min(pending);
        RESERVED.set(RESERVED.get() + reserved);
        LAPSED.set(LAPSED.get() + pending - reserved);
        reserved
    }

    fn pay(who: &AccountId, amount: Balance) -> DispatchResult {
        if !PAY_WORKS.get() || amount > RESERVED.get() {
            return Err("the budget does not pay".into());
        }
        RESERVED.set(RESERVED.get() - amount);
        PAID.with_borrow_mut(|paid| paid.push((*who, amount)));
        Ok(())
    }

    fn lapse(amount: Balance) {
        RESERVED.set(
            RESERVED
                .get()
                .checked_sub(amount)
                .expect("only what is reserved lapses"),
        );
        LAPSED.set(LAPSED.get() + amount);
    }
}

/// A lane that takes a share in millionths, up to so much.
pub struct Lane;

impl BootstrapLane for Lane {
    fn share_of(budget: Balance) -> Balance {
        budget * LANE_SHARE.get() / 1_000_000
    }

    fn grant(share: Balance) -> Balance {
        let room = LANE_ROOM.get().saturating_sub(LANE_ALLOWANCE.get());
        let granted = share.min(room);
        LANE_ALLOWANCE.set(LANE_ALLOWANCE.get() + granted);
        granted
    }

    fn allowance() -> Balance {
        LANE_ALLOWANCE.get()
    }
}

/// What tests say is frozen.
pub struct Ice;

impl Freezes<AccountId> for Ice {
    fn holds(worker: &AccountId) -> bool {
        FROZEN.with_borrow(|frozen| frozen.contains(worker))
    }
}

/// Keeps what it is told.
pub struct Watch;

impl CreditWatch<AccountId> for Watch {
    fn credited(account: &AccountId, credit: Balance) {
        CREDITED.with_borrow_mut(|credited| credited.push((*account, credit)));
    }
}

/// What tests say of workers.
pub struct Merited;

impl MeritsOf<AccountId> for Merited {
    fn merits_of(worker: &AccountId) -> Merits {
        MERITS.with_borrow(|merits| merits.get(worker).copied().unwrap_or_default())
    }
}

pub struct EarlyBlocks;

impl Get<u64> for EarlyBlocks {
    fn get() -> u64 {
        EARLY_BLOCKS.get()
    }
}

/// A different output for every block.
pub struct Randomness;

impl Get<Option<H256>> for Randomness {
    fn get() -> Option<H256> {
        let height = System::block_number();
        RANDOMNESS
            .get()
            .then(|| H256::from_low_u64_be(1_000 + height))
    }
}

pub struct Author;

impl Get<Option<AccountId>> for Author {
    fn get() -> Option<AccountId> {
        AUTHOR.get()
    }
}

pub struct AuthorsNeeded;

impl Get<u32> for AuthorsNeeded {
    fn get() -> u32 {
        AUTHORS_NEEDED.get()
    }
}

impl pallet_useful_work::Config for Test {
    type Budget = Budget;
    type Lane = Lane;
    type Freezes = Ice;
    type CreditWatch = Watch;
    type Merits = Merited;
    type EarlyBlocks = EarlyBlocks;
    type BlockRandomness = Randomness;
    type BlockAuthor = Author;
    type BeaconBlocks = ConstU32<2>;
    type BeaconAuthors = AuthorsNeeded;
    type AuditBeaconBlocks = ConstU32<4>;
    type AuditBeaconAuthors = ConstU32<2>;
    type RoundBlocks = ConstU32<{ ROUND as u32 }>;
    type ExpiryRounds = ConstU32<EXPIRY_ROUNDS>;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Helper {
    fn produce_output() {
        AUTHOR.set(Some(1));
        RANDOMNESS.set(true);
    }

    fn add_budget(amount: Balance) {
        PENDING.set(PENDING.get() + amount);
    }
}

/// A state without genesis, inside block 1.
#[cfg(feature = "runtime-benchmarks")]
pub fn benchmark_state() -> sp_io::TestExternalities {
    PAY_WORKS.set(true);
    let mut state = sp_io::TestExternalities::default();
    state.execute_with(|| System::set_block_number(1));
    state
}

/// Runs a test in a fresh state inside block 1, and checks the state afterwards.
pub fn execute(test: impl FnOnce()) {
    PENDING.set(0);
    RESERVED.set(0);
    LAPSED.set(0);
    LANE_SHARE.set(0);
    LANE_ROOM.set(Balance::MAX);
    LANE_ALLOWANCE.set(0);
    PAID.with_borrow_mut(Vec::clear);
    PAY_WORKS.set(true);
    FROZEN.with_borrow_mut(Vec::clear);
    CREDITED.with_borrow_mut(Vec::clear);
    AUTHOR.set(Some(1));
    RANDOMNESS.set(true);
    AUTHORS_NEEDED.set(2);
    IDLE_WEIGHT.set(Weight::MAX);
    MERITS.with_borrow_mut(BTreeMap::clear);
    EARLY_BLOCKS.set(0);
    let storage = RuntimeGenesisConfig {
        useful_work: pallet_useful_work::GenesisConfig {
            index_price: INDEX_PRICE,
            difficulty: DIFFICULTY,
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis of the mock is valid");
    sp_io::TestExternalities::from(storage).execute_with(|| {
        begin(1);
        test();
        UsefulWork::do_try_state().expect("the state holds together");
    });
}

fn begin(height: u64) {
    System::set_block_number(height);
    PENDING.set(PENDING.get() + BUDGET_PER_BLOCK);
    UsefulWork::on_initialize(height);
}

/// Ends the current block and goes on to the inside of block `height`.
pub fn run_to(height: u64) {
    while System::block_number() < height {
        let now = System::block_number();
        let idle = IDLE_WEIGHT.get();
        assert!(UsefulWork::on_idle(now, idle).all_lte(idle));
        UsefulWork::on_finalize(now);
        UsefulWork::do_try_state().expect("the state holds together");
        begin(now + 1);
    }
}

/// A settled job.
pub fn job(worker: AccountId, model: ModelId, units: Units, ask: Balance) -> SettledJob<AccountId> {
    SettledJob {
        job: 5,
        worker,
        requester: 1,
        model,
        class: TrustClass::Exact,
        units,
        ask,
        fee: Balance::from(units) * ask,
        mint_ceiling: if model == LISTED {
            LISTED_CEILING
        } else {
            DEFAULT_CEILING
        },
        is_subsidised: false,
    }
}

/// Events of the pallet, oldest first.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::UsefulWork(event) => Some(event),
            _ => None,
        })
        .collect()
}

/// What was paid so far.
pub fn paid() -> Vec<(AccountId, Balance)> {
    PAID.with_borrow(Clone::clone)
}
