//! The way from a tensor's root down to one leaf, a few levels at a time.

use super::{reader::Job, tensor::Tensor};
use crate::{
    tree::{self, ABSENT},
    Hasher256,
};
use alloc::vec::Vec;
use core::ops::Range;

/// Levels that one reveal goes down: 256 nodes, 8 KiB.
pub const LEVELS: u32 = 8;

/// A node of a tensor's tree that a party stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The tensor.
    pub tensor: Tensor,
    /// Levels above the leaves.
    pub level: u32,
    /// Place among the nodes of the level.
    pub index: u64,
    /// Its hash; of the top, the tensor's root.
    pub hash: [u8; 32],
}

impl Node {
    /// The top of a tensor with this root.
    pub fn top(job: &Job<'_>, tensor: Tensor, root: [u8; 32]) -> Self {
        Self {
            tensor,
            level: tree::depth(tensor.leaves(job)),
            index: 0,
            hash: root,
        }
    }

    /// Whether it is a leaf.
    pub const fn is_leaf(&self) -> bool {
        self.level == 0
    }

    /// The level that the next reveal goes down to.
    pub const fn level_below(&self) -> u32 {
        self.level.saturating_sub(LEVELS)
    }

    /// The nodes of that level that are below this one and stand for at least one leaf.
    pub fn below(&self, job: &Job<'_>) -> Range<u64> {
        let down = self.level.saturating_sub(self.level_below());
        let leaves = self.tensor.leaves(job);
        // Nodes of the level: ⌈leaves / 2^level⌉.
        let nodes = leaves
            .saturating_sub(1)
            .checked_shr(self.level_below())
            .map_or(0, |last| last.saturating_add(1))
            .min(leaves);
        let first = self.index.checked_shl(down).unwrap_or(u64::MAX).min(nodes);
        let end = self.index.saturating_add(1).checked_shl(down);
        first..end.unwrap_or(u64::MAX).min(nodes)
    }

    /// Whether `nodes` are the hashes of all of [`Self::below`], in order.
    pub fn reveals<H: Hasher256>(&self, job: &Job<'_>, nodes: &[[u8; 32]]) -> bool {
        let below = self.below(job);
        if self.is_leaf() || below.end.checked_sub(below.start) != Some(nodes.len() as u64) {
            return false;
        }
        let (domain, _) = self.tensor.tree(job);
        let mut level = nodes.to_vec();
        for _ in self.level_below()..self.level {
            level = level
                .chunks(2)
                .filter_map(|pair| {
                    let (left, right) = pair.split_first()?;
                    let right = right.first().unwrap_or(&ABSENT);
                    Some(tree::node::<H>(domain, left, right))
                })
                .collect();
        }
        level.first().is_some_and(|hash| self.is::<H>(job, hash))
    }

    /// The node `index` of the level below, if `path` (siblings from it upward) leads from its `hash`
    /// to this node.
    pub fn child<H: Hasher256>(
        &self,
        job: &Job<'_>,
        index: u64,
        hash: [u8; 32],
        path: &[[u8; 32]],
    ) -> Option<Self> {
        let levels = self.level.saturating_sub(self.level_below());
        let below = self.below(job);
        if self.is_leaf() || !below.contains(&index) || path.len() != levels as usize {
            return None;
        }
        let (domain, _) = self.tensor.tree(job);
        let mut position = index;
        let top = path.iter().fold(hash, |hash, sibling| {
            let right = position & 1 == 1;
            position >>= 1;
            if right {
                tree::node::<H>(domain, sibling, &hash)
            } else {
                tree::node::<H>(domain, &hash, sibling)
            }
        });
        self.is::<H>(job, &top).then_some(Self {
            tensor: self.tensor,
            level: self.level_below(),
            index,
            hash,
        })
    }

    /// Siblings from node `index` of the level below up to this one; `nodes` are all of
    /// [`Self::below`]. What [`Self::child`] checks.
    pub fn path<H: Hasher256>(
        &self,
        job: &Job<'_>,
        nodes: &[[u8; 32]],
        index: u64,
    ) -> Option<Vec<[u8; 32]>> {
        let within = index.checked_sub(self.below(job).start)?;
        let (domain, _) = self.tensor.tree(job);
        let mut path = tree::path::<H>(domain, nodes, usize::try_from(within).ok()?)?;
        // Nodes at the right edge have absent siblings further up.
        path.resize(
            self.level.saturating_sub(self.level_below()) as usize,
            ABSENT,
        );
        Some(path)
    }

    /// Whether this is a leaf that holds `bytes`. No bytes are in a leaf of a digest that was hashed
    /// without what fills it up.
    pub fn holds<H: Hasher256>(&self, job: &Job<'_>, bytes: &[u8]) -> bool {
        let (domain, _) = self.tensor.tree(job);
        let fits = [0, bytes.len()].contains(&domain.leaf_length());
        fits && self.is_leaf() && self.is::<H>(job, &tree::leaf::<H>(domain, bytes))
    }

    /// Whether a hash, computed from below, is this node's: at the top with the shape around it.
    fn is<H: Hasher256>(&self, job: &Job<'_>, hash: &[u8; 32]) -> bool {
        if self.level < tree::depth(self.tensor.leaves(job)) {
            return *hash == self.hash;
        }
        let (domain, shape) = self.tensor.tree(job);
        tree::root::<H>(domain, &shape, hash) == self.hash
    }
}
