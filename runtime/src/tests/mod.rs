mod filters;
mod metadata;
mod presets;
mod spine;

use crate::{configs::money::Treasury, *};
use frame_support::traits::{Get, OnFinalize, OnInitialize};
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring;
use sp_runtime::BuildStorage;

/// The state of a preset, inside block 1.
fn preset_state(name: &str) -> sp_io::TestExternalities {
    let patch = genesis::preset(&PresetId::from(name)).expect("the preset exists");
    let patch: serde_json::Value = serde_json::from_slice(&patch).expect("the preset is JSON");
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialises");
    merge(&mut config, patch);
    let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the preset fits");
    let storage = config.build_storage().expect("the preset builds");
    let mut state = sp_io::TestExternalities::from(storage);
    state.execute_with(|| begin(1));
    state
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
/// of our own pallets run, in the order of the runtime.
type OwnPallets = (
    ChainParameters,
    Emission,
    ModelRegistry,
    WorkerRegistry,
    JobEscrow,
    UsefulWork,
);

fn begin(height: BlockNumber) {
    System::set_block_number(height);
    <OwnPallets as OnInitialize<BlockNumber>>::on_initialize(height);
}

/// Ends the current block, plays its VRF output, and goes on to the inside of block `height`.
fn run_to(height: BlockNumber) {
    while System::block_number() < height {
        let now = System::block_number();
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
    Emission::do_try_state().expect("emission holds together");
    ModelRegistry::do_try_state().expect("models hold together");
    WorkerRegistry::do_try_state().expect("machines hold together");
    JobEscrow::do_try_state().expect("jobs hold together");
    UsefulWork::do_try_state().expect("work holds together");
}

fn treasury() -> Balance {
    Balances::free_balance(<Treasury as Get<AccountId>>::get())
}
