//! The next move of either side of a game, from the own trace and from what the chain shows.

use crate::conduct::Conduct;
use aipg_client::disputes::{Revealed, Stage};
use aipg_engine::{
    trace::{Choice, Descent, ModelFile, Position, Trace, TraceError},
    Blake2b256,
};
use aipg_exact::trace::{Claim, Evidence, Fault, Leaf, Tensor, TensorProof};
use std::collections::BTreeSet;
use thiserror::Error;

/// A move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Play {
    /// This tensor is wrong, and none before it is.
    NameTensor(TensorProof),
    /// These are the nodes below.
    RevealNodes(Vec<[u8; 32]>),
    /// This one is wrong, and none before it is.
    ChooseNode(Choice),
    /// This is the leaf.
    RevealLeaf(Vec<u8>),
    /// This claim is false.
    Accuse { claim: Claim, evidence: Evidence },
    /// These are the claim's sums.
    RevealSums(Vec<i64>),
    /// This is what the claim reads; if it holds, this part of it is false.
    Judge {
        evidence: Evidence,
        part: Option<u32>,
    },
}

/// What the chain shows of a game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    pub stage: Stage,
    /// Roots of the defender's tensors.
    pub roots: Vec<[u8; 32]>,
    /// `None` before the first move.
    pub revealed: Option<Revealed>,
}

/// Why there is no move.
#[derive(Debug, Error)]
pub enum PlayError {
    #[error("NothingWrong: this machine finds nothing false there")]
    NothingWrong,
    #[error("NotShown: the chain does not show what the move takes")]
    NotShown,
    #[error("NoSuchClaim: the chain asks for something that this job does not have ({0:?})")]
    NoSuchClaim(Fault),
    #[error(transparent)]
    Trace(#[from] TraceError),
}

impl From<Fault> for PlayError {
    fn from(fault: Fault) -> Self {
        Self::NoSuchClaim(fault)
    }
}

/// The next move of whoever's turn it is.
///
/// # Errors
/// [`PlayError::NothingWrong`] if a challenger has nothing to accuse; the others if the chain shows what
/// the rules do not allow, or the model file cannot be read.
pub fn next_move(
    trace: &Trace<'_>,
    file: &ModelFile,
    board: &Board,
    conduct: &dyn Conduct,
) -> Result<Play, PlayError> {
    let position = Position::new(trace, file);
    Ok(match &board.stage {
        Stage::Opening => {
            let (tensor, _) = trace.target(&board.roots).ok_or(PlayError::NothingWrong)?;
            let header = trace.job().header;
            let proof = TensorProof::new::<Blake2b256>(header, &board.roots, tensor);
            Play::NameTensor(proof.ok_or(PlayError::NotShown)?)
        }
        Stage::Nodes(node) => {
            let descent = Descent::at(node, Vec::new());
            Play::RevealNodes(trace.nodes_below(&descent))
        }
        Stage::Choice(node) => {
            let revealed = board.revealed.as_ref().ok_or(PlayError::NotShown)?;
            let mut descent = Descent::at(node, revealed.path.clone());
            let (own, theirs) = (trace.nodes_below(&descent), &revealed.nodes);
            let job = trace.job();
            let choice = match trace.target(&board.roots) {
                Some((tensor, Some(leaf))) if tensor == node.tensor => {
                    descent.choose_leaf(&job, leaf, theirs)
                }
                _ => descent.choose(&job, &own, theirs),
            };
            Play::ChooseNode(choice.ok_or(PlayError::NothingWrong)?)
        }
        Stage::Leaf(node) => {
            let leaf = trace.hashed_leaf(node.tensor, node.index);
            Play::RevealLeaf(leaf.ok_or(PlayError::NotShown)?)
        }
        Stage::Accusation(_) => {
            let position = against(position, board)?;
            let accusation = match position.accuse()? {
                None if conduct.persists() => position.accuse_anyway()?,
                accusation => accusation,
            };
            let accusation = accusation.ok_or(PlayError::NothingWrong)?;
            Play::Accuse {
                evidence: evidence(&position, &board.roots, &accusation.leaves)?,
                claim: accusation.claim,
            }
        }
        Stage::Sums(claim, _) => {
            let sums = position.reveal(claim)?;
            Play::RevealSums(conduct.sums(&position, claim, sums))
        }
        Stage::Verdict(claim, told) => {
            let position = against(position, board)?;
            let verdict = match position.judge(claim, told)? {
                None if conduct.persists() => Some(position.judge_anyway(claim, told)?),
                verdict => verdict,
            };
            let verdict = verdict.ok_or(PlayError::NothingWrong)?;
            Play::Judge {
                evidence: evidence(&position, &board.roots, &verdict.leaves)?,
                part: verdict.part.map(|(number, _)| number),
            }
        }
    })
}

/// The position of who says that the leaf that was revealed is false.
fn against<'a>(position: Position<'a>, board: &Board) -> Result<Position<'a>, PlayError> {
    let revealed = board.revealed.as_ref().ok_or(PlayError::NotShown)?;
    let descent = Descent::at(&revealed.at, revealed.path.clone());
    let disputed = descent.disputed(revealed.leaf.clone());
    Ok(position.against(disputed.ok_or(PlayError::NotShown)?))
}

/// Leaves with what proves them in the defender's trace.
fn evidence(
    position: &Position<'_>,
    roots: &[[u8; 32]],
    leaves: &[Leaf],
) -> Result<Evidence, PlayError> {
    let tensors: BTreeSet<Tensor> = leaves
        .iter()
        .filter_map(|leaf| match leaf {
            Leaf::Trace(tensor, _) => Some(*tensor),
            _ => None,
        })
        .collect();
    let header = position.job().header;
    let proofs = tensors.into_iter().map(|tensor| {
        TensorProof::new::<Blake2b256>(header, roots, tensor).ok_or(PlayError::NotShown)
    });
    Ok(Evidence {
        tensors: proofs.collect::<Result<_, _>>()?,
        leaves: position.open(leaves)?,
    })
}
