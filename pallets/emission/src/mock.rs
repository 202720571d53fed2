//! A runtime with balances, an owner of holds and this pallet, in which nothing else mints.

use crate as pallet_emission;
use aipg_primitives::Balance;
use frame_support::{
    construct_runtime, derive_impl, parameter_types,
    traits::{fungible::MutateHold, tokens::imbalance::ResolveTo, ConstU128, Hooks},
};
use frame_system::mocking::MockBlockU32;
use sp_runtime::{BuildStorage, Permill};

pub const AUTHOR: u64 = 1;
pub const FUND: u64 = 2;
pub const WORKER: u64 = 3;
pub const PAYER: u64 = 4;
pub const TREASURY: u64 = 5;
/// Never endowed.
pub const STRANGER: u64 = 9;

pub const EXISTENTIAL_DEPOSIT: Balance = 10;

/// Stands for the pallets that hold what emission burns.
#[frame_support::pallet]
pub mod pallet_holder {
    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    #[pallet::composite_enum]
    pub enum HoldReason {
        Fee,
        Bond,
    }
}

construct_runtime! {
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Holder: pallet_holder,
        Emission: pallet_emission,
    }
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = MockBlockU32<Test>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

parameter_types! {
    pub const Treasury: u64 = TREASURY;
    pub static BlockAuthor: Option<u64> = Some(AUTHOR);
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type AccountStore = System;
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type DustRemoval = ResolveTo<Treasury, Balances>;
}

impl pallet_holder::Config for Test {}

impl pallet_emission::Config for Test {
    type Currency = Balances;
    type BlockAuthor = BlockAuthor;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<u64> for Helper {
    fn author() -> u64 {
        BlockAuthor::set(Some(AUTHOR));
        AUTHOR
    }
}

/// A state without emission, inside block 1.
#[cfg(feature = "runtime-benchmarks")]
pub fn benchmark_state() -> sp_io::TestExternalities {
    let mut state = sp_io::TestExternalities::default();
    state.execute_with(|| System::set_block_number(1));
    state
}

/// The genesis of a test chain.
#[derive(Clone, Debug)]
pub struct Chain {
    pub initial_reward: Balance,
    pub halving_interval: u32,
    pub cap: Balance,
    pub endowed: Vec<(u64, Balance)>,
    pub operations_fund: Option<u64>,
    pub author_share: Permill,
    pub operations_share: Permill,
}

/// Rewards of 10,000 that halve every 10 blocks, far below the cap.
impl Default for Chain {
    fn default() -> Self {
        Self {
            initial_reward: 10_000,
            halving_interval: 10,
            cap: 1_000_000,
            endowed: [AUTHOR, FUND, WORKER, PAYER, TREASURY]
                .map(|who| (who, 1_000))
                .to_vec(),
            operations_fund: Some(FUND),
            author_share: Permill::from_percent(20),
            operations_share: Permill::from_percent(5),
        }
    }
}

impl Chain {
    /// Builds the genesis, runs `test` on it before its first block, and then checks the state.
    pub fn execute<R>(self, test: impl FnOnce() -> R) -> R {
        BlockAuthor::set(Some(AUTHOR));
        let genesis = RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig {
                balances: self.endowed,
                ..Default::default()
            },
            emission: pallet_emission::GenesisConfig {
                initial_reward: self.initial_reward,
                halving_interval: self.halving_interval,
                cap: self.cap,
                operations_fund: self.operations_fund,
                author_share: self.author_share,
                operations_share: self.operations_share,
            },
            ..Default::default()
        };
        let storage = genesis
            .build_storage()
            .expect("the mock's genesis is valid");
        sp_io::TestExternalities::new(storage).execute_with(|| {
            let outcome = test();
            Emission::do_try_state().expect("the books add up after the test");
            outcome
        })
    }
}

/// Initialises the next block.
pub fn next_block() {
    let height = System::block_number() + 1;
    System::set_block_number(height);
    System::reset_events();
    Emission::on_initialize(height);
}

/// Initialises every block up to `height`.
pub fn run_to(height: u32) {
    while System::block_number() < height {
        next_block();
    }
}

/// Jumps to `height` without the blocks before it, and initialises it.
pub fn jump_to(height: u32) {
    System::set_block_number(height - 1);
    next_block();
}

/// Puts `amount` of `who` on hold.
pub fn hold(reason: pallet_holder::HoldReason, who: u64, amount: Balance) {
    Balances::hold(&reason.into(), &who, amount).expect("the account can hold that much");
}

/// The events of this pallet in the current block.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Emission(event) => Some(event),
            _ => None,
        })
        .collect()
}
