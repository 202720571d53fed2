//! What sums come to, as whoever stands for a trace reveals them.

use super::{
    claim::Fault,
    reader::{Inputs, Job, Reader},
    sum::{Span, Sum},
};
use crate::layout::Weight;

/// The value of consecutive terms of a sum, from the leaves of `inputs`.
///
/// # Errors
/// [`Fault`] if there are no such terms, or a leaf that they read is missing or malformed.
pub fn value<I: Inputs>(
    job: &Job<'_>,
    inputs: &I,
    (sum, first, count): Span,
) -> Result<i64, Fault> {
    let terms = sum.terms(job).ok_or(Fault::Unknown)?;
    let end = first.checked_add(count).filter(|&end| end <= terms);
    let reader = Reader { job, inputs };
    let mut total = 0i64;
    for index in first..end.ok_or(Fault::Unknown)? {
        let term = match sum.token() {
            Some(token) => {
                let logit = Sum::Product {
                    weight: Weight::Output,
                    layer: 0,
                    row: token,
                    channel: usize::try_from(index).map_err(|_| Fault::Unknown)?,
                };
                let logit = value(job, inputs, logit.whole(job)?)?;
                reader.term(sum, index, &[logit])?
            }
            None => reader.term(sum, index, &[])?,
        };
        total = total.saturating_add(term);
    }
    Ok(total)
}
