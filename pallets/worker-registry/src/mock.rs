//! A runtime with balances and this pallet, and a catalogue of models that tests can change.

use crate::{HoldReason, Pallet};
use aipg_primitives::{
    Balance, Burn, BurnReason, DrawRequest, Freezes, Measurement, ModelCatalogue, ModelId,
    ModelTerms, ServiceLevel, TrustClass, Units, UnvestedRewards, VerifiedPower, Windows, AIPG,
};
use frame_support::{
    derive_impl,
    dispatch::DispatchResult,
    parameter_types,
    traits::{
        fungible::{InspectHold, MutateHold},
        tokens::{Fortitude, Precision},
        ConstU128, ConstU32,
    },
};
use frame_system::EnsureRoot;
use sp_runtime::{BuildStorage, Permill};
use std::collections::BTreeMap;

pub type AccountId = u64;
pub type BlockNumber = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        WorkerRegistry: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

pub const EXISTENTIAL_DEPOSIT: Balance = AIPG / 1_000;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
}

pub const FEE: Balance = 100 * AIPG;
pub const MINIMUM_BOND: Balance = 100 * AIPG;
pub const LEVEL_TWO_BOND: Balance = 1_000 * AIPG;
pub const LEVEL_THREE_BOND: Balance = 10_000 * AIPG;
pub const UNBONDING: BlockNumber = 20;
pub const TREASURY: AccountId = 999;
/// Has nothing; receives what convictions do not burn.
pub const REWARD: AccountId = 998;

parameter_types! {
    pub const Treasury: AccountId = TREASURY;
    /// Active models and their price floors.
    pub static ActiveModels: BTreeMap<ModelId, Balance> = BTreeMap::new();
    pub static BurnWorks: bool = true;
    /// Whose power has lapsed without anybody saying so.
    pub static Lapsed: Vec<AccountId> = Vec::new();
    /// Of the unannounced windows, the part that each attended; all of them who is not here.
    pub static Uptimes: BTreeMap<AccountId, Permill> = BTreeMap::new();
    /// Machines that an open draw takes.
    pub static OpenMachines: u32 = 1;
    /// Whose money is frozen.
    pub static Frozen: Vec<AccountId> = Vec::new();
    /// Whose rewards were taken.
    pub static ForfeitedBy: Vec<AccountId> = Vec::new();
    /// Burned in this test, by reason.
    pub static Burned: Vec<(BurnReason, Balance)> = Vec::new();
}

/// Burns as emission does.
pub struct Burner;

impl Burn<AccountId, RuntimeHoldReason> for Burner {
    fn burn_held(
        reason: &RuntimeHoldReason,
        who: &AccountId,
        amount: Balance,
        why: BurnReason,
    ) -> DispatchResult {
        if !BurnWorks::get() {
            return Err("burning is out of order".into());
        }
        Balances::burn_held(reason, who, amount, Precision::Exact, Fortitude::Force)?;
        Burned::mutate(|burned| burned.push((why, amount)));
        Ok(())
    }
}

/// Notes whose rewards are taken.
pub struct Purse;

impl UnvestedRewards<AccountId> for Purse {
    fn forfeit(worker: &AccountId) {
        ForfeitedBy::mutate(|all| all.push(*worker));
    }
}

/// What tests say is frozen.
pub struct Ice;

impl Freezes<AccountId> for Ice {
    fn holds(worker: &AccountId) -> bool {
        Frozen::get().contains(worker)
    }
}

/// The catalogue: a job's units are its tokens.
pub struct Catalogue;

impl ModelCatalogue<AccountId> for Catalogue {
    fn terms(model: &ModelId) -> Option<ModelTerms<AccountId>> {
        ActiveModels::get()
            .get(model)
            .map(|price_floor| ModelTerms {
                class: TrustClass::Exact,
                price_floor: *price_floor,
                creator: None,
                mint_ceiling: None,
                vocabulary: 272,
                max_context: 512,
            })
    }

    fn units(_: &ModelId, prompt: u32, output: u32) -> Option<Units> {
        Some(u64::from(prompt) + u64::from(output))
    }

    fn header(_: &ModelId) -> Option<Vec<u8>> {
        None
    }
}

/// Power that was measured, of those of whom it has not lapsed.
pub struct Measured;

impl VerifiedPower<AccountId> for Measured {
    fn measurement_of(worker: &AccountId) -> Measurement {
        let uptime = Uptimes::get().get(worker).copied();
        let record =
            crate::Workers::<Test>::get(worker).filter(|_| !Lapsed::get().contains(worker));
        Measurement {
            power: record.map_or(0, |record| record.power),
            uptime: uptime.unwrap_or(Permill::one()),
        }
    }
}

/// Windows of which this pallet needs one.
pub struct Clock;

impl Windows<BlockNumber> for Clock {
    fn claim() -> BlockNumber {
        10
    }
    fn run(_: Units) -> BlockNumber {
        10
    }
    fn progress() -> BlockNumber {
        10
    }
    fn challenge() -> BlockNumber {
        10
    }
    fn unbonding() -> BlockNumber {
        UNBONDING
    }
    fn max_deadline() -> BlockNumber {
        100
    }
}

impl crate::Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Burner;
    type Power = Measured;
    type Models = Catalogue;
    type Rewards = Purse;
    type Freezes = Ice;
    type Windows = Clock;
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type Treasury = Treasury;
    type RegistrationFee = ConstU128<FEE>;
    type MinimumBond = ConstU128<MINIMUM_BOND>;
    type LevelTwoBond = ConstU128<LEVEL_TWO_BOND>;
    type LevelThreeBond = ConstU128<LEVEL_THREE_BOND>;
    type MaxCapacity = ConstU32<16>;
    type MaxOffers = ConstU32<16>;
    type OpenMachines = OpenMachines;
    type Candidates = ConstU32<4>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn model(index: u32) -> ModelId {
        model(u8::try_from(index + 1).expect("fewer models than that"))
    }

    /// [`Measured`] believes the machine's own record.
    fn measured(_: &AccountId, _: u32) {}
}

/// Balance of each of the accounts 1 to 20 at the start.
pub const ENDOWMENT: Balance = 50_000 * AIPG;

pub fn test_externalities() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: (1..=20).map(|who| (who, ENDOWMENT)).collect(),
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    BurnWorks::set(true);
    OpenMachines::set(1);
    Lapsed::set(Vec::new());
    Uptimes::set(BTreeMap::new());
    Burned::set(Vec::new());
    Frozen::set(Vec::new());
    ForfeitedBy::set(Vec::new());
    ActiveModels::set((1..=20).map(|name| (model(name), FLOOR)).collect());
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// Runs a test and checks the state after it.
pub fn execute(test: impl FnOnce()) {
    test_externalities().execute_with(|| {
        test();
        Pallet::<Test>::do_try_state().unwrap();
    });
}

/// Price floor of the models 1 to 20.
pub const FLOOR: Balance = 1_000;

pub fn model(name: u8) -> ModelId {
    ModelId::repeat_byte(name)
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn on_hold(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::WorkerBond.into(), &who)
}

/// What a machine gets for [`request`] at the floor, at most.
pub const PAYOUT: Balance = 102 * FLOOR;

/// A request for model 1 of 100 units that anybody at the floor can serve and that costs at most ten
/// times as much.
pub fn request(seed: u64) -> DrawRequest {
    DrawRequest {
        model: model(1),
        units: 100,
        max_price: 1_000 * FLOOR,
        mint_ceiling: 20_000,
        service: ServiceLevel::default(),
        needs_power: false,
        seed: ModelId::from_low_u64_be(seed),
    }
}
