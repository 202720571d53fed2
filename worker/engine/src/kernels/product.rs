//! Matrix products on all cores.

use super::{
    panels::{Activations, Panels, LANES},
    Block, Kernel, BLOCK_ROWS,
};
use aipg_exact::{
    elementwise::add_biases,
    quantise::{requantise_wide, wide_sum, Scale},
};
use rayon::prelude::*;

/// Rows of activations for each core from which on the rows are divided among the cores. With fewer,
/// reading the weights is what takes the time, and the panels are divided.
const ROWS_PER_CORE: usize = 16;

/// Pieces for each core, so that a core that is late does not keep the others waiting.
const PIECES_PER_CORE: usize = 4;

/// A weight matrix with what turns its sums into numbers of a format.
#[derive(Clone, Copy, Debug)]
pub struct Factor<'a> {
    /// The weights, an output channel in each row.
    pub weights: &'a Panels,
    /// A multiplier for each output channel.
    pub multipliers: &'a [u16],
    /// A bias for each output channel in the output's format, or none at all.
    pub biases: &'a [i32],
    /// Shift of the tensor with the difference of the formats: S + f_in − f_out.
    pub shift: i32,
}

/// Quantised activations with the scale of each row.
#[derive(Clone, Debug)]
pub struct QuantisedRows {
    /// The rows; of 16-bit rows the high plane.
    pub activations: Activations,
    /// The low plane of 16-bit rows.
    pub low: Option<Activations>,
    /// A scale for each.
    pub scales: Vec<Scale>,
}

/// Activations `[rows, columns]` times each of some weight matrices `[channels, columns]`,
/// requantised: `[rows, channels]` for each.
pub fn project<const N: usize>(
    kernel: &Kernel,
    factors: [Factor<'_>; N],
    input: &QuantisedRows,
) -> [Vec<i32>; N] {
    let cores = rayon::current_num_threads();
    if input.scales.len() < cores * ROWS_PER_CORE {
        by_panels(kernel, factors, input, cores)
    } else {
        factors.map(|factor| by_rows(kernel, factor, input, cores))
    }
}

impl Factor<'_> {
    /// Channels of a panel.
    fn width(&self, panel: usize) -> usize {
        LANES.min(self.weights.rows() - panel * LANES)
    }

    /// Computes the rows from `first` on, at most a block of them, for one panel. `slots` says for
    /// one after the other where its outputs go, or that there are enough.
    fn block<'a>(
        &self,
        kernel: &Kernel,
        input: &QuantisedRows,
        panel: usize,
        first: usize,
        slots: impl Iterator<Item = &'a mut [i32]>,
    ) {
        let columns = panel * LANES..panel * LANES + self.width(panel);
        let multipliers = &self.multipliers[columns.clone()];
        let biases = self.biases.get(columns);
        let products = |activations| {
            let block = Block::new(self.weights, panel, activations, first);
            (kernel.products)(&block)
        };
        let sums = products(&input.activations);
        let low_sums = input.low.as_ref().map(products);
        let scales = &input.scales[first..];
        for (row, (slots, &scale)) in slots.zip(scales).take(sums.len()).enumerate() {
            let sums = &sums[row][..slots.len()];
            if let Some(low_sums) = &low_sums {
                let planes = sums.iter().zip(&low_sums[row]);
                for ((slot, (&high, &low)), &multiplier) in
                    slots.iter_mut().zip(planes).zip(multipliers)
                {
                    *slot = requantise_wide(wide_sum(high, low), scale, multiplier, self.shift);
                }
            } else {
                (kernel.rows.requantise)(sums, scale, multipliers, self.shift, slots);
            }
            if let Some(biases) = biases {
                add_biases(slots, biases);
            }
        }
    }
}

/// Every piece takes some panels for all rows; the weights are read once.
fn by_panels<const N: usize>(
    kernel: &Kernel,
    factors: [Factor<'_>; N],
    input: &QuantisedRows,
    cores: usize,
) -> [Vec<i32>; N] {
    let rows = input.scales.len();
    let length = rows * LANES;
    let panels: Vec<(Factor<'_>, usize)> = factors
        .iter()
        .flat_map(|factor| (0..factor.weights.panels()).map(|panel| (*factor, panel)))
        .collect();
    let panels_each = panels.len().div_ceil(cores * PIECES_PER_CORE).max(1);
    let mut columns = vec![0; panels.len() * length];
    columns
        .par_chunks_mut(panels_each * length)
        .zip(panels.par_chunks(panels_each))
        .for_each(|(columns, panels)| {
            for (columns, (factor, panel)) in columns.chunks_exact_mut(length).zip(panels) {
                let width = factor.width(*panel);
                let blocks = columns.chunks_mut(BLOCK_ROWS * LANES);
                for (first, columns) in (0..).step_by(BLOCK_ROWS).zip(blocks) {
                    let slots = columns
                        .chunks_exact_mut(LANES)
                        .map(|slots| &mut slots[..width]);
                    factor.block(kernel, input, *panel, first, slots);
                }
            }
        });
    let mut columns = columns.as_slice();
    factors.map(|factor| {
        let (own, rest) = columns.split_at(factor.weights.panels() * length);
        columns = rest;
        into_rows(own, rows, factor.weights.rows())
    })
}

/// `[panel][row][lane]` as `[rows, channels]`.
fn into_rows(columns: &[i32], rows: usize, channels: usize) -> Vec<i32> {
    if rows == 1 {
        return columns[..channels].to_vec();
    }
    let mut output = vec![0; rows * channels];
    for (panel, columns) in columns.chunks_exact(rows * LANES).enumerate() {
        let width = LANES.min(channels - panel * LANES);
        for (row, lanes) in columns.chunks_exact(LANES).enumerate() {
            output[row * channels + panel * LANES..][..width].copy_from_slice(&lanes[..width]);
        }
    }
    output
}

/// Every piece takes some rows for all panels.
fn by_rows(kernel: &Kernel, factor: Factor<'_>, input: &QuantisedRows, cores: usize) -> Vec<i32> {
    let (rows, channels) = (input.scales.len(), factor.weights.rows());
    let rows_each = rows.div_ceil(cores).next_multiple_of(BLOCK_ROWS);
    let mut output = vec![0; rows * channels];
    output
        .par_chunks_mut(rows_each * channels)
        .enumerate()
        .for_each(|(piece, output)| {
            for panel in 0..factor.weights.panels() {
                let columns = panel * LANES..panel * LANES + factor.width(panel);
                let firsts = (piece * rows_each..).step_by(BLOCK_ROWS);
                let blocks = output.chunks_mut(BLOCK_ROWS * channels);
                for (first, output) in firsts.zip(blocks) {
                    let slots = output
                        .chunks_exact_mut(channels)
                        .map(|row| &mut row[columns.clone()]);
                    factor.block(kernel, input, panel, first, slots);
                }
            }
        });
    output
}
