//! The float model, to measure what integers lose. f64 in a fixed order of operations, so that the
//! measurements, and the choices made by them, are the same on every machine.

use super::{
    checkpoint::{FloatMatrix, FloatNorm, FloatTensors},
    math::{exp, normal_distribution},
    Rotary,
};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::{weight_tensors, Weight},
};

/// A float model: the tensors of a checkpoint and the shape in a header.
pub(super) struct FloatModel<'a> {
    pub header: &'a ModelHeader,
    pub tensors: &'a FloatTensors,
    pub rotary: &'a Rotary,
    pub epsilon: f64,
}

/// The matrices of one layer by name.
struct LayerMatrices<'a> {
    query: &'a FloatMatrix,
    key: &'a FloatMatrix,
    value: &'a FloatMatrix,
    attention_output: &'a FloatMatrix,
    gate: Option<&'a FloatMatrix>,
    up: &'a FloatMatrix,
    down: &'a FloatMatrix,
}

/// x · Wᵀ + b
fn product(matrix: &FloatMatrix, elements: &[f32], x: &[f64]) -> Vec<f64> {
    let mut y: Vec<f64> = elements
        .chunks_exact(matrix.columns)
        .map(|row| {
            let terms = row.iter().zip(x).map(|(&w, x)| f64::from(w) * x);
            terms.fold(0.0, |sum, term| sum + term)
        })
        .collect();
    if let Some(biases) = &matrix.biases {
        for (y, &bias) in y.iter_mut().zip(biases) {
            *y += f64::from(bias);
        }
    }
    y
}

fn sum(terms: impl Iterator<Item = f64>) -> f64 {
    terms.fold(0.0, |sum, term| sum + term)
}

/// RMSNorm, or LayerNorm if there are biases.
fn normalise(norm: &FloatNorm, x: &[f64], epsilon: f64) -> Vec<f64> {
    let count = x.len() as f64;
    let mean = match norm.biases {
        Some(_) => sum(x.iter().copied()) / count,
        None => 0.0,
    };
    let variance = sum(x.iter().map(|x| (x - mean) * (x - mean))) / count;
    let root = (variance + epsilon).sqrt();
    let mut y: Vec<f64> = x
        .iter()
        .zip(&norm.gains)
        .map(|(x, &gain)| (x - mean) / root * f64::from(gain))
        .collect();
    for (y, &bias) in y.iter_mut().zip(norm.biases.iter().flatten()) {
        *y += f64::from(bias);
    }
    y
}

impl FloatModel<'_> {
    /// Logits `[tokens][vocabulary]` of a sequence from position 0. `see` is shown every row that leaves
    /// a norm of the residual stream, with the norm's number: those of attention and feed-forward layer
    /// in turn, then the final one.
    pub fn logits(&self, tokens: &[u32], see: &mut impl FnMut(usize, &[f64])) -> Vec<Vec<f64>> {
        let d = self.header.model_dimension as usize;
        let embedding = &self.tensors.matrices[0].elements;
        let mut hidden: Vec<Vec<f64>> = tokens
            .iter()
            .map(|&token| {
                let row = &embedding[token as usize * d..][..d];
                row.iter().copied().map(f64::from).collect()
            })
            .collect();
        for layer in 0..self.header.layers as usize {
            self.layer(layer, &mut hidden, see);
        }
        let output = &self.tensors.matrices[self.tensors.matrices.len() - 1];
        let elements = self.tensors.output_elements();
        hidden
            .iter()
            .map(|row| {
                let row = normalise(&self.tensors.final_norm, row, self.epsilon);
                see(2 * self.header.layers as usize, &row);
                product(output, elements, &row)
            })
            .collect()
    }

    fn matrices(&self, layer: usize) -> LayerMatrices<'_> {
        let of_layer = weight_tensors(self.header)
            .zip(&self.tensors.matrices)
            .filter(|(tensor, _)| tensor.layer == layer);
        let of_layer: Vec<_> = of_layer.collect();
        let find = |weight| {
            let mut found = of_layer
                .iter()
                .filter(|(tensor, _)| tensor.weight == weight);
            found.next().map(|(_, matrix)| *matrix)
        };
        let matrix = |weight| find(weight).expect("every layer has it");
        LayerMatrices {
            query: matrix(Weight::Query),
            key: matrix(Weight::Key),
            value: matrix(Weight::Value),
            attention_output: matrix(Weight::AttentionOutput),
            gate: find(Weight::Gate),
            up: matrix(Weight::Up),
            down: matrix(Weight::Down),
        }
    }

    fn layer(&self, layer: usize, hidden: &mut [Vec<f64>], see: &mut impl FnMut(usize, &[f64])) {
        let norms = &self.tensors.layers[layer];
        let matrices = self.matrices(layer);
        let apply = |matrix: &FloatMatrix, x: &[f64]| product(matrix, &matrix.elements, x);
        let [query_norm, key_norm] = match &norms.heads {
            Some([query, key]) => [Some(query), Some(key)],
            None => [None, None],
        };
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for (position, row) in hidden.iter_mut().enumerate() {
            let x = normalise(&norms.attention, row, self.epsilon);
            see(2 * layer, &x);
            let mut query = apply(matrices.query, &x);
            let mut key = apply(matrices.key, &x);
            self.prepare(&mut query, query_norm, position);
            self.prepare(&mut key, key_norm, position);
            keys.push(key);
            values.push(apply(matrices.value, &x));
            let attended = self.attend(layer, &query, &keys, &values);
            add(row, &apply(matrices.attention_output, &attended));

            let x = normalise(&norms.feed_forward, row, self.epsilon);
            see(2 * layer + 1, &x);
            let up = apply(matrices.up, &x);
            let inner: Vec<f64> = match matrices.gate {
                Some(gate) => {
                    let gate = apply(gate, &x);
                    gate.iter()
                        .zip(&up)
                        .map(|(&g, up)| self.activation(g) * up)
                        .collect()
                }
                None => up.iter().map(|&up| self.activation(up)).collect(),
            };
            add(row, &apply(matrices.down, &inner));
        }
    }

    /// Normalises and rotates heads.
    fn prepare(&self, heads: &mut [f64], norm: Option<&FloatNorm>, position: usize) {
        let width = self.header.head_dimension as usize;
        for head in heads.chunks_exact_mut(width) {
            if let Some(norm) = norm {
                let normalised = normalise(norm, head, self.epsilon);
                head.copy_from_slice(&normalised);
            }
            let (low, high) = head.split_at_mut(width / 2);
            let angles = self.rotary.angles(position);
            for ((x, y), (sine, cosine)) in low.iter_mut().zip(high).zip(angles) {
                (*x, *y) = (*x * cosine - *y * sine, *x * sine + *y * cosine);
            }
        }
    }

    fn attend(
        &self,
        layer: usize,
        query: &[f64],
        keys: &[Vec<f64>],
        values: &[Vec<f64>],
    ) -> Vec<f64> {
        let width = self.header.head_dimension as usize;
        let (heads, groups) = (
            self.header.heads as usize,
            self.header.key_value_heads as usize,
        );
        let window = self
            .header
            .window_of(layer)
            .map_or(usize::MAX, |w| w as usize);
        let first = keys.len().saturating_sub(window);
        let mut attended = vec![0.0; query.len()];
        for (head, (query, slots)) in query
            .chunks_exact(width)
            .zip(attended.chunks_exact_mut(width))
            .enumerate()
        {
            let group = head * groups / heads * width;
            let scores: Vec<f64> = keys[first..]
                .iter()
                .map(|key| {
                    let terms = query.iter().zip(&key[group..]).map(|(q, k)| q * k);
                    sum(terms) / (width as f64).sqrt()
                })
                .collect();
            let weights = softmax(&scores);
            for (weight, value) in weights.iter().zip(&values[first..]) {
                for (slot, value) in slots.iter_mut().zip(&value[group..]) {
                    *slot += weight * value;
                }
            }
        }
        attended
    }

    fn activation(&self, x: f64) -> f64 {
        if self.header.has(model::GELU) {
            x * normal_distribution(x)
        } else if x < -700.0 {
            0.0
        } else {
            x / (1.0 + exp(-x))
        }
    }
}

fn add(row: &mut [f64], update: &[f64]) {
    for (x, update) in row.iter_mut().zip(update) {
        *x += update;
    }
}

/// e^(x − max) over their sum.
pub(super) fn softmax(x: &[f64]) -> Vec<f64> {
    let largest = x
        .iter()
        .fold(f64::NEG_INFINITY, |largest, &x| largest.max(x));
    // Below e^−700 nothing is left of a weight in an f64.
    let weights: Vec<f64> = x.iter().map(|x| exp((x - largest).max(-700.0))).collect();
    let total = sum(weights.iter().copied());
    weights.iter().map(|weight| weight / total).collect()
}
