//! A runtime with balances, real sessions and this pallet; beacons and burns are the tests'.

use crate::{types::*, *};
use aipg_primitives::{Balance, Beacon, Burn, BurnReason, CreditWatch, StakeOf, AIPG};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
        ConstU128, ConstU32, ConstU64, Contains, Hooks,
    },
};
use pallet_authorship::EventHandler;
use pallet_session::historical;
use sp_core::H256;
use sp_runtime::{
    impl_opaque_keys, testing::UintAuthorityId, traits::ConvertInto, BuildStorage, DispatchError,
    DispatchResult,
};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Authors: crate,
        Session: pallet_session,
        Historical: historical,
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

impl_opaque_keys! {
    pub struct MockKeys {
        pub dummy: UintAuthorityId,
    }
}

pub const SESSION: u64 = 10;
pub const MINIMUM_BOND: Balance = 100 * AIPG;
pub const UNBONDING: u64 = 100;
pub const BEACON_DELAY: u64 = 3;
pub const MAX_CANDIDATES: u32 = 40;
pub const MAX_AUTHORS: u32 = 24;
/// Balance of each of the accounts 1 to [`ACCOUNTS`] at the start. All of them have keys.
pub const ENDOWMENT: Balance = 10_000 * AIPG;
pub const ACCOUNTS: u64 = 60;

impl pallet_session::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = pallet_session::PeriodicSessions<ConstU64<SESSION>, ConstU64<0>>;
    type NextSessionRotation = pallet_session::PeriodicSessions<ConstU64<SESSION>, ConstU64<0>>;
    type SessionManager = historical::NoteHistoricalRoot<Self, Authors>;
    type SessionHandler = pallet_session::TestSessionHandler;
    type Keys = MockKeys;
    type DisablingStrategy = pallet_session::disabling::UpToLimitDisablingStrategy;
    type WeightInfo = ();
    type Currency = Balances;
    type KeyDeposit = ConstU128<0>;
}

impl historical::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = AccountOnly;
}

parameter_types! {
    pub static EraSessions: u32 = 3;
    pub static TargetSeats: u32 = 4;
    pub static LeastAuthors: u32 = 3;
    /// The beacons of all blocks from this one on never come.
    pub static NoBeaconFrom: u64 = u64::MAX;
    /// Beacons that differ from run to run.
    pub static BeaconSalt: u64 = 0;
    /// Who has a seat and authors nothing.
    pub static Asleep: Vec<AccountId> = Vec::new();
    pub static Staked: Vec<(AccountId, Balance)> = Vec::new();
    pub static IsFireOut: bool = false;
    pub static Burned: Balance = 0;
}

pub struct Blocks;

impl Beacon<u64> for Blocks {
    fn beacon(height: u64) -> Option<H256> {
        let complete = height + BEACON_DELAY <= System::block_number();
        let is_there = complete && height < NoBeaconFrom::get();
        is_there.then(|| {
            sp_io::hashing::blake2_256(&codec::Encode::encode(&(height, BeaconSalt::get()))).into()
        })
    }

    fn delay() -> u64 {
        BEACON_DELAY
    }
}

pub struct HasKeys;

impl Contains<AccountId> for HasKeys {
    fn contains(who: &AccountId) -> bool {
        Session::load_keys(who).is_some()
    }
}

pub struct Stakes;

impl StakeOf<AccountId> for Stakes {
    fn stake_of(who: &AccountId) -> Balance {
        let stakes = Staked::get();
        let found = stakes.iter().find(|(account, _)| account == who);
        found.map_or(0, |(_, stake)| *stake)
    }
}

pub struct Disable;

impl OnExpelled<AccountId> for Disable {
    fn on_expelled(author: &AccountId) {
        Session::report_offence(*author, Default::default());
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
        assert_eq!(why, BurnReason::AuthorFault);
        Balances::burn_held(reason, who, amount, Precision::Exact, Fortitude::Force)?;
        if IsFireOut::get() {
            return Err(DispatchError::Unavailable);
        }
        Burned::mutate(|burned| *burned += amount);
        Ok(())
    }
}

impl crate::Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Furnace;
    type Beacon = Blocks;
    type Keys = HasKeys;
    type Stake = Stakes;
    type OnExpelled = Disable;
    type EraSessions = EraSessions;
    type TargetSeats = TargetSeats;
    type LeastAuthors = LeastAuthors;
    type Unbonding = ConstU64<UNBONDING>;
    type MinimumBond = ConstU128<MINIMUM_BOND>;
    type MaxCandidates = ConstU32<MAX_CANDIDATES>;
    type MaxAuthors = ConstU32<MAX_AUTHORS>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = SetKeys;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct SetKeys;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for SetKeys {
    fn register_keys(who: &AccountId) {
        pallet_session::NextKeys::<Test>::insert(who, keys(*who));
    }
}

pub fn keys(who: AccountId) -> MockKeys {
    MockKeys {
        dummy: UintAuthorityId(who),
    }
}

/// Founders of most tests: 1 to 4.
pub const FOUNDERS: u64 = 4;

fn storage(founders: u64) -> sp_runtime::Storage {
    RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: (1..=ACCOUNTS).map(|who| (who, ENDOWMENT)).collect(),
            ..Default::default()
        },
        authors: GenesisConfig {
            authors: (1..=founders).collect(),
        },
        session: pallet_session::GenesisConfig {
            keys: (1..=founders).map(|who| (who, who, keys(who))).collect(),
            non_authority_keys: (founders + 1..=ACCOUNTS)
                .map(|who| (who, who, keys(who)))
                .collect(),
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap()
}

/// The state in which the benchmarks run.
#[cfg(feature = "runtime-benchmarks")]
pub fn fresh() -> sp_io::TestExternalities {
    sp_io::TestExternalities::new(storage(FOUNDERS))
}

/// Runs a test with so many founders who are as many as there should be, and checks the state after it.
pub fn execute_with(founders: u64, test: impl FnOnce()) {
    EraSessions::set(3);
    TargetSeats::set(founders as u32);
    LeastAuthors::set(3);
    NoBeaconFrom::set(u64::MAX);
    BeaconSalt::set(0);
    Asleep::set(Vec::new());
    Staked::set(Vec::new());
    IsFireOut::set(false);
    Burned::set(0);
    sp_io::TestExternalities::new(storage(founders)).execute_with(|| {
        advance(1);
        test();
        Pallet::<Test>::do_try_state().unwrap();
    });
}

/// Runs a test with four founders.
pub fn execute(test: impl FnOnce()) {
    execute_with(FOUNDERS, test);
}

/// A block passes, authored by one of those who have a seat in the session, in turn.
pub fn pass_block() {
    let next = System::block_number() + 1;
    System::set_block_number(next);
    Authors::on_initialize(next);
    Session::on_initialize(next);
    let asleep = Asleep::get();
    let awake: Vec<AccountId> = Session::validators()
        .into_iter()
        .filter(|author| !asleep.contains(author))
        .collect();
    if !awake.is_empty() {
        Authors::note_author(awake[next as usize % awake.len()]);
    }
}

/// So many blocks pass, and the state is checked after each.
pub fn advance(blocks: u64) {
    for _ in 0..blocks {
        pass_block();
        Pallet::<Test>::do_try_state().unwrap();
    }
}

/// Passes blocks until a session begins.
pub fn to_session(index: u32) {
    while Session::current_index() < index {
        advance(1);
    }
    assert_eq!(Session::current_index(), index);
}

/// Passes blocks until the next session begins.
pub fn next_session() {
    to_session(Session::current_index() + 1);
}

/// Passes blocks until the next era begins.
pub fn next_era() {
    let sessions = EraSessions::get();
    to_session((Session::current_index() / sessions + 1) * sessions);
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// An account with the minimum bond becomes a candidate.
pub fn join(who: AccountId) -> DispatchResult {
    Authors::join(signed(who), MINIMUM_BOND, None)
}

/// An account becomes a candidate with this bond and has this credit, both in AIPG.
pub fn candidate(who: AccountId, bond: Balance, credit: Balance) {
    Authors::join(signed(who), bond * AIPG, None).unwrap();
    Authors::credited(&who, credit * AIPG);
}

/// The authors that the session manager gave last.
pub fn seats() -> Vec<AccountId> {
    let seats = Seats::<Test>::get();
    seats.into_iter().map(|seat| seat.author).collect()
}

/// The mark of a seat.
pub fn mark_of(who: AccountId) -> Option<Going> {
    let seats = Seats::<Test>::get();
    let found = seats.into_iter().find(|seat| seat.author == who);
    found.unwrap().going
}

/// An equivocation is reported.
pub fn equivocated(who: AccountId) {
    let details = OffenceDetails {
        offender: (who, ()),
        reporters: vec![],
    };
    Authors::on_offence(&[details], &[Default::default()], 0);
}

pub fn events() -> Vec<Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Authors(event) => Some(event),
            _ => None,
        })
        .collect()
}
