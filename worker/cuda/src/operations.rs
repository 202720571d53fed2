//! The operations of the forward pass as launches: which kernel, on which grid, with which arguments.
//!
//! Here is checked that no kernel reaches beyond a buffer. What is *in* a buffer is the caller's business:
//! tokens below the vocabulary, slots and positions inside the cache.

use crate::{
    buffer::{Arguments, Buffer},
    device::{Device, DeviceError, Kernel, Launch},
    model::{Embedding, Matrix, Norm},
};
use aipg_exact::{activation::Activation, layout::InputMode, quantise::Scale};
use std::sync::Arc;

/// Rows of int8 are this many bytes, or a multiple: what one instruction reads.
pub const ROW_ALIGNMENT: usize = 16;

/// Bytes from a row of so many int8 elements to the next.
pub const fn stride(width: usize) -> usize {
    width.next_multiple_of(ROW_ALIGNMENT)
}

/// How work is cut into blocks. It changes no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Threads that share a row, whole warps.
    pub row_threads: u32,
    /// Threads that share a head, whole warps.
    pub head_threads: u32,
    /// Keys that a block of attention takes, whole warps.
    pub keys: u32,
    /// Threads of a product of few rows: a warp makes one channel.
    pub product_threads: u32,
    /// The product's kernel; `None`: by the number of rows.
    pub product: Option<Kernel>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            row_threads: 256,
            head_threads: 64,
            keys: 128,
            product_threads: 128,
            product: None,
        }
    }
}

/// Launches operations on a device.
#[derive(Clone, Debug)]
pub struct Operations {
    device: Arc<dyn Device>,
    tuning: Tuning,
}

/// Quantised rows, the input of products. One object serves rows of any width up to its room.
#[derive(Debug)]
pub struct Rows {
    wide: Buffer<i64>,
    /// `[rows, stride]`.
    pub high: Buffer<i8>,
    /// The lower plane of 16-bit rows.
    pub low: Buffer<i8>,
    /// `[rows]`.
    pub scales: Buffer<Scale>,
    width: usize,
    two_planes: bool,
}

impl Rows {
    /// Room for so many rows of at most `width` elements.
    ///
    /// # Errors
    /// [`DeviceError::OutOfMemory`].
    pub fn new(device: &dyn Device, rows: usize, width: usize) -> Result<Self, DeviceError> {
        Ok(Self {
            wide: Buffer::zeros(device, rows * width)?,
            high: Buffer::zeros(device, rows * stride(width))?,
            low: Buffer::zeros(device, rows * stride(width))?,
            scales: Buffer::zeros(device, rows)?,
            width: 0,
            two_planes: false,
        })
    }

    /// `struct RowTarget` for rows of this width, which the kernel will write.
    fn target(
        &mut self,
        arguments: Arguments,
        rows: usize,
        width: usize,
        mode: InputMode,
    ) -> Arguments {
        assert!(
            !mode.rotated || width.is_multiple_of(aipg_exact::hadamard::WIDTH),
            "a rotated row is whole blocks"
        );
        (self.width, self.two_planes) = (width, mode.wide);
        arguments
            .buffer(&self.wide, rows * width)
            .buffer(&self.high, rows * stride(width))
            .optional(mode.wide.then_some(&self.low), rows * stride(width))
            .buffer(&self.scales, rows)
            .count(width)
            .count(stride(width))
            .number(mode.rotated.into())
    }
}

/// Where heads go.
#[derive(Debug)]
pub enum Place<'a> {
    /// `[rows, heads, stride]`: queries.
    Rows(&'a Buffer<i8>, &'a Buffer<Scale>),
    /// `[slots, heads, capacity, stride]`: keys.
    Keys(&'a Buffer<i8>, &'a Buffer<Scale>),
    /// The same: values, with the layer's f_v.
    Values(&'a Buffer<i8>, &'a Buffer<u16>, u8),
}

/// Which row belongs to which position of which sequence.
#[derive(Debug)]
pub struct Positions {
    /// Slot of the cache, one per row.
    pub slots: Buffer<u32>,
    /// One per row.
    pub positions: Buffer<u32>,
}

/// Heads that are put in their place.
#[derive(Debug)]
pub struct Heads<'a> {
    /// `[rows, heads, width]`, Q12.
    pub input: &'a Buffer<i32>,
    /// Gains of their norm.
    pub gains: Option<&'a Buffer<i32>>,
    /// The rotary table; values are not rotated.
    pub rotary: Option<&'a Buffer<i16>>,
    /// Of the rows.
    pub positions: &'a Positions,
    /// Heads of a row.
    pub heads: usize,
    /// Elements of a head.
    pub width: usize,
    /// The header's.
    pub epsilon: u32,
    /// Room for positions in the cache.
    pub capacity: usize,
    /// Sequences in the cache.
    pub slots: usize,
    /// Where they go.
    pub place: Place<'a>,
}

/// One layer's keys and values.
#[derive(Debug)]
pub struct LayerCache {
    /// `[slots, groups, capacity, stride]`.
    pub keys: Buffer<i8>,
    /// `[slots, groups, capacity]`.
    pub key_scales: Buffer<Scale>,
    /// As the keys.
    pub values: Buffer<i8>,
    /// As the scales of keys.
    pub value_scales: Buffer<u16>,
}

/// Space that attention uses over and over.
#[derive(Debug)]
pub struct AttentionScratch {
    scores: Buffer<i32>,
    largest: Buffer<i32>,
    totals: Buffer<u64>,
    sums: Buffer<u64>,
}

impl AttentionScratch {
    /// Room for `rows` rows of `heads` heads of `width` elements, and for so many scores at a time.
    ///
    /// # Errors
    /// [`DeviceError::OutOfMemory`].
    pub fn new(
        device: &dyn Device,
        rows: usize,
        heads: usize,
        width: usize,
        scores: usize,
    ) -> Result<Self, DeviceError> {
        Ok(Self {
            scores: Buffer::zeros(device, scores)?,
            largest: Buffer::zeros(device, rows * heads)?,
            totals: Buffer::zeros(device, rows * heads)?,
            sums: Buffer::zeros(device, rows * heads * width)?,
        })
    }
}

/// Attention of rows over the cache, which holds their positions already.
#[derive(Debug)]
pub struct Attention<'a> {
    /// `[rows, heads, stride]`.
    pub queries: &'a Buffer<i8>,
    /// `[rows, heads]`.
    pub query_scales: &'a Buffer<Scale>,
    /// Keys and values.
    pub cache: &'a LayerCache,
    /// Of the rows.
    pub positions: &'a Positions,
    /// The same positions, where the processor sees them.
    pub known_positions: &'a [u32],
    /// Query heads.
    pub heads: usize,
    /// Key-value heads.
    pub groups: usize,
    /// Elements of a head.
    pub width: usize,
    /// Room for positions in the cache.
    pub capacity: usize,
    /// Sequences in the cache.
    pub slots: usize,
    /// Keys that a query sees; `None`: all up to its own.
    pub window: Option<u32>,
    /// The header's.
    pub score_scale: u32,
    /// f_v of the layer.
    pub value_format: u8,
}

impl Operations {
    /// On this device, cut as usual.
    pub fn new(device: Arc<dyn Device>) -> Self {
        Self::tuned(device, Tuning::default())
    }

    /// On this device, cut like this.
    pub const fn tuned(device: Arc<dyn Device>, tuning: Tuning) -> Self {
        Self { device, tuning }
    }

    /// The device.
    pub fn device(&self) -> &dyn Device {
        &*self.device
    }

    fn launch(
        &self,
        kernel: Kernel,
        grid: [usize; 3],
        threads: u32,
        arguments: Arguments,
    ) -> Result<(), DeviceError> {
        if grid.contains(&0) {
            return Ok(());
        }
        let grid = grid.map(|blocks| u32::try_from(blocks).expect("a grid fits 32 bits"));
        self.device.launch(&Launch {
            kernel,
            grid,
            threads,
            arguments: arguments.into_words(),
        })
    }

    /// Residual rows `[rows, d]` of tokens, which are in the vocabulary.
    ///
    /// # Errors
    /// [`DeviceError`], as of all operations here.
    pub fn embed(
        &self,
        tokens: &Buffer<u32>,
        rows: usize,
        embedding: &Embedding<'_>,
        hidden: &Buffer<i32>,
    ) -> Result<(), DeviceError> {
        let width = embedding.width;
        let vocabulary = embedding.multipliers.len();
        let arguments = Arguments::default()
            .buffer(tokens, rows)
            .buffer(embedding.weights, vocabulary * stride(width))
            .buffer(embedding.multipliers, vocabulary)
            .buffer(hidden, rows * width)
            .count(width)
            .count(stride(width));
        let threads = self.tuning.row_threads;
        let across = width.div_ceil(threads as usize);
        self.launch(Kernel::Embed, [across, rows, 1], threads, arguments)
    }

    /// Norm of residual rows: the first `rows` of them, or those that are `chosen`.
    pub fn normalise(
        &self,
        hidden: &Buffer<i32>,
        chosen: Option<&Buffer<u32>>,
        rows: usize,
        norm: &Norm,
        mode: InputMode,
        target: &mut Rows,
    ) -> Result<(), DeviceError> {
        let width = norm.gains.len();
        // Chosen rows are anywhere in the buffer, so that nothing can be said of it but that.
        let touched = if chosen.is_some() { 0 } else { rows * width };
        let arguments = Arguments::default()
            .buffer(hidden, touched)
            .optional(chosen, rows)
            .buffer(&norm.gains, width)
            .optional(norm.biases.as_ref(), width)
            .number(norm.epsilon.into());
        let arguments = target.target(arguments, rows, width, mode);
        let threads = self.tuning.row_threads;
        self.launch(Kernel::Normalise, [rows, 1, 1], threads, arguments)
    }

    /// Quantises rows of i32.
    pub fn quantise(
        &self,
        input: &Buffer<i32>,
        rows: usize,
        width: usize,
        mode: InputMode,
        target: &mut Rows,
    ) -> Result<(), DeviceError> {
        let arguments = Arguments::default().buffer(input, rows * width);
        let arguments = target.target(arguments, rows, width, mode);
        let threads = self.tuning.row_threads;
        self.launch(Kernel::QuantiseRows, [rows, 1, 1], threads, arguments)
    }

    /// activation(gate) · up, or activation(up), quantised.
    pub fn gate(
        &self,
        (gate, up): (Option<&Buffer<i32>>, &Buffer<i32>),
        activation: Activation,
        rows: usize,
        width: usize,
        mode: InputMode,
        target: &mut Rows,
    ) -> Result<(), DeviceError> {
        let arguments = Arguments::default()
            .optional(gate, rows * width)
            .buffer(up, rows * width)
            .number((activation == Activation::Gelu).into());
        let arguments = target.target(arguments, rows, width, mode);
        let threads = self.tuning.row_threads;
        self.launch(Kernel::GateRows, [rows, 1, 1], threads, arguments)
    }

    /// Product of quantised rows with a matrix, from format `from` to format `to`: it is written to `output`,
    /// or added to it.
    pub fn product(
        &self,
        input: &Rows,
        rows: usize,
        matrix: &Matrix,
        (from, to): (i32, i32),
        output: &Buffer<i32>,
        adds: bool,
    ) -> Result<(), DeviceError> {
        assert_eq!(input.width, matrix.columns, "the matrix reads such rows");
        let (channels, stride) = (matrix.rows, stride(matrix.columns));
        let low = input.two_planes.then_some(&input.low);
        let arguments = Arguments::default()
            .buffer(&input.high, rows * stride)
            .optional(low, rows * stride)
            .buffer(&input.scales, rows)
            .buffer(&matrix.weights, channels * stride)
            .buffer(&matrix.multipliers, channels)
            .optional(matrix.biases.as_ref(), channels)
            .buffer(output, rows * channels)
            .count(rows)
            .count(channels)
            .count(stride)
            .number((matrix.shift + from - to).into())
            .number(adds.into());
        let kernel = self.tuning.product.unwrap_or(match rows {
            0..=1 => Kernel::Product1,
            2 => Kernel::Product2,
            3..=4 => Kernel::Product4,
            5..=16 => Kernel::Product8,
            17..=64 => Kernel::ProductTile32,
            _ => Kernel::ProductTile64,
        });
        let few = |each: usize| {
            let warps = self.tuning.product_threads as usize / 32;
            let grid = [channels.div_ceil(warps), rows.div_ceil(each), 1];
            (grid, self.tuning.product_threads)
        };
        let tile = |side| ([channels.div_ceil(side), rows.div_ceil(side), 1], 256);
        let (grid, threads) = match kernel {
            Kernel::Product1 => few(1),
            Kernel::Product2 => few(2),
            Kernel::Product4 => few(4),
            Kernel::Product8 => few(8),
            Kernel::ProductTile32 => tile(32),
            _ => tile(64),
        };
        self.launch(kernel, grid, threads, arguments)
    }

    /// Normalises, rotates and quantises heads and puts them in their place.
    pub fn place_heads(&self, rows: usize, heads: &Heads<'_>) -> Result<(), DeviceError> {
        let (width, count) = (heads.width, heads.heads);
        let stride = stride(width);
        let places = match heads.place {
            Place::Rows(..) => rows * count,
            Place::Keys(..) | Place::Values(..) => heads.slots * count * heads.capacity,
        };
        let arguments = Arguments::default()
            .buffer(heads.input, rows * count * width)
            .optional(heads.gains, width)
            .optional(heads.rotary, 0)
            .buffer(&heads.positions.slots, rows)
            .buffer(&heads.positions.positions, rows);
        let (arguments, capacity, value_format) = match heads.place {
            Place::Rows(output, scales) => {
                let arguments = arguments.buffer(output, places * stride);
                (arguments.buffer(scales, places).number(0), 0, 0)
            }
            Place::Keys(output, scales) => {
                let arguments = arguments.buffer(output, places * stride);
                (
                    arguments.buffer(scales, places).number(0),
                    heads.capacity,
                    0,
                )
            }
            Place::Values(output, scales, value_format) => {
                let arguments = arguments.buffer(output, places * stride).number(0);
                (
                    arguments.buffer(scales, places),
                    heads.capacity,
                    value_format,
                )
            }
        };
        let arguments = arguments
            .count(width)
            .count(stride)
            .count(capacity)
            .number(heads.epsilon.into())
            .number(value_format.into());
        let threads = self.tuning.head_threads;
        self.launch(Kernel::PlaceHeads, [count, rows, 1], threads, arguments)
    }

    /// Attention: `output` is `[rows, heads, width]`, Q16. As many rows are taken at a time as the scratch
    /// has room for.
    ///
    /// # Panics
    /// If the scratch has no room for a single row.
    pub fn attend(
        &self,
        attention: &Attention<'_>,
        scratch: &AttentionScratch,
        output: &Buffer<i32>,
    ) -> Result<(), DeviceError> {
        let positions = attention.known_positions;
        let window = attention
            .window
            .map_or(usize::MAX, |window| window as usize);
        let seen = |&position: &u32| (position as usize + 1).min(window);
        let span = positions.iter().map(seen).max().unwrap_or(0);
        let heads = attention.heads;
        let rows_at_once = scratch.scores.len() / (heads * span).max(1);
        assert!(rows_at_once > 0, "the scratch has room for a row");
        let rows_at_once = rows_at_once.min(scratch.largest.len() / heads);
        for first in (0..positions.len()).step_by(rows_at_once) {
            let rows = rows_at_once.min(positions.len() - first);
            self.attend_rows(attention, scratch, output, first..first + rows, span)?;
        }
        Ok(())
    }

    fn attend_rows(
        &self,
        attention: &Attention<'_>,
        scratch: &AttentionScratch,
        output: &Buffer<i32>,
        rows: std::ops::Range<usize>,
        span: usize,
    ) -> Result<(), DeviceError> {
        let Attention {
            heads,
            groups,
            width,
            cache,
            ..
        } = *attention;
        let (here, stride) = (rows.len(), stride(width));
        let places = attention.slots * groups * attention.capacity;
        let arguments = || {
            Arguments::default()
                .buffer(attention.queries, rows.end * heads * stride)
                .buffer(attention.query_scales, rows.end * heads)
                .buffer(&cache.keys, places * stride)
                .buffer(&cache.key_scales, places)
                .buffer(&cache.values, places * stride)
                .buffer(&cache.value_scales, places)
                .buffer(&attention.positions.slots, rows.end)
                .buffer(&attention.positions.positions, rows.end)
                .buffer(&scratch.scores, here * heads * span)
                .buffer(&scratch.largest, here * heads)
                .buffer(&scratch.totals, here * heads)
                .buffer(&scratch.sums, here * heads * width)
                .buffer(output, rows.end * heads * width)
                .count(rows.start)
                .count(heads)
                .count(groups)
                .count(width)
                .count(stride)
                .count(attention.capacity)
                .count(span)
                .number(attention.window.unwrap_or(0).into())
                .number(attention.score_scale.into())
                .number(attention.value_format.into())
        };
        let keys = self.tuning.keys;
        let chunks = span.div_ceil(keys as usize);
        let (each, all) = ([1, heads, here], [chunks, heads, here]);
        let threads = self.tuning.head_threads;
        self.launch(Kernel::AttentionBegin, each, threads, arguments())?;
        self.launch(Kernel::AttentionScores, all, keys, arguments())?;
        self.launch(Kernel::AttentionWeigh, all, keys, arguments())?;
        self.launch(Kernel::AttentionFinish, each, threads, arguments())
    }

    /// The token with the largest logit of each row, ties to the lowest.
    pub fn greedy(
        &self,
        logits: &Buffer<i32>,
        rows: usize,
        vocabulary: usize,
        tokens: &Buffer<u32>,
    ) -> Result<(), DeviceError> {
        let arguments = Arguments::default()
            .buffer(logits, rows * vocabulary)
            .buffer(tokens, rows)
            .count(vocabulary);
        let threads = self.tuning.row_threads;
        self.launch(Kernel::Greedy, [rows, 1, 1], threads, arguments)
    }
}
