//! What remains of a finished job, fetched from a node and proven against the chain.
//!
//! The format is `docs/spec/receipts.md`. A node hands over a receipt with a path; what is returned
//! here is only what leads to the root that a finalised state keeps of the round.

use crate::{
    api::{self, runtime_types::aipg_primitives::receipt as generated},
    events::{reason_name, ChainEvent},
    views::bytes_of_hex,
    Amount, ChainError, Client, Hash,
};
use aipg_exact::{
    tree::{leaf, root, top_of_path, Domain},
    Blake2b256,
};
use serde::Deserialize;
use subxt::{
    ext::scale_decode::DecodeAsType,
    metadata::Metadata,
    rpcs::{self, client::RpcParams},
    utils::AccountId32,
};
use thiserror::Error;

/// What a worker gets of a fee, in millionths. The rest of the split is of no concern to it.
pub const WORKER_SHARE: u128 = 920_000;
const MILLION: u128 = 1_000_000;

/// Codes of `receipts_proof` that pass with the next blocks: the job has not ended in the node's
/// newest block (26872), or its round is not sealed in a finalised one (26873).
const PASSING_CODES: [i32; 2] = [26_872, 26_873];

/// Path of the receipt's type in the runtime's metadata.
const RECEIPT_TYPE: [&str; 3] = ["aipg_primitives", "receipt", "Receipt"];

/// Why there is no proven receipt.
#[derive(Debug, Error)]
pub enum ReceiptError {
    /// The next blocks bring it.
    #[error("the receipt of job {job} cannot be proven yet: {reason}")]
    NotYet { job: u64, reason: String },
    /// This node has no proof; another one may.
    #[error("the node has no proof of the receipt of job {job}: {reason}")]
    Unavailable { job: u64, reason: String },
    /// What the node handed over is not what the chain keeps.
    #[error("ReceiptUnproven: what the node hands over as the receipt of job {0} does not lead to the root of its round; ask another node")]
    Unproven(u64),
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The worker was paid.
    Paid {
        worker: AccountId32,
        units: u64,
        /// Before the split.
        fee: Amount,
    },
    /// There was no result.
    Refunded { reason: &'static str },
}

/// A receipt that the chain made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub job: u64,
    /// Round in which the job ended.
    pub round: u32,
    /// Position among the receipts of the round.
    pub index: u32,
    /// Block in which the job ended.
    pub finished_at: u32,
    pub outcome: Outcome,
}

impl Receipt {
    /// The event with which the job ended, as the block announced it.
    pub fn event(&self) -> ChainEvent {
        match &self.outcome {
            Outcome::Paid { worker, units, fee } => ChainEvent::Settled {
                job: self.job,
                worker: *worker,
                units: *units,
                fee: *fee,
                to_worker: worker_share(*fee),
            },
            Outcome::Refunded { reason } => ChainEvent::Refunded {
                job: self.job,
                reason,
            },
        }
    }
}

/// What the worker gets of a fee: its share, rounded down.
pub fn worker_share(fee: Amount) -> Amount {
    let (whole, rest) = (fee.0 / MILLION, fee.0 % MILLION);
    Amount(whole * WORKER_SHARE + rest * WORKER_SHARE / MILLION)
}

/// A proof as `receipts_proof` gives it.
#[derive(Clone, Debug, Deserialize)]
struct Proof {
    job: u64,
    round: u32,
    index: u32,
    count: u32,
    receipt: String,
    path: Vec<Hash>,
}

impl Proof {
    fn bytes(&self) -> Option<Vec<u8>> {
        bytes_of_hex(&self.receipt)
    }

    /// The root that the path leads to from `receipt`; `None` if there can be no such path.
    fn root(&self, receipt: &[u8]) -> Option<Hash> {
        let path: Vec<[u8; 32]> = self.path.iter().map(|sibling| sibling.0).collect();
        let top = top_of_path::<Blake2b256>(
            Domain::Receipts,
            self.count.into(),
            self.index.into(),
            leaf::<Blake2b256>(Domain::Receipts, receipt),
            &path,
        )?;
        let shape = [self.count.into()];
        Some(Hash(root::<Blake2b256>(Domain::Receipts, &shape, &top)))
    }
}

impl Client {
    /// The receipt of a finished job, proven by the root in the newest finalised state.
    ///
    /// # Errors
    /// [`ReceiptError`]; nothing is returned that the chain did not make.
    pub async fn receipt(&self, job: u64) -> Result<Receipt, ReceiptError> {
        let proof = self.proof(job).await?;
        let state = self.finalised().await?;
        let expected = state.receipts_root(proof.round).await?;
        let bytes = proof.bytes().ok_or(ReceiptError::Unproven(job))?;
        if expected.is_none() || proof.root(&bytes) != expected {
            return Err(ReceiptError::Unproven(job));
        }
        let metadata = state.block().metadata();
        let receipt = decode(&bytes, &metadata)?;
        if receipt.job != job || proof.job != job {
            return Err(ReceiptError::Unproven(job));
        }
        Ok(Receipt {
            job,
            round: proof.round,
            index: proof.index,
            finished_at: receipt.finished_at,
            outcome: receipt.outcome.into(),
        })
    }

    async fn proof(&self, job: u64) -> Result<Proof, ReceiptError> {
        let mut parameters = RpcParams::new();
        parameters
            .push(job)
            .map_err(|error| ReceiptError::Chain(ChainError::of_request(error)))?;
        let asked = self.rpc.request("receipts_proof", parameters).await;
        asked.map_err(|error| refusal(job, error))
    }
}

fn refusal(job: u64, error: rpcs::Error) -> ReceiptError {
    let rpcs::Error::User(error) = error else {
        return ReceiptError::Chain(ChainError::of_request(error));
    };
    let reason = error.message;
    match PASSING_CODES.contains(&error.code) {
        true => ReceiptError::NotYet { job, reason },
        false => ReceiptError::Unavailable { job, reason },
    }
}

type Encoded = generated::Receipt<AccountId32, u32>;

fn decode(bytes: &[u8], metadata: &Metadata) -> Result<Encoded, ChainError> {
    let id = receipt_type(metadata)
        .ok_or_else(|| ChainError::Incompatible("it has no receipts".into()))?;
    Encoded::decode_as_type(&mut &bytes[..], id, metadata.types())
        .map_err(|error| ChainError::Incompatible(format!("its receipts: {error}")))
}

fn receipt_type(metadata: &Metadata) -> Option<u32> {
    let mut types = metadata.types().types.iter();
    let known = types.find(|known| known.ty.path.segments == RECEIPT_TYPE)?;
    Some(known.id)
}

impl From<generated::Outcome<AccountId32>> for Outcome {
    fn from(outcome: generated::Outcome<AccountId32>) -> Self {
        match outcome {
            generated::Outcome::Paid {
                worker, units, fee, ..
            } => Self::Paid {
                worker,
                units,
                fee: Amount(fee),
            },
            generated::Outcome::Refunded { reason, .. } => Self::Refunded {
                reason: reason_name(&reason),
            },
        }
    }
}

impl crate::State {
    /// Root of the receipts of a sealed round; `None` if it is not sealed or no job ended in it.
    pub async fn receipts_root(&self, round: u32) -> Result<Option<Hash>, ChainError> {
        let call = api::runtime_apis().receipts_api().receipts_root(round);
        Ok(self.call(call).await?.map(Hash::from))
    }
}

#[cfg(test)]
mod tests;
