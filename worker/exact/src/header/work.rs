//! How much work a job on a model is.

use super::{ModelHeader, Picture};
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
    /// Of a picture model with N patches of c values, N + prompt rows go through the layers in each step,
    /// all of them attend to all, and patch and output matrix make N products of c · d each.
    ///
    /// `None` if a count is 0 or prompt + output exceeds the context; of a picture model if the output
    /// is not the picture or its patches and the prompt exceed the context. A number otherwise (the
    /// limits of a valid header keep it below 2⁶³).
    pub fn macs(&self, prompt: u32, output: u32) -> Option<u64> {
        match self.picture() {
            Some(picture) => self.picture_macs(&picture, prompt, output),
            None => self.decoder_macs(prompt, output),
        }
    }

    fn decoder_macs(&self, prompt: u32, output: u32) -> Option<u64> {
        if prompt == 0 || output == 0 || prompt.checked_add(output)? > self.max_context {
            return None;
        }
        let rows = u64::from(prompt)
            .checked_add(u64::from(output))?
            .checked_sub(1)?;
        let products = self.product_macs(rows, output.into())?;
        let head_elements = u64::from(self.heads).checked_mul(u64::from(self.head_dimension))?;
        let mut macs = products;
        for layer in 0..self.layers as usize {
            let pairs = attended_twice(rows, self.window_of(layer))?;
            macs = macs.checked_add(pairs.checked_mul(head_elements)?)?;
        }
        Some(macs)
    }

    fn picture_macs(&self, picture: &Picture, prompt: u32, output: u32) -> Option<u64> {
        let rows = picture.patches().checked_add(prompt)?;
        if prompt == 0 || output != picture.values() || rows > self.max_context {
            return None;
        }
        let rows = u64::from(rows);
        let pairs = rows.checked_mul(rows)?.checked_mul(2)?;
        let attention = pairs
            .checked_mul(self.heads.into())?
            .checked_mul(self.head_dimension.into())?
            .checked_mul(self.layers.into())?;
        self.product_macs(rows, picture.patches().into())?
            .checked_add(attention)?
            .checked_mul(picture.steps.into())
    }

    /// Multiply-accumulates of the products of `rows` rows in the layers, and `outer` rows in the patch
    /// and output matrices.
    fn product_macs(&self, rows: u64, outer: u64) -> Option<u64> {
        let mut products = 0u64;
        for tensor in weight_tensors(self) {
            let times = match tensor.weight {
                Weight::Embedding => 0,
                Weight::Patch | Weight::Output => outer,
                _ => rows,
            };
            let planes = if tensor.input.wide { 2 } else { 1 };
            let elements = (tensor.rows as u64).checked_mul(tensor.columns as u64)?;
            products = products.checked_add(elements.checked_mul(planes)?.checked_mul(times)?)?;
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
