//! Where each tensor lies. A model has three sections whose lengths follow from its header.
//!
//! - **scales**: for each weight tensor in the order of [`weight_tensors`] its multipliers (the
//!   embedding: EM as u32 per row; every other: S as u16, then M as u16 per row), then its biases
//!   (i32 per row) if it has any; then the norms (i32 per element): of each layer attention norm,
//!   query norm and key norm (if heads are normalised), feed-forward norm; final norm. A LayerNorm is
//!   its gains, then its biases. A picture model has such a list of norms for each step
//! - **tables**: for each position the cosines, then the sines of the rotary embedding (i16, half a
//!   head dimension each); of a picture model then κ and δ of each step (i32 each)
//! - **weights**: the int8 elements of each weight tensor, row by row; of a tied output matrix none
//!
//! All numbers are little-endian and nothing lies between them.

use crate::header::{input, model, output, patch, ModelHeader};
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
    /// Token embedding, one row per token; of a picture model then one per patch.
    Embedding,
    /// Patch matrix of a picture model, from the values of a patch to the residual stream.
    Patch,
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
    /// Logits, one row per token; of a picture model one per value of a patch.
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

/// The layer of a pass. The passes of a picture through the layers are numbered from those of its first
/// step on, so that pass s·L + l is that of step s through layer l; those of a decoder are its layers.
pub fn layer_of(header: &ModelHeader, pass: usize) -> usize {
    let layers = header.layers as usize;
    match pass.checked_rem(layers) {
        Some(layer) if pass < passes(header) => layer,
        _ => pass,
    }
}

/// Number of passes through a layer, S·L in a picture model, see [`layer_of`].
pub fn passes(header: &ModelHeader) -> usize {
    (header.layers as usize).saturating_mul(header.norm_lists() as usize)
}

/// What the input of a product in a layer or a pass goes through, as the header's flags say. The
/// embedding reads none.
pub fn input_mode(header: &ModelHeader, weight: Weight, layer: usize) -> InputMode {
    let bit = match weight {
        Weight::Embedding => return InputMode::default(),
        Weight::Patch => {
            let flags = header.picture().map_or(0, |picture| picture.flags);
            return InputMode {
                rotated: flags & patch::HADAMARD != 0,
                wide: flags & patch::WIDE != 0,
            };
        }
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
    let flags = header.input_flags.get(layer_of(header, layer));
    let flags = flags.copied().unwrap_or(0);
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
    /// Its layer; 0 for embedding, patch matrix and output.
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

/// Every weight tensor in the order of commitment: embedding; patch matrix of a picture model; of each layer query, key, value,
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
    let outer = |weight, rows, columns| WeightTensor {
        weight,
        layer: 0,
        rows,
        columns,
        input: input_mode(header, weight, 0),
        biased: false,
        tied: false,
    };
    let picture = header.picture();
    let patches = picture.map_or(0, |picture| picture.patches() as usize);
    let values = picture.map(|picture| picture.patch_values() as usize);
    let embedding = outer(Weight::Embedding, vocabulary.saturating_add(patches), d);
    let output = WeightTensor {
        tied: header.has(model::TIED_EMBEDDING),
        ..outer(Weight::Output, values.unwrap_or(vocabulary), d)
    };
    iter::once(embedding)
        .chain(values.map(|values| outer(Weight::Patch, d, values)))
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
    let steps = header.picture().map_or(0, |picture| picture.steps);
    lengths.tables = move_place(header, steps);
    lengths
}

/// Offset in the table section of κ (i32) of a step of a picture model; δ follows it. The steps stand
/// behind the rotary table.
pub fn move_place(header: &ModelHeader, step: u32) -> u64 {
    // Two numbers of two bytes for each pair of a head.
    u64::from(header.max_context)
        .saturating_mul(u64::from(header.head_dimension))
        .saturating_mul(2)
        .saturating_add(u64::from(step).saturating_mul(8))
}

/// Bytes of all norms in the scale section.
fn norm_bytes(header: &ModelHeader) -> u64 {
    norm_list_bytes(header).saturating_mul(header.norm_lists().into())
}

/// Bytes of one list of norms: those of a decoder, or of a step.
fn norm_list_bytes(header: &ModelHeader) -> u64 {
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

/// The place of one weight tensor in a layer or a pass; of a picture model's patch and output matrix, in
/// a step. `None` if the model has no such tensor.
pub fn place(header: &ModelHeader, weight: Weight, layer: usize) -> Option<Place> {
    let layer = match (weight, header.picture()) {
        (Weight::Patch | Weight::Output, Some(picture)) if layer < picture.steps as usize => 0,
        (Weight::Embedding | Weight::Patch | Weight::Output, _) => layer,
        _ => layer_of(header, layer),
    };
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
    /// Before the output of a step of a picture.
    Step(usize),
}

/// Offset in the scale section of a norm's gains (i32 per element); a LayerNorm's biases follow them. A
/// norm's layer may be a pass, see [`layer_of`]. The norm of heads has a place only in a model that
/// normalises heads.
pub fn norm_place(header: &ModelHeader, norm: Norm) -> u64 {
    let step = match norm {
        Norm::Attention(pass) | Norm::Query(pass) | Norm::Key(pass) | Norm::FeedForward(pass) => {
            pass.checked_div(header.layers as usize).unwrap_or(0)
        }
        Norm::Step(step) => step,
        Norm::Final => 0,
    };
    let start = section_lengths(header)
        .scales
        .saturating_sub(norm_bytes(header))
        .saturating_add(norm_list_bytes(header).saturating_mul(step as u64));
    let vectors = if header.has(model::LAYER_NORM) { 2 } else { 1 };
    let row = u64::from(header.model_dimension).saturating_mul(4 * vectors);
    let head = if header.has(model::HEAD_NORM) {
        u64::from(header.head_dimension).saturating_mul(4)
    } else {
        0
    };
    let layer_bytes = row.saturating_add(head).saturating_mul(2);
    let layer_of = |pass: usize| pass.checked_rem(header.layers as usize).unwrap_or(0) as u64;
    let (layer, before) = match norm {
        Norm::Attention(pass) => (layer_of(pass), 0),
        Norm::Query(pass) => (layer_of(pass), row),
        Norm::Key(pass) => (layer_of(pass), row.saturating_add(head)),
        Norm::FeedForward(pass) => (layer_of(pass), row.saturating_add(head.saturating_mul(2))),
        Norm::Final | Norm::Step(_) => (header.layers.into(), 0),
    };
    start
        .saturating_add(layer.saturating_mul(layer_bytes))
        .saturating_add(before)
}

#[cfg(test)]
mod tests;
