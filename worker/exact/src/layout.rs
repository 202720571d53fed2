//! Where each tensor lies. A model has three sections whose lengths follow from its header.
//!
//! - **scales**: for each weight tensor in the order of [`weight_tensors`] its multipliers (the
//!   embedding: EM as u32 per row; every other: S as u16, then M as u16 per row), then its biases
//!   (i32 per row) if it has any; then the norms (i32 per element): of each layer attention norm,
//!   query norm and key norm (if heads are normalised), feed-forward norm; final norm. A LayerNorm is
//!   its gains, then its biases
//! - **tables**: for each position the cosines, then the sines of the rotary embedding (i16, half a
//!   head dimension each)
//! - **weights**: the int8 elements of each weight tensor, row by row; of a tied output matrix none
//!
//! All numbers are little-endian and nothing lies between them.

use crate::header::{input, model, output, ModelHeader};
use core::iter;

/// The first bytes of a model file.
pub const FILE_MAGIC: &[u8; 8] = b"AIPGMDL1";

/// Rows of a tile of the weight tree.
pub const TILE_ROWS: usize = 16;

/// Columns of a tile of the weight tree.
pub const TILE_COLUMNS: usize = 256;

/// A weight tensor's part in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// What a row goes through before it is the input of a matrix product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputMode {
    /// Rotated by Hadamard-64.
    pub rotated: bool,
    /// Quantised to 16 bits instead of 8.
    pub wide: bool,
}

/// What the input of a product goes through, as the header's flags say. The embedding reads none.
pub fn input_mode(header: &ModelHeader, weight: Weight, layer: usize) -> InputMode {
    let bit = match weight {
        Weight::Embedding => return InputMode::default(),
        Weight::Output => {
            return InputMode {
                rotated: header.output_flags & output::HADAMARD != 0,
                wide: header.output_flags & output::WIDE != 0,
            }
        }
        Weight::Query | Weight::Key | Weight::Value => input::ATTENTION,
        Weight::AttentionOutput => input::ATTENTION_OUTPUT,
        Weight::Gate | Weight::Up => input::FEED_FORWARD,
        Weight::Down => input::DOWN,
    };
    let flags = header.input_flags.get(layer).copied().unwrap_or(0);
    InputMode {
        rotated: flags & bit != 0,
        wide: flags & bit << input::WIDE_SHIFT != 0,
    }
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
    /// What its input goes through.
    pub input: InputMode,
    /// Whether each row has a bias.
    pub biased: bool,
    /// Whether its elements are the embedding's and not stored again.
    pub tied: bool,
}

impl WeightTensor {
    /// Elements in the weight section.
    pub const fn stored_elements(&self) -> usize {
        if self.tied {
            0
        } else {
            self.rows.saturating_mul(self.columns)
        }
    }
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
/// attention output, gate (if the model has one), up, down; output.
pub fn weight_tensors(header: &ModelHeader) -> impl Iterator<Item = WeightTensor> + '_ {
    let d = header.model_dimension as usize;
    let width = header.head_dimension as usize;
    let queries = (header.heads as usize).saturating_mul(width);
    let keys = (header.key_value_heads as usize).saturating_mul(width);
    let feed_forward = header.feed_forward as usize;
    let vocabulary = header.vocabulary as usize;

    let layers = (0..header.layers as usize).flat_map(move |layer| {
        use Weight::{AttentionOutput, Down, Gate, Key, Query, Up, Value};
        let tensor = move |weight, rows, columns, bias| WeightTensor {
            weight,
            layer,
            rows,
            columns,
            input: input_mode(header, weight, layer),
            biased: header.has(bias),
            tied: false,
        };
        let attention = model::ATTENTION_BIAS;
        let inner = model::FEED_FORWARD_BIAS;
        [
            (Query, queries, d, attention),
            (Key, keys, d, attention),
            (Value, keys, d, attention),
            (AttentionOutput, d, queries, model::ATTENTION_OUTPUT_BIAS),
            (Gate, feed_forward, d, inner),
            (Up, feed_forward, d, inner),
            (Down, d, feed_forward, inner),
        ]
        .into_iter()
        .filter(|(weight, ..)| *weight != Gate || !header.has(model::UNGATED))
        .map(move |(weight, rows, columns, bias)| tensor(weight, rows, columns, bias))
    });
    let embedding = WeightTensor {
        weight: Weight::Embedding,
        layer: 0,
        rows: vocabulary,
        columns: d,
        input: input_mode(header, Weight::Embedding, 0),
        biased: false,
        tied: false,
    };
    let output = WeightTensor {
        weight: Weight::Output,
        input: input_mode(header, Weight::Output, 0),
        tied: header.has(model::TIED_EMBEDDING),
        ..embedding
    };
    iter::once(embedding)
        .chain(layers)
        .chain(iter::once(output))
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
            .saturating_add(tensor.stored_elements() as u64);
        let multipliers = match tensor.weight {
            Weight::Embedding => rows.saturating_mul(4),
            _ => rows.saturating_mul(2).saturating_add(2),
        };
        let biases = if tensor.biased { rows } else { 0 }.saturating_mul(4);
        lengths.scales = lengths
            .scales
            .saturating_add(multipliers)
            .saturating_add(biases);
    }
    lengths.scales = lengths.scales.saturating_add(norm_bytes(header));
    // Two numbers of two bytes for each pair of a head.
    lengths.tables = u64::from(header.max_context)
        .saturating_mul(u64::from(header.head_dimension))
        .saturating_mul(2);
    lengths
}

/// Bytes of all norms in the scale section.
fn norm_bytes(header: &ModelHeader) -> u64 {
    let layers = u64::from(header.layers);
    let vectors = if header.has(model::LAYER_NORM) { 2 } else { 1 };
    let rows = layers.saturating_mul(2).saturating_add(1);
    let of_rows = rows
        .saturating_mul(vectors)
        .saturating_mul(u64::from(header.model_dimension));
    let head_norms = if header.has(model::HEAD_NORM) { 2 } else { 0 };
    let of_heads = layers
        .saturating_mul(head_norms)
        .saturating_mul(u64::from(header.head_dimension));
    of_rows.saturating_add(of_heads).saturating_mul(4)
}

/// Where one weight tensor lies in the sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tensor.
    pub tensor: WeightTensor,
    /// Offset of its numbers in the scale section.
    scales: u64,
    /// Offset of its elements in the weight section; those of the embedding for a tied output matrix.
    elements: u64,
    /// Its first leaf in the weight tree.
    first_tile: u64,
}

impl Place {
    /// Offset of S (u16) in the scale section; the embedding has none.
    pub const fn shift(&self) -> u64 {
        self.scales
    }

    /// Offset of the multiplier of a row in the scale section: EM (u32) of the embedding, M (u16) else.
    pub const fn multiplier(&self, row: usize) -> u64 {
        let row = row as u64;
        let offset = match self.tensor.weight {
            Weight::Embedding => row.saturating_mul(4),
            _ => row.saturating_mul(2).saturating_add(2),
        };
        self.scales.saturating_add(offset)
    }

    /// Offset of the bias (i32) of a row in the scale section, if the tensor has biases.
    pub const fn bias(&self, row: usize) -> Option<u64> {
        if self.tensor.biased {
            let row = (row as u64).saturating_mul(4);
            Some(self.multiplier(self.tensor.rows).saturating_add(row))
        } else {
            None
        }
    }

    /// Offset of an element in the weight section.
    pub const fn element(&self, row: usize, column: usize) -> u64 {
        let index = row
            .saturating_mul(self.tensor.columns)
            .saturating_add(column);
        self.elements.saturating_add(index as u64)
    }

    /// Its leaves in the weight tree.
    pub const fn tiles(&self) -> core::ops::Range<u64> {
        let down = self.tensor.rows.div_ceil(TILE_ROWS);
        let across = self.tensor.columns.div_ceil(TILE_COLUMNS);
        let tiles = down.saturating_mul(across) as u64;
        self.first_tile..self.first_tile.saturating_add(tiles)
    }

    /// Leaf of the weight tree that holds an element: row `row % 16` of the tile, column
    /// `column % 256`.
    pub const fn tile(&self, row: usize, column: usize) -> u64 {
        let across = self.tensor.columns.div_ceil(TILE_COLUMNS);
        let tile = (row / TILE_ROWS)
            .saturating_mul(across)
            .saturating_add(column / TILE_COLUMNS);
        self.first_tile.saturating_add(tile as u64)
    }
}

/// Every weight tensor's place, in the order of [`weight_tensors`].
pub fn places(header: &ModelHeader) -> impl Iterator<Item = Place> + '_ {
    let start = Place {
        tensor: WeightTensor {
            weight: Weight::Embedding,
            layer: 0,
            rows: 0,
            columns: 0,
            input: InputMode::default(),
            biased: false,
            tied: false,
        },
        scales: 0,
        elements: 0,
        first_tile: 0,
    };
    weight_tensors(header).scan(start, |next, tensor| {
        let mut place = Place { tensor, ..*next };
        if tensor.tied {
            (place.elements, place.first_tile) = (0, 0);
        } else {
            next.first_tile = place.tiles().end;
            next.elements = next
                .elements
                .saturating_add(tensor.stored_elements() as u64);
        }
        let end = match place.bias(tensor.rows) {
            Some(end) => end,
            None => place.multiplier(tensor.rows),
        };
        next.scales = end;
        Some(place)
    })
}

/// The place of one weight tensor; `None` if the model has no such tensor.
pub fn place(header: &ModelHeader, weight: Weight, layer: usize) -> Option<Place> {
    places(header).find(|place| place.tensor.weight == weight && place.tensor.layer == layer)
}

/// A norm of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Norm {
    /// Before the attention of a layer.
    Attention(usize),
    /// Of the query heads of a layer.
    Query(usize),
    /// Of the key heads of a layer.
    Key(usize),
    /// Before the feed-forward half of a layer.
    FeedForward(usize),
    /// Before the logits.
    Final,
}

/// Offset in the scale section of a norm's gains (i32 per element); a LayerNorm's biases follow them.
/// The norm of heads has a place only in a model that normalises heads.
pub fn norm_place(header: &ModelHeader, norm: Norm) -> u64 {
    let start = section_lengths(header)
        .scales
        .saturating_sub(norm_bytes(header));
    let vectors = if header.has(model::LAYER_NORM) { 2 } else { 1 };
    let row = u64::from(header.model_dimension).saturating_mul(4 * vectors);
    let head = if header.has(model::HEAD_NORM) {
        u64::from(header.head_dimension).saturating_mul(4)
    } else {
        0
    };
    let layer_bytes = row.saturating_add(head).saturating_mul(2);
    let (layer, before) = match norm {
        Norm::Attention(layer) => (layer as u64, 0),
        Norm::Query(layer) => (layer as u64, row),
        Norm::Key(layer) => (layer as u64, row.saturating_add(head)),
        Norm::FeedForward(layer) => (layer as u64, row.saturating_add(head.saturating_mul(2))),
        Norm::Final => (header.layers.into(), 0),
    };
    start
        .saturating_add(layer.saturating_mul(layer_bytes))
        .saturating_add(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small_header;

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
    fn section_lengths_should_count_what_the_flags_add() {
        let plain = section_lengths(&small_header());
        let with = |flags| {
            let header = ModelHeader {
                model_flags: flags,
                ..small_header()
            };
            let lengths = section_lengths(&header);
            (
                lengths.scales as i64 - plain.scales as i64,
                lengths.weights as i64 - plain.weights as i64,
            )
        };
        // Two layers; biases, gains are i32.
        assert_eq!(with(model::TIED_EMBEDDING), (0, -40 * 64));
        assert_eq!(with(model::ATTENTION_BIAS), (2 * 4 * (128 + 64 + 64), 0));
        assert_eq!(with(model::ATTENTION_OUTPUT_BIAS), (2 * 4 * 64, 0));
        assert_eq!(
            with(model::FEED_FORWARD_BIAS),
            (2 * 4 * (192 + 192 + 64), 0)
        );
        assert_eq!(with(model::LAYER_NORM), (4 * 5 * 64, 0));
        assert_eq!(with(model::GELU), (0, 0));
        assert_eq!(with(model::UNGATED), (-2 * (2 + 2 * 192), -2 * 192 * 64));
        assert_eq!(
            with(model::UNGATED | model::FEED_FORWARD_BIAS).0,
            -2 * (2 + 2 * 192) + 2 * 4 * (192 + 64)
        );
        assert_eq!(with(model::HEAD_NORM), (2 * 2 * 4 * 32, 0));
    }

    #[test]
    fn tensors_should_follow_the_model_flags() {
        let mut header = small_header();
        header.model_flags = model::ALL & !model::ATTENTION_OUTPUT_BIAS;
        header.input_flags[0] = input::DOWN << input::WIDE_SHIFT;
        header.output_flags = output::WIDE;
        let names = |chosen: fn(&WeightTensor) -> bool| {
            let tensors = weight_tensors(&header).filter(chosen);
            tensors
                .map(|tensor| (tensor.weight, tensor.layer))
                .collect::<Vec<_>>()
        };
        use Weight::{Down, Gate, Key, Output, Query, Up, Value};
        assert_eq!(names(|tensor| tensor.weight == Gate), []);
        assert_eq!(names(|tensor| tensor.input.wide), [(Down, 0), (Output, 0)]);
        assert_eq!(names(|tensor| tensor.tied), [(Output, 0)]);
        let biased = [Query, Key, Value, Up, Down];
        let biased: Vec<_> = [0, 1]
            .into_iter()
            .flat_map(|layer| biased.map(|weight| (weight, layer)))
            .collect();
        assert_eq!(names(|tensor| tensor.biased), biased);
    }

    #[test]
    fn rotated_should_follow_the_flags() {
        let mut header = small_header();
        header.input_flags[1] = input::DOWN | input::ATTENTION;
        header.output_flags = output::HADAMARD;
        let rotated: Vec<_> = weight_tensors(&header)
            .filter(|tensor| tensor.input.rotated)
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
