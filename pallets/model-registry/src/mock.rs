//! A runtime with balances and this pallet.

use crate::{GenesisModel, Header, HoldReason, Pallet};
use aipg_exact::header::{
    ModelHeader, MAX_LAYERS, SEMANTICS_VERSION, TEMPLATE_DENSE_DECODER, WINDOW_MASK_LENGTH,
};
use aipg_primitives::{Balance, ModelId, AIPG};
use frame_support::{
    derive_impl, parameter_types,
    traits::{fungible::InspectHold, ConstU128, ConstU32},
};
use frame_system::EnsureRoot;
use sp_runtime::BuildStorage;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        ModelRegistry: crate,
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
    type ExistentialDeposit = ConstU128<1_000_000_000_000_000>;
    type AccountStore = System;
}

pub const DEPOSIT: Balance = 100 * AIPG;

parameter_types! {
    pub const Deposit: Balance = DEPOSIT;
}

impl crate::Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type ListOrigin = EnsureRoot<AccountId>;
    type Deposit = Deposit;
    type MaxMintCeiling = ConstU32<MAX_MINT_CEILING>;
    type WeightInfo = ();
}

/// The most that can be listed.
pub const MAX_MINT_CEILING: u32 = 4_000_000;

/// Creators, with 1,000 AIPG each.
pub const CREATOR: AccountId = 1;
pub const OTHER: AccountId = 2;
/// Has one unit less than a deposit and the existential deposit.
pub const POOR: AccountId = 3;

pub fn test_externalities(models: Vec<GenesisModel<AccountId>>) -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![
                (CREATOR, 1_000 * AIPG),
                (OTHER, 1_000 * AIPG),
                (POOR, DEPOSIT + AIPG / 1_000 - 1),
            ],
            ..Default::default()
        },
        model_registry: crate::GenesisConfig { models },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// Runs a test on a chain without genesis models and checks the state after it.
pub fn execute(test: impl FnOnce()) {
    execute_with_models(vec![], test);
}

/// Runs a test on a chain with these genesis models and checks the state after it.
pub fn execute_with_models(models: Vec<GenesisModel<AccountId>>, test: impl FnOnce()) {
    test_externalities(models).execute_with(|| {
        test();
        Pallet::<Test>::do_try_state().unwrap();
    });
}

/// The header of a small model; `variant` makes its weights, and so its root, different.
pub fn small_model(variant: u8) -> ModelHeader {
    let mut value_formats = [0; MAX_LAYERS];
    value_formats[..2].fill(12);
    ModelHeader {
        semantics_version: SEMANTICS_VERSION,
        template: TEMPLATE_DENSE_DECODER,
        model_dimension: 64,
        layers: 2,
        heads: 4,
        key_value_heads: 2,
        head_dimension: 16,
        feed_forward: 128,
        vocabulary: 272,
        max_context: 512,
        epsilon: 42_950,
        score_scale: 24_581_000,
        model_flags: 0,
        output_flags: 0,
        window: 0,
        input_flags: [0; MAX_LAYERS],
        value_formats,
        window_layers: [0; WINDOW_MASK_LENGTH],
        tokenizer: [1; 32],
        scales: [2; 32],
        tables: [3; 32],
        weights: [variant; 32],
    }
}

/// The encoded header of [`small_model`] and its root, computed here and not by the pallet.
pub fn encoded_model(variant: u8) -> (ModelId, Header) {
    let bytes = small_model(variant).encode();
    let root = sp_io::hashing::blake2_256(&[b"aipg/model/1".as_slice(), &bytes].concat());
    (
        ModelId::from(root),
        Header::try_from(bytes.to_vec()).unwrap(),
    )
}

pub fn genesis_model(variant: u8, creator: Option<AccountId>) -> GenesisModel<AccountId> {
    GenesisModel {
        header: small_model(variant).encode().to_vec(),
        price_floor: AIPG,
        creator,
        mint_ceiling: None,
    }
}

pub fn on_hold(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::ModelDeposit.into(), &who)
}
