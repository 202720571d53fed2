//! The runtime APIs.

use crate::*;
use aipg_primitives::{
    api::{
        AuditorView, AuthorView, Books, ClaimableReward, JobView, LaneView, PowerView, Quote,
        WorkerView,
    },
    JobId, ModelCatalogue, ModelId, ModelTerms, ReceiptProof, ReceiptVerifier, RoundIndex,
};
use codec::Encode;
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    traits::{Get, KeyOwnerProofSystem},
};
use sp_api::impl_runtime_apis;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_runtime::{
    traits::Block as BlockT,
    transaction_validity::{TransactionSource, TransactionValidity},
    ApplyExtrinsicResult,
};
use sp_session::OpaqueGeneratedSessionKeys;

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block);
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> sp_runtime::ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: sp_inherents::InherentData,
        ) -> sp_inherents::CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_consensus_babe::BabeApi<Block> for Runtime {
        fn configuration() -> sp_consensus_babe::BabeConfiguration {
            let epoch = Babe::epoch_config().unwrap_or(configs::consensus::BABE_EPOCH_CONFIGURATION);
            sp_consensus_babe::BabeConfiguration {
                slot_duration: Babe::slot_duration(),
                epoch_length: pallet_chain_parameters::EpochDuration::<Runtime>::get(),
                c: epoch.c,
                authorities: Babe::authorities().to_vec(),
                randomness: Babe::randomness(),
                allowed_slots: epoch.allowed_slots,
            }
        }

        fn current_epoch_start() -> sp_consensus_babe::Slot {
            Babe::current_epoch_start()
        }

        fn current_epoch() -> sp_consensus_babe::Epoch {
            Babe::current_epoch()
        }

        fn next_epoch() -> sp_consensus_babe::Epoch {
            Babe::next_epoch()
        }

        fn generate_key_ownership_proof(
            _: sp_consensus_babe::Slot,
            authority: sp_consensus_babe::AuthorityId,
        ) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
            let proof = Historical::prove((sp_consensus_babe::KEY_TYPE, authority))?;
            Some(sp_consensus_babe::OpaqueKeyOwnershipProof::new(proof.encode()))
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
            owner: sp_consensus_babe::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            Babe::submit_unsigned_equivocation_report(equivocation, owner.decode()?)
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> sp_consensus_grandpa::SetId {
            Grandpa::current_set_id()
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation: sp_consensus_grandpa::EquivocationProof<
                <Block as BlockT>::Hash,
                sp_runtime::traits::NumberFor<Block>,
            >,
            owner: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            Grandpa::submit_unsigned_equivocation_report(equivocation, owner.decode()?)
        }

        fn generate_key_ownership_proof(
            _: sp_consensus_grandpa::SetId,
            authority: sp_consensus_grandpa::AuthorityId,
        ) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
            let proof = Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority))?;
            Some(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new(proof.encode()))
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
        fn query_info(
            extrinsic: <Block as BlockT>::Extrinsic,
            length: u32,
        ) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(extrinsic, length)
        }

        fn query_fee_details(
            extrinsic: <Block as BlockT>::Extrinsic,
            length: u32,
        ) -> pallet_transaction_payment::FeeDetails<Balance> {
            TransactionPayment::query_fee_details(extrinsic, length)
        }

        fn query_weight_to_fee(weight: frame_support::weights::Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }

        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, genesis::preset)
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            genesis::preset_names()
        }
    }

    impl aipg_primitives::api::JobsApi<Block, AccountId, BlockNumber> for Runtime {
        fn quote(model: ModelId, prompt: u32, output: u32) -> Option<Quote<BlockNumber>> {
            JobEscrow::quote(model, prompt, output)
        }

        fn job(id: JobId) -> Option<JobView<AccountId, BlockNumber>> {
            JobEscrow::view(id)
        }

        fn public_input(id: JobId) -> Option<Vec<u32>> {
            JobEscrow::published_input(id).or_else(|| Bootstrap::prompt(id))
        }

        fn worker_jobs(worker: AccountId) -> Vec<JobView<AccountId, BlockNumber>> {
            JobEscrow::worker_jobs(&worker)
        }

        fn next_job() -> JobId {
            JobEscrow::next_job()
        }
    }

    impl aipg_primitives::api::ReceiptsApi<Block, AccountId, BlockNumber> for Runtime {
        fn round_blocks() -> u32 {
            pallet_chain_parameters::RoundBlocks::<Runtime>::get()
        }

        fn receipts_root(round: RoundIndex) -> Option<Hash> {
            pallet_receipts::Roots::<Runtime>::get(round)
        }

        fn verify_receipt(proof: ReceiptProof<AccountId, BlockNumber>) -> bool {
            Receipts::verify(&proof).is_ok()
        }
    }

    impl aipg_primitives::api::WorkersApi<Block, AccountId, BlockNumber> for Runtime {
        fn worker(account: AccountId) -> Option<WorkerView<BlockNumber>> {
            WorkerRegistry::view(&account)
        }

        fn power(account: AccountId) -> PowerView<BlockNumber> {
            Power::view(&account)
        }
    }

    impl aipg_primitives::api::AuditsApi<Block, AccountId, BlockNumber> for Runtime {
        fn auditor(account: AccountId) -> Option<AuditorView<BlockNumber>> {
            Audits::view(&account)
        }
    }

    impl aipg_primitives::api::AuthorsApi<Block, AccountId, BlockNumber> for Runtime {
        fn author(account: AccountId) -> Option<AuthorView<BlockNumber>> {
            Authors::view(&account)
        }
    }

    impl aipg_primitives::api::BootstrapApi<Block, AccountId> for Runtime {
        fn lane() -> LaneView<AccountId> {
            Bootstrap::view(Emission::books().minted_bootstrap)
        }
    }

    impl aipg_primitives::api::ModelsApi<Block, AccountId> for Runtime {
        fn model(id: ModelId) -> Option<ModelTerms<AccountId>> {
            ModelRegistry::terms(&id)
        }

        fn model_header(id: ModelId) -> Option<Vec<u8>> {
            ModelRegistry::header(&id)
        }
    }

    impl aipg_primitives::api::EconomyApi<Block, AccountId> for Runtime {
        fn claimable_rewards(account: AccountId) -> Vec<ClaimableReward> {
            UsefulWork::claimable_rewards(&account)
        }

        fn books() -> Books {
            Emission::books()
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    impl frame_benchmarking::Benchmark<Block> for Runtime {
        fn benchmark_metadata(
            extra: bool,
        ) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
            crate::benchmarks::metadata(extra)
        }

        fn dispatch_benchmark(
            config: frame_benchmarking::BenchmarkConfig,
        ) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
            crate::benchmarks::dispatch(config)
        }
    }

    #[cfg(feature = "try-runtime")]
    impl frame_try_runtime::TryRuntime<Block> for Runtime {
        fn on_runtime_upgrade(
            checks: frame_try_runtime::UpgradeCheckSelect,
        ) -> (frame_support::weights::Weight, frame_support::weights::Weight) {
            let weight = or_stop(Executive::try_runtime_upgrade(checks));
            let limits = <Runtime as frame_system::Config>::BlockWeights::get();
            (weight, limits.max_block)
        }

        fn execute_block(
            block: <Block as BlockT>::LazyBlock,
            state_root_check: bool,
            signature_check: bool,
            select: frame_try_runtime::TryStateSelect,
        ) -> frame_support::weights::Weight {
            or_stop(Executive::try_execute_block(
                block,
                state_root_check,
                signature_check,
                select,
            ))
        }
    }
}

/// What a check found stops the dry run: the tool that asked reads the reason from the panic.
#[cfg(feature = "try-runtime")]
#[allow(
    clippy::panic,
    reason = "this API has no other way to fail, and no production runtime has it"
)]
fn or_stop<E: core::fmt::Debug>(
    outcome: Result<frame_support::weights::Weight, E>,
) -> frame_support::weights::Weight {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}
