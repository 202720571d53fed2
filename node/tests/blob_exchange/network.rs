//! Real networks, several in one process, on the loopback interface.

use std::{sync::Arc, time::Duration};

use aipg_node::blobs::exchange::{self, Limits};
use aipg_runtime::opaque::Block;
use sc_network::{
    config::{
        FullNetworkConfiguration, IncomingRequest, NetworkConfiguration, NotificationHandshake,
        Params, ProtocolId, Role, SetConfig,
    },
    service::traits::{NetworkService, PeerStore},
    IfDisconnected, Multiaddr, NetworkBackend, NetworkPeers, NetworkRequest, NetworkStateInfo,
    PeerId, ProtocolName,
};
use sp_core::H256;

/// The chain that all of them belong to.
const GENESIS: H256 = H256::repeat_byte(0x61);

/// A protocol that does nothing, to connect by.
const HELLO: &str = "/hello";

/// Longest time for a network to come up, and for two to connect.
const PATIENCE: Duration = Duration::from_secs(30);

/// A network of one node that runs as long as the test.
pub struct Network {
    /// Its service.
    pub service: Arc<dyn NetworkService>,
    /// Its identity.
    pub id: PeerId,
    /// Where it listens.
    pub address: Multiaddr,
    /// What others ask it about blobs.
    pub requests: async_channel::Receiver<IncomingRequest>,
}

/// The name of the protocol under test.
pub fn protocol() -> ProtocolName {
    exchange::protocol_name(GENESIS)
}

/// Starts a network as a node has it.
pub async fn start<N: NetworkBackend<Block, H256>>(limits: &Limits) -> Network {
    let (config, requests) = exchange::protocol::<_, _, N>(protocol(), limits);
    start_with::<N>(config, requests).await
}

/// Starts a network with this configuration of the protocol of blobs.
pub async fn start_with<N: NetworkBackend<Block, H256>>(
    config: N::RequestResponseProtocolConfig,
    requests: async_channel::Receiver<IncomingRequest>,
) -> Network {
    let mut network_config = NetworkConfiguration::new_local();
    network_config.idle_connection_timeout = Duration::from_secs(600);
    let mut network = FullNetworkConfiguration::<Block, H256, N>::new(&network_config, None);
    network.add_request_response_protocol(config);
    let (hello, greetings) = async_channel::bounded::<IncomingRequest>(64);
    network.add_request_response_protocol(N::request_response_config(
        HELLO.into(),
        Vec::new(),
        64,
        64,
        PATIENCE,
        Some(hello),
    ));
    // Whoever says hello is refused, and connected.
    tokio::spawn(async move { while greetings.recv().await.is_ok() {} });

    let (announcements, handle) = N::notification_config(
        "/announcements".into(),
        Vec::new(),
        1024,
        Some(NotificationHandshake::from_bytes(vec![1])),
        SetConfig::default(),
        N::register_notification_metrics(None),
        network.peer_store_handle(),
    );
    tokio::spawn(network.take_peer_store().run());
    let backend = N::new(Params {
        role: Role::Full,
        executor: Box::new(|task| {
            tokio::spawn(task);
        }),
        network_config: network,
        protocol_id: ProtocolId::from("test"),
        genesis_hash: GENESIS,
        fork_id: None,
        metrics_registry: None,
        block_announce_config: announcements,
        ipfs_config: None,
        notification_metrics: N::register_notification_metrics(None),
    })
    .unwrap();
    let service = backend.network_service();
    tokio::spawn(async move {
        let _handle = handle;
        backend.run().await;
    });
    let address = loop {
        if let Some(address) = service.listen_addresses().first() {
            break address.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    Network {
        id: service.local_peer_id(),
        address,
        service,
        requests,
    }
}

/// Connects a network with the one of `id` that listens at `address`.
pub async fn connect(from: &Network, id: PeerId, address: &Multiaddr) {
    from.service.add_known_address(id, address.clone());
    let connected = async {
        loop {
            // To be refused is to be connected.
            let said = from.service.request(
                id,
                HELLO.into(),
                Vec::new(),
                None,
                IfDisconnected::TryConnect,
            );
            let _ = said.await;
            let again = from.service.request(
                id,
                HELLO.into(),
                Vec::new(),
                None,
                IfDisconnected::ImmediateError,
            );
            match again.await {
                Err(sc_network::RequestFailure::NotConnected) => {}
                _ => return,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, connected).await.unwrap();
}
