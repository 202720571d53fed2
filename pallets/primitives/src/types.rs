//! Plain records shared by several pallets and by clients.

use crate::HostBlake2;
use aipg_exact::{commitment::token_root, Hasher256};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_runtime::{Permill, SaturatedConversion};

/// Amounts in the smallest unit; 1 AIPG = 10^18.
pub type Balance = u128;

/// One AIPG in the smallest unit.
pub const AIPG: Balance = 1_000_000_000_000_000_000;

/// A node in the peer-to-peer network: the ed25519 public key that its peer id is made of.
pub type NodeId = H256;

/// Sequential number of a job, never reused.
pub type JobId = u64;

/// Root of a committed model; the model's name on chain.
pub type ModelId = H256;

/// A point in time of disputes: blocks in which the chain finalised.
pub type Tick = u32;

/// Number of a round: `block / round length`.
pub type RoundIndex = u32;

/// Amount of work, ⌈multiply-accumulates / 10⁶⌉. A function of the model and the token counts that
/// the chain evaluates; nobody claims it.
pub type Units = u64;

/// Most stop tokens a job may name.
pub const MAX_STOP_TOKENS: u32 = 8;

/// Most tensors that the trace of a model's job may have. Whoever stands for a result posts a root for each of
/// them, and the chain keeps these until the dispute is over. A text model of 128 layers has 1,924; with this
/// limit the roots of a picture model make no deeper tree, so no move of a dispute weighs more.
pub const MAX_TRACE_TENSORS: u64 = 1 << 11;

/// How a result is judged. Models and jobs carry their class from the start; only
/// [`TrustClass::Exact`] can be registered until the others have a real backend.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum TrustClass {
    /// Class A: exact inference, judged by the runtime itself.
    #[default]
    Exact,
    /// Class B: byte-exact on one pinned device and container.
    Pinned,
    /// Class C: judged by statistics.
    Statistical,
    /// Class D: attested by a trusted execution environment.
    Attested,
}

/// Where a machine stands; jobs may ask for a region.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Region {
    /// Not stated.
    #[default]
    Unspecified,
    Africa,
    Asia,
    Europe,
    NorthAmerica,
    Oceania,
    SouthAmerica,
}

/// A token list: where its bytes are, what they commit to, how many there are.
///
/// `blob` is the blake2b-256 of the little-endian u32 bytes (the address in the blob store), `root`
/// the domain-separated binary tree over the ids (`aipg_exact::commitment::token_root`).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct TokenList {
    pub blob: H256,
    pub root: H256,
    pub count: u32,
}

impl TokenList {
    /// The list of these tokens, as requesters and workers make it.
    pub fn of(tokens: &[u32]) -> Self {
        let bytes: Vec<u8> = tokens.iter().flat_map(|id| id.to_le_bytes()).collect();
        Self {
            blob: H256(HostBlake2::hash(&[&bytes])),
            root: H256(token_root::<HostBlake2>(tokens)),
            // No context has room for more.
            count: tokens.len().saturated_into(),
        }
    }
}

/// How the next token is chosen.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Sampling {
    /// The largest logit; ties go to the lowest id.
    #[default]
    Greedy,
    /// Drawn at random from the job's seed: the same seed gives the same answer.
    Seeded(SamplingParameters),
}

/// How a seeded job draws its tokens, as section 3 of docs/spec/exact-inference.md defines it. A
/// token must pass every filter.
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
pub struct SamplingParameters {
    /// Inverse temperature in Q16, 1 to [`Self::LARGEST_BETA`].
    pub beta: u32,
    /// Only so many of the largest logits; 0 takes all.
    pub top_k: u32,
    /// Only the most likely tokens that make up this probability, in Q16: 1 to
    /// [`Self::WHOLE`], which takes all.
    pub top_p: u32,
    /// Only tokens whose logit, times the inverse temperature, is at most this far under the
    /// largest, in Q16; `None` takes all.
    pub min_p: Option<u32>,
}

impl SamplingParameters {
    /// A temperature of 1/16.
    pub const LARGEST_BETA: u32 = 1 << 20;
    /// A probability of 1.
    pub const WHOLE: u32 = 1 << 16;

    /// Whether every number is in its range.
    pub fn is_valid(&self) -> bool {
        (1..=Self::LARGEST_BETA).contains(&self.beta) && (1..=Self::WHOLE).contains(&self.top_p)
    }
}

impl Sampling {
    /// Whether a job may ask for it.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Greedy => true,
            Self::Seeded(parameters) => parameters.is_valid(),
        }
    }
}

/// What the requester fixes about the run besides model and input.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct JobParameters {
    /// Seed of the sampler; greedy decoding ignores it.
    pub seed: u64,
    /// Most tokens the answer may have, at least 1.
    pub max_output: u32,
    pub sampling: Sampling,
    /// The answer ends with the first of these, which is kept as its last token.
    pub stop: BoundedVec<u32, ConstU32<MAX_STOP_TOKENS>>,
}

/// What the requester asks of the worker.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct ServiceLevel {
    /// Only machines of this region; `None` takes any.
    pub region: Option<Region>,
    /// Only machines of this trust level or higher; 0 takes any.
    pub min_level: u8,
}

/// What the chain knows of a committed model, as other pallets need it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ModelTerms<AccountId> {
    pub class: TrustClass,
    /// Least price of one unit.
    pub price_floor: Balance,
    /// Receives the creator's share; without one it goes to the treasury.
    pub creator: Option<AccountId>,
    /// Most that may be minted for a job, as a share of its credit, in permill (2_000_000 = 2×).
    /// `None`: not listed by governance, the default ceiling applies.
    pub mint_ceiling: Option<u32>,
    /// Size of the vocabulary: every token id is below it.
    pub vocabulary: u32,
    /// Most positions (prompt + answer) the model takes.
    pub max_context: u32,
}

/// What a worker gets for a job at most: all of the fee, and the `mint_ceiling` of it, in millionths.
pub fn payout_at_most(fee: Balance, mint_ceiling: u32) -> Balance {
    let minted = fee
        .saturating_mul(mint_ceiling.into())
        .checked_div(1_000_000);
    fee.saturating_add(minted.unwrap_or_default())
}

/// A job that was paid, as the pallets that account for work need it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SettledJob<AccountId> {
    pub job: JobId,
    pub worker: AccountId,
    pub requester: AccountId,
    pub model: ModelId,
    pub class: TrustClass,
    pub units: Units,
    /// What one unit cost.
    pub ask: Balance,
    /// units × ask.
    pub fee: Balance,
    /// Most that is minted on it, in millionths of its credit.
    pub mint_ceiling: u32,
    /// Whether the requester's money was minted for this, or is everybody's: then the worker earns no credit.
    pub is_subsidised: bool,
}

/// A result that can still be doubted, with what decides whether it is right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DeliveredResult<AccountId> {
    pub worker: AccountId,
    pub model: ModelId,
    pub input: TokenList,
    pub parameters: JobParameters,
    pub output: TokenList,
    /// Root over the final hidden states of the run.
    pub digest: H256,
    /// What the requester pays for it.
    pub fee: Balance,
    /// When it was delivered.
    pub delivered: Tick,
}

/// Why a worker lost a job.
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
pub enum Fault {
    /// Drawn, but did not claim within the claim window.
    ClaimMissed,
    /// Claimed, but delivered nothing in time.
    ResultMissed,
    /// Delivered, but did not say what the root of its trace is when it was audited.
    AttestationMissed,
}

/// Why tokens came into being.
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
pub enum MintReason {
    /// The author's share of a block reward.
    BlockAuthor,
    /// The operations fund's share of a block reward.
    OperationsFund,
    /// Claimed reward of a round of useful work.
    UsefulWork,
    /// What a public job needed beyond what others had given back.
    Bootstrap,
}

/// Why tokens went out of being.
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
pub enum BurnReason {
    /// The burned share of a job's fee.
    JobFee,
    /// Part of the bond of a worker whose result was false.
    Conviction,
    /// Part of a bond that a side of a dispute lost.
    LostBond,
    /// Part of the bond of an auditor who was wrong, or silent.
    AuditFault,
    /// Part of the bond of a block author who equivocated.
    AuthorFault,
    /// What public jobs had left when the last of them had ended.
    Bootstrap,
}

/// Shares of a job's fee. What rounding leaves goes to the treasury.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeSplit {
    pub worker: Permill,
    pub creator: Permill,
    pub burned: Permill,
    pub stakers: Permill,
    pub referrer: Permill,
    // The rest, nominally 0.5 %, is the treasury's.
}

impl FeeSplit {
    /// The split of the economy's table: 92 / 5 / 1.5 / 0.5 / 0.5, treasury the rest.
    pub const STANDARD: Self = Self {
        worker: Permill::from_parts(920_000),
        creator: Permill::from_parts(50_000),
        burned: Permill::from_parts(15_000),
        stakers: Permill::from_parts(5_000),
        referrer: Permill::from_parts(5_000),
    };
}
