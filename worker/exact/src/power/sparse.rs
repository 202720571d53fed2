//! Commitments in which only some parts are right: what a liar would commit to who knew what is drawn. Tests
//! and benchmarks use them instead of long chains.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "nothing of this is in a chain or a worker"
)]

use super::{
    bytes_of, leaf, leaf_index, leaves, matrix_of, Chain, Commitment, Opening, Row, Sample,
    SEGMENT, WIDTH,
};
use crate::{
    testing::Numbers,
    tree::{self, Domain, ABSENT},
    Hasher256,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

/// Rows of the chain by step and row.
type Rows = BTreeMap<(u32, u32), Vec<i8>>;

/// A commitment to a chain of so many steps in which these samples are right, with their openings. All
/// other rows are absent from the tree.
///
/// # Panics
/// If a sample is not one of the chain.
pub fn commit_to<H: Hasher256>(
    chain: &Chain,
    steps: u32,
    samples: &[Sample],
) -> (Commitment, Vec<Opening>) {
    let rows = rows(chain, samples);
    let hashes = rows.iter().map(|(&(step, row), elements)| {
        let index = leaf_index(step, row).unwrap();
        (index, leaf::<H>(&bytes_of(elements)))
    });
    let levels = levels::<H>(hashes.collect(), tree::depth(leaves(steps)));
    let top = levels.last().and_then(|top| top.get(&0)).unwrap();
    let root = tree::root::<H>(Domain::Power, &[steps.into()], top);
    let open = |step, row| {
        let index: u64 = leaf_index(step, row).unwrap();
        let below = &levels[..levels.len() - 1];
        let sibling = |(level, nodes): (usize, &BTreeMap<u64, [u8; 32]>)| {
            let sibling = (index >> level) ^ 1;
            nodes.get(&sibling).copied().unwrap_or(ABSENT)
        };
        Row {
            bytes: bytes_of(&rows[&(step, row)]),
            path: below.iter().enumerate().map(sibling).collect(),
        }
    };
    let openings = samples.iter().map(|sample| Opening {
        before: (sample.step > 1).then(|| open(sample.step - 1, sample.row)),
        after: open(sample.step, sample.row),
    });
    (Commitment { root, steps }, openings.collect())
}

/// Rows in which the segments of the samples are right, given the rows before them. All else is random.
fn rows(chain: &Chain, samples: &[Sample]) -> Rows {
    let mut rows = Rows::new();
    for Sample { step, row, .. } in samples {
        for step in [*step, step.saturating_sub(1)] {
            if step > 0 {
                let seed = u64::from(step) << 32 | u64::from(*row);
                rows.insert((step, *row), random(seed));
            }
        }
    }
    // Rising steps: what is before a segment does not change after it.
    let mut samples = samples.to_vec();
    samples.sort_unstable_by_key(|sample| sample.step);
    for Sample { step, row, segment } in samples {
        let before = match step {
            1 => chain.first_row(row).collect(),
            _ => rows[&(step - 1, row)].clone(),
        };
        let first = segment * SEGMENT;
        let weights = chain.channels(matrix_of(step), first, SEGMENT);
        let segment = chain.advance(step, row, &before, &weights);
        let elements = rows.get_mut(&(step, row)).unwrap();
        elements[first as usize..][..SEGMENT as usize].copy_from_slice(&segment);
    }
    rows
}

fn random(seed: u64) -> Vec<i8> {
    let mut numbers = Numbers(seed);
    let element = |_| (numbers.draw() as i8).max(-127);
    (0..WIDTH).map(element).collect()
}

/// The nodes of all levels from the leaves to the top, as far as leaves are below them.
fn levels<H: Hasher256>(
    leaves: BTreeMap<u64, [u8; 32]>,
    depth: u32,
) -> Vec<BTreeMap<u64, [u8; 32]>> {
    let mut levels = alloc::vec![leaves];
    for _ in 0..depth {
        let below = levels.last().unwrap();
        let hash = |index: u64| below.get(&index).copied().unwrap_or(ABSENT);
        let parents: BTreeSet<u64> = below.keys().map(|index| index / 2).collect();
        let node = |parent: u64| {
            let (left, right) = (hash(parent * 2), hash(parent * 2 + 1));
            (parent, tree::node::<H>(Domain::Power, &left, &right))
        };
        let level = parents.into_iter().map(node).collect();
        levels.push(level);
    }
    levels
}
