//! The part of a node that works without a network.

use std::sync::Arc;

use aipg_runtime::{opaque::Block, RuntimeApi};
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle};
use sc_consensus_grandpa::{GrandpaBlockImport, GrandpaPruningFilter, LinkHalf};
use sc_service::{error::Error as ServiceError, Configuration, KeystoreContainer, TaskManager};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::{
    inherents::{BabeCreateInherentDataProviders, InherentDataProvider as SlotInherent},
    SlotDuration,
};
use sp_runtime::traits::Block as BlockT;

/// Blocks after which a finality justification is stored even if no authority set changes, for
/// clients that sync by justifications.
pub(super) const JUSTIFICATION_PERIOD: u32 = 512;

/// Messages to telemetry servers that are queued before new ones are dropped.
const TELEMETRY_BUFFER: usize = 16;

/// Host functions that the runtime may call.
type HostFunctions = sp_io::SubstrateHostFunctions;
/// Hash of a block.
pub type BlockHash = <Block as BlockT>::Hash;

/// The database with everything that is stored about the chain.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// What the runtime wrote beside the state while this node executed blocks.
pub type OffchainIndex = <FullBackend as sc_client_api::Backend<Block>>::OffchainStorage;
/// Executes the runtime blob; there is no native runtime.
pub type RuntimeExecutor = sc_executor::WasmExecutor<HostFunctions>;
/// Access to blocks, state and runtime calls.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, RuntimeExecutor>;
/// The rule for the best chain: among the leaves, the one that import made best.
pub type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
/// The pool of transactions that wait for a block.
pub type FullPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;

type GrandpaImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type BlockImport = BabeBlockImport<
    Block,
    FullClient,
    GrandpaImport,
    BabeCreateInherentDataProviders<Block>,
    FullSelectChain,
>;

/// The parts of a node that exist before its network does. Commands on the stored chain need no
/// more than these.
pub struct NodeParts {
    /// Access to blocks, state and runtime calls.
    pub client: Arc<FullClient>,
    /// The database.
    pub backend: Arc<FullBackend>,
    /// Owner of all background tasks.
    pub task_manager: TaskManager,
    /// The keys of this node.
    pub keystore: KeystoreContainer,
    /// The rule for the best chain.
    pub select_chain: FullSelectChain,
    /// Checks and imports the blocks that come from outside.
    pub import_queue: sc_consensus::DefaultImportQueue<Block>,
    /// Transactions that wait for a block.
    pub transaction_pool: Arc<FullPool>,
    pub(super) block_import: BlockImport,
    pub(super) babe_link: BabeLink<Block>,
    pub(super) babe_worker: BabeWorkerHandle<Block>,
    pub(super) grandpa_link: LinkHalf<Block, FullClient, FullSelectChain>,
    pub(super) telemetry: Option<Telemetry>,
}

/// Opens the database and builds everything up to the import queue.
///
/// Turns off-chain indexing on in `config`: clients read what the runtime indexes, so it must be
/// on for every block that is ever imported, also by `import-blocks`.
pub fn node_parts(config: &mut Configuration) -> Result<NodeParts, ServiceError> {
    config.offchain_worker.indexing_enabled = true;

    let telemetry = connect_telemetry(config)?;
    let telemetry_handle = telemetry.as_ref().map(|(_, telemetry)| telemetry.handle());

    let executor = sc_service::new_wasm_executor::<HostFunctions>(&config.executor);
    let (client, backend, keystore, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(
            config,
            telemetry_handle.clone(),
            executor,
            // Without these blocks the node could not prove finality to nodes that warp sync.
            vec![Arc::new(GrandpaPruningFilter)],
        )?;
    let client = Arc::new(client);

    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager
            .spawn_handle()
            .spawn("telemetry", None, worker.run());
        telemetry
    });

    let select_chain = sc_consensus::LongestChain::new(Arc::clone(&backend));
    let transaction_pool = Arc::new(
        sc_transaction_pool::Builder::new(
            task_manager.spawn_essential_handle(),
            Arc::clone(&client),
            config.role.is_authority().into(),
        )
        .with_options(config.transaction_pool.clone())
        .with_prometheus(config.prometheus_registry())
        .build(),
    );

    let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
        Arc::clone(&client),
        JUSTIFICATION_PERIOD,
        &Arc::clone(&client),
        select_chain.clone(),
        telemetry_handle.clone(),
    )?;

    let babe_configuration = sc_consensus_babe::configuration(&*client)?;
    let slot_duration = babe_configuration.slot_duration();
    let (block_import, babe_link) = sc_consensus_babe::block_import(
        babe_configuration,
        grandpa_import.clone(),
        Arc::clone(&client),
        slot_and_time(slot_duration),
        select_chain.clone(),
        // Where BABE puts the report when it sees an author sign two blocks for one slot.
        OffchainTransactionPoolFactory::new(Arc::clone(&transaction_pool)),
    )?;

    let (import_queue, babe_worker) =
        sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
            link: babe_link.clone(),
            block_import: block_import.clone(),
            justification_import: Some(Box::new(grandpa_import)),
            client: Arc::clone(&client),
            slot_duration,
            spawner: &task_manager.spawn_essential_handle(),
            registry: config.prometheus_registry(),
            telemetry: telemetry_handle,
        })?;

    Ok(NodeParts {
        client,
        backend,
        task_manager,
        keystore,
        select_chain,
        import_queue,
        transaction_pool,
        block_import,
        babe_link,
        babe_worker,
        grandpa_link,
        telemetry,
    })
}

/// The inherents of a block, from the clock of this machine: the slot and the time.
pub(super) fn slot_and_time(slot_duration: SlotDuration) -> BabeCreateInherentDataProviders<Block> {
    Arc::new(move |_parent: BlockHash, ()| async move {
        let time = sp_timestamp::InherentDataProvider::from_system_time();
        let slot = SlotInherent::from_timestamp_and_slot_duration(*time, slot_duration);
        Ok((slot, time))
    })
}

fn connect_telemetry(
    config: &Configuration,
) -> Result<Option<(TelemetryWorker, Telemetry)>, ServiceError> {
    let endpoints = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty());
    let Some(endpoints) = endpoints else {
        return Ok(None);
    };
    let worker = TelemetryWorker::new(TELEMETRY_BUFFER)?;
    let telemetry = worker.handle().new_telemetry(endpoints);
    Ok(Some((worker, telemetry)))
}
