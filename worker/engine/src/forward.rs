//! The forward pass: rows of tokens in, final hidden states and logits out.
//!
//! A row's result depends only on the rows of its own sequence before it, and every sum is exact, so
//! it does not matter how rows are grouped into calls, what other sequences are in the batch, or how
//! many threads work on it: prefill, decode and replay are the same function.

mod picture;
mod quantise;

use crate::{
    attention::{Cache, Group, Scratch},
    kernels::product::{project, Factor, QuantisedRows},
    model::{Matrix, Model},
    observer::{Observer, Records, Rows},
};
use aipg_exact::{
    activation::Activation,
    elementwise::{add_residual, embed},
    format,
    header::model,
    normalise::normalise_head,
    rope,
    trace::{Part, SoftmaxRecord, Tensor},
};
use rayon::prelude::*;

/// Tokens that a sequence appends in one call.
#[derive(Debug)]
pub(crate) struct Append<'a> {
    /// The sequence's keys and values.
    pub cache: &'a mut Cache,
    /// Its next tokens, at least one.
    pub tokens: &'a [u32],
}

/// What rows go through the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Tokens of sequences: a query sees the keys up to its own position.
    Tokens,
    /// All rows of a step of a picture: a query sees all keys. The step's number chooses the norms.
    Step(usize),
}

impl Pass {
    /// A tensor of a trace that a layer of so many has in this pass.
    const fn tensor(self, layers: usize, layer: usize, part: Part) -> Tensor {
        match self {
            Self::Tokens => Tensor::Layer(layer, part),
            Self::Step(number) => Tensor::Layer(number * layers + layer, part),
        }
    }

    /// Statistics and quantised rows of the final norm in a trace.
    const fn final_tensors(self) -> (Tensor, Tensor) {
        match self {
            Self::Tokens => (Tensor::FinalNorm, Tensor::FinalInput),
            Self::Step(number) => (Tensor::StepNorm(number), Tensor::StepInput(number)),
        }
    }

    /// Which of the lists of norms the rows go through.
    const fn norms(self) -> usize {
        match self {
            Self::Tokens => 0,
            Self::Step(number) => number,
        }
    }
}

/// A matrix that reads normalised rows and gives queries, keys, values, gates or what is gated.
fn factor(matrix: &Matrix) -> Factor<'_> {
    matrix.factor(format::NORMALISED, format::PROJECTION)
}

/// Work below which cores are not worth waking, in products of attention.
const SMALL_ATTENTION: usize = 1 << 16;

impl Model {
    /// Appends each sequence's tokens to its cache and returns the final hidden states of all of
    /// them, one sequence after the other: `[tokens, d]`, Q16.
    ///
    /// The caller has checked that tokens are in the vocabulary and positions in the context.
    pub(crate) fn forward(
        &self,
        batch: &mut [Append<'_>],
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        let mut hidden = self.embed(batch);
        for index in 0..self.layers.len() {
            self.layer(index, Pass::Tokens, batch, &mut hidden, observer);
        }
        for append in batch {
            append.cache.positions += append.tokens.len();
        }
        hidden
    }

    fn embed(&self, batch: &[Append<'_>]) -> Vec<i32> {
        let mut hidden = Vec::new();
        for append in batch {
            self.embed_tokens(append.tokens, &mut hidden);
        }
        hidden
    }

    /// Appends the embedded tokens, `[tokens, d]`, Q16, to `hidden`.
    pub(crate) fn embed_tokens(&self, tokens: &[u32], hidden: &mut Vec<i32>) {
        let mut row = vec![0; self.header.model_dimension as usize];
        for &token in tokens {
            let token = token as usize;
            let multiplier = self.embedding_multipliers[token];
            self.embedding_row(token, &mut row);
            hidden.extend(row.iter().map(|&element| embed(element, multiplier)));
        }
    }

    /// Takes the residual rows of the batch, `[tokens, d]`, through layer number `index`. The positions of
    /// the caches are the first rows'; the caller moves them on after the last layer.
    ///
    /// Positions of which a cache has keys already are computed without appending them again.
    pub(crate) fn layer(
        &self,
        index: usize,
        pass: Pass,
        batch: &mut [Append<'_>],
        hidden: &mut [i32],
        observer: &mut impl Observer,
    ) {
        let attended = self.attention(index, pass, batch, hidden, observer);
        add_residual(hidden, &attended);
        let tensor = |part| pass.tensor(self.layers.len(), index, part);
        observer.rows(tensor(Part::Middle), Rows::Stream(hidden));
        let fed = self.feed_forward(index, pass, hidden, observer);
        add_residual(hidden, &fed);
        observer.rows(tensor(Part::Output), Rows::Stream(hidden));
    }

    /// The attention half of a layer: what is added to the residual stream.
    pub(crate) fn attention(
        &self,
        index: usize,
        pass: Pass,
        batch: &mut [Append<'_>],
        hidden: &[i32],
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        let layer = &self.layers[index];
        let norms = &layer.norms[pass.norms()];
        let tensor = |part| pass.tensor(self.layers.len(), index, part);
        let input = self.normalise(
            hidden,
            &norms.attention,
            layer.query.input,
            (tensor(Part::AttentionNorm), tensor(Part::AttentionInput)),
            observer,
        );
        let [mut queries, mut keys, values] = project(
            self.kernel,
            [&layer.query, &layer.key, &layer.value].map(factor),
            &input,
        );
        let positions: Vec<(usize, usize)> = batch
            .iter()
            .enumerate()
            .flat_map(|(sequence, append)| {
                let first = append.cache.positions;
                (first..first + append.tokens.len()).map(move |position| (sequence, position))
            })
            .collect();
        self.place_heads(&mut queries, &norms.query, &positions);
        self.place_heads(&mut keys, &norms.key, &positions);
        let queries = self.quantise_heads(&queries, tensor(Part::Queries), observer);
        let keys = self.quantise_heads(&keys, tensor(Part::Keys), observer);
        let values = self.quantise_heads(&values, tensor(Part::Values), observer);
        self.append(batch, index, &positions, &keys, &values, observer);
        let attended = self.attend(batch, (index, pass), &positions, &queries, observer);
        let output = &layer.attention_output;
        let inner = attended.len() / positions.len();
        let input = self.quantise_seen(
            positions.len(),
            inner,
            output.input,
            |row, slots| {
                let row = &attended[row * inner..][..inner];
                slots
                    .iter_mut()
                    .zip(row)
                    .for_each(|(slot, &x)| *slot = x.into());
            },
            (tensor(Part::AttendedPeak), tensor(Part::OutputInput)),
            observer,
        );
        let [update] = self.project(output, &input, format::ATTENTION, format::RESIDUAL);
        update
    }

    /// The feed-forward half of a layer: what is added to the residual stream.
    fn feed_forward(
        &self,
        index: usize,
        pass: Pass,
        hidden: &[i32],
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        let layer = &self.layers[index];
        let tensor = |part| pass.tensor(self.layers.len(), index, part);
        let input = self.normalise(
            hidden,
            &layer.norms[pass.norms()].feed_forward,
            layer.up.input,
            (
                tensor(Part::FeedForwardNorm),
                tensor(Part::FeedForwardInput),
            ),
            observer,
        );
        let activation = if self.header.has(model::GELU) {
            Activation::Gelu
        } else {
            Activation::Silu
        };
        let (gate, up) = match &layer.gate {
            Some(gate) => {
                let [gate, up] = project(self.kernel, [gate, &layer.up].map(factor), &input);
                (Some(gate), up)
            }
            None => {
                let [up] = project(self.kernel, [factor(&layer.up)], &input);
                (None, up)
            }
        };
        let format = if gate.is_some() {
            format::GATED
        } else {
            format::ACTIVATED
        };
        let inner = self.header.feed_forward as usize;
        let input = self.quantise_seen(
            input.scales.len(),
            inner,
            layer.down.input,
            |row, slots| {
                let range = row * inner..(row + 1) * inner;
                match &gate {
                    Some(gate) => {
                        let gate = &gate[range.clone()];
                        (self.kernel.rows.gated)(activation, gate, &up[range], slots);
                    }
                    None => slots
                        .iter_mut()
                        .zip(&up[range])
                        .for_each(|(slot, &up)| *slot = activation.apply(up)),
                }
            },
            (tensor(Part::GatedPeak), tensor(Part::DownInput)),
            observer,
        );
        let [update] = self.project(&layer.down, &input, format, format::RESIDUAL);
        update
    }

    fn project(&self, matrix: &Matrix, input: &QuantisedRows, from: i32, to: i32) -> [Vec<i32>; 1] {
        project(self.kernel, [matrix.factor(from, to)], input)
    }

    /// Logits `[rows, vocabulary]` (Q16) of final hidden states `[rows, d]`.
    pub(crate) fn project_logits(&self, hidden: &[i32], observer: &mut impl Observer) -> Vec<i32> {
        self.project_output(Pass::Tokens, hidden, observer)
    }

    /// The output matrix's products, `[rows, channels]` (Q16), with normalised rows `[rows, d]`.
    pub(crate) fn project_output(
        &self,
        pass: Pass,
        hidden: &[i32],
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        let input = self.normalise(
            hidden,
            &self.final_norms[pass.norms()],
            self.output.input,
            pass.final_tensors(),
            observer,
        );
        let [output] = self.project(&self.output, &input, format::NORMALISED, format::LOGITS);
        output
    }

    /// Normalises heads `[rows, heads, head_dimension]`, if there are gains for it, and rotates them
    /// by the positions of the rows.
    fn place_heads(&self, rows: &mut [i32], gains: &[i32], positions: &[(usize, usize)]) {
        let width = self.header.head_dimension as usize;
        let row_width = rows.len() / positions.len();
        rows.par_chunks_exact_mut(row_width)
            .zip(positions)
            .for_each(|(row, &(_, position))| {
                let table = &self.rotary[position * width..(position + 1) * width];
                let (cosines, sines) = table.split_at(width / 2);
                for head in row.chunks_exact_mut(width) {
                    if !gains.is_empty() {
                        normalise_head(head, gains, self.header.epsilon);
                    }
                    rope::rotate(head, cosines, sines);
                }
            });
    }

    /// Appends keys and values to the caches, but for positions that a cache has already.
    fn append(
        &self,
        batch: &mut [Append<'_>],
        layer: usize,
        positions: &[(usize, usize)],
        keys: &QuantisedRows,
        values: &QuantisedRows,
        observer: &mut impl Observer,
    ) {
        let heads = self.header.key_value_heads as usize;
        for (row, &(sequence, position)) in positions.iter().enumerate() {
            let range = row * heads..(row + 1) * heads;
            let cache = &mut batch[sequence].cache.layers[layer];
            if position < cache.positions() {
                continue;
            }
            cache.push(
                range
                    .clone()
                    .map(|head| (keys.activations.elements(head), keys.scales[head])),
                range
                    .clone()
                    .map(|head| (values.activations.elements(head), values.scales[head])),
            );
            for head in range {
                observer.value(layer, values.scales[head]);
            }
        }
    }

    /// Attention of query rows over the caches, which hold their positions already:
    /// `[rows, heads · head_dimension]`, Q16.
    fn attend(
        &self,
        batch: &[Append<'_>],
        (layer, pass): (usize, Pass),
        positions: &[(usize, usize)],
        queries: &QuantisedRows,
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        let width = self.header.head_dimension as usize;
        let groups = self.header.key_value_heads as usize;
        // Query head h reads key-value head ⌊h·G/H⌋, and G divides H.
        let heads_each = self.header.heads as usize / groups;
        let mut output = vec![0; queries.scales.len() * width];
        let records: Records<SoftmaxRecord> = Records::wanted_by(observer, queries.scales.len());
        let window = self.header.window_of(layer);
        let window = window.map_or(usize::MAX, |window| window as usize);
        let keys = |(sequence, position): (usize, usize)| match pass {
            Pass::Tokens => (position + 1).saturating_sub(window)..position + 1,
            Pass::Step(_) => 0..batch[sequence].cache.layers[layer].positions(),
        };
        let products: usize = positions.iter().map(|&row| keys(row).len()).sum();
        let attend = |scratch: &mut Scratch, index: usize, slots: &mut [i32]| {
            let row = positions[index / groups];
            let group = Group {
                queries,
                first: index * heads_each,
                head: index % groups,
                keys: keys(row),
                score_scale: self.header.score_scale,
            };
            batch[row.0].cache.layers[layer].attend(self.kernel, &group, slots, &records, scratch);
        };
        if products * queries.scales.len() / positions.len() * width < SMALL_ATTENTION {
            let mut scratch = Scratch::default();
            let chunks = output.chunks_exact_mut(heads_each * width);
            chunks
                .enumerate()
                .for_each(|(index, slots)| attend(&mut scratch, index, slots));
        } else {
            output
                .par_chunks_exact_mut(heads_each * width)
                .enumerate()
                .for_each_init(Scratch::default, |scratch, (index, slots)| {
                    attend(scratch, index, slots);
                });
        }
        let tensor = |part| pass.tensor(self.layers.len(), layer, part);
        observer.rows(tensor(Part::Softmax), Rows::Softmax(records.into_vec()));
        observer.rows(tensor(Part::Attended), Rows::Stream(&output));
        output
    }
}
