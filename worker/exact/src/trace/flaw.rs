//! What is wrong about an answer by itself, whatever the model computes.

use super::{
    claim::Fault,
    reader::{Inputs, Job, Reader},
};

/// A reason why no run of the model gives this answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// This output token is not in the vocabulary.
    UnknownToken(u64),
    /// This output token, not the last, is a stop token. Nothing stops a picture.
    EarlyStop(u64),
    /// The last output token is no stop token, and the job allows more; of a picture, that values are
    /// missing.
    EndsEarly,
    /// This prompt token is not in the vocabulary: the worker should have given the job back.
    UnknownInput(u64),
}

impl Flaw {
    /// Whether the answer has this flaw. `most` and `stop` are the job's: most output tokens, and
    /// tokens that end the answer.
    ///
    /// # Errors
    /// [`Fault::Missing`] if the leaf with the token is not among `inputs`, [`Fault::Unknown`] if there
    /// is no such token.
    pub fn is_in(
        self,
        job: &Job<'_>,
        most: u32,
        stop: &[u32],
        inputs: &impl Inputs,
    ) -> Result<bool, Fault> {
        let last = u64::from(job.output).checked_sub(1).ok_or(Fault::Unknown)?;
        let prompt = u64::from(job.prompt);
        let reader = Reader { job, inputs };
        let token = |index: u64| {
            if index > last {
                return Err(Fault::Unknown);
            }
            reader.token(prompt.saturating_add(index))
        };
        let picture = job.header.picture();
        Ok(match self {
            Self::EarlyStop(index) if picture.is_some() => token(index).map(|_| false)?,
            Self::EndsEarly if picture.is_some() => {
                picture.is_some_and(|picture| job.output < picture.values())
            }
            Self::UnknownToken(index) => token(index)? >= job.header.vocabulary,
            Self::EarlyStop(index) => stop.contains(&token(index)?) && index < last,
            Self::UnknownInput(index) if index >= prompt => return Err(Fault::Unknown),
            Self::UnknownInput(index) => reader.token(index)? >= job.header.vocabulary,
            Self::EndsEarly => job.output < most && !stop.contains(&token(last)?),
        })
    }
}
