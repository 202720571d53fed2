//! Layers of a job, computed again one at a time.

use super::{
    grouped::GroupedTree,
    plan::Plan,
    rows::{encode, hash, row_bytes, Captured},
};
use crate::{
    attention::Cache,
    forward::{Append, Pass},
    observer::{Observer, Rows},
    Model,
};
use aipg_exact::trace::{Job, Part, Tensor};
use rayon::prelude::*;
use std::{collections::BTreeMap, ops::Range};

/// What layers are computed from.
#[derive(Clone, Debug)]
pub(super) struct Layers<'m> {
    pub model: &'m Model,
    /// Tokens of all rows, `[T]`; of a step of a picture, ids of the embedding's rows.
    pub tokens: Vec<u32>,
    /// What goes through the layers. All rows of a step of a picture go together: the plan has one block.
    pub pass: Pass,
    /// The residual stream that enters the first layer in a step of a picture; else it is embedded tokens.
    pub entering: Option<Vec<i32>>,
    pub plan: Plan,
    /// The residual stream that enters a layer, `[T, d]`, by layer.
    pub checkpoints: BTreeMap<usize, Vec<i32>>,
}

/// Hashes what it sees into the trees of all tensors.
pub(super) struct Hashing<'a> {
    job: Job<'a>,
    /// By the tensor's number.
    trees: &'a mut [GroupedTree],
    /// Rows of a layer that are not hashed yet, tensors in the order of their numbers.
    waiting: Vec<(Tensor, Vec<u8>)>,
}

impl<'a> Hashing<'a> {
    /// Into `trees`, which have the order of [`Tensor::all`].
    pub const fn new(job: Job<'a>, trees: &'a mut [GroupedTree]) -> Self {
        Self {
            job,
            trees,
            waiting: Vec::new(),
        }
    }

    /// The next rows of a tensor, as bytes.
    pub fn push(&mut self, tensor: Tensor, rows: Vec<u8>) {
        self.waiting.push((tensor, rows));
        // All tensors of a layer at once, so that all cores have something to hash.
        if matches!(tensor, Tensor::Layer(_, part) if part != Part::Output) {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        let first = waiting[0].0.number(self.job.header) as usize;
        let job = self.job;
        self.trees[first..]
            .par_iter_mut()
            .zip(waiting)
            .for_each(|(tree, (tensor, rows))| {
                let (domain, _) = tensor.tree(&job);
                let elements = tensor.elements(job.header);
                tree.extend(&hash(domain, elements, &rows));
            });
    }
}

impl Observer for Hashing<'_> {
    const TENSORS: bool = true;

    fn rows(&mut self, tensor: Tensor, rows: Rows<'_>) {
        let elements = tensor.elements(self.job.header);
        self.push(tensor, encode(&rows, elements));
    }
}

impl Layers<'_> {
    fn width(&self) -> usize {
        self.model.header.model_dimension as usize
    }

    /// The residual stream before the first layer, `[T, d]`.
    pub fn embedded(&self) -> Vec<i32> {
        if let Some(entering) = &self.entering {
            return entering.clone();
        }
        let mut stream = Vec::with_capacity(self.tokens.len() * self.width());
        self.model.embed_tokens(&self.tokens, &mut stream);
        stream
    }

    /// A cache with room for the keys of one layer.
    fn cache(&self, layer: usize) -> Cache {
        let mut cache = Cache::new(&self.model.header);
        cache.layers[layer].reserve(self.tokens.len());
        cache
    }

    /// Takes the residual stream through a layer.
    pub fn pass(&self, layer: usize, stream: &mut [i32], observer: &mut impl Observer) {
        let mut cache = self.cache(layer);
        let chunks = stream.chunks_mut(self.plan.rows * self.width());
        for (first, rows) in (0..).step_by(self.plan.rows).zip(chunks) {
            let mut batch = [self.append(&mut cache, first, rows.len())];
            self.model
                .layer(layer, self.pass, &mut batch, rows, observer);
        }
    }

    /// Rows from `first` on, as many as have so many elements.
    fn append<'a>(&'a self, cache: &'a mut Cache, first: usize, elements: usize) -> Append<'a> {
        cache.positions = first;
        let end = first + elements / self.width();
        Append {
            cache,
            tokens: &self.tokens[first..end],
        }
    }

    /// Opens a layer, from what was open before if that lies on the way.
    pub fn open(&self, layer: usize, before: Option<Open>) -> Open {
        let kept = self.checkpoints.range(..=layer).next_back();
        let from = kept.map_or(0, |(&from, _)| from);
        let before = before.filter(|open| (from..=layer).contains(&open.layer));
        let (from, mut input) = match (before, kept) {
            (Some(open), _) => (open.layer, open.input),
            (None, Some((_, stream))) => (from, stream.clone()),
            (None, None) => (from, self.embedded()),
        };
        for layer in from..layer {
            self.pass(layer, &mut input, &mut ());
        }
        let parts = [Part::Keys, Part::Values];
        let mut keys = Captured::new(&self.model.header, layer, &parts, self.tokens.len());
        let mut cache = self.cache(layer);
        let chunks = input.chunks(self.plan.rows * self.width());
        for (first, rows) in (0..).step_by(self.plan.rows).zip(chunks) {
            let mut batch = [self.append(&mut cache, first, rows.len())];
            // The update is not wanted, the keys and values are.
            self.model
                .attention(layer, self.pass, &mut batch, rows, &mut keys);
        }
        Open {
            layer,
            input,
            cache,
            keys: keys.into_parts(),
            blocks: Vec::new(),
        }
    }

    /// The rows of a block of an open layer.
    fn block(&self, open: &mut Open, index: usize) -> Block {
        let first = index * self.plan.rows;
        let width = self.width();
        let end = (first + self.plan.rows).min(self.tokens.len());
        let mut rows = open.input[first * width..end * width].to_vec();
        let mut captured = Captured::new(
            &self.model.header,
            open.layer,
            &Part::ALL,
            rows.len() / width,
        );
        let mut batch = [self.append(&mut open.cache, first, rows.len())];
        self.model
            .layer(open.layer, self.pass, &mut batch, &mut rows, &mut captured);
        Block {
            index,
            parts: captured.into_parts(),
        }
    }

    /// Shows rows of a tensor of a layer, `[rows, row_bytes]`, some at a time.
    pub fn visit(
        &self,
        state: &mut Option<Open>,
        (layer, part): (usize, Part),
        rows: Range<usize>,
        mut visit: impl FnMut(&[u8]),
    ) {
        let header = &self.model.header;
        let elements = Tensor::Layer(layer, part).elements(header);
        let each = row_bytes(elements);
        let bytes = |rows: Range<usize>| rows.start * each..rows.end * each;
        // What a layer gives enters the next: whichever is open.
        let next = layer + 1;
        if part == Part::Output && state.as_ref().is_some_and(|open| open.layer == next) {
            let width = self.width();
            if let Some(open) = state {
                let stream = &open.input[rows.start * width..rows.end * width];
                let chunks = stream.chunks(self.plan.rows * width);
                chunks.for_each(|rows| visit(&encode(&Rows::Stream(rows), elements)));
            }
            return;
        }
        if state.as_ref().is_none_or(|open| open.layer != layer) {
            // What was open goes before room is taken for the next.
            let mut before = state.take();
            if let Some(open) = &mut before {
                open.close();
            }
            *state = Some(self.open(layer, before));
        }
        let Some(open) = state else { return };
        if let Some((_, keys)) = open.keys.iter().find(|(kept, _)| *kept == part) {
            visit(&keys[bytes(rows)]);
            return;
        }
        let mut row = rows.start;
        while row < rows.end {
            let index = row / self.plan.rows;
            let first = index * self.plan.rows;
            let end = rows.end.min(first + self.plan.rows);
            let place = match open.blocks.iter().position(|block| block.index == index) {
                Some(place) => place,
                None => {
                    open.blocks.truncate(self.plan.blocks.saturating_sub(1));
                    let block = self.block(open, index);
                    open.blocks.push(block);
                    open.blocks.len() - 1
                }
            };
            // The block used last stands first; those at the end go.
            open.blocks[..=place].rotate_right(1);
            let parts = open.blocks[0].parts.iter();
            let found = parts.filter(|(captured, _)| *captured == part);
            found.for_each(|(_, block)| visit(&block[bytes(row - first..end - first)]));
            row = end;
        }
    }
}

/// A layer that is at hand.
#[derive(Clone, Debug)]
pub(super) struct Open {
    layer: usize,
    /// The residual stream that enters it, `[T, d]`.
    input: Vec<i32>,
    /// Its keys and values.
    cache: Cache,
    /// They again, as leaves.
    keys: Vec<(Part, Vec<u8>)>,
    /// Some blocks of rows, the one used last first.
    blocks: Vec<Block>,
}

impl Open {
    /// Drops all but the stream.
    fn close(&mut self) {
        self.cache.layers.clear();
        self.keys.clear();
        self.blocks.clear();
    }
}

/// All tensors of a layer, of some rows.
#[derive(Clone, Debug)]
struct Block {
    index: usize,
    parts: Vec<(Part, Vec<u8>)>,
}
