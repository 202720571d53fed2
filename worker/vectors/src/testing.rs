//! What the tests of this crate share.

use crate::{
    job::{Generate, Generated},
    Fields, Implementation, Value,
};
use aipg_exact::Hasher256;
use blake2::{digest::consts::U32, Blake2b, Digest};

/// blake2b-256.
pub struct Blake2b256;

impl Hasher256 for Blake2b256 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        let mut state = Blake2b::<U32>::new();
        for part in parts {
            state.update(part);
        }
        state.finalize().into()
    }
}

/// Operations without whole models.
pub struct WithoutModels;

impl Implementation for WithoutModels {
    type Hasher = Blake2b256;

    fn generate(_: Generate) -> Result<Generated, String> {
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
