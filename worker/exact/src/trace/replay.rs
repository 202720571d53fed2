//! Computes a trace: the portable forward pass.

use super::{
    arithmetic::{partial_product, peak_of, product_output, quantise_part},
    claim::{group, keys, Fault, Span, Sum},
    reader::{Head, Inputs, Job, Leaf, Reader, Sampling},
    record::{Chosen, NormRecord, PeakRecord, Record, SoftmaxRecord},
    tensor::{of_norm, of_product, Elements, Part, Tensor, BLOCK, CHUNK},
};
use crate::{
    arithmetic::saturate,
    attention::{exp2_negative, value_scale, weight, Quotient},
    elementwise::argmax,
    header::{model, ModelHeader},
    layout::{place, section_lengths, Norm, Place, Weight},
    normalise::{mean, square_exponent, subtract_mean, sum_of_squares},
    quantise::int8_from_byte,
    sampling,
    tree::TreeBuilder,
    Hasher256,
};
use alloc::{borrow::Cow, collections::BTreeMap, vec, vec::Vec};
use core::fmt;

/// The sections of a model, in memory.
#[derive(Clone, Copy, Debug)]
pub struct Sections<'a> {
    /// Scale section.
    pub scales: &'a [u8],
    /// Table section.
    pub tables: &'a [u8],
    /// Weight section.
    pub weights: &'a [u8],
}

/// Why a job cannot be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// A section has another length than the header says.
    SectionLength,
    /// The prompt is empty.
    EmptyPrompt,
    /// No output is wanted.
    NoOutput,
    /// A token is not in the vocabulary.
    Token(u32),
    /// Prompt and output do not fit the context.
    Context,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SectionLength => {
                formatter.write_str("SectionLength: a section is not as long as the header says")
            }
            Self::EmptyPrompt => formatter.write_str("EmptyPrompt: a job needs a prompt"),
            Self::NoOutput => formatter.write_str("NoOutput: a job has at least one output token"),
            Self::Token(token) => {
                write!(formatter, "Token: {token} is not in the vocabulary")
            }
            Self::Context => formatter.write_str("Context: the job does not fit the context"),
        }
    }
}

impl core::error::Error for ReplayError {}

/// A job as it is computed: its tokens and the committed tensors of its trace.
///
/// It keeps every leaf in memory, about 30 times the residual stream for each layer: it is meant for
/// small models, for tests and for processors without threads.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    header: &'a ModelHeader,
    sections: Sections<'a>,
    sampling: Option<Sampling>,
    prompt: Vec<u32>,
    output: Vec<u32>,
    rows: u64,
    /// Leaves row by row.
    trace: BTreeMap<Tensor, Vec<Vec<u8>>>,
}

impl Inputs for Replay<'_> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        match leaf {
            Leaf::Scales(index) => section_leaf(self.sections.scales, index).map(Cow::Owned),
            Leaf::Tables(index) => section_leaf(self.sections.tables, index).map(Cow::Owned),
            Leaf::Weights(index) => self.tile(index).map(Cow::Owned),
            Leaf::Prompt(index) => token_leaf(&self.prompt, index).map(Cow::Owned),
            Leaf::Output(index) => token_leaf(&self.output, index).map(Cow::Owned),
            Leaf::Trace(tensor, index) => {
                let leaf = self.trace.get(&tensor)?.get(usize::try_from(index).ok()?)?;
                Some(Cow::Borrowed(leaf))
            }
        }
    }

    fn weights(&self, place: &Place, row: usize, column: usize) -> Option<Cow<'_, [u8]>> {
        let width = place.tensor.columns.checked_sub(column)?.min(CHUNK);
        let start = usize::try_from(place.element(row, column)).ok()?;
        let end = start.checked_add(width)?;
        self.sections.weights.get(start..end).map(Cow::Borrowed)
    }
}

/// A leaf of 1 KiB of a section, zeros beyond its end.
fn section_leaf(section: &[u8], index: u64) -> Option<Vec<u8>> {
    padded(section, index, 1024, 1024)
}

/// A leaf of 64 token ids.
fn token_leaf(tokens: &[u32], index: u64) -> Option<Vec<u8>> {
    let start = usize::try_from(index).ok()?.checked_mul(64)?;
    let tokens = tokens.get(start..)?;
    let bytes: Vec<u8> = tokens
        .iter()
        .take(64)
        .flat_map(|token| token.to_le_bytes())
        .collect();
    padded(&bytes, 0, 256, 256)
}

fn padded(bytes: &[u8], index: u64, each: usize, length: usize) -> Option<Vec<u8>> {
    let start = usize::try_from(index).ok()?.checked_mul(each)?;
    let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
    let mut leaf: Vec<u8> = rest.iter().copied().take(length).collect();
    leaf.resize(length, 0);
    Some(leaf)
}

impl<'a> Replay<'a> {
    /// A job before its first row.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn new(
        header: &'a ModelHeader,
        sections: Sections<'a>,
        prompt: &[u32],
        sampling: Option<Sampling>,
    ) -> Result<Self, ReplayError> {
        let lengths = section_lengths(header);
        let fits = |section: &[u8], length| section.len() as u64 == length;
        if !fits(sections.scales, lengths.scales)
            || !fits(sections.tables, lengths.tables)
            || !fits(sections.weights, lengths.weights)
        {
            return Err(ReplayError::SectionLength);
        }
        if prompt.is_empty() {
            return Err(ReplayError::EmptyPrompt);
        }
        let replay = Self {
            header,
            sections,
            sampling,
            prompt: prompt.to_vec(),
            output: Vec::new(),
            rows: 0,
            trace: Tensor::all(header)
                .map(|tensor| (tensor, Vec::new()))
                .collect(),
        };
        replay.check(prompt, prompt.len())?;
        Ok(replay)
    }

    fn check(&self, tokens: &[u32], positions: usize) -> Result<(), ReplayError> {
        let vocabulary = self.header.vocabulary;
        if let Some(&token) = tokens.iter().find(|&&token| token >= vocabulary) {
            return Err(ReplayError::Token(token));
        }
        if positions > self.header.max_context as usize {
            return Err(ReplayError::Context);
        }
        Ok(())
    }

    /// Generates until a `stop` token or `most` tokens.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn generate(mut self, most: u32, stop: &[u32]) -> Result<Self, ReplayError> {
        if most == 0 {
            return Err(ReplayError::NoOutput);
        }
        let positions = self.prompt.len().saturating_add(most as usize);
        self.check(&[], positions)?;
        while self.output.len() < most as usize {
            let token = self.step(None);
            if stop.contains(&token) {
                break;
            }
        }
        Ok(self)
    }

    /// The trace of a given answer, right or not: records say how its tokens stand to the logits.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn teacher_force(mut self, output: &[u32]) -> Result<Self, ReplayError> {
        if output.is_empty() {
            return Err(ReplayError::NoOutput);
        }
        self.check(output, self.prompt.len().saturating_add(output.len()))?;
        for &token in output {
            self.step(Some(token));
        }
        Ok(self)
    }

    /// Rows up to the next that is sampled, and the token after it: `given`, or the one that the job's
    /// sampling chooses.
    fn step(&mut self, given: Option<u32>) -> u32 {
        let ready = (self.prompt.len() as u64).saturating_add(self.output.len() as u64);
        while self.rows < ready {
            self.advance();
        }
        self.choose(given)
    }

    /// The output so far.
    pub fn output(&self) -> &[u32] {
        &self.output
    }

    /// The job with the output so far as its output.
    pub fn job(&self) -> Job<'a> {
        Job {
            header: self.header,
            prompt: self.prompt.len() as u32,
            output: self.output.len() as u32,
            sampling: self.sampling,
        }
    }

    /// A leaf of the trace, to be changed: for tests of what finds it.
    pub fn leaf_mut(&mut self, tensor: Tensor, index: u64) -> Option<&mut Vec<u8>> {
        let leaves = self.trace.get_mut(&tensor)?;
        leaves.get_mut(usize::try_from(index).ok()?)
    }

    /// Hashes of the leaves of a tensor's tree.
    pub fn leaf_hashes<H: Hasher256>(&self, tensor: Tensor) -> Vec<[u8; 32]> {
        let (domain, ..) = tensor.tree(&self.job());
        let leaves = self
            .trace
            .get(&tensor)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let hash = |leaf: &Vec<u8>| {
            let missing = domain.leaf_length().saturating_sub(leaf.len());
            crate::tree::leaf::<H>(domain, &[leaf.as_slice(), &vec![0; missing]].concat())
        };
        leaves.iter().map(hash).collect()
    }

    /// Root of a tensor. That of [`Tensor::last`] is the job's digest.
    pub fn root<H: Hasher256>(&self, tensor: Tensor) -> [u8; 32] {
        let (domain, shape, numbers) = tensor.tree(&self.job());
        let mut tree = TreeBuilder::<H>::new(domain);
        for leaf in self.trace.get(&tensor).into_iter().flatten() {
            tree.push(leaf);
        }
        tree.finish(shape.get(..numbers).unwrap_or_default())
    }

    /// Values of sums, as an honest party reveals them. A sum that is not in the trace has the value 0.
    pub fn reveal(&self, spans: &[Span]) -> Vec<i64> {
        spans.iter().map(|&span| self.value(span)).collect()
    }

    /// The value of consecutive terms of a sum. The leaves it reads are this trace's.
    fn value(&self, (sum, first, count): Span) -> i64 {
        let job = self.job();
        let reader = Reader {
            job: &job,
            inputs: self,
        };
        let indices = first..first.saturating_add(count);
        let term = |index| match sum {
            Sum::Ranked { token } | Sum::Total { token } | Sum::Kept { token } => {
                let candidate = usize::try_from(index).unwrap_or(usize::MAX);
                let logit = self.product(Weight::Output, 0, token, candidate);
                reader.term(sum, index, &[logit])
            }
            _ => reader.term(sum, index, &[]),
        };
        indices.fold(0, |total, index| {
            total.saturating_add(term(index).unwrap_or(0))
        })
    }

    /// Σ q·w of an output channel.
    fn product(&self, weight: Weight, layer: usize, row: u64, channel: usize) -> i64 {
        let sum = Sum::Product {
            weight,
            layer,
            row,
            channel,
        };
        let terms = sum.terms(&self.job()).unwrap_or(0);
        self.value((sum, 0, terms))
    }

    fn tile(&self, index: u64) -> Option<Vec<u8>> {
        use crate::layout::{places, TILE_COLUMNS, TILE_ROWS};
        let place = places(self.header)
            .filter(|place| !place.tensor.tied)
            .find(|place| {
                let (rows, columns) = (place.tensor.rows, place.tensor.columns);
                let last = place.tile(rows.saturating_sub(1), columns.saturating_sub(1));
                (place.tile(0, 0)..=last).contains(&index)
            })?;
        let across = place.tensor.columns.div_ceil(TILE_COLUMNS) as u64;
        let within = index.checked_sub(place.tile(0, 0))?;
        let first_row = (within.checked_div(across)? as usize).checked_mul(TILE_ROWS)?;
        let first_column = (within.checked_rem(across)? as usize).checked_mul(TILE_COLUMNS)?;
        let mut tile = vec![0; TILE_ROWS.saturating_mul(TILE_COLUMNS)];
        let rows = first_row..place.tensor.rows;
        for (row, slots) in rows.zip(tile.chunks_exact_mut(TILE_COLUMNS)) {
            let weights = self.weights(&place, row, first_column)?;
            for (slot, &weight) in slots.iter_mut().zip(weights.iter()) {
                *slot = weight;
            }
        }
        Some(tile)
    }
}

/// The arithmetic of a row. What it reads is in the trace already, so no read fails.
impl Replay<'_> {
    /// Processes the next row.
    fn advance(&mut self) {
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
            let attended = self.attend(layer, row);
            self.push_stream(Tensor::Layer(layer, Part::Attended), &attended);
            self.quantise_attended(&attended, layer, row);
            self.add_update(Weight::AttentionOutput, layer, row, &mut stream);
            self.push_stream(Tensor::Layer(layer, Part::Middle), &stream);
            self.normalise(Norm::FeedForward(layer), &stream, row);
            self.gate(layer, row);
            self.add_update(Weight::Down, layer, row, &mut stream);
            self.push_stream(Tensor::Layer(layer, Part::Output), &stream);
        }
    }

    fn read<T: Default>(&self, read: impl FnOnce(Reader<'_, Self>) -> Result<T, Fault>) -> T {
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

    fn push(&mut self, tensor: Tensor, leaf: Vec<u8>) {
        self.trace.entry(tensor).or_default().push(leaf);
    }

    fn push_stream(&mut self, tensor: Tensor, row: &[i32]) {
        for chunk in row.chunks(CHUNK) {
            let leaf = chunk.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.push(tensor, leaf);
        }
    }

    fn push_quantised(&mut self, tensor: Tensor, row: &[i16]) {
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
    fn normalise(&mut self, norm: Norm, stream: &[i32], row: u64) {
        let Some((_, statistics, made)) = of_norm(self.header, norm) else {
            return;
        };
        let mut x = stream.to_vec();
        let mut record = NormRecord::default();
        if self.header.has(model::LAYER_NORM) {
            record.sum = x.iter().fold(0i64, |sum, &x| sum.saturating_add(x.into()));
            subtract_mean(&mut x, mean(record.sum, stream.len()));
        }
        let wide: Vec<i64> = x.iter().map(|&x| x.into()).collect();
        let (largest, witness) = peak_of(&wide, 0);
        record.largest = u32::try_from(largest).unwrap_or(u32::MAX);
        record.witness = witness as u32;
        record.squares = sum_of_squares(&x, square_exponent(record.largest));
        // The chunks read the record's root and mean; the peak follows from them.
        self.push(statistics, record.encode());
        let chunks = stream.len().div_ceil(CHUNK);
        let u: Vec<i64> = (0..chunks)
            .flat_map(|chunk| {
                self.read(|reader| Ok(reader.norm_chunk(norm, row, chunk)?.prepared()))
            })
            .collect();
        record.peak = peak_record(&u);
        if let Some(leaf) = self
            .trace
            .get_mut(&statistics)
            .and_then(|leaves| leaves.last_mut())
        {
            *leaf = record.encode();
        }
        let mode = self.read(|reader| Ok(reader.norm_mode(norm)));
        self.push_quantised(made, &quantise_part(&u, record.peak.peak, mode.wide));
    }

    /// Outputs of consecutive channels of a product. The same as [`Reader::outputs`] of the sums.
    fn outputs(&self, weight: Weight, layer: usize, row: u64) -> Vec<i32> {
        let Some(place) = place(self.header, weight, layer) else {
            return Vec::new();
        };
        let Some((input, _)) = of_product(weight, layer) else {
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

    fn heads(&mut self, part: Part, weight: Weight, layer: usize, row: u64, heads: usize) {
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
        let keys = keys(self.header, layer, row);
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
        let record = peak_record(u);
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
        let mode = self.read(|reader| Ok(reader.product_mode(Weight::Down, layer)));
        let mut u = Vec::with_capacity(up.len());
        for (index, up) in up.chunks(BLOCK).enumerate() {
            let gate = gate.chunks(BLOCK).nth(index).unwrap_or_default();
            u.extend(super::arithmetic::prepare_gated(
                self.header,
                gate,
                up,
                mode.rotated,
            ));
        }
        self.push_row(layer, &u, mode.wide, Part::GatedPeak, Part::DownInput);
    }

    fn add_update(&self, weight: Weight, layer: usize, row: u64, stream: &mut [i32]) {
        let update = self.outputs(weight, layer, row);
        for (x, update) in stream.iter_mut().zip(update) {
            *x = saturate(i64::from(*x).saturating_add(update.into()));
        }
    }

    /// Chooses the token after the last row, or takes `given`, and records how it stands.
    fn choose(&mut self, given: Option<u32>) -> u32 {
        let token = self.output.len() as u64;
        let last = Tensor::last(self.header);
        let width = self.header.model_dimension as usize;
        let row = self.rows.saturating_sub(1);
        let stream: Vec<i32> = (0..width.div_ceil(CHUNK))
            .flat_map(|chunk| self.read(|reader| reader.stream(last, row, chunk)))
            .collect();
        self.normalise(Norm::Final, &stream, token);
        let logits = self.outputs(Weight::Output, 0, token);
        let (chosen, record) = match &self.sampling {
            None => {
                let chosen = given.or_else(|| argmax(&logits)).unwrap_or(0);
                let value = logits.get(chosen as usize).copied().unwrap_or(0);
                let record = Chosen {
                    value: value.into(),
                    ..Chosen::default()
                };
                (chosen, record)
            }
            Some(sampling) => draw(&logits, sampling, token as u32, given),
        };
        self.push(Tensor::Chosen, record.encode());
        self.output.push(chosen);
        chosen
    }
}

fn peak_record(u: &[i64]) -> PeakRecord {
    let (peak, witness) = peak_of(u, 0);
    PeakRecord {
        peak,
        witness: witness as u32,
    }
}

/// The token that `sampling` draws, or `given`, and its record.
fn draw(logits: &[i32], sampling: &Sampling, token: u32, given: Option<u32>) -> (u32, Chosen) {
    let parameters = &sampling.parameters;
    let scaled: Vec<i64> = logits.iter().map(|&l| parameters.scale(l)).collect();
    let largest = scaled.iter().copied().max().unwrap_or(0);
    let witness = scaled.iter().position(|&z| z == largest).unwrap_or(0);
    let mut places: Vec<u64> = (0u64..)
        .zip(&scaled)
        .map(|(index, &z)| sampling::place(largest.saturating_sub(z) as u64, index))
        .collect();
    places.sort_unstable();
    let mut record = Chosen {
        largest,
        witness: witness as u32,
        ranked: u64::MAX,
        nucleus: u64::MAX,
        ..Chosen::default()
    };
    if parameters.ranks(logits.len()) {
        let last = (parameters.top_k as usize).saturating_sub(1);
        record.ranked = places.get(last).copied().unwrap_or(u64::MAX);
    }
    if parameters.has_nucleus() {
        let weights = || places.iter().map(|&place| sampling::weight(place));
        record.total = weights().fold(0, u64::saturating_add);
        let wanted = u128::from(parameters.top_p).saturating_mul(record.total.into());
        for (&place, weight) in places.iter().zip(weights()) {
            record.kept = record.kept.saturating_add(weight);
            record.nucleus = place;
            if u128::from(record.kept) << 16 >= wanted {
                break;
            }
        }
    }
    let mut space = Vec::new();
    let chosen = given
        .or_else(|| sampling::choose(logits, parameters, sampling.key, token, &mut space))
        .unwrap_or(0);
    let noise = sampling::noise(sampling.key, token, chosen);
    let z = scaled.get(chosen as usize).copied().unwrap_or(0);
    record.value = z.saturating_add(noise);
    (chosen, record)
}
