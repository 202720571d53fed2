//! The blob store of a node, and its part in the network.

use std::sync::Arc;

use aipg_runtime::opaque::Block;
use futures::FutureExt;
use sc_network::{
    config::{FullNetworkConfiguration, IncomingRequest},
    service::traits::NetworkService,
    NetworkBackend, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_service::{error::Error as ServiceError, Configuration, TaskManager};
use sp_consensus::SyncOracle;

use aipg_node::blobs::{
    exchange::{self, ExchangeMetrics, Fetcher, Link, PeerSource, Server},
    jobs::ChainJobs,
    retention::Retention,
    BlobMetrics, BlobOptions, BlobStore,
};

use super::{BlockHash, FullBackend, FullClient};

/// Group under which the tasks are counted.
const TASK_GROUP: &str = "blobs";

/// The blobs of a node whose network is not there yet.
pub(super) struct BlobParts {
    options: BlobOptions,
    store: Arc<BlobStore>,
    metrics: Option<BlobMetrics>,
    exchange_metrics: Option<ExchangeMetrics>,
    protocol: ProtocolName,
    requests: async_channel::Receiver<IncomingRequest>,
}

/// The blobs of a node that runs.
pub struct Blobs {
    /// What is on this node.
    pub store: Arc<BlobStore>,
    /// Gets what is on others.
    pub fetcher: Fetcher,
    /// Where calls are counted, if the node has metrics.
    pub metrics: Option<BlobMetrics>,
}

/// Opens the store and adds the protocol to the network's.
///
/// To be called after the database was opened, whose lock keeps a second node out of the same folder.
pub(super) fn prepare<N: NetworkBackend<Block, BlockHash>>(
    config: &Configuration,
    options: BlobOptions,
    genesis: BlockHash,
    network: &mut FullNetworkConfiguration<Block, BlockHash, N>,
) -> Result<BlobParts, ServiceError> {
    let store = BlobStore::open(config.data_path.join("blobs"), options.quota())
        .map_err(|error| ServiceError::Application(Box::new(error)))?;
    let store = Arc::new(store);
    let registry = config.prometheus_registry();
    let protocol = exchange::protocol_name(genesis);
    let (protocol_config, requests) =
        exchange::protocol::<_, _, N>(protocol.clone(), &options.limits());
    network.add_request_response_protocol(protocol_config);
    Ok(BlobParts {
        options,
        metrics: registry
            .map(|registry| BlobMetrics::register(registry, &store))
            .transpose()?,
        exchange_metrics: registry.map(ExchangeMetrics::register).transpose()?,
        store,
        protocol,
        requests,
    })
}

impl BlobParts {
    /// Begins to serve other nodes and to remove what is no longer needed.
    pub(super) fn start(
        self,
        tasks: &TaskManager,
        client: &Arc<FullClient>,
        network: Arc<dyn NetworkService>,
        sync: &Arc<SyncingService<Block>>,
    ) -> Blobs {
        let Self {
            options,
            store,
            metrics,
            exchange_metrics,
            protocol,
            requests,
        } = self;
        let link = Link::new(network, protocol, connected_peers(sync), exchange_metrics);
        let server = Server::new(Arc::clone(&store), link.clone(), options.limits(), requests);
        let syncing = {
            let sync = Arc::clone(sync);
            move || sync.is_major_syncing()
        };
        let retention = Retention::new(
            Arc::clone(&store),
            ChainJobs::<_, FullBackend, _>::new(Arc::clone(client), syncing),
            options.retention(),
            metrics.clone(),
        );
        let spawner = tasks.spawn_handle();
        spawner.spawn("blob-server", TASK_GROUP, server.run());
        spawner.spawn("blob-retention", TASK_GROUP, retention.run());
        Blobs {
            fetcher: Fetcher::new(Arc::clone(&store), link, options.limits()),
            store,
            metrics,
        }
    }
}

/// The nodes with which this one exchanges blocks.
fn connected_peers(sync: &Arc<SyncingService<Block>>) -> PeerSource {
    let sync = Arc::clone(sync);
    Arc::new(move || {
        let sync = Arc::clone(&sync);
        async move {
            // An error means that the node is shutting down.
            let peers = sync.peers_info().await.unwrap_or_default();
            peers.into_iter().map(|(peer, _)| peer).collect()
        }
        .boxed()
    })
}
