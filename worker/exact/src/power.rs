//! Verified power: a chain of matrix products that a machine commits to, and what proves a part of it.
//!
//! ```text
//! X₀  int8 [ROWS, WIDTH]      random, for this account in this window only
//! Wₘ  int8 [WIDTH, WIDTH]     random, for this window; m from 0 to MATRICES − 1; a row is an output channel
//! Yⱼ                          Xⱼ₋₁, the first FRESH elements of each row replaced: random, for this account,
//!                             step and row only
//! Xⱼ[r, c] = requantise(Σₖ Yⱼ[r, k] · Wⱼ mod MATRICES[c, k])          j from 1 to the number of steps
//! ```
//!
//! Rounding and clamping make the chain nonlinear, so matrices cannot be multiplied with each other
//! beforehand. Fresh elements make every row of every step of every account different, so no product can be
//! used twice: not in another step, not in another row, not for a second account. So a step takes
//! [`MACS_PER_STEP`]. Who has run the chain commits to all rows of X₁, X₂, …, a tree of the domain
//! [`Domain::Power`], and shows afterwards the parts that [`samples`] draws: [`check`]. docs/power.md is the
//! definition to the last bit.

mod check;
#[cfg(any(test, feature = "testing"))]
mod sparse;
#[cfg(test)]
mod tests;

use crate::{
    gemm::dot,
    sampling::philox,
    tree::{self, Domain, TreeBuilder},
    Hasher256,
};
use alloc::vec::Vec;

pub use check::{check, Commitment, Opening, OpeningError, Row};
#[cfg(any(test, feature = "testing"))]
pub use sparse::commit_to;

/// Rows of a state. Each goes through the chain by itself.
pub const ROWS: u32 = 256;

/// Elements of a row; rows and columns of a matrix.
pub const WIDTH: u32 = 1024;

/// Columns of a row that are checked at a time.
pub const SEGMENT: u32 = 64;

/// Segments of a row.
pub const SEGMENTS: u32 = WIDTH / SEGMENT;

/// Matrices that take turns, 1 MiB each.
pub const MATRICES: u32 = 16;

/// Multiply-accumulates of one step, for all rows.
pub const MACS_PER_STEP: u64 = ROWS as u64 * WIDTH as u64 * WIDTH as u64;

/// Elements at the beginning of a row that are replaced before each step.
pub const FRESH: u32 = BYTES_PER_CALL;

/// Bits by which a sum is shifted to the right.
pub const SHIFT: u32 = 11;

/// Random bytes that one call of the generator gives.
const BYTES_PER_CALL: u32 = 16;

const WEIGHTS: &[u8] = b"aipg/power/weights/1";
const STATE: &[u8] = b"aipg/power/state/1";
const SAMPLE: &[u8] = b"aipg/power/sample/1";

/// The chain of an account in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The generator's key for weights: the same for all accounts.
    weights: [u32; 2],
    /// The generator's key for the first state and for fresh elements.
    state: [u32; 2],
}

impl Chain {
    /// `seed` is the window's, `account` the account as it is encoded.
    pub fn new<H: Hasher256>(seed: &[u8; 32], account: &[u8]) -> Self {
        Self {
            weights: key(&H::hash(&[WEIGHTS, seed])),
            state: key(&H::hash(&[STATE, seed, account])),
        }
    }

    /// Matrix `matrix`, int8 `[WIDTH, WIDTH]`, one output channel after the other: 1 MiB.
    pub fn weights(&self, matrix: u32) -> Vec<i8> {
        self.channels(matrix, 0, WIDTH)
    }

    /// Output channels of a matrix, int8 `[count, WIDTH]`, from `first` on.
    pub fn channels(&self, matrix: u32, first: u32, count: u32) -> Vec<i8> {
        let channels = first..first.saturating_add(count);
        channels
            .flat_map(|channel| random_row(self.weights, channel, matrix))
            .collect()
    }

    /// X₀, int8 `[ROWS, WIDTH]`: 256 KiB.
    pub fn first_state(&self) -> Vec<i8> {
        (0..ROWS).flat_map(|row| self.first_row(row)).collect()
    }

    /// A row of X₀, int8 `[WIDTH]`.
    pub fn first_row(&self, row: u32) -> impl Iterator<Item = i8> {
        random_row(self.state, row, 0)
    }

    /// The first [`FRESH`] elements of a row before a step, which is at least 1.
    pub fn fresh(&self, step: u32, row: u32) -> impl Iterator<Item = i8> {
        elements(philox([0, row, 0, step], self.state))
    }

    /// Makes Yⱼ of Xⱼ₋₁, j being `step`; of rows int8 `[count, WIDTH]`, the first of which is row `first`.
    pub fn refresh(&self, step: u32, first: u32, rows: &mut [i8]) {
        for (row, elements) in (first..).zip(rows.chunks_mut(WIDTH as usize)) {
            let fresh = self.fresh(step, row);
            elements
                .iter_mut()
                .zip(fresh)
                .for_each(|(x, fresh)| *x = fresh);
        }
    }

    /// Rows of Xⱼ, j being `step`, from the same rows of Xⱼ₋₁, int8 `[count, WIDTH]`, the first of which is
    /// row `first`: what an engine has to equal. `weights` are those of the step's matrix, whole
    /// or a part of its output channels.
    pub fn advance(&self, step: u32, first: u32, rows: &[i8], weights: &[i8]) -> Vec<i8> {
        let width = WIDTH as usize;
        let mut rows = rows.to_vec();
        self.refresh(step, first, &mut rows);
        let next = |row| {
            let channels = weights.chunks_exact(width);
            channels.map(move |channel| requantise(dot(row, channel)))
        };
        rows.chunks_exact(width).flat_map(next).collect()
    }
}

/// The first eight bytes of a hash as a key of the generator.
const fn key(hash: &[u8; 32]) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}

/// A random row, int8 `[WIDTH]`.
fn random_row(key: [u32; 2], row: u32, matrix: u32) -> impl Iterator<Item = i8> {
    let calls = 0..WIDTH / BYTES_PER_CALL;
    calls.flat_map(move |call| elements(philox([call, row, matrix, 0], key)))
}

/// Random words as elements. −128 does not occur: −127 stands for it.
fn elements(words: [u32; 4]) -> impl Iterator<Item = i8> {
    let bytes = words.into_iter().flat_map(u32::to_le_bytes);
    bytes.map(|byte| (byte as i8).max(-127))
}

/// The matrix of a step.
pub const fn matrix_of(step: u32) -> u32 {
    step % MATRICES
}

/// An element of the next state for a sum: ⌊(sum + 2¹⁰) / 2¹¹⌋, at least −127 and at most 127.
///
/// A sum is below 2²⁴, so nothing overflows; beyond that the addition saturates.
pub const fn requantise(sum: i32) -> i8 {
    let scaled = sum.saturating_add(1 << (SHIFT - 1)) >> SHIFT;
    if scaled > 127 {
        127
    } else if scaled < -127 {
        -127
    } else {
        scaled as i8
    }
}

/// Appends the rows of a state int8 `[ROWS, WIDTH]` to the tree of a commitment.
pub fn push_state<H: Hasher256>(tree: &mut TreeBuilder<H>, state: &[i8]) {
    for row in state.chunks(WIDTH as usize) {
        tree.push(&bytes_of(row));
    }
}

/// An empty tree for a commitment; [`push_state`] takes X₁, X₂, … in turn, and its root is that of the
/// shape `[steps]`.
pub const fn tree<H: Hasher256>() -> TreeBuilder<H> {
    TreeBuilder::new(Domain::Power)
}

/// int8 elements as bytes.
pub fn bytes_of(row: &[i8]) -> Vec<u8> {
    row.iter().map(|element| *element as u8).collect()
}

/// Hash of a row as a leaf of the tree.
pub fn leaf<H: Hasher256>(row: &[u8]) -> [u8; 32] {
    tree::leaf::<H>(Domain::Power, row)
}

/// Leaves of the tree of so many steps.
pub const fn leaves(steps: u32) -> u64 {
    steps as u64 * ROWS as u64
}

/// Index of the leaf of a row of Xⱼ, j being `step`; `None` of X₀, which is in no tree.
pub fn leaf_index(step: u32, row: u32) -> Option<u64> {
    Some(leaves(step.checked_sub(1)?).saturating_add(row.into()))
}

/// A part of the chain that has to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// From 1 to the number of steps.
    pub step: u32,
    /// Below [`ROWS`].
    pub row: u32,
    /// Below [`SEGMENTS`].
    pub segment: u32,
}

/// The samples that `seed` draws of a chain of so many steps, each by itself: one may come twice. None of no
/// steps.
pub fn samples<H: Hasher256>(seed: &[u8; 32], steps: u32, count: u32) -> Vec<Sample> {
    (0..count)
        .filter_map(|number| {
            let hash = H::hash(&[SAMPLE, seed, &number.to_le_bytes()]);
            let [low, high] = key(&hash).map(u64::from);
            // 2⁴⁴ segments at most of 2⁶⁴ numbers: none is favoured by more than 2⁻²⁰ of its chance.
            let segments = leaves(steps).saturating_mul(SEGMENTS.into());
            let place = (low | high << 32).checked_rem(segments)?;
            let (row, segment) = (place / u64::from(SEGMENTS), place % u64::from(SEGMENTS));
            Some(Sample {
                step: u32::try_from(row / u64::from(ROWS)).ok()?.checked_add(1)?,
                row: (row % u64::from(ROWS)) as u32,
                segment: segment as u32,
            })
        })
        .collect()
}
