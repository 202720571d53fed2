//! The forward pass: rows of tokens in, final hidden states and logits out.
//!
//! A row's result depends only on the rows of its own sequence before it, and every sum is exact, so
//! it does not matter how rows are grouped into calls, what other sequences are in the batch, or how
//! many threads work on it: prefill, decode and replay are the same function.

use crate::{
    attention::{Cache, Group, Scratch},
    kernels::{
        panels::Activations,
        product::{project, Factor, QuantisedRows},
    },
    model::{Layer, Matrix, Model, Norm},
};
use aipg_exact::{
    activation::Activation,
    elementwise::{add_residual, embed},
    format,
    header::model,
    layout::InputMode,
    normalise::{apply_norm_biases, centre, normalise_head, normalised_scale},
    quantise::{quantise_row_wide, Amplitude, Scale},
    rope,
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

/// Sees the scale of every value row, with its layer: the converter calibrates by it.
pub(crate) trait Observer {
    /// A value row of `layer` has this scale.
    fn value(&mut self, layer: usize, scale: Scale);
}

/// Looks at nothing.
impl Observer for () {
    fn value(&mut self, _: usize, _: Scale) {}
}

impl<F: FnMut(usize, Scale)> Observer for F {
    fn value(&mut self, layer: usize, scale: Scale) {
        self(layer, scale);
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
        for (index, layer) in self.layers.iter().enumerate() {
            let attended = self.attention(layer, index, batch, &hidden, observer);
            add_residual(&mut hidden, &attended);
            let fed = self.feed_forward(layer, &hidden);
            add_residual(&mut hidden, &fed);
        }
        for append in batch {
            append.cache.positions += append.tokens.len();
        }
        hidden
    }

    fn embed(&self, batch: &[Append<'_>]) -> Vec<i32> {
        let width = self.header.model_dimension as usize;
        let tokens = batch.iter().flat_map(|append| append.tokens);
        let mut hidden = Vec::new();
        let mut row = vec![0; width];
        for &token in tokens {
            let token = token as usize;
            let multiplier = self.embedding_multipliers[token];
            self.embedding_row(token, &mut row);
            hidden.extend(row.iter().map(|&element| embed(element, multiplier)));
        }
        hidden
    }

    /// The attention half of a layer: what is added to the residual stream.
    fn attention(
        &self,
        layer: &Layer,
        index: usize,
        batch: &mut [Append<'_>],
        hidden: &[i32],
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        let input = self.normalise(hidden, &layer.attention_norm, layer.query.input);
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
        self.place_heads(&mut queries, &layer.query_norm, &positions);
        self.place_heads(&mut keys, &layer.key_norm, &positions);
        let queries = self.quantise_heads(&queries);
        let (keys, values) = (self.quantise_heads(&keys), self.quantise_heads(&values));
        self.append(batch, index, &positions, &keys, &values, observer);
        let attended = self.attend(batch, index, &positions, &queries);
        let output = &layer.attention_output;
        let inner = attended.len() / positions.len();
        let input = self.quantise_rows(
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
            |_, amplitude| amplitude.scale(),
        );
        let [update] = self.project(output, &input, format::ATTENTION, format::RESIDUAL);
        update
    }

    /// The feed-forward half of a layer: what is added to the residual stream.
    fn feed_forward(&self, layer: &Layer, hidden: &[i32]) -> Vec<i32> {
        let input = self.normalise(hidden, &layer.feed_forward_norm, layer.up.input);
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
        let input = self.quantise_rows(
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
            |_, amplitude| amplitude.scale(),
        );
        let [update] = self.project(&layer.down, &input, format, format::RESIDUAL);
        update
    }

    fn project(&self, matrix: &Matrix, input: &QuantisedRows, from: i32, to: i32) -> [Vec<i32>; 1] {
        project(self.kernel, [matrix.factor(from, to)], input)
    }

    /// Logits `[rows, vocabulary]` (Q16) of final hidden states `[rows, d]`.
    pub(crate) fn project_logits(&self, hidden: &[i32]) -> Vec<i32> {
        let input = self.normalise(hidden, &self.final_norm, self.output.input);
        let [logits] = self.project(&self.output, &input, format::NORMALISED, format::LOGITS);
        logits
    }

    /// Quantises `rows` rows of `width` elements, which `write` writes, as `mode` says; `scale` turns the amplitude of the row with the given index into its scale.
    fn quantise_rows(
        &self,
        rows: usize,
        width: usize,
        mode: InputMode,
        write: impl Fn(usize, &mut [i64]) + Sync,
        scale: impl Fn(usize, Amplitude) -> Scale + Sync,
    ) -> QuantisedRows {
        let mut activations = Activations::new(rows, width);
        let mut scales = vec![Scale::default(); rows];
        let (kernel, functions) = (self.kernel, &self.kernel.rows);
        let prepare = |index: usize, row: &mut [i64]| {
            write(index, row);
            if mode.rotated {
                (functions.rotate)(row);
            }
        };
        let buffer = || vec![0; width];
        let low = if mode.wide {
            let mut low = Activations::new(rows, width);
            activations
                .par_rows_mut()
                .zip(low.par_rows_mut())
                .zip(&mut scales)
                .enumerate()
                .for_each_init(buffer, |wide, (index, ((high, low), slot))| {
                    prepare(index, wide);
                    let amplitude = high.fill(kernel.companion, |high| {
                        low.fill(kernel.companion, |low| quantise_row_wide(wide, high, low))
                    });
                    *slot = scale(index, amplitude);
                });
            Some(low)
        } else {
            activations
                .par_rows_mut()
                .zip(&mut scales)
                .enumerate()
                .for_each_init(buffer, |wide, (index, (row, slot))| {
                    prepare(index, wide);
                    let amplitude = row.fill(kernel.companion, |elements| {
                        (functions.quantise)(wide, elements)
                    });
                    *slot = scale(index, amplitude);
                });
            None
        };
        QuantisedRows {
            activations,
            low,
            scales,
        }
    }

    /// RMSNorm or LayerNorm of residual rows, quantised in format [`format::NORMALISED`].
    fn normalise(&self, hidden: &[i32], norm: &Norm, mode: InputMode) -> QuantisedRows {
        let width = norm.gains.len();
        let functions = &self.kernel.rows;
        let root = |row: &[i32]| (functions.root_mean_square)(row, self.header.epsilon);
        let centred: Vec<i32>;
        let hidden = if norm.biases.is_some() {
            let mut rows = hidden.to_vec();
            rows.par_chunks_exact_mut(width).for_each(centre);
            centred = rows;
            &centred
        } else {
            hidden
        };
        let row = |index: usize| &hidden[index * width..][..width];
        self.quantise_rows(
            hidden.len() / width,
            width,
            mode,
            |index, slots| {
                (functions.apply_gain)(row(index), &norm.gains, slots);
                if let Some(biases) = &norm.biases {
                    apply_norm_biases(slots, biases, root(row(index)));
                }
            },
            |index, amplitude| normalised_scale(amplitude, root(row(index))),
        )
    }

    /// Heads `[rows, heads, head_dimension]`, each quantised by itself.
    fn quantise_heads(&self, rows: &[i32]) -> QuantisedRows {
        let width = self.header.head_dimension as usize;
        self.quantise_rows(
            rows.len() / width,
            width,
            InputMode::default(),
            |head, slots| {
                let row = &rows[head * width..][..width];
                slots
                    .iter_mut()
                    .zip(row)
                    .for_each(|(slot, &x)| *slot = x.into());
            },
            |_, amplitude| amplitude.scale(),
        )
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

    /// Appends keys and values to the caches.
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
        for (row, &(sequence, _)) in positions.iter().enumerate() {
            let range = row * heads..(row + 1) * heads;
            batch[sequence].cache.layers[layer].push(
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
        layer: usize,
        positions: &[(usize, usize)],
        queries: &QuantisedRows,
    ) -> Vec<i32> {
        let width = self.header.head_dimension as usize;
        let groups = self.header.key_value_heads as usize;
        // Query head h reads key-value head ⌊h·G/H⌋, and G divides H.
        let heads_each = self.header.heads as usize / groups;
        let mut output = vec![0; queries.scales.len() * width];
        let window = self.header.window_of(layer);
        let window = window.map_or(usize::MAX, |window| window as usize);
        let keys = |position: usize| (position + 1).saturating_sub(window)..position + 1;
        let products: usize = positions
            .iter()
            .map(|&(_, position)| keys(position).len())
            .sum();
        let attend = |scratch: &mut Scratch, index: usize, slots: &mut [i32]| {
            let (sequence, position) = positions[index / groups];
            let group = Group {
                queries,
                first: index * heads_each,
                head: index % groups,
                keys: keys(position),
                score_scale: self.header.score_scale,
            };
            batch[sequence].cache.layers[layer].attend(self.kernel, &group, slots, scratch);
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
        output
    }
}
