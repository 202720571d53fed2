//! How much work a job on a model is.

use super::ModelHeader;
use crate::layout::{weight_tensors, Weight};

/// Multiply-accumulates in one unit of work.
pub const MACS_PER_UNIT: u64 = 1_000_000;

impl ModelHeader {
    /// Multiply-accumulates of a job with `prompt` tokens in and `output` tokens out.
    ///
    /// The last token is sampled, not processed, so T = prompt + output − 1 rows are. A product with
    /// a 16-bit input has two int8 planes and counts twice. With h heads of width a, g key-value
    /// heads, feed-forward width f:
    ///
    /// - linear layers: T for each row · column of each layer's matrices
    /// - attention: for each layer, Σ over rows t = 1 … T of 2·min(t, window)·h·a
    /// - logits: output · d · V
    ///
    /// `None` if a count is 0 or prompt + output exceeds the context; a number otherwise (the
    /// limits of a valid header keep it below 2⁶³).
    pub fn macs(&self, prompt: u32, output: u32) -> Option<u64> {
        if prompt == 0 || output == 0 || prompt.checked_add(output)? > self.max_context {
            return None;
        }
        let rows = u64::from(prompt)
            .checked_add(u64::from(output))?
            .checked_sub(1)?;
        let mut products = 0u64;
        for tensor in weight_tensors(self) {
            let times = match tensor.weight {
                Weight::Embedding => 0,
                Weight::Output => u64::from(output),
                _ => rows,
            };
            let planes = if tensor.input.wide { 2 } else { 1 };
            let elements = (tensor.rows as u64).checked_mul(tensor.columns as u64)?;
            products = products.checked_add(elements.checked_mul(planes)?.checked_mul(times)?)?;
        }
        let head_elements = u64::from(self.heads).checked_mul(u64::from(self.head_dimension))?;
        for layer in 0..self.layers as usize {
            let pairs = attended_twice(rows, self.window_of(layer))?;
            products = products.checked_add(pairs.checked_mul(head_elements)?)?;
        }
        Some(products)
    }

    /// Units of work of a job, ⌈[`Self::macs`] / 10⁶⌉.
    pub fn units(&self, prompt: u32, output: u32) -> Option<u64> {
        self.macs(prompt, output)
            .map(|macs| macs.div_ceil(MACS_PER_UNIT))
    }
}

/// Σ over t = 1 … rows of 2·min(t, window): the triangle up to the window, then a band.
fn attended_twice(rows: u64, window: Option<u32>) -> Option<u64> {
    let width = window.map_or(rows, u64::from).min(rows);
    let triangle = width.checked_mul(width.checked_add(1)?)?;
    let band = rows
        .checked_sub(width)?
        .checked_mul(width)?
        .checked_mul(2)?;
    triangle.checked_add(band)
}
