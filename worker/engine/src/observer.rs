//! Who looks on while rows are computed.

use crate::kernels::product::QuantisedRows;
use aipg_exact::{
    quantise::Scale,
    trace::{NormRecord, PeakRecord, SoftmaxRecord, Tensor},
};
use std::sync::OnceLock;

/// Looks on while rows are computed. What it does not look at costs nothing.
pub(crate) trait Observer {
    /// Whether it looks at tensors; records are made only then.
    const TENSORS: bool = false;

    /// A value row of `layer` has this scale: the converter calibrates by it.
    fn value(&mut self, layer: usize, scale: Scale) {
        let _ = (layer, scale);
    }

    /// The next rows of a tensor of the trace. Those of a call of the forward pass come in the order of
    /// computation.
    fn rows(&mut self, tensor: Tensor, rows: Rows<'_>) {
        let _ = (tensor, rows);
    }
}

/// Rows of a tensor of the trace, as the forward pass has them.
#[derive(Debug)]
pub(crate) enum Rows<'a> {
    /// i32 elements.
    Stream(&'a [i32]),
    /// Quantised rows.
    Quantised(&'a QuantisedRows),
    /// Quantised heads, all of a row one after the other.
    Heads(&'a QuantisedRows),
    /// Statistics of a norm.
    Norms(Vec<NormRecord>),
    /// Largest magnitudes.
    Peaks(Vec<PeakRecord>),
    /// Statistics of softmaxes, all heads of a row one after the other.
    Softmax(Vec<SoftmaxRecord>),
}

/// Looks at nothing.
impl Observer for () {}

impl<F: FnMut(usize, Scale)> Observer for F {
    fn value(&mut self, layer: usize, scale: Scale) {
        self(layer, scale);
    }
}

/// Records that are made by whichever thread computes the row, if an observer wants them.
#[derive(Debug)]
pub(crate) struct Records<R>(Vec<OnceLock<R>>);

impl<R: Copy + Default> Records<R> {
    /// Room for so many, if `O` looks at tensors.
    pub fn wanted_by<O: Observer>(_: &O, count: usize) -> Self {
        let count = if O::TENSORS { count } else { 0 };
        Self((0..count).map(|_| OnceLock::new()).collect())
    }

    /// Makes record number `index`, if it is wanted.
    pub fn set(&self, index: usize, record: impl FnOnce() -> R) {
        if let Some(slot) = self.0.get(index) {
            let _ = slot.set(record());
        }
    }

    /// A record that was made; else one of zeros.
    pub fn get(&self, index: usize) -> R {
        let slot = self.0.get(index);
        slot.and_then(OnceLock::get).copied().unwrap_or_default()
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<R> {
        let records = self.0.into_iter();
        records
            .map(|slot| slot.into_inner().unwrap_or_default())
            .collect()
    }
}
