//! Where each tensor lies. A model has three sections whose lengths follow from its header.
//!
//! - **scales**: for each weight tensor in the order of [`weight_tensors`] its multipliers (the
//!   embedding: EM as u32 per row; every other: S as u16, then M as u16 per row), then the gains
//!   (i32 per element): attention norm and feed-forward norm of each layer, final norm
//! - **tables**: for each position the cosines, then the sines of the rotary embedding (i16, half a
//!   head dimension each)
//! - **weights**: the int8 elements of each weight tensor, row by row
//!
//! All numbers are little-endian and nothing lies between them.

use crate::header::{input, output, ModelHeader};
use core::iter;

/// Rows of a tile of the weight tree.
pub const TILE_ROWS: usize = 16;

/// Columns of a tile of the weight tree.
pub const TILE_COLUMNS: usize = 256;

/// A weight tensor's part in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Token embedding, one row per token.
    Embedding,
    /// Query projection.
    Query,
    /// Key projection.
    Key,
    /// Value projection.
    Value,
    /// Projection of the attention's output back to the residual stream.
    AttentionOutput,
    /// Gate of the feed-forward layer.
    Gate,
    /// Up projection of the feed-forward layer.
    Up,
    /// Down projection of the feed-forward layer.
    Down,
    /// Logits, one row per token.
    Output,
}

/// One weight tensor: `rows` output channels of `columns` inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightTensor {
    /// Its part in the graph.
    pub weight: Weight,
    /// Its layer; 0 for embedding and output.
    pub layer: usize,
    /// Output channels, or tokens.
    pub rows: usize,
    /// Input width.
    pub columns: usize,
    /// Whether its input is rotated by Hadamard-64.
    pub rotated: bool,
}

/// Lengths of a model's sections in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionLengths {
    /// Scale section.
    pub scales: u64,
    /// Table section.
    pub tables: u64,
    /// Weight section.
    pub weights: u64,
}

/// Every weight tensor in the order of commitment: embedding; of each layer query, key, value,
/// attention output, gate, up, down; output.
pub fn weight_tensors(header: &ModelHeader) -> impl Iterator<Item = WeightTensor> + '_ {
    let d = header.model_dimension as usize;
    let width = header.head_dimension as usize;
    let queries = (header.heads as usize).saturating_mul(width);
    let keys = (header.key_value_heads as usize).saturating_mul(width);
    let feed_forward = header.feed_forward as usize;
    let vocabulary = header.vocabulary as usize;

    let tensor = |weight, layer, rows, columns, rotated| WeightTensor {
        weight,
        layer,
        rows,
        columns,
        rotated,
    };
    let layers = header
        .input_flags
        .iter()
        .take(header.layers as usize)
        .enumerate();
    let layers = layers.flat_map(move |(layer, &flags)| {
        let rotated = move |flag: u8| flags & flag != 0;
        [
            tensor(Weight::Query, layer, queries, d, rotated(input::ATTENTION)),
            tensor(Weight::Key, layer, keys, d, rotated(input::ATTENTION)),
            tensor(Weight::Value, layer, keys, d, rotated(input::ATTENTION)),
            tensor(
                Weight::AttentionOutput,
                layer,
                d,
                queries,
                rotated(input::ATTENTION_OUTPUT),
            ),
            tensor(
                Weight::Gate,
                layer,
                feed_forward,
                d,
                rotated(input::FEED_FORWARD),
            ),
            tensor(
                Weight::Up,
                layer,
                feed_forward,
                d,
                rotated(input::FEED_FORWARD),
            ),
            tensor(Weight::Down, layer, d, feed_forward, rotated(input::DOWN)),
        ]
    });
    let rotated_output = header.output_flags & output::HADAMARD != 0;
    iter::once(tensor(Weight::Embedding, 0, vocabulary, d, false))
        .chain(layers)
        .chain(iter::once(tensor(
            Weight::Output,
            0,
            vocabulary,
            d,
            rotated_output,
        )))
}

/// Lengths of the sections of a model. The limits of a valid header keep them below 2⁴³.
pub fn section_lengths(header: &ModelHeader) -> SectionLengths {
    let mut lengths = SectionLengths {
        scales: 0,
        tables: 0,
        weights: 0,
    };
    for tensor in weight_tensors(header) {
        let rows = tensor.rows as u64;
        lengths.weights = lengths
            .weights
            .saturating_add(rows.saturating_mul(tensor.columns as u64));
        let scales = match tensor.weight {
            Weight::Embedding => rows.saturating_mul(4),
            _ => rows.saturating_mul(2).saturating_add(2),
        };
        lengths.scales = lengths.scales.saturating_add(scales);
    }
    let gains = u64::from(header.layers).saturating_mul(2).saturating_add(1);
    let gains = gains
        .saturating_mul(u64::from(header.model_dimension))
        .saturating_mul(4);
    lengths.scales = lengths.scales.saturating_add(gains);
    // Two numbers of two bytes for each pair of a head.
    lengths.tables = u64::from(header.max_context)
        .saturating_mul(u64::from(header.head_dimension))
        .saturating_mul(2);
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::tests::small_header;

    #[test]
    fn weight_tensors_should_follow_the_order_of_commitment() {
        let header = small_header();
        let tensors: Vec<_> = weight_tensors(&header).collect();
        let weights: Vec<_> = tensors.iter().map(|tensor| tensor.weight).collect();
        use Weight::*;
        assert_eq!(
            weights,
            [
                Embedding,
                Query,
                Key,
                Value,
                AttentionOutput,
                Gate,
                Up,
                Down,
                Query,
                Key,
                Value,
                AttentionOutput,
                Gate,
                Up,
                Down,
                Output
            ]
        );
        // d = 64, 4 heads and 2 key-value heads of 32, feed-forward 192, vocabulary 40.
        let shape = |index: usize| (tensors[index].rows, tensors[index].columns);
        assert_eq!(shape(0), (40, 64));
        assert_eq!(
            (shape(1), shape(2), shape(4)),
            ((128, 64), (64, 64), (64, 128))
        );
        assert_eq!((shape(5), shape(7)), ((192, 64), (64, 192)));
        assert_eq!(tensors[8].layer, 1);
    }

    #[test]
    fn section_lengths_should_add_up() {
        let lengths = section_lengths(&small_header());
        let layer = 128 * 64 + 2 * 64 * 64 + 64 * 128 + 3 * 64 * 192;
        assert_eq!(lengths.weights, 2 * layer + 2 * 40 * 64);
        let multipliers = 128 + 64 + 64 + 64 + 192 + 192 + 64;
        let scales = 40 * 4 + 2 * (7 * 2 + multipliers * 2) + (2 + 40 * 2) + 5 * 64 * 4;
        assert_eq!(lengths.scales, scales);
        assert_eq!(lengths.tables, 100 * 16 * 2 * 2);
    }

    #[test]
    fn rotated_should_follow_the_flags() {
        let mut header = small_header();
        header.input_flags[1] = input::DOWN | input::ATTENTION;
        header.output_flags = output::HADAMARD;
        let rotated: Vec<_> = weight_tensors(&header)
            .filter(|tensor| tensor.rotated)
            .map(|tensor| (tensor.weight, tensor.layer))
            .collect();
        assert_eq!(
            rotated,
            [
                (Weight::Query, 1),
                (Weight::Key, 1),
                (Weight::Value, 1),
                (Weight::Down, 1),
                (Weight::Output, 0)
            ]
        );
    }
}
