//! Test vectors of exact inference, and the answers of this implementation to them.
//!
//! A vector is an operation of `docs/spec/exact-inference.md` with inputs and outputs, all of them integers,
//! lists of integers or bytes. The operations are those of `aipg-vectors`; whole models run in this engine.
//! `docs/spec/vectors.md` describes both forms and the line protocol by which `scripts/conformance` asks any
//! implementation.

mod generate;
mod json;

pub use generate::vectors;
pub use json::{from_line, to_line};

use crate::{Blake2b256, Model, Sampler};
use aipg_vectors::{
    answer, binary,
    job::{Generate, Generated, Paint},
    sampling::Sampling,
    AnswerError, Implementation, Vector,
};
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, BufRead, Write};
use thiserror::Error;

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum ConformanceError {
    /// There is no such operation.
    #[error("UnknownOperation: {0}")]
    UnknownOperation(String),
    /// Inputs are missing, of the wrong type or out of range.
    #[error("BadInputs: {0}")]
    BadInputs(String),
    /// Reading or writing failed.
    #[error("Io: {0}")]
    Io(#[from] io::Error),
}

impl From<serde_json::Error> for ConformanceError {
    fn from(error: serde_json::Error) -> Self {
        Self::BadInputs(error.to_string())
    }
}

impl From<AnswerError> for ConformanceError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::UnknownOperation(name) => Self::UnknownOperation(name),
            AnswerError::BadInputs(reason) => Self::BadInputs(reason),
        }
    }
}

/// The operations with this engine's models.
pub struct Engine;

impl Implementation for Engine {
    type Hasher = Blake2b256;

    fn generate(job: Generate) -> Result<Generated, String> {
        let model = Model::from_bytes(&job.model.0).map_err(|error| error.to_string())?;
        run(&model, &job)
    }

    fn paint(job: Paint) -> Result<Generated, String> {
        let model = Model::from_bytes(&job.model.0).map_err(|error| error.to_string())?;
        paint(&model, &job)
    }
}

/// Makes the picture with the model that the job names.
fn paint(model: &Model, job: &Paint) -> Result<Generated, String> {
    let painting = model
        .paint(&job.prompt, job.seed, &mut |_| ())
        .map_err(|error| error.to_string())?;
    Ok(Generated {
        model_root: model.root(),
        tokens: painting.tokens(),
        positions: painting.positions,
        digest: painting.digest,
    })
}

/// Generates with the model that the job names, and replays.
fn run(model: &Model, job: &Generate) -> Result<Generated, String> {
    let sampler = sampler(&job.sampling)?;
    let generation = model
        .generate(
            &job.prompt,
            job.max_output,
            &job.stop,
            &sampler,
            &mut |_| (),
        )
        .map_err(|error| error.to_string())?;
    let replayed = model.replay(&job.prompt, &generation.tokens, &sampler);
    if replayed != Ok(generation.digest) {
        return Err("replaying gives another digest than generating".into());
    }
    Ok(Generated {
        model_root: model.root(),
        tokens: generation.tokens,
        positions: generation.positions,
        digest: generation.digest,
    })
}

fn sampler(sampling: &Sampling) -> Result<Sampler, String> {
    let parameters = sampling.parameters().map_err(|error| error.to_string())?;
    let Some(parameters) = parameters else {
        return Ok(Sampler::GREEDY);
    };
    Sampler::seeded(sampling.seed, parameters).map_err(|error| error.to_string())
}

/// The bytes of a file of vectors.
pub fn to_binary(vectors: &[Vector]) -> Vec<u8> {
    binary::encode::<Blake2b256>(vectors)
}

/// A line of the protocol.
#[derive(Deserialize)]
struct Question {
    operation: String,
    inputs: Value,
}

impl Question {
    fn answer(self) -> Result<Value, ConformanceError> {
        let inputs = json::to_fields(self.inputs)?;
        Ok(json::from_fields(&answer::<Engine>(
            &self.operation,
            inputs,
        )?))
    }
}

/// Answers one question a line until `questions` end: `{"outputs": …}` or `{"error": "…"}`.
///
/// # Errors
/// [`ConformanceError::Io`] if a line cannot be read or written; questions without an answer are told to
/// whoever asked.
pub fn serve(questions: impl BufRead, mut answers: impl Write) -> Result<(), ConformanceError> {
    for line in questions.lines() {
        let question = serde_json::from_str::<Question>(&line?);
        let result = question
            .map_err(ConformanceError::from)
            .and_then(Question::answer);
        let reply = match result {
            Ok(outputs) => serde_json::json!({ "outputs": outputs }),
            Err(error) => serde_json::json!({ "error": error.to_string() }),
        };
        writeln!(answers, "{reply}")?;
        answers.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
