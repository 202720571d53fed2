//! The network, as far as blobs need it.

use std::sync::Arc;

use codec::Encode;
use futures::future::BoxFuture;
use sc_network::{
    peer_store::BANNED_THRESHOLD, service::traits::NetworkService, types::ProtocolName,
    IfDisconnected, NetworkPeers, NetworkRequest, OutboundFailure, PeerId, RequestFailure,
};
use sp_core::{Blake2Hasher, Hasher, H256};

use super::{
    wire::{self, Reply, Request},
    ExchangeMetrics, Offence,
};

/// Names the nodes that this one is connected to.
pub type PeerSource = Arc<dyn Fn() -> BoxFuture<'static, Vec<PeerId>> + Send + Sync>;

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is one, but it is no message of the protocol.
    Unreadable,
    /// The time for it has passed.
    Slow,
    /// The peer refused, or the network cut the reply off; or the peer does not know the protocol.
    Refused,
    /// The reply broke off, or was so large that the network did not take it.
    Broken,
    /// The peer is not there.
    Gone,
}

/// Sends requests, and punishes.
#[derive(Clone)]
pub struct Link {
    network: Arc<dyn NetworkService>,
    protocol: ProtocolName,
    peers: PeerSource,
    metrics: Option<ExchangeMetrics>,
}

impl Link {
    /// A link over `network`, on which `protocol` is registered, to the nodes that `peers` names.
    pub fn new(
        network: Arc<dyn NetworkService>,
        protocol: ProtocolName,
        peers: PeerSource,
        metrics: Option<ExchangeMetrics>,
    ) -> Self {
        Self {
            network,
            protocol,
            peers,
            metrics,
        }
    }

    /// At most `most` connected peers that are not banned, in an order that differs from blob to blob,
    /// so that they share the work.
    pub(super) async fn peers(&self, blob: H256, most: usize) -> Vec<PeerId> {
        let mut peers = (self.peers)().await;
        peers.retain(|peer| !self.is_banned(*peer));
        peers.sort_by_cached_key(|peer| {
            Blake2Hasher::hash(&[&peer.to_bytes()[..], blob.as_bytes()].concat())
        });
        peers.dedup();
        peers.truncate(most);
        peers
    }

    /// This node itself, as others name it to be asked for what it has.
    pub fn own_id(&self) -> Option<H256> {
        self.network.local_peer_id().into_ed25519().map(H256)
    }

    /// The node of this name, if it may be asked: it is another one, and not banned.
    pub(super) fn provider(&self, id: H256) -> Option<PeerId> {
        PeerId::from_ed25519(&id.0)
            .filter(|peer| *peer != self.network.local_peer_id() && !self.is_banned(*peer))
    }

    pub(super) fn is_banned(&self, peer: PeerId) -> bool {
        self.network.peer_reputation(&peer) < BANNED_THRESHOLD
    }

    /// Lowers the reputation of a peer.
    pub(super) fn punish(&self, peer: PeerId, offence: Offence) {
        tracing::debug!(target: "blobs", %peer, ?offence, "Peer against the rules");
        if let Some(metrics) = &self.metrics {
            metrics.offence(offence);
        }
        self.network.report_peer(peer, offence.cost());
    }

    /// Asks a connected peer and waits for its reply.
    pub(super) async fn request(&self, peer: PeerId, request: &Request) -> Result<Reply, Failure> {
        self.ask(peer, request, IfDisconnected::ImmediateError)
            .await
    }

    /// Asks a peer, if need be after connecting to it. Where it is unknown how to reach it, the
    /// network begins to find out, and a later try may succeed.
    pub(super) async fn reach(&self, peer: PeerId, request: &Request) -> Result<Reply, Failure> {
        let outcome = self.ask(peer, request, IfDisconnected::TryConnect).await;
        if matches!(outcome, Err(Failure::Gone)) {
            self.network.find_closest_peers(peer);
        }
        outcome
    }

    async fn ask(
        &self,
        peer: PeerId,
        request: &Request,
        if_disconnected: IfDisconnected,
    ) -> Result<Reply, Failure> {
        let outcome = self
            .network
            .request(
                peer,
                self.protocol.clone(),
                request.encode(),
                None,
                if_disconnected,
            )
            .await;
        match outcome {
            Ok((bytes, _)) => {
                if let Some(metrics) = &self.metrics {
                    metrics.received(bytes.len());
                }
                wire::decode(&bytes, wire::MOST_REPLY).ok_or(Failure::Unreadable)
            }
            Err(RequestFailure::Refused) => Err(Failure::Refused),
            Err(RequestFailure::Network(OutboundFailure::Timeout)) => Err(Failure::Slow),
            Err(RequestFailure::Network(OutboundFailure::Io(_))) => Err(Failure::Broken),
            Err(_) => Err(Failure::Gone),
        }
    }

    pub(super) fn metrics(&self) -> Option<&ExchangeMetrics> {
        self.metrics.as_ref()
    }
}
