//! Blobs between nodes.
//!
//! A request-response protocol on the node's own network, `/<genesis hash>/aipg/blobs/1`, with either
//! network backend. A node that is asked for a blob which it lacks asks the nodes it is connected to:
//!
//! ```text
//! Has(blob)                             → Present { length } | Absent
//! Chunks { blob, first, count, hashes } → Chunks { length, hashes, bytes } | Absent | Busy
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`wire`] | requests and replies, and how large they may be |
//! | [`chunks`] | the tree over the 16 KiB chunks of a blob, which is the tree of its token list |
//! | [`quota`] | how much a peer may ask for |
//! | [`offence`] | what a peer must not do and what that costs it |
//! | [`server`] | answers other nodes |
//! | [`fetch`] | gets blobs from other nodes |
//!
//! Nothing is believed. Each node that sends a part of a blob first vouches for the hashes of all its
//! chunks, and every chunk is compared with them when it arrives; the whole is compared with the blob's
//! name before it is stored or handed on. Whoever sends something else is banned.
//!
//! Nothing grows without bound either: the length of a message, the queue of requests, the tasks and
//! replies under way, the table of peers and the blobs in memory all have limits, see [`Limits`].

pub mod chunks;
pub mod fetch;
mod link;
mod metrics;
mod offence;
mod partial;
mod quota;
mod roster;
mod server;
mod verified;
pub mod wire;

use std::time::Duration;

use sc_network::{config::IncomingRequest, service::traits::NetworkBackend, types::ProtocolName};
use sp_core::H256;

pub use fetch::{FetchError, Fetcher};
pub use link::{Link, PeerSource};
pub use metrics::ExchangeMetrics;
pub use offence::Offence;
pub use quota::Allowance;
pub use server::Server;

use super::BYTES_PER_MIB;

/// Bytes that a peer may take in a minute unless something else is asked for, in MiB.
pub const DEFAULT_PEER_MIB: u64 = 128;

/// Bytes that all peers together may take in a minute unless something else is asked for, in MiB.
pub const DEFAULT_SERVED_MIB: u64 = 512;

/// Requests that wait to be answered. The network refuses what comes when so many wait.
const QUEUE: usize = 32;

/// What bounds the exchange. The defaults are those of a node; tests and benchmarks have others.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests that a peer may send.
    pub requests: Allowance,
    /// Requests that this node sends to a peer: fewer than a peer must take, so that a node that is
    /// itself flooded with `blobs_get` does not become a nuisance for others.
    pub own_requests: Allowance,
    /// Bytes that a peer may take: those sent, and those read from the disk for it.
    pub peer_bytes: Allowance,
    /// Bytes that all peers together may take, counted in the same way.
    pub all_bytes: Allowance,
    /// Time within which a request must be answered, and a reply taken.
    pub reply_time: Duration,
    /// Time within which a peer must say whether it has a blob.
    pub survey_time: Duration,
    /// Time that fetching a blob may take.
    pub fetch_time: Duration,
    /// Pause before a peer that was busy, or that failed, is asked again.
    pub pause: Duration,
}

impl Limits {
    /// Those of a node that gives `peer_mib` MiB a minute to each peer and `served_mib` MiB a minute to
    /// all of them. With 0 it gives nothing.
    pub const fn new(peer_mib: u64, served_mib: u64) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            requests: Allowance::new(64, SECOND, 256),
            own_requests: Allowance::new(32, SECOND, 128),
            peer_bytes: Allowance::per(peer_mib.saturating_mul(BYTES_PER_MIB), MINUTE),
            all_bytes: Allowance::per(served_mib.saturating_mul(BYTES_PER_MIB), MINUTE),
            reply_time: Duration::from_secs(15),
            survey_time: Duration::from_secs(5),
            // Shorter than what clients wait for a reply to a call, usually a minute.
            fetch_time: Duration::from_secs(40),
            pause: SECOND,
        }
    }
}

impl Limits {
    /// Whether anything is given to other nodes at all.
    fn gives(&self) -> bool {
        !self.peer_bytes.is_nothing() && !self.all_bytes.is_nothing()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(DEFAULT_PEER_MIB, DEFAULT_SERVED_MIB)
    }
}

/// The name of the protocol on the chain that begins with the block `genesis`.
pub fn protocol_name(genesis: H256) -> ProtocolName {
    format!("/{}/aipg/blobs/1", hex::encode(genesis)).into()
}

/// What the network has to know of the protocol, and where it puts the requests of other nodes.
pub fn protocol<B, H, N>(
    name: ProtocolName,
    limits: &Limits,
) -> (
    N::RequestResponseProtocolConfig,
    async_channel::Receiver<IncomingRequest>,
)
where
    B: sp_runtime::traits::Block + 'static,
    H: sc_network::config::ExHashT,
    N: NetworkBackend<B, H>,
{
    let (sender, receiver) = async_channel::bounded(QUEUE);
    let config = N::request_response_config(
        name,
        Vec::new(),
        wire::MOST_REQUEST as u64,
        wire::MOST_FRAME as u64,
        limits.reply_time,
        Some(sender),
    );
    (config, receiver)
}
