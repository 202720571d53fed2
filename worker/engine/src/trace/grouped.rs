//! Hash trees of which the lower levels are forgotten.
//!
//! Of every 2⁸ leaves a tree keeps one node, 32 bytes. What is above follows from these nodes; what is
//! below takes the leaves of one or a few groups, which whoever asks computes again.

use crate::Blake2b256;
use aipg_exact::tree::{self, depth, Domain, ABSENT};
use rayon::prelude::*;
use std::ops::Range;

/// Levels below the nodes that are kept.
const GROUP_LEVELS: u32 = 8;

/// Leaves of a group.
pub(super) const GROUP: usize = 1 << GROUP_LEVELS;

/// A tree, or the beginning of one that grows to the number of leaves it was made for.
#[derive(Clone, Debug)]
pub(super) struct GroupedTree {
    domain: Domain,
    leaves: u64,
    /// Nodes over [`GROUP`] leaves each; of a smaller tree its top.
    groups: Vec<[u8; 32]>,
    /// Hashes of the leaves of a group that is not complete.
    pending: Vec<[u8; 32]>,
}

impl GroupedTree {
    /// A tree that will have so many leaves, at least one.
    pub fn new(domain: Domain, leaves: u64) -> Self {
        Self {
            domain,
            leaves,
            groups: Vec::with_capacity(leaves.div_ceil(GROUP as u64) as usize),
            pending: Vec::new(),
        }
    }

    /// Bytes that a tree of so many leaves keeps.
    pub const fn bytes(leaves: u64) -> u64 {
        leaves.div_ceil(GROUP as u64) * 32
    }

    /// Number of leaves.
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Levels between the leaves and the nodes that are kept.
    fn levels(&self) -> u32 {
        depth(self.leaves).min(GROUP_LEVELS)
    }

    /// Appends the hashes of leaves.
    pub fn extend(&mut self, hashes: &[[u8; 32]]) {
        let (domain, levels) = (self.domain, self.levels());
        self.pending.extend(hashes);
        let complete = self.pending.len() / GROUP * GROUP;
        let groups = self.pending[..complete].par_chunks_exact(GROUP);
        self.groups
            .par_extend(groups.map(|group| top(domain, group, levels)));
        self.pending.drain(..complete);
        let last = self.groups.len() * GROUP + self.pending.len();
        if last as u64 == self.leaves {
            if !self.pending.is_empty() {
                self.groups.push(top(domain, &self.pending, levels));
            }
            self.pending = Vec::new();
        }
    }

    /// The root, once all leaves are there.
    pub fn root(&self, shape: &[u64]) -> [u8; 32] {
        let above = depth(self.leaves) - self.levels();
        let top = top(self.domain, &self.groups, above);
        tree::root::<Blake2b256>(self.domain, shape, &top)
    }

    /// Nodes of `level` that exist: those over at least one leaf, up to the top.
    pub fn count(&self, level: u32) -> u64 {
        if level > depth(self.leaves) {
            return 0;
        }
        ((self.leaves - 1) >> level) + 1
    }

    /// Leaves below the nodes `indices` of `level`.
    fn leaves_below(&self, level: u32, indices: &Range<u64>) -> Range<u64> {
        // The end of the nodes is the end of the leaves.
        let count = self.count(level);
        let leaf = |index: u64| match index < count {
            true => index << level,
            false => self.leaves,
        };
        leaf(indices.start)..leaf(indices.end)
    }

    /// Nodes `indices` of `level`, all of which exist; `hashes` gives those of consecutive leaves, if it
    /// takes any.
    pub fn nodes<E>(
        &self,
        level: u32,
        indices: &Range<u64>,
        hashes: impl FnOnce(Range<u64>) -> Result<Vec<[u8; 32]>, E>,
    ) -> Result<Vec<[u8; 32]>, E> {
        if indices.is_empty() {
            return Ok(Vec::new());
        }
        let below = self.leaves_below(level, indices);
        let Some(above) = level.checked_sub(self.levels()) else {
            return Ok(raise(self.domain, hashes(below)?, level));
        };
        let first = (below.start / GROUP as u64) as usize;
        let end = below.end.div_ceil(GROUP as u64) as usize;
        let groups = self.groups[first..end].to_vec();
        Ok(raise(self.domain, groups, above))
    }

    /// Siblings of a leaf that exists, from it upward; `hashes` gives those of consecutive leaves.
    pub fn path<E>(
        &self,
        leaf: u64,
        hashes: impl FnOnce(Range<u64>) -> Result<Vec<[u8; 32]>, E>,
    ) -> Result<Vec<[u8; 32]>, E> {
        let group = leaf / GROUP as u64;
        let first = group * GROUP as u64;
        let leaves = hashes(first..(first + GROUP as u64).min(self.leaves))?;
        let within = (leaf % GROUP as u64) as usize;
        let above = depth(self.leaves) - self.levels();
        let mut path = siblings(self.domain, &leaves, within, self.levels());
        path.extend(siblings(self.domain, &self.groups, group as usize, above));
        Ok(path)
    }
}

/// Nodes so many levels above `nodes`, the first of which is the first below one of them.
fn raise(domain: Domain, mut nodes: Vec<[u8; 32]>, levels: u32) -> Vec<[u8; 32]> {
    for _ in 0..levels {
        let pairs = nodes.chunks(2);
        let node = |pair: &[[u8; 32]]| {
            tree::node::<Blake2b256>(domain, &pair[0], pair.get(1).unwrap_or(&ABSENT))
        };
        nodes = pairs.map(node).collect();
    }
    nodes
}

fn top(domain: Domain, nodes: &[[u8; 32]], levels: u32) -> [u8; 32] {
    let top = raise(domain, nodes.to_vec(), levels);
    top.first().copied().unwrap_or(ABSENT)
}

/// Siblings of a node on its way so many levels up.
pub(super) fn siblings(
    domain: Domain,
    nodes: &[[u8; 32]],
    index: usize,
    levels: u32,
) -> Vec<[u8; 32]> {
    let mut path = tree::path::<Blake2b256>(domain, nodes, index).unwrap_or_default();
    // At the right edge siblings further up are absent.
    path.resize(levels as usize, ABSENT);
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_exact::tree::TreeBuilder;
    use std::convert::Infallible;

    #[test]
    fn grouped_tree_should_be_the_tree_whatever_its_size() {
        let domain = Domain::Trace;
        for leaves in [
            1, 2, 3, 127, 128, 129, 255, 256, 257, 511, 513, 1_000, 4_096, 4_099,
        ] {
            let mut expected = TreeBuilder::<Blake2b256>::new(domain);
            let mut tree = GroupedTree::new(domain, leaves);
            let mut hashes = Vec::new();
            for leaf in 0..leaves {
                expected.push(&leaf.to_le_bytes());
                hashes.push(tree::leaf::<Blake2b256>(domain, &leaf.to_le_bytes()));
            }
            hashes.chunks(97).for_each(|part| tree.extend(part));
            assert_eq!(tree.root(&[leaves]), expected.root(&[leaves]), "{leaves}");
            let some = |range: Range<u64>| {
                Ok::<_, Infallible>(hashes[range.start as usize..range.end as usize].to_vec())
            };
            for leaf in [0, leaves / 3, leaves - 1] {
                let path = tree.path(leaf, some).unwrap();
                let expected = tree::path::<Blake2b256>(domain, &hashes, leaf as usize);
                assert_eq!(Some(path), expected);
            }
            for level in 0..=depth(leaves) {
                let all = raise(domain, hashes.clone(), level);
                let count = tree.count(level);
                assert_eq!(count, all.len() as u64);
                for range in [0..count, count / 2..count, count - 1..count, 0..1] {
                    let nodes = tree.nodes(level, &range, some).unwrap();
                    assert_eq!(nodes, all[range.start as usize..range.end as usize]);
                }
            }
        }
    }
}
