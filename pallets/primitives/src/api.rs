//! Runtime APIs for reads, and the records they return.

use crate::receipt::ReceiptProof;
use crate::types::*;
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_core::H256;

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum JobStage {
    /// Waits for the beacon and a worker.
    Queued,
    /// A worker was drawn and must claim.
    Assigned,
    /// The worker says that the input cannot be had; it waits for somebody to publish it.
    Demanded,
    /// The worker claimed and runs it.
    Running,
    /// Delivered; the challenge window is open.
    Delivered,
}

/// A live job as clients and workers read it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct JobView<AccountId, BlockNumber> {
    pub id: JobId,
    pub requester: AccountId,
    pub worker: Option<AccountId>,
    pub stage: JobStage,
    /// Block at which the chain moves the job on by itself.
    pub due: BlockNumber,
    /// First block in which a result does not count any more, of a job that is run. `due` can be sooner: by then
    /// something has to be heard of the worker.
    pub deliver_by: Option<BlockNumber>,
    pub deadline: BlockNumber,
    pub model: ModelId,
    pub input: TokenList,
    /// The node that said it has the input's blob.
    pub input_provider: Option<NodeId>,
    pub parameters: JobParameters,
    pub max_price: Balance,
    /// Price of a unit, once a worker is drawn.
    pub ask: Option<Balance>,
    pub output: Option<TokenList>,
    /// The node that said it has the output's blob.
    pub output_provider: Option<NodeId>,
    pub digest: Option<H256>,
}

/// What a job of this size costs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Quote<BlockNumber> {
    pub units: Units,
    /// units × the model's floor: least price that `submit` accepts.
    pub least_price: Balance,
    /// Least number of blocks between submission and deadline that `submit` accepts.
    pub least_deadline: BlockNumber,
}

/// A machine as clients read it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct WorkerView<BlockNumber> {
    pub online: bool,
    pub suspended: bool,
    /// A result of it was false; it never works again.
    pub banned: bool,
    pub bond: Balance,
    pub level: u8,
    pub region: Region,
    pub capacity: u32,
    pub active: u32,
    /// What it gets at most for jobs that are not final: a fifth of the bond at most, and one of them a
    /// fiftieth.
    pub exposed: Balance,
    pub completed: u64,
    pub failed: u64,
    /// Permill.
    pub reputation: u32,
    /// Permill: the part of its time to deliver that it uses, a moving average over its jobs.
    pub pace: u32,
    /// Verified power, in steps of a window; 0 if none was measured.
    pub power: u32,
    /// Models served and what a unit of each costs.
    pub offers: Vec<(ModelId, Balance)>,
    /// Block from which the bond can be withdrawn, once the machine is retired.
    pub unbonds_at: Option<BlockNumber>,
}

/// An auditor as clients read it, with what decides whether it is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AuditorView<BlockNumber> {
    /// Public key of its verifiable random function.
    pub key: H256,
    pub bond: Balance,
    /// First block whose beacon draws it.
    pub active_from: BlockNumber,
    /// Part of the bond that was added last.
    pub pending: Balance,
    /// First block for whose beacon that part counts.
    pub pending_from: BlockNumber,
    /// Block from which the bond can be withdrawn, once it has left.
    pub unbonds_at: Option<BlockNumber>,
    /// Audits that it committed to and that have not ended.
    pub open: u32,
    /// Whether what counts of its bond is enough to be drawn.
    pub can_be_drawn: bool,
    /// Bonds of all auditors now; an audit draws by what they were in the block of its beacon.
    pub total_bond: Balance,
    /// Auditors that are expected for an audit.
    pub expected: u32,
}

/// Whether a candidate for block authorship is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum AuthorState {
    /// It is drawn in proportion to its weight.
    Standing,
    /// It was absent and has not come back.
    Resting,
    /// It has left, or a larger bond has taken its place; its bond is still on hold.
    Leaving,
    /// It was banned; what is left of its bond is still on hold.
    Expelled,
}

/// An author, or a candidate for a seat, as clients read it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AuthorView<BlockNumber> {
    pub has_seat: bool,
    /// `None`: it has no bond, as the authors of the genesis.
    pub state: Option<AuthorState>,
    pub bond: Balance,
    /// Credit of useful work that counts now, before the limit.
    pub credit: Balance,
    /// Share of the weights of all candidates, in parts per million.
    pub weight_share: u32,
    /// Block from which the bond can be withdrawn, once it has left and holds no seat.
    pub unbonds_at: Option<BlockNumber>,
}

/// A window in which power is measured.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PowerWindow<BlockNumber> {
    pub number: u32,
    /// What weights and first states are made from.
    pub seed: H256,
    /// Block from which on nobody commits.
    pub closes_at: BlockNumber,
    /// Block from which on nobody proves. It moves if the beacon that draws is late.
    pub proves_until: BlockNumber,
}

/// A part of a chain of matrix products that has to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PowerSample {
    /// From 1 to the number of steps that the worker has committed to.
    pub step: u32,
    pub row: u32,
    /// Which 64 columns of the row.
    pub segment: u32,
}

/// The power of a machine as clients read it, with what it has to do now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PowerView<BlockNumber> {
    /// The window in progress.
    pub window: Option<PowerWindow<BlockNumber>>,
    /// Steps that count as verified; 0 if it has none.
    pub power: u32,
    /// Steps that it has committed to in the window in progress.
    pub claimed: Option<u32>,
    /// What it has to prove in the window in progress, if it is drawn.
    pub drawn: Option<Vec<PowerSample>>,
    /// Block from which on it may commit again, if it has failed.
    pub barred_until: Option<BlockNumber>,
    /// Of the last `windows`, those that it attended.
    pub attended: u32,
    /// Windows since its first one, at most 100.
    pub windows: u32,
}

/// Public jobs, which the chain submits itself, as clients read them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LaneView<AccountId> {
    /// The account that pays them: who is the requester of a job tells public jobs from others.
    pub account: AccountId,
    /// Share of the budget of useful work that is theirs now, in parts per million; 0 before and after.
    pub share: u32,
    /// Models that are drawn from.
    pub models: Vec<ModelId>,
    /// Granted and neither minted nor lapsed.
    pub allowance: Balance,
    /// What the account can spend: minted for earlier jobs, and not used by them.
    pub funds: Balance,
    /// Minted so far.
    pub minted: Balance,
    /// Public jobs so far.
    pub started: u64,
    /// Of them, those that wait for a result.
    pub unanswered: u32,
    /// Of them, those whose result can still be doubted, or that have just ended.
    pub answered: u32,
    /// Whether the time of public jobs is over, and the last one has ended.
    pub has_ended: bool,
}

/// A reward that can be claimed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ClaimableReward {
    pub round: RoundIndex,
    pub amount: Balance,
    /// Which of the two ceilings set the amount.
    pub ceiling: Ceiling,
}

/// Which ceiling set a reward.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    codec::DecodeWithMemTracking,
    codec::MaxEncodedLen,
    TypeInfo,
)]
pub enum Ceiling {
    /// credit × budget / max(credit of the round, difficulty).
    Budget,
    /// κ × credit, which is the fee as far as the index price goes.
    Fee,
    /// Some jobs met the one, some the other.
    Mixed,
}

/// The books of the supply at a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Books {
    pub issuance: Balance,
    pub imported: Balance,
    pub minted_author: Balance,
    pub minted_operations: Balance,
    pub minted_work: Balance,
    /// For public jobs.
    pub minted_bootstrap: Balance,
    pub burned_fees: Balance,
    /// Of the bonds of workers whose results were false.
    pub burned_convictions: Balance,
    /// Of the bonds that sides of disputes lost.
    pub burned_lost_bonds: Balance,
    /// Parts of bonds of auditors who were wrong, or silent.
    pub burned_audit_faults: Balance,
    /// Parts of bonds of block authors who equivocated.
    pub burned_author_faults: Balance,
    /// What public jobs had left.
    pub burned_bootstrap: Balance,
    /// Full reward of the next block, before the cap.
    pub block_reward: Balance,
    /// Budget of useful work of the open round so far.
    pub pending_work: Balance,
    /// Reserved for rewards that are not claimed yet, and for public jobs.
    pub reserved_work: Balance,
    /// Not minted because no verified work earned it.
    pub lapsed_work: Balance,
    pub cap: Balance,
}

sp_api::decl_runtime_apis! {
    /// Jobs: quotes, live jobs, what a worker has to do.
    pub trait JobsApi<AccountId, BlockNumber>
    where
        AccountId: codec::Codec,
        BlockNumber: codec::Codec,
    {
        /// Price and time of a job; `None` for an unknown model or a context it cannot take.
        fn quote(model: ModelId, prompt: u32, output: u32) -> Option<Quote<BlockNumber>>;
        /// A live job. Finished jobs leave the state; their receipts tell how they ended.
        fn job(id: JobId) -> Option<JobView<AccountId, BlockNumber>>;
        /// The live jobs of a worker, at most as many as its capacity.
        fn worker_jobs(worker: AccountId) -> Vec<JobView<AccountId, BlockNumber>>;
        /// The tokens of a job's input, if the chain knows them: those of a public job while it is live, or of one whose
        /// input was demanded and published, until its result is there.
        fn public_input(id: JobId) -> Option<Vec<u32>>;
        /// Number that the next job gets: every job so far has a lower one.
        fn next_job() -> JobId;
    }

    /// Receipts of finished jobs.
    pub trait ReceiptsApi<AccountId, BlockNumber>
    where
        AccountId: codec::Codec,
        BlockNumber: codec::Codec,
    {
        /// Blocks of a round: block b belongs to round b / this.
        fn round_blocks() -> u32;
        /// Root of the receipts of a sealed round; `None` if no job ended in it.
        fn receipts_root(round: RoundIndex) -> Option<H256>;
        /// Whether the proof's receipt is a leaf of its round's sealed tree.
        fn verify_receipt(proof: ReceiptProof<AccountId, BlockNumber>) -> bool;
    }

    /// Registered machines.
    pub trait WorkersApi<AccountId, BlockNumber>
    where
        AccountId: codec::Codec,
        BlockNumber: codec::Codec,
    {
        fn worker(account: AccountId) -> Option<WorkerView<BlockNumber>>;
        /// What is measured of the account's machine, and what it has to do for that.
        fn power(account: AccountId) -> PowerView<BlockNumber>;
    }

    /// Audits of results.
    pub trait AuditsApi<AccountId, BlockNumber>
    where
        AccountId: codec::Codec,
        BlockNumber: codec::Codec,
    {
        fn auditor(account: AccountId) -> Option<AuditorView<BlockNumber>>;
    }

    /// Authors of blocks.
    pub trait AuthorsApi<AccountId, BlockNumber>
    where
        AccountId: codec::Codec,
        BlockNumber: codec::Codec,
    {
        /// `None`: neither an author nor a candidate. Reads all candidates.
        fn author(account: AccountId) -> Option<AuthorView<BlockNumber>>;
    }

    /// Public jobs.
    pub trait BootstrapApi<AccountId> where AccountId: codec::Codec {
        /// How public jobs stand.
        fn lane() -> LaneView<AccountId>;
    }

    /// Committed models.
    pub trait ModelsApi<AccountId> where AccountId: codec::Codec {
        fn model(id: ModelId) -> Option<ModelTerms<AccountId>>;
        /// The encoded header that the root commits to.
        fn model_header(id: ModelId) -> Option<Vec<u8>>;
    }

    /// Rewards and supply.
    pub trait EconomyApi<AccountId> where AccountId: codec::Codec {
        /// Rewards of closed rounds that the account has not claimed, oldest first, at most 64.
        fn claimable_rewards(account: AccountId) -> Vec<ClaimableReward>;
        fn books() -> Books;
    }
}
