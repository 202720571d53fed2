//! Which leaf makes a claim.

use super::{
    claim::Claim,
    reader::Job,
    sum::keys,
    tensor::{of_norm, Elements, Part, Tensor, BLOCK, CHUNK},
};
use crate::layout::Weight;

impl Claim {
    /// The leaf that makes this claim: exactly those claims that [`claims`](super::claims) lists for a
    /// leaf have it as their home. `None` if no leaf of the job's trace makes it.
    pub fn home(&self, job: &Job<'_>) -> Option<(Tensor, u64)> {
        let header = job.header;
        let d = header.model_dimension as usize;
        let heads = header.heads as usize;
        let attended = heads.saturating_mul(header.head_dimension as usize);
        let inner = header.feed_forward as usize;
        let picture = header.picture();
        let values = picture.map_or(0, |picture| picture.patch_values() as usize);
        let steps = picture.map_or(0, |picture| picture.steps as usize);
        let patches = picture.map_or(0, |picture| u64::from(picture.patches()));
        // The leaf with a column of a row; the row and the column exist.
        let at = |tensor: Tensor, row: u64, column: usize, width: usize| {
            let elements = tensor.elements(header);
            let leaf = match elements {
                Elements::Stream(_) | Elements::Quantised { .. } => {
                    column.checked_div(elements.per_leaf())?
                }
                Elements::Heads { .. } | Elements::Records { .. } => 0,
            };
            let exists = row < tensor.rows(job) && column < width;
            exists.then(|| (tensor, tensor.index(header, row, leaf)))
        };
        let head = |layer, part, row, head: usize, count: usize| {
            let tensor = Tensor::Layer(layer, part);
            let exists = row < tensor.rows(job) && head < count;
            exists.then(|| (tensor, tensor.index(header, row, head)))
        };
        let chosen = |token| at(Tensor::Chosen, token, 0, 1);
        let sampled = |makes: bool, token| makes.then(|| chosen(token)).flatten();
        let parameters = job.sampling.map(|sampling| sampling.parameters);
        let ranks = parameters.is_some_and(|it| it.ranks(header.vocabulary as usize));
        let nucleus = parameters.is_some_and(|it| it.has_nucleus());
        match *self {
            Self::Embedded { row, chunk } => {
                at(Tensor::Embedded, row, chunk.checked_mul(CHUNK)?, d)
            }
            Self::NormSum { norm, row } | Self::NormSquares { norm, row } => {
                at(of_norm(header, norm)?.1, row, 0, d)
            }
            Self::NormLargest { norm, row, chunk } | Self::NormPeak { norm, row, chunk } => {
                at(of_norm(header, norm)?.1, row, chunk.checked_mul(CHUNK)?, d)
            }
            Self::NormInput { norm, row, chunk } => {
                at(of_norm(header, norm)?.2, row, chunk.checked_mul(CHUNK)?, d)
            }
            Self::Head {
                part,
                layer,
                row,
                head: index,
            } => {
                let count = match part {
                    Part::Queries => heads,
                    Part::Keys | Part::Values => header.key_value_heads as usize,
                    _ => return None,
                };
                head(layer, part, row, index, count)
            }
            Self::SoftmaxLargest {
                layer,
                row,
                head: index,
                key,
            } => {
                let home = head(layer, Part::Softmax, row, index, heads)?;
                keys(job, layer, row).contains(&key).then_some(home)
            }
            Self::SoftmaxTotal {
                layer,
                row,
                head: index,
            } => head(layer, Part::Softmax, row, index, heads),
            Self::Attended { layer, row, column } => {
                at(Tensor::Layer(layer, Part::Attended), row, column, attended)
            }
            Self::AttendedPeak { layer, row, chunk } => {
                let tensor = Tensor::Layer(layer, Part::AttendedPeak);
                at(tensor, row, chunk.checked_mul(CHUNK)?, attended)
            }
            Self::AttendedInput { layer, row, chunk } => {
                let tensor = Tensor::Layer(layer, Part::OutputInput);
                at(tensor, row, chunk.checked_mul(CHUNK)?, attended)
            }
            Self::GatedPeak { layer, row, block } => {
                let tensor = Tensor::Layer(layer, Part::GatedPeak);
                at(tensor, row, block.checked_mul(BLOCK)?, inner)
            }
            Self::GatedInput { layer, row, block } => {
                let tensor = Tensor::Layer(layer, Part::DownInput);
                at(tensor, row, block.checked_mul(BLOCK)?, inner)
            }
            Self::Residual {
                weight,
                layer,
                row,
                column,
            } => {
                let part = match weight {
                    Weight::AttentionOutput => Part::Middle,
                    Weight::Down => Part::Output,
                    _ => return None,
                };
                at(Tensor::Layer(layer, part), row, column, d)
            }
            Self::ChosenRecord { token } | Self::ChosenToken { token } => chosen(token),
            Self::ChosenRanked { token } | Self::ChosenRankedAt { token } => sampled(ranks, token),
            Self::ChosenTotal { token }
            | Self::ChosenKept { token }
            | Self::ChosenNucleusAt { token } => sampled(nucleus, token),
            Self::ChosenLargest { token, candidate } => {
                sampled(parameters.is_some() && candidate < header.vocabulary, token)
            }
            Self::ChosenBeats { token, candidate } => sampled(candidate < header.vocabulary, token),
            Self::Noise { row, chunk } => {
                at(Tensor::Latent(0), row, chunk.checked_mul(CHUNK)?, values)
            }
            Self::Moved { step, row, column } => {
                at(Tensor::Latent(step.checked_add(1)?), row, column, values)
            }
            Self::Pixel { row, column } => at(Tensor::Latent(steps), row, column, values),
            Self::PatchPeak { step, row, chunk } => at(
                Tensor::PatchPeak(step),
                row,
                chunk.checked_mul(CHUNK)?,
                values,
            ),
            Self::PatchInput { step, row, chunk } => at(
                Tensor::PatchInput(step),
                row,
                chunk.checked_mul(CHUNK)?,
                values,
            ),
            Self::PatchRow { step, row, column } if row < patches => {
                at(Tensor::StepRows(step), row, column, d)
            }
            Self::PromptRow { step, row, chunk } if row >= patches => {
                at(Tensor::StepRows(step), row, chunk.checked_mul(CHUNK)?, d)
            }
            Self::PatchRow { .. } | Self::PromptRow { .. } => None,
            Self::Terms { .. } => None,
        }
    }
}
