//! The chain of AI Power Grid for programs in Rust: reads at a block, calls that are watched until
//! a block holds them, and the blob store.
//!
//! The crate knows the chain through its committed metadata alone and links nothing of the runtime.

pub mod amount;
pub mod blobs;
mod calls;
mod error;
mod region;
mod views;

/// Code generated from the committed metadata of the runtime.
#[allow(clippy::all, missing_docs, unused_qualifications)]
#[subxt::subxt(runtime_metadata_path = "metadata/aipg.scale")]
pub mod api {}

pub use amount::Amount;
pub use calls::{Inclusion, Signer};
pub use error::ChainError;
pub use region::{Region, UnknownRegion};
pub use views::{Hash, Job, Machine, ModelTerms, Reward, Stage, TokenList};

use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use subxt::{
    backend::LegacyBackend,
    client::{Blocks, OnlineClientAtBlock},
    config::RpcConfigFor,
    rpcs::{
        client::{RpcClient, RpcParams},
        LegacyRpcMethods,
    },
    utils::AccountId32,
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
}

impl Client {
    /// Connects to the node at `url` (`ws://` or `wss://`).
    pub async fn connect(url: &str) -> Result<Self, ChainError> {
        let connect = async {
            let rpc = RpcClient::from_insecure_url(url)
                .await
                .map_err(ChainError::of_request)?;
            // The long-standing RPC methods: every node has them, they report the pool's reasons,
            // and they need no pinned blocks.
            let backend = Arc::new(LegacyBackend::builder().build(rpc.clone()));
            let online = OnlineClient::from_backend_with_config(SubstrateConfig::new(), backend)
                .await
                .map_err(ChainError::of_read)?;
            Ok(Self {
                methods: LegacyRpcMethods::new(rpc.clone()),
                rpc,
                online,
            })
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
            Ok(connected) => connected,
            Err(_) => Err(ChainError::Transport(format!(
                "{url} did not answer within {} s",
                CONNECT_TIMEOUT.as_secs()
            ))),
        }
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
            .methods
            .chain_get_block_hash(None)
            .await
            .map_err(ChainError::of_request)?
            .ok_or_else(|| ChainError::Node("the node has no best block".into()))?;
        let block = self
            .online
            .at_block(hash)
            .await
            .map_err(ChainError::of_read)?;
        Ok(State { block })
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

/// The chain at one block.
pub struct State {
    block: OnlineClientAtBlock<SubstrateConfig>,
}

impl State {
    /// Number of the block.
    pub fn number(&self) -> u32 {
        // Block numbers of this chain are 32 bits wide.
        u32::try_from(self.block.block_number()).unwrap_or(u32::MAX)
    }

    /// What `account` can spend: free, less what locks keep.
    pub async fn spendable(&self, account: &AccountId32) -> Result<Amount, ChainError> {
        let record = self
            .block
            .storage()
            .fetch(api::storage().system().account(), (*account,))
            .await
            .map_err(ChainError::of_read)?
            .decode()
            .map_err(ChainError::of_read)?;
        Ok(Amount(record.data.free.saturating_sub(record.data.frozen)))
    }

    /// What a registration pays beside the bond.
    pub fn registration_fee(&self) -> Result<Amount, ChainError> {
        let constant = api::constants().worker_registry().registration_fee();
        self.block
            .constants()
            .entry(constant)
            .map(Amount)
            .map_err(ChainError::of_read)
    }

    /// Least bond of a machine that works.
    pub fn minimum_bond(&self) -> Result<Amount, ChainError> {
        let constant = api::constants().worker_registry().minimum_bond();
        self.block
            .constants()
            .entry(constant)
            .map(Amount)
            .map_err(ChainError::of_read)
    }

    /// The machine that `account` registered.
    pub async fn machine(&self, account: &AccountId32) -> Result<Option<Machine>, ChainError> {
        let call = api::runtime_apis().workers_api().worker(*account);
        let view = self
            .block
            .runtime_apis()
            .call(call)
            .await
            .map_err(ChainError::of_read)?;
        Ok(view.map(Machine::from))
    }

    /// The live jobs of `account`.
    pub async fn jobs(&self, account: &AccountId32) -> Result<Vec<Job>, ChainError> {
        let call = api::runtime_apis().jobs_api().worker_jobs(*account);
        let views = self
            .block
            .runtime_apis()
            .call(call)
            .await
            .map_err(ChainError::of_read)?;
        Ok(views.into_iter().map(Job::from).collect())
    }

    /// The terms of a registered, active model.
    pub async fn model(&self, root: Hash) -> Result<Option<ModelTerms>, ChainError> {
        let call = api::runtime_apis().models_api().model(root.into());
        let terms = self
            .block
            .runtime_apis()
            .call(call)
            .await
            .map_err(ChainError::of_read)?;
        Ok(terms.map(ModelTerms::from))
    }

    /// Rewards of closed rounds that `account` has not claimed, oldest first.
    pub async fn rewards(&self, account: &AccountId32) -> Result<Vec<Reward>, ChainError> {
        let call = api::runtime_apis()
            .economy_api()
            .claimable_rewards(*account);
        let rewards = self
            .block
            .runtime_apis()
            .call(call)
            .await
            .map_err(ChainError::of_read)?;
        Ok(rewards.into_iter().map(Reward::from).collect())
    }
}
