//! Outlier channels of normalised rows, taken over by the weights that read them.
//!
//! A channel that is far larger than the others leaves them few of a row's 8 bits, and the weights that
//! read it are small, of which int8 keeps little. As a norm ends with a gain for each channel, the gain
//! can be smaller and the weights larger by the same factor, and the function is the same. The factor is
//! √(largest activation / largest weight) of the channel, so both have about as far to go: the method of
//! SmoothQuant (Xiao et al. 2023) with α = ½.

use super::{
    checkpoint::{FloatNorm, FloatTensors},
    ConvertError,
};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::{weight_tensors, Weight},
};

/// The largest magnitude of each channel of each norm's output. Norms are in the order of
/// [`FloatModel::logits`](super::float::FloatModel::logits).
#[derive(Debug, Default)]
pub(super) struct Peaks(Vec<Vec<f64>>);

impl Peaks {
    /// Takes in a row that left a norm.
    pub fn see(&mut self, norm: usize, row: &[f64]) {
        if self.0.len() <= norm {
            self.0.resize(norm + 1, Vec::new());
        }
        let peaks = &mut self.0[norm];
        peaks.resize(row.len(), 0.0);
        for (peak, x) in peaks.iter_mut().zip(row) {
            *peak = peak.max(x.abs());
        }
    }
}

/// Number of the norm that a matrix reads, if it reads one and may be changed for it.
fn norm_before(header: &ModelHeader, weight: Weight, layer: usize) -> Option<usize> {
    match weight {
        Weight::Query | Weight::Key | Weight::Value => Some(2 * layer),
        Weight::Gate | Weight::Up => Some(2 * layer + 1),
        // The embedding would have to change with a tied output matrix.
        Weight::Output if !header.has(model::TIED_EMBEDDING) => Some(2 * header.layers as usize),
        _ => None,
    }
}

/// The same model, its norms and the matrices that read them balanced.
pub(super) fn balanced<'a>(
    header: &ModelHeader,
    tensors: &FloatTensors<'a>,
    peaks: &Peaks,
) -> Result<FloatTensors<'a>, ConvertError> {
    let mut tensors = tensors.clone();
    let readers: Vec<Option<usize>> = weight_tensors(header)
        .map(|tensor| norm_before(header, tensor.weight, tensor.layer))
        .collect();
    let reading = |norm| {
        let indices = readers.iter().enumerate();
        indices.filter(move |(_, reads)| **reads == Some(norm))
    };
    for (norm, peaks) in peaks.0.iter().enumerate() {
        let mut weights = vec![0.0f64; peaks.len()];
        for (index, _) in reading(norm) {
            for row in tensors.elements(index)?.chunks_exact(peaks.len()) {
                for (most, &element) in weights.iter_mut().zip(row) {
                    *most = most.max(f64::from(element).abs());
                }
            }
        }
        let factors: Vec<f64> = peaks
            .iter()
            .zip(weights)
            .map(|(&peak, weight)| match peak > 0.0 && weight > 0.0 {
                true => (peak / weight).sqrt(),
                false => 1.0,
            })
            .collect();
        let layers = tensors.layers.len();
        let float_norm = match tensors.layers.get_mut(norm / 2) {
            Some(layer) if norm.is_multiple_of(2) => &mut layer.attention,
            Some(layer) => &mut layer.feed_forward,
            None if norm == 2 * layers && reading(norm).next().is_some() => &mut tensors.final_norm,
            None => continue,
        };
        let factors = scale(float_norm, factors);
        for (index, _) in reading(norm) {
            tensors.matrices[index].factors = Some(factors.clone());
        }
    }
    Ok(tensors)
}

/// Divides the channels of a norm by the factors, times the one that leaves the largest gain as it was:
/// gains have a fixed number of bits. Returns the factors with that in them.
fn scale(norm: &mut FloatNorm, factors: Vec<f64>) -> Vec<f64> {
    let pairs = || norm.gains.iter().zip(&factors);
    let before = pairs().fold(0.0f64, |most, (&gain, _)| most.max(f64::from(gain).abs()));
    let after = pairs().fold(0.0f64, |most, (&gain, factor)| {
        most.max((f64::from(gain) / factor).abs())
    });
    if before == 0.0 || after == 0.0 {
        return vec![1.0; factors.len()];
    }
    let factors: Vec<f64> = factors
        .iter()
        .map(|factor| factor * after / before)
        .collect();
    let divide = |channels: &mut Vec<f32>| {
        for (channel, factor) in channels.iter_mut().zip(&factors) {
            *channel = (f64::from(*channel) / factor) as f32;
        }
    };
    divide(&mut norm.gains);
    norm.biases.as_mut().map(divide);
    factors
}
