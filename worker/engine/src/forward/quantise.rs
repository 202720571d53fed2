//! Rows on their way into a product.

use crate::{
    kernels::{panels::Activations, product::QuantisedRows},
    model::{Model, Norm},
    observer::{Observer, Records, Rows},
};
use aipg_exact::{
    layout::InputMode,
    normalise::{apply_norm_biases, centre, normalised_scale},
    quantise::{quantise_row_wide, Amplitude, Scale},
    trace::{NormRecord, PeakRecord, Tensor},
};
use rayon::prelude::*;

impl Model {
    /// Quantises `rows` rows of `width` elements, which `write` writes, as `mode` says; `see` sees what is
    /// quantised, `scale` turns the amplitude of the row with the given index into its scale.
    fn quantise_rows(
        &self,
        rows: usize,
        width: usize,
        mode: InputMode,
        write: impl Fn(usize, &mut [i64]) + Sync,
        see: impl Fn(usize, &[i64]) + Sync,
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
            see(index, row);
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

    /// Quantises rows of `width` elements, which `write` writes. The observer sees them and their largest
    /// magnitudes as these `tensors`.
    pub(super) fn quantise_seen(
        &self,
        rows: usize,
        width: usize,
        mode: InputMode,
        write: impl Fn(usize, &mut [i64]) + Sync,
        tensors: (Tensor, Tensor),
        observer: &mut impl Observer,
    ) -> QuantisedRows {
        let peaks = Records::wanted_by(observer, rows);
        let see = |row: usize, u: &[i64]| peaks.set(row, || PeakRecord::of(u));
        let scale = |_, amplitude: Amplitude| amplitude.scale();
        let quantised = self.quantise_rows(rows, width, mode, write, see, scale);
        observer.rows(tensors.0, Rows::Peaks(peaks.into_vec()));
        observer.rows(tensors.1, Rows::Quantised(&quantised));
        quantised
    }

    /// RMSNorm or LayerNorm of residual rows, quantised in format
    /// [`aipg_exact::format::NORMALISED`]. The observer sees its statistics and rows as these `tensors`.
    pub(super) fn normalise(
        &self,
        hidden: &[i32],
        norm: &Norm,
        mode: InputMode,
        tensors: (Tensor, Tensor),
        observer: &mut impl Observer,
    ) -> QuantisedRows {
        let width = norm.gains.len();
        let rows = hidden.len() / width;
        let functions = &self.kernel.rows;
        let root = |row: &[i32]| (functions.root_mean_square)(row, self.header.epsilon);
        let records = Records::wanted_by(observer, rows);
        let sums = Records::wanted_by(observer, rows);
        let centred: Vec<i32>;
        let hidden = if norm.biases.is_some() {
            let mut centred_rows = hidden.to_vec();
            let each = centred_rows.par_chunks_exact_mut(width).enumerate();
            each.for_each(|(index, row)| {
                sums.set(index, || row.iter().map(|&x| i64::from(x)).sum());
                centre(row);
            });
            centred = centred_rows;
            &centred
        } else {
            hidden
        };
        let row = |index: usize| &hidden[index * width..][..width];
        let quantised = self.quantise_rows(
            rows,
            width,
            mode,
            |index, slots| {
                (functions.apply_gain)(row(index), &norm.gains, slots);
                if let Some(biases) = &norm.biases {
                    apply_norm_biases(slots, biases, root(row(index)));
                }
            },
            |index, u| {
                records.set(index, || NormRecord {
                    peak: PeakRecord::of(u),
                    ..NormRecord::of(sums.get(index), row(index))
                });
            },
            |index, amplitude| normalised_scale(amplitude, root(row(index))),
        );
        observer.rows(tensors.0, Rows::Norms(records.into_vec()));
        observer.rows(tensors.1, Rows::Quantised(&quantised));
        quantised
    }

    /// Heads `[rows, heads, head_dimension]`, each quantised by itself. The observer sees them as
    /// `tensor`.
    pub(super) fn quantise_heads(
        &self,
        rows: &[i32],
        tensor: Tensor,
        observer: &mut impl Observer,
    ) -> QuantisedRows {
        let width = self.header.head_dimension as usize;
        let quantised = self.quantise_rows(
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
            |_, _| (),
            |_, amplitude| amplitude.scale(),
        );
        observer.rows(tensor, Rows::Heads(&quantised));
        quantised
    }
}
