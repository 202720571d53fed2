//! One challenge against one trace.

use crate::Tick;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What a dispute is about: trees that are opened, and claims that are decided.
///
/// Every function checks what a party sent and says `None` if it is not what it claims to be.
pub trait Subject {
    /// A node of a tensor's tree, with its hash.
    type Node: Clone;
    /// The place of a leaf.
    type Leaf: Clone;
    /// A statement about a leaf.
    type Claim: Clone;
    /// Values of a claim's sums.
    type Values: Clone;
    /// A tensor's root and what leads from it to the root of the trace.
    type TensorProof;
    /// The nodes some levels below a node.
    type Nodes;
    /// One of them, and what leads from it to the node.
    type NodeProof;
    /// What a leaf holds.
    type Bytes;
    /// Leaves that are proven to be where they should.
    type Openings;

    /// The top of a tensor of the trace.
    fn tensor(&self, proof: &Self::TensorProof) -> Option<Self::Node>;
    /// Whether `nodes` are those below `node`.
    fn reveals(&self, node: &Self::Node, nodes: &Self::Nodes) -> bool;
    /// A node below `node`.
    fn below(&self, node: &Self::Node, proof: &Self::NodeProof) -> Option<Self::Node>;
    /// The leaf that a node is, if it is one.
    fn leaf_of(&self, node: &Self::Node) -> Option<Self::Leaf>;
    /// Whether the leaf of this node holds `bytes`.
    fn holds(&self, node: &Self::Node, bytes: &Self::Bytes) -> bool;
    /// How many sums have to be revealed before the claim can be decided. `None` if the leaf does not
    /// make this claim, or the openings do not tell.
    fn sums(
        &self,
        leaf: &Self::Leaf,
        claim: &Self::Claim,
        openings: &Self::Openings,
    ) -> Option<u32>;
    /// The same for a claim that is a part of another one.
    fn sums_of_part(&self, claim: &Self::Claim, openings: &Self::Openings) -> Option<u32>;
    /// The values of no sums.
    fn no_values(&self) -> Self::Values;
    /// How many there are.
    fn count(&self, values: &Self::Values) -> u32;
    /// Executes the claim. `None` if the openings do not suffice or do not verify.
    fn judge(
        &self,
        claim: &Self::Claim,
        values: &Self::Values,
        openings: &Self::Openings,
        part: Option<u32>,
    ) -> Option<Ruling<Self::Claim>>;
}

/// What executing a claim gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling<Claim> {
    /// It is false.
    False,
    /// It is true.
    True,
    /// It is true if its parts are; this is the one that was asked for.
    Part(Claim),
}

/// The two sides of a game.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Side {
    /// Who says that the result is false.
    Challenger,
    /// Who stands for the trace.
    Defender,
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Challenger => Self::Defender,
            Self::Defender => Self::Challenger,
        }
    }
}

/// How far a game is.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Stage<Node, Leaf, Claim, Values> {
    /// The challenger names a tensor.
    Opening,
    /// The defender reveals what is below the node.
    Nodes(Node),
    /// The challenger names one of the nodes below.
    Choice(Node),
    /// The defender reveals the leaf.
    Leaf(Node),
    /// The challenger names a claim of the leaf.
    Accusation(Leaf),
    /// The defender reveals so many sums of the claim.
    Sums(Claim, u32),
    /// The challenger opens what the claim reads.
    Verdict(Claim, Values),
}

impl<Node, Leaf, Claim, Values> Stage<Node, Leaf, Claim, Values> {
    /// Whose move it is.
    pub const fn turn(&self) -> Side {
        match self {
            Self::Opening | Self::Choice(_) | Self::Accusation(_) | Self::Verdict(..) => {
                Side::Challenger
            }
            Self::Nodes(_) | Self::Leaf(_) | Self::Sums(..) => Side::Defender,
        }
    }
}

/// The stage of a game about `S`.
pub type StageOf<S> = Stage<
    <S as Subject>::Node,
    <S as Subject>::Leaf,
    <S as Subject>::Claim,
    <S as Subject>::Values,
>;

/// A move.
#[derive(Clone, Debug)]
pub enum Move<S: Subject> {
    /// In [`Stage::Opening`]: this tensor is wrong, and none before it is.
    Open(S::TensorProof),
    /// In [`Stage::Nodes`]: these are below.
    Nodes(S::Nodes),
    /// In [`Stage::Choice`]: this one is wrong, and none before it is.
    Choose(S::NodeProof),
    /// In [`Stage::Leaf`]: this is the leaf.
    Leaf(S::Bytes),
    /// In [`Stage::Accusation`]: this claim is false.
    Accuse(S::Claim, S::Openings),
    /// In [`Stage::Sums`]: these are the sums.
    Sums(S::Values),
    /// In [`Stage::Verdict`]: this is what the claim reads; if it holds, this part of it is false,
    /// counted in the order of the claim's parts.
    Judge(S::Openings, Option<u32>),
}

impl<S: Subject> Move<S> {
    /// Who makes such moves.
    pub const fn side(&self) -> Side {
        match self {
            Self::Open(_) | Self::Choose(_) | Self::Accuse(..) | Self::Judge(..) => {
                Side::Challenger
            }
            Self::Nodes(_) | Self::Leaf(_) | Self::Sums(_) => Side::Defender,
        }
    }
}

/// What a move leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<Stage> {
    /// The game goes on.
    Stage(Stage),
    /// It has ended: this side won.
    Won(Side),
}

/// Why something is no move. Nothing changed, and the clock runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The other side has to move.
    NotYourTurn,
    /// Such a move does not belong to the game's stage.
    WrongStage,
    /// The side's clock has run out.
    OutOfTime,
    /// What was sent is not what is committed, or does not suffice.
    DoesNotVerify,
}

/// What is left of the time of both sides.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Clocks {
    /// Ticks that the challenger has left.
    pub challenger: Tick,
    /// Ticks that the defender has left.
    pub defender: Tick,
    /// Since when the side that has to move is thinking.
    pub since: Tick,
}

/// A game between a challenge and a trace.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Game<Stage> {
    /// How far it is.
    pub stage: Stage,
    /// The time.
    pub clocks: Clocks,
}

impl<Node, Leaf, Claim, Values> Game<Stage<Node, Leaf, Claim, Values>> {
    /// A game whose sides are both there since `since`.
    pub const fn new(since: Tick, clock: Tick) -> Self {
        Self {
            stage: Stage::Opening,
            clocks: Clocks {
                challenger: clock,
                defender: clock,
                since,
            },
        }
    }

    /// Ticks that the side to move has left; 0 if it is out of time.
    pub const fn left(&self, now: Tick) -> Tick {
        let left = match self.stage.turn() {
            Side::Challenger => self.clocks.challenger,
            Side::Defender => self.clocks.defender,
        };
        left.saturating_sub(now.saturating_sub(self.clocks.since))
    }

    /// The side that lost by thinking too long, if one did.
    pub const fn late(&self, now: Tick) -> Option<Side> {
        if self.left(now) == 0 {
            Some(self.stage.turn())
        } else {
            None
        }
    }
}

/// A game about `S`.
pub type GameOf<S> = Game<StageOf<S>>;

/// The game after a move.
///
/// # Errors
/// [`Refusal`].
pub fn play<S: Subject>(
    game: &GameOf<S>,
    subject: &S,
    now: Tick,
    action: &Move<S>,
) -> Result<Next<GameOf<S>>, Refusal> {
    let side = game.stage.turn();
    if action.side() != side {
        return Err(Refusal::NotYourTurn);
    }
    let left = game.left(now);
    if left == 0 {
        return Err(Refusal::OutOfTime);
    }
    Ok(match next_stage(subject, &game.stage, action)? {
        Next::Won(winner) => Next::Won(winner),
        Next::Stage(stage) => {
            let mut clocks = game.clocks;
            clocks.since = now;
            match side {
                Side::Challenger => clocks.challenger = left,
                Side::Defender => clocks.defender = left,
            }
            Next::Stage(Game { stage, clocks })
        }
    })
}

fn next_stage<S: Subject>(
    subject: &S,
    stage: &StageOf<S>,
    action: &Move<S>,
) -> Result<Next<StageOf<S>>, Refusal> {
    let descend = |node: S::Node| {
        if subject.leaf_of(&node).is_some() {
            Stage::Leaf(node)
        } else {
            Stage::Nodes(node)
        }
    };
    let accused = |claim: S::Claim, sums: u32| {
        if sums == 0 {
            Stage::Verdict(claim, subject.no_values())
        } else {
            Stage::Sums(claim, sums)
        }
    };
    let verified = |holds: bool| holds.then_some(()).ok_or(Refusal::DoesNotVerify);
    let stage = match (stage, action) {
        (Stage::Opening, Move::Open(proof)) => {
            descend(subject.tensor(proof).ok_or(Refusal::DoesNotVerify)?)
        }
        (Stage::Nodes(node), Move::Nodes(nodes)) => {
            verified(subject.reveals(node, nodes))?;
            Stage::Choice(node.clone())
        }
        (Stage::Choice(node), Move::Choose(proof)) => {
            descend(subject.below(node, proof).ok_or(Refusal::DoesNotVerify)?)
        }
        (Stage::Leaf(node), Move::Leaf(bytes)) => {
            verified(subject.holds(node, bytes))?;
            Stage::Accusation(subject.leaf_of(node).ok_or(Refusal::DoesNotVerify)?)
        }
        (Stage::Accusation(leaf), Move::Accuse(claim, openings)) => {
            let sums = subject.sums(leaf, claim, openings);
            accused(claim.clone(), sums.ok_or(Refusal::DoesNotVerify)?)
        }
        (Stage::Sums(claim, sums), Move::Sums(values)) => {
            verified(subject.count(values) == *sums)?;
            Stage::Verdict(claim.clone(), values.clone())
        }
        (Stage::Verdict(claim, values), Move::Judge(openings, part)) => {
            let ruling = subject.judge(claim, values, openings, *part);
            match ruling.ok_or(Refusal::DoesNotVerify)? {
                Ruling::False => return Ok(Next::Won(Side::Challenger)),
                Ruling::True => return Ok(Next::Won(Side::Defender)),
                Ruling::Part(part) => {
                    let sums = subject.sums_of_part(&part, openings);
                    accused(part, sums.ok_or(Refusal::DoesNotVerify)?)
                }
            }
        }
        _ => return Err(Refusal::WrongStage),
    };
    Ok(Next::Stage(stage))
}
