//! What a job asks of its model: a text, or a picture. Whatever runs, checks or traces a job goes through here.

use crate::{inference::sampler, jobs::Answer};
use aipg_client::{disputes::DeliveredResult, Sampling};
use aipg_engine::{
    sampling::OutOfRange,
    trace::{MemoryBudget, PictureRequest, Trace, TraceError, TraceRequest},
    Model, RunError,
};
use aipg_exact::header::Picture;
use thiserror::Error;

/// A job as its model sees it. Of a picture only prompt and seed count.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    pub prompt: &'a [u32],
    pub max_output: u32,
    pub stop: &'a [u32],
    pub seed: u64,
    pub sampling: Sampling,
}

/// Why a model cannot do a job, or why an output is not what it gives.
#[derive(Debug, Error)]
pub enum WorkError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("SamplingOutOfRange: {0}")]
    Sampling(#[from] OutOfRange),
    #[error(transparent)]
    Trace(#[from] TraceError),
}

impl<'a> Work<'a> {
    /// The job of a result.
    pub fn of(result: &'a DeliveredResult, prompt: &'a [u32]) -> Self {
        Self {
            prompt,
            max_output: result.max_output,
            stop: &result.stop,
            seed: result.seed,
            sampling: result.sampling,
        }
    }

    /// Computes the answer. `progress` hears the number of output tokens so far; a step of a picture counts as
    /// its share of them.
    ///
    /// # Errors
    /// [`WorkError::Run`], [`WorkError::Sampling`].
    pub fn answer(
        &self,
        model: &Model,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Answer, WorkError> {
        if let Some(picture) = model.header().picture() {
            return self.paint(model, &picture, progress);
        }
        let sampler = sampler(self.seed, self.sampling)?;
        let (prompt, stop) = (self.prompt, self.stop);
        let run = model.generate(prompt, self.max_output, stop, &sampler, progress)?;
        Ok(Answer {
            tokens: run.tokens,
            digest: run.digest,
        })
    }

    fn paint(
        &self,
        model: &Model,
        picture: &Picture,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Answer, WorkError> {
        let length = picture.values();
        if self.max_output != length {
            return Err(WorkError::Run(RunError::OutputLength {
                found: self.max_output as usize,
                expected: length,
            }));
        }
        // A valid header has at least one step, and at most 2²² values times steps.
        let share = |step: u32| length * step / picture.steps;
        let mut steps = |step: u32| progress(share(step) as usize);
        let painting = model.paint(self.prompt, self.seed, &mut steps)?;
        Ok(Answer {
            tokens: painting.tokens(),
            digest: painting.digest,
        })
    }

    /// Computes the digest of an output, if it is the model's: a text by one prefill, a picture by making it again.
    /// Whether a text ended where it had to is not judged here.
    ///
    /// # Errors
    /// [`WorkError::Run`] if it is not, [`WorkError::Sampling`].
    pub fn digest(&self, model: &Model, output: &[u32]) -> Result<[u8; 32], WorkError> {
        if model.header().picture().is_some() {
            return Ok(model.replay_picture(self.prompt, self.seed, output)?);
        }
        let sampler = sampler(self.seed, self.sampling)?;
        Ok(model.replay(self.prompt, output, &sampler)?)
    }

    /// Rebuilds the trace beside an output, right or not.
    ///
    /// # Errors
    /// [`WorkError::Trace`], [`WorkError::Sampling`].
    pub fn trace<'m>(
        &self,
        model: &'m Model,
        output: &[u32],
        budget: MemoryBudget,
    ) -> Result<Trace<'m>, WorkError> {
        let (prompt, seed) = (self.prompt, self.seed);
        if model.header().picture().is_some() {
            let request = PictureRequest {
                prompt,
                seed,
                output,
            };
            return Ok(model.trace_picture(&request, budget)?);
        }
        let sampler = sampler(seed, self.sampling)?;
        let request = TraceRequest {
            prompt,
            output,
            sampler,
        };
        Ok(model.trace(&request, budget)?)
    }
}
