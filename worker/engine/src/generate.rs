//! Generation and replay of jobs.

use crate::{forward::Cache, Blake2b256, Model, Sampler};
use aipg_exact::commitment::DigestBuilder;
use thiserror::Error;

/// Rows that prefill processes at once. It bounds memory and changes no result.
pub(crate) const PREFILL_ROWS: usize = 64;

/// Why a job cannot run, or why a result is not the model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// The prompt has no token.
    #[error("EmptyPrompt: the prompt has no token")]
    EmptyPrompt,
    /// No output is asked for or given.
    #[error("NoOutput: a job has at least one output token")]
    NoOutput,
    /// A token id is not in the vocabulary.
    #[error("TokenOutOfVocabulary: token {index} is {token}, the vocabulary has {vocabulary}")]
    TokenOutOfVocabulary {
        /// Index in prompt ‖ output.
        index: usize,
        /// The id.
        token: u32,
        /// Ids are below this.
        vocabulary: u32,
    },
    /// Prompt and output are longer than the context.
    #[error("ContextOverflow: {positions} tokens, the context has {max_context}")]
    ContextOverflow {
        /// Tokens of prompt and output.
        positions: u64,
        /// Most tokens the model takes.
        max_context: u32,
    },
    /// An output token is not the one the model samples.
    #[error("OutputMismatch: output token {index} is {found}, the model samples {expected}")]
    OutputMismatch {
        /// Index in the output.
        index: usize,
        /// What the model samples.
        expected: u32,
        /// What the output says.
        found: u32,
    },
    /// The window of a score is shorter than 2.
    #[error("WindowTooShort: a window has at least two tokens")]
    WindowTooShort,
}

/// A finished generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The output; a stop token that ended it is its last.
    pub tokens: Vec<u32>,
    /// Root over the final hidden state of every processed position.
    pub digest: [u8; 32],
    /// Positions processed: prompt + output − 1.
    pub positions: u32,
}

impl Model {
    /// Checks that the tokens are in the vocabulary and that `positions` fit the context.
    pub(crate) fn check(&self, tokens: &[u32], positions: u64) -> Result<(), RunError> {
        let vocabulary = self.header.vocabulary;
        if let Some(index) = tokens.iter().position(|&token| token >= vocabulary) {
            let token = tokens[index];
            return Err(RunError::TokenOutOfVocabulary {
                index,
                token,
                vocabulary,
            });
        }
        let max_context = self.header.max_context;
        if positions > u64::from(max_context) {
            return Err(RunError::ContextOverflow {
                positions,
                max_context,
            });
        }
        Ok(())
    }

    /// Runs the forward pass over `tokens` and hands each final hidden state to `row`.
    pub(crate) fn prefill<E>(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        mut row: impl FnMut(&[i32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let width = self.header.model_dimension as usize;
        for chunk in tokens.chunks(PREFILL_ROWS) {
            let hidden = self.forward(cache, chunk, |_, _| ());
            hidden.chunks_exact(width).try_for_each(&mut row)?;
        }
        Ok(())
    }

    /// Generates with `sampler`: prefill of the prompt, then one position per token, until a `stop` token
    /// (kept as the last) or `max_output` tokens. `progress` hears the number of tokens so far.
    ///
    /// # Errors
    /// [`RunError`] if the prompt is empty or out of the vocabulary, `max_output` is 0 or prompt and
    /// output together exceed the context.
    pub fn generate(
        &self,
        prompt: &[u32],
        max_output: u32,
        stop: &[u32],
        sampler: &Sampler,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Generation, RunError> {
        if prompt.is_empty() {
            return Err(RunError::EmptyPrompt);
        }
        if max_output == 0 {
            return Err(RunError::NoOutput);
        }
        self.check(prompt, prompt.len() as u64 + u64::from(max_output))?;

        let mut cache = Cache::new(self);
        let mut digest = DigestBuilder::<Blake2b256>::new();
        let mut last = Vec::new();
        self.prefill(&mut cache, prompt, |hidden| {
            digest.push(hidden);
            last.clear();
            last.extend_from_slice(hidden);
            Ok::<(), RunError>(())
        })?;
        let mut tokens = Vec::new();
        loop {
            // At most the context, a u32.
            let token = self.sample(&last, sampler, tokens.len() as u32);
            tokens.push(token);
            progress(tokens.len());
            if tokens.len() == max_output as usize || stop.contains(&token) {
                break;
            }
            last = self.forward(&mut cache, &[token], |_, _| ());
            digest.push(&last);
        }
        // Positions are at most max_context, a u32.
        let positions = digest.positions() as u32;
        Ok(Generation {
            tokens,
            digest: digest.finish(),
            positions,
        })
    }

    /// Replays a job as one teacher-forced prefill and returns its digest, which equals that of
    /// [`Self::generate`] bit for bit.
    ///
    /// Whether the output ended where it had to (at a stop token or at the maximum) is not judged
    /// here: that needs the job's parameters.
    ///
    /// # Errors
    /// [`RunError::OutputMismatch`] at the first token the model does not sample; the other errors
    /// as for [`Self::generate`].
    pub fn replay(
        &self,
        prompt: &[u32],
        output: &[u32],
        sampler: &Sampler,
    ) -> Result<[u8; 32], RunError> {
        if prompt.is_empty() {
            return Err(RunError::EmptyPrompt);
        }
        let Some((_, processed)) = output.split_last() else {
            return Err(RunError::NoOutput);
        };
        let tokens = [prompt, output].concat();
        self.check(&tokens, tokens.len() as u64)?;

        let mut digest = DigestBuilder::<Blake2b256>::new();
        let mut expected = (0..).zip(output);
        let mut skip = prompt.len() - 1;
        let rows = &tokens[..prompt.len() + processed.len()];
        self.prefill(&mut Cache::new(self), rows, |hidden| {
            digest.push(hidden);
            if skip > 0 {
                skip -= 1;
                return Ok(());
            }
            let Some((index, &found)) = expected.next() else {
                return Ok(());
            };
            match self.sample(hidden, sampler, index as u32) {
                sampled if sampled == found => Ok(()),
                expected => Err(RunError::OutputMismatch {
                    index,
                    expected,
                    found,
                }),
            }
        })?;
        Ok(digest.finish())
    }

    /// Logits `[tokens, vocabulary]` (Q16) after every token of a teacher-forced prefill.
    ///
    /// # Errors
    /// [`RunError`] if there is no token, one is out of the vocabulary or they exceed the context.
    pub fn logits(&self, tokens: &[u32]) -> Result<Vec<i32>, RunError> {
        if tokens.is_empty() {
            return Err(RunError::EmptyPrompt);
        }
        self.check(tokens, tokens.len() as u64)?;
        let mut logits = Vec::new();
        self.prefill(&mut Cache::new(self), tokens, |hidden| {
            logits.extend(self.project_logits(hidden));
            Ok::<(), RunError>(())
        })?;
        Ok(logits)
    }
}
