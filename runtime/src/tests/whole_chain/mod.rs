//! Tests of the whole runtime on real blocks.
//!
//! [`chain`] makes blocks as a node does. [`random_operations`] runs random [`operations`] in a
//! [`world`] of actors, whose books ([`ledger`]) must agree with the state by every one of the
//! [`invariants`] after each block; [`invariant_faults`] shows that each of these can fail.
//! [`horizon`] runs the schedule to its end. The rest is bad input.

mod bad_transactions;
mod batches;
mod calls;
pub mod chain;
mod decoding;
mod doubts;
mod extremes;
mod finality;
mod horizon;
mod invariant_faults;
mod invariants;
mod ledger;
mod names;
mod operations;
mod random_operations;
mod rulings;
mod strategies;
mod tour;
mod world;

use super::*;
use aipg_exact::header::ModelHeader;
use aipg_primitives::{ModelId, TokenList};
use sp_core::storage::Storage;

/// The genesis state of a preset whose configuration is changed by `change`; `mainnet` starts from
/// what the tests import.
fn storage(preset: &str, change: impl FnOnce(&mut RuntimeGenesisConfig)) -> Storage {
    let patch = genesis::preset(&PresetId::from(preset)).expect("the preset exists");
    let patch = serde_json::from_slice(&patch).expect("the preset is JSON");
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialises");
    merge(&mut config, patch);
    if preset == MAINNET_RUNTIME_PRESET {
        merge(&mut config, import());
    }
    let mut config = serde_json::from_value(config).expect("the preset fits");
    change(&mut config);
    config.build_storage().expect("the preset builds")
}

/// Tokens of this number; of more than any model takes only the number is true.
fn tokens(count: u32) -> TokenList {
    TokenList {
        count,
        ..TokenList::of(&ids(count.min(1_000)))
    }
}

/// These tokens.
fn ids(count: u32) -> Vec<u32> {
    (0..count).map(|index| index % 100).collect()
}

/// The header of the demo model with other weights, and its root.
fn header(variant: u8) -> (ModelId, Vec<u8>) {
    let demo = include_bytes!("../../../../models/demo/header.bin");
    let mut header = ModelHeader::decode(demo).expect("the demo model's header is valid");
    header.weights = [variant; 32];
    let bytes = header.encode().to_vec();
    let root = ModelRegistry::root_of(&bytes).expect("the header is valid");
    (root, bytes)
}
