//! Puts the node together.
//!
//! A block passes, in this order, the import queue (BABE checks seal and slot), BABE's block
//! import (epoch changes, equivocations), GRANDPA's block import (authority set changes,
//! justifications) and the client. An authority also runs the BABE author and the GRANDPA voter;
//! other nodes run the voter as observers.

mod blobs;
mod parts;

use std::{sync::Arc, time::Duration};

use aipg_runtime::opaque::Block;
use futures::FutureExt;
use sc_client_api::Backend;
use sc_consensus_babe::SlotProportion;
use sc_consensus_grandpa::{FinalityProofProvider, SharedVoterState};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{
    config::{FullNetworkConfiguration, NetworkBackendType},
    service::traits::NetworkService,
    Litep2pNetworkBackend, NetworkBackend, NetworkWorker, ProtocolName,
};
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
    error::Error as ServiceError, Configuration, KeystoreContainer, RpcHandlers, TaskManager,
    WarpSyncConfig,
};
use sc_telemetry::Telemetry;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_inherents::CreateInherentDataProviders;

use aipg_node::{blobs::BlobOptions, finality::FinalityReport};

use crate::rpc::{self, FinalityAccess, RpcParts};
pub use blobs::Blobs;
pub use parts::{
    node_parts, BlockHash, FullBackend, FullClient, FullPool, FullSelectChain, NodeParts,
    OffchainIndex,
};
use parts::{slot_and_time, JUSTIFICATION_PERIOD};

/// Expected time for a vote to reach the other voters.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// Share of the slot for which an author collects transactions; the rest is for sending and
/// checking the block.
const PROPOSAL_SLOT_PORTION: f32 = 0.5;

/// Starts a node and returns the owner of its tasks; the node runs as long as that lives.
pub fn start(config: Configuration, blobs: BlobOptions) -> Result<TaskManager, ServiceError> {
    match config.network.network_backend {
        NetworkBackendType::Litep2p => start_on::<Litep2pNetworkBackend>(config, blobs),
        NetworkBackendType::Libp2p => start_on::<NetworkWorker<Block, BlockHash>>(config, blobs),
    }
}

fn start_on<N: NetworkBackend<Block, BlockHash>>(
    mut config: Configuration,
    blobs: BlobOptions,
) -> Result<TaskManager, ServiceError> {
    let NodeParts {
        client,
        backend,
        mut task_manager,
        keystore,
        select_chain,
        import_queue,
        transaction_pool,
        block_import,
        babe_link,
        babe_worker,
        grandpa_link,
        mut telemetry,
    } = node_parts(&mut config)?;

    let mut network_config = FullNetworkConfiguration::<_, _, N>::new(
        &config.network,
        config.prometheus_registry().cloned(),
    );
    let metrics = N::register_notification_metrics(config.prometheus_registry());
    let genesis = client.chain_info().genesis_hash;
    let blobs = blobs::prepare(&config, blobs, genesis, &mut network_config)?;
    let grandpa_protocol =
        sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
    let (grandpa_notifications_config, grandpa_notifications) =
        sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
            grandpa_protocol.clone(),
            metrics.clone(),
            network_config.peer_store_handle(),
        );
    network_config.add_notification_protocol(grandpa_notifications_config);
    let warp_sync = sc_consensus_grandpa::warp_proof::NetworkProvider::new(
        Arc::clone(&backend),
        grandpa_link.shared_authority_set().clone(),
        Vec::new(),
    );

    let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
        sc_service::build_network(sc_service::BuildNetworkParams {
            config: &config,
            net_config: network_config,
            client: Arc::clone(&client),
            transaction_pool: Arc::clone(&transaction_pool),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(warp_sync))),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    if config.offchain_worker.enabled {
        run_offchain_workers(
            &config,
            &task_manager,
            &client,
            &backend,
            &keystore,
            &transaction_pool,
            Arc::clone(&network),
        )?;
    }

    let blobs = blobs.start(&task_manager, &client, Arc::clone(&network), &sync_service);

    let offchain_index = backend
        .offchain_storage()
        .ok_or_else(|| ServiceError::Other("the database has no off-chain index".into()))?;

    let voter_state = SharedVoterState::empty();
    let rpc_parts = RpcParts {
        client: Arc::clone(&client),
        pool: Arc::clone(&transaction_pool),
        select_chain: select_chain.clone(),
        keystore: keystore.keystore(),
        babe_worker,
        finality: FinalityAccess {
            authority_set: grandpa_link.shared_authority_set().clone(),
            voter_state: voter_state.clone(),
            justifications: grandpa_link.justification_stream(),
            proofs: FinalityProofProvider::new_for_service(
                Arc::clone(&backend),
                Some(grandpa_link.shared_authority_set().clone()),
            ),
        },
        blobs,
        offchain_index,
    };

    let (role, name) = (config.role, config.network.node_name.clone());
    let (force_authoring, grandpa_enabled) = (config.force_authoring, !config.disable_grandpa);
    let prometheus_registry = config.prometheus_registry().cloned();

    let _rpc: RpcHandlers = sc_service::spawn_tasks(sc_service::SpawnTasksParams {
        config,
        client: Arc::clone(&client),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore.keystore(),
        transaction_pool: Arc::clone(&transaction_pool),
        rpc_builder: Box::new(move |executor| {
            rpc::module(&rpc_parts, executor).map_err(ServiceError::Application)
        }),
        network: Arc::clone(&network),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: Arc::clone(&sync_service),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    if role.is_authority() {
        let proposer_factory = sc_basic_authorship::ProposerFactory::new(
            task_manager.spawn_handle(),
            Arc::clone(&client),
            Arc::clone(&transaction_pool),
            prometheus_registry.as_ref(),
            telemetry.as_ref().map(Telemetry::handle),
        );
        let clock = slot_and_time(babe_link.config().slot_duration());
        let seen = Arc::clone(&client);
        let create_inherent_data_providers = move |parent: BlockHash, ()| {
            let (clock, seen) = (Arc::clone(&clock), Arc::clone(&seen));
            async move {
                let (slot, time) = clock.create_inherent_data_providers(parent, ()).await?;
                let report = FinalityReport(seen.chain_info().finalized_number);
                Ok((slot, time, report))
            }
        };
        let author = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
            keystore: keystore.keystore(),
            client,
            select_chain,
            env: proposer_factory,
            block_import,
            sync_oracle: Arc::clone(&sync_service),
            justification_sync_link: Arc::clone(&sync_service),
            create_inherent_data_providers,
            force_authoring,
            // Authors slow down when finality stands still, so that the part of the chain that
            // can still be reverted stays short.
            backoff_authoring_blocks: (!force_authoring)
                .then(BackoffAuthoringOnFinalizedHeadLagging::default),
            babe_link,
            block_proposal_slot_portion: SlotProportion::new(PROPOSAL_SLOT_PORTION),
            max_block_proposal_slot_portion: None,
            telemetry: telemetry.as_ref().map(Telemetry::handle),
        })?;
        task_manager.spawn_essential_handle().spawn_blocking(
            "babe-author",
            Some("block-authoring"),
            author,
        );
    }

    if grandpa_enabled {
        let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
            config: voter_config(
                role,
                name,
                // A node without authority has no votes to sign: it only follows those of others.
                role.is_authority().then(|| keystore.keystore()),
                grandpa_protocol,
                telemetry.as_ref(),
            ),
            link: grandpa_link,
            network,
            sync: sync_service,
            notification_service: grandpa_notifications,
            voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
            prometheus_registry,
            shared_voter_state: voter_state,
            telemetry: telemetry.as_ref().map(Telemetry::handle),
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
        })?;
        task_manager
            .spawn_essential_handle()
            .spawn_blocking("grandpa-voter", None, voter);
    }

    task_manager.keep_alive(telemetry);
    Ok(task_manager)
}

fn voter_config(
    role: sc_service::Role,
    name: String,
    keystore: Option<sp_keystore::KeystorePtr>,
    protocol_name: ProtocolName,
    telemetry: Option<&Telemetry>,
) -> sc_consensus_grandpa::Config {
    sc_consensus_grandpa::Config {
        gossip_duration: GOSSIP_DURATION,
        justification_generation_period: JUSTIFICATION_PERIOD,
        observer_enabled: false,
        local_role: role,
        name: Some(name),
        keystore,
        telemetry: telemetry.map(Telemetry::handle),
        protocol_name,
    }
}

/// Runs the runtime's off-chain worker after every new best block.
fn run_offchain_workers(
    config: &Configuration,
    task_manager: &TaskManager,
    client: &Arc<FullClient>,
    backend: &Arc<FullBackend>,
    keystore: &KeystoreContainer,
    transaction_pool: &Arc<FullPool>,
    network: Arc<dyn NetworkService>,
) -> Result<(), ServiceError> {
    let workers = OffchainWorkers::new(OffchainWorkerOptions {
        runtime_api_provider: Arc::clone(client),
        keystore: Some(keystore.keystore()),
        offchain_db: backend.offchain_storage(),
        transaction_pool: Some(OffchainTransactionPoolFactory::new(Arc::clone(
            transaction_pool,
        ))),
        network_provider: Arc::new(network),
        is_validator: config.role.is_authority(),
        enable_http_requests: true,
        custom_extensions: |_| Vec::new(),
    })?;
    task_manager.spawn_handle().spawn(
        "offchain-workers-runner",
        "offchain-worker",
        workers
            .run(Arc::clone(client), task_manager.spawn_handle())
            .boxed(),
    );
    Ok(())
}
