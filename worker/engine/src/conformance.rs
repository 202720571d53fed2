//! Test vectors of exact inference, and the answers of this implementation to them.
//!
//! A vector is an operation of `docs/spec/exact-inference.md` with inputs and outputs, all of them integers,
//! lists of integers or hexadecimal text. `docs/spec/vectors.md` describes the format and the line protocol
//! by which `scripts/conformance` asks any implementation. [`OPERATIONS`] is the table of what there is.

mod generate;
mod norms;
mod operations;
mod version_one;

pub use generate::vectors;

use norms::*;
use operations::*;
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, BufRead, Write};
use thiserror::Error;
use version_one::*;

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vector {
    /// A name of [`OPERATIONS`].
    pub operation: String,
    /// Its inputs.
    pub inputs: Value,
    /// What they give.
    pub outputs: Value,
}

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

type Answer = fn(Value) -> Result<Value, ConformanceError>;

/// Decodes the inputs, computes, encodes the outputs.
fn answer<I: DeserializeOwned, O: Serialize>(
    inputs: Value,
    compute: fn(I) -> Result<O, String>,
) -> Result<Value, ConformanceError> {
    let outputs = compute(serde_json::from_value(inputs)?).map_err(ConformanceError::BadInputs)?;
    Ok(serde_json::to_value(outputs)?)
}

/// Every operation by name.
pub const OPERATIONS: &[(&str, Answer)] = &[
    ("rsh", |inputs| answer(inputs, shift_right)),
    ("embed", |inputs| answer(inputs, embed)),
    ("quantise", |inputs| answer(inputs, quantise)),
    ("quantise_wide", |inputs| answer(inputs, quantise_wide)),
    ("rotate", |inputs| answer(inputs, rotate)),
    ("product", |inputs| answer(inputs, product)),
    ("product_wide", |inputs| answer(inputs, product_wide)),
    ("add_biases", |inputs| answer(inputs, add_biases)),
    ("normalise", |inputs| answer(inputs, normalise)),
    ("layer_norm", |inputs| answer(inputs, layer_norm)),
    ("head_norm", |inputs| answer(inputs, head_norm)),
    ("rotary", |inputs| answer(inputs, rotary)),
    ("score", |inputs| answer(inputs, score)),
    ("value_scale", |inputs| answer(inputs, value_scale)),
    ("attend", |inputs| answer(inputs, attend)),
    ("activate", |inputs| answer(inputs, activate)),
    ("gated", |inputs| answer(inputs, gated)),
    ("residual", |inputs| answer(inputs, residual)),
    ("choose", |inputs| answer(inputs, choose)),
    ("token_root", |inputs| answer(inputs, token_root)),
    ("digest", |inputs| answer(inputs, digest)),
    ("generate", |inputs| answer(inputs, generate)),
];

/// The outputs of an operation.
///
/// # Errors
/// [`ConformanceError`] if there is no such operation or it does not take these inputs.
pub fn outputs(operation: &str, inputs: Value) -> Result<Value, ConformanceError> {
    let known = OPERATIONS.iter().find(|(name, _)| *name == operation);
    let (_, answer) =
        known.ok_or_else(|| ConformanceError::UnknownOperation(operation.to_owned()))?;
    answer(inputs)
}

/// A line of the protocol.
#[derive(Deserialize)]
struct Question {
    operation: String,
    inputs: Value,
}

/// Answers one question a line until `questions` end: `{"outputs": …}` or `{"error": "…"}`.
///
/// # Errors
/// [`ConformanceError::Io`] if a line cannot be read or written; questions without an answer are told to
/// whoever asked.
pub fn serve(questions: impl BufRead, mut answers: impl Write) -> Result<(), ConformanceError> {
    for line in questions.lines() {
        let result = serde_json::from_str::<Question>(&line?)
            .map_err(ConformanceError::from)
            .and_then(|question| outputs(&question.operation, question.inputs));
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
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn committed_vectors_should_be_those_of_this_implementation() {
        let committed = include_str!("../../../docs/spec/vectors.jsonl");
        let committed: Vec<Vector> = committed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let generated = vectors();
        for (number, (old, new)) in committed.iter().zip(&generated).enumerate() {
            assert_eq!(
                old, new,
                "vector {number}: aipg-model vectors writes them again"
            );
        }
        assert_eq!(committed.len(), generated.len());
        for (name, _) in OPERATIONS {
            let count = committed
                .iter()
                .filter(|vector| vector.operation == *name)
                .count();
            assert!(count >= 4, "{count} vectors of {name}");
        }
    }

    #[test]
    fn serve_should_answer_every_line() {
        let questions =
            b"{\"operation\": \"rsh\", \"inputs\": {\"x\": [5, -5], \"shift\": [1, 1]}}\n\
            {\"operation\": \"abacus\", \"inputs\": {}}\n\
            {\"operation\": \"rsh\", \"inputs\": {\"x\": [5]}}\n\
            {\"operation\": \"rotate\", \"inputs\": {\"row\": [1, 2]}}\n\
            nonsense\n";
        let mut answers = Vec::new();
        serve(questions.as_slice(), &mut answers).unwrap();
        let answers: Vec<Value> = answers
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(answers[0], json!({ "outputs": { "y": [3, -2] } }));
        let error = |index: usize| answers[index]["error"].as_str().unwrap_or_default();
        assert!(error(1).starts_with("UnknownOperation: abacus"));
        for index in 2..5 {
            assert!(
                error(index).starts_with("BadInputs"),
                "{index}: {}",
                error(index)
            );
        }
        assert_eq!(answers.len(), 5);
    }
}
