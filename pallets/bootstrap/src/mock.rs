//! A runtime with balances and this pallet; budget, models, jobs and machines are the tests'.

use crate::{types::*, *};
use aipg_primitives::*;
use frame_support::{
    derive_impl, parameter_types, storage_alias,
    traits::{
        fungible::{Inspect, InspectHold, Mutate, MutateHold},
        tokens::{Fortitude, Precision, Preservation},
        ConstU128, Hooks,
    },
    BoundedVec, PalletId, Twox64Concat,
};
use frame_system::EnsureRoot;
use sp_core::H256;
use sp_runtime::{
    traits::{BlakeTwo256, Hash, IdentityLookup},
    BuildStorage, DispatchError, DispatchResult,
};

pub type AccountId = u64;

pub const WORKER: AccountId = 1;
pub const DEPOSIT: Balance = 10;
pub const FLOOR: Balance = 3;
/// Units of a job are its tokens.
pub const PRICE: Balance = (PROMPT_TOKENS + OUTPUT_TOKENS) as Balance * FLOOR * PRICE_FACTOR;
pub const VOCABULARY: u32 = 272;
pub const BEACON_DELAY: u64 = 2;
pub const HALVING: u64 = 1_000;
/// 1 % at first.
pub const FIRST_SHARE: u32 = 10_000;
/// Rounds that the allowance is capped to.
pub const ROUNDS: u32 = 5;

/// Stands for the escrow's hold.
#[frame_support::pallet]
pub mod pallet_holder {
    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    #[pallet::composite_enum]
    pub enum HoldReason {
        Job,
    }
}

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Holder: pallet_holder,
        Bootstrap: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<DEPOSIT>;
    type AccountStore = System;
    type RuntimeHoldReason = RuntimeHoldReason;
}

impl pallet_holder::Config for Test {}

parameter_types! {
    pub const LanePallet: PalletId = PalletId(*b"aipg/btp");
    pub const AllowanceRounds: u32 = ROUNDS;
    pub static Share: u32 = FIRST_SHARE;
    pub static HalvingBlocks: u64 = HALVING;
    pub static BeaconWorks: bool = true;
    /// Beacons that differ from run to run.
    pub static Salt: u64 = 0;
    pub static ActiveModels: Vec<ModelId> = Vec::new();
    /// Models that machines with verified power serve.
    pub static Served: Vec<ModelId> = Vec::new();
    /// Output tokens of the second model, if it makes pictures.
    pub static Picture: Option<u32> = None;
    pub static JobsAreTaken: bool = true;
    /// Paid to workers so far.
    pub static Paid: Balance = 0;
}

pub fn model(name: u8) -> ModelId {
    H256::repeat_byte(name)
}

/// The reserved budget, and what came of it: in the state, so that what is undone is undone here too.
#[storage_alias]
pub type Reserved = StorageValue<Budget, Balance, frame_support::pallet_prelude::ValueQuery>;
#[storage_alias]
pub type Minted = StorageValue<Budget, Balance, frame_support::pallet_prelude::ValueQuery>;
#[storage_alias]
pub type Lapsed = StorageValue<Budget, Balance, frame_support::pallet_prelude::ValueQuery>;
#[storage_alias]
pub type Burned = StorageValue<Budget, Balance, frame_support::pallet_prelude::ValueQuery>;

pub struct Budget;

impl LaneBudget<AccountId> for Budget {
    fn reserved() -> Balance {
        Reserved::get()
    }

    fn fund(lane: &AccountId, amount: Balance) -> DispatchResult {
        let left = Reserved::get().checked_sub(amount).ok_or("not reserved")?;
        Balances::mint_into(lane, amount)?;
        Reserved::put(left);
        Minted::mutate(|minted| *minted += amount);
        Ok(())
    }

    fn lapse(amount: Balance) {
        Reserved::mutate(|reserved| *reserved = reserved.checked_sub(amount).expect("reserved"));
        Lapsed::mutate(|lapsed| *lapsed += amount);
    }

    fn burn_rest(lane: &AccountId) -> Result<Balance, DispatchError> {
        let (all, polite) = (Preservation::Expendable, Fortitude::Polite);
        let amount = Balances::reducible_balance(lane, all, polite);
        let burned = Balances::burn_from(lane, amount, all, Precision::Exact, polite)?;
        Burned::mutate(|total| *total += burned);
        Ok(burned)
    }
}

pub struct Catalogue;

impl ModelCatalogue<AccountId> for Catalogue {
    fn terms(model: &ModelId) -> Option<ModelTerms<AccountId>> {
        ActiveModels::get().contains(model).then_some(ModelTerms {
            class: TrustClass::Exact,
            price_floor: FLOOR,
            creator: None,
            mint_ceiling: None,
            vocabulary: VOCABULARY,
            max_context: 64,
        })
    }

    fn units(_: &ModelId, prompt: u32, output: u32) -> Option<Units> {
        Some(u64::from(prompt + output))
    }

    fn header(_: &ModelId) -> Option<Vec<u8>> {
        None
    }

    fn picture_length(of: &ModelId) -> Option<u32> {
        Picture::get().filter(|_| *of == model(2))
    }
}

pub struct Machines;

impl MeasuredCapacity for Machines {
    fn serves_measured(model: &ModelId) -> bool {
        Served::get().contains(model)
    }
}

pub struct Blocks;

/// The beacon of a block.
pub fn beacon_of(height: u64) -> H256 {
    BlakeTwo256::hash_of(&(height, Salt::get()))
}

impl Beacon<u64> for Blocks {
    fn beacon(height: u64) -> Option<H256> {
        let complete = height + BEACON_DELAY <= System::block_number();
        (complete && BeaconWorks::get()).then(|| beacon_of(height))
    }

    fn delay() -> u64 {
        BEACON_DELAY
    }
}

/// A job as the double of the escrow keeps it.
#[derive(Clone, Debug, PartialEq, Eq, codec::Encode, codec::Decode)]
pub struct Kept {
    pub model: ModelId,
    pub input: TokenList,
    pub price: Balance,
    pub is_answered: bool,
}

#[storage_alias]
pub type Live = StorageMap<Escrow, Twox64Concat, JobId, Kept>;
#[storage_alias]
pub type NextJob = StorageValue<Escrow, JobId, frame_support::pallet_prelude::ValueQuery>;

pub struct Escrow;

fn reason() -> RuntimeHoldReason {
    pallet_holder::HoldReason::Job.into()
}

impl PublicJobs<AccountId> for Escrow {
    fn least_price(model: &ModelId, prompt: u32, output: u32) -> Option<Balance> {
        Catalogue::terms(model)?;
        Some(Balance::from(prompt + output) * FLOOR)
    }

    fn submit(job: PublicJob<AccountId>) -> Result<JobId, DispatchError> {
        assert_eq!(job.requester, Bootstrap::account());
        let length = Catalogue::picture_length(&job.model).unwrap_or(OUTPUT_TOKENS);
        assert_eq!(job.max_output, length);
        Balances::hold(&reason(), &job.requester, job.max_price)?;
        if !JobsAreTaken::get() {
            return Err("no jobs today".into());
        }
        let id = NextJob::mutate(|next| {
            // Others submit jobs, too.
            *next += 3;
            *next
        });
        Live::insert(
            id,
            Kept {
                model: job.model,
                input: job.input,
                price: job.max_price,
                is_answered: false,
            },
        );
        Ok(id)
    }

    fn phase(job: JobId) -> Option<LivePhase> {
        Live::get(job).map(|job| match job.is_answered {
            true => LivePhase::Answered,
            false => LivePhase::Unanswered,
        })
    }

    fn input(job: JobId) -> Option<TokenList> {
        Live::get(job).map(|job| job.input)
    }
}

/// The job has a result.
pub fn answer(job: JobId) {
    Live::mutate_extant(job, |job| job.is_answered = true);
}

/// The job ends; its worker gets `fee`, and the rest of the price comes back.
pub fn finish(job: JobId, fee: Balance) {
    let kept = Live::take(job).expect("the job is live");
    let lane = Bootstrap::account();
    Balances::release(&reason(), &lane, kept.price, Precision::Exact).unwrap();
    if fee > 0 {
        Balances::transfer(&lane, &WORKER, fee, Preservation::Preserve).unwrap();
    }
    Paid::set(Paid::get() + fee);
}

/// What the account can spend, and what is on hold.
pub fn owned() -> (Balance, Balance) {
    let lane = Bootstrap::account();
    (
        Balances::balance(&lane),
        Balances::balance_on_hold(&reason(), &lane),
    )
}

impl crate::Config for Test {
    type Currency = Balances;
    type Budget = Budget;
    type Models = Catalogue;
    type Jobs = Escrow;
    type Machines = Machines;
    type Beacon = Blocks;
    type Share = Share;
    type HalvingBlocks = HalvingBlocks;
    type AllowanceRounds = AllowanceRounds;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type PalletId = LanePallet;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<u64> for Helper {
    fn served_model(index: u32) -> ModelId {
        let model = model(index as u8 + 1);
        ActiveModels::mutate(|models| models.push(model));
        Served::mutate(|models| models.push(model));
        model
    }

    fn reserve(amount: Balance) {
        Reserved::put(amount);
    }

    fn open() {
        Share::set(FIRST_SHARE);
        BeaconWorks::set(true);
        JobsAreTaken::set(true);
    }

    fn complete_beacon(anchor: u64) -> u64 {
        anchor + BEACON_DELAY
    }
}

/// The state in which the benchmarks run.
#[cfg(feature = "runtime-benchmarks")]
pub fn fresh() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig::default().build_storage().unwrap();
    sp_io::TestExternalities::new(storage)
}

/// Runs a test on a chain whose lane has models 1 and 2, both active and served, and checks the state after it.
pub fn execute(test: impl FnOnce()) {
    Share::set(FIRST_SHARE);
    HalvingBlocks::set(HALVING);
    BeaconWorks::set(true);
    Salt::set(0);
    JobsAreTaken::set(true);
    Picture::set(None);
    Paid::set(0);
    ActiveModels::set(vec![model(1), model(2)]);
    Served::set(vec![model(1), model(2)]);
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(WORKER, DEPOSIT)],
            ..Default::default()
        },
        bootstrap: crate::GenesisConfig {
            models: vec![model(1), model(2)],
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    sp_io::TestExternalities::new(storage).execute_with(|| {
        System::set_block_number(BEACON_DELAY);
        test();
        check();
    });
}

/// What must hold of the state and of the money.
pub fn check() {
    Bootstrap::do_try_state().unwrap();
    let (free, held) = owned();
    assert_eq!(
        Minted::get(),
        free + held + Paid::get() + Burned::get(),
        "what was minted is owned, paid or burned"
    );
}

/// So many blocks pass.
pub fn advance(blocks: u64) {
    for _ in 0..blocks {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Bootstrap::on_initialize(next);
        check();
    }
}

/// Goes on to the inside of a block without those between.
pub fn jump_to(height: u64) {
    System::set_block_number(height - 1);
    advance(1);
}

/// A round closes whose blocks had a budget; returns what is kept of it.
pub fn close_round(budget: Balance) -> Balance {
    let share = Bootstrap::share_of(budget);
    assert!(share <= budget);
    let granted = Bootstrap::grant(share);
    assert!(granted <= share);
    Reserved::mutate(|reserved| *reserved += granted);
    granted
}

/// A round closes that grants enough for so many jobs, and no more.
pub fn grant_for(jobs: Balance) {
    let needed = jobs * PRICE + DEPOSIT;
    let share = Balance::from(Bootstrap::share_at(System::block_number()));
    close_round((needed * 1_000_000).div_ceil(share));
}

/// The models of governance.
pub fn set_models(models: &[ModelId]) -> DispatchResult {
    Bootstrap::set_models(
        RuntimeOrigin::root(),
        BoundedVec::truncate_from(models.to_vec()),
    )
}

/// Live jobs, oldest first.
pub fn live() -> Vec<JobId> {
    let mut jobs: Vec<_> = Live::iter_keys().collect();
    jobs.sort_unstable();
    jobs
}

pub fn events() -> Vec<Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Bootstrap(event) => Some(event),
            _ => None,
        })
        .collect()
}
