//! The claims that make up a trace.

use super::{
    picture::{latent_claims, step_row_claims},
    reader::{Inputs, Job, Leaf, Reader},
    record::Chosen,
    sum::{keys, split, Span, Sum},
    tensor::{Part, Tensor, BLOCK, CHUNK},
};
use crate::{
    header::{model, ModelHeader},
    layout::{Norm, Weight},
    sampling,
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Reveals between the claim of a leaf and arithmetic on opened leaves alone, at most: two splits of
/// a sum over the vocabulary, the sum of one logit, its split.
pub const MAX_ROUNDS: usize = 4;

/// Why a claim does not hold, or cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is false.
    False,
    /// The leaf has another length than its place gives it; whoever committed it is wrong.
    Malformed(Leaf),
    /// The leaf was not opened.
    Missing(Leaf),
    /// The values of the claim's sums were not revealed, or not as many as it has.
    Unrevealed,
    /// There is no such row, column, key or tensor.
    Unknown,
}

impl Fault {
    /// Whether whoever stands for the trace is wrong. Otherwise whoever wants the decision has not
    /// brought what it takes.
    pub const fn convicts(self) -> bool {
        matches!(self, Self::False | Self::Malformed(_))
    }
}

/// A statement about a trace. What it says of the leaf it is about is judged under the assumption that
/// the leaves it reads are right: those have claims of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A chunk of the embedded token is right.
    Embedded {
        /// The row.
        row: u64,
        /// The chunk of 256 columns.
        chunk: usize,
    },
    /// A norm's Σx is right.
    NormSum {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
    },
    /// A norm's Σx² is right.
    NormSquares {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
    },
    /// No |x| of a chunk contradicts the largest of the row.
    NormLargest {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
        /// The chunk of 256 columns.
        chunk: usize,
    },
    /// No |u| of a chunk contradicts the largest of the row.
    NormPeak {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
        /// The chunk of 256 columns.
        chunk: usize,
    },
    /// A chunk of a norm's quantised row is right.
    NormInput {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
        /// The chunk of 256 columns.
        chunk: usize,
    },
    /// A query, key or value head is right.
    Head {
        /// [`Part::Queries`], [`Part::Keys`] or [`Part::Values`].
        part: Part,
        /// The layer.
        layer: usize,
        /// The row.
        row: u64,
        /// The head.
        head: usize,
    },
    /// The score of a key does not contradict the largest.
    SoftmaxLargest {
        /// The layer.
        layer: usize,
        /// The query's row.
        row: u64,
        /// The query head.
        head: usize,
        /// The key's position.
        key: u64,
    },
    /// Z of a head is right.
    SoftmaxTotal {
        /// The layer.
        layer: usize,
        /// The query's row.
        row: u64,
        /// The query head.
        head: usize,
    },
    /// An element of attention is right.
    Attended {
        /// The layer.
        layer: usize,
        /// The query's row.
        row: u64,
        /// The element.
        column: usize,
    },
    /// No |u| of a chunk of attention's output contradicts the largest of the row.
    AttendedPeak {
        /// The layer.
        layer: usize,
        /// The row.
        row: u64,
        /// The chunk of 256 columns.
        chunk: usize,
    },
    /// A chunk of attention's quantised output is right.
    AttendedInput {
        /// The layer.
        layer: usize,
        /// The row.
        row: u64,
        /// The chunk of 256 columns.
        chunk: usize,
    },
    /// No |u| of a block that enters down contradicts the largest of the row.
    GatedPeak {
        /// The layer.
        layer: usize,
        /// The row.
        row: u64,
        /// The block of 64 columns.
        block: usize,
    },
    /// A block that enters down is right.
    GatedInput {
        /// The layer.
        layer: usize,
        /// The row.
        row: u64,
        /// The block of 64 columns.
        block: usize,
    },
    /// An element of the residual stream is right.
    Residual {
        /// [`Weight::AttentionOutput`] or [`Weight::Down`]: what was added.
        weight: Weight,
        /// The layer.
        layer: usize,
        /// The row.
        row: u64,
        /// The element.
        column: usize,
    },
    /// The record of a chosen token is consistent.
    ChosenRecord {
        /// The output token.
        token: u64,
    },
    /// A candidate's scaled logit does not contradict the largest.
    ChosenLargest {
        /// The output token.
        token: u64,
        /// The candidate.
        candidate: u32,
    },
    /// As many candidates as top-k keeps are up to the record's last place.
    ChosenRanked {
        /// The output token.
        token: u64,
    },
    /// The candidate at the last place that top-k keeps is there.
    ChosenRankedAt {
        /// The output token.
        token: u64,
    },
    /// ΣP over all candidates is right.
    ChosenTotal {
        /// The output token.
        token: u64,
    },
    /// ΣP up to the last place that top-p keeps is right.
    ChosenKept {
        /// The output token.
        token: u64,
    },
    /// The candidate at the last place that top-p keeps is there.
    ChosenNucleusAt {
        /// The output token.
        token: u64,
    },
    /// The output's token is kept and has the record's value.
    ChosenToken {
        /// The output token.
        token: u64,
    },
    /// A candidate is not kept or does not beat the output's token.
    ChosenBeats {
        /// The output token.
        token: u64,
        /// The candidate.
        candidate: u32,
    },
    /// A chunk of the latent picture before the first step is the seed's noise.
    Noise {
        /// The patch.
        row: u64,
        /// The chunk of 256 values.
        chunk: usize,
    },
    /// A value of the latent picture after a step is right.
    Moved {
        /// The step.
        step: usize,
        /// The patch.
        row: u64,
        /// The value.
        column: usize,
    },
    /// The output token of a value of the finished latent picture is its byte.
    Pixel {
        /// The patch.
        row: u64,
        /// The value.
        column: usize,
    },
    /// No magnitude of a chunk of a patch contradicts the largest of the patch.
    PatchPeak {
        /// The step.
        step: usize,
        /// The patch.
        row: u64,
        /// The chunk of 256 values.
        chunk: usize,
    },
    /// A chunk of a quantised patch is right.
    PatchInput {
        /// The step.
        step: usize,
        /// The patch.
        row: u64,
        /// The chunk of 256 values.
        chunk: usize,
    },
    /// An element of a patch's row that enters the first layer is right.
    PatchRow {
        /// The step.
        step: usize,
        /// The patch.
        row: u64,
        /// The element.
        column: usize,
    },
    /// A chunk of a prompt token's row that enters the first layer is right.
    PromptRow {
        /// The step.
        step: usize,
        /// The row.
        row: u64,
        /// The chunk of 256 columns.
        chunk: usize,
    },
    /// Consecutive terms of a sum have this total.
    Terms {
        /// The sum.
        sum: Sum,
        /// The first term.
        first: u64,
        /// How many terms.
        count: u64,
        /// Their total.
        value: i64,
    },
}

/// All claims that a leaf makes: it is right exactly if these hold and the leaves they read are right.
/// Empty if there is no such leaf.
pub fn claims(job: &Job<'_>, tensor: Tensor, index: u64) -> Vec<Claim> {
    let header = job.header;
    let elements = tensor.elements(header);
    let leaves = elements.leaves();
    if index >= tensor.leaves(job) {
        return Vec::new();
    }
    let row = index / leaves as u64;
    let leaf = (index % leaves as u64) as usize;
    let columns = |width: usize| {
        let first = leaf.saturating_mul(elements.per_leaf());
        first..first.saturating_add(elements.per_leaf()).min(width)
    };
    // Chunks of so many columns in a leaf of a row.
    let chunks = |width: usize, each: usize| {
        let columns = columns(width);
        columns.start / each..columns.end.div_ceil(each)
    };
    let d = header.model_dimension as usize;
    let norm_statistics = |norm| {
        let mut claims = vec![
            Claim::NormSum { norm, row },
            Claim::NormSquares { norm, row },
        ];
        for chunk in 0..d.div_ceil(CHUNK) {
            claims.push(Claim::NormLargest { norm, row, chunk });
            claims.push(Claim::NormPeak { norm, row, chunk });
        }
        claims
    };
    let norm_input = |norm| {
        chunks(d, CHUNK)
            .map(|chunk| Claim::NormInput { norm, row, chunk })
            .collect()
    };
    let residual = |layer, weight| {
        columns(d)
            .map(|column| Claim::Residual {
                weight,
                layer,
                row,
                column,
            })
            .collect()
    };
    let attended = (header.heads as usize).saturating_mul(header.head_dimension as usize);
    let inner = header.feed_forward as usize;
    let values = header.picture();
    let values = values.map_or(0, |picture| picture.patch_values() as usize);
    match tensor {
        Tensor::Latent(_) => latent_claims(job, tensor, row, (leaf, columns(values))),
        Tensor::PatchPeak(step) => (0..values.div_ceil(CHUNK))
            .map(|chunk| Claim::PatchPeak { step, row, chunk })
            .collect(),
        Tensor::PatchInput(step) => chunks(values, CHUNK)
            .map(|chunk| Claim::PatchInput { step, row, chunk })
            .collect(),
        Tensor::StepRows(step) => step_row_claims(job, step, row, (leaf, columns(d))),
        Tensor::StepNorm(step) => norm_statistics(Norm::Step(step)),
        Tensor::StepInput(step) => norm_input(Norm::Step(step)),
        Tensor::Embedded => vec![Claim::Embedded { row, chunk: leaf }],
        Tensor::FinalNorm => norm_statistics(Norm::Final),
        Tensor::FinalInput => norm_input(Norm::Final),
        Tensor::Chosen => chosen_claims(job, row),
        Tensor::Layer(layer, part) => match part {
            Part::AttentionNorm => norm_statistics(Norm::Attention(layer)),
            Part::AttentionInput => norm_input(Norm::Attention(layer)),
            Part::Queries | Part::Keys | Part::Values => vec![Claim::Head {
                part,
                layer,
                row,
                head: leaf,
            }],
            Part::Softmax => {
                let mut claims = vec![Claim::SoftmaxTotal {
                    layer,
                    row,
                    head: leaf,
                }];
                claims.extend(keys(job, layer, row).map(|key| Claim::SoftmaxLargest {
                    layer,
                    row,
                    head: leaf,
                    key,
                }));
                claims
            }
            Part::Attended => columns(attended)
                .map(|column| Claim::Attended { layer, row, column })
                .collect(),
            Part::AttendedPeak => (0..attended.div_ceil(CHUNK))
                .map(|chunk| Claim::AttendedPeak { layer, row, chunk })
                .collect(),
            Part::OutputInput => chunks(attended, CHUNK)
                .map(|chunk| Claim::AttendedInput { layer, row, chunk })
                .collect(),
            Part::Middle => residual(layer, Weight::AttentionOutput),
            Part::FeedForwardNorm => norm_statistics(Norm::FeedForward(layer)),
            Part::FeedForwardInput => norm_input(Norm::FeedForward(layer)),
            Part::GatedPeak => (0..inner.div_ceil(BLOCK))
                .map(|block| Claim::GatedPeak { layer, row, block })
                .collect(),
            Part::DownInput => chunks(inner, BLOCK)
                .map(|block| Claim::GatedInput { layer, row, block })
                .collect(),
            Part::Output => residual(layer, Weight::Down),
        },
    }
}

fn chosen_claims(job: &Job<'_>, token: u64) -> Vec<Claim> {
    let mut claims = vec![Claim::ChosenRecord { token }, Claim::ChosenToken { token }];
    if let Some(sampling) = &job.sampling {
        if sampling.parameters.ranks(job.header.vocabulary as usize) {
            claims.push(Claim::ChosenRanked { token });
            claims.push(Claim::ChosenRankedAt { token });
        }
        if sampling.parameters.has_nucleus() {
            claims.push(Claim::ChosenTotal { token });
            claims.push(Claim::ChosenKept { token });
            claims.push(Claim::ChosenNucleusAt { token });
        }
    }
    for candidate in 0..job.header.vocabulary {
        if job.sampling.is_some() {
            claims.push(Claim::ChosenLargest { token, candidate });
        }
        claims.push(Claim::ChosenBeats { token, candidate });
    }
    claims
}

impl Claim {
    /// The sums whose values have to be revealed before the claim can be decided, in this order; those
    /// a record holds are not among them. `inputs` is asked only where a record names a candidate.
    ///
    /// # Errors
    /// [`Fault`] if there is no such claim or a leaf is missing.
    pub fn reveals(&self, job: &Job<'_>, inputs: &impl Inputs) -> Result<Vec<Span>, Fault> {
        let header = job.header;
        let reader = Reader { job, inputs };
        let products = |weight, layer, row, channels: Range<usize>| {
            channels
                .map(|channel| {
                    Sum::Product {
                        weight,
                        layer,
                        row,
                        channel,
                    }
                    .whole(job)
                })
                .collect::<Result<Vec<Span>, Fault>>()
        };
        let logit = |token, candidate: u32| {
            let channel = candidate as usize;
            products(Weight::Output, 0, token, channel..channel.saturating_add(1))
        };
        match *self {
            Self::Head {
                part,
                layer,
                row,
                head,
            } => {
                let width = header.head_dimension as usize;
                let first = head.saturating_mul(width);
                let channels = first..first.saturating_add(width);
                products(weight_of(part)?, layer, row, channels)
            }
            Self::Attended { layer, row, column } => {
                Ok(vec![Sum::Attended { layer, row, column }.whole(job)?])
            }
            Self::GatedPeak { layer, row, block } | Self::GatedInput { layer, row, block } => {
                let channels = block_columns(header, block);
                let up = products(Weight::Up, layer, row, channels.clone())?;
                if header.has(model::UNGATED) {
                    return Ok(up);
                }
                let mut both = products(Weight::Gate, layer, row, channels)?;
                both.extend(up);
                Ok(both)
            }
            Self::Residual {
                weight,
                layer,
                row,
                column,
            } => products(weight, layer, row, column..column.saturating_add(1)),
            Self::Moved { step, row, column } => {
                products(Weight::Output, step, row, column..column.saturating_add(1))
            }
            Self::PatchRow { step, row, column } => {
                products(Weight::Patch, step, row, column..column.saturating_add(1))
            }
            Self::ChosenLargest { token, candidate } | Self::ChosenBeats { token, candidate } => {
                logit(token, candidate)
            }
            Self::ChosenRankedAt { token } => {
                let record: Chosen = reader.record(Tensor::Chosen, token, 0)?;
                logit(token, candidate_at(header, record.ranked)?)
            }
            Self::ChosenNucleusAt { token } => {
                let record: Chosen = reader.record(Tensor::Chosen, token, 0)?;
                logit(token, candidate_at(header, record.nucleus)?)
            }
            Self::ChosenToken { token } => {
                let chosen = reader.token(u64::from(job.prompt).saturating_add(token))?;
                if chosen >= header.vocabulary {
                    return Err(Fault::False);
                }
                logit(token, chosen)
            }
            Self::Terms {
                sum, first, count, ..
            } => match (count, sum.token()) {
                (1, Some(token)) => {
                    let candidate = u32::try_from(first).map_err(|_| Fault::Unknown)?;
                    logit(token, candidate)
                }
                (0 | 1, _) => Ok(Vec::new()),
                _ => Ok(split(sum, first, count)),
            },
            _ => Ok(Vec::new()),
        }
    }

    /// Decides the claim from the leaves it reads and the `values` of the sums that
    /// [`Self::reveals`] names. It holds if the returned claims do; none are left of a claim that is
    /// decided by arithmetic alone. Values that do not fit what is committed make it false.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn check(
        &self,
        job: &Job<'_>,
        values: &[i64],
        inputs: &impl Inputs,
    ) -> Result<Vec<Self>, Fault> {
        let spans = self.reveals(job, inputs)?;
        if spans.len() != values.len() {
            return Err(Fault::Unrevealed);
        }
        let reader = Reader { job, inputs };
        let mut children = reader.decide(self, values)?;
        let revealed = spans.into_iter().zip(values);
        children.extend(revealed.map(|((sum, first, count), &value)| Self::Terms {
            sum,
            first,
            count,
            value,
        }));
        Ok(children)
    }
}

/// The projection that a head comes from.
pub(super) const fn weight_of(part: Part) -> Result<Weight, Fault> {
    match part {
        Part::Queries => Ok(Weight::Query),
        Part::Keys => Ok(Weight::Key),
        Part::Values => Ok(Weight::Value),
        _ => Err(Fault::Unknown),
    }
}

pub(super) fn block_columns(header: &ModelHeader, block: usize) -> Range<usize> {
    let first = block.saturating_mul(BLOCK);
    let end = first.saturating_add(BLOCK);
    first..end.min(header.feed_forward as usize)
}

/// The candidate of a place; no candidate is at one beyond the vocabulary.
pub(super) const fn candidate_at(header: &ModelHeader, place: u64) -> Result<u32, Fault> {
    let candidate = sampling::candidate(place);
    if candidate < header.vocabulary {
        Ok(candidate)
    } else {
        Err(Fault::False)
    }
}
