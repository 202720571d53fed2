//! The next move of either party in a dispute about a trace.
//!
//! A dispute narrows down where two traces part: a tensor ([`TraceRoots::first_difference`]
//! (super::TraceRoots::first_difference)), a leaf of it ([`Descent`]), a claim that the leaf makes
//! ([`Position::accuse`]), and where a claim rests on sums, one part of what was said of them
//! ([`Position::judge`]). Who stands for a trace answers with nodes, leaves and sums of its own.

use super::{grouped::siblings, position::Disputed, Position, Trace};
use aipg_exact::{
    header::{ModelHeader, Picture},
    trace::{claims, value, Claim, Fault, Job, Leaf, Node, Recorder, Span, Tensor},
    tree::depth,
};
use std::ops::Range;

/// Levels that one reveal of nodes goes down: 256 nodes, 8 KiB.
const LEVELS: u32 = 8;

/// A node of the other party's tree, on the way from a tensor's root to a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descent {
    tensor: Tensor,
    level: u32,
    index: u64,
    /// Siblings from the node up to the tensor's root.
    path: Vec<[u8; 32]>,
}

/// A node that differs, and what leads from it to the node before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its place among the nodes of its level.
    pub index: u64,
    /// The other party's hash of it.
    pub hash: [u8; 32],
    /// Siblings from it up to the node that was revealed.
    pub path: Vec<[u8; 32]>,
}

impl Descent {
    /// At the top of a tensor's tree.
    pub fn new(job: &Job<'_>, tensor: Tensor) -> Self {
        Self {
            tensor,
            level: depth(tensor.leaves(job)),
            index: 0,
            path: Vec::new(),
        }
    }

    /// At a node that was come to; `path` are the siblings from it up to the tensor's root.
    pub fn at(node: &Node, path: Vec<[u8; 32]>) -> Self {
        Self {
            tensor: node.tensor,
            level: node.level,
            index: node.index,
            path,
        }
    }

    /// The tensor.
    pub const fn tensor(&self) -> Tensor {
        self.tensor
    }

    /// The leaf, once it is one.
    pub const fn leaf(&self) -> Option<u64> {
        match self.level {
            0 => Some(self.index),
            _ => None,
        }
    }

    /// The level of the nodes that are revealed next.
    pub const fn level_below(&self) -> u32 {
        self.level.saturating_sub(LEVELS)
    }

    /// Those nodes: the ones below this that stand for at least one leaf.
    pub fn below(&self, job: &Job<'_>) -> Range<u64> {
        let (down, level) = (self.level - self.level_below(), self.level_below());
        let leaves = self.tensor.leaves(job);
        let nodes = leaves.checked_sub(1).map_or(0, |last| (last >> level) + 1);
        (self.index << down).min(nodes)..((self.index + 1) << down).min(nodes)
    }

    /// Goes down to the first of the nodes below that is not the same in both traces. `None`, and nothing
    /// changes, if there is none or not as many nodes as there are.
    pub fn choose(
        &mut self,
        job: &Job<'_>,
        own: &[[u8; 32]],
        theirs: &[[u8; 32]],
    ) -> Option<Choice> {
        let mut pairs = own.iter().zip(theirs);
        let place = pairs.position(|(own, theirs)| own != theirs)?;
        self.go_down(job, place, theirs)
    }

    /// Goes down to the one of the nodes below that stands for a leaf. `None`, and nothing changes, if
    /// none does or there are not as many nodes as there are.
    pub fn choose_leaf(&mut self, job: &Job<'_>, leaf: u64, theirs: &[[u8; 32]]) -> Option<Choice> {
        let node = leaf.checked_shr(self.level_below())?;
        let place = node.checked_sub(self.below(job).start)?;
        self.go_down(job, usize::try_from(place).ok()?, theirs)
    }

    fn go_down(&mut self, job: &Job<'_>, place: usize, theirs: &[[u8; 32]]) -> Option<Choice> {
        let below = self.below(job);
        if self.level == 0 || theirs.len() as u64 != below.end - below.start {
            return None;
        }
        let hash = *theirs.get(place)?;
        let (domain, _) = self.tensor.tree(job);
        let level = self.level_below();
        let path = siblings(domain, theirs, place, self.level - level);
        let choice = Choice {
            index: below.start + place as u64,
            hash,
            path: path.clone(),
        };
        (self.level, self.index) = (level, choice.index);
        self.path = [path, std::mem::take(&mut self.path)].concat();
        Some(choice)
    }

    /// The leaf that was come to, as the other party reveals it; `None` above the leaves.
    pub fn disputed(self, bytes: Vec<u8>) -> Option<Disputed> {
        Some(Disputed {
            index: self.leaf()?,
            tensor: self.tensor,
            bytes,
            path: self.path,
        })
    }
}

/// A claim of the disputed leaf that is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accusation {
    /// The claim.
    pub claim: Claim,
    /// The leaves that tell which sums it has.
    pub leaves: Vec<Leaf>,
}

/// What decides a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The leaves that the decision reads.
    pub leaves: Vec<Leaf>,
    /// If the claim holds by what was revealed: the first of its parts that is false, counted in the order
    /// of [`Claim::check`]'s result, and the claim that it is.
    pub part: Option<(u32, Claim)>,
}

/// The leaf of the finished latent picture with the value of an output token.
fn finished_leaf(
    header: &ModelHeader,
    picture: &Picture,
    token: u32,
) -> Option<(Tensor, Option<u64>)> {
    let tensor = Tensor::Latent(picture.steps as usize);
    let index = picture.latent_index(token)?;
    let (row, column) = (
        index / picture.patch_values(),
        (index % picture.patch_values()) as usize,
    );
    let leaf = column / tensor.elements(header).per_leaf();
    Some((tensor, Some(tensor.index(header, row.into(), leaf))))
}

impl Trace<'_> {
    /// What is false about another trace of the same job with these roots: the first tensor that differs,
    /// or if none does, the record of the first token that the model does not sample, with its leaf; of a
    /// picture, the value of the first byte that is not its. `None` if nothing is.
    pub fn target(&self, theirs: &[[u8; 32]]) -> Option<(Tensor, Option<u64>)> {
        let differs = self.roots().first_difference(self.job().header, theirs);
        match differs {
            Some(tensor) => Some((tensor, None)),
            None => {
                let token = self.unsampled()?;
                Some(match self.job().header.picture() {
                    Some(picture) => finished_leaf(self.job().header, &picture, token)?,
                    None => (Tensor::Chosen, Some(token.into())),
                })
            }
        }
    }

    /// Nodes below a node, as whoever stands for this trace reveals them.
    pub fn nodes_below(&self, descent: &Descent) -> Vec<[u8; 32]> {
        let below = descent.below(&self.job());
        self.nodes(descent.tensor, descent.level_below(), below)
    }
}

impl Position<'_> {
    /// The first claim of the disputed leaf that does not stand. `None` if all do, or no leaf is
    /// disputed.
    ///
    /// # Errors
    /// [`Fault`] if a leaf of the model cannot be read.
    pub fn accuse(&self) -> Result<Option<Accusation>, Fault> {
        let job = self.trace.job();
        self.first_claim(|claim| Ok(!self.stands(&job, claim)?))
    }

    /// The first claim of the disputed leaf, whether it stands or not: what a party says that accuses without
    /// a reason. `None` if no leaf is disputed.
    ///
    /// # Errors
    /// [`Fault`] if a leaf of the model cannot be read.
    pub fn accuse_anyway(&self) -> Result<Option<Accusation>, Fault> {
        self.first_claim(|_| Ok(true))
    }

    fn first_claim(
        &self,
        is_wanted: impl Fn(&Claim) -> Result<bool, Fault>,
    ) -> Result<Option<Accusation>, Fault> {
        let Some(disputed) = &self.disputed else {
            return Ok(None);
        };
        for claim in claims(&self.trace.job(), disputed.tensor, disputed.index) {
            if is_wanted(&claim)? {
                let leaves = self.naming(&claim)?;
                return Ok(Some(Accusation { claim, leaves }));
            }
        }
        Ok(None)
    }

    /// The leaves that tell which sums a claim has.
    ///
    /// # Errors
    /// [`Fault`] if a leaf of the model cannot be read.
    pub fn naming(&self, claim: &Claim) -> Result<Vec<Leaf>, Fault> {
        Recorder::leaves_of_sums(&self.trace.job(), claim, self)
    }

    /// Values of a claim's sums, as whoever stands for the trace reveals them.
    ///
    /// # Errors
    /// [`Fault`] if there is no such claim, or a leaf of the model cannot be read.
    pub fn reveal(&self, claim: &Claim) -> Result<Vec<i64>, Fault> {
        let job = self.trace.job();
        let spans = claim.reveals(&job, self)?.into_iter();
        spans.map(|span| value(&job, self, span)).collect()
    }

    /// Decides a claim from the values that the other party revealed. `None` if it stands, and they are
    /// true.
    ///
    /// # Errors
    /// [`Fault`] if there is no such claim or not as many values, or a leaf of the model cannot be read.
    pub fn judge(&self, claim: &Claim, told: &[i64]) -> Result<Option<Verdict>, Fault> {
        let job = self.trace.job();
        let part = match claim.check(&job, told, self) {
            Err(fault) if fault.convicts() => None,
            Err(fault) => return Err(fault),
            Ok(parts) => {
                let Some(part) = self.first_false(&job, parts)? else {
                    return Ok(None);
                };
                Some(part)
            }
        };
        let leaves = Recorder::leaves(&job, claim, told, self)?;
        Ok(Some(Verdict { leaves, part }))
    }

    /// The leaves that decide a claim, and its first part if it has one, whether that is true or not.
    ///
    /// # Errors
    /// [`Fault`] if the claim is false, or a leaf of the model cannot be read.
    pub fn judge_anyway(&self, claim: &Claim, told: &[i64]) -> Result<Verdict, Fault> {
        let job = self.trace.job();
        let first = claim.check(&job, told, self)?.into_iter().next();
        let leaves = Recorder::leaves(&job, claim, told, self)?;
        let part = first.map(|part| (0, part));
        Ok(Verdict { leaves, part })
    }

    /// The first part of a claim whose value is not the true one.
    fn first_false(&self, job: &Job<'_>, parts: Vec<Claim>) -> Result<Option<(u32, Claim)>, Fault> {
        for (number, part) in (0..).zip(parts) {
            if let Claim::Terms {
                sum,
                first,
                count,
                value: told,
            } = part
            {
                if self.true_value(job, (sum, first, count))? != Some(told) {
                    return Ok(Some((number, part)));
                }
            }
        }
        Ok(None)
    }

    /// `None` if what the sum reads is false by itself.
    fn true_value(&self, job: &Job<'_>, span: Span) -> Result<Option<i64>, Fault> {
        match value(job, self, span) {
            Ok(value) => Ok(Some(value)),
            Err(fault) if fault.convicts() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Whether a claim holds, and everything that it rests on.
    fn stands(&self, job: &Job<'_>, claim: &Claim) -> Result<bool, Fault> {
        let truth = self.reveal(claim);
        let parts = truth.and_then(|values| {
            let mut parts = claim.check(job, &values, self)?;
            // What was revealed comes last, and is true.
            parts.truncate(parts.len() - values.len());
            Ok(parts)
        });
        match parts {
            Ok(parts) => Ok(self.first_false(job, parts)?.is_none()),
            Err(fault) if fault.convicts() => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}
