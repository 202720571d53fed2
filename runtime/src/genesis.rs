//! Genesis presets: `dev` (one node, first steps, tests), `local` (four authorities) and `mainnet`
//! (the public network).
//!
//! Balances of a preset count as imported. On `dev` and `local` everything is in the preset, with
//! keys that everybody has; there the treasury and the stakers' pot start with the existential
//! deposit, so that they can receive the smallest share. The `mainnet` preset holds the figures
//! only: who may author blocks and what was imported from the old chain is laid over it by
//! [`import`], and nothing else is in anybody's account.

use crate::configs::{
    consensus::BABE_EPOCH_CONFIGURATION,
    money::{OperationsFund, StakersPot, Treasury},
};
use crate::*;
use aipg_primitives::ModelId;
use alloc::{vec, vec::Vec};
use frame_support::{build_struct_json_patch, traits::Get};
use pallet_chain_parameters::ChainParameters as Parameters;
use pallet_model_registry::types::GenesisModel;
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// Name of the preset of the public network.
pub const MAINNET_RUNTIME_PRESET: &str = "mainnet";
/// Supply that emission can never exceed.
pub const CAP: Balance = 10_000_000_000 * AIPG;
/// What each account of a development preset starts with.
const ENDOWMENT: Balance = 100_000 * AIPG;
/// Index price: what a unit (10⁶ multiply-accumulates) counts at most when credit is booked. A job of a model of
/// half a billion parameters is some 140,000 units: 0.14 AIPG, for which a bond of 100 can stand.
const INDEX_PRICE: Balance = AIPG / 1_000_000;
/// Least price of a unit of the demo model, and the index price where there is one. A job of it is some 650
/// units: much for so little work, so that a first run shows every share of the fee.
const DEMO_PRICE_FLOOR: Balance = AIPG / 2_000;
/// Credit per round under which the price of credit no longer rises.
const DIFFICULTY: Balance = 1_000 * AIPG;
/// κ of the demo model on `dev`: twice the fee, so that a first run shows a reward.
const DEMO_MINT_CEILING: u32 = 2_000_000;
/// Header of the demo model, whose root is its name on chain.
const DEMO_MODEL_HEADER: &[u8] = include_bytes!("../../models/demo/header.bin");

/// What distinguishes one preset from another.
struct Preset {
    parameters: Parameters,
    initial_reward: Balance,
    halving_interval: BlockNumber,
    /// Accounts, authorities and a model to begin with, all with keys that everybody has; `None`
    /// where tokens are worth something.
    development: Option<Development>,
}

/// The part of a preset that only a chain without worth can have.
struct Development {
    authorities: Vec<(Sr25519Keyring, Ed25519Keyring)>,
    /// κ of the demo model, in millionths; `None`: not listed.
    mint_ceiling: Option<u32>,
}

impl Development {
    fn balances(&self) -> Vec<(AccountId, Balance)> {
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
        balances
    }

    fn authorities(&self) -> Vec<(AccountId, SessionKeys)> {
        self.authorities
            .iter()
            .map(|(account, finality)| {
                let keys = SessionKeys {
                    babe: account.public().into(),
                    grandpa: finality.public().into(),
                };
                (account.to_account_id(), keys)
            })
            .collect()
    }

    /// Models of public jobs: the demo model, where there are any.
    fn lane(&self, parameters: &Parameters) -> Vec<ModelId> {
        if parameters.bootstrap_share == 0 {
            return Vec::new();
        }
        ModelRegistry::root_of(DEMO_MODEL_HEADER)
            .into_iter()
            .collect()
    }

    fn models(&self) -> Vec<GenesisModel<AccountId>> {
        vec![GenesisModel {
            header: DEMO_MODEL_HEADER.to_vec(),
            price_floor: DEMO_PRICE_FLOOR,
            creator: Some(Sr25519Keyring::Dave.to_account_id()),
            mint_ceiling: self.mint_ceiling,
        }]
    }
}

/// The accounts of authorities.
fn accounts(authorities: &[(AccountId, SessionKeys)]) -> Vec<AccountId> {
    authorities
        .iter()
        .map(|(account, _)| account.clone())
        .collect()
}

/// The genesis form of authorities: each account is its own validator.
fn session_keys(
    authorities: Vec<(AccountId, SessionKeys)>,
) -> Vec<(AccountId, AccountId, SessionKeys)> {
    authorities
        .into_iter()
        .map(|(account, keys)| (account.clone(), account, keys))
        .collect()
}

fn genesis(preset: Preset) -> Value {
    let development = preset.development.as_ref();
    let operations_fund = match development {
        Some(_) => Sr25519Keyring::Ferdie.to_account_id(),
        None => OperationsFund::get(),
    };

    let authorities = development
        .map(Development::authorities)
        .unwrap_or_default();

    let lane = development
        .map(|development| development.lane(&preset.parameters))
        .unwrap_or_default();

    build_struct_json_patch!(RuntimeGenesisConfig {
        chain_parameters: ChainParametersConfig {
            parameters: preset.parameters
        },
        balances: BalancesConfig {
            balances: development.map(Development::balances).unwrap_or_default(),
        },
        babe: BabeConfig {
            epoch_config: BABE_EPOCH_CONFIGURATION
        },
        authors: AuthorsConfig {
            authors: accounts(&authorities)
        },
        session: SessionConfig {
            keys: session_keys(authorities)
        },
        sudo: SudoConfig {
            key: development.map(|_| Sr25519Keyring::Alice.to_account_id())
        },
        emission: EmissionConfig {
            initial_reward: preset.initial_reward,
            halving_interval: preset.halving_interval,
            cap: CAP,
            operations_fund: Some(operations_fund),
        },
        model_registry: ModelRegistryConfig {
            models: development.map(Development::models).unwrap_or_default(),
        },
        useful_work: UsefulWorkConfig {
            index_price: match development {
                Some(_) => DEMO_PRICE_FLOOR,
                None => INDEX_PRICE,
            },
            difficulty: DIFFICULTY
        },
        bootstrap: BootstrapConfig { models: lane },
    })
}

fn dev() -> Value {
    genesis(Preset {
        parameters: Parameters::dev(),
        initial_reward: 5_000 * AIPG,
        halving_interval: 1_000_000,
        development: Some(Development {
            authorities: vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
            mint_ceiling: Some(DEMO_MINT_CEILING),
        }),
    })
}

fn local() -> Value {
    genesis(Preset {
        parameters: Parameters::local(),
        // The same per minute as 5,000 a block of 60 s.
        initial_reward: 500 * AIPG,
        halving_interval: 10_000_000,
        development: Some(Development {
            authorities: vec![
                (Sr25519Keyring::Alice, Ed25519Keyring::Alice),
                (Sr25519Keyring::Bob, Ed25519Keyring::Bob),
                (Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
                (Sr25519Keyring::Dave, Ed25519Keyring::Dave),
            ],
            mint_ceiling: None,
        }),
    })
}

fn mainnet() -> Value {
    genesis(Preset {
        parameters: Parameters::mainnet(),
        initial_reward: 5_000 * AIPG,
        halving_interval: 1_000_000,
        development: None,
    })
}

/// What the public network starts with besides its figures, as a patch over the `mainnet` preset:
/// the authorities of the first session and the balances of the old chain, in AIPG's smallest unit.
///
/// Accounts must be distinct and no balance below the existential deposit; the treasury and the
/// stakers' pot must be among the accounts, or they could not receive a share below it.
pub fn import(
    authorities: Vec<(AccountId, SessionKeys)>,
    balances: Vec<(AccountId, Balance)>,
) -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig { balances },
        authors: AuthorsConfig {
            authors: accounts(&authorities)
        },
        session: SessionConfig {
            keys: session_keys(authorities)
        },
    })
}

/// A preset as the JSON patch of the genesis configuration.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let patch = match id.as_ref() {
        DEV_RUNTIME_PRESET => dev(),
        LOCAL_TESTNET_RUNTIME_PRESET => local(),
        MAINNET_RUNTIME_PRESET => mainnet(),
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
        PresetId::from(MAINNET_RUNTIME_PRESET),
    ]
}
