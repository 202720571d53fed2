//! What a step reads: leaves of a model, of a job's tokens and of its trace.

use super::{
    arithmetic::{InputScale, RowChunk},
    claim::Fault,
    record::{NormRecord, PeakRecord, Record},
    tensor::{of_norm, of_product, Elements, Tensor, CHUNK, HEAD_SCALE_BYTES},
    Part,
};
use crate::{
    format,
    header::{model, ModelHeader},
    layout::{
        input_mode, move_place, norm_place, place, InputMode, Norm, Place, Weight, TILE_COLUMNS,
        TILE_ROWS,
    },
    normalise::{mean, normalised_scale, square_exponent, RootMeanSquare},
    picture,
    quantise::{int8_from_byte, Amplitude, Quantiser, Scale},
    sampling::Parameters,
    tree::Domain,
};
use alloc::{borrow::Cow, vec::Vec};

/// What a job asks for, as the chain knows it.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The model's header.
    pub header: &'a ModelHeader,
    /// Tokens of the prompt, P ≥ 1.
    pub prompt: u32,
    /// Tokens of the output, n ≥ 1.
    pub output: u32,
    /// How they are drawn; `None` is greedy. Of a picture, [`Sampling::of_picture`].
    pub sampling: Option<Sampling>,
}

/// Seeded sampling of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// The parameters.
    pub parameters: Parameters,
    /// Key of the job's seed, see [`crate::sampling::key`].
    pub key: [u32; 2],
}

impl Sampling {
    /// That of a picture, of which only the seed counts; `key` is [`crate::picture::key`].
    pub const fn of_picture(key: [u32; 2]) -> Self {
        let parameters = Parameters {
            beta: 1 << 16,
            top_k: 0,
            top_p: crate::sampling::WHOLE,
            min_p: None,
        };
        Self { parameters, key }
    }
}

impl Job<'_> {
    /// Rows that are processed, T = P + n − 1; of a picture those of a step, R = N + P.
    pub fn rows(&self) -> u64 {
        let prompt = u64::from(self.prompt);
        match self.header.picture() {
            Some(picture) => prompt.saturating_add(picture.patches().into()),
            None => prompt.saturating_add(self.output.into()).saturating_sub(1),
        }
    }

    /// The row after which output token `index` is chosen.
    pub const fn sampled_row(&self, index: u64) -> u64 {
        (self.prompt as u64).saturating_sub(1).saturating_add(index)
    }
}

/// Address of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    /// Of the model's scale section, 1 KiB.
    Scales(u64),
    /// Of the model's table section, 1 KiB.
    Tables(u64),
    /// Of the model's weights, a tile.
    Weights(u64),
    /// Of the prompt, 64 ids.
    Prompt(u64),
    /// Of the output, 64 ids.
    Output(u64),
    /// Of a tensor of the trace.
    Trace(Tensor, u64),
}

/// Where a step finds its leaves.
pub trait Inputs {
    /// A leaf as it was hashed; `None` if it is not at hand.
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>>;

    /// Weights of one row of a tile, [`TILE_COLUMNS`] of them, zeros beyond the tensor.
    fn weights(&self, place: &Place, row: usize, column: usize) -> Option<Cow<'_, [u8]>> {
        let start = (row % TILE_ROWS).saturating_mul(TILE_COLUMNS);
        let end = start.saturating_add(TILE_COLUMNS);
        Some(match self.leaf(Leaf::Weights(place.tile(row, column)))? {
            Cow::Borrowed(tile) => Cow::Borrowed(tile.get(start..end)?),
            Cow::Owned(tile) => Cow::Owned(tile.get(start..end)?.to_vec()),
        })
    }
}

/// Token ids of a leaf.
const TOKENS: u64 = 64;

/// A query, key or value head of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub elements: Vec<i8>,
    pub scale: Scale,
}

impl Head {
    pub fn encode(&self) -> Vec<u8> {
        let elements = self.elements.iter().map(|&element| element as u8);
        let mantissa = self.scale.mantissa.to_le_bytes();
        let exponent = self.scale.exponent.to_le_bytes();
        elements.chain(mantissa).chain(exponent).collect()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (rest, exponent) = bytes.split_last_chunk()?;
        let (elements, mantissa) = rest.split_last_chunk()?;
        Some(Self {
            elements: elements.iter().map(|&byte| byte as i8).collect(),
            scale: Scale {
                mantissa: u16::from_le_bytes(*mantissa),
                exponent: i32::from_le_bytes(*exponent),
            },
        })
    }
}

/// One output channel of a product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub multiplier: u16,
    /// S + f_in − f_out.
    pub shift: i32,
    pub bias: i32,
}

/// Whether nothing but zeros follows the first `held` bytes.
fn is_filled_up(bytes: &[u8], held: usize) -> bool {
    bytes.iter().skip(held).all(|&byte| byte == 0)
}

/// Reads typed numbers out of leaves.
#[derive(Debug)]
pub(super) struct Reader<'a, I> {
    pub job: &'a Job<'a>,
    pub inputs: &'a I,
}

impl<I> Clone for Reader<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Reader<'_, I> {}

impl<'a, I: Inputs> Reader<'a, I> {
    pub const fn header(&self) -> &'a ModelHeader {
        self.job.header
    }

    fn leaf(&self, leaf: Leaf) -> Result<Cow<'a, [u8]>, Fault> {
        self.inputs.leaf(leaf).ok_or(Fault::Missing(leaf))
    }

    /// `length` bytes of a section that lies in leaves of 1 KiB.
    fn section(&self, leaf: fn(u64) -> Leaf, offset: u64, length: usize) -> Result<Vec<u8>, Fault> {
        const BYTES: u64 = 1024;
        let mut bytes = Vec::with_capacity(length);
        let mut at = offset;
        while bytes.len() < length {
            let address = leaf(at / BYTES);
            let data = self.leaf(address)?;
            let rest = data.get((at % BYTES) as usize..).unwrap_or_default();
            let taken = rest.len().min(length.saturating_sub(bytes.len()));
            if taken == 0 {
                return Err(Fault::Malformed(address));
            }
            bytes.extend(rest.iter().take(taken));
            at = at.saturating_add(taken as u64);
        }
        Ok(bytes)
    }

    fn numbers<const N: usize, T>(
        &self,
        leaf: fn(u64) -> Leaf,
        offset: u64,
        count: usize,
        decode: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, Fault> {
        let bytes = self.section(leaf, offset, count.saturating_mul(N))?;
        let (numbers, _) = bytes.as_chunks::<N>();
        Ok(numbers.iter().map(|&number| decode(number)).collect())
    }

    fn number<const N: usize, T>(
        &self,
        leaf: fn(u64) -> Leaf,
        offset: u64,
        decode: fn([u8; N]) -> T,
    ) -> Result<T, Fault> {
        let numbers = self.numbers(leaf, offset, 1, decode)?;
        numbers.into_iter().next().ok_or(Fault::Unknown)
    }

    /// The token that a row reads: of the prompt, then of the output.
    pub fn token(&self, row: u64) -> Result<u32, Fault> {
        let prompt = u64::from(self.job.prompt);
        let (leaf, index): (fn(u64) -> Leaf, u64) = match row.checked_sub(prompt) {
            None => (Leaf::Prompt, row),
            Some(index) => (Leaf::Output, index),
        };
        let number = index / TOKENS;
        let address = leaf(number);
        let data = self.leaf(address)?;
        let count = match row < prompt {
            true => prompt,
            false => self.job.output.into(),
        };
        let before = number.saturating_mul(TOKENS);
        let held = count.saturating_sub(before).min(TOKENS) as usize;
        // No list of ids has a leaf of another length or with something else behind its end.
        if data.len() != Domain::Tokens.leaf_length()
            || !is_filled_up(&data, held.saturating_mul(4))
        {
            return Err(Fault::Malformed(address));
        }
        let ids = data.as_chunks::<4>().0;
        let id = ids.get((index % TOKENS) as usize);
        id.map(|&id| u32::from_le_bytes(id))
            .ok_or(Fault::Malformed(address))
    }

    /// The place of a tensor of weights.
    pub fn place(&self, weight: Weight, layer: usize) -> Result<Place, Fault> {
        place(self.header(), weight, layer).ok_or(Fault::Unknown)
    }

    /// Multiplier EM of a row of the embedding.
    pub fn embedding_multiplier(&self, place: &Place, token: usize) -> Result<u32, Fault> {
        self.number(Leaf::Scales, place.multiplier(token), u32::from_le_bytes)
    }

    /// A chunk of a row of weights.
    pub fn weights(&self, place: &Place, row: usize, column: usize) -> Result<Vec<i8>, Fault> {
        let missing = Fault::Missing(Leaf::Weights(place.tile(row, column)));
        let bytes = self.inputs.weights(place, row, column).ok_or(missing)?;
        Ok(bytes.iter().map(|&byte| int8_from_byte(byte)).collect())
    }

    /// Output channels of a product, `count` of them from `first`.
    pub fn channels(
        &self,
        place: &Place,
        first: usize,
        count: usize,
    ) -> Result<Vec<Channel>, Fault> {
        let weight = place.tensor.weight;
        let shift: u16 = self.number(Leaf::Scales, place.shift(), u16::from_le_bytes)?;
        let shift = i32::from(shift)
            .saturating_add(self.input_format(weight))
            .saturating_sub(output_format(weight));
        let offset = place.multiplier(first);
        let multipliers = self.numbers(Leaf::Scales, offset, count, u16::from_le_bytes)?;
        let biases = match place.bias(first) {
            Some(offset) => self.numbers(Leaf::Scales, offset, count, i32::from_le_bytes)?,
            None => alloc::vec![0; count],
        };
        Ok(multipliers
            .into_iter()
            .zip(biases)
            .map(|(multiplier, bias)| Channel {
                multiplier,
                shift,
                bias,
            })
            .collect())
    }

    /// Format of the rows that a product reads.
    fn input_format(&self, weight: Weight) -> i32 {
        match weight {
            Weight::Patch => picture::LATENT,
            Weight::AttentionOutput => format::ATTENTION,
            Weight::Down if self.header().has(model::UNGATED) => format::ACTIVATED,
            Weight::Down => format::GATED,
            _ => format::NORMALISED,
        }
    }

    /// Gains of a norm of heads; empty in a model without.
    pub fn head_gains(&self, norm: Norm) -> Result<Vec<i32>, Fault> {
        if !self.header().has(model::HEAD_NORM) {
            return Ok(Vec::new());
        }
        let width = self.header().head_dimension as usize;
        let offset = norm_place(self.header(), norm);
        self.numbers(Leaf::Scales, offset, width, i32::from_le_bytes)
    }

    /// Cosines and sines of a position.
    pub fn rotary(&self, row: u64) -> Result<Vec<i16>, Fault> {
        let width = self.header().head_dimension as usize;
        let offset = row.saturating_mul(width as u64).saturating_mul(2);
        self.numbers(Leaf::Tables, offset, width, i16::from_le_bytes)
    }

    /// κ and δ of a step of a picture.
    pub fn moves(&self, step: usize) -> Result<(i32, i32), Fault> {
        let step = u32::try_from(step).map_err(|_| Fault::Unknown)?;
        let offset = move_place(self.header(), step);
        let numbers = self.numbers(Leaf::Tables, offset, 2, i32::from_le_bytes)?;
        match numbers.as_slice() {
            [kappa, delta] => Ok((*kappa, *delta)),
            _ => Err(Fault::Unknown),
        }
    }

    /// A leaf of the trace, of the length that its place gives it.
    fn traced(&self, tensor: Tensor, row: u64, leaf: usize) -> Result<Cow<'a, [u8]>, Fault> {
        let elements = tensor.elements(self.header());
        if row >= tensor.rows(self.job) || leaf >= elements.leaves() {
            return Err(Fault::Unknown);
        }
        let address = Leaf::Trace(tensor, tensor.index(self.header(), row, leaf));
        let bytes = self.leaf(address)?;
        let length = elements.leaf_bytes(leaf);
        if bytes.len() == length {
            return Ok(bytes);
        }
        // A leaf of the digest is filled up when it is hashed: with zeros, or it is no digest's.
        let padded = tensor.is_digest(self.header())
            && bytes.len() == Domain::Digest.leaf_length()
            && is_filled_up(&bytes, length);
        match bytes {
            Cow::Borrowed(bytes) if padded => bytes
                .get(..length)
                .map(Cow::Borrowed)
                .ok_or(Fault::Malformed(address)),
            Cow::Owned(mut bytes) if padded => {
                bytes.truncate(length);
                Ok(Cow::Owned(bytes))
            }
            _ => Err(Fault::Malformed(address)),
        }
    }

    /// A leaf of i32 elements.
    pub fn stream(&self, tensor: Tensor, row: u64, leaf: usize) -> Result<Vec<i32>, Fault> {
        let bytes = self.traced(tensor, row, leaf)?;
        let numbers = bytes.as_chunks::<4>().0;
        Ok(numbers.iter().map(|&x| i32::from_le_bytes(x)).collect())
    }

    /// A part of a quantised row, `count` elements (or what the row has) from `first`, which lie in
    /// one leaf.
    pub fn quantised(
        &self,
        tensor: Tensor,
        row: u64,
        first: usize,
        count: usize,
    ) -> Result<Vec<i16>, Fault> {
        let elements = tensor.elements(self.header());
        let Elements::Quantised { wide, .. } = elements else {
            return Err(Fault::Unknown);
        };
        let each = elements.per_leaf();
        let bytes = self.traced(tensor, row, first / each)?;
        let skipped = first % each;
        Ok(if wide {
            let numbers = bytes.as_chunks::<2>().0.iter().skip(skipped).take(count);
            numbers.map(|&x| i16::from_le_bytes(x)).collect()
        } else {
            let numbers = bytes.iter().skip(skipped).take(count);
            numbers.map(|&byte| i16::from(byte as i8)).collect()
        })
    }

    /// A query, key or value head.
    pub fn head(&self, layer: usize, part: Part, row: u64, head: usize) -> Result<Head, Fault> {
        let bytes = self.traced(Tensor::Layer(layer, part), row, head)?;
        debug_assert!(bytes.len() >= HEAD_SCALE_BYTES);
        Head::decode(&bytes).ok_or(Fault::Unknown)
    }

    /// A record.
    pub fn record<R: Record>(&self, tensor: Tensor, row: u64, index: usize) -> Result<R, Fault> {
        let bytes = self.traced(tensor, row, index)?;
        R::decode(&bytes).ok_or(Fault::Unknown)
    }

    /// A chunk of the residual stream that a norm reads, and the norm's statistics of the row.
    pub fn norm_stream(
        &self,
        norm: Norm,
        row: u64,
        chunk: usize,
    ) -> Result<(Vec<i32>, NormRecord), Fault> {
        let (before, statistics, _) = of_norm(self.header(), norm).ok_or(Fault::Unknown)?;
        let stream_row = match norm {
            Norm::Final => self.job.sampled_row(row),
            _ => row,
        };
        let record = self.record(statistics, row, 0)?;
        Ok((self.stream(before, stream_row, chunk)?, record))
    }

    /// What brings that chunk to the norm's quantised row.
    pub fn norm_chunk(&self, norm: Norm, row: u64, chunk: usize) -> Result<RowChunk, Fault> {
        let header = self.header();
        let (x, record) = self.norm_stream(norm, row, chunk)?;
        let width = header.model_dimension as usize;
        let first = chunk.saturating_mul(CHUNK);
        let gains = norm_place(header, norm).saturating_add((first as u64).saturating_mul(4));
        let biases = gains.saturating_add((width as u64).saturating_mul(4));
        let numbers = |offset| self.numbers(Leaf::Scales, offset, x.len(), i32::from_le_bytes);
        let layer_norm = header.has(model::LAYER_NORM);
        Ok(RowChunk {
            mean: layer_norm.then(|| mean(record.sum, width)),
            root: root(header, &record),
            first,
            gains: numbers(gains)?,
            biases: layer_norm.then(|| numbers(biases)).transpose()?,
            rotated: norm_mode(header, norm).rotated,
            x,
        })
    }

    /// Scale of the rows that a product reads.
    pub fn input_scale(&self, weight: Weight, layer: usize, row: u64) -> Result<InputScale, Fault> {
        let (_, norm) = of_product(self.header(), weight, layer).ok_or(Fault::Unknown)?;
        let wide = input_mode(self.header(), weight, layer).wide;
        let scale = match norm {
            Some(norm) => {
                let (_, statistics, _) = of_norm(self.header(), norm).ok_or(Fault::Unknown)?;
                let record: NormRecord = self.record(statistics, row, 0)?;
                let amplitude = amplitude(record.peak);
                normalised_scale(amplitude, root(self.header(), &record))
            }
            None => {
                let tensor = match weight {
                    Weight::Patch => Tensor::PatchPeak(layer),
                    Weight::Down => Tensor::Layer(layer, Part::GatedPeak),
                    _ => Tensor::Layer(layer, Part::AttendedPeak),
                };
                let record: PeakRecord = self.record(tensor, row, 0)?;
                amplitude(record).scale()
            }
        };
        Ok(InputScale { scale, wide })
    }
}

/// What the row that a norm makes goes through.
pub(super) fn norm_mode(header: &ModelHeader, norm: Norm) -> InputMode {
    match norm {
        Norm::Attention(layer) | Norm::Query(layer) | Norm::Key(layer) => {
            input_mode(header, Weight::Query, layer)
        }
        Norm::FeedForward(layer) => input_mode(header, Weight::Up, layer),
        Norm::Final | Norm::Step(_) => input_mode(header, Weight::Output, 0),
    }
}

/// Format of a product's output.
const fn output_format(weight: Weight) -> i32 {
    match weight {
        Weight::Patch | Weight::AttentionOutput | Weight::Down => format::RESIDUAL,
        Weight::Output => format::LOGITS,
        _ => format::PROJECTION,
    }
}

/// What 127 stands for in a row with this largest magnitude.
pub(super) fn amplitude(record: PeakRecord) -> Amplitude {
    Quantiser::of_peak(record.peak, false).amplitude()
}

/// Root mean square of a row with these statistics.
pub(super) fn root(header: &ModelHeader, record: &NormRecord) -> RootMeanSquare {
    RootMeanSquare::of_sum(
        record.squares,
        header.model_dimension as usize,
        square_exponent(record.largest),
        header.epsilon,
    )
}
