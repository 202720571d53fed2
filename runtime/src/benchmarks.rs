//! Which pallets are benchmarked, and what their benchmarks need of the rest of the runtime.
//!
//! Compiled only with the feature `runtime-benchmarks`, which only `scripts/weights` turns on.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

mod session;

use crate::{configs::consensus::MAX_AUTHORITIES, *};
use alloc::string::String;
use codec::Encode;
use frame_benchmarking::{account, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{Get, StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};
use frame_system_benchmarking::{
    extensions::Pallet as SystemExtensionsBench, Pallet as SystemBench,
};
use pallet_job_escrow::benchmarking as escrow;
use pallet_model_registry::benchmarking as models;
use pallet_power::benchmarking as power;
use pallet_receipts::benchmarking as receipts;
use pallet_useful_work::{benchmarking as work, types::BeaconEntry, BeaconRing, RING};
use pallet_worker_registry::benchmarking as machines;
use session::Pallet as SessionBench;
use sp_consensus_babe::{
    digests::{PreDigest, SecondaryPlainPreDigest},
    BABE_ENGINE_ID,
};
use sp_runtime::DigestItem;

frame_benchmarking::define_benchmarks!(
    [frame_system, SystemBench::<Runtime>]
    [frame_system_extensions, SystemExtensionsBench::<Runtime>]
    [pallet_timestamp, Timestamp]
    [pallet_session, SessionBench::<Runtime>]
    [pallet_balances, Balances]
    [pallet_transaction_payment, TransactionPayment]
    [pallet_sudo, Sudo]
    [pallet_utility, Utility]
    [pallet_emission, Emission]
    [pallet_model_registry, ModelRegistry]
    [pallet_worker_registry, WorkerRegistry]
    [pallet_job_escrow, JobEscrow]
    [pallet_finality, Finality]
    [pallet_receipts, Receipts]
    [pallet_audits, Audits]
    [pallet_power, Power]
    [pallet_bootstrap, Bootstrap]
    [pallet_authors, Authors]
    [pallet_referee, Referee]
    [pallet_useful_work, UsefulWork]
);

/// Every benchmark there is, and what is known of the storage.
pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
    let mut list = Vec::new();
    list_benchmarks!(list, extra);
    (list, AllPalletsWithSystem::storage_info())
}

/// Runs one benchmark.
///
/// # Errors
/// What stopped it.
pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
    let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
    let mut batches = Vec::new();
    let params = (&config, &whitelist);
    add_benchmarks!(params, batches);
    Ok(batches)
}

impl frame_system_benchmarking::Config for Runtime {}

impl session::Config for Runtime {
    fn keys_and_proof(owner: &AccountId) -> (SessionKeys, Vec<u8>) {
        // The same keys in every run: the proof of a map depends on them.
        let generated = SessionKeys::generate(&owner.encode(), Some(b"//benchmark".to_vec()));
        (generated.keys, generated.proof.encode())
    }
}

impl pallet_transaction_payment::BenchmarkConfig for Runtime {
    /// Tips go to the author, so there is one.
    fn setup_benchmark_environment() {
        <Helper as pallet_emission::benchmarking::BenchmarkHelper<AccountId>>::author();
    }
}

/// Brings the pallets of this runtime into the states that benchmarks ask for.
pub struct Helper;

impl pallet_emission::benchmarking::BenchmarkHelper<AccountId> for Helper {
    /// The last of as many validators as there can be.
    fn author() -> AccountId {
        let validators: Vec<AccountId> = (0..MAX_AUTHORITIES)
            .map(|index| account("validator", index, 0))
            .collect();
        let author = validators.last().cloned();
        pallet_session::Validators::<Runtime>::put(validators);
        let digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
            authority_index: MAX_AUTHORITIES.saturating_sub(1),
            slot: 1.into(),
        });
        System::deposit_log(DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode()));
        author.unwrap_or_else(|| account("validator", 0, 0))
    }
}

impl pallet_worker_registry::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn model(index: u32) -> aipg_primitives::ModelId {
        models::registered::<Runtime>(&account("creator", index, 0), index)
    }

    fn measured(worker: &AccountId, steps: u32) {
        power::measured::<Runtime>(worker, steps);
    }
}

impl pallet_useful_work::benchmarking::BenchmarkHelper for Helper {
    fn produce_output() {
        <Self as pallet_emission::benchmarking::BenchmarkHelper<AccountId>>::author();
        pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some([7; 32]));
    }

    fn add_budget(amount: Balance) {
        pallet_emission::PendingWork::<Runtime>::mutate(|pending| *pending += amount);
    }
}

impl pallet_referee::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn deliver(
        header: &[u8],
        result: aipg_primitives::DeliveredResult<AccountId>,
    ) -> aipg_primitives::JobId {
        models::known::<Runtime>(header);
        let offers = <Runtime as pallet_worker_registry::Config>::MaxOffers::get();
        machines::unreliable::<Runtime>(&result.worker, offers);
        escrow::delivered::<Runtime>(result)
    }

    fn audited(job: aipg_primitives::JobId) {
        pallet_audits::benchmarking::over::<Runtime>(job);
    }
}

impl pallet_job_escrow::benchmarking::BenchmarkHelper<AccountId, BlockNumber> for Helper {
    fn model_with_candidates(index: u32) -> aipg_primitives::ModelId {
        machines::candidates_of::<Runtime>(
            index,
            <Runtime as pallet_worker_registry::Config>::Candidates::get(),
        )
    }

    fn machine(worker: &AccountId) {
        let offers = <Runtime as pallet_worker_registry::Config>::MaxOffers::get();
        machines::unreliable::<Runtime>(worker, offers);
    }

    /// Of as many blocks as are kept, the last of which alone has the second author it takes.
    fn complete_beacon(anchor: BlockNumber) -> BlockNumber {
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|parameters| {
            parameters.beacon_authors = 2;
        });
        let now = anchor + RING;
        for height in anchor + 1..=now {
            let entry = BeaconEntry {
                height,
                author: Some(account("author", u32::from(height == now), 0)),
                output: Hash::repeat_byte(7),
            };
            BeaconRing::<Runtime>::insert(height % RING, entry);
        }
        now
    }

    fn earlier_credit(worker: &AccountId) {
        work::nearly_full_credit::<Runtime>(worker);
    }

    fn auditor() {
        pallet_audits::TotalBond::<Runtime>::put(AIPG);
    }

    fn audited(job: aipg_primitives::JobId) {
        pallet_audits::benchmarking::over::<Runtime>(job);
    }

    fn nearly_full_round() {
        receipts::nearly_full_round::<Runtime>();
    }

    /// Another version is frozen, so that this result's is looked up.
    fn let_the_window_pass() {
        pallet_referee::FrozenVersions::<Runtime>::put(1);
        let windows = <Runtime as pallet_referee::Config>::Windows::get();
        pallet_referee::Ticks::<Runtime>::mutate(|ticks| *ticks += windows.challenge);
    }
}

impl pallet_power::BenchmarkHelper<AccountId> for Helper {
    /// Online for as many models as there can be, in each of which another one must move when its power changes.
    fn bring_online(worker: &AccountId) {
        let offers = <Runtime as pallet_worker_registry::Config>::MaxOffers::get();
        machines::unreliable::<Runtime>(worker, offers);
    }
}

impl pallet_authors::BenchmarkHelper<AccountId> for Helper {
    fn register_keys(who: &AccountId) {
        let bytes: [u8; 32] = who.clone().into();
        let keys = SessionKeys {
            babe: sp_core::sr25519::Public::from_raw(bytes).into(),
            grandpa: sp_core::ed25519::Public::from_raw(bytes).into(),
        };
        pallet_session::NextKeys::<Runtime>::insert(who, keys);
    }
}

impl pallet_bootstrap::BenchmarkHelper<BlockNumber> for Helper {
    fn served_model(index: u32) -> aipg_primitives::ModelId {
        machines::candidates_of::<Runtime>(index, 1)
    }

    fn reserve(amount: Balance) {
        pallet_emission::ReservedWork::<Runtime>::mutate(|reserved| *reserved += amount);
    }

    fn open() {
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|parameters| {
            parameters.power_interval = 1;
            parameters.bootstrap_share = 10_000;
        });
    }

    fn complete_beacon(anchor: BlockNumber) -> BlockNumber {
        <Self as escrow::BenchmarkHelper<AccountId, BlockNumber>>::complete_beacon(anchor)
    }
}
