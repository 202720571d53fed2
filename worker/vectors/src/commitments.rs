//! Roots of tokens and of hidden states.

use crate::{operations::Root, record::record};
use aipg_exact::{
    commitment::{self, DigestBuilder},
    Hasher256,
};
use alloc::{string::String, vec::Vec};

record! {
    /// A token list.
    pub struct Tokens {
        /// The ids.
        pub tokens: Vec<u32>,
    }

    /// Final hidden states.
    pub struct Hidden {
        /// `[positions, width]`, row by row.
        pub hidden: Vec<i32>,
        /// The model dimension.
        pub width: usize,
    }
}

pub(crate) fn token_root<H: Hasher256>(inputs: Tokens) -> Result<Root, String> {
    let root = commitment::token_root::<H>(&inputs.tokens);
    Ok(Root { root })
}

pub(crate) fn digest<H: Hasher256>(inputs: Hidden) -> Result<Root, String> {
    if inputs.width == 0 || !inputs.hidden.len().is_multiple_of(inputs.width) {
        return Err("the width does not divide the number of elements".into());
    }
    let mut digest = DigestBuilder::<H>::new();
    let rows = inputs.hidden.chunks_exact(inputs.width);
    rows.for_each(|row| digest.push(row));
    let root = digest.finish();
    Ok(Root { root })
}
