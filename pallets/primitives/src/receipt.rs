//! What remains of a finished job: its receipt, and the proof that the chain made it.
//!
//! The text for client libraries is `docs/spec/receipts.md`.

use crate::types::*;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::H256;

/// Most levels of a round's tree of receipts.
pub const MAX_RECEIPT_TREE_DEPTH: u32 = 32;

/// What a job was and how it ended. Its SCALE encoding is a leaf of the round in which it ended.
///
/// The job's number comes first: readers find a job by the first eight bytes.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Receipt<AccountId, BlockNumber> {
    pub job: JobId,
    pub requester: AccountId,
    pub model: ModelId,
    pub class: TrustClass,
    pub input: TokenList,
    pub parameters: JobParameters,
    /// What was on hold for the job.
    pub max_price: Balance,
    /// Block in which the job ended.
    pub finished_at: BlockNumber,
    pub outcome: Outcome<AccountId>,
}

/// How a job ended.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Outcome<AccountId> {
    /// The result was paid; what the fee left of the price went back.
    Paid {
        worker: AccountId,
        output: TokenList,
        /// Root over the final hidden states of the run.
        digest: H256,
        units: Units,
        /// What one unit cost.
        ask: Balance,
        /// units × ask.
        fee: Balance,
    },
    /// There was no result, or a false one; `returned` went back to the requester.
    Refunded {
        reason: RefundReason,
        returned: Balance,
    },
}

/// Why a job ended unpaid.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum RefundReason {
    /// What is left until the deadline is too short for another worker.
    DeadlineUnreachable,
    /// Drawn workers could not get the input; part of the price went to the treasury.
    InputUnavailable,
    /// The result was false; the whole price went back.
    ResultRefuted,
    /// The worker did not answer the audit of its result; the whole price went back.
    NotAttested,
}

/// Shows that a receipt is a leaf of a sealed round.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ReceiptProof<AccountId, BlockNumber> {
    pub round: RoundIndex,
    /// Position of the leaf, from 0.
    pub index: u32,
    /// Leaves of the round.
    pub count: u32,
    pub receipt: Receipt<AccountId, BlockNumber>,
    /// Siblings from the leaf upward; an absent sibling is 32 zero bytes.
    pub path: BoundedVec<H256, ConstU32<MAX_RECEIPT_TREE_DEPTH>>,
}
