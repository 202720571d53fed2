//! What a party that has the whole trace brings to a dispute.

use super::Replay;
use crate::{
    trace::{Evidence, Inputs, Leaf, Node, Opening, Tensor, TensorProof},
    tree::{self, Domain, ABSENT},
    Hasher256,
};
use alloc::{collections::BTreeSet, vec::Vec};

impl Replay<'_> {
    /// Roots of all tensors, in the order of [`Tensor::all`].
    pub fn tensor_roots<H: Hasher256>(&self) -> Vec<[u8; 32]> {
        Tensor::all(self.header)
            .map(|tensor| self.root::<H>(tensor))
            .collect()
    }

    /// Hashes of all nodes below `node` that its reveal goes down to.
    pub fn nodes_below<H: Hasher256>(&self, node: &Node) -> Vec<[u8; 32]> {
        let job = self.job();
        let below = node.below(&job);
        let (domain, _) = node.tensor.tree(&job);
        let level = nodes_at::<H>(
            domain,
            self.leaf_hashes::<H>(node.tensor),
            node.level_below(),
        );
        let skipped = usize::try_from(below.start).unwrap_or(usize::MAX);
        let count = usize::try_from(below.end.saturating_sub(below.start)).unwrap_or_default();
        level.into_iter().skip(skipped).take(count).collect()
    }

    /// A leaf as it is hashed.
    pub fn hashed_leaf(&self, leaf: Leaf) -> Option<Vec<u8>> {
        let mut bytes = self.leaf(leaf)?.into_owned();
        let length = self.domain_of(leaf).leaf_length();
        if bytes.len() < length {
            bytes.resize(length, 0);
        }
        Some(bytes)
    }

    /// These leaves with all that proves them. Leaves that are not there are left out.
    pub fn evidence<H: Hasher256>(&self, leaves: &[Leaf]) -> Evidence {
        let roots = self.tensor_roots::<H>();
        let tensors: BTreeSet<Tensor> = leaves
            .iter()
            .filter_map(|leaf| match leaf {
                Leaf::Trace(tensor, _) => Some(*tensor),
                _ => None,
            })
            .collect();
        Evidence {
            tensors: tensors
                .into_iter()
                .filter_map(|tensor| TensorProof::new::<H>(self.header, &roots, tensor))
                .collect(),
            leaves: leaves
                .iter()
                .filter_map(|&leaf| self.opening::<H>(leaf))
                .collect(),
        }
    }

    fn opening<H: Hasher256>(&self, leaf: Leaf) -> Option<Opening> {
        let domain = self.domain_of(leaf);
        let section = |wrap: fn(u64) -> Leaf| {
            (0..)
                .map_while(|index| self.hashed_leaf(wrap(index)))
                .map(|bytes| tree::leaf::<H>(domain, &bytes))
                .collect::<Vec<_>>()
        };
        let (hashes, index) = match leaf {
            Leaf::Scales(index) => (section(Leaf::Scales), index),
            Leaf::Tables(index) => (section(Leaf::Tables), index),
            Leaf::Weights(index) => (section(Leaf::Weights), index),
            Leaf::Prompt(index) => (section(Leaf::Prompt), index),
            Leaf::Output(index) => (section(Leaf::Output), index),
            Leaf::Trace(tensor, index) => (self.leaf_hashes::<H>(tensor), index),
        };
        Some(Opening {
            leaf,
            bytes: self.hashed_leaf(leaf)?,
            path: tree::path::<H>(domain, &hashes, usize::try_from(index).ok()?)?,
        })
    }

    fn domain_of(&self, leaf: Leaf) -> Domain {
        match leaf {
            Leaf::Scales(_) => Domain::Scales,
            Leaf::Tables(_) => Domain::Tables,
            Leaf::Weights(_) => Domain::Weights,
            Leaf::Prompt(_) | Leaf::Output(_) => Domain::Tokens,
            Leaf::Trace(tensor, _) => tensor.tree(&self.job()).0,
        }
    }
}

/// The nodes so many levels above the leaves.
fn nodes_at<H: Hasher256>(domain: Domain, leaves: Vec<[u8; 32]>, levels: u32) -> Vec<[u8; 32]> {
    (0..levels).fold(leaves, |nodes, _| {
        nodes
            .chunks(2)
            .filter_map(|pair| {
                let (left, right) = pair.split_first()?;
                let right = right.first().unwrap_or(&ABSENT);
                Some(tree::node::<H>(domain, left, right))
            })
            .collect()
    })
}
