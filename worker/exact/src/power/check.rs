//! Whether an opened part of a chain follows from what came before it.

use super::{leaf, leaf_index, leaves, matrix_of, Chain, Sample, ROWS, SEGMENT, SEGMENTS, WIDTH};
use crate::{
    tree::{self, Domain},
    Hasher256,
};
use alloc::vec::Vec;
use core::fmt;

/// What a worker has committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    pub root: [u8; 32],
    pub steps: u32,
}

/// A row of a state with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// int8 `[WIDTH]`.
    pub bytes: Vec<u8>,
    /// Siblings from the leaf upward, [`tree::depth`] of all leaves.
    pub path: Vec<[u8; 32]>,
}

/// What is shown for a [`Sample`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The row of the state before the step; `None` before the first one, which everybody can make.
    pub before: Option<Row>,
    /// The row after the step.
    pub after: Row,
}

/// Why an opening proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningError {
    /// The commitment has no such step, row or segment.
    NoSuchSample,
    /// A row before the first step is given, or one before another step is missing.
    RowBefore,
    /// A row has another length than [`WIDTH`].
    RowLength,
    /// A path does not lead to the root.
    Path,
    /// The segment is not what the step makes of the row before.
    Segment,
}

impl fmt::Display for OpeningError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoSuchSample => "NoSuchSample: the commitment has no such step, row or segment",
            Self::RowBefore => "RowBefore: only the first step has no row before it",
            Self::RowLength => "RowLength: a row has 1024 elements",
            Self::Path => "Path: a path does not lead to the root",
            Self::Segment => "Segment: this is not what the step makes of the row before",
        })
    }
}

impl core::error::Error for OpeningError {}

/// Whether the opening shows that the sampled segment was computed: two paths are checked, [`SEGMENT`] rows
/// of weights made, and [`SEGMENT`] · [`WIDTH`] multiply-accumulates done.
///
/// # Errors
/// [`OpeningError`], for the first thing that is wrong.
pub fn check<H: Hasher256>(
    chain: &Chain,
    commitment: &Commitment,
    sample: Sample,
    opening: &Opening,
) -> Result<(), OpeningError> {
    let Sample { step, row, segment } = sample;
    if step == 0 || step > commitment.steps || row >= ROWS || segment >= SEGMENTS {
        return Err(OpeningError::NoSuchSample);
    }
    let before: Vec<i8> = match (&opening.before, step) {
        (None, 1) => chain.first_row(row).collect(),
        (Some(before), 2..) => {
            check_row::<H>(commitment, step.saturating_sub(1), row, before)?;
            elements(&before.bytes).collect()
        }
        _ => return Err(OpeningError::RowBefore),
    };
    check_row::<H>(commitment, step, row, &opening.after)?;

    let first = segment.saturating_mul(SEGMENT);
    let weights = chain.channels(matrix_of(step), first, SEGMENT);
    let computed = chain.advance(step, row, &before, &weights);
    let claimed = elements(&opening.after.bytes).skip(first as usize);
    if claimed.take(SEGMENT as usize).eq(computed) {
        Ok(())
    } else {
        Err(OpeningError::Segment)
    }
}

fn elements(bytes: &[u8]) -> impl Iterator<Item = i8> + '_ {
    bytes.iter().map(|byte| *byte as i8)
}

/// Whether a row after `step` is in the tree.
fn check_row<H: Hasher256>(
    commitment: &Commitment,
    step: u32,
    row: u32,
    opened: &Row,
) -> Result<(), OpeningError> {
    if opened.bytes.len() != WIDTH as usize {
        return Err(OpeningError::RowLength);
    }
    let index = leaf_index(step, row).ok_or(OpeningError::NoSuchSample)?;
    let count = leaves(commitment.steps);
    let hash = leaf::<H>(&opened.bytes);
    let top = tree::top_of_path::<H>(Domain::Power, count, index, hash, &opened.path)
        .ok_or(OpeningError::Path)?;
    let root = tree::root::<H>(Domain::Power, &[commitment.steps.into()], &top);
    if root == commitment.root {
        Ok(())
    } else {
        Err(OpeningError::Path)
    }
}
