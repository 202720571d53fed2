//! What the tests of this crate share.

use crate::{
    job::{Generate, Generated, Paint},
    Fields, Implementation, Value,
};
pub use aipg_exact::Blake2b256;

/// Operations without whole models.
pub struct WithoutModels;

impl Implementation for WithoutModels {
    type Hasher = Blake2b256;

    fn generate(_: Generate) -> Result<Generated, String> {
        Err("no whole models".into())
    }

    fn paint(_: Paint) -> Result<Generated, String> {
        Err("no whole models".into())
    }
}

/// Fields from pairs.
pub fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
