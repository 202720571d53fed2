//! Records of the escrow.

pub use aipg_primitives::RefundReason;

use aipg_primitives::{
    Balance, JobId, JobParameters, ModelId, NodeId, ServiceLevel, Tick, TokenList, TrustClass,
    Units,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::H256;

/// Where a job stands, with what is known only from there on.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Stage<AccountId, BlockNumber> {
    /// Waits for the beacon of block `anchor`, then for a machine that fits. `attempt` counts the
    /// draws that found nobody.
    Queued { anchor: BlockNumber, attempt: u32 },
    /// `worker` was drawn at `ask` a unit and must claim before the job is due. Its bond stands for
    /// `payout`.
    Assigned {
        worker: AccountId,
        ask: Balance,
        payout: Balance,
    },
    /// `worker` was drawn and says that the input cannot be had. Who has it must publish it before the job is
    /// due.
    Demanded {
        worker: AccountId,
        ask: Balance,
        payout: Balance,
    },
    /// `worker` holds the input and must be heard of before the job is due, and deliver before `deliver_by`.
    Running {
        worker: AccountId,
        ask: Balance,
        payout: Balance,
        /// Block in which its time to claim began.
        began: BlockNumber,
        deliver_by: BlockNumber,
    },
    /// Delivered; paid when the job is due.
    Delivered {
        worker: AccountId,
        ask: Balance,
        /// What the worker gets for it at most, and its bond stands for.
        payout: Balance,
        units: Units,
        output: TokenList,
        /// Node to ask for the output's blob.
        provider: Option<NodeId>,
        digest: H256,
        /// When the result came.
        delivered: Tick,
    },
}

/// Most workers that a job remembers to have been taken from.
pub const MAX_REMEMBERED: u32 = 4;

/// A job that has not ended. It owns the hold of `max_price` on its requester.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Job<AccountId, BlockNumber> {
    pub requester: AccountId,
    pub model: ModelId,
    pub class: TrustClass,
    pub input: TokenList,
    /// Node to ask for the input's blob.
    pub provider: Option<NodeId>,
    pub parameters: JobParameters,
    /// Work of the longest answer allowed.
    pub units_at_most: Units,
    /// Held from the requester until the job ends.
    pub max_price: Balance,
    /// First block in which a result no longer counts.
    pub deadline: BlockNumber,
    pub service: ServiceLevel,
    pub referrer: Option<AccountId>,
    /// The model's creator when the job was submitted.
    pub creator: Option<AccountId>,
    /// First block of which the chain moves the job on by itself.
    pub due: BlockNumber,
    /// How often a drawn worker could not get the input.
    pub input_misses: u8,
    /// The input is on chain: nobody can miss it any more.
    pub is_published: bool,
    /// The last worker whose time ran out, to tell it so.
    pub timed_out: Option<AccountId>,
    /// The last workers that the job was taken from, oldest first: drawn again only if nobody else fits.
    pub lost_by: BoundedVec<AccountId, ConstU32<MAX_REMEMBERED>>,
    /// Most that could be minted on it when it was submitted, in millionths of its credit: what is listed later does
    /// not count.
    pub ceiling: u32,
    /// Whether everybody who could do the job had a fair chance of it: only then more is minted on it than on jobs
    /// of models that governance has not listed.
    pub is_open: bool,
    pub stage: Stage<AccountId, BlockNumber>,
}

impl<AccountId: PartialEq, BlockNumber> Job<AccountId, BlockNumber> {
    /// Remembers that the job was taken from `worker`, and forgets the oldest if they are too many.
    pub fn remember(&mut self, worker: AccountId) {
        self.lost_by.retain(|known| *known != worker);
        if self.lost_by.is_full() {
            self.lost_by.remove(0);
        }
        // There is room.
        let _ = self.lost_by.try_push(worker);
    }
}

impl<AccountId, BlockNumber> Job<AccountId, BlockNumber> {
    /// The worker the job is with, if any.
    pub fn worker(&self) -> Option<&AccountId> {
        match &self.stage {
            Stage::Queued { .. } => None,
            Stage::Assigned { worker, .. }
            | Stage::Demanded { worker, .. }
            | Stage::Running { worker, .. }
            | Stage::Delivered { worker, .. } => Some(worker),
        }
    }

    /// The worker that the job keeps a slot of, if any.
    pub fn active_worker(&self) -> Option<&AccountId> {
        match &self.stage {
            Stage::Assigned { worker, .. }
            | Stage::Demanded { worker, .. }
            | Stage::Running { worker, .. } => Some(worker),
            Stage::Queued { .. } | Stage::Delivered { .. } => None,
        }
    }
}

/// A result as its worker submits it: the answer's commitment, the digest of the run, and the node that stores
/// the answer.
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
pub struct ResultOf {
    pub job: JobId,
    pub output: TokenList,
    pub digest: H256,
    pub provider: Option<NodeId>,
}

/// What a worker delivered, as [`Stage::Delivered`] holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<AccountId> {
    pub worker: AccountId,
    pub ask: Balance,
    pub payout: Balance,
    pub units: Units,
    pub output: TokenList,
    pub digest: H256,
}

/// Parts of a job's fee; they add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeParts {
    pub worker: Balance,
    pub creator: Balance,
    pub burned: Balance,
    pub stakers: Balance,
    pub referrer: Balance,
    pub treasury: Balance,
}

impl FeeParts {
    /// What everybody but the treasury gets, the burned part included.
    pub fn besides_treasury(&self) -> Balance {
        self.worker
            .saturating_add(self.creator)
            .saturating_add(self.burned)
            .saturating_add(self.stakers)
            .saturating_add(self.referrer)
    }
}
