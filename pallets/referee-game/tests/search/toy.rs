//! The smallest thing that can be disputed: two tensors of two leaves, computed from one number.
//!
//! ```text
//! a0 = INPUT    a1 = a0 + 1    b0 = Σ(a0, a1)    b1 = a1
//! ```
//!
//! Hashes are perfect here: a hash is what it stands for, or nothing that anybody can open.

use aipg_referee_game::{Move, Ruling, Stage, Subject};

pub const INPUT: u8 = 1;

/// A tensor: its leaves, each `None` if its hash was made up; `None` if the root was.
pub type Tensor = Option<[Option<u8>; 2]>;

/// What a trace root stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Trace(pub [Tensor; 2]);

pub const TRUTH: Trace = Trace([
    Some([Some(INPUT), Some(INPUT + 1)]),
    Some([Some(2 * INPUT + 1), Some(INPUT + 1)]),
]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub tensor: usize,
    /// The leaf; `None` at the top.
    pub leaf: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// The leaf follows from what it reads.
    Follows(usize, usize),
    /// Both terms of b0 are so much.
    Sum(u8),
    /// A term of b0 is so much.
    Term(usize, u8),
}

pub type ToyStage = Stage<Node, (usize, usize), Claim, Vec<u8>>;

impl Trace {
    pub fn value(&self, tensor: usize, leaf: usize) -> Option<u8> {
        self.0[tensor]?[leaf]
    }
}

impl Subject for Trace {
    type Node = Node;
    type Leaf = (usize, usize);
    type Claim = Claim;
    type Values = Vec<u8>;
    type TensorProof = usize;
    type Nodes = ();
    type NodeProof = usize;
    type Bytes = u8;
    /// Whether all that is needed was opened.
    type Openings = bool;

    fn tensor(&self, &tensor: &usize) -> Option<Node> {
        (tensor < 2).then_some(Node { tensor, leaf: None })
    }

    fn reveals(&self, node: &Node, _: &()) -> bool {
        self.0[node.tensor].is_some()
    }

    fn below(&self, node: &Node, &leaf: &usize) -> Option<Node> {
        let known = self.0[node.tensor].is_some() && leaf < 2;
        known.then_some(Node {
            leaf: Some(leaf),
            ..*node
        })
    }

    fn leaf_of(&self, node: &Node) -> Option<(usize, usize)> {
        Some((node.tensor, node.leaf?))
    }

    fn holds(&self, node: &Node, &bytes: &u8) -> bool {
        node.leaf
            .is_some_and(|leaf| self.value(node.tensor, leaf) == Some(bytes))
    }

    fn sums(&self, leaf: &(usize, usize), claim: &Claim, openings: &bool) -> Option<u32> {
        let Claim::Follows(tensor, index) = *claim else {
            return None;
        };
        let own = (tensor, index) == *leaf && *openings;
        own.then_some((*leaf == (1, 0)).into())
    }

    fn sums_of_part(&self, claim: &Claim, _: &bool) -> Option<u32> {
        Some(match claim {
            Claim::Sum(_) => 2,
            _ => 0,
        })
    }

    fn no_values(&self) -> Vec<u8> {
        Vec::new()
    }

    fn count(&self, values: &Vec<u8>) -> u32 {
        values.len() as u32
    }

    fn judge(
        &self,
        claim: &Claim,
        values: &Vec<u8>,
        openings: &bool,
        part: Option<u32>,
    ) -> Option<Ruling<Claim>> {
        if !openings {
            return None;
        }
        let decided = |holds| Some(if holds { Ruling::True } else { Ruling::False });
        match *claim {
            Claim::Follows(0, 0) => decided(self.value(0, 0)? == INPUT),
            Claim::Follows(0, _) => decided(self.value(0, 1)? == self.value(0, 0)? + 1),
            Claim::Follows(_, 1) => decided(self.value(1, 1)? == self.value(0, 1)?),
            Claim::Follows(..) if values[0] != self.value(1, 0)? => Some(Ruling::False),
            Claim::Follows(..) => (part? == 0).then_some(Ruling::Part(Claim::Sum(values[0]))),
            Claim::Sum(value) if values[0].checked_add(values[1]) != Some(value) => {
                Some(Ruling::False)
            }
            Claim::Sum(_) => {
                let term = part? as usize;
                Some(Ruling::Part(Claim::Term(term, *values.get(term)?)))
            }
            Claim::Term(term, value) => decided(value == self.value(0, term)?),
        }
    }
}

/// What an honest challenger plays against a trace.
pub fn honest_challenger(trace: &Trace, stage: &ToyStage) -> Option<Move<Trace>> {
    match stage {
        Stage::Opening => {
            let wrong = (0..2).find(|&tensor| trace.0[tensor] != TRUTH.0[tensor])?;
            Some(Move::Open(wrong))
        }
        Stage::Choice(node) => {
            let leaves = 0..2;
            let mut wrong = leaves
                .filter(|&leaf| trace.value(node.tensor, leaf) != TRUTH.value(node.tensor, leaf));
            Some(Move::Choose(wrong.next()?))
        }
        Stage::Accusation(leaf) => Some(Move::Accuse(Claim::Follows(leaf.0, leaf.1), true)),
        Stage::Verdict(claim, values) => {
            let part = match claim {
                Claim::Follows(1, 0) => Some(0),
                Claim::Sum(_) => (0..2)
                    .find(|&term| values[term] != TRUTH.value(0, term).unwrap())
                    .map(|term| term as u32),
                _ => None,
            };
            Some(Move::Judge(true, part))
        }
        _ => None,
    }
}

/// What the owner of a true trace answers.
pub fn honest_defender(stage: &ToyStage) -> Option<Move<Trace>> {
    let terms = [0, 1].map(|term| TRUTH.value(0, term).unwrap());
    match stage {
        Stage::Nodes(_) => Some(Move::Nodes(())),
        Stage::Leaf(node) => Some(Move::Leaf(TRUTH.value(node.tensor, node.leaf?)?)),
        Stage::Sums(Claim::Sum(_), _) => Some(Move::Sums(terms.to_vec())),
        Stage::Sums(..) => Some(Move::Sums(vec![terms.iter().sum()])),
        _ => None,
    }
}

/// Everything that can be tried in a stage, by whose move it is. What does not verify is refused.
pub fn every_move(trace: &Trace, stage: &ToyStage) -> Vec<Move<Trace>> {
    const VALUES: std::ops::Range<u8> = 0..4;
    match stage {
        Stage::Opening => (0..2).map(Move::Open).collect(),
        Stage::Nodes(_) => vec![Move::Nodes(())],
        Stage::Choice(_) => (0..2).map(Move::Choose).collect(),
        Stage::Leaf(node) => trace
            .value(node.tensor, node.leaf.unwrap())
            .map(Move::Leaf)
            .into_iter()
            .collect(),
        Stage::Accusation(leaf) => vec![Move::Accuse(Claim::Follows(leaf.0, leaf.1), true)],
        Stage::Sums(_, 1) => VALUES.map(|value| Move::Sums(vec![value])).collect(),
        Stage::Sums(..) => VALUES
            .flat_map(|first| VALUES.map(move |second| Move::Sums(vec![first, second])))
            .collect(),
        Stage::Verdict(..) => [None, Some(0), Some(1)]
            .map(|part| Move::Judge(true, part))
            .to_vec(),
    }
}
