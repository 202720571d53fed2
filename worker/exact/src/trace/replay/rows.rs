//! The rows of a trace, one after the other.

use super::Replay;
use crate::{
    arithmetic::saturate,
    attention::{exp2_negative, value_scale, weight, Quotient},
    header::model,
    layout::{input_mode, place, Norm, Weight},
    normalise::{mean, subtract_mean},
    quantise::int8_from_byte,
    trace::{
        arithmetic::{partial_product, prepare_gated, product_output, quantise_part},
        claim::Fault,
        reader::{norm_mode, Head, Job, Reader},
        record::{Chosen, NormRecord, PeakRecord, Record, SoftmaxRecord},
        sum::{group, keys},
        tensor::{of_norm, of_product, Elements, Part, Tensor, BLOCK, CHUNK},
    },
};
use alloc::{vec, vec::Vec};

/// The arithmetic of a row. What it reads is in the trace already, so no read fails.
impl Replay<'_> {
    /// Processes the next row.
    pub(super) fn advance(&mut self) {
        let row = self.rows;
        self.rows = row.saturating_add(1);
        // The job of the trace so far: rows only grow, and no result depends on how many follow.
        let width = self.header.model_dimension as usize;
        let embedded: Vec<i32> = (0..width.div_ceil(CHUNK))
            .flat_map(|chunk| self.read(|reader| reader.embed_chunk(row, chunk)))
            .collect();
        let mut stream = embedded;
        self.push_stream(Tensor::Embedded, &stream);
        for layer in 0..self.header.layers as usize {
            self.normalise(Norm::Attention(layer), &stream, row);
            for (part, weight, heads) in [
                (Part::Queries, Weight::Query, self.header.heads),
                (Part::Keys, Weight::Key, self.header.key_value_heads),
                (Part::Values, Weight::Value, self.header.key_value_heads),
            ] {
                self.heads(part, weight, layer, row, heads as usize);
            }
            self.finish_layer(layer, row, &mut stream);
        }
    }

    /// A row through the rest of a layer, once the keys and values that it sees are there.
    pub(super) fn finish_layer(&mut self, layer: usize, row: u64, stream: &mut [i32]) {
        let attended = self.attend(layer, row);
        self.push_stream(Tensor::Layer(layer, Part::Attended), &attended);
        self.quantise_attended(&attended, layer, row);
        self.add_update(Weight::AttentionOutput, layer, row, stream);
        self.push_stream(Tensor::Layer(layer, Part::Middle), stream);
        self.normalise(Norm::FeedForward(layer), stream, row);
        self.gate(layer, row);
        self.add_update(Weight::Down, layer, row, stream);
        self.push_stream(Tensor::Layer(layer, Part::Output), stream);
    }

    pub(super) fn read<T: Default>(
        &self,
        read: impl FnOnce(Reader<'_, Self>) -> Result<T, Fault>,
    ) -> T {
        let job = Job {
            // The row at work is not sampled yet, but it is a row.
            output: (self.output.len() as u32).saturating_add(1),
            ..self.job()
        };
        let result = read(Reader {
            job: &job,
            inputs: self,
        });
        debug_assert!(result.is_ok());
        result.unwrap_or_default()
    }

    pub(super) fn push(&mut self, tensor: Tensor, leaf: Vec<u8>) {
        self.trace.entry(tensor).or_default().push(leaf);
    }

    pub(super) fn push_stream(&mut self, tensor: Tensor, row: &[i32]) {
        for chunk in row.chunks(CHUNK) {
            let leaf = chunk.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.push(tensor, leaf);
        }
    }

    pub(super) fn push_quantised(&mut self, tensor: Tensor, row: &[i16]) {
        let elements = tensor.elements(self.header);
        let wide = matches!(elements, Elements::Quantised { wide: true, .. });
        for part in row.chunks(elements.per_leaf()) {
            let leaf = if wide {
                part.iter().flat_map(|q| q.to_le_bytes()).collect()
            } else {
                part.iter().map(|&q| q as u8).collect()
            };
            self.push(tensor, leaf);
        }
    }

    /// A norm of the stream at a row of its statistics.
    pub(super) fn normalise(&mut self, norm: Norm, stream: &[i32], row: u64) {
        let Some((_, statistics, made)) = of_norm(self.header, norm) else {
            return;
        };
        let mut x = stream.to_vec();
        let mut sum = 0i64;
        if self.header.has(model::LAYER_NORM) {
            sum = x.iter().fold(sum, |sum, &x| sum.saturating_add(x.into()));
            subtract_mean(&mut x, mean(sum, stream.len()));
        }
        let mut record = NormRecord::of(sum, &x);
        // The chunks read the record's root and mean; the peak follows from them.
        self.push(statistics, record.encode());
        let chunks = stream.len().div_ceil(CHUNK);
        let u: Vec<i64> = (0..chunks)
            .flat_map(|chunk| {
                self.read(|reader| Ok(reader.norm_chunk(norm, row, chunk)?.prepared()))
            })
            .collect();
        record.peak = PeakRecord::of(&u);
        if let Some(leaf) = self
            .trace
            .get_mut(&statistics)
            .and_then(|leaves| leaves.last_mut())
        {
            *leaf = record.encode();
        }
        let mode = norm_mode(self.header, norm);
        self.push_quantised(made, &quantise_part(&u, record.peak.peak, mode.wide));
    }

    /// Outputs of consecutive channels of a product. The same as [`Reader::outputs`] of the sums.
    pub(super) fn outputs(&self, weight: Weight, layer: usize, row: u64) -> Vec<i32> {
        let Some(place) = place(self.header, weight, layer) else {
            return Vec::new();
        };
        let Some((input, _)) = of_product(self.header, weight, layer) else {
            return Vec::new();
        };
        let columns = place.tensor.columns;
        let q: Vec<i16> = (0..columns)
            .step_by(CHUNK)
            .flat_map(|column| self.read(|reader| reader.quantised(input, row, column, CHUNK)))
            .collect();
        let channels = self.read(|reader| reader.channels(&place, 0, place.tensor.rows));
        let scale = self.read(|reader| reader.input_scale(weight, layer, row).map(Some));
        let start = usize::try_from(place.element(0, 0)).unwrap_or(usize::MAX);
        let weights = self.sections.weights.get(start..).unwrap_or_default();
        let mut row_weights = Vec::with_capacity(columns);
        let mut outputs = Vec::with_capacity(channels.len());
        for (weights, channel) in weights.chunks_exact(columns.max(1)).zip(channels) {
            row_weights.clear();
            row_weights.extend(weights.iter().map(|&byte| int8_from_byte(byte)));
            let chunks = q.chunks(CHUNK).zip(row_weights.chunks(CHUNK));
            let sum = chunks.fold(0i64, |sum, (q, weights)| {
                sum.saturating_add(partial_product(q, weights))
            });
            let output = scale.and_then(|scale| product_output(sum, scale, channel));
            outputs.push(output.unwrap_or(0));
        }
        outputs
    }

    pub(super) fn heads(
        &mut self,
        part: Part,
        weight: Weight,
        layer: usize,
        row: u64,
        heads: usize,
    ) {
        let projected = self.outputs(weight, layer, row);
        let width = (self.header.head_dimension as usize).max(1);
        for head in projected.chunks(width).take(heads) {
            let leaf = self.read(|reader| {
                let head = reader.finish(part, layer, row, head.to_vec())?;
                Ok(head.encode())
            });
            self.push(Tensor::Layer(layer, part), leaf);
        }
    }

    /// Attention of a row: pushes the records, returns the outputs of all heads.
    fn attend(&mut self, layer: usize, row: u64) -> Vec<i32> {
        let width = self.header.head_dimension as usize;
        let keys = keys(&self.job(), layer, row);
        let mut attended = Vec::new();
        for head in 0..self.header.heads as usize {
            let scores: Vec<i32> = keys
                .clone()
                .map(|key| self.read(|reader| reader.score(layer, row, head, key)))
                .collect();
            let mut record = SoftmaxRecord {
                largest: scores.iter().copied().max().unwrap_or(0),
                ..SoftmaxRecord::default()
            };
            let witness = scores.iter().position(|&score| score == record.largest);
            let witness = keys.start.saturating_add(witness.unwrap_or(0) as u64);
            record.witness = witness as u32;
            let format = self.read(|reader| Ok(reader.value_format(layer)));
            let mut sums = vec![0i64; width];
            for (key, &score) in keys.clone().zip(&scores) {
                let below = i64::from(record.largest).saturating_sub(score.into());
                let probability = exp2_negative(below);
                record.total = record.total.saturating_add(probability.into());
                let group = group(self.header, head);
                let value: Option<Head> =
                    self.read(|reader| reader.head(layer, Part::Values, key, group).map(Some));
                let Some(value) = value else { continue };
                let weight = i64::from(weight(probability, value_scale(value.scale, format)));
                for (sum, &element) in sums.iter_mut().zip(&value.elements) {
                    *sum = sum.saturating_add(weight.saturating_mul(element.into()));
                }
            }
            self.push(Tensor::Layer(layer, Part::Softmax), record.encode());
            let quotient = Quotient::new(record.total, format);
            attended.extend(sums.iter().map(|&sum| quotient.output(sum)));
        }
        attended
    }

    fn quantise_attended(&mut self, attended: &[i32], layer: usize, row: u64) {
        let mut wide = false;
        let mut u = Vec::with_capacity(attended.len());
        for chunk in 0..attended.len().div_ceil(CHUNK) {
            let (part, mode) = self.read(|reader| reader.attended_chunk(layer, row, chunk));
            u.extend(part);
            wide = mode;
        }
        self.push_row(layer, &u, wide, Part::AttendedPeak, Part::OutputInput);
    }

    fn push_row(&mut self, layer: usize, u: &[i64], wide: bool, peak: Part, made: Part) {
        let record = PeakRecord::of(u);
        self.push(Tensor::Layer(layer, peak), record.encode());
        let quantised = quantise_part(u, record.peak, wide);
        self.push_quantised(Tensor::Layer(layer, made), &quantised);
    }

    fn gate(&mut self, layer: usize, row: u64) {
        let gate = if self.header.has(model::UNGATED) {
            Vec::new()
        } else {
            self.outputs(Weight::Gate, layer, row)
        };
        let up = self.outputs(Weight::Up, layer, row);
        let mode = input_mode(self.header, Weight::Down, layer);
        let mut u = Vec::with_capacity(up.len());
        for (index, up) in up.chunks(BLOCK).enumerate() {
            let gate = gate.chunks(BLOCK).nth(index).unwrap_or_default();
            u.extend(prepare_gated(self.header, gate, up, mode.rotated));
        }
        self.push_row(layer, &u, mode.wide, Part::GatedPeak, Part::DownInput);
    }

    pub(super) fn add_update(&self, weight: Weight, layer: usize, row: u64, stream: &mut [i32]) {
        let update = self.outputs(weight, layer, row);
        for (x, update) in stream.iter_mut().zip(update) {
            *x = saturate(i64::from(*x).saturating_add(update.into()));
        }
    }

    /// Chooses the token after the last row, or takes `given`, and records how it stands.
    pub(super) fn choose(&mut self, given: Option<u32>) -> u32 {
        let token = self.output.len() as u64;
        let last = Tensor::last(self.header);
        let width = self.header.model_dimension as usize;
        let row = self.rows.saturating_sub(1);
        let stream: Vec<i32> = (0..width.div_ceil(CHUNK))
            .flat_map(|chunk| self.read(|reader| reader.stream(last, row, chunk)))
            .collect();
        self.normalise(Norm::Final, &stream, token);
        let logits = self.outputs(Weight::Output, 0, token);
        let (chosen, record) = Chosen::of(&logits, self.sampling.as_ref(), token as u32, given);
        self.push(Tensor::Chosen, record.encode());
        self.output.push(chosen);
        chosen
    }
}
