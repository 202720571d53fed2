//! Binary hash trees whose depth is fixed by the number of leaves.
//!
//! ```text
//! leaf = H(0x00 ‖ domain ‖ bytes)            bytes zero-padded to the domain's leaf length
//! node = H(0x01 ‖ domain ‖ left ‖ right)     32 zero bytes stand for a subtree without leaves
//! root = H(0x02 ‖ domain ‖ shape ‖ top)      shape: the domain's numbers, u64 little-endian
//! ```
//!
//! n leaves make a tree of depth bl(n − 1); no leaf makes a top of 32 zero bytes. The shape fixes n,
//! so the position of absent subtrees is committed.

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
        }
    }

    /// Bytes of a leaf.
    pub const fn leaf_length(self) -> usize {
        match self {
            Self::Tokens => 256,
            Self::Weights => 4096,
            Self::Scales | Self::Tables | Self::Digest => 1024,
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

    /// The root, with `shape` as the domain defines it.
    pub fn finish(self, shape: &[u64]) -> [u8; 32] {
        let mut top: Option<[u8; 32]> = None;
        let levels = self.waiting.len();
        for (level, waiting) in self.waiting.into_iter().enumerate() {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Blake;

    /// The definition: all levels, padded to the full width.
    fn reference(domain: Domain, leaves: &[Vec<u8>], shape: &[u64]) -> [u8; 32] {
        let mut level: Vec<[u8; 32]> = leaves
            .iter()
            .map(|bytes| {
                let mut padded = bytes.clone();
                padded.resize(domain.leaf_length(), 0);
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
}
