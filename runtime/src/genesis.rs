//! Genesis presets: `dev` (one node, first steps, tests) and `local` (four authorities).
//!
//! Balances of a preset count as imported. The treasury and the stakers' pot start with the
//! existential deposit, so that they can receive the smallest share.

use crate::configs::{
    consensus::BABE_EPOCH_CONFIGURATION,
    money::{StakersPot, Treasury},
};
use crate::*;
use alloc::{vec, vec::Vec};
use frame_support::{build_struct_json_patch, traits::Get};
use pallet_chain_parameters::ChainParameters as Parameters;
use pallet_model_registry::types::GenesisModel;
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// Supply that emission can never exceed.
const CAP: Balance = 10_000_000_000 * AIPG;
/// What each account of a development preset starts with.
const ENDOWMENT: Balance = 100_000 * AIPG;
/// Least price of a unit (10⁶ multiply-accumulates) of the demo model, and the index price.
const DEMO_PRICE_FLOOR: Balance = AIPG / 100;
/// Credit per round under which the price of credit no longer rises.
const DIFFICULTY: Balance = 1_000 * AIPG;
/// κ of the demo model on `dev`: twice the fee, so that a first run shows a reward.
const DEMO_MINT_CEILING: u32 = 2_000_000;
/// Header of the demo model, whose root is its name on chain.
const DEMO_MODEL_HEADER: &[u8] = include_bytes!("../../models/demo/header.bin");

/// What distinguishes one preset from another.
struct Preset {
    parameters: Parameters,
    authorities: Vec<(Sr25519Keyring, Ed25519Keyring)>,
    initial_reward: Balance,
    halving_interval: BlockNumber,
    /// κ of the demo model, in millionths; `None`: not listed.
    mint_ceiling: Option<u32>,
}

fn genesis(preset: Preset) -> Value {
    let endowed = [
        Sr25519Keyring::Alice,
        Sr25519Keyring::Bob,
        Sr25519Keyring::Charlie,
        Sr25519Keyring::Dave,
        Sr25519Keyring::Eve,
        Sr25519Keyring::Ferdie,
    ];
    let mut balances: Vec<(AccountId, Balance)> = endowed
        .iter()
        .map(|key| (key.to_account_id(), ENDOWMENT))
        .collect();
    balances.push((Treasury::get(), EXISTENTIAL_DEPOSIT));
    balances.push((StakersPot::get(), EXISTENTIAL_DEPOSIT));

    let keys = preset
        .authorities
        .iter()
        .map(|(account, finality)| {
            let id = account.to_account_id();
            let keys = SessionKeys {
                babe: account.public().into(),
                grandpa: finality.public().into(),
            };
            (id.clone(), id, keys)
        })
        .collect::<Vec<_>>();

    build_struct_json_patch!(RuntimeGenesisConfig {
        chain_parameters: ChainParametersConfig {
            parameters: preset.parameters
        },
        balances: BalancesConfig { balances },
        babe: BabeConfig {
            epoch_config: BABE_EPOCH_CONFIGURATION
        },
        session: SessionConfig { keys },
        sudo: SudoConfig {
            key: Some(Sr25519Keyring::Alice.to_account_id())
        },
        emission: EmissionConfig {
            initial_reward: preset.initial_reward,
            halving_interval: preset.halving_interval,
            cap: CAP,
            operations_fund: Some(Sr25519Keyring::Ferdie.to_account_id()),
        },
        model_registry: ModelRegistryConfig {
            models: vec![GenesisModel {
                header: DEMO_MODEL_HEADER.to_vec(),
                price_floor: DEMO_PRICE_FLOOR,
                creator: Some(Sr25519Keyring::Dave.to_account_id()),
                mint_ceiling: preset.mint_ceiling,
            }],
        },
        useful_work: UsefulWorkConfig {
            index_price: DEMO_PRICE_FLOOR,
            difficulty: DIFFICULTY
        },
    })
}

fn dev() -> Value {
    genesis(Preset {
        parameters: Parameters::dev(),
        authorities: vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
        initial_reward: 5_000 * AIPG,
        halving_interval: 1_000_000,
        mint_ceiling: Some(DEMO_MINT_CEILING),
    })
}

fn local() -> Value {
    genesis(Preset {
        parameters: Parameters::local(),
        authorities: vec![
            (Sr25519Keyring::Alice, Ed25519Keyring::Alice),
            (Sr25519Keyring::Bob, Ed25519Keyring::Bob),
            (Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
            (Sr25519Keyring::Dave, Ed25519Keyring::Dave),
        ],
        // The same per minute as 5,000 a block of 60 s.
        initial_reward: 500 * AIPG,
        halving_interval: 10_000_000,
        mint_ceiling: None,
    })
}

/// A preset as the JSON patch of the genesis configuration.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let patch = match id.as_ref() {
        DEV_RUNTIME_PRESET => dev(),
        LOCAL_TESTNET_RUNTIME_PRESET => local(),
        _ => return None,
    };
    serde_json::to_string(&patch)
        .ok()
        .map(|json| json.into_bytes())
}

/// The presets this runtime knows.
pub fn preset_names() -> Vec<PresetId> {
    vec![
        PresetId::from(DEV_RUNTIME_PRESET),
        PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
    ]
}
