//! How many bytes of a device a model and its sequences take, from the header alone: what
//! [`DeviceModel::upload`](crate::model::DeviceModel::upload) and
//! [`Decoder::new`](crate::decoder::Decoder::new) will allocate, to the byte.

use crate::{buffer::Element, decoder::Limits, operations::stride};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::{section_lengths, weight_tensors, Weight},
    quantise::Scale,
};

/// Bytes that a model takes on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Of the weights and the buffers that all sequences share.
    pub fixed: u64,
    /// Of the keys and values of one sequence.
    pub slot: u64,
}

impl Needs {
    /// What a decoder of this model with sequences of `limits.positions` takes. The number of slots does not
    /// matter up to `limits.rows`.
    pub fn of(header: &ModelHeader, limits: &Limits) -> Self {
        let limits = Limits {
            positions: limits.positions.min(header.max_context as usize),
            ..*limits
        };
        Self {
            fixed: weights(header).saturating_add(workspace(header, &limits)),
            slot: cache(header, limits.positions),
        }
    }

    /// Bytes with so many sequences.
    pub const fn with(&self, slots: u64) -> u64 {
        self.fixed.saturating_add(self.slot.saturating_mul(slots))
    }
}

/// Bytes of a buffer of so many numbers.
const fn buffer<T: Element>(length: u64) -> u64 {
    let length = if length == 0 { 1 } else { length };
    length.saturating_mul(T::SIZE as u64)
}

/// Weights, multipliers, biases, norms and tables.
fn weights(header: &ModelHeader) -> u64 {
    let mut bytes = 0u64;
    for tensor in weight_tensors(header) {
        let rows = tensor.rows as u64;
        // A tied output matrix takes the place of the embedding.
        if tensor.weight != Weight::Embedding || !header.has(model::TIED_EMBEDDING) {
            let elements = rows.saturating_mul(stride(tensor.columns) as u64);
            bytes = bytes.saturating_add(buffer::<i8>(elements));
        }
        bytes = bytes.saturating_add(match tensor.weight {
            Weight::Embedding => buffer::<u32>(rows),
            _ => buffer::<u16>(rows),
        });
        if tensor.biased {
            bytes = bytes.saturating_add(buffer::<i32>(rows));
        }
    }
    bytes
        .saturating_add(norms(header))
        .saturating_add(section_lengths(header).tables)
}

/// Two norms of each layer, and the last one.
fn norms(header: &ModelHeader) -> u64 {
    let layers = u64::from(header.layers);
    let vectors = if header.has(model::LAYER_NORM) { 2 } else { 1 };
    let heads = if header.has(model::HEAD_NORM) { 2 } else { 0 };
    let of_rows = (2 * layers + 1) * vectors * buffer::<i32>(header.model_dimension.into());
    of_rows + layers * heads * buffer::<i32>(header.head_dimension.into())
}

/// Keys and values of one sequence.
fn cache(header: &ModelHeader, positions: usize) -> u64 {
    let places = u64::from(header.key_value_heads).saturating_mul(positions as u64);
    let elements = places.saturating_mul(stride(header.head_dimension as usize) as u64);
    let layer = buffer::<i8>(elements)
        .saturating_mul(2)
        .saturating_add(buffer::<Scale>(places))
        .saturating_add(buffer::<u16>(places));
    layer.saturating_mul(header.layers.into())
}

/// Buffers that every layer uses.
fn workspace(header: &ModelHeader, limits: &Limits) -> u64 {
    let (rows, logit_rows) = (limits.rows as u64, limits.logit_rows as u64);
    let d = u64::from(header.model_dimension);
    let (heads, width) = (u64::from(header.heads), header.head_dimension as usize);
    let feed_forward = u64::from(header.feed_forward);
    let queries = heads * width as u64;
    let keys = u64::from(header.key_value_heads) * width as u64;
    let widest = d.max(queries).max(feed_forward);
    let scores = (limits.scores as u64).max(heads.saturating_mul(limits.positions as u64));
    let quantised = [
        buffer::<i64>(rows * widest),
        2 * buffer::<i8>(rows * stride(widest as usize) as u64),
        buffer::<Scale>(rows),
    ];
    let attention = [
        buffer::<i32>(scores),
        buffer::<i32>(rows * heads),
        buffer::<u64>(rows * heads),
        buffer::<u64>(rows * queries),
    ];
    let others = [
        // Tokens, slots and positions.
        3 * buffer::<u32>(rows),
        buffer::<i32>(rows * d),
        // Queries, and what attention makes of them.
        2 * buffer::<i32>(rows * queries),
        2 * buffer::<i32>(rows * keys),
        buffer::<i8>(rows * heads * stride(width) as u64),
        buffer::<Scale>(rows * heads),
        2 * buffer::<i32>(rows * feed_forward),
        // Chosen rows, and the best token of each.
        2 * buffer::<u32>(logit_rows),
        buffer::<i32>(logit_rows.saturating_mul(header.vocabulary.into())),
    ];
    [&quantised[..], &attention, &others]
        .into_iter()
        .flatten()
        .fold(0, |sum: u64, bytes| sum.saturating_add(*bytes))
}
