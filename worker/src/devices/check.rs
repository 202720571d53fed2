//! What a GPU has to get right before it may serve a model: answers that the processor has computed.
//!
//! Nobody can look into a GPU, and a wrong answer costs a bond. So a model serves on one only after answers to
//! prompts of several lengths, alone and together, greedy and drawn, had the tokens and the digest of the
//! CPU engine: one after another they take every kernel through every shape of work that a job can bring.

use aipg_cuda::{
    decoder::{ForwardError, ForwardPass},
    jobs::{generate, Answer, Job},
    service::message,
};
use aipg_engine::{
    sampling::{OutOfRange, Parameters},
    Model, RunError, Sampler,
};
use aipg_exact::{sampling::key, trace::Sampling, Blake2b256};
use std::panic::{catch_unwind, AssertUnwindSafe};
use thiserror::Error;

/// Tokens of each prompt, and of the answer to it: alone they make products of one row, of few, of a small
/// and of a large tile; the longest goes beyond the keys that one block of attention takes. Together they
/// end one after another, so that batches of all sizes occur.
const SHAPES: [(u32, u32); 4] = [(1, 6), (7, 5), (40, 4), (200, 3)];

/// Seed of those that are drawn, which is every other one.
const SEED: u64 = 0x6169_7067;

/// Sampling that leaves many candidates, so that a small difference of logits shows.
const PARAMETERS: Parameters = Parameters {
    beta: 32_768,
    top_k: 0,
    top_p: 64_000,
    min_p: None,
};

/// A prompt with what the processor answers.
#[derive(Clone, Debug)]
pub struct Trial {
    prompt: Vec<u32>,
    max_output: u32,
    sampling: Option<Sampling>,
    answer: Answer,
}

/// Why there is nothing to compare with.
#[derive(Debug, Error)]
pub enum TrialError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Sampling(#[from] OutOfRange),
}

/// Why a device may not serve a model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    #[error("WrongTokens: trial {trial} {how} answers {found:?}, the processor {expected:?}")]
    WrongTokens {
        trial: usize,
        how: &'static str,
        expected: Vec<u32>,
        found: Vec<u32>,
    },
    #[error(
        "WrongDigest: trial {trial} {how} has digest 0x{found}, on the processor 0x{expected}"
    )]
    WrongDigest {
        trial: usize,
        how: &'static str,
        expected: String,
        found: String,
    },
    #[error("AnswerMissing: trial {trial} {how} has no answer")]
    Missing { trial: usize, how: &'static str },
    #[error(transparent)]
    Failed(#[from] ForwardError),
    #[error("Panicked: {0}")]
    Panicked(String),
}

/// A token that nothing predicts, the same on every machine.
fn token(index: u32, vocabulary: u32) -> u32 {
    let mixed = u64::from(index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The remainder is below the vocabulary.
    ((mixed >> 20) % u64::from(vocabulary.max(1))) as u32
}

/// Has the processor answer the prompts. Those that the context has no room for become shorter.
pub fn trials(model: &Model) -> Result<Vec<Trial>, TrialError> {
    let header = model.header();
    let mut trials = Vec::new();
    for (ordinal, (length, most)) in (0u32..).zip(SHAPES) {
        let max_output = most.min(header.max_context.saturating_sub(1)).max(1);
        let room = header.max_context.saturating_sub(max_output).max(1);
        let first = ordinal * 1_000;
        let prompt: Vec<u32> = (first..first + length.min(room))
            .map(|index| token(index, header.vocabulary))
            .collect();
        let is_drawn = !ordinal.is_multiple_of(2);
        let (sampler, sampling) = match is_drawn {
            false => (Sampler::GREEDY, None),
            true => {
                let sampling = Sampling {
                    parameters: PARAMETERS,
                    key: key::<Blake2b256>(SEED),
                };
                (Sampler::seeded(SEED, PARAMETERS)?, Some(sampling))
            }
        };
        let answer = model.generate(&prompt, max_output, &[], &sampler, &mut |_| ())?;
        trials.push(Trial {
            prompt,
            max_output,
            sampling,
            answer: Answer {
                tokens: answer.tokens,
                digest: answer.digest,
            },
        });
    }
    Ok(trials)
}

/// Whether a device answers as the processor does.
pub fn check(pass: &mut dyn ForwardPass, trials: &[Trial]) -> Result<(), CheckError> {
    catch_unwind(AssertUnwindSafe(|| check_all(pass, trials)))
        .unwrap_or_else(|panic| Err(CheckError::Panicked(message(&*panic).to_owned())))
}

fn check_all(pass: &mut dyn ForwardPass, trials: &[Trial]) -> Result<(), CheckError> {
    for (trial, expected) in trials.iter().enumerate() {
        check_batch(pass, std::slice::from_ref(expected), trial, "alone")?;
    }
    let slots = pass.limits().slots.max(1);
    for (part, first) in trials.chunks(slots).zip((0..).step_by(slots)) {
        check_batch(pass, part, first, "with others")?;
    }
    Ok(())
}

fn check_batch(
    pass: &mut dyn ForwardPass,
    trials: &[Trial],
    first: usize,
    how: &'static str,
) -> Result<(), CheckError> {
    let jobs: Vec<Job<'_>> = trials
        .iter()
        .map(|trial| Job {
            prompt: &trial.prompt,
            max_output: trial.max_output as usize,
            stop: &[],
            sampling: trial.sampling,
        })
        .collect();
    let mut answers = generate(pass, &jobs)?.into_iter();
    for (trial, expected) in (first..).zip(trials) {
        let found = answers.next();
        let found = found.ok_or(CheckError::Missing { trial, how })?;
        let expected = &expected.answer;
        if found.tokens != expected.tokens {
            return Err(CheckError::WrongTokens {
                trial,
                how,
                expected: expected.tokens.clone(),
                found: found.tokens,
            });
        }
        if found.digest != expected.digest {
            return Err(CheckError::WrongDigest {
                trial,
                how,
                expected: hex::encode(expected.digest),
                found: hex::encode(found.digest),
            });
        }
    }
    Ok(())
}
