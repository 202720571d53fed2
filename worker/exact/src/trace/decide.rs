//! How each claim is decided.

use super::{
    arithmetic::{
        finish_head, partial_product, peak_of, prepare_attended, prepare_gated, product_output,
        quantise_part,
    },
    claim::{block_columns, weight_of, Claim, Fault},
    reader::{norm_mode, Channel, Head, Inputs, Reader},
    record::{NormRecord, PeakRecord, SoftmaxRecord},
    sum::{group, keys, Sum},
    tensor::{of_norm, of_product, Elements, Part, Tensor, BLOCK, CHUNK},
};
use crate::{
    arithmetic::saturate,
    attention::{exp2_negative, score, value_scale, weight, Quotient},
    elementwise::embed,
    header::model,
    layout::{input_mode, layer_of, Norm, Weight},
    normalise::{mean, square_exponent, subtract_mean, sum_of_squares},
};
use alloc::{vec, vec::Vec};

pub(super) fn holds(condition: bool) -> Result<Vec<Claim>, Fault> {
    if condition {
        Ok(Vec::new())
    } else {
        Err(Fault::False)
    }
}

/// Whether a value at `index` contradicts neither that `largest` is the largest nor that `witness` is
/// the first to have it.
pub(super) fn bounded<T: Ord>(value: &T, index: u64, largest: &T, witness: u64) -> bool {
    match index.cmp(&witness) {
        core::cmp::Ordering::Less => value < largest,
        core::cmp::Ordering::Equal => value == largest,
        core::cmp::Ordering::Greater => value <= largest,
    }
}

/// [`bounded`] for the elements of a row from column `first`; `width` is that of the row.
pub(super) fn part_bounded(u: &[i64], first: usize, width: usize, record: PeakRecord) -> bool {
    let witness = record.witness as usize;
    let (peak, column) = peak_of(u, first);
    if witness >= width {
        return false;
    }
    let end = first.saturating_add(u.len());
    if (first..end).contains(&witness) {
        peak == record.peak && column == witness
    } else {
        bounded(&peak, first as u64, &record.peak, witness as u64)
    }
}

impl<I: Inputs> Reader<'_, I> {
    pub fn decide(&self, claim: &Claim, values: &[i64]) -> Result<Vec<Claim>, Fault> {
        match *claim {
            Claim::Embedded { row, chunk } => holds(self.embedded(row, chunk)?),
            Claim::NormSum { norm, row } => {
                let record = self.norm_record(norm, row)?;
                if self.header().has(model::LAYER_NORM) {
                    Ok(vec![Sum::Norm { norm, row }.is(self.job, record.sum)?])
                } else {
                    holds(record.sum == 0)
                }
            }
            Claim::NormSquares { norm, row } => {
                let record = self.norm_record(norm, row)?;
                let sum = Sum::Squares { norm, row };
                Ok(vec![sum.is(self.job, record.squares)?])
            }
            Claim::NormLargest { norm, row, chunk } => {
                let (x, record) = self.centred(norm, row, chunk)?;
                let magnitudes: Vec<i64> = x.iter().map(|&x| i64::from(x)).collect();
                let largest = PeakRecord {
                    peak: record.largest.into(),
                    witness: record.witness,
                };
                let width = self.header().model_dimension as usize;
                let first = chunk.saturating_mul(CHUNK);
                holds(part_bounded(&magnitudes, first, width, largest))
            }
            Claim::NormPeak { norm, row, chunk } => {
                let part = self.norm_chunk(norm, row, chunk)?;
                let record = self.norm_record(norm, row)?;
                let width = self.header().model_dimension as usize;
                let first = part.first;
                holds(part_bounded(&part.prepared(), first, width, record.peak))
            }
            Claim::NormInput { norm, row, chunk } => {
                let (_, _, made) = of_norm(self.header(), norm).ok_or(Fault::Unknown)?;
                let part = self.norm_chunk(norm, row, chunk)?;
                let record = self.norm_record(norm, row)?;
                let found = self.quantised(made, row, part.first, CHUNK)?;
                let wide = norm_mode(self.header(), norm).wide;
                holds(quantise_part(&part.prepared(), record.peak.peak, wide) == found)
            }
            Claim::Head {
                part,
                layer,
                row,
                head,
            } => self.decide_head(part, layer, row, head, values),
            Claim::SoftmaxLargest {
                layer,
                row,
                head,
                key,
            } => {
                let keys = keys(self.job, layer, row);
                if !keys.contains(&key) {
                    return Err(Fault::Unknown);
                }
                let record = self.softmax(layer, row, head)?;
                let score = self.score(layer, row, head, key)?;
                let witness = u64::from(record.witness);
                holds(keys.contains(&witness) && bounded(&score, key, &record.largest, witness))
            }
            Claim::SoftmaxTotal { layer, row, head } => {
                let record = self.softmax(layer, row, head)?;
                Ok(vec![
                    Sum::Softmax { layer, row, head }.is(self.job, record.total)?
                ])
            }
            Claim::Attended { layer, row, column } => {
                let leaf = Tensor::Layer(layer, Part::Attended);
                let found = self.element(leaf, row, column)?;
                let (head, _) = self.head_of(column)?;
                let record = self.softmax(layer, row, head)?;
                let quotient = Quotient::new(record.total, self.value_format(layer));
                let sum = values.first().copied().unwrap_or(0);
                holds(quotient.output(sum) == found)
            }
            Claim::AttendedPeak { layer, row, chunk } => {
                let (u, _) = self.attended_chunk(layer, row, chunk)?;
                let record = self.record(Tensor::Layer(layer, Part::AttendedPeak), row, 0)?;
                let first = chunk.saturating_mul(CHUNK);
                holds(part_bounded(&u, first, self.attention_width(), record))
            }
            Claim::AttendedInput { layer, row, chunk } => {
                let (u, wide) = self.attended_chunk(layer, row, chunk)?;
                let record: PeakRecord =
                    self.record(Tensor::Layer(layer, Part::AttendedPeak), row, 0)?;
                let made = Tensor::Layer(layer, Part::OutputInput);
                let found = self.quantised(made, row, chunk.saturating_mul(CHUNK), CHUNK)?;
                holds(quantise_part(&u, record.peak, wide) == found)
            }
            Claim::GatedPeak { layer, row, block } => {
                let (u, _) = self.gated_block(layer, row, block, values)?;
                let record = self.record(Tensor::Layer(layer, Part::GatedPeak), row, 0)?;
                let first = block.saturating_mul(BLOCK);
                let width = self.header().feed_forward as usize;
                holds(part_bounded(&u, first, width, record))
            }
            Claim::GatedInput { layer, row, block } => {
                let (u, wide) = self.gated_block(layer, row, block, values)?;
                let record: PeakRecord =
                    self.record(Tensor::Layer(layer, Part::GatedPeak), row, 0)?;
                let made = Tensor::Layer(layer, Part::DownInput);
                let found = self.quantised(made, row, block.saturating_mul(BLOCK), BLOCK)?;
                holds(quantise_part(&u, record.peak, wide) == found)
            }
            Claim::Residual {
                weight,
                layer,
                row,
                column,
            } => {
                let (norm, made) = match weight {
                    Weight::AttentionOutput => (Norm::Attention(layer), Part::Middle),
                    Weight::Down => (Norm::FeedForward(layer), Part::Output),
                    _ => return Err(Fault::Unknown),
                };
                let (before, _, _) = of_norm(self.header(), norm).ok_or(Fault::Unknown)?;
                let x = self.element(before, row, column)?;
                let found = self.element(Tensor::Layer(layer, made), row, column)?;
                let update = self.outputs(weight, layer, row, column, values)?;
                let update = update.first().copied().unwrap_or(0);
                holds(saturate(i64::from(x).saturating_add(update.into())) == found)
            }
            Claim::Terms {
                sum,
                first,
                count,
                value,
            } => self.decide_terms(sum, first, count, value, values),
            Claim::ChosenRecord { .. }
            | Claim::ChosenLargest { .. }
            | Claim::ChosenRanked { .. }
            | Claim::ChosenRankedAt { .. }
            | Claim::ChosenTotal { .. }
            | Claim::ChosenKept { .. }
            | Claim::ChosenNucleusAt { .. }
            | Claim::ChosenToken { .. }
            | Claim::ChosenBeats { .. } => self.decide_chosen(claim, values),
            Claim::Noise { .. }
            | Claim::Moved { .. }
            | Claim::Pixel { .. }
            | Claim::PatchPeak { .. }
            | Claim::PatchInput { .. }
            | Claim::PatchRow { .. }
            | Claim::PromptRow { .. } => self.decide_picture(claim, values),
        }
    }

    fn embedded(&self, row: u64, chunk: usize) -> Result<bool, Fault> {
        let found = self.stream(Tensor::Embedded, row, chunk)?;
        Ok(self.embed_chunk(row, chunk)?.iter().eq(&found))
    }

    /// A chunk of the embedded token of a row.
    pub fn embed_chunk(&self, row: u64, chunk: usize) -> Result<Vec<i32>, Fault> {
        let token = self.token(row)?;
        if token >= self.header().vocabulary {
            return Err(Fault::False);
        }
        self.embedding_chunk(token as usize, chunk)
    }

    /// A chunk of a row of the embedding.
    pub fn embedding_chunk(&self, token: usize, chunk: usize) -> Result<Vec<i32>, Fault> {
        let place = self.place(Weight::Embedding, 0)?;
        let multiplier = self.embedding_multiplier(&place, token)?;
        let first = chunk.saturating_mul(CHUNK);
        let width = place.tensor.columns.saturating_sub(first).min(CHUNK);
        let weights = self.weights(&place, token, first)?;
        let elements = weights.iter().take(width);
        Ok(elements
            .map(|&element| embed(element, multiplier))
            .collect())
    }

    pub fn norm_record(&self, norm: Norm, row: u64) -> Result<NormRecord, Fault> {
        let (_, statistics, _) = of_norm(self.header(), norm).ok_or(Fault::Unknown)?;
        self.record(statistics, row, 0)
    }

    /// A chunk of a norm's input, the mean subtracted if it is a LayerNorm.
    pub fn centred(
        &self,
        norm: Norm,
        row: u64,
        chunk: usize,
    ) -> Result<(Vec<i32>, NormRecord), Fault> {
        let (mut x, record) = self.norm_stream(norm, row, chunk)?;
        if self.header().has(model::LAYER_NORM) {
            let width = self.header().model_dimension as usize;
            subtract_mean(&mut x, mean(record.sum, width));
        }
        Ok((x, record))
    }

    fn decide_head(
        &self,
        part: Part,
        layer: usize,
        row: u64,
        head: usize,
        values: &[i64],
    ) -> Result<Vec<Claim>, Fault> {
        let width = self.header().head_dimension as usize;
        let first = head.saturating_mul(width);
        let projected = self.outputs(weight_of(part)?, layer, row, first, values)?;
        let found = self.head(layer, part, row, head)?;
        holds(self.finish(part, layer, row, projected)? == found)
    }

    /// A head from its projection.
    pub fn finish(
        &self,
        part: Part,
        layer: usize,
        row: u64,
        projected: Vec<i32>,
    ) -> Result<Head, Fault> {
        let (gains, rotary) = match part {
            Part::Queries => (self.head_gains(Norm::Query(layer))?, self.rotary(row)?),
            Part::Keys => (self.head_gains(Norm::Key(layer))?, self.rotary(row)?),
            _ => (Vec::new(), Vec::new()),
        };
        let epsilon = self.header().epsilon;
        Ok(finish_head(projected, &gains, epsilon, &rotary))
    }

    /// Outputs of consecutive channels of a product from their sums.
    pub fn outputs(
        &self,
        weight: Weight,
        layer: usize,
        row: u64,
        first: usize,
        sums: &[i64],
    ) -> Result<Vec<i32>, Fault> {
        let place = self.place(weight, layer)?;
        if first.saturating_add(sums.len()) > place.tensor.rows {
            return Err(Fault::Unknown);
        }
        let input = self.input_scale(weight, layer, row)?;
        let channels: Vec<Channel> = self.channels(&place, first, sums.len())?;
        sums.iter()
            .zip(channels)
            .map(|(&sum, channel)| product_output(sum, input, channel).ok_or(Fault::False))
            .collect()
    }

    pub fn softmax(&self, layer: usize, row: u64, head: usize) -> Result<SoftmaxRecord, Fault> {
        self.record(Tensor::Layer(layer, Part::Softmax), row, head)
    }

    /// Score of a key.
    pub fn score(&self, layer: usize, row: u64, head: usize, key: u64) -> Result<i32, Fault> {
        let query = self.head(layer, Part::Queries, row, head)?;
        let key = self.head(layer, Part::Keys, key, group(self.header(), head))?;
        let scale = self.header().score_scale;
        Ok(score(
            &query.elements,
            query.scale,
            &key.elements,
            key.scale,
            scale,
        ))
    }

    /// P of a key.
    fn probability(&self, layer: usize, row: u64, head: usize, key: u64) -> Result<u32, Fault> {
        let record = self.softmax(layer, row, head)?;
        let score = self.score(layer, row, head, key)?;
        let below = i64::from(record.largest).saturating_sub(score.into());
        Ok(exp2_negative(below))
    }

    /// The head and its element at a column of attention's output.
    fn head_of(&self, column: usize) -> Result<(usize, usize), Fault> {
        if column >= self.attention_width() {
            return Err(Fault::Unknown);
        }
        let width = self.header().head_dimension as usize;
        let head = column.checked_div(width).ok_or(Fault::Unknown)?;
        Ok((head, column.saturating_sub(head.saturating_mul(width))))
    }

    fn attention_width(&self) -> usize {
        let width = self.header().head_dimension as usize;
        (self.header().heads as usize).saturating_mul(width)
    }

    pub fn value_format(&self, layer: usize) -> u8 {
        let formats = &self.header().value_formats;
        let format = formats.get(layer_of(self.header(), layer));
        format.copied().unwrap_or(0)
    }

    /// An element of an i32 tensor.
    pub fn element(&self, tensor: Tensor, row: u64, column: usize) -> Result<i32, Fault> {
        let Elements::Stream(_) = tensor.elements(self.header()) else {
            return Err(Fault::Unknown);
        };
        let leaf = self.stream(tensor, row, column / CHUNK)?;
        leaf.get(column % CHUNK).copied().ok_or(Fault::Unknown)
    }

    /// A chunk of attention's output, prepared, and whether it is quantised to 16 bits.
    pub fn attended_chunk(
        &self,
        layer: usize,
        row: u64,
        chunk: usize,
    ) -> Result<(Vec<i64>, bool), Fault> {
        let x = self.stream(Tensor::Layer(layer, Part::Attended), row, chunk)?;
        let mode = input_mode(self.header(), Weight::AttentionOutput, layer);
        Ok((prepare_attended(&x, mode.rotated), mode.wide))
    }

    /// A block of what enters down, from the sums of gate and up.
    pub fn gated_block(
        &self,
        layer: usize,
        row: u64,
        block: usize,
        sums: &[i64],
    ) -> Result<(Vec<i64>, bool), Fault> {
        let columns = block_columns(self.header(), block);
        if columns.is_empty() {
            return Err(Fault::Unknown);
        }
        let ungated = self.header().has(model::UNGATED);
        let (gate, up) = sums
            .split_at_checked(if ungated { 0 } else { columns.len() })
            .ok_or(Fault::Unrevealed)?;
        let gate = if ungated {
            Vec::new()
        } else {
            self.outputs(Weight::Gate, layer, row, columns.start, gate)?
        };
        let up = self.outputs(Weight::Up, layer, row, columns.start, up)?;
        let mode = input_mode(self.header(), Weight::Down, layer);
        let u = prepare_gated(self.header(), &gate, &up, mode.rotated);
        Ok((u, mode.wide))
    }

    fn decide_terms(
        &self,
        sum: Sum,
        first: u64,
        count: u64,
        value: i64,
        values: &[i64],
    ) -> Result<Vec<Claim>, Fault> {
        let terms = sum.terms(self.job).ok_or(Fault::Unknown)?;
        if count == 0 || first.checked_add(count).is_none_or(|end| end > terms) {
            return Err(Fault::Unknown);
        }
        if count == 1 {
            return holds(self.term(sum, first, values)? == value);
        }
        let total = values
            .iter()
            .fold(0i128, |total, &part| total.saturating_add(part.into()));
        holds(total == i128::from(value))
    }

    /// One term of a sum; one over candidates needs the sum of the candidate's logit.
    pub fn term(&self, sum: Sum, index: u64, values: &[i64]) -> Result<i64, Fault> {
        let chunk = index as usize;
        match sum {
            Sum::Norm { norm, row } => {
                let (x, _) = self.norm_stream(norm, row, chunk)?;
                Ok(x.iter().fold(0i64, |sum, &x| sum.saturating_add(x.into())))
            }
            Sum::Squares { norm, row } => {
                let (x, record) = self.centred(norm, row, chunk)?;
                let squares = sum_of_squares(&x, square_exponent(record.largest));
                Ok(i64::try_from(squares).unwrap_or(i64::MAX))
            }
            Sum::Product {
                weight,
                layer,
                row,
                channel,
            } => {
                let (input, _) = of_product(self.header(), weight, layer).ok_or(Fault::Unknown)?;
                let place = self.place(weight, layer)?;
                if channel >= place.tensor.rows {
                    return Err(Fault::Unknown);
                }
                let column = chunk.saturating_mul(CHUNK);
                let q = self.quantised(input, row, column, CHUNK)?;
                let weights = self.weights(&place, channel, column)?;
                Ok(partial_product(&q, &weights))
            }
            Sum::Softmax { layer, row, head } => {
                let key = keys(self.job, layer, row).start.saturating_add(index);
                self.probability(layer, row, head, key).map(i64::from)
            }
            Sum::Attended { layer, row, column } => {
                let key = keys(self.job, layer, row).start.saturating_add(index);
                let (head, element) = self.head_of(column)?;
                let probability = self.probability(layer, row, head, key)?;
                let group = group(self.header(), head);
                let value = self.head(layer, Part::Values, key, group)?;
                let scale = value_scale(value.scale, self.value_format(layer));
                let element = value.elements.get(element).copied().unwrap_or(0);
                let weight = i64::from(weight(probability, scale));
                Ok(weight.saturating_mul(element.into()))
            }
            Sum::Ranked { token } | Sum::Total { token } | Sum::Kept { token } => {
                self.candidate_term(sum, token, index as u32, values)
            }
        }
    }
}
