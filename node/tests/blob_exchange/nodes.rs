//! Nodes with blobs, and others that only look like them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aipg_node::blobs::{
    exchange::{wire, ExchangeMetrics, Fetcher, Limits, Link, Server},
    BlobStore,
};
use aipg_runtime::opaque::Block;
use codec::Encode;
use futures::FutureExt;
use sc_network::{
    config::{IncomingRequest, OutgoingResponse},
    IfDisconnected, NetworkBackend, NetworkPeers, NetworkRequest, PeerId, RequestFailure,
};
use sp_core::{Blake2Hasher, Hasher, H256};
use substrate_prometheus_endpoint::Registry;
use tempfile::TempDir;

use crate::network::{self, Network};

/// Below this a peer is banned.
pub use sc_network::peer_store::BANNED_THRESHOLD;

/// Disk space of a node's store in bytes.
const QUOTA: u64 = 256 << 20;

/// A node as it is in a real network, without a chain.
pub struct Node {
    pub network: Network,
    pub store: Arc<BlobStore>,
    pub fetcher: Fetcher,
    registry: Registry,
    peers: Arc<Mutex<Vec<PeerId>>>,
    folder: TempDir,
}

impl Node {
    pub async fn start<N: NetworkBackend<Block, H256>>(limits: Limits) -> Self {
        Self::with_quota::<N>(limits, QUOTA).await
    }

    pub async fn with_quota<N: NetworkBackend<Block, H256>>(limits: Limits, quota: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(BlobStore::open(folder.path().into(), quota).unwrap());
        let network = network::start::<N>(&limits).await;
        let registry = Registry::new();
        let metrics = ExchangeMetrics::register(&registry).unwrap();
        let peers = Arc::new(Mutex::new(Vec::new()));
        let source = {
            let peers: Arc<Mutex<Vec<PeerId>>> = Arc::clone(&peers);
            Arc::new(move || {
                let peers = peers.lock().unwrap().clone();
                async move { peers }.boxed()
            })
        };
        let link = Link::new(
            Arc::clone(&network.service),
            network::protocol(),
            source,
            Some(metrics),
        );
        let server = Server::new(
            Arc::clone(&store),
            link.clone(),
            limits.clone(),
            network.requests.clone(),
        );
        tokio::spawn(server.run());
        Self {
            fetcher: Fetcher::new(Arc::clone(&store), link, limits),
            network,
            store,
            registry,
            peers,
            folder,
        }
    }

    /// Connects with others and takes them for peers, in place of those of before.
    pub async fn meet(&self, others: &[&Network]) {
        for other in others {
            network::connect(&self.network, other.id, &other.address).await;
        }
        self.know(others.iter().map(|other| other.id).collect());
    }

    /// Takes others, which are connected, for peers.
    pub fn know(&self, others: Vec<PeerId>) {
        *self.peers.lock().unwrap() = others;
    }

    /// The file of a blob that it stores.
    pub fn file_of(&self, name: H256) -> std::path::PathBuf {
        let digits = format!("{name:x}");
        self.folder.path().join(&digits[..2]).join(&digits[2..])
    }

    pub fn reputation(&self, peer: PeerId) -> i32 {
        self.network.service.peer_reputation(&peer)
    }

    pub fn is_banned(&self, peer: PeerId) -> bool {
        self.reputation(peer) < BANNED_THRESHOLD
    }

    /// Waits until a peer is banned.
    pub async fn until_banned(&self, peer: PeerId) {
        let banned = async {
            while !self.is_banned(peer) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), banned)
            .await
            .expect("the peer is not banned");
    }

    /// The value of a counter of the exchange; `label` where it has one.
    pub fn counted(&self, name: &str, label: Option<&str>) -> u64 {
        let name = format!("aipg_blobs_exchange_{name}");
        let families = self.registry.gather();
        let family = families
            .iter()
            .find(|family| family.get_name() == name)
            .unwrap_or_else(|| panic!("there is no metric {name}"));
        let metric = family.get_metric().iter().find(|metric| match label {
            None => metric.get_label().is_empty(),
            Some(label) => metric.get_label()[0].get_value() == label,
        });
        metric.unwrap().get_counter().get_value() as u64
    }

    /// Asserts that it gets a new blob from `other`, which it is connected to.
    pub async fn assert_gets_a_blob_from(&self, other: &Self) {
        let (bytes, name) = blob(600_000 + self.store.usage().blobs as usize);
        other.store.put(&bytes).unwrap();
        self.know(vec![other.network.id]);
        assert!(*self.fetcher.fetch(name, None).await.unwrap() == bytes);
    }
}

/// A blob of so many bytes, and its name.
pub fn blob(length: usize) -> (Vec<u8>, H256) {
    let bytes: Vec<u8> = (0..length)
        .map(|index| ((index + length) / 3 % 253) as u8)
        .collect();
    let name = Blake2Hasher::hash(&bytes);
    (bytes, name)
}

/// Somebody who speaks the protocol and keeps to none of its rules.
pub struct Stranger {
    pub network: Network,
}

impl Stranger {
    /// The network of a stranger lets messages of 64 MiB through.
    pub async fn start<N: NetworkBackend<Block, H256>>() -> Self {
        const MOST: u64 = 64 << 20;
        let (sender, requests) = async_channel::bounded(64);
        let config = N::request_response_config(
            network::protocol(),
            Vec::new(),
            MOST,
            MOST,
            Duration::from_secs(60),
            Some(sender),
        );
        Self {
            network: network::start_with::<N>(config, requests).await,
        }
    }

    /// Answers every request with what `reply` makes of it; `None` refuses.
    pub fn answer(&self, reply: impl Fn(wire::Request) -> Option<Vec<u8>> + Send + 'static) {
        let requests = self.network.requests.clone();
        tokio::spawn(async move {
            while let Ok(incoming) = requests.recv().await {
                let IncomingRequest {
                    payload,
                    pending_response,
                    ..
                } = incoming;
                let request = codec::DecodeAll::decode_all(&mut &payload[..]).unwrap();
                let _ = pending_response.send(OutgoingResponse {
                    result: reply(request).ok_or(()),
                    reputation_changes: Vec::new(),
                    sent_feedback: None,
                });
            }
        });
    }

    /// Takes every request and leaves it without an answer.
    pub fn be_silent(&self) {
        let requests = self.network.requests.clone();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok(incoming) = requests.recv().await {
                kept.push(incoming);
            }
        });
    }

    /// Sends any bytes as a request.
    pub async fn send(&self, to: &Node, request: Vec<u8>) -> Result<Vec<u8>, RequestFailure> {
        self.network
            .service
            .request(
                to.network.id,
                network::protocol(),
                request,
                None,
                IfDisconnected::ImmediateError,
            )
            .await
            .map(|(reply, _)| reply)
    }

    pub async fn meet(&self, node: &Node) {
        network::connect(&self.network, node.network.id, &node.network.address).await;
    }
}

/// The answer of a node that has `bytes` and serves them under whatever name it is asked for.
pub fn serve(bytes: &[u8], request: wire::Request) -> wire::Reply {
    use aipg_node::blobs::exchange::chunks;
    let length = bytes.len() as u32;
    match request {
        wire::Request::Has(_) => wire::Reply::Present { length },
        wire::Request::Chunks {
            first,
            count,
            hashes,
            ..
        } => {
            let start = (usize::from(first) * chunks::CHUNK_SIZE).min(bytes.len());
            let end = (start + usize::from(count) * chunks::CHUNK_SIZE).min(bytes.len());
            wire::Reply::Chunks {
                length,
                hashes: match hashes {
                    true => chunks::hashes(bytes),
                    false => Vec::new(),
                },
                bytes: bytes[start..end].to_vec(),
            }
        }
    }
}

/// The same, as bytes.
pub fn served(bytes: &[u8], request: wire::Request) -> Vec<u8> {
    serve(bytes, request).encode()
}

/// Memory of this process that is in use, in bytes.
pub fn memory_in_use() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
