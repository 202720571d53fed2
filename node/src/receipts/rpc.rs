//! Proofs of receipts by JSON-RPC.

use aipg_primitives::{JobId, RoundIndex};
use jsonrpsee::{core::RpcResult, proc_macros::rpc, types::ErrorObjectOwned};
use serde::Serialize;
use sp_core::{offchain::OffchainStorage, Bytes, H256};

use super::{prove, ChainFacts, JobProof, ReceiptError};

/// Codes of the JSON-RPC errors of this module. The message of an error starts with the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ErrorCode {
    /// No job has this number.
    ReceiptNotFound = 26_871,
    /// The job has not ended.
    JobNotFinished = 26_872,
    /// The job has ended, but its round is not sealed in a finalised block yet.
    RoundOpen = 26_873,
    /// This node has not executed the blocks in which the job ended.
    ReceiptsNotIndexed = 26_874,
    /// What this node holds of the round does not make up the round's root.
    ReceiptsDamaged = 26_875,
    /// The state of the newest or of the finalised block cannot be read.
    StateUnavailable = 26_876,
}

impl From<&ReceiptError> for ErrorCode {
    fn from(error: &ReceiptError) -> Self {
        match error {
            ReceiptError::NotFound { .. } => Self::ReceiptNotFound,
            ReceiptError::NotFinished(_) => Self::JobNotFinished,
            ReceiptError::RoundOpen(_) => Self::RoundOpen,
            ReceiptError::NotIndexed(_) => Self::ReceiptsNotIndexed,
            ReceiptError::Damaged(_) => Self::ReceiptsDamaged,
            ReceiptError::StateUnavailable(_) => Self::StateUnavailable,
        }
    }
}

impl From<ReceiptError> for ErrorObjectOwned {
    fn from(error: ReceiptError) -> Self {
        let code = ErrorCode::from(&error);
        if matches!(
            code,
            ErrorCode::ReceiptsDamaged | ErrorCode::StateUnavailable
        ) {
            tracing::error!(target: "receipts", %error, "No proof of a receipt");
        }
        ErrorObjectOwned::owned(code as i32, format!("{code:?}: {error}"), None::<()>)
    }
}

/// A proof as it travels. Bytes and hashes are hexadecimal strings with `0x`.
#[derive(Debug, Clone, Serialize)]
pub struct ProofJson {
    /// Number of the job.
    pub job: JobId,
    /// Round in which it ended.
    pub round: RoundIndex,
    /// Position of the receipt in the round, from 0.
    pub index: u32,
    /// Receipts of the round.
    pub count: u32,
    /// SCALE encoding of the receipt.
    pub receipt: Bytes,
    /// Siblings from the leaf upward; an absent one is 32 zero bytes.
    pub path: Vec<H256>,
    /// Root of the round.
    pub root: H256,
    /// A finalised block whose state holds the root at `receipts.roots(round)`.
    pub block: H256,
}

impl From<JobProof> for ProofJson {
    fn from(proof: JobProof) -> Self {
        Self {
            job: proof.job,
            round: proof.round,
            index: proof.index,
            count: proof.count,
            receipt: proof.receipt.into(),
            path: proof.path,
            root: proof.root,
            block: proof.block,
        }
    }
}

/// Methods on receipts of finished jobs.
#[rpc(server, namespace = "receipts")]
pub trait ReceiptsApi {
    /// Proves that a job ended as its receipt says.
    ///
    /// Errors: `ReceiptNotFound`, `JobNotFinished`, `RoundOpen`, `ReceiptsNotIndexed`,
    /// `ReceiptsDamaged`, `StateUnavailable`.
    #[method(name = "proof", blocking)]
    fn proof(&self, job: JobId) -> RpcResult<ProofJson>;
}

/// Serves proofs from a node's off-chain index.
pub struct ReceiptsRpc<F, S> {
    facts: F,
    index: S,
}

impl<F, S> ReceiptsRpc<F, S> {
    /// The method on what `facts` says of the chain and `index` holds.
    pub fn new(facts: F, index: S) -> Self {
        Self { facts, index }
    }
}

impl<F, S> ReceiptsApiServer for ReceiptsRpc<F, S>
where
    F: ChainFacts,
    S: OffchainStorage + 'static,
{
    fn proof(&self, job: JobId) -> RpcResult<ProofJson> {
        Ok(prove(&self.facts, &self.index, job)?.into())
    }
}
