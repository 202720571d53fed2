//! Generation and replay of jobs.

use crate::{attention::Cache, forward::Append, sequence::Request, Blake2b256, Model, Sampler};
use aipg_exact::commitment::DigestBuilder;
use thiserror::Error;

/// Rows that prefill processes at once. It bounds memory and changes no result.
pub(crate) const PREFILL_ROWS: usize = 128;

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
    /// The model makes pictures, and text was asked for.
    #[error("PictureModel: the model makes pictures, not text")]
    PictureModel,
    /// The model writes text, and a picture was asked for.
    #[error("NoPictureModel: the model writes text, it makes no pictures")]
    NoPictureModel,
    /// The output is no picture of the model.
    #[error("OutputLength: the output has {found} tokens, a picture of the model has {expected}")]
    OutputLength {
        /// Tokens of the output.
        found: usize,
        /// Tokens of a picture.
        expected: u32,
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
    /// Checks that the model writes text, that the tokens are in the vocabulary and that `positions` fit
    /// the context.
    pub(crate) fn check(&self, tokens: &[u32], positions: u64) -> Result<(), RunError> {
        if self.header.picture().is_some() {
            return Err(RunError::PictureModel);
        }
        self.check_tokens(tokens, positions)
    }

    /// Checks that the tokens are in the vocabulary and that `positions` fit the context.
    pub(crate) fn check_tokens(&self, tokens: &[u32], positions: u64) -> Result<(), RunError> {
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

    /// Runs the forward pass over `tokens` and hands the final hidden states of some rows at a time to
    /// `rows`, with the number of the first.
    fn prefill<E>(
        &self,
        tokens: &[u32],
        mut rows: impl FnMut(usize, &[i32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cache = Cache::new(&self.header);
        for (first, tokens) in (0..).step_by(PREFILL_ROWS).zip(tokens.chunks(PREFILL_ROWS)) {
            let append = Append {
                cache: &mut cache,
                tokens,
            };
            rows(first, &self.forward(&mut [append], &mut ()))?;
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
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Generation, RunError> {
        let mut sequence = self.start(Request {
            prompt,
            max_output,
            stop,
            sampler: *sampler,
        })?;
        // Once inside the pool, cores are woken without a change of thread.
        rayon::scope(|_| {
            while !sequence.is_finished() {
                self.advance(&mut [&mut sequence]);
                progress(sequence.output().len());
            }
        });
        Ok(sequence.into_generation())
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
        let rows = &tokens[..prompt.len() + processed.len()];
        let width = self.header.model_dimension as usize;
        rayon::scope(|_| {
            self.prefill(rows, |first, hidden| {
                hidden.chunks_exact(width).for_each(|row| digest.push(row));
                // Output token i is sampled from row P − 1 + i.
                let skipped = (prompt.len() - 1).saturating_sub(first);
                let Some(hidden) = hidden.get(skipped * width..) else {
                    return Ok(());
                };
                let ordinal = first + skipped - (prompt.len() - 1);
                let sampled = self.sample(hidden, |row| (*sampler, (ordinal + row) as u32));
                let pairs = sampled.into_iter().zip(&output[ordinal..]);
                for (index, (expected, &found)) in (ordinal..).zip(pairs) {
                    if expected != found {
                        return Err(RunError::OutputMismatch {
                            index,
                            expected,
                            found,
                        });
                    }
                }
                Ok(())
            })
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
        rayon::scope(|_| {
            self.prefill(tokens, |_, hidden| {
                logits.extend(self.project_logits(hidden, &mut ()));
                Ok::<(), RunError>(())
            })
        })?;
        Ok(logits)
    }
}
