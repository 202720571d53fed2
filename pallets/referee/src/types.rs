//! Records of disputes.

use aipg_exact::{
    commitment::TOKENS_PER_CHUNK,
    trace::{
        wire::{Wire, CLAIM_BYTES, LEAF_BYTES, NODE_BYTES},
        Claim, Leaf, Node, FAN_OUT, LEVELS,
    },
    tree::{Domain, TreeBuilder},
};
use aipg_primitives::{Balance, HostBlake2, Tick};
use aipg_referee_game::{Case, Game, Side, Stage};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, EncodeLike, Input, MaxEncodedLen, Output};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::{Type, TypeInfo};
use sp_core::H256;

/// Most roots that one call posts.
pub const MAX_ROOTS: u32 = 500;

/// Most bytes of evidence that one move brings.
pub const MAX_EVIDENCE: u32 = 15 * 1024;

/// Most bytes of a leaf that can be revealed.
pub const MAX_LEAF: u32 = aipg_exact::trace::tensor::LEAF_BYTES as u32;

/// Most levels of the tree of a trace's tensors: there are under 2^16 of them.
pub const MAX_FRONTIER: u32 = 16;

/// Most levels of a tensor's tree: leaves are counted in 64 bits.
pub const MAX_DEPTH: u32 = u64::BITS;

/// Most nodes that one move reveals.
pub const MAX_NODES: u32 = 1 << LEVELS;

/// Roots of a trace's tensors: what one call posts, and what is kept under one key.
pub type RootPart = BoundedVec<H256, ConstU32<MAX_ROOTS>>;

/// Most siblings between a tensor's root and the root of its trace.
pub type RootPath = BoundedVec<H256, ConstU32<MAX_FRONTIER>>;

/// Evidence as it travels: `aipg_exact::trace::Evidence` in bytes.
pub type EvidenceBytes = BoundedVec<u8, ConstU32<MAX_EVIDENCE>>;

/// A claim as it travels.
pub type ClaimBytes = BoundedVec<u8, ConstU32<{ CLAIM_BYTES as u32 }>>;

/// A tensor, leaf or flaw as it travels.
pub type AddressBytes = BoundedVec<u8, ConstU32<{ LEAF_BYTES as u32 }>>;

/// Values of sums.
pub type Values = BoundedVec<i64, ConstU32<{ FAN_OUT as u32 }>>;

/// Most chunks that one call demands: 64 KiB.
pub const MAX_DEMANDED: u32 = 8;

/// Most siblings between a chunk and the top of its token list: there are under 2^32 tokens.
pub const MAX_CHUNK_PATH: u32 = 21;

/// Numbers of demanded chunks.
pub type DemandedChunks = BoundedVec<u32, ConstU32<MAX_DEMANDED>>;

/// Token ids of a published chunk.
pub type ChunkTokens = BoundedVec<u32, ConstU32<TOKENS_PER_CHUNK>>;

/// Siblings between a chunk and the top of its token list, from below.
pub type ChunkPath = BoundedVec<H256, ConstU32<MAX_CHUNK_PATH>>;

/// A value of `aipg-exact` in storage: its bytes with their length in front, at most `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<T, const MOST: u32>(pub T);

impl<T, const MOST: u32> From<T> for Stored<T, MOST> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Wire, const MOST: u32> Encode for Stored<T, MOST> {
    fn encode_to<O: Output + ?Sized>(&self, out: &mut O) {
        self.0.to_bytes().encode_to(out);
    }
}

impl<T: Wire, const MOST: u32> EncodeLike for Stored<T, MOST> {}

impl<T: Wire, const MOST: u32> Decode for Stored<T, MOST> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, codec::Error> {
        let bytes = BoundedVec::<u8, ConstU32<MOST>>::decode(input)?;
        T::from_bytes(&bytes)
            .map(Self)
            .ok_or_else(|| "not the bytes of such a value".into())
    }
}

impl<T: Wire, const MOST: u32> DecodeWithMemTracking for Stored<T, MOST> {}

impl<T: Wire, const MOST: u32> MaxEncodedLen for Stored<T, MOST> {
    fn max_encoded_len() -> usize {
        BoundedVec::<u8, ConstU32<MOST>>::max_encoded_len()
    }
}

impl<T: Wire + 'static, const MOST: u32> TypeInfo for Stored<T, MOST> {
    type Identity = Vec<u8>;

    fn type_info() -> Type {
        Vec::<u8>::type_info()
    }
}

/// A node that a game has come down to.
pub type StoredNode = Stored<Node, { NODE_BYTES as u32 }>;

/// A leaf that a game has come down to.
pub type StoredLeaf = Stored<Leaf, { LEAF_BYTES as u32 }>;

/// A claim that a game is about.
pub type StoredClaim = Stored<Claim, { CLAIM_BYTES as u32 }>;

/// A game between a challenge and a trace.
pub type GameRecord = Game<Stage<StoredNode, StoredLeaf, StoredClaim, Values>>;

/// Names a game: the job, the number of the challenge, the number of the trace.
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
pub struct Seat {
    pub job: u64,
    pub challenge: u32,
    pub trace: u32,
}

/// What the chain does about a case.
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
pub enum Phase {
    /// It waits for what the parties do.
    Live,
    /// All clocks have run out: it ends games that nobody reported, from this one on.
    Sweeping { challenge: u32, trace: u32 },
    /// The result was found right: records are cleared and bonds return, from this one on.
    Upheld { next: u32 },
    /// The result was found false: after `pays_at`, records are cleared, bonds return and the
    /// reward is paid, from this one on.
    False {
        /// What is shared in all.
        reward: Balance,
        /// What of it is not paid yet.
        left: Balance,
        /// Chunks that were withheld: those who demanded them share the reward. 0 if the result is false for
        /// another reason.
        withheld: u32,
        pays_at: Tick,
        next: u32,
    },
}

/// A dispute about a result.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct CaseRecord<AccountId> {
    /// Windows, and how many challenges and traces live.
    pub case: Case,
    /// Whose result it is.
    pub worker: AccountId,
    pub phase: Phase,
    /// Whether the answer was shown to contradict itself.
    pub flawed: bool,
    /// Whether the chain has executed a false claim of a trace.
    pub proven: bool,
    /// Challenges so far; they are numbered from 0.
    pub challenges: u32,
    /// Traces so far, those whose roots are not all there included; they are numbered from 0.
    pub traces: u32,
    /// Traces that lost a game.
    pub lost_traces: u32,
    /// First tick of which the chain moves the case on by itself.
    pub due: Tick,
}

impl<AccountId> CaseRecord<AccountId> {
    /// Whether somebody says that the result is false, and it is not decided.
    pub fn is_challenged(&self) -> bool {
        let is_open = matches!(self.phase, Phase::Live | Phase::Sweeping { .. });
        is_open && self.case.challenges > 0
    }
}

/// Somebody says that a result is false.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Challenge<AccountId, BlockNumber> {
    pub account: AccountId,
    /// On hold from the account while the challenge lives.
    pub bond: Balance,
    /// H("aipg.acc" ‖ job ‖ account ‖ salt ‖ root of the challenger's own trace).
    pub commitment: H256,
    pub made_in: BlockNumber,
    pub since: Tick,
    /// The root that was committed to, once it is known.
    pub root: Option<H256>,
    /// Whether it was committed to before anybody had opened the same root.
    pub original: bool,
    /// Whether it has lost no game.
    pub lives: bool,
}

/// A computation that ends in the result, which somebody stands for.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Trace<AccountId> {
    pub account: AccountId,
    /// On hold from the account while the trace lives; 0 of the worker.
    pub bond: Balance,
    pub root: H256,
    pub since: Tick,
    /// Whether it has lost no game.
    pub lives: bool,
}

/// A token list of a job.
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
pub enum Blob {
    /// What the requester sent; by its claim the worker says that it has it.
    Prompt,
    /// What the worker delivered.
    Output,
}

/// A chunk of a token list that somebody cannot find.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Demand<AccountId, BlockNumber> {
    pub account: AccountId,
    /// On hold from the account until the chunk is published.
    pub deposit: Balance,
    /// The block in which it was: the call's arguments there are the chunk.
    pub published: Option<BlockNumber>,
}

/// A trace whose roots are not all there yet.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Posting {
    /// The number of the trace, which it has from its first roots on.
    pub number: u32,
    /// On hold from the account.
    pub bond: Balance,
    /// The tree over the roots so far, see `aipg_exact::tree::TreeBuilder::frontier`.
    pub frontier: BoundedVec<Option<H256>, ConstU32<MAX_FRONTIER>>,
}

impl Posting {
    /// The tree over the roots so far.
    pub fn tree(&self) -> TreeBuilder<HostBlake2> {
        let frontier = self.frontier.iter().map(|node| node.map(|node| node.0));
        TreeBuilder::resume(Domain::TraceRoot, frontier.collect())
    }

    /// Keeps `tree`. `None` if it has more levels than that of a trace can have.
    pub fn keep(&mut self, tree: &TreeBuilder<HostBlake2>) -> Option<()> {
        let frontier = tree.frontier().iter().map(|node| node.map(H256));
        self.frontier = frontier.collect::<Vec<_>>().try_into().ok()?;
        Some(())
    }
}

/// What a game has shown of the trace that is defended, as far as its next moves need it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Revelation {
    /// The node that the game has come down to: in the end the leaf that claims are about.
    pub at: StoredNode,
    /// Siblings from that node up to the root of the tensor.
    pub path: BoundedVec<H256, ConstU32<MAX_DEPTH>>,
    /// The nodes that the defender revealed below it; empty before it did and once one was chosen.
    pub nodes: BoundedVec<H256, ConstU32<MAX_NODES>>,
    /// The leaf, once the defender revealed it.
    pub leaf: BoundedVec<u8, ConstU32<MAX_LEAF>>,
}

impl Revelation {
    /// A tensor with this top was named.
    pub fn at_top(node: StoredNode) -> Self {
        Self {
            at: node,
            path: BoundedVec::new(),
            nodes: BoundedVec::new(),
            leaf: BoundedVec::new(),
        }
    }

    /// The nodes below were revealed. `None` if they are too many.
    pub fn with_nodes(self, nodes: Vec<[u8; 32]>) -> Option<Self> {
        let nodes: Vec<H256> = nodes.into_iter().map(H256).collect();
        Some(Self {
            nodes: nodes.try_into().ok()?,
            ..self
        })
    }

    /// One of them was chosen; `siblings` lead from it up to the node that the game was at. `None` if
    /// they are too many.
    pub fn down_to(self, node: StoredNode, siblings: Vec<[u8; 32]>) -> Option<Self> {
        let path = siblings.into_iter().map(H256).chain(self.path);
        Some(Self {
            path: path.collect::<Vec<_>>().try_into().ok()?,
            ..Self::at_top(node)
        })
    }

    /// The leaf was revealed. `None` if it is too long.
    pub fn with_leaf(self, bytes: Vec<u8>) -> Option<Self> {
        Some(Self {
            leaf: bytes.try_into().ok()?,
            ..self
        })
    }
}

/// A root that challenges committed to.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Accusation<BlockNumber> {
    /// When it became known.
    pub opened_in: BlockNumber,
    /// Living challenges that committed to it earlier.
    pub originals: u32,
    /// Traces that challenges with this root have beaten.
    pub beaten: u32,
}

/// Where a game stands, without what is at stake in it.
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
pub enum Step {
    /// The challenger names a tensor.
    Opening,
    /// The defender reveals what is below a node.
    Nodes,
    /// The challenger names one of the nodes below.
    Choice,
    /// The defender reveals a leaf.
    Leaf,
    /// The challenger names a claim of the leaf.
    Accusation,
    /// The defender reveals sums of the claim.
    Sums,
    /// The challenger opens what the claim reads.
    Verdict,
}

impl Step {
    /// That of a stage.
    pub const fn of<Node, Leaf, Claim, Values>(stage: &Stage<Node, Leaf, Claim, Values>) -> Self {
        match stage {
            Stage::Opening => Self::Opening,
            Stage::Nodes(_) => Self::Nodes,
            Stage::Choice(_) => Self::Choice,
            Stage::Leaf(_) => Self::Leaf,
            Stage::Accusation(_) => Self::Accusation,
            Stage::Sums(..) => Self::Sums,
            Stage::Verdict(..) => Self::Verdict,
        }
    }
}

/// How a game ended.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Ending {
    /// The chain executed this claim.
    Executed { claim: ClaimBytes },
    /// The loser's clock ran out.
    OutOfTime,
}

/// The outcome of a game.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Outcome {
    pub winner: Side,
    pub ending: Ending,
}
