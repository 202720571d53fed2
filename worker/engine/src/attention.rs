//! Keys and values of a sequence, and attention over them.

use crate::{
    kernels::{
        panels::{Panels, Values, DEPTH, LANES},
        product::QuantisedRows,
        rows::Scales,
        Block, Kernel, BLOCK_ROWS,
    },
    observer::Records,
};
use aipg_exact::{
    attention::{value_scale, Quotient},
    header::ModelHeader,
    quantise::Scale,
    trace::SoftmaxRecord,
};
use std::ops::Range;

/// Keys and values of the positions so far.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    pub layers: Vec<LayerCache>,
    pub positions: usize,
}

/// One layer's share, for each key-value head.
#[derive(Clone, Debug)]
pub(crate) struct LayerCache {
    heads: Vec<HeadCache>,
    value_format: u8,
}

#[derive(Clone, Debug)]
struct HeadCache {
    keys: Panels,
    key_scales: Scales,
    values: Values,
    value_scales: Vec<u16>,
}

impl Cache {
    pub fn new(header: &ModelHeader) -> Self {
        let width = header.head_dimension as usize;
        let head = HeadCache {
            keys: Panels::new(width),
            key_scales: Scales::default(),
            values: Values::new(width),
            value_scales: Vec::new(),
        };
        let heads = vec![head; header.key_value_heads as usize];
        let formats = header.value_formats.iter().take(header.layers as usize);
        let layers = formats.map(|&value_format| LayerCache {
            heads: heads.clone(),
            value_format,
        });
        Self {
            layers: layers.collect(),
            positions: 0,
        }
    }
}

#[cfg(test)]
impl Cache {
    /// Bytes that there is room for.
    pub fn bytes(&self) -> u64 {
        let heads = self.layers.iter().flat_map(|layer| &layer.heads);
        let of = |head: &HeadCache| {
            let scales = head.key_scales.mantissas.capacity() * 2
                + head.key_scales.exponents.capacity() * 4
                + head.value_scales.capacity() * 2;
            head.keys.bytes() + head.values.bytes() + scales
        };
        heads.map(of).sum::<usize>() as u64
    }
}

impl LayerCache {
    /// Positions so far.
    pub fn positions(&self) -> usize {
        self.heads.first().map_or(0, |head| head.keys.rows())
    }

    /// Makes room for exactly so many positions.
    pub fn reserve(&mut self, positions: usize) {
        for head in &mut self.heads {
            head.keys.reserve(positions);
            head.key_scales.mantissas.reserve_exact(positions);
            head.key_scales.exponents.reserve_exact(positions);
            head.values.reserve(positions);
            head.value_scales.reserve_exact(positions);
        }
    }

    /// Appends the keys and values of a position: a row and its scale for each key-value head.
    pub fn push<'a>(
        &mut self,
        keys: impl Iterator<Item = (&'a [i8], Scale)>,
        values: impl Iterator<Item = (&'a [i8], Scale)>,
    ) {
        for ((head, (key, key_scale)), (value, scale)) in
            self.heads.iter_mut().zip(keys).zip(values)
        {
            head.keys.push(key);
            head.key_scales.push(key_scale);
            head.values.push(value);
            head.value_scales
                .push(value_scale(scale, self.value_format));
        }
    }
}

/// The query heads that read one key-value head, at one position.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    /// Query heads of all rows.
    pub queries: &'a QuantisedRows,
    /// The first of them that is meant.
    pub first: usize,
    /// Number of the key-value head.
    pub head: usize,
    /// Positions that are admissible.
    pub keys: Range<usize>,
    /// The header's score scale.
    pub score_scale: u32,
}

impl LayerCache {
    /// Attention of a group: `[query heads, head_dimension]`, Q16. A record of each query head's softmax
    /// goes to `records`, if they are wanted.
    pub fn attend(
        &self,
        kernel: &Kernel,
        group: &Group<'_>,
        output: &mut [i32],
        records: &Records<SoftmaxRecord>,
        scratch: &mut Scratch,
    ) {
        let head = &self.heads[group.head];
        let width = head.keys.columns();
        let panels = group.keys.start / LANES..group.keys.end.div_ceil(LANES);
        let stride = panels.len() * LANES;
        scratch.resize(&group.keys, stride, width);
        let blocks = (group.first..).step_by(BLOCK_ROWS);
        for (first, output) in blocks.zip(output.chunks_mut(BLOCK_ROWS * width)) {
            for (place, panel) in panels.clone().enumerate() {
                let block = Block::new(&head.keys, panel, &group.queries.activations, first);
                let sums = (kernel.products)(&block);
                let rows = scratch.products.chunks_exact_mut(stride);
                for (row, sums) in rows.zip(&sums).take(output.len() / width) {
                    row[place * LANES..][..LANES].copy_from_slice(sums);
                }
            }
            for (row, output) in output.chunks_exact_mut(width).enumerate() {
                let scale = group.queries.scales[first + row];
                let from = row * stride + group.keys.start % LANES;
                let products = from..from + group.keys.len();
                let (largest, total) = head.weigh(kernel, group, scale, products, scratch);
                records.set(first + row, || {
                    let scores = &mut scratch.scores.iter();
                    let witness = scores.position(|&score| score == largest);
                    SoftmaxRecord {
                        largest,
                        witness: (group.keys.start + witness.unwrap_or(0)) as u32,
                        total,
                    }
                });
                let quotient = Quotient::new(total, self.value_format);
                for (slot, &sum) in output.iter_mut().zip(&scratch.sums) {
                    *slot = quotient.output(sum);
                }
            }
        }
    }
}

impl HeadCache {
    /// From the products q·k of a row to its scores and Σ w·v in `scratch`; returns the largest score and
    /// Z.
    fn weigh(
        &self,
        kernel: &Kernel,
        group: &Group<'_>,
        scale: Scale,
        products: Range<usize>,
        scratch: &mut Scratch,
    ) -> (i32, u64) {
        let maximum = (kernel.rows.scores)(
            &scratch.products[products],
            scale,
            self.key_scales.range(group.keys.clone()),
            group.score_scale,
            &mut scratch.scores,
        );
        // Values come in groups of positions; those before the first key weigh nothing.
        let before = group.keys.start % DEPTH;
        let weights = before..before + group.keys.len();
        let total = (kernel.rows.weights)(
            &scratch.scores,
            maximum,
            &self.value_scales[group.keys.clone()],
            &mut scratch.low[weights.clone()],
            &mut scratch.high[weights],
        );
        let values = self.values.groups(group.keys.clone());
        (kernel.rows.weigh)(values, &scratch.low, &scratch.high, &mut scratch.sums);
        (maximum, total)
    }
}

/// Space that attention uses over and over.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    products: Vec<i32>,
    scores: Vec<i32>,
    low: Vec<i16>,
    high: Vec<i16>,
    sums: Vec<i64>,
}

impl Scratch {
    fn resize(&mut self, keys: &Range<usize>, stride: usize, width: usize) {
        self.products.resize(BLOCK_ROWS * stride, 0);
        self.scores.resize(keys.len(), 0);
        // What fills up the first and the last group of values must be zero, whatever was there.
        let before = keys.start % DEPTH;
        let end = before + keys.len();
        for plane in [&mut self.low, &mut self.high] {
            plane.resize(end.next_multiple_of(DEPTH), 0);
            plane[..before].fill(0);
            plane[end..].fill(0);
        }
        self.sums.resize(width, 0);
    }
}
