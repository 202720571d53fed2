//! Sequences that run together in one batch.
//!
//! A [`Sequence`] is one prompt on its way to an answer. [`Model::advance`] takes any number of them a
//! step further at once, so that the weights are read once for all. Sequences may join and leave
//! between steps; what else is in a batch never changes a token or a digest.
//!
//! A sequence knows tokens only: what ends it is what ends a job. Stop sequences and text are for
//! [`Answer`](crate::Answer), which reads along.

use crate::{
    attention::Cache,
    forward::Append,
    generate::{Generation, RunError, PREFILL_ROWS},
    Blake2b256, Model, Sampler,
};
use aipg_exact::commitment::DigestBuilder;
use rayon::prelude::*;
use serde::Serialize;

/// Rows of logits that are in memory at a time.
pub(crate) const LOGIT_ROWS: usize = 32;

/// What a sequence shall do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The prompt's tokens, at least one.
    pub prompt: &'a [u32],
    /// Tokens of output at most, at least one.
    pub max_output: u32,
    /// Tokens that end the output; the one that does is kept as the last.
    pub stop: &'a [u32],
    /// How tokens are chosen.
    pub sampler: Sampler,
}

/// Why a sequence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// With a stop token.
    StopToken,
    /// With a stop sequence, which whoever read along found: [`Answer::read`](crate::Answer::read).
    StopSequence,
    /// With the largest number of tokens.
    Length,
    /// With the last token that the context has room for.
    Context,
}

/// A prompt on its way to an answer.
#[derive(Debug)]
pub struct Sequence {
    cache: Cache,
    digest: DigestBuilder<Blake2b256>,
    /// Tokens not processed yet: the rest of the prompt, or the last token of the output.
    pending: Vec<u32>,
    output: Vec<u32>,
    max_output: usize,
    /// How it ends with `max_output` tokens.
    limit: Finish,
    stop: Vec<u32>,
    sampler: Sampler,
    finish: Option<Finish>,
}

impl Sequence {
    /// The output so far.
    pub fn output(&self) -> &[u32] {
        &self.output
    }

    /// Bytes that its keys and values have room for.
    #[cfg(test)]
    pub(crate) fn cache_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// Whether there is nothing left to do.
    pub const fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Why it ended; `None` while it runs.
    pub const fn finish(&self) -> Option<Finish> {
        self.finish
    }

    /// The output with its digest, as far as it came.
    pub fn into_generation(self) -> Generation {
        let positions = self.digest.positions() as u32;
        Generation {
            tokens: self.output,
            digest: self.digest.finish(),
            positions,
        }
    }

    /// Ends it at a stop sequence.
    pub(crate) fn stop(&mut self) {
        self.finish = Some(Finish::StopSequence);
    }

    fn push(&mut self, token: u32) {
        self.output.push(token);
        if self.stop.contains(&token) {
            self.finish = Some(Finish::StopToken);
        } else if self.output.len() == self.max_output {
            self.finish = Some(self.limit);
        } else {
            self.pending.push(token);
        }
    }
}

impl Model {
    /// A sequence that [`Model::advance`] can take to its end.
    ///
    /// # Errors
    /// [`RunError`] if the prompt is empty or out of the vocabulary, `max_output` is 0, or prompt and
    /// output together exceed the context.
    pub fn start(&self, request: Request<'_>) -> Result<Sequence, RunError> {
        if request.prompt.is_empty() {
            return Err(RunError::EmptyPrompt);
        }
        if request.max_output == 0 {
            return Err(RunError::NoOutput);
        }
        let positions = request.prompt.len() as u64 + u64::from(request.max_output);
        self.check(request.prompt, positions)?;
        Ok(Sequence {
            cache: Cache::new(&self.header),
            digest: DigestBuilder::new(),
            pending: request.prompt.to_vec(),
            output: Vec::new(),
            max_output: request.max_output as usize,
            limit: Finish::Length,
            stop: request.stop.to_vec(),
            sampler: request.sampler,
            finish: None,
        })
    }

    /// A sequence that takes what fits: instead of being refused, an output too long for the context ends
    /// with it, as [`Finish::Context`].
    ///
    /// # Errors
    /// As for [`Self::start`]; [`RunError::ContextOverflow`] if there is no room for a single token.
    pub fn start_within_context(&self, request: Request<'_>) -> Result<Sequence, RunError> {
        let prompt = u32::try_from(request.prompt.len()).unwrap_or(u32::MAX);
        let room = self.header.max_context.saturating_sub(prompt).max(1);
        let max_output = request.max_output.min(room);
        let mut sequence = self.start(Request {
            max_output,
            ..request
        })?;
        if max_output < request.max_output {
            sequence.limit = Finish::Context;
        }
        Ok(sequence)
    }

    /// Takes every sequence that is not finished a step further: a part of its prompt, or one token.
    /// The sequences were started with this model.
    pub fn advance(&self, sequences: &mut [&mut Sequence]) {
        let mut running: Vec<&mut Sequence> = sequences
            .iter_mut()
            .map(|sequence| &mut **sequence)
            .filter(|sequence| !sequence.is_finished())
            .collect();
        if running.is_empty() {
            return;
        }
        let rows_each = (PREFILL_ROWS / running.len()).max(1);
        let width = self.header.model_dimension as usize;
        rayon::scope(|_| {
            let taken: Vec<Vec<u32>> = running
                .iter_mut()
                .map(|sequence| {
                    let count = sequence.pending.len().min(rows_each);
                    sequence.pending.drain(..count).collect()
                })
                .collect();
            let mut batch: Vec<Append<'_>> = running
                .iter_mut()
                .zip(&taken)
                .map(|(sequence, tokens)| Append {
                    cache: &mut sequence.cache,
                    tokens,
                })
                .collect();
            let hidden = self.forward(&mut batch, &mut ());
            let mut rows = hidden.chunks_exact(width);
            let mut last = Vec::new();
            let mut sampling = Vec::new();
            for (sequence, tokens) in running.into_iter().zip(&taken) {
                let mut row: &[i32] = &[];
                for _ in tokens {
                    row = rows.next().unwrap_or_default();
                    sequence.digest.push(row);
                }
                if sequence.pending.is_empty() {
                    last.extend_from_slice(row);
                    sampling.push(sequence);
                }
            }
            let chosen = self.sample(&last, |row| {
                (sampling[row].sampler, sampling[row].output.len() as u32)
            });
            for (sequence, token) in sampling.into_iter().zip(chosen) {
                sequence.push(token);
            }
        });
    }

    /// The tokens chosen after final hidden states `[rows, d]`, each by the sampler and for the
    /// output number that `sampler` gives for its row.
    pub(crate) fn sample(
        &self,
        hidden: &[i32],
        sampler: impl Fn(usize) -> (Sampler, u32) + Sync,
    ) -> Vec<u32> {
        let width = self.header.model_dimension as usize;
        let vocabulary = self.header.vocabulary as usize;
        let mut tokens = Vec::with_capacity(hidden.len() / width);
        for hidden in hidden.chunks(LOGIT_ROWS * width) {
            let first = tokens.len();
            let logits = self.project_logits(hidden, &mut ());
            let chosen = logits
                .par_chunks_exact(vocabulary)
                .enumerate()
                .map(|(row, logits)| {
                    let (sampler, ordinal) = sampler(first + row);
                    // A valid header has a vocabulary.
                    sampler.choose(logits, ordinal).unwrap_or(0)
                });
            tokens.par_extend(chosen);
        }
        tokens
    }
}
