//! The table of operations.

use crate::{
    attention, commitments, job, norms, pictures,
    record::{record, Record},
    rows, sampling, Fields,
};
use aipg_exact::Hasher256;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::{fmt, marker::PhantomData};

/// What answers are put together from, besides the operations of `aipg-exact`.
pub trait Implementation {
    /// blake2b-256.
    type Hasher: Hasher256;

    /// Runs a job on a whole model.
    ///
    /// # Errors
    /// What is wrong with the model or the job.
    fn generate(job: job::Generate) -> Result<job::Generated, String>;

    /// Makes a picture with a whole model.
    ///
    /// # Errors
    /// What is wrong with the model or the job.
    fn paint(job: job::Paint) -> Result<job::Generated, String>;
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// There is no such operation.
    UnknownOperation(String),
    /// Inputs are missing, of the wrong type or out of range.
    BadInputs(String),
}

impl fmt::Display for AnswerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOperation(name) => write!(formatter, "UnknownOperation: {name}"),
            Self::BadInputs(reason) => write!(formatter, "BadInputs: {reason}"),
        }
    }
}

impl core::error::Error for AnswerError {}

type Answer = fn(Fields) -> Result<Fields, String>;

/// Reads the inputs, computes, gives the outputs.
fn compute<I: Record, O: Record>(
    inputs: Fields,
    compute: fn(I) -> Result<O, String>,
) -> Result<Fields, String> {
    Ok(compute(I::from_fields(inputs)?)?.into_fields())
}

/// The operations of an implementation.
struct Table<I>(PhantomData<I>);

impl<I: Implementation> Table<I> {
    const OPERATIONS: &[(&str, Answer)] = &[
        ("rsh", |inputs| compute(inputs, rows::shift_right)),
        ("embed", |inputs| compute(inputs, rows::embed)),
        ("quantise", |inputs| compute(inputs, rows::quantise)),
        ("quantise_wide", |inputs| {
            compute(inputs, rows::quantise_wide)
        }),
        ("rotate", |inputs| compute(inputs, rows::rotate)),
        ("product", |inputs| compute(inputs, rows::product)),
        ("product_wide", |inputs| compute(inputs, rows::product_wide)),
        ("add_biases", |inputs| compute(inputs, rows::add_biases)),
        ("normalise", |inputs| compute(inputs, norms::normalise)),
        ("layer_norm", |inputs| compute(inputs, norms::layer_norm)),
        ("head_norm", |inputs| compute(inputs, norms::head_norm)),
        ("rotary", |inputs| compute(inputs, attention::rotary)),
        ("score", |inputs| compute(inputs, attention::score)),
        ("value_scale", |inputs| {
            compute(inputs, attention::value_scale)
        }),
        ("attend", |inputs| compute(inputs, attention::attend)),
        ("activate", |inputs| compute(inputs, rows::activate)),
        ("gated", |inputs| compute(inputs, rows::gated)),
        ("residual", |inputs| compute(inputs, rows::residual)),
        ("choose", |inputs| {
            compute(inputs, sampling::choose::<I::Hasher>)
        }),
        ("token_root", |inputs| {
            compute(inputs, commitments::token_root::<I::Hasher>)
        }),
        ("digest", |inputs| {
            compute(inputs, commitments::digest::<I::Hasher>)
        }),
        ("generate", |inputs| compute(inputs, I::generate)),
        ("noise", |inputs| {
            compute(inputs, pictures::start::<I::Hasher>)
        }),
        ("step", |inputs| compute(inputs, pictures::take_step)),
        ("pixels", |inputs| compute(inputs, pictures::pixels)),
        ("paint", |inputs| compute(inputs, I::paint)),
    ];
}

/// The names of all operations.
pub fn operation_names<I: Implementation>() -> impl Iterator<Item = &'static str> {
    Table::<I>::OPERATIONS.iter().map(|(name, _)| *name)
}

/// The outputs of an operation.
///
/// # Errors
/// [`AnswerError`] if there is no such operation or it does not take these inputs.
pub fn answer<I: Implementation>(operation: &str, inputs: Fields) -> Result<Fields, AnswerError> {
    let mut table = Table::<I>::OPERATIONS.iter();
    let known = table.find(|(name, _)| *name == operation);
    let (_, answer) = known.ok_or_else(|| AnswerError::UnknownOperation(operation.to_owned()))?;
    answer(inputs).map_err(AnswerError::BadInputs)
}

/// Refuses lists whose lengths do not belong together.
pub(crate) fn same_length(what: &str, a: usize, b: usize) -> Result<(), String> {
    if a == b {
        return Ok(());
    }
    Err(format!("{what}: {a} and {b}"))
}

pub(crate) fn not_minus_128(values: &[i8]) -> Result<(), String> {
    match values.contains(&i8::MIN) {
        true => Err("-128 is no int8 element".into()),
        false => Ok(()),
    }
}

record! {
    /// A row of 32 bits.
    pub struct Row32 {
        /// The row.
        pub x: Vec<i32>,
    }

    /// A row of 64 bits.
    pub struct Row64 {
        /// The row.
        pub row: Vec<i64>,
    }

    /// A single number.
    pub struct Number {
        /// The number.
        pub value: i64,
    }

    /// A root.
    pub struct Root {
        /// Its bytes.
        pub root: [u8; 32],
    }
}

#[cfg(test)]
mod tests;
