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
    /// Receipts of finished jobs; shape: count. Leaf: one receipt, of its own length.
    Receipts,
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
            Self::Receipts => b"aipg.rcp",
        }
    }

    /// Bytes of a leaf; 0 where every leaf keeps its own length.
    pub const fn leaf_length(self) -> usize {
        match self {
            Self::Tokens => 256,
            Self::Weights => 4096,
            Self::Scales | Self::Tables | Self::Digest => 1024,
            Self::Receipts => 0,
        }
    }
}

/// The hash of an absent subtree.
pub const ABSENT: [u8; 32] = [0; 32];

/// Hash of a leaf. `bytes` must already have the domain's leaf length.
pub fn leaf<H: Hasher256>(domain: Domain, bytes: &[u8]) -> [u8; 32] {
    H::hash(&[&[0], domain.name(), bytes])
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
        let length = self.domain.leaf_length();
        let hash = if bytes.len() < length {
            let mut padded = Vec::with_capacity(length);
            padded.extend_from_slice(bytes);
            padded.resize(length, 0);
            leaf::<H>(self.domain, &padded)
        } else {
            leaf::<H>(self.domain, bytes)
        };
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
        level = level
            .chunks(2)
            .filter_map(|pair| {
                let (left, right) = pair.split_first()?;
                Some(node::<H>(domain, left, right.first().unwrap_or(&ABSENT)))
            })
            .collect();
        position >>= 1;
    }
    Some(siblings)
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
mod tests {
    use super::*;
    use crate::testing::{hex, Blake};
    use proptest::prelude::*;

    /// The definition: all levels, padded to the full width.
    fn reference(domain: Domain, leaves: &[Vec<u8>], shape: &[u64]) -> [u8; 32] {
        let mut level: Vec<[u8; 32]> = leaves
            .iter()
            .map(|bytes| {
                let mut padded = bytes.clone();
                padded.resize(bytes.len().max(domain.leaf_length()), 0);
                leaf::<Blake>(domain, &padded)
            })
            .collect();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| node::<Blake>(domain, &pair[0], pair.get(1).unwrap_or(&ABSENT)))
                .collect();
        }
        root::<Blake>(domain, shape, level.first().unwrap_or(&ABSENT))
    }

    #[test]
    fn builder_should_equal_the_level_by_level_tree() {
        for count in 0..70u64 {
            let leaves: Vec<Vec<u8>> = (0..count).map(|i| vec![i as u8; 1 + i as usize]).collect();
            let mut builder = TreeBuilder::<Blake>::new(Domain::Tokens);
            leaves.iter().for_each(|leaf| builder.push(leaf));
            assert_eq!(
                builder.finish(&[count]),
                reference(Domain::Tokens, &leaves, &[count]),
                "{count} leaves"
            );
        }
    }

    #[test]
    fn domains_should_not_share_hashes() {
        let domains = [
            Domain::Tokens,
            Domain::Weights,
            Domain::Scales,
            Domain::Tables,
            Domain::Digest,
            Domain::Receipts,
        ];
        let mut seen = Vec::new();
        for domain in domains {
            let zeros = [0u8; 32];
            // A leaf of 64 bytes, a node and a root over the same 64 bytes differ.
            seen.push(leaf::<Blake>(domain, &[0; 64]));
            seen.push(node::<Blake>(domain, &zeros, &zeros));
            seen.push(root::<Blake>(domain, &[0; 4], &zeros));
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    /// Leaves of the domain of receipts, of different lengths.
    fn receipts(count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|i| (0..=i % 7).map(|byte| (i * 11 + byte) as u8).collect())
            .collect()
    }

    fn hashes(leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
        leaves
            .iter()
            .map(|bytes| leaf::<Blake>(Domain::Receipts, bytes))
            .collect()
    }

    fn holds(
        root_known: [u8; 32],
        count: u64,
        index: u64,
        bytes: &[u8],
        path: &[[u8; 32]],
    ) -> bool {
        let hash = leaf::<Blake>(Domain::Receipts, bytes);
        top_of_path::<Blake>(Domain::Receipts, count, index, hash, path)
            .is_some_and(|top| root::<Blake>(Domain::Receipts, &[count], &top) == root_known)
    }

    #[test]
    fn depth_should_be_the_bit_length_of_the_last_index() {
        let depths = [
            (0, 0),
            (1, 0),
            (2, 1),
            (3, 2),
            (4, 2),
            (5, 3),
            (8, 3),
            (9, 4),
        ];
        for (leaves, expected) in depths {
            assert_eq!(depth(leaves), expected, "{leaves} leaves");
        }
        assert_eq!(depth(u64::MAX), 64);
    }

    #[test]
    fn leaf_of_a_receipt_should_keep_its_length() {
        let mut short = TreeBuilder::<Blake>::new(Domain::Receipts);
        short.push(b"a");
        let mut padded = TreeBuilder::<Blake>::new(Domain::Receipts);
        padded.push(b"a\0");
        assert_ne!(short.root(&[1]), padded.root(&[1]));
        assert_eq!(
            short.finish(&[1]),
            reference(Domain::Receipts, &[b"a".to_vec()], &[1])
        );
    }

    #[test]
    fn builder_should_give_the_same_root_when_resumed_after_every_leaf() {
        let mut frontier = Vec::new();
        for (index, bytes) in receipts(70).iter().enumerate() {
            let mut builder = TreeBuilder::<Blake>::resume(Domain::Receipts, frontier);
            assert_eq!(builder.leaves(), index as u64);
            builder.push(bytes);
            let count = builder.leaves();
            assert_eq!(
                builder.root(&[count]),
                reference(Domain::Receipts, &receipts(index + 1), &[count])
            );
            frontier = builder.frontier().to_vec();
        }
    }

    #[test]
    fn path_should_be_none_when_there_is_no_such_leaf() {
        assert_eq!(path::<Blake>(Domain::Receipts, &[], 0), None);
        assert_eq!(
            path::<Blake>(Domain::Receipts, &hashes(&receipts(5)), 5),
            None
        );
        let path = path::<Blake>(Domain::Receipts, &hashes(&receipts(5)), 4).unwrap();
        assert_eq!(path[..2], [ABSENT, ABSENT]);
        let top = |leaves, index, path: &[[u8; 32]]| {
            top_of_path::<Blake>(Domain::Receipts, leaves, index, [1; 32], path)
        };
        assert!(top(5, 4, &path).is_some());
        assert_eq!(top(5, 5, &path), None);
        assert_eq!(top(5, 4, &path[..2]), None);
        assert_eq!(top(0, 0, &[]), None);
    }

    #[test]
    fn receipt_roots_should_keep_their_bits() {
        // The vectors of docs/spec/receipts.md.
        let vectors = [
            (
                1,
                "2c065685e20cf88ce53f81f5d303ba8e9dcf85227493dce896816d9c337a890d",
            ),
            (
                3,
                "862b6abe7cee3d2a06608be101915932b7cd2cf31c35142df79ca56af03bd34b",
            ),
            (
                8,
                "f953f6a2120ff755d4b7680c3901434bc270f26bbdd00b5cbc3765eae8f1db08",
            ),
        ];
        for (count, expected) in vectors {
            let mut builder = TreeBuilder::<Blake>::new(Domain::Receipts);
            (0..count).for_each(|i: u8| builder.push(&vec![i; usize::from(i) + 1]));
            assert_eq!(hex(&builder.finish(&[u64::from(count)])), expected);
        }
    }

    proptest! {
        #[test]
        fn every_path_should_verify_and_nothing_else(
            count in 1..200usize,
            chosen in any::<prop::sample::Index>(),
            byte in any::<prop::sample::Index>(),
            flip in 1..=255u8,
            other in any::<u64>(),
        ) {
            let leaves = receipts(count);
            let hashes = hashes(&leaves);
            let root = reference(Domain::Receipts, &leaves, &[count as u64]);
            for (index, bytes) in leaves.iter().enumerate() {
                let path = path::<Blake>(Domain::Receipts, &hashes, index).unwrap();
                prop_assert!(holds(root, count as u64, index as u64, bytes, &path));
            }
            let index = chosen.index(count);
            let (at, n) = (index as u64, count as u64);
            let path = path::<Blake>(Domain::Receipts, &hashes, index).unwrap();
            // Any byte of the receipt.
            let mut changed = leaves[index].clone();
            let position = byte.index(changed.len());
            changed[position] ^= flip;
            prop_assert!(!holds(root, n, at, &changed, &path));
            changed[position] ^= flip;
            changed.push(flip);
            prop_assert!(!holds(root, n, at, &changed, &path));
            // Any byte of the path, and its length.
            if !path.is_empty() {
                let mut changed = path.clone();
                let position = byte.index(changed.len() * 32);
                changed[position / 32][position % 32] ^= flip;
                prop_assert!(!holds(root, n, at, &leaves[index], &changed));
                prop_assert!(!holds(root, n, at, &leaves[index], &path[1..]));
            }
            let mut longer = path.clone();
            longer.push(ABSENT);
            prop_assert!(!holds(root, n, at, &leaves[index], &longer));
            // Another position, another count, another root.
            if other != at {
                prop_assert!(!holds(root, n, other, &leaves[index], &path));
            }
            for wrong in [other, n + 1, n - 1] {
                prop_assert!(wrong == n || !holds(root, wrong, at, &leaves[index], &path));
            }
            let mut changed = root;
            changed[byte.index(32)] ^= flip;
            prop_assert!(!holds(changed, n, at, &leaves[index], &path));
        }
    }
}
