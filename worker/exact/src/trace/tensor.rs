//! The committed tensors of a trace and their leaves.
//!
//! A leaf belongs to one row and is at most 1 KiB, so a row can be committed as soon as it is there:
//!
//! | elements | leaf |
//! |---|---|
//! | residual stream, output of attention | 256 elements, i32 |
//! | quantised rows | 1,024 elements, i8; of 16 bits: 512, i16 |
//! | query, key, value heads | one head: its elements, i8; mantissa, u16; exponent, i32 |
//! | records | one record |
//!
//! The last leaf of a row holds what is left of it. The tree of a tensor is one of
//! [`Domain::Trace`] over the leaves row by row, with the shape (number of the tensor, rows, leaves of
//! a row). The residual stream after the last layer is the digest and has the digest's tree.

use super::{
    reader::Job,
    record::{Chosen, NormRecord, PeakRecord, Record, SoftmaxRecord},
};
use crate::{
    header::ModelHeader,
    layout::{input_mode, layer_of, passes, Norm, Weight},
    tree::Domain,
};
use alloc::{vec, vec::Vec};
use core::iter;

/// Columns that one step of arithmetic takes: those of a tile of weights.
pub const CHUNK: usize = 256;

/// Columns of a gated row that one step takes: a block of the rotation.
pub const BLOCK: usize = 64;

/// Bytes of a leaf at most.
pub const LEAF_BYTES: usize = 1024;

/// A committed tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tensor {
    /// Residual stream that enters the first layer, `[T, d]`.
    Embedded,
    /// A tensor of a layer; in a picture's trace, of a [pass](crate::layout::layer_of).
    Layer(usize, Part),
    /// Statistics of the final norm, `[n]`: of the rows that are sampled.
    FinalNorm,
    /// Quantised output of the final norm, `[n, d]`.
    FinalInput,
    /// How each output token was chosen, `[n]`.
    Chosen,
    /// Latent picture before a step, `[N, c]`; that of step S is the finished one.
    Latent(usize),
    /// Largest magnitude of each of its patches, `[N]`.
    PatchPeak(usize),
    /// The patches quantised, `[N, c]`.
    PatchInput(usize),
    /// Residual stream that enters the first layer in a step, `[R, d]`.
    StepRows(usize),
    /// Statistics of the final norm of a step's patches, `[N]`.
    StepNorm(usize),
    /// Quantised output of that norm, `[N, d]`.
    StepInput(usize),
}

/// Tensors of a layer, in the order of computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Statistics of the attention norm, `[T]`.
    AttentionNorm,
    /// Quantised input of query, key and value, `[T, d]`.
    AttentionInput,
    /// Query heads, `[T, H]`.
    Queries,
    /// Key heads, `[T, G]`.
    Keys,
    /// Value heads, `[T, G]`.
    Values,
    /// Statistics of each query head's softmax, `[T, H]`.
    Softmax,
    /// Output of attention, `[T, H·a]`.
    Attended,
    /// Its largest magnitude per row, `[T]`.
    AttendedPeak,
    /// The same quantised, `[T, H·a]`.
    OutputInput,
    /// Residual stream after attention, `[T, d]`.
    Middle,
    /// Statistics of the feed-forward norm, `[T]`.
    FeedForwardNorm,
    /// Quantised input of gate and up, `[T, d]`.
    FeedForwardInput,
    /// Largest magnitude of the row that enters down, `[T]`.
    GatedPeak,
    /// The same row quantised, `[T, f]`.
    DownInput,
    /// Residual stream after the layer, `[T, d]`.
    Output,
}

impl Part {
    /// All of them in the order of computation.
    pub const ALL: [Self; 15] = [
        Self::AttentionNorm,
        Self::AttentionInput,
        Self::Queries,
        Self::Keys,
        Self::Values,
        Self::Softmax,
        Self::Attended,
        Self::AttendedPeak,
        Self::OutputInput,
        Self::Middle,
        Self::FeedForwardNorm,
        Self::FeedForwardInput,
        Self::GatedPeak,
        Self::DownInput,
        Self::Output,
    ];
}

/// What the leaves of a tensor hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elements {
    /// i32, so many in a row.
    Stream(usize),
    /// Quantised, so many in a row.
    Quantised {
        /// Elements of a row.
        width: usize,
        /// Whether they have 16 bits.
        wide: bool,
    },
    /// Quantised heads with their scales.
    Heads {
        /// Heads of a row.
        count: usize,
        /// Elements of a head.
        width: usize,
    },
    /// Records.
    Records {
        /// Records of a row.
        count: usize,
        /// Bytes of one.
        bytes: usize,
    },
}

impl Elements {
    /// Elements of a leaf that is full, where a leaf holds a part of a row.
    pub const fn per_leaf(self) -> usize {
        match self {
            Self::Stream(_) => LEAF_BYTES / 4,
            Self::Quantised { wide: true, .. } => LEAF_BYTES / 2,
            Self::Quantised { wide: false, .. } => LEAF_BYTES,
            Self::Heads { .. } | Self::Records { .. } => 1,
        }
    }

    /// Leaves of a row.
    pub const fn leaves(self) -> usize {
        match self {
            Self::Stream(width) | Self::Quantised { width, .. } => width.div_ceil(self.per_leaf()),
            Self::Heads { count, .. } | Self::Records { count, .. } => count,
        }
    }

    /// Bytes of the leaf of number `leaf` in a row.
    pub const fn leaf_bytes(self, leaf: usize) -> usize {
        let (width, bytes) = match self {
            Self::Stream(width) => (width, 4),
            Self::Quantised { width, wide: true } => (width, 2),
            Self::Quantised { width, wide: false } => (width, 1),
            Self::Heads { width, .. } => return width.saturating_add(HEAD_SCALE_BYTES),
            Self::Records { bytes, .. } => return bytes,
        };
        let left = width.saturating_sub(leaf.saturating_mul(self.per_leaf()));
        let held = if left < self.per_leaf() {
            left
        } else {
            self.per_leaf()
        };
        held.saturating_mul(bytes)
    }
}

/// Mantissa and exponent of a head.
pub(super) const HEAD_SCALE_BYTES: usize = 6;

impl Tensor {
    /// The residual stream after the last layer: the digest.
    pub fn last(header: &ModelHeader) -> Self {
        Self::Layer(passes(header).saturating_sub(1), Part::Output)
    }

    /// Every tensor of a model's trace in the order of computation.
    pub fn all(header: &ModelHeader) -> impl Iterator<Item = Self> {
        let layers = header.layers as usize;
        let passes = move |step: usize| {
            let first = step.saturating_mul(layers);
            (first..first.saturating_add(layers))
                .flat_map(|pass| Part::ALL.map(|part| Self::Layer(pass, part)))
        };
        let steps = header.picture().map(|picture| picture.steps as usize);
        let text = iter::once(Self::Embedded).chain(passes(0)).chain([
            Self::FinalNorm,
            Self::FinalInput,
            Self::Chosen,
        ]);
        let of_step = move |step| {
            let before = [
                Self::Latent(step),
                Self::PatchPeak(step),
                Self::PatchInput(step),
                Self::StepRows(step),
            ];
            let after = [Self::StepNorm(step), Self::StepInput(step)];
            before.into_iter().chain(passes(step)).chain(after)
        };
        let pictures = steps.map(|steps| {
            let each = (0..steps).flat_map(of_step);
            each.chain(iter::once(Self::Latent(steps)))
        });
        let text = steps.is_none().then_some(text);
        text.into_iter()
            .flatten()
            .chain(pictures.into_iter().flatten())
    }

    /// Number of the tensors of a model's trace.
    pub fn count(header: &ModelHeader) -> u64 {
        let last = match header.picture() {
            Some(picture) => Self::Latent(picture.steps as usize),
            None => Self::Chosen,
        };
        last.number(header).saturating_add(1)
    }

    /// Place in that order.
    pub fn number(self, header: &ModelHeader) -> u64 {
        const EACH: u64 = Part::ALL.len() as u64;
        let layers = u64::from(header.layers);
        let layers_end = layers.saturating_mul(EACH);
        // Tensors of a step: those of its layers, four before and two after them.
        let of_step = |step: usize, place: u64| {
            (step as u64)
                .saturating_mul(layers_end.saturating_add(6))
                .saturating_add(place)
        };
        match self {
            Self::Embedded => 0,
            Self::Layer(pass, part) => {
                let layer = layer_of(header, pass) as u64;
                let place = layer.saturating_mul(EACH).saturating_add(part as u64);
                match pass.checked_div(header.layers as usize) {
                    Some(step) if header.picture().is_some() => {
                        of_step(step, place.saturating_add(4))
                    }
                    _ => place.saturating_add(1),
                }
            }
            Self::FinalNorm => layers_end.saturating_add(1),
            Self::FinalInput => layers_end.saturating_add(2),
            Self::Chosen => layers_end.saturating_add(3),
            Self::Latent(step) => of_step(step, 0),
            Self::PatchPeak(step) => of_step(step, 1),
            Self::PatchInput(step) => of_step(step, 2),
            Self::StepRows(step) => of_step(step, 3),
            Self::StepNorm(step) => of_step(step, layers_end.saturating_add(4)),
            Self::StepInput(step) => of_step(step, layers_end.saturating_add(5)),
        }
    }

    /// Whether traces of the model have the tensor.
    pub fn is_of(self, header: &ModelHeader) -> bool {
        let steps = header.picture().map(|picture| picture.steps as usize);
        match self {
            Self::Layer(pass, _) => pass < passes(header),
            Self::Embedded | Self::FinalNorm | Self::FinalInput | Self::Chosen => steps.is_none(),
            Self::Latent(step) => steps.is_some_and(|steps| step <= steps),
            Self::PatchPeak(step)
            | Self::PatchInput(step)
            | Self::StepRows(step)
            | Self::StepNorm(step)
            | Self::StepInput(step) => steps.is_some_and(|steps| step < steps),
        }
    }

    /// Rows in the trace of a job; none of a tensor that the trace does not have.
    pub fn rows(self, job: &Job<'_>) -> u64 {
        if !self.is_of(job.header) {
            return 0;
        }
        let patches = || job.header.picture().map_or(0, |picture| picture.patches());
        match self {
            Self::FinalNorm | Self::FinalInput | Self::Chosen => job.output.into(),
            Self::Latent(_)
            | Self::PatchPeak(_)
            | Self::PatchInput(_)
            | Self::StepNorm(_)
            | Self::StepInput(_) => patches().into(),
            Self::Embedded | Self::Layer(..) | Self::StepRows(_) => job.rows(),
        }
    }

    /// What its leaves hold.
    pub fn elements(self, header: &ModelHeader) -> Elements {
        let d = header.model_dimension as usize;
        let width = header.head_dimension as usize;
        let heads = header.heads as usize;
        let groups = header.key_value_heads as usize;
        let quantised = |width, weight, layer| Elements::Quantised {
            width,
            wide: input_mode(header, weight, layer).wide,
        };
        let record = |bytes| Elements::Records { count: 1, bytes };
        let head_rows = |count| Elements::Heads { count, width };
        let attended = heads.saturating_mul(width);
        let picture = header.picture();
        let values = picture.map_or(0, |picture| picture.patch_values() as usize);
        match self {
            Self::Embedded | Self::StepRows(_) | Self::Layer(_, Part::Middle | Part::Output) => {
                Elements::Stream(d)
            }
            Self::Latent(_) => Elements::Stream(values),
            Self::PatchInput(step) => quantised(values, Weight::Patch, step),
            Self::StepInput(step) => quantised(d, Weight::Output, step),
            Self::Layer(_, Part::AttentionNorm | Part::FeedForwardNorm)
            | Self::FinalNorm
            | Self::StepNorm(_) => record(NormRecord::LENGTH),
            Self::Layer(layer, Part::AttentionInput) => quantised(d, Weight::Query, layer),
            Self::Layer(_, Part::Queries) => head_rows(heads),
            Self::Layer(_, Part::Keys | Part::Values) => head_rows(groups),
            Self::Layer(_, Part::Softmax) => Elements::Records {
                count: heads,
                bytes: SoftmaxRecord::LENGTH,
            },
            Self::Layer(_, Part::Attended) => Elements::Stream(attended),
            Self::Layer(_, Part::AttendedPeak | Part::GatedPeak) | Self::PatchPeak(_) => {
                record(PeakRecord::LENGTH)
            }
            Self::Layer(layer, Part::OutputInput) => {
                quantised(attended, Weight::AttentionOutput, layer)
            }
            Self::Layer(layer, Part::FeedForwardInput) => quantised(d, Weight::Up, layer),
            Self::Layer(layer, Part::DownInput) => {
                quantised(header.feed_forward as usize, Weight::Down, layer)
            }
            Self::FinalInput => quantised(d, Weight::Output, 0),
            Self::Chosen => record(Chosen::LENGTH),
        }
    }

    /// Leaves in the trace of a job.
    pub fn leaves(self, job: &Job<'_>) -> u64 {
        let leaves = self.elements(job.header).leaves() as u64;
        self.rows(job).saturating_mul(leaves)
    }

    /// The leaf of number `leaf` in a row.
    pub fn index(self, header: &ModelHeader, row: u64, leaf: usize) -> u64 {
        let leaves = self.elements(header).leaves() as u64;
        row.saturating_mul(leaves).saturating_add(leaf as u64)
    }

    /// Whether the tensor is the digest.
    pub fn is_digest(self, header: &ModelHeader) -> bool {
        self == Self::last(header)
    }

    /// Domain and shape of its tree.
    pub fn tree(self, job: &Job<'_>) -> (Domain, Vec<u64>) {
        let rows = self.rows(job);
        if self.is_digest(job.header) {
            let width = job.header.model_dimension.into();
            return (Domain::Digest, vec![rows, width]);
        }
        let leaves = self.elements(job.header).leaves() as u64;
        (Domain::Trace, vec![self.number(job.header), rows, leaves])
    }
}

/// The tensor that a norm reads, and those it makes: statistics and quantised rows. Norms of heads
/// make none.
pub(super) fn of_norm(header: &ModelHeader, norm: Norm) -> Option<(Tensor, Tensor, Tensor)> {
    use Tensor::Layer;
    match norm {
        Norm::Attention(layer) => {
            let steps = header.picture().is_some();
            let before = match layer.checked_sub(1) {
                _ if steps && layer_of(header, layer) == 0 => {
                    Tensor::StepRows(layer.checked_div(header.layers as usize)?)
                }
                Some(before) => Layer(before, Part::Output),
                None => Tensor::Embedded,
            };
            let made = (
                Layer(layer, Part::AttentionNorm),
                Layer(layer, Part::AttentionInput),
            );
            Some((before, made.0, made.1))
        }
        Norm::FeedForward(layer) => Some((
            Layer(layer, Part::Middle),
            Layer(layer, Part::FeedForwardNorm),
            Layer(layer, Part::FeedForwardInput),
        )),
        Norm::Final => Some((Tensor::last(header), Tensor::FinalNorm, Tensor::FinalInput)),
        Norm::Step(step) => {
            let passes = step.checked_add(1)?.checked_mul(header.layers as usize)?;
            let before = Layer(passes.checked_sub(1)?, Part::Output);
            Some((before, Tensor::StepNorm(step), Tensor::StepInput(step)))
        }
        Norm::Query(_) | Norm::Key(_) => None,
    }
}

/// The quantised rows that a product reads, and the norm they come from, if they come from one. The
/// embedding is no product. `layer` is the pass, or the step of a picture's patch and output matrix.
pub(super) fn of_product(
    header: &ModelHeader,
    weight: Weight,
    layer: usize,
) -> Option<(Tensor, Option<Norm>)> {
    use Tensor::Layer;
    Some(match weight {
        Weight::Query | Weight::Key | Weight::Value => (
            Layer(layer, Part::AttentionInput),
            Some(Norm::Attention(layer)),
        ),
        Weight::AttentionOutput => (Layer(layer, Part::OutputInput), None),
        Weight::Gate | Weight::Up => (
            Layer(layer, Part::FeedForwardInput),
            Some(Norm::FeedForward(layer)),
        ),
        Weight::Down => (Layer(layer, Part::DownInput), None),
        Weight::Output if header.picture().is_some() => {
            (Tensor::StepInput(layer), Some(Norm::Step(layer)))
        }
        Weight::Output => (Tensor::FinalInput, Some(Norm::Final)),
        Weight::Patch => (Tensor::PatchInput(layer), None),
        Weight::Embedding => return None,
    })
}
