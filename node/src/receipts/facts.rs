//! What the chain says about jobs and rounds.

use std::sync::Arc;

use aipg_primitives::{
    api::{JobsApi, ReceiptsApi},
    JobId, RoundIndex,
};
use aipg_runtime::{opaque::Block, AccountId, BlockNumber};
use sc_client_api::HeaderBackend;
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_core::H256;

/// The two ends of the chain that an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// Hash of the newest block that can no longer be undone.
    pub finalized: H256,
    /// Its height.
    pub finalized_number: BlockNumber,
    /// Hash of the newest block.
    pub best: H256,
}

/// Reads of the state after a block. They fail if the node cannot read that state.
pub trait ChainFacts: Send + Sync + 'static {
    /// Newest and newest finalised block.
    fn heads(&self) -> Heads;
    /// Blocks of a round.
    fn round_blocks(&self, at: H256) -> Result<u32, ApiError>;
    /// Root of the receipts of a sealed round, if a job ended in it.
    fn root(&self, at: H256, round: RoundIndex) -> Result<Option<H256>, ApiError>;
    /// Number that the next job gets.
    fn next_job(&self, at: H256) -> Result<JobId, ApiError>;
    /// Whether the job is there and has not ended.
    fn is_live(&self, at: H256, job: JobId) -> Result<bool, ApiError>;
}

/// Asks the runtime.
pub struct ClientFacts<C> {
    client: Arc<C>,
}

impl<C> ClientFacts<C> {
    /// Reads through `client`.
    pub fn new(client: Arc<C>) -> Self {
        Self { client }
    }
}

impl<C> ChainFacts for ClientFacts<C>
where
    C: ProvideRuntimeApi<Block> + HeaderBackend<Block> + 'static,
    C::Api: ReceiptsApi<Block, AccountId, BlockNumber> + JobsApi<Block, AccountId, BlockNumber>,
{
    fn heads(&self) -> Heads {
        let info = self.client.info();
        Heads {
            finalized: info.finalized_hash,
            finalized_number: info.finalized_number,
            best: info.best_hash,
        }
    }

    fn round_blocks(&self, at: H256) -> Result<u32, ApiError> {
        self.client.runtime_api().round_blocks(at)
    }

    fn root(&self, at: H256, round: RoundIndex) -> Result<Option<H256>, ApiError> {
        self.client.runtime_api().receipts_root(at, round)
    }

    fn next_job(&self, at: H256) -> Result<JobId, ApiError> {
        self.client.runtime_api().next_job(at)
    }

    fn is_live(&self, at: H256, job: JobId) -> Result<bool, ApiError> {
        Ok(self.client.runtime_api().job(at, job)?.is_some())
    }
}
