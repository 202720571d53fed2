//! The JSON-RPC methods beyond those that the service adds to every node (`author_*`, `chain_*`,
//! `chainHead_v1_*`, `chainSpec_v1_*`, `state_*`, `system_*`, ...).
//!
//! | methods | from |
//! |---|---|
//! | `system_accountNextIndex`, `system_dryRun` | the account's next nonce, counting the pool |
//! | `payment_queryInfo`, `payment_queryFeeDetails` | what a transaction costs |
//! | `babe_epochAuthorship` | the slots this node's keys may author in (unsafe call) |
//! | `grandpa_*` | state of the vote, finality proofs, justifications |
//! | `blobs_put`, `blobs_get`, `blobs_has`, `blobs_provider` | inputs and outputs of jobs, see [`aipg_node::blobs`] |
//! | `receipts_proof` | what became of a finished job, see [`aipg_node::receipts`] |

use std::sync::Arc;

use aipg_runtime::{opaque::Block, BlockNumber};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{
    FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sp_core::H256;
use sp_keystore::KeystorePtr;
use substrate_frame_rpc_system::{System, SystemApiServer};

use aipg_node::{
    blobs::{BlobsApiServer, BlobsRpc},
    receipts::{ClientFacts, ReceiptsApiServer, ReceiptsRpc},
};

use crate::service::{Blobs, FullBackend, FullClient, FullPool, FullSelectChain, OffchainIndex};

/// What the GRANDPA methods read.
pub struct FinalityAccess {
    /// The current voters.
    pub authority_set: SharedAuthoritySet<H256, BlockNumber>,
    /// The state of the running vote.
    pub voter_state: SharedVoterState,
    /// Justifications as they are made or received.
    pub justifications: GrandpaJustificationStream<Block>,
    /// Proofs that a past block is final.
    pub proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// What the methods of this module work on.
pub struct RpcParts {
    /// Access to blocks, state and runtime calls.
    pub client: Arc<FullClient>,
    /// Transactions that wait for a block.
    pub pool: Arc<FullPool>,
    /// The rule for the best chain.
    pub select_chain: FullSelectChain,
    /// The keys of this node.
    pub keystore: KeystorePtr,
    /// Knows the epochs of BABE.
    pub babe_worker: BabeWorkerHandle<Block>,
    /// GRANDPA's side.
    pub finality: FinalityAccess,
    /// What is behind the blob methods.
    pub blobs: Blobs,
    /// What the runtime indexed of the blocks that this node executed.
    pub offchain_index: OffchainIndex,
}

/// Builds the methods. `executor` runs the subscriptions.
///
/// Errors if two of the parts offer a method of the same name.
pub fn module(
    parts: &RpcParts,
    executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
    let RpcParts {
        client,
        pool,
        select_chain,
        keystore,
        babe_worker,
        finality,
        blobs,
        offchain_index,
    } = parts;
    let mut module = RpcModule::new(());

    module.merge(System::new(Arc::clone(client), Arc::clone(pool)).into_rpc())?;
    module.merge(TransactionPayment::new(Arc::clone(client)).into_rpc())?;
    module.merge(
        Babe::new(
            Arc::clone(client),
            babe_worker.clone(),
            Arc::clone(keystore),
            select_chain.clone(),
        )
        .into_rpc(),
    )?;

    module.merge(
        Grandpa::new(
            executor,
            finality.authority_set.clone(),
            finality.voter_state.clone(),
            finality.justifications.clone(),
            Arc::clone(&finality.proofs),
        )
        .into_rpc(),
    )?;

    let Blobs {
        store,
        fetcher,
        metrics,
    } = blobs;
    let blobs = BlobsRpc::new(Arc::clone(store), Some(fetcher.clone()), metrics.clone());
    module.merge(blobs.into_rpc())?;

    let facts = ClientFacts::new(Arc::clone(client));
    module.merge(ReceiptsRpc::new(facts, offchain_index.clone()).into_rpc())?;

    Ok(module)
}
