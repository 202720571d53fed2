//! The chain of AI Power Grid for programs in Rust.
//!
//! The crate knows the chain through its committed metadata alone (`metadata/aipg.scale`, from which
//! the types in [`api`] are generated) and links nothing of the runtime.
//!
//! - [`Endpoints`] keeps a connection to one of several nodes; [`Client`] is a connection.
//! - [`State`] reads at one block: [`Client::best`] where people wait, [`Client::finalised`] where
//!   money moves.
//! - [`calls`] names the calls, [`Signer`] signs and sends them so that none is included twice.
//! - [`events`] tells what a block did, as plain records.
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
pub mod blobs;
pub mod calls;
mod endpoints;
mod error;
pub mod events;
mod region;
mod signer;
mod state;
mod views;

/// Code generated from the committed metadata of the runtime.
#[allow(clippy::all, missing_docs, unused_qualifications)]
#[subxt::subxt(runtime_metadata_path = "metadata/aipg.scale")]
pub mod api {}

pub use amount::Amount;
pub use endpoints::{Backoff, Endpoints};
pub use error::ChainError;
pub use region::{Region, UnknownRegion};
pub use signer::{Fate, Inclusion, SignedCall, Signer, Submission, MORTALITY};
pub use state::State;
pub use views::{
    Hash, Job, Machine, ModelTerms, Reward, Sampling, SamplingParameters, Stage, TokenList,
};

use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use subxt::{
    backend::LegacyBackend,
    client::Blocks,
    config::RpcConfigFor,
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
    block_time: Duration,
}

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
            block_time: Duration::ZERO,
        };
        client.block_time = client.best().await?.block_time().await?;
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
        self.block_time
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
