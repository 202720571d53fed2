//! The float model, to measure what integers lose. f64, and each sum in a fixed order of operations, so that the
//! measurements, and the choices made by them, are the same on every machine and with any number of cores.

use super::{
    checkpoint::{FloatMatrix, FloatNorm, FloatTensors},
    math::{exp, normal_distribution},
    rope::Rotary,
    ConvertError,
};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::{weight_tensors, Weight},
};
use rayon::prelude::*;

/// Rows that a product computes side by side.
const LANES: usize = 8;

/// Rows whose logits are computed at a time.
const LOGIT_ROWS: usize = 32;

/// A float model: the tensors of a checkpoint and the shape in a header.
pub(super) struct FloatModel<'a> {
    pub header: &'a ModelHeader,
    pub tensors: &'a FloatTensors<'a>,
    pub rotary: &'a Rotary,
    pub epsilon: f64,
}

/// A matrix with its elements.
struct Loaded<'a> {
    matrix: &'a FloatMatrix,
    elements: Vec<f32>,
}

impl Loaded<'_> {
    /// x · Wᵀ + b of each row of x. A sum goes through the columns in order.
    fn apply(&self, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let columns = self.matrix.columns;
        // LANES rows of x, column by column.
        let groups: Vec<Vec<[f64; LANES]>> = x
            .chunks(LANES)
            .map(|rows| {
                let mut columns = vec![[0.0; LANES]; columns];
                for (lane, row) in rows.iter().enumerate() {
                    for (column, &x) in columns.iter_mut().zip(row) {
                        column[lane] = x;
                    }
                }
                columns
            })
            .collect();
        let channels: Vec<Vec<[f64; LANES]>> = self
            .elements
            .par_chunks_exact(columns)
            .map(|weights| groups.iter().map(|group| sums(weights, group)).collect())
            .collect();
        let biases = self.matrix.biases.as_deref();
        let rows = 0..x.len();
        rows.into_par_iter()
            .map(|row| {
                let (group, lane) = (row / LANES, row % LANES);
                let mut y: Vec<f64> = channels.iter().map(|sums| sums[group][lane]).collect();
                for (y, &bias) in y.iter_mut().zip(biases.unwrap_or_default()) {
                    *y += f64::from(bias);
                }
                y
            })
            .collect()
    }
}

/// Σ w·x of each lane.
fn sums(weights: &[f32], group: &[[f64; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (&weight, x) in weights.iter().zip(group) {
        let weight = f64::from(weight);
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum += weight * x;
        }
    }
    sums
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
    /// in turn, then the final one. `done` hears of each layer.
    pub fn logits(
        &self,
        tokens: &[u32],
        see: &mut impl FnMut(usize, &[f64]),
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<f64>>, ConvertError> {
        let d = self.header.model_dimension as usize;
        let embedding = self.tensors.elements(0)?;
        let mut hidden: Vec<Vec<f64>> = tokens
            .iter()
            .map(|&token| {
                let row = &embedding[token as usize * d..][..d];
                row.iter().copied().map(f64::from).collect()
            })
            .collect();
        drop(embedding);
        for layer in 0..self.header.layers as usize {
            self.layer(layer, &mut hidden, see)?;
            done(layer + 1);
        }
        let norm = 2 * self.header.layers as usize;
        let rows = self.normalised(&self.tensors.final_norm, &hidden, norm, see);
        let output = self.load(self.tensors.matrices.len() - 1)?;
        let blocks = rows.chunks(LOGIT_ROWS);
        Ok(blocks.flat_map(|rows| output.apply(rows)).collect())
    }

    fn load(&self, index: usize) -> Result<Loaded<'_>, ConvertError> {
        Ok(Loaded {
            matrix: &self.tensors.matrices[index],
            elements: self.tensors.elements(index)?,
        })
    }

    /// x · Wᵀ + b for a matrix of a layer; `None` if the model has no such matrix.
    fn product(
        &self,
        weight: Weight,
        layer: usize,
        x: &[Vec<f64>],
    ) -> Result<Option<Vec<Vec<f64>>>, ConvertError> {
        let mut tensors = weight_tensors(self.header);
        let index = tensors.position(|tensor| (tensor.weight, tensor.layer) == (weight, layer));
        index
            .map(|index| Ok(self.load(index)?.apply(x)))
            .transpose()
    }

    /// The same for a matrix that every layer has.
    fn projection(
        &self,
        weight: Weight,
        layer: usize,
        x: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, ConvertError> {
        Ok(self.product(weight, layer, x)?.unwrap_or_default())
    }

    fn normalised(
        &self,
        norm: &FloatNorm,
        rows: &[Vec<f64>],
        number: usize,
        see: &mut impl FnMut(usize, &[f64]),
    ) -> Vec<Vec<f64>> {
        let normalised = rows.iter().map(|row| normalise(norm, row, self.epsilon));
        normalised.inspect(|row| see(number, row)).collect()
    }

    fn layer(
        &self,
        layer: usize,
        hidden: &mut [Vec<f64>],
        see: &mut impl FnMut(usize, &[f64]),
    ) -> Result<(), ConvertError> {
        let norms = &self.tensors.layers[layer];
        let [query_norm, key_norm] = match &norms.heads {
            Some([query, key]) => [Some(query), Some(key)],
            None => [None, None],
        };
        let x = self.normalised(&norms.attention, hidden, 2 * layer, see);
        let mut queries = self.projection(Weight::Query, layer, &x)?;
        let mut keys = self.projection(Weight::Key, layer, &x)?;
        let values = self.projection(Weight::Value, layer, &x)?;
        self.prepare(&mut queries, query_norm);
        self.prepare(&mut keys, key_norm);
        let attended: Vec<Vec<f64>> = queries
            .par_iter()
            .enumerate()
            .map(|(position, query)| self.attend(layer, query, &keys[..=position], &values))
            .collect();
        add(
            hidden,
            &self.projection(Weight::AttentionOutput, layer, &attended)?,
        );

        let x = self.normalised(&norms.feed_forward, hidden, 2 * layer + 1, see);
        let mut inner = self.projection(Weight::Up, layer, &x)?;
        let gates = self.product(Weight::Gate, layer, &x)?;
        inner
            .par_iter_mut()
            .enumerate()
            .for_each(|(row, up)| match &gates {
                Some(gates) => {
                    for (up, &gate) in up.iter_mut().zip(&gates[row]) {
                        *up *= self.activation(gate);
                    }
                }
                None => up.iter_mut().for_each(|up| *up = self.activation(*up)),
            });
        add(hidden, &self.projection(Weight::Down, layer, &inner)?);
        Ok(())
    }

    /// Normalises and rotates the heads of each position.
    fn prepare(&self, rows: &mut [Vec<f64>], norm: Option<&FloatNorm>) {
        let width = self.header.head_dimension as usize;
        rows.par_iter_mut()
            .enumerate()
            .for_each(|(position, heads)| {
                let angles: Vec<(f64, f64)> = self.rotary.angles(position).collect();
                for head in heads.chunks_exact_mut(width) {
                    if let Some(norm) = norm {
                        let normalised = normalise(norm, head, self.epsilon);
                        head.copy_from_slice(&normalised);
                    }
                    let (low, high) = head.split_at_mut(width / 2);
                    for ((x, y), (sine, cosine)) in low.iter_mut().zip(high).zip(&angles) {
                        (*x, *y) = (*x * cosine - *y * sine, *x * sine + *y * cosine);
                    }
                }
            });
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

fn add(rows: &mut [Vec<f64>], updates: &[Vec<f64>]) {
    for (row, updates) in rows.iter_mut().zip(updates) {
        for (x, update) in row.iter_mut().zip(updates) {
            *x += update;
        }
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
