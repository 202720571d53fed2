//! Binary hash trees whose depth is fixed by the number of leaves.
//!
//! ```text
//! leaf = H(0x00 ‖ domain ‖ bytes)            bytes zero-padded to the domain's leaf length, if any
//! node = H(0x01 ‖ domain ‖ left ‖ right)     32 zero bytes stand for a subtree without leaves
//! root = H(0x02 ‖ domain ‖ shape ‖ top)      shape: the domain's numbers, u64 little-endian
//! ```
//!
//! n leaves make a tree of depth bl(n − 1); no leaf makes a top of 32 zero bytes. The shape fixes n,
//! so the position of absent subtrees is committed.
//!
//! A [`TreeBuilder`] makes a root leaf by leaf; what it keeps (its frontier) can be stored between
//! two leaves. [`path`] and [`top_of_path`] prove and check a single leaf.

use crate::Hasher256;
use alloc::vec::Vec;
use core::marker::PhantomData;

/// What a tree commits to. Trees of different domains never share a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Token ids; shape: count. Leaf: 64 ids, u32 little-endian.
    Tokens,
    /// int8 weights; shape: number of leaves. Leaf: a tile of 16 rows × 256 columns.
    Weights,
    /// The scale section; shape: bytes. Leaf: 1 KiB.
    Scales,
    /// The table section; shape: bytes. Leaf: 1 KiB.
    Tables,
    /// Final hidden states; shape: positions, width. Leaf: 256 elements of a row, i32 little-endian.
    Digest,
    /// A tensor of a trace; shape: tensor, rows, leaves of a row. Leaf: see [`crate::trace::tensor`].
    Trace,
    /// Roots of all tensors of a trace; shape: number of tensors. Leaf: a root.
    TraceRoot,
    /// Receipts of finished jobs; shape: count. Leaf: one receipt, of its own length.
    Receipts,
    /// States of a chain of matrix products, see [`crate::power`]; shape: steps. Leaf: a row.
    Power,
}

impl Domain {
    /// The eight bytes that separate this domain.
    pub const fn name(self) -> &'static [u8; 8] {
        match self {
            Self::Tokens => b"aipg.tok",
            Self::Weights => b"aipg.wgt",
            Self::Scales => b"aipg.scl",
            Self::Tables => b"aipg.tab",
            Self::Digest => b"aipg.dig",
            Self::Trace => b"aipg.trc",
            Self::TraceRoot => b"aipg.trr",
            Self::Receipts => b"aipg.rcp",
            Self::Power => b"aipg.pow",
        }
    }

    /// Bytes of a leaf; 0 where every leaf keeps its own length.
    pub const fn leaf_length(self) -> usize {
        match self {
            Self::Tokens => 256,
            Self::Weights => 4096,
            Self::Scales | Self::Tables | Self::Digest | Self::Power => 1024,
            Self::TraceRoot => 32,
            Self::Trace | Self::Receipts => 0,
        }
    }
}

/// The hash of an absent subtree.
pub const ABSENT: [u8; 32] = [0; 32];

/// Hash of a leaf. `bytes` must already have the domain's leaf length.
pub fn leaf<H: Hasher256>(domain: Domain, bytes: &[u8]) -> [u8; 32] {
    H::hash(&[&[0], domain.name(), bytes])
}

/// Hash of a leaf that may be shorter than the domain's leaf length: it is padded with zeros. Longer, it
/// is hashed as it is.
pub fn padded_leaf<H: Hasher256>(domain: Domain, bytes: &[u8]) -> [u8; 32] {
    let length = domain.leaf_length();
    if bytes.len() >= length {
        return leaf::<H>(domain, bytes);
    }
    let mut padded = Vec::with_capacity(length);
    padded.extend_from_slice(bytes);
    padded.resize(length, 0);
    leaf::<H>(domain, &padded)
}

/// Hash of an inner node.
pub fn node<H: Hasher256>(domain: Domain, left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    H::hash(&[&[1], domain.name(), left, right])
}

/// Levels between the leaves and the top of a tree of `leaves`: the bit length of `leaves` − 1.
pub const fn depth(leaves: u64) -> u32 {
    u64::BITS.saturating_sub(leaves.saturating_sub(1).leading_zeros())
}

/// Root over the top of a tree and its shape.
pub fn root<H: Hasher256>(domain: Domain, shape: &[u64], top: &[u8; 32]) -> [u8; 32] {
    let shape: Vec<u8> = shape
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    H::hash(&[&[2], domain.name(), &shape, top])
}

/// Builds a tree leaf by leaf in memory logarithmic in the number of leaves.
#[derive(Clone, Debug)]
pub struct TreeBuilder<H> {
    domain: Domain,
    leaves: u64,
    /// The left subtree that waits for its sibling, by level: set where `leaves` has a 1 bit.
    waiting: Vec<Option<[u8; 32]>>,
    hasher: PhantomData<H>,
}

impl<H: Hasher256> TreeBuilder<H> {
    /// An empty tree.
    pub const fn new(domain: Domain) -> Self {
        Self {
            domain,
            leaves: 0,
            waiting: Vec::new(),
            hasher: PhantomData,
        }
    }

    /// Appends a leaf; shorter than the domain's leaf length, it is padded with zeros; longer, it is
    /// hashed as it is.
    pub fn push(&mut self, bytes: &[u8]) {
        let hash = padded_leaf::<H>(self.domain, bytes);
        self.leaves = self.leaves.saturating_add(1);
        let mut carry = hash;
        for slot in &mut self.waiting {
            match slot.take() {
                Some(left) => carry = node::<H>(self.domain, &left, &carry),
                None => {
                    *slot = Some(carry);
                    return;
                }
            }
        }
        self.waiting.push(Some(carry));
    }

    /// Leaves so far.
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The tree so far: by level, the left subtree that waits for its sibling.
    pub fn frontier(&self) -> &[Option<[u8; 32]>] {
        &self.waiting
    }

    /// Goes on where a tree of this [`frontier`](Self::frontier) was left. The number of leaves
    /// follows from the levels that are set, of which 64 count at most.
    pub fn resume(domain: Domain, frontier: Vec<Option<[u8; 32]>>) -> Self {
        let leaves = frontier
            .iter()
            .zip(0..u64::BITS)
            .filter(|(waiting, _)| waiting.is_some())
            .fold(0u64, |leaves, (_, level)| {
                leaves | 1u64.checked_shl(level).unwrap_or(0)
            });
        Self {
            domain,
            leaves,
            waiting: frontier,
            hasher: PhantomData,
        }
    }

    /// The root of the tree so far, with `shape` as the domain defines it.
    pub fn root(&self, shape: &[u64]) -> [u8; 32] {
        let mut top: Option<[u8; 32]> = None;
        let levels = self.waiting.len();
        for (level, waiting) in self.waiting.iter().copied().enumerate() {
            top = match (waiting, top) {
                // A power of two of leaves: the highest subtree is the whole tree.
                (Some(left), None) if level.saturating_add(1) == levels => Some(left),
                (Some(left), right) => {
                    Some(node::<H>(self.domain, &left, &right.unwrap_or(ABSENT)))
                }
                (None, Some(left)) => Some(node::<H>(self.domain, &left, &ABSENT)),
                (None, None) => None,
            };
        }
        root::<H>(self.domain, shape, &top.unwrap_or(ABSENT))
    }

    /// The root of the whole tree, with `shape` as the domain defines it.
    pub fn finish(self, shape: &[u64]) -> [u8; 32] {
        self.root(shape)
    }
}

/// What proves the leaf at `index`: its siblings from the leaf upward, [`depth`] of them, an absent
/// sibling as [`ABSENT`]. `leaves` are the hashes of all leaves. `None` without such a leaf.
pub fn path<H: Hasher256>(
    domain: Domain,
    leaves: &[[u8; 32]],
    index: usize,
) -> Option<Vec<[u8; 32]>> {
    if index >= leaves.len() {
        return None;
    }
    let mut siblings = Vec::new();
    let mut level = leaves.to_vec();
    let mut position = index;
    while level.len() > 1 {
        siblings.push(level.get(position ^ 1).copied().unwrap_or(ABSENT));
        level = parents::<H>(domain, &level);
        position >>= 1;
    }
    Some(siblings)
}

/// The level above: each node over two of `level`, the last one over an absent subtree if it has no other.
pub fn parents<H: Hasher256>(domain: Domain, level: &[[u8; 32]]) -> Vec<[u8; 32]> {
    level
        .chunks(2)
        .filter_map(|pair| {
            let (left, right) = pair.split_first()?;
            Some(node::<H>(domain, left, right.first().unwrap_or(&ABSENT)))
        })
        .collect()
}

/// The top of a tree of `leaves` to which the hash of the leaf at `index` and its [`path`] lead.
/// `None` if there is no such leaf or the path has another length than the tree's [`depth`].
///
/// The proof holds if [`root`] over this top, with a shape that says `leaves`, is the root known.
pub fn top_of_path<H: Hasher256>(
    domain: Domain,
    leaves: u64,
    index: u64,
    leaf: [u8; 32],
    path: &[[u8; 32]],
) -> Option<[u8; 32]> {
    if index >= leaves || u32::try_from(path.len()) != Ok(depth(leaves)) {
        return None;
    }
    let mut position = index;
    let mut hash = leaf;
    for sibling in path {
        hash = if position & 1 == 0 {
            node::<H>(domain, &hash, sibling)
        } else {
            node::<H>(domain, sibling, &hash)
        };
        position >>= 1;
    }
    Some(hash)
}

#[cfg(test)]
mod tests;
