//! What remains of a finished job, fetched from a node and proven against the chain.
//!
//! The format is `docs/spec/receipts.md`. A node hands over a receipt with a path; what is returned
//! here is only what leads to the root that a finalised state keeps of the round.

use crate::{
    api::{self, runtime_types::aipg_primitives::receipt as generated},
    events::{reason_name, ChainEvent},
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
        hex::decode(self.receipt.strip_prefix("0x")?).ok()
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
        let root = self.block().runtime_apis().call(call).await;
        Ok(root.map_err(ChainError::of_read)?.map(Hash::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_exact::tree::path;
    use subxt::ext::scale_encode::EncodeAsType;

    /// Leaves of the specification's vectors: i + 1 times the byte i.
    fn receipts(count: u8) -> Vec<Vec<u8>> {
        let one = |number: u8| vec![number; usize::from(number) + 1];
        (0..count).map(one).collect()
    }

    fn proof(receipts: &[Vec<u8>], index: usize) -> Proof {
        let hash = |receipt: &Vec<u8>| leaf::<Blake2b256>(Domain::Receipts, receipt);
        let leaves: Vec<_> = receipts.iter().map(hash).collect();
        let path = path::<Blake2b256>(Domain::Receipts, &leaves, index).unwrap();
        Proof {
            job: 1,
            round: 2,
            index: index as u32,
            count: receipts.len() as u32,
            receipt: format!("0x{}", hex::encode(&receipts[index])),
            path: path.into_iter().map(Hash).collect(),
        }
    }

    #[test]
    fn proof_should_lead_to_the_roots_of_the_specification() {
        for (count, expected) in [
            (
                1,
                "2c065685e20cf88ce53f81f5d303ba8e9dcf85227493dce896816d9c337a890d",
            ),
            (
                3,
                "862b6abe7cee3d2a06608be101915932b7cd2cf31c35142df79ca56af03bd34b",
            ),
            (
                8,
                "f953f6a2120ff755d4b7680c3901434bc270f26bbdd00b5cbc3765eae8f1db08",
            ),
        ] {
            let receipts = receipts(count);
            for (index, receipt) in receipts.iter().enumerate() {
                let proof = proof(&receipts, index);
                assert_eq!(proof.bytes().as_ref(), Some(receipt));
                assert_eq!(proof.root(receipt), Hash::from_hex(expected));
            }
        }
    }

    #[test]
    fn proof_should_lead_elsewhere_when_anything_in_it_is_changed() {
        let receipts = receipts(8);
        let good = proof(&receipts, 3);
        let root = good.root(&receipts[3]);
        assert_ne!(good.root(&receipts[4]), root);
        let mut sibling = good.clone();
        sibling.path[1].0[7] ^= 1;
        let mut short = good.clone();
        short.path.pop();
        let (index, count) = (good.index + 1, good.count - 1);
        let other = |proof: Proof| proof.root(&receipts[3]);
        assert_ne!(other(sibling), root);
        assert_eq!(other(short), None);
        assert_ne!(
            other(Proof {
                index,
                ..good.clone()
            }),
            root
        );
        assert_ne!(
            other(Proof {
                count,
                ..good.clone()
            }),
            root
        );
        assert_eq!(other(Proof { index: 8, ..good }), None);
    }

    #[test]
    fn share_of_the_worker_should_be_rounded_down_and_hold_for_any_fee() {
        let share = |fee| worker_share(Amount(fee)).0;
        assert_eq!([share(0), share(1), share(2)], [0, 0, 1]);
        assert_eq!(share(100), 92);
        assert_eq!(share(1_000_001), 920_000);
        assert_eq!(share(u128::MAX), u128::MAX / 25 * 23 + 4);
    }

    #[test]
    fn receipt_should_be_decoded_by_the_runtime_s_metadata() {
        use crate::api::runtime_types::{
            aipg_primitives::types as field, bounded_collections::bounded_vec::BoundedVec,
        };
        let metadata =
            Metadata::decode_from(include_bytes!("../metadata/aipg.scale").as_slice()).unwrap();
        let hash = |byte| Hash([byte; 32]).into();
        let tokens = |byte| field::TokenList {
            blob: hash(byte),
            root: hash(byte),
            count: 5,
        };
        let receipt = Encoded {
            job: 7,
            requester: AccountId32([1; 32]),
            model: hash(2),
            class: field::TrustClass::Exact,
            input: tokens(3),
            parameters: field::JobParameters {
                seed: 9,
                max_output: 8,
                sampling: field::Sampling::Greedy,
                stop: BoundedVec(vec![4, 5]),
            },
            max_price: 1_000,
            finished_at: 77,
            outcome: generated::Outcome::Paid {
                worker: AccountId32([6; 32]),
                output: tokens(4),
                digest: hash(5),
                units: 10,
                ask: 20,
                fee: 200,
            },
        };
        let registry = metadata.types();
        let id = receipt_type(&metadata).unwrap();
        let bytes = receipt.encode_as_type(id, registry).unwrap();
        assert_eq!(bytes[..8], 7u64.to_le_bytes());
        let decoded = decode(&bytes, &metadata).unwrap();
        assert_eq!((decoded.job, decoded.finished_at), (7, 77));
        let receipt = Receipt {
            job: 7,
            round: 7,
            index: 0,
            finished_at: 77,
            outcome: decoded.outcome.into(),
        };
        let paid = ChainEvent::Settled {
            job: 7,
            worker: AccountId32([6; 32]),
            units: 10,
            fee: Amount(200),
            to_worker: Amount(184),
        };
        assert_eq!(receipt.event(), paid);
        assert!(decode(&bytes[..bytes.len() - 1], &metadata).is_err());
    }

    #[test]
    fn refusal_should_tell_what_passes_from_what_another_node_may_know() {
        let refused = |code| {
            let text = format!(r#"{{"code": {code}, "message": "reason"}}"#);
            refusal(7, rpcs::Error::User(serde_json::from_str(&text).unwrap()))
        };
        for code in [26_872, 26_873] {
            assert!(matches!(refused(code), ReceiptError::NotYet { job: 7, .. }));
        }
        for code in [26_871, 26_874, 26_875, 26_876, -32_601] {
            let error = refused(code);
            assert!(matches!(error, ReceiptError::Unavailable { .. }), "{error}");
        }
        let lost = refusal(7, rpcs::Error::Client("closed".into()));
        assert!(matches!(lost, ReceiptError::Chain(error) if error.is_transport()));
    }
}
