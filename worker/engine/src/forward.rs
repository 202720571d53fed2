//! The forward pass: rows of tokens in, final hidden states and logits out.
//!
//! A row's result depends only on the rows before it, and every sum is exact, so it does not matter
//! how rows are grouped into calls: prefill and decode are the same function.

use crate::{
    model::{Model, QuantisedRows},
    Sampler,
};
use aipg_exact::{
    activation::gated,
    attention::{attend, score, value_scale},
    elementwise::{add_residual, embed},
    format, hadamard,
    normalise::{apply_gain, normalised_scale, root_mean_square},
    quantise::{quantise_row, Amplitude, Scale},
    rope,
};

/// Keys and values of the positions so far.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    layers: Vec<LayerCache>,
    positions: usize,
}

/// `[positions, key_value_heads, head_dimension]` each, with a scale per head row.
#[derive(Clone, Debug, Default)]
struct LayerCache {
    keys: Vec<i8>,
    key_scales: Vec<Scale>,
    values: Vec<i8>,
    value_scales: Vec<u16>,
}

impl Cache {
    pub fn new(model: &Model) -> Self {
        Self {
            layers: vec![LayerCache::default(); model.layers.len()],
            positions: 0,
        }
    }
}

/// Quantises `rows` of `width` elements, rotated first if `rotated`; `scale` turns the amplitude of
/// the row with the given index into its scale.
fn quantise_rows(
    rows: &mut [i64],
    width: usize,
    rotated: bool,
    scale: impl Fn(usize, Amplitude) -> Scale,
) -> QuantisedRows {
    let mut elements = vec![0; rows.len()];
    let scales = rows
        .chunks_exact_mut(width)
        .zip(elements.chunks_exact_mut(width))
        .enumerate()
        .map(|(index, (row, quantised))| {
            if rotated {
                hadamard::rotate(row);
            }
            scale(index, quantise_row(row, quantised))
        })
        .collect();
    QuantisedRows { elements, scales }
}

impl Model {
    /// Appends `tokens` to `cache` and returns their final hidden states `[tokens, d]`, Q16.
    ///
    /// `observe` sees the scale of every value row, with its layer: the converter calibrates by it.
    ///
    /// The caller has checked that tokens are in the vocabulary and positions in the context.
    pub(crate) fn forward(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        mut observe: impl FnMut(usize, Scale),
    ) -> Vec<i32> {
        let width = self.header.model_dimension as usize;
        let mut hidden = Vec::with_capacity(tokens.len() * width);
        for &token in tokens {
            let token = token as usize;
            let multiplier = self.embedding_multipliers[token];
            let row = &self.embedding[token * width..(token + 1) * width];
            hidden.extend(row.iter().map(|&element| embed(element, multiplier)));
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let input = self.normalise(&hidden, &layer.attention_norm, layer.query.rotated);
            let project = |matrix: &crate::model::Matrix| {
                matrix.apply(&input, format::NORMALISED, format::PROJECTION)
            };
            let queries = project(&layer.query);
            let (keys, values) = (project(&layer.key), project(&layer.value));
            let first = cache.positions;
            let layer_cache = &mut cache.layers[index];
            self.append(layer_cache, index, first, keys, &values, &mut observe);
            let attended = self.attention(layer_cache, index, first, queries);

            let mut rows: Vec<i64> = attended.into_iter().map(i64::from).collect();
            let projection = &layer.attention_output;
            let inner = rows.len() / tokens.len();
            let input = quantise_rows(&mut rows, inner, projection.rotated, |_, amplitude| {
                amplitude.scale()
            });
            add_residual(
                &mut hidden,
                &projection.apply(&input, format::ATTENTION, format::RESIDUAL),
            );

            let input = self.normalise(&hidden, &layer.feed_forward_norm, layer.gate.rotated);
            let gate = layer
                .gate
                .apply(&input, format::NORMALISED, format::PROJECTION);
            let up = layer
                .up
                .apply(&input, format::NORMALISED, format::PROJECTION);
            let mut rows: Vec<i64> = gate
                .into_iter()
                .zip(up)
                .map(|(gate, up)| gated(gate, up))
                .collect();
            let inner = self.header.feed_forward as usize;
            let input = quantise_rows(&mut rows, inner, layer.down.rotated, |_, amplitude| {
                amplitude.scale()
            });
            add_residual(
                &mut hidden,
                &layer.down.apply(&input, format::GATED, format::RESIDUAL),
            );
        }
        cache.positions += tokens.len();
        hidden
    }

    /// Logits `[rows, vocabulary]` (Q16) of final hidden states `[rows, d]`.
    pub(crate) fn project_logits(&self, hidden: &[i32]) -> Vec<i32> {
        let input = self.normalise(hidden, &self.final_norm, self.output.rotated);
        self.output
            .apply(&input, format::NORMALISED, format::LOGITS)
    }

    /// The output token of number `ordinal`, chosen after a final hidden state `[d]`.
    pub(crate) fn sample(&self, hidden: &[i32], sampler: &Sampler, ordinal: u32) -> u32 {
        // A valid header has a vocabulary.
        sampler
            .choose(&self.project_logits(hidden), ordinal)
            .unwrap_or(0)
    }

    /// RMSNorm of residual rows, quantised in format [`format::NORMALISED`].
    fn normalise(&self, hidden: &[i32], gain: &[i32], rotated: bool) -> QuantisedRows {
        let mut rows = vec![0; hidden.len()];
        let norms: Vec<_> = hidden
            .chunks_exact(gain.len())
            .zip(rows.chunks_exact_mut(gain.len()))
            .map(|(row, scaled)| {
                apply_gain(row, gain, scaled);
                root_mean_square(row, self.header.epsilon)
            })
            .collect();
        quantise_rows(&mut rows, gain.len(), rotated, |index, amplitude| {
            normalised_scale(amplitude, norms[index])
        })
    }

    /// Rotates heads `[positions, heads, head_dimension]` by their positions, `first` onward.
    fn rotate(&self, rows: &mut [i32], heads: usize, first: usize) {
        let width = self.header.head_dimension as usize;
        let tables = self.rotary.chunks_exact(width).skip(first);
        for (row, table) in rows.chunks_exact_mut(heads * width).zip(tables) {
            let (cosines, sines) = table.split_at(width / 2);
            for head in row.chunks_exact_mut(width) {
                rope::rotate(head, cosines, sines);
            }
        }
    }

    /// Rotates keys, quantises keys and values per head and appends them to the cache.
    fn append(
        &self,
        cache: &mut LayerCache,
        layer: usize,
        first: usize,
        mut keys: Vec<i32>,
        values: &[i32],
        observe: &mut impl FnMut(usize, Scale),
    ) {
        let width = self.header.head_dimension as usize;
        self.rotate(&mut keys, self.header.key_value_heads as usize, first);
        let quantise = |rows: &[i32]| {
            let mut rows: Vec<i64> = rows.iter().copied().map(i64::from).collect();
            quantise_rows(&mut rows, width, false, |_, amplitude| amplitude.scale())
        };
        let keys = quantise(&keys);
        cache.keys.extend(keys.elements);
        cache.key_scales.extend(keys.scales);
        let values = quantise(values);
        cache.values.extend(values.elements);
        let value_format = self.header.value_formats[layer];
        for scale in values.scales {
            observe(layer, scale);
            cache.value_scales.push(value_scale(scale, value_format));
        }
    }

    /// Attention of query rows at positions `first` onward over the cache, which holds them already:
    /// `[positions, heads · head_dimension]`, Q16.
    fn attention(
        &self,
        cache: &LayerCache,
        layer: usize,
        first: usize,
        mut queries: Vec<i32>,
    ) -> Vec<i32> {
        let width = self.header.head_dimension as usize;
        let heads = self.header.heads as usize;
        let groups = self.header.key_value_heads as usize;
        self.rotate(&mut queries, heads, first);
        let mut rows: Vec<i64> = queries.iter().copied().map(i64::from).collect();
        let queries = quantise_rows(&mut rows, width, false, |_, amplitude| amplitude.scale());
        let mut output = vec![0; queries.elements.len()];
        let mut scores = Vec::new();
        let mut weights = Vec::new();
        let head_rows = queries.elements.chunks_exact(width).zip(&queries.scales);
        for (index, ((query, &query_scale), slots)) in
            head_rows.zip(output.chunks_exact_mut(width)).enumerate()
        {
            let (position, head) = (first + index / heads, index % heads);
            let group = head * groups / heads;
            let length = position + 1;
            // Every `groups`-th row of the cache belongs to this head.
            let keys = cache.keys.chunks_exact(width).skip(group).step_by(groups);
            let key_scales = cache.key_scales.iter().skip(group).step_by(groups);
            scores.clear();
            scores.extend(keys.zip(key_scales).take(length).map(|(key, &key_scale)| {
                score(query, query_scale, key, key_scale, self.header.score_scale)
            }));
            weights.resize(length, 0);
            attend(
                &scores,
                cache.values.chunks_exact(width).skip(group).step_by(groups),
                cache
                    .value_scales
                    .iter()
                    .copied()
                    .skip(group)
                    .step_by(groups),
                self.header.value_formats[layer],
                &mut weights,
                slots,
            );
        }
        output
    }
}
