//! Arithmetic on parts of rows, shared by what makes a trace and by what judges it.

use super::reader::{Channel, Head};
use crate::{
    activation::Activation,
    arithmetic::saturate,
    hadamard,
    header::{model, ModelHeader},
    normalise::{apply_gain, apply_norm_biases, normalise_head, subtract_mean, RootMeanSquare},
    quantise::{magnitude, quantise_row, requantise, requantise_wide, Quantiser, Scale},
    rope,
};
use alloc::{vec, vec::Vec};

/// Scale of a quantised row and whether it has 16 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputScale {
    pub scale: Scale,
    pub wide: bool,
}

/// A chunk of a residual row on its way through a norm.
#[derive(Clone, Debug)]
pub(super) struct RowChunk {
    pub x: Vec<i32>,
    /// `None` in an RMSNorm.
    pub mean: Option<i64>,
    pub root: RootMeanSquare,
    /// Column of its first element.
    pub first: usize,
    pub gains: Vec<i32>,
    pub biases: Option<Vec<i32>>,
    pub rotated: bool,
}

impl RowChunk {
    /// u of the chunk.
    pub fn prepared(mut self) -> Vec<i64> {
        if let Some(mean) = self.mean {
            subtract_mean(&mut self.x, mean);
        }
        let mut u = vec![0; self.x.len()];
        apply_gain(&self.x, &self.gains, &mut u);
        if let Some(biases) = &self.biases {
            apply_norm_biases(&mut u, biases, self.root);
        }
        if self.rotated {
            hadamard::rotate(&mut u);
        }
        u
    }
}

/// A part of the output of attention before it is quantised.
pub(super) fn prepare_attended(attended: &[i32], rotated: bool) -> Vec<i64> {
    let mut u: Vec<i64> = attended.iter().map(|&x| x.into()).collect();
    if rotated {
        hadamard::rotate(&mut u);
    }
    u
}

/// A block of what enters down: from gate (none in a layer without) and up.
pub(super) fn prepare_gated(
    header: &ModelHeader,
    gate: &[i32],
    up: &[i32],
    rotated: bool,
) -> Vec<i64> {
    let activation = if header.has(model::GELU) {
        Activation::Gelu
    } else {
        Activation::Silu
    };
    let mut u: Vec<i64> = if header.has(model::UNGATED) {
        up.iter().map(|&up| activation.apply(up)).collect()
    } else {
        let pairs = gate.iter().zip(up);
        pairs
            .map(|(&gate, &up)| activation.gated(gate, up))
            .collect()
    };
    if rotated {
        hadamard::rotate(&mut u);
    }
    u
}

/// The largest magnitude of a part of a row that begins at column `first`, and the column that has
/// it first. An empty part has 0 at `first`.
pub(super) fn peak_of(u: &[i64], first: usize) -> (u64, usize) {
    let mut best = (0, first);
    for (column, &u) in (first..).zip(u) {
        if magnitude(u) > best.0 {
            best = (magnitude(u), column);
        }
    }
    best
}

/// q of a part of a row, from the row's largest magnitude.
pub(super) fn quantise_part(u: &[i64], peak: u64, wide: bool) -> Vec<i16> {
    let quantiser = Quantiser::of_peak(peak, wide);
    u.iter().map(|&u| quantiser.element(u) as i16).collect()
}

/// A product's output from its sum; `None` if an int8 product cannot have the sum.
pub(super) fn product_output(sum: i64, input: InputScale, channel: Channel) -> Option<i32> {
    let Channel {
        multiplier,
        shift,
        bias,
    } = channel;
    let y = if input.wide {
        requantise_wide(sum, input.scale, multiplier, shift)
    } else {
        requantise(i32::try_from(sum).ok()?, input.scale, multiplier, shift)
    };
    Some(saturate(i64::from(y).saturating_add(bias.into())))
}

/// Σ q·w of a chunk: at most 256 products of 16 and 8 bits.
pub(super) fn partial_product(q: &[i16], weights: &[i8]) -> i64 {
    q.iter().zip(weights).fold(0i64, |sum, (&q, &w)| {
        sum.wrapping_add(i64::from(i32::from(q).wrapping_mul(i32::from(w))))
    })
}

/// A head from its projection: normalised if there are gains, rotated if there is a table,
/// quantised.
pub(super) fn finish_head(mut row: Vec<i32>, gains: &[i32], epsilon: u32, rotary: &[i16]) -> Head {
    if !gains.is_empty() {
        normalise_head(&mut row, gains, epsilon);
    }
    if !rotary.is_empty() {
        let (cosines, sines) = rotary.split_at(rotary.len() / 2);
        rope::rotate(&mut row, cosines, sines);
    }
    let wide: Vec<i64> = row.iter().map(|&x| x.into()).collect();
    let mut elements = vec![0; wide.len()];
    let scale = quantise_row(&wide, &mut elements).scale();
    Head { elements, scale }
}
