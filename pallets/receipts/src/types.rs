//! The open round.

use aipg_exact::{
    tree::{Domain, TreeBuilder},
    Hasher256,
};
use aipg_primitives::{RoundIndex, MAX_RECEIPT_TREE_DEPTH};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// blake2b-256 by the host.
#[derive(Clone, Copy, Debug)]
pub struct Blake2;

impl Hasher256 for Blake2 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        BlakeTwo256::hash(&parts.concat()).to_fixed_bytes()
    }
}

/// A tree of receipts.
pub type ReceiptTree = TreeBuilder<Blake2>;

/// The round whose tree still grows: all that must be kept to append to it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct OpenRound {
    pub round: RoundIndex,
    /// By level, the left subtree that waits for its sibling. The levels that are set are the bits
    /// of the number of leaves.
    pub frontier: BoundedVec<Option<H256>, ConstU32<MAX_RECEIPT_TREE_DEPTH>>,
}

impl OpenRound {
    /// A round without receipts.
    pub fn new(round: RoundIndex) -> Self {
        Self {
            round,
            frontier: BoundedVec::new(),
        }
    }

    /// The tree so far.
    pub fn tree(&self) -> ReceiptTree {
        let frontier = self
            .frontier
            .iter()
            .map(|waiting| waiting.map(H256::to_fixed_bytes))
            .collect();
        TreeBuilder::resume(Domain::Receipts, frontier)
    }

    /// Keeps `tree`, unless it is over the depth that a round may have.
    pub fn keep(&mut self, tree: &ReceiptTree) -> Option<()> {
        self.frontier = tree
            .frontier()
            .iter()
            .map(|waiting| waiting.map(H256::from))
            .collect::<alloc::vec::Vec<_>>()
            .try_into()
            .ok()?;
        Some(())
    }
}

/// Number of receipts in a tree; the depth of a round's tree keeps it inside u32.
pub fn count_of(tree: &ReceiptTree) -> u32 {
    u32::try_from(tree.leaves()).unwrap_or(u32::MAX)
}

/// Root of a tree of receipts; `None` for an empty one.
pub fn root_of(tree: &ReceiptTree) -> Option<H256> {
    let count = tree.leaves();
    (count > 0).then(|| H256::from(tree.root(&[count])))
}
