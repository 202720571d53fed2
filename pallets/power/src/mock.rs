//! A runtime with this pallet; beacons and machines are the tests'.

use crate::{types::*, *};
use aipg_exact::power::{self, commit_to, Chain};
use aipg_primitives::{Beacon, CheckedMachines, HostBlake2, MeasuredMachines};
use codec::Encode;
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU64, Hooks},
    BoundedVec,
};
use sp_core::H256;
use sp_runtime::{BuildStorage, DispatchResult};

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Power: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
}

pub const BEACON_DELAY: u64 = 3;
pub const COMMIT: u64 = 5;
pub const PROVE: u64 = 4;
pub const PENALTY: u64 = 60;
/// Windows before the first one of a test.
pub const EARLIER: u32 = 20;

parameter_types! {
    pub static MeanInterval: u32 = 0;
    /// The beacons of all blocks from this one on never come.
    pub static NoBeaconFrom: u64 = u64::MAX;
    /// Beacons come so many blocks late.
    pub static Late: u64 = 0;
    /// Beacons that differ from run to run.
    pub static Salt: u64 = 0;
    pub static Offline: Vec<AccountId> = Vec::new();
    /// What machines were said to have, in turn.
    pub static Told: Vec<(AccountId, u32)> = Vec::new();
    pub static PassedBy: Vec<AccountId> = Vec::new();
    pub static FailedBy: Vec<AccountId> = Vec::new();
}

pub struct Blocks;

/// The beacon of a block, known to tests before it is to the chain.
pub fn future(height: u64) -> H256 {
    sp_io::hashing::blake2_256(&(height, Salt::get()).encode()).into()
}

impl Beacon<u64> for Blocks {
    fn beacon(height: u64) -> Option<H256> {
        let complete = height + BEACON_DELAY + Late::get() <= System::block_number();
        (complete && height < NoBeaconFrom::get()).then(|| future(height))
    }

    fn delay() -> u64 {
        BEACON_DELAY
    }
}

pub struct Registry;

impl MeasuredMachines<AccountId> for Registry {
    fn is_online(worker: &AccountId) -> bool {
        !Offline::get().contains(worker)
    }

    fn measured(worker: &AccountId, steps: u32) {
        Told::mutate(|told| told.push((*worker, steps)));
    }

    fn failed(worker: &AccountId) {
        FailedBy::mutate(|failed| failed.push(*worker));
    }
}

impl CheckedMachines<AccountId> for Registry {
    fn passed(worker: &AccountId) {
        PassedBy::mutate(|passed| passed.push(*worker));
    }
}

impl crate::Config for Test {
    type Beacon = Blocks;
    type Machines = Registry;
    type MeanInterval = MeanInterval;
    type CommitBlocks = ConstU64<COMMIT>;
    type ProveBlocks = ConstU64<PROVE>;
    type PenaltyBlocks = ConstU64<PENALTY>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Registry;
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Registry {
    fn bring_online(worker: &AccountId) {
        Offline::mutate(|offline| offline.retain(|other| other != worker));
    }
}

/// The state in which the benchmarks run.
#[cfg(feature = "runtime-benchmarks")]
pub fn fresh() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig::default().build_storage().unwrap();
    sp_io::TestExternalities::new(storage)
}

/// Runs a test and checks the state after it.
pub fn execute(test: impl FnOnce()) {
    let storage = RuntimeGenesisConfig::default().build_storage().unwrap();
    MeanInterval::set(0);
    NoBeaconFrom::set(u64::MAX);
    Late::set(0);
    Salt::set(0);
    Offline::set(Vec::new());
    Told::set(Vec::new());
    PassedBy::set(Vec::new());
    FailedBy::set(Vec::new());
    sp_io::TestExternalities::new(storage).execute_with(|| {
        WindowCount::<Test>::put(EARLIER);
        advance(BEACON_DELAY);
        test();
        Pallet::<Test>::do_try_state().unwrap();
    });
}

/// So many blocks pass.
pub fn advance(blocks: u64) {
    for _ in 0..blocks {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Power::on_initialize(next);
        Pallet::<Test>::do_try_state().unwrap();
    }
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// A window opens in the next block.
pub fn open() -> Window<u64> {
    let interval = MeanInterval::get();
    MeanInterval::set(1);
    advance(1);
    MeanInterval::set(interval);
    Current::<Test>::get().expect("a window has opened")
}

/// Passes blocks until a window has drawn.
pub fn to_draw() {
    let window = Current::<Test>::get().expect("a window is in progress");
    advance(window.closes_at + BEACON_DELAY + Late::get() - System::block_number());
}

/// Passes blocks until no window is in progress.
pub fn to_end() {
    while Current::<Test>::exists() {
        advance(1);
    }
}

/// Windows pass in which nobody takes part.
pub fn pass_windows(count: u32) {
    for _ in 0..count {
        open();
        to_end();
    }
}

pub fn record_of(who: AccountId) -> Option<Record<u64>> {
    Records::<Test>::get(who)
}

pub fn claim_of(who: AccountId) -> Claim {
    record_of(who).unwrap().claim.expect("something is claimed")
}

/// A worker that has attended the eight windows before this moment, or before the one in progress, and whose
/// power is proven.
pub fn veteran(who: AccountId, steps: u32) {
    let count = WindowCount::<Test>::get();
    let end = Current::<Test>::get().map_or(count, |window| window.number);
    let attendance = attendance::Attendance {
        first: end - NEWCOMER_WINDOWS,
        last: end - 1,
        mask: (1 << NEWCOMER_WINDOWS) - 1,
    };
    Records::<Test>::insert(
        who,
        Record {
            attendance,
            power: steps,
            proven: steps,
            claim: None,
            barred_until: None,
        },
    );
}

/// Whether the lottery of the window in progress draws an account.
pub fn is_lucky(who: AccountId) -> bool {
    let window = Current::<Test>::get().expect("a window is in progress");
    let claim = Claim {
        steps: 1,
        root: H256::zero(),
        is_certain: false,
    };
    let beacon = future(window.closes_at);
    !Power::is_drawn(&beacon, window.number, &who, &claim)
}

/// An account from 1,000 on that the lottery of the window in progress draws, or does not.
pub fn somebody(is_drawn: bool) -> AccountId {
    let mut accounts = 1_000..;
    accounts.find(|who| is_lucky(*who) != is_drawn).unwrap()
}

pub fn row(row: power::Row) -> Row {
    Row {
        bytes: BoundedVec::try_from(row.bytes).unwrap(),
        path: BoundedVec::try_from(row.path).unwrap(),
    }
}

pub fn openings(list: Vec<power::Opening>) -> Openings {
    let opening = |opening: power::Opening| Opening {
        before: opening.before.map(row),
        after: row(opening.after),
    };
    BoundedVec::truncate_from(list.into_iter().map(opening).collect())
}

pub fn chain_of(who: AccountId) -> Chain {
    let window = Current::<Test>::get().expect("a window is in progress");
    Chain::new::<HostBlake2>(window.seed.as_fixed_bytes(), &who.encode())
}

/// A commitment that is right where the window in progress will ask a drawn worker, with its openings: stands for
/// a chain that was computed.
pub fn computed(who: AccountId, steps: u32) -> (H256, Openings) {
    let window = Current::<Test>::get().expect("a window is in progress");
    let seed = Power::sample_seed(&future(window.closes_at), window.number, &who);
    let samples = power::samples::<HostBlake2>(seed.as_fixed_bytes(), steps, SAMPLES);
    let (commitment, list) = commit_to::<HostBlake2>(&chain_of(who), steps, &samples);
    (commitment.root.into(), openings(list))
}

pub fn commit(who: AccountId, steps: u32, root: H256) -> DispatchResult {
    let window = Current::<Test>::get().map_or(0, |window| window.number);
    Power::commit(signed(who), window, steps, root)
}

pub fn prove(who: AccountId, openings: Openings) -> DispatchResult {
    let window = Current::<Test>::get().map_or(0, |window| window.number);
    Power::prove(signed(who), window, openings)
}

pub fn settle(who: AccountId) -> DispatchResult {
    Power::settle(signed(99), who)
}

pub fn events() -> Vec<Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Power(event) => Some(event),
            _ => None,
        })
        .collect()
}
