//! The chain of AI Power Grid for programs in Rust.
//!
//! The crate knows the chain through its committed metadata alone (`metadata/aipg.scale`, from which
//! the types in [`api`] are generated) and links nothing of the runtime.
//!
//! - [`Endpoints`] keeps a connection to one of several nodes; [`Client`] is a connection.
//! - [`State`] reads at one block: [`Client::best`] where people wait, [`Client::finalised`] where
//!   money moves.
//! - [`calls`] names the calls, [`Signer`] signs and sends them so that none is included twice.
//! - [`events`] tells what a block did, as plain records; [`receipts`] how a job ended, with its proof.
//! - [`disputes`] reads who doubts which result, and how far the games about it are.
//! - [`audits`] and [`authors`] read who is drawn to audit results, and to author blocks.
//! - [`power`] reads what is measured of a machine, and commits to it.
//! - [`bootstrap`] reads how public jobs stand.
//! - [`blobs`] exchanges token lists with the node's blob store and checks them.
//!
//! ```no_run
//! # async fn example(pair: subxt_signer::sr25519::Keypair) -> Result<(), aipg_client::ChainError> {
//! use aipg_client::{calls, Client, Signer};
//! let client = Client::connect("ws://127.0.0.1:9944").await?;
//! let included = Signer::new(&client, &pair).execute(&calls::go_online()).await?;
//! println!("online since block {}", included.number);
//! # Ok(())
//! # }
//! ```

pub mod amount;
pub mod audits;
pub mod authors;
pub mod blobs;
pub mod bootstrap;
pub mod calls;
pub mod disputes;
mod endpoints;
mod error;
pub mod events;
pub mod power;
pub mod receipts;
mod region;
mod signer;
mod state;
mod views;

// The macro below reads the file, but only this tells the compiler to look at it again when it changes.
const _: &[u8] = include_bytes!("../metadata/aipg.scale");

/// Code generated from the committed metadata of the runtime.
#[allow(clippy::all, missing_docs, unused_qualifications)]
#[subxt::subxt(runtime_metadata_path = "metadata/aipg.scale")]
pub mod api {}

pub use amount::Amount;
pub use endpoints::{Backoff, Endpoints};
pub use error::ChainError;
pub use region::{Region, UnknownRegion};
pub use signer::{Fate, Inclusion, SignedCall, Signer, Submission, MORTALITY};
pub use state::{Constants, State};
pub use views::{
    Hash, Job, Machine, ModelTerms, Reward, Sampling, SamplingParameters, Stage, TokenList,
};

use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use subxt::{
    backend::LegacyBackend,
    client::Blocks,
    config::{substrate::DigestItem, RpcConfigFor},
    rpcs::{
        client::{RpcClient, RpcParams},
        LegacyRpcMethods,
    },
    utils::H256,
    OnlineClient, SubstrateConfig,
};

/// Longest time that making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to a node. Dropped and made anew when it breaks.
#[derive(Clone)]
pub struct Client {
    rpc: RpcClient,
    methods: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
    online: OnlineClient<SubstrateConfig>,
    url: String,
    constants: Constants,
}

/// Name of the engine whose digest says which slot a block is of.
const BABE: [u8; 4] = *b"BABE";

/// How a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    pub peers: usize,
    /// The node is catching up: what it tells is of the past.
    pub is_syncing: bool,
    /// Number of the best block.
    pub best: u32,
    /// Number of the last block that can no longer be undone.
    pub finalised: u32,
    /// Version of the runtime.
    pub spec_version: u32,
}

impl Client {
    /// Connects to the node at `url` (`ws://` or `wss://`).
    pub async fn connect(url: &str) -> Result<Self, ChainError> {
        match tokio::time::timeout(CONNECT_TIMEOUT, Self::open(url)).await {
            Ok(connected) => connected,
            Err(_) => Err(ChainError::Transport(format!(
                "{url} did not answer within {} s",
                CONNECT_TIMEOUT.as_secs()
            ))),
        }
    }

    async fn open(url: &str) -> Result<Self, ChainError> {
        let rpc = RpcClient::from_insecure_url(url)
            .await
            .map_err(ChainError::of_request)?;
        // The long-standing RPC methods: every node has them, they report the pool's reasons,
        // and they need no pinned blocks.
        let backend = Arc::new(LegacyBackend::builder().build(rpc.clone()));
        let online = OnlineClient::from_backend_with_config(SubstrateConfig::new(), backend)
            .await
            .map_err(ChainError::of_read)?;
        let mut client = Self {
            methods: LegacyRpcMethods::new(rpc.clone()),
            rpc,
            online,
            url: url.to_owned(),
            constants: Constants::default(),
        };
        client.constants = client.best().await?.constants().await?;
        Ok(client)
    }

    /// Where the node is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Hash of the chain's first block.
    pub fn genesis(&self) -> Hash {
        self.online.genesis_hash().into()
    }

    /// Time between two blocks.
    pub fn block_time(&self) -> Duration {
        self.constants.block_time
    }

    /// What the chain's genesis has fixed, read once for each connection.
    pub fn constants(&self) -> &Constants {
        &self.constants
    }

    /// How the node is.
    pub async fn health(&self) -> Result<Health, ChainError> {
        let health = self
            .methods
            .system_health()
            .await
            .map_err(ChainError::of_request)?;
        let best = self.best().await?;
        Ok(Health {
            peers: health.peers,
            is_syncing: health.is_syncing,
            best: best.number(),
            finalised: self.finalised().await?.number(),
            spec_version: best.block().spec_version(),
        })
    }

    /// Whether the node's runtime is, type for type, the one whose metadata is committed here.
    /// Where it is not, every single read and call is still checked before it is made.
    pub async fn is_runtime_known(&self) -> Result<bool, ChainError> {
        let best = self.best().await?;
        Ok(api::is_codegen_valid_for(best.block().metadata_ref()))
    }

    /// New best blocks as the node imports them.
    pub async fn best_blocks(&self) -> Result<Blocks<SubstrateConfig>, ChainError> {
        self.online
            .stream_best_blocks()
            .await
            .map_err(ChainError::of_read)
    }

    /// The state at the best block.
    pub async fn best(&self) -> Result<State, ChainError> {
        let hash = self
            .hash_of(None)
            .await?
            .ok_or_else(|| ChainError::Node("the node has no best block".into()))?;
        self.at(hash).await
    }

    /// The state at the last block that can no longer be undone.
    pub async fn finalised(&self) -> Result<State, ChainError> {
        let hash = self
            .methods
            .chain_get_finalized_head()
            .await
            .map_err(ChainError::of_request)?;
        self.at(hash.into()).await
    }

    /// Hash of the block of that height on the best branch.
    pub async fn block_hash(&self, number: u32) -> Result<Option<Hash>, ChainError> {
        self.hash_of(Some(number)).await
    }

    /// The state at the block of that height on the best branch.
    pub async fn at_number(&self, number: u32) -> Result<State, ChainError> {
        let hash = self
            .block_hash(number)
            .await?
            .ok_or_else(|| ChainError::Node(format!("the node has no block {number}")))?;
        self.at(hash).await
    }

    /// The state at a block.
    pub async fn at(&self, hash: Hash) -> Result<State, ChainError> {
        let block = self
            .online
            .at_block(H256::from(hash))
            .await
            .map_err(ChainError::of_read)?;
        Ok(State::new(block))
    }

    /// When the block of that height on the best branch was due, in milliseconds since 1970: the
    /// begin of its slot, by its header, which a node keeps when the state is gone.
    pub async fn slot_time(&self, number: u32) -> Result<u64, ChainError> {
        let unknown = || ChainError::Node(format!("the node has no slot of block {number}"));
        let hash = self.block_hash(number).await?.ok_or_else(unknown)?;
        let header = self
            .methods
            .chain_get_header(Some(H256::from(hash)))
            .await
            .map_err(ChainError::of_request)?
            .ok_or_else(unknown)?;
        let slot = slot_of(&header.digest.logs).ok_or_else(unknown)?;
        let length = u64::try_from(self.block_time().as_millis()).unwrap_or(u64::MAX);
        Ok(slot.saturating_mul(length))
    }

    async fn hash_of(&self, number: Option<u32>) -> Result<Option<Hash>, ChainError> {
        let number = number.map(|number| u64::from(number).into());
        let hash = self
            .methods
            .chain_get_block_hash(number)
            .await
            .map_err(ChainError::of_request)?;
        Ok(hash.map(Hash::from))
    }

    /// A plain RPC request.
    pub async fn request<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: RpcParams,
    ) -> Result<T, ChainError> {
        self.rpc
            .request(method, parameters)
            .await
            .map_err(ChainError::of_request)
    }
}

/// The slot that the author of a block claimed: BABE's pre-runtime digest is a variant, the number
/// of the authority (u32) and the slot (u64).
fn slot_of(logs: &[DigestItem]) -> Option<u64> {
    let claim = logs.iter().find_map(|item| match item {
        DigestItem::PreRuntime(BABE, claim) => Some(claim),
        _ => None,
    })?;
    let slot = claim.get(5..13)?;
    Some(u64::from_le_bytes(slot.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_should_be_read_from_the_claim_of_the_author() {
        let mut claim = vec![2, 1, 0, 0, 0];
        claim.extend(888_000_111u64.to_le_bytes());
        let other = DigestItem::PreRuntime(*b"pow_", vec![0; 20]);
        let logs = [other.clone(), DigestItem::PreRuntime(*b"BABE", claim)];
        assert_eq!(slot_of(&logs), Some(888_000_111));
        assert_eq!(slot_of(&[other]), None);
        assert_eq!(slot_of(&[DigestItem::PreRuntime(*b"BABE", vec![2])]), None);
    }
}
