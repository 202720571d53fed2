//! The forward pass on a device.

use crate::{
    buffer::Buffer,
    device::{Device, DeviceError},
    model::{DeviceModel, Matrix},
    operations::{
        stride, Attention, AttentionScratch, Heads, LayerCache, Operations, Place, Positions, Rows,
        Tuning,
    },
};
use aipg_exact::{
    activation::Activation,
    format,
    header::{model, ModelHeader},
    quantise::Scale,
};
use std::sync::Arc;
use thiserror::Error;

/// How much runs at once. It decides about memory and changes no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sequences that are open at the same time.
    pub slots: usize,
    /// Positions of each of them; the context of the model is enough.
    pub positions: usize,
    /// Rows of a call.
    pub rows: usize,
    /// Rows whose logits are computed at once.
    pub logit_rows: usize,
    /// Scores of attention that are in memory at once; at least those of one row.
    pub scores: usize,
}

impl Limits {
    /// So many sequences of so many positions, prompts in parts of 512 rows, 64 MiB of scores.
    pub const fn of(slots: usize, positions: usize) -> Self {
        Self {
            slots,
            positions,
            rows: if slots > 512 { slots } else { 512 },
            logit_rows: 32,
            scores: 1 << 24,
        }
    }
}

/// Why a call did nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ForwardError {
    /// No token, or a part without one.
    #[error("NoTokens: a sequence in the batch has no token")]
    NoTokens,
    /// No output is asked for.
    #[error("NoOutput: a job has at least one output token")]
    NoOutput,
    /// A token id is not in the vocabulary.
    #[error("TokenOutOfVocabulary: {token}, the vocabulary has {vocabulary}")]
    TokenOutOfVocabulary {
        /// The id.
        token: u32,
        /// Ids are below this.
        vocabulary: u32,
    },
    /// There is no such slot.
    #[error("SlotOutOfRange: slot {slot} of {slots}")]
    SlotOutOfRange {
        /// The slot.
        slot: usize,
        /// How many there are.
        slots: usize,
    },
    /// A slot is twice in a batch.
    #[error("SlotTwice: slot {0} is in the batch twice")]
    SlotTwice(usize),
    /// The positions of a slot are used up.
    #[error("ContextOverflow: {positions} positions, slot {slot} has {capacity}")]
    ContextOverflow {
        /// The slot.
        slot: usize,
        /// Positions after the call.
        positions: usize,
        /// Room for so many.
        capacity: usize,
    },
    /// More rows than [`Limits::rows`], or a row that the last call did not make.
    #[error("RowOutOfRange: row {row} of {rows}")]
    RowOutOfRange {
        /// The row, or how many were asked for.
        row: usize,
        /// How many there are, or may be.
        rows: usize,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Tokens that a sequence appends in one call.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// The sequence.
    pub slot: usize,
    /// Its next tokens, at least one.
    pub tokens: &'a [u32],
}

/// A forward pass somewhere: what generation and replay need of it.
pub trait ForwardPass: Send {
    /// The model's header.
    fn header(&self) -> &ModelHeader;

    /// How much runs at once.
    fn limits(&self) -> Limits;

    /// Forgets a slot's sequence, so that another can begin.
    ///
    /// # Errors
    /// [`ForwardError::SlotOutOfRange`].
    fn clear(&mut self, slot: usize) -> Result<(), ForwardError>;

    /// Appends each sequence's tokens and returns the final hidden states of all of them, one sequence after
    /// the other: `[tokens, d]`, Q16.
    ///
    /// # Errors
    /// [`ForwardError`]; if it is not of the device, nothing has changed.
    fn append(&mut self, batch: &[Append<'_>]) -> Result<Vec<i32>, ForwardError>;

    /// Logits `[rows, vocabulary]` (Q16) of rows of the last [`Self::append`].
    ///
    /// # Errors
    /// [`ForwardError::RowOutOfRange`], or what the device says.
    fn logits(&mut self, rows: &[usize]) -> Result<Vec<i32>, ForwardError>;

    /// The token with the largest logit of rows of the last [`Self::append`], ties to the lowest.
    ///
    /// # Errors
    /// As [`Self::logits`].
    fn greedy(&mut self, rows: &[usize]) -> Result<Vec<u32>, ForwardError>;
}

/// Buffers that every layer uses.
#[derive(Debug)]
struct Workspace {
    tokens: Buffer<u32>,
    positions: Positions,
    hidden: Buffer<i32>,
    rows: Rows,
    queries: Buffer<i32>,
    keys: Buffer<i32>,
    values: Buffer<i32>,
    query_heads: Buffer<i8>,
    query_scales: Buffer<Scale>,
    attention: AttentionScratch,
    attended: Buffer<i32>,
    gate: Buffer<i32>,
    up: Buffer<i32>,
    chosen: Buffer<u32>,
    logits: Buffer<i32>,
    best: Buffer<u32>,
}

/// A model and sequences on a device.
#[derive(Debug)]
pub struct Decoder {
    operations: Operations,
    model: DeviceModel,
    limits: Limits,
    cache: Vec<LayerCache>,
    workspace: Workspace,
    /// Positions so far, by slot.
    positions: Vec<usize>,
    /// Rows of the last call.
    rows: usize,
}

/// Elements of heads of a row.
fn heads_width(header: &ModelHeader, heads: u32) -> usize {
    heads as usize * header.head_dimension as usize
}

impl Workspace {
    fn new(
        device: &dyn Device,
        header: &ModelHeader,
        limits: &Limits,
    ) -> Result<Self, DeviceError> {
        let rows = limits.rows;
        let d = header.model_dimension as usize;
        let (heads, width) = (header.heads as usize, header.head_dimension as usize);
        let feed_forward = header.feed_forward as usize;
        let queries = heads_width(header, header.heads);
        let keys = heads_width(header, header.key_value_heads);
        let vocabulary = header.vocabulary as usize;
        let zeros = |count| Buffer::zeros(device, count);
        let scores = limits.scores.max(heads * limits.positions);
        Ok(Self {
            tokens: Buffer::zeros(device, rows)?,
            positions: Positions {
                slots: Buffer::zeros(device, rows)?,
                positions: Buffer::zeros(device, rows)?,
            },
            hidden: zeros(rows * d)?,
            rows: Rows::new(device, rows, d.max(queries).max(feed_forward))?,
            queries: zeros(rows * queries)?,
            keys: zeros(rows * keys)?,
            values: zeros(rows * keys)?,
            query_heads: Buffer::zeros(device, rows * heads * stride(width))?,
            query_scales: Buffer::zeros(device, rows * heads)?,
            attention: AttentionScratch::new(device, rows, heads, width, scores)?,
            attended: zeros(rows * queries)?,
            gate: zeros(rows * feed_forward)?,
            up: zeros(rows * feed_forward)?,
            chosen: Buffer::zeros(device, limits.logit_rows)?,
            logits: zeros(limits.logit_rows * vocabulary)?,
            best: Buffer::zeros(device, limits.logit_rows)?,
        })
    }
}

impl Decoder {
    /// Makes room on the device for sequences of a model that is there.
    ///
    /// # Errors
    /// [`DeviceError::OutOfMemory`].
    ///
    /// # Panics
    /// If a limit is 0.
    pub fn new(
        device: Arc<dyn Device>,
        model: DeviceModel,
        limits: Limits,
        tuning: Tuning,
    ) -> Result<Self, DeviceError> {
        assert!(
            limits
                .slots
                .min(limits.positions)
                .min(limits.rows)
                .min(limits.logit_rows)
                > 0,
            "something runs at once"
        );
        let header = &model.header;
        let limits = Limits {
            positions: limits.positions.min(header.max_context as usize),
            ..limits
        };
        let places = limits.slots * header.key_value_heads as usize * limits.positions;
        let bytes = places * stride(header.head_dimension as usize);
        let cache = (0..header.layers).map(|_| {
            Ok(LayerCache {
                keys: Buffer::zeros(&*device, bytes)?,
                key_scales: Buffer::zeros(&*device, places)?,
                values: Buffer::zeros(&*device, bytes)?,
                value_scales: Buffer::zeros(&*device, places)?,
            })
        });
        Ok(Self {
            cache: cache.collect::<Result<_, DeviceError>>()?,
            workspace: Workspace::new(&*device, header, &limits)?,
            positions: vec![0; limits.slots],
            rows: 0,
            operations: Operations::tuned(device, tuning),
            model,
            limits,
        })
    }

    /// Checks a batch and gives the slot and position of each row.
    fn places(&self, batch: &[Append<'_>]) -> Result<(Vec<u32>, Vec<u32>), ForwardError> {
        let vocabulary = self.model.header.vocabulary;
        let (slots, capacity) = (self.limits.slots, self.limits.positions);
        let rows = batch.iter().map(|append| append.tokens.len()).sum();
        if rows > self.limits.rows {
            return Err(ForwardError::RowOutOfRange {
                row: rows,
                rows: self.limits.rows,
            });
        }
        let mut seen = vec![false; slots];
        let (mut row_slots, mut row_positions) = (Vec::new(), Vec::new());
        for &Append { slot, tokens } in batch {
            let known = seen
                .get_mut(slot)
                .ok_or(ForwardError::SlotOutOfRange { slot, slots })?;
            if std::mem::replace(known, true) {
                return Err(ForwardError::SlotTwice(slot));
            }
            if let Some(&token) = tokens.iter().find(|&&token| token >= vocabulary) {
                return Err(ForwardError::TokenOutOfVocabulary { token, vocabulary });
            }
            let first = self.positions[slot];
            let positions = first + tokens.len();
            if positions > capacity {
                return Err(ForwardError::ContextOverflow {
                    slot,
                    positions,
                    capacity,
                });
            }
            // The context has at most 2¹⁸ positions, and memory ends long before 2³² slots.
            row_slots.extend(tokens.iter().map(|_| slot as u32));
            row_positions.extend((first..positions).map(|position| position as u32));
        }
        if batch.is_empty() || batch.iter().any(|append| append.tokens.is_empty()) {
            return Err(ForwardError::NoTokens);
        }
        Ok((row_slots, row_positions))
    }

    fn layer(&mut self, index: usize, positions: &[u32]) -> Result<(), DeviceError> {
        self.attention(index, positions)?;
        self.feed_forward(index, positions.len())
    }

    /// The attention half of a layer, added to the residual stream.
    fn attention(&mut self, index: usize, positions: &[u32]) -> Result<(), DeviceError> {
        let (operations, space) = (&self.operations, &mut self.workspace);
        let (layer, header) = (&self.model.layers[index], &self.model.header);
        let rows = positions.len();
        let epsilon = header.epsilon;
        let input = layer.query.input;
        let norm = &layer.attention_norm;
        operations.normalise(&space.hidden, None, rows, norm, input, &mut space.rows)?;
        let project = |matrix: &Matrix, output| {
            let formats = (format::NORMALISED, format::PROJECTION);
            operations.product(&space.rows, rows, matrix, formats, output, false)
        };
        project(&layer.query, &space.queries)?;
        project(&layer.key, &space.keys)?;
        project(&layer.value, &space.values)?;

        let cache = &self.cache[index];
        let value_format = header.value_formats[index];
        let queries = Heads {
            input: &space.queries,
            gains: layer.query_norm.as_ref(),
            rotary: Some(&self.model.rotary),
            positions: &space.positions,
            heads: header.heads as usize,
            width: header.head_dimension as usize,
            epsilon,
            capacity: self.limits.positions,
            slots: self.limits.slots,
            place: Place::Rows(&space.query_heads, &space.query_scales),
        };
        let keys = Heads {
            input: &space.keys,
            gains: layer.key_norm.as_ref(),
            heads: header.key_value_heads as usize,
            place: Place::Keys(&cache.keys, &cache.key_scales),
            ..queries
        };
        let values = Heads {
            input: &space.values,
            gains: None,
            rotary: None,
            heads: header.key_value_heads as usize,
            place: Place::Values(&cache.values, &cache.value_scales, value_format),
            ..queries
        };
        for heads in [&queries, &keys, &values] {
            operations.place_heads(rows, heads)?;
        }
        let attention = Attention {
            queries: &space.query_heads,
            query_scales: &space.query_scales,
            cache,
            positions: &space.positions,
            known_positions: positions,
            heads: header.heads as usize,
            groups: header.key_value_heads as usize,
            width: header.head_dimension as usize,
            capacity: self.limits.positions,
            slots: self.limits.slots,
            window: header.window_of(index),
            score_scale: header.score_scale,
            value_format,
        };
        operations.attend(&attention, &space.attention, &space.attended)?;
        let output = &layer.attention_output;
        let width = output.columns;
        operations.quantise(&space.attended, rows, width, output.input, &mut space.rows)?;
        let formats = (format::ATTENTION, format::RESIDUAL);
        operations.product(&space.rows, rows, output, formats, &space.hidden, true)
    }

    /// The feed-forward half of a layer, added to the residual stream.
    fn feed_forward(&mut self, index: usize, rows: usize) -> Result<(), DeviceError> {
        let (operations, space) = (&self.operations, &mut self.workspace);
        let (layer, header) = (&self.model.layers[index], &self.model.header);
        let norm = &layer.feed_forward_norm;
        let input = layer.up.input;
        operations.normalise(&space.hidden, None, rows, norm, input, &mut space.rows)?;
        let formats = (format::NORMALISED, format::PROJECTION);
        if let Some(gate) = &layer.gate {
            operations.product(&space.rows, rows, gate, formats, &space.gate, false)?;
        }
        operations.product(&space.rows, rows, &layer.up, formats, &space.up, false)?;
        let activation = if header.has(model::GELU) {
            Activation::Gelu
        } else {
            Activation::Silu
        };
        let gate = layer.gate.as_ref().map(|_| &space.gate);
        let width = layer.down.columns;
        let input = layer.down.input;
        let factors = (gate, &space.up);
        operations.gate(factors, activation, rows, width, input, &mut space.rows)?;
        let from = if gate.is_some() {
            format::GATED
        } else {
            format::ACTIVATED
        };
        let formats = (from, format::RESIDUAL);
        operations.product(&space.rows, rows, &layer.down, formats, &space.hidden, true)
    }

    /// Leaves the logits of some rows of the last call on the device.
    fn project_logits(&mut self, rows: &[usize]) -> Result<(), DeviceError> {
        let space = &mut self.workspace;
        let chosen: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        space.chosen.write(0, &chosen)?;
        let output = &self.model.output;
        self.operations.normalise(
            &space.hidden,
            Some(&space.chosen),
            rows.len(),
            &self.model.final_norm,
            output.input,
            &mut space.rows,
        )?;
        let formats = (format::NORMALISED, format::LOGITS);
        self.operations.product(
            &space.rows,
            rows.len(),
            output,
            formats,
            &space.logits,
            false,
        )
    }

    /// Takes rows of the last call as many at a time as there is room for logits.
    fn each_part<T>(
        &mut self,
        rows: &[usize],
        mut take: impl FnMut(&Self, usize) -> Result<Vec<T>, DeviceError>,
    ) -> Result<Vec<T>, ForwardError> {
        if let Some(&row) = rows.iter().find(|&&row| row >= self.rows) {
            let rows = self.rows;
            return Err(ForwardError::RowOutOfRange { row, rows });
        }
        let mut taken = Vec::new();
        for part in rows.chunks(self.limits.logit_rows) {
            self.project_logits(part)?;
            taken.extend(take(self, part.len())?);
        }
        Ok(taken)
    }
}

impl ForwardPass for Decoder {
    fn header(&self) -> &ModelHeader {
        &self.model.header
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn clear(&mut self, slot: usize) -> Result<(), ForwardError> {
        let slots = self.limits.slots;
        let positions = self
            .positions
            .get_mut(slot)
            .ok_or(ForwardError::SlotOutOfRange { slot, slots })?;
        *positions = 0;
        Ok(())
    }

    fn append(&mut self, batch: &[Append<'_>]) -> Result<Vec<i32>, ForwardError> {
        let (slots, positions) = self.places(batch)?;
        let tokens: Vec<&[u32]> = batch.iter().map(|append| append.tokens).collect();
        let rows = positions.len();
        let space = &mut self.workspace;
        space.tokens.write(0, &tokens.concat())?;
        space.positions.slots.write(0, &slots)?;
        space.positions.positions.write(0, &positions)?;
        let embedding = self.model.embedding();
        self.operations
            .embed(&space.tokens, rows, &embedding, &space.hidden)?;
        for index in 0..self.model.layers.len() {
            self.layer(index, &positions)?;
        }
        let width = self.model.header.model_dimension as usize;
        let hidden = self.workspace.hidden.read(0, rows * width)?;
        for append in batch {
            self.positions[append.slot] += append.tokens.len();
        }
        self.rows = rows;
        Ok(hidden)
    }

    fn logits(&mut self, rows: &[usize]) -> Result<Vec<i32>, ForwardError> {
        let vocabulary = self.model.header.vocabulary as usize;
        self.each_part(rows, |decoder, rows| {
            decoder.workspace.logits.read(0, rows * vocabulary)
        })
    }

    fn greedy(&mut self, rows: &[usize]) -> Result<Vec<u32>, ForwardError> {
        let vocabulary = self.model.header.vocabulary as usize;
        self.each_part(rows, |decoder, rows| {
            let (operations, space) = (&decoder.operations, &decoder.workspace);
            operations.greedy(&space.logits, rows, vocabulary, &space.best)?;
            space.best.read(0, rows)
        })
    }
}
