//! The claims that make up a trace, and how each is decided.

use super::{
    arithmetic::{
        finish_head, partial_product, peak_of, prepare_attended, prepare_gated, product_output,
        quantise_part,
    },
    reader::{Channel, Inputs, Job, Leaf, Reader},
    record::{Chosen, NormRecord, PeakRecord, SoftmaxRecord},
    tensor::{of_norm, of_product, Elements, Part, Tensor, BLOCK, CHUNK},
};
use crate::{
    arithmetic::saturate,
    attention::{exp2_negative, score, value_scale, weight, Quotient},
    elementwise::embed,
    header::{model, ModelHeader},
    layout::{place, Norm, Weight},
    normalise::{mean, square_exponent, subtract_mean, sum_of_squares},
    sampling,
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Parts of a sum that are revealed at once, at most: 8 KiB.
///
/// The longest product has 521 chunks, so it splits once; the largest vocabulary and the longest
/// context split twice.
pub const FAN_OUT: u64 = 1024;

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

/// A sum inside of an op. Its value is lazy or part of a record, its terms are arithmetic on leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sum {
    /// Σx of a row before a LayerNorm; terms are chunks of 256 columns.
    Norm {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
    },
    /// Σ (x >> e0)² of a norm; terms are chunks of 256 columns.
    Squares {
        /// The norm.
        norm: Norm,
        /// The row of its statistics.
        row: u64,
    },
    /// Σ q·w of one output channel of a product; terms are chunks of 256 inputs.
    Product {
        /// The matrix.
        weight: Weight,
        /// Its layer.
        layer: usize,
        /// The row of its input.
        row: u64,
        /// The output channel.
        channel: usize,
    },
    /// Z = ΣP of a head's softmax; terms are keys.
    Softmax {
        /// The layer.
        layer: usize,
        /// The query's row.
        row: u64,
        /// The query head.
        head: usize,
    },
    /// Σ w·v of one element of attention; terms are keys.
    Attended {
        /// The layer.
        layer: usize,
        /// The query's row.
        row: u64,
        /// The element.
        column: usize,
    },
    /// Candidates that top-k keeps; terms are candidates.
    Ranked {
        /// The output token.
        token: u64,
    },
    /// ΣP over all candidates; terms are candidates.
    Total {
        /// The output token.
        token: u64,
    },
    /// ΣP over those that top-p keeps; terms are candidates.
    Kept {
        /// The output token.
        token: u64,
    },
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

/// Consecutive terms of a sum.
pub type Span = (Sum, u64, u64);

impl Sum {
    /// Its number of terms in the trace of a job; `None` if there is no such sum.
    pub fn terms(self, job: &Job<'_>) -> Option<u64> {
        let header = job.header;
        let d = u64::from(header.model_dimension);
        Some(match self {
            Self::Norm { .. } | Self::Squares { .. } => d.div_ceil(CHUNK as u64),
            Self::Product { weight, layer, .. } => {
                let columns = place(header, weight, layer)?.tensor.columns;
                columns.div_ceil(CHUNK) as u64
            }
            Self::Softmax { layer, row, .. } | Self::Attended { layer, row, .. } => {
                let keys = keys(header, layer, row);
                keys.end.saturating_sub(keys.start)
            }
            Self::Ranked { .. } | Self::Total { .. } | Self::Kept { .. } => {
                header.vocabulary.into()
            }
        })
    }

    fn whole(self, job: &Job<'_>) -> Result<Span, Fault> {
        let terms = self.terms(job).ok_or(Fault::Unknown)?;
        Ok((self, 0, terms))
    }

    /// The claim that the whole sum has this value.
    fn is(self, job: &Job<'_>, value: impl TryInto<i64>) -> Result<Claim, Fault> {
        let (sum, first, count) = self.whole(job)?;
        let value = value.try_into().map_err(|_| Fault::False)?;
        Ok(Claim::Terms {
            sum,
            first,
            count,
            value,
        })
    }

    /// The output token whose logits it needs.
    const fn token(self) -> Option<u64> {
        match self {
            Self::Ranked { token } | Self::Total { token } | Self::Kept { token } => Some(token),
            _ => None,
        }
    }
}

/// Positions of the keys that a query sees.
pub(super) fn keys(header: &ModelHeader, layer: usize, row: u64) -> Range<u64> {
    let end = row.saturating_add(1);
    let window = header.window_of(layer).map_or(u64::MAX, u64::from);
    end.saturating_sub(window)..end
}

/// The key-value head that a query head reads.
pub(super) const fn group(header: &ModelHeader, head: usize) -> usize {
    let heads = header.heads as usize;
    let groups = header.key_value_heads as usize;
    match head.saturating_mul(groups).checked_div(heads) {
        Some(group) => group,
        None => 0,
    }
}

/// Spans that `count` terms from `first` split into: single terms if these are few enough.
fn split(sum: Sum, first: u64, count: u64) -> Vec<Span> {
    let mut width = 1u64;
    while count.div_ceil(width) > FAN_OUT {
        width = width.saturating_mul(FAN_OUT);
    }
    let parts = count.div_ceil(width);
    let part = |index: u64| {
        let skipped = index.saturating_mul(width);
        let length = width.min(count.saturating_sub(skipped));
        (sum, first.saturating_add(skipped), length)
    };
    (0..parts).map(part).collect()
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
    match tensor {
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
                claims.extend(keys(header, layer, row).map(|key| Claim::SoftmaxLargest {
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
const fn weight_of(part: Part) -> Result<Weight, Fault> {
    match part {
        Part::Queries => Ok(Weight::Query),
        Part::Keys => Ok(Weight::Key),
        Part::Values => Ok(Weight::Value),
        _ => Err(Fault::Unknown),
    }
}

fn block_columns(header: &ModelHeader, block: usize) -> Range<usize> {
    let first = block.saturating_mul(BLOCK);
    let end = first.saturating_add(BLOCK);
    first..end.min(header.feed_forward as usize)
}

/// The candidate of a place; no candidate is at one beyond the vocabulary.
const fn candidate_at(header: &ModelHeader, place: u64) -> Result<u32, Fault> {
    let candidate = sampling::candidate(place);
    if candidate < header.vocabulary {
        Ok(candidate)
    } else {
        Err(Fault::False)
    }
}

fn holds(condition: bool) -> Result<Vec<Claim>, Fault> {
    if condition {
        Ok(Vec::new())
    } else {
        Err(Fault::False)
    }
}

/// Whether a value at `index` contradicts neither that `largest` is the largest nor that `witness` is
/// the first to have it.
fn bounded<T: Ord>(value: &T, index: u64, largest: &T, witness: u64) -> bool {
    match index.cmp(&witness) {
        core::cmp::Ordering::Less => value < largest,
        core::cmp::Ordering::Equal => value == largest,
        core::cmp::Ordering::Greater => value <= largest,
    }
}

/// [`bounded`] for the elements of a row from column `first`; `width` is that of the row.
fn part_bounded(u: &[i64], first: usize, width: usize, record: PeakRecord) -> bool {
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

/// What decides how a candidate fares.
struct Candidate {
    scaled: i64,
    place: u64,
}

impl<I: Inputs> Reader<'_, I> {
    fn decide(&self, claim: &Claim, values: &[i64]) -> Result<Vec<Claim>, Fault> {
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
                let wide = self.norm_mode(norm).wide;
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
                let keys = keys(self.header(), layer, row);
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
        let token = token as usize;
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
    ) -> Result<super::reader::Head, Fault> {
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
        formats.get(layer).copied().unwrap_or(0)
    }

    /// An element of an i32 tensor.
    fn element(&self, tensor: Tensor, row: u64, column: usize) -> Result<i32, Fault> {
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
        let mode = self.product_mode(Weight::AttentionOutput, layer);
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
        let mode = self.product_mode(Weight::Down, layer);
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
                let (input, _) = of_product(weight, layer).ok_or(Fault::Unknown)?;
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
                let key = keys(self.header(), layer, row).start.saturating_add(index);
                self.probability(layer, row, head, key).map(i64::from)
            }
            Sum::Attended { layer, row, column } => {
                let key = keys(self.header(), layer, row).start.saturating_add(index);
                let (head, element) = self.head_of(column)?;
                let probability = self.probability(layer, row, head, key)?;
                let group = group(self.header(), head);
                let value = self.head(layer, Part::Values, key, group)?;
                let scale = value_scale(value.scale, self.value_format(layer));
                let element = value.elements.get(element).copied().unwrap_or(0);
                let weight = i64::from(weight(probability, scale));
                Ok(weight.saturating_mul(element.into()))
            }
            Sum::Ranked { token } => {
                let (candidate, record) = self.candidate(token, index as u32, values)?;
                Ok((candidate.place <= record.ranked).into())
            }
            Sum::Total { token } => {
                let (candidate, _) = self.candidate(token, index as u32, values)?;
                Ok(sampling::weight(candidate.place) as i64)
            }
            Sum::Kept { token } => {
                let (candidate, record) = self.candidate(token, index as u32, values)?;
                let kept = candidate.place <= record.nucleus;
                Ok(if kept {
                    sampling::weight(candidate.place) as i64
                } else {
                    0
                })
            }
        }
    }

    /// Logit of a candidate from its sum.
    fn logit(&self, token: u64, candidate: u32, values: &[i64]) -> Result<i32, Fault> {
        let outputs = self.outputs(Weight::Output, 0, token, candidate as usize, values)?;
        outputs.first().copied().ok_or(Fault::Unrevealed)
    }

    fn candidate(
        &self,
        token: u64,
        candidate: u32,
        values: &[i64],
    ) -> Result<(Candidate, Chosen), Fault> {
        let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
        let sampling = self.job.sampling.as_ref().ok_or(Fault::Unknown)?;
        let logit = self.logit(token, candidate, values)?;
        let scaled = sampling.parameters.scale(logit);
        // A scaled logit above the largest makes another claim false.
        let distance = record.largest.saturating_sub(scaled).max(0) as u64;
        let distance = distance.min(u64::MAX >> 20);
        let place = sampling::place(distance, candidate.into());
        Ok((Candidate { scaled, place }, record))
    }

    fn decide_chosen(&self, claim: &Claim, values: &[i64]) -> Result<Vec<Claim>, Fault> {
        let job = self.job;
        match *claim {
            Claim::ChosenRecord { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                holds(self.is_consistent(&record))
            }
            Claim::ChosenLargest { token, candidate } => {
                let (found, record) = self.candidate(token, candidate, values)?;
                let witness = record.witness;
                holds(
                    witness < self.header().vocabulary
                        && bounded(
                            &found.scaled,
                            candidate.into(),
                            &record.largest,
                            witness.into(),
                        ),
                )
            }
            Claim::ChosenRanked { token } => {
                let sampling = job.sampling.as_ref().ok_or(Fault::Unknown)?;
                let kept = sampling.parameters.top_k;
                Ok(vec![Sum::Ranked { token }.is(job, kept)?])
            }
            Claim::ChosenRankedAt { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                let candidate = candidate_at(self.header(), record.ranked)?;
                let (found, _) = self.candidate(token, candidate, values)?;
                holds(found.place == record.ranked)
            }
            Claim::ChosenTotal { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                Ok(vec![Sum::Total { token }.is(job, record.total)?])
            }
            Claim::ChosenKept { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                Ok(vec![Sum::Kept { token }.is(job, record.kept)?])
            }
            Claim::ChosenNucleusAt { token } => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                let candidate = candidate_at(self.header(), record.nucleus)?;
                let (found, _) = self.candidate(token, candidate, values)?;
                holds(found.place == record.nucleus)
            }
            Claim::ChosenToken { token } => {
                let chosen = self.token(u64::from(job.prompt).saturating_add(token))?;
                let (value, limit, record) = self.rated(token, chosen, values)?;
                holds(limit && value == record.value)
            }
            Claim::ChosenBeats { token, candidate } => {
                let chosen = self.token(u64::from(job.prompt).saturating_add(token))?;
                let (value, kept, record) = self.rated(token, candidate, values)?;
                let bounded = bounded(&value, candidate.into(), &record.value, chosen.into());
                holds(!kept || bounded)
            }
            _ => Err(Fault::Unknown),
        }
    }

    /// What a candidate is ranked by, and whether every filter keeps it.
    fn rated(
        &self,
        token: u64,
        candidate: u32,
        values: &[i64],
    ) -> Result<(i64, bool, Chosen), Fault> {
        match &self.job.sampling {
            None => {
                let record: Chosen = self.record(Tensor::Chosen, token, 0)?;
                let logit = self.logit(token, candidate, values)?;
                Ok((logit.into(), true, record))
            }
            Some(sampling) => {
                let (found, record) = self.candidate(token, candidate, values)?;
                let noise = sampling::noise(sampling.key, token as u32, candidate);
                let limit = record.ranked.min(record.nucleus);
                let limit = limit.min(sampling.parameters.min_p_limit());
                let value = found.scaled.saturating_add(noise);
                Ok((value, found.place <= limit, record))
            }
        }
    }

    /// Whether a record has what the job's sampling asks for and nothing else, and top-p's place is
    /// the first that reaches it.
    fn is_consistent(&self, record: &Chosen) -> bool {
        let Some(sampling) = &self.job.sampling else {
            return *record
                == Chosen {
                    value: record.value,
                    ..Chosen::default()
                };
        };
        let parameters = &sampling.parameters;
        let ranks = parameters.ranks(self.header().vocabulary as usize);
        let ranked = ranks || record.ranked == u64::MAX;
        let nucleus = if parameters.has_nucleus() {
            let wanted = u128::from(parameters.top_p).saturating_mul(record.total.into());
            let reached = |sum: u64| u128::from(sum) << 16 >= wanted;
            let before = record.kept.checked_sub(sampling::weight(record.nucleus));
            reached(record.kept) && before.is_some_and(|before| !reached(before))
        } else {
            record.nucleus == u64::MAX && record.total == 0 && record.kept == 0
        };
        ranked && nucleus
    }
}
