//! Sums inside of ops, and how they split.

use super::{
    claim::{Claim, Fault},
    reader::Job,
    tensor::CHUNK,
};
use crate::{
    header::ModelHeader,
    layout::{place, Norm, Weight},
};
use alloc::vec::Vec;
use core::ops::Range;

/// Parts of a sum that are revealed at once, at most: 8 KiB.
///
/// The longest product has 521 chunks, so it splits once; the largest vocabulary and the longest
/// context split twice.
pub const FAN_OUT: u64 = 1024;

/// A sum inside of an op. Its value is lazy or part of a record, its terms are arithmetic on leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sum {
    /// Σx of a row before a LayerNorm; terms are chunks of 256 columns.
    Norm {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
    },
    /// Σ (x >> e0)² of a norm; terms are chunks of 256 columns.
    Squares {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
    },
    /// Σ q·w of one output channel of a product; terms are chunks of 256 inputs.
    Product {
        /// The matrix.
        weight: Weight,
        /// Its layer.
        layer: usize,
        /// The row of its input.
        row: u64,
        /// The output channel.
        channel: usize,
    },
    /// Z = ΣP of a head's softmax; terms are keys.
    Softmax {
        /// The layer.
        layer: usize,
        /// The query's row.
        row: u64,
        /// The query head.
        head: usize,
    },
    /// Σ w·v of one element of attention; terms are keys.
    Attended {
        /// The layer.
        layer: usize,
        /// The query's row.
        row: u64,
        /// The element.
        column: usize,
    },
    /// Candidates that top-k keeps; terms are candidates.
    Ranked {
        /// The output token.
        token: u64,
    },
    /// ΣP over all candidates; terms are candidates.
    Total {
        /// The output token.
        token: u64,
    },
    /// ΣP over those that top-p keeps; terms are candidates.
    Kept {
        /// The output token.
        token: u64,
    },
}

/// Consecutive terms of a sum.
pub type Span = (Sum, u64, u64);

impl Sum {
    /// Its number of terms in the trace of a job; `None` if there is no such sum.
    pub fn terms(self, job: &Job<'_>) -> Option<u64> {
        let header = job.header;
        let d = u64::from(header.model_dimension);
        Some(match self {
            Self::Norm { .. } | Self::Squares { .. } => d.div_ceil(CHUNK as u64),
            Self::Product { weight, layer, .. } => {
                let columns = place(header, weight, layer)?.tensor.columns;
                columns.div_ceil(CHUNK) as u64
            }
            Self::Softmax { layer, row, .. } | Self::Attended { layer, row, .. } => {
                let keys = keys(job, layer, row);
                keys.end.saturating_sub(keys.start)
            }
            Self::Ranked { .. } | Self::Total { .. } | Self::Kept { .. } => {
                header.vocabulary.into()
            }
        })
    }

    pub(super) fn whole(self, job: &Job<'_>) -> Result<Span, Fault> {
        let terms = self.terms(job).ok_or(Fault::Unknown)?;
        Ok((self, 0, terms))
    }

    /// The claim that the whole sum has this value.
    pub(super) fn is(self, job: &Job<'_>, value: impl TryInto<i64>) -> Result<Claim, Fault> {
        let (sum, first, count) = self.whole(job)?;
        let value = value.try_into().map_err(|_| Fault::False)?;
        Ok(Claim::Terms {
            sum,
            first,
            count,
            value,
        })
    }

    /// The output token whose logits it needs.
    pub(super) const fn token(self) -> Option<u64> {
        match self {
            Self::Ranked { token } | Self::Total { token } | Self::Kept { token } => Some(token),
            _ => None,
        }
    }
}

/// Positions of the keys that a query sees.
pub(super) fn keys(job: &Job<'_>, layer: usize, row: u64) -> Range<u64> {
    let header = job.header;
    if header.picture().is_some() {
        return 0..job.rows();
    }
    let end = row.saturating_add(1);
    let window = header.window_of(layer).map_or(u64::MAX, u64::from);
    end.saturating_sub(window)..end
}

/// The key-value head that a query head reads.
pub(super) const fn group(header: &ModelHeader, head: usize) -> usize {
    let heads = header.heads as usize;
    let groups = header.key_value_heads as usize;
    match head.saturating_mul(groups).checked_div(heads) {
        Some(group) => group,
        None => 0,
    }
}

/// Spans that `count` terms from `first` split into: single terms if these are few enough.
pub(super) fn split(sum: Sum, first: u64, count: u64) -> Vec<Span> {
    let mut width = 1u64;
    while count.div_ceil(width) > FAN_OUT {
        width = width.saturating_mul(FAN_OUT);
    }
    let parts = count.div_ceil(width);
    let part = |index: u64| {
        let skipped = index.saturating_mul(width);
        let length = width.min(count.saturating_sub(skipped));
        (sum, first.saturating_add(skipped), length)
    };
    (0..parts).map(part).collect()
}
