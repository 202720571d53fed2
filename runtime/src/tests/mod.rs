mod audits;
mod authors;
mod bootstrap;
mod conviction;
mod extensions;
mod fees;
mod filters;
mod metadata;
#[cfg(feature = "metadata-hash")]
mod metadata_hash;
mod power;
mod presets;
mod receipts;
mod scale;
mod spine;
mod throughput;
mod weights;
mod whole_chain;

use crate::{
    configs::money::{StakersPot, Treasury},
    *,
};
use frame_support::{
    traits::{Get, OnFinalize, OnIdle, OnInitialize},
    weights::Weight,
};
use genesis::MAINNET_RUNTIME_PRESET;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::BuildStorage;

/// Every preset there is.
const PRESETS: [&str; 3] = [
    DEV_RUNTIME_PRESET,
    LOCAL_TESTNET_RUNTIME_PRESET,
    MAINNET_RUNTIME_PRESET,
];

/// What the tests import on the main network: as many authorities as `local` has, of which Dave
/// owns nothing.
fn import() -> serde_json::Value {
    use Sr25519Keyring::{Alice, Bob, Charlie, Dave};
    let authorities = [
        (Alice, Ed25519Keyring::Alice),
        (Bob, Ed25519Keyring::Bob),
        (Charlie, Ed25519Keyring::Charlie),
        (Dave, Ed25519Keyring::Dave),
    ];
    let authorities = authorities.map(|(babe, grandpa)| {
        let keys = SessionKeys {
            babe: babe.public().into(),
            grandpa: grandpa.public().into(),
        };
        (account(babe), keys)
    });
    genesis::import(authorities.into(), imported_balances())
}

fn imported_balances() -> Vec<(AccountId, Balance)> {
    use Sr25519Keyring::{Alice, Bob, Charlie, Eve, Ferdie};
    let mut balances: Vec<_> = [Alice, Bob, Charlie, Eve, Ferdie]
        .map(|key| (account(key), 100_000 * AIPG))
        .into();
    balances.push((<Treasury as Get<AccountId>>::get(), EXISTENTIAL_DEPOSIT));
    balances.push((<StakersPot as Get<AccountId>>::get(), EXISTENTIAL_DEPOSIT));
    balances
}

/// The state of a preset, inside block 1. On `mainnet` with what the tests import.
fn preset_state(name: &str) -> sp_io::TestExternalities {
    let mut state = genesis_state(name);
    state.execute_with(|| begin(1));
    state
}

/// The state of a preset, before block 1.
fn genesis_state(name: &str) -> sp_io::TestExternalities {
    let patch = genesis::preset(&PresetId::from(name)).expect("the preset exists");
    let patch: serde_json::Value = serde_json::from_slice(&patch).expect("the preset is JSON");
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialises");
    merge(&mut config, patch);
    if name == MAINNET_RUNTIME_PRESET {
        merge(&mut config, import());
    }
    let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the preset fits");
    let storage = config.build_storage().expect("the preset builds");
    sp_io::TestExternalities::from(storage)
}

fn merge(base: &mut serde_json::Value, patch: serde_json::Value) {
    match (base, patch) {
        (serde_json::Value::Object(base), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

/// Consensus pallets need digests of real authors, which the end-to-end tests have; here the hooks
/// of our own pallets run, in the order of the runtime (`spine` compares the two).
type OwnPallets = (
    ChainParameters,
    Finality,
    Authors,
    Emission,
    ModelRegistry,
    WorkerRegistry,
    Referee,
    JobEscrow,
    UsefulWork,
    Receipts,
    Audits,
    Power,
    Bootstrap,
);

fn begin(height: BlockNumber) {
    System::set_block_number(height);
    <OwnPallets as OnInitialize<BlockNumber>>::on_initialize(height);
}

/// Ends the current block, plays its VRF output, and goes on to the inside of block `height`.
fn run_to(height: BlockNumber) {
    while System::block_number() < height {
        let now = System::block_number();
        <OwnPallets as OnIdle<BlockNumber>>::on_idle(now, Weight::MAX);
        <OwnPallets as OnFinalize<BlockNumber>>::on_finalize(now);
        pallet_useful_work::BeaconRing::<Runtime>::insert(
            now % pallet_useful_work::RING,
            pallet_useful_work::types::BeaconEntry {
                height: now,
                author: Some(account(Sr25519Keyring::Alice)),
                output: Hash::from_low_u64_be(u64::from(now)),
            },
        );
        begin(now + 1);
    }
}

fn account(key: Sr25519Keyring) -> AccountId {
    key.to_account_id()
}

fn signed(key: Sr25519Keyring) -> RuntimeOrigin {
    RuntimeOrigin::signed(account(key))
}

fn check_all_pallets() {
    Bootstrap::do_try_state().expect("public jobs hold together");
    Power::do_try_state().expect("power holds together");
    Finality::do_try_state().expect("reports of finality hold together");
    Emission::do_try_state().expect("emission holds together");
    ModelRegistry::do_try_state().expect("models hold together");
    WorkerRegistry::do_try_state().expect("machines hold together");
    JobEscrow::do_try_state().expect("jobs hold together");
    UsefulWork::do_try_state().expect("work holds together");
    Receipts::do_try_state().expect("receipts hold together");
    Referee::do_try_state().expect("disputes hold together");
    Audits::do_try_state().expect("audits hold together");
    Authors::do_try_state().expect("authors hold together");
}

fn treasury() -> Balance {
    Balances::free_balance(<Treasury as Get<AccountId>>::get())
}
