//! Choosing tokens.

use crate::{operations::Number, record::record};
use aipg_exact::{
    elementwise::argmax,
    sampling::{self, OutOfRange, Parameters},
    Hasher256,
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

record! {
    /// How tokens are chosen; greedy if `beta` is 0.
    pub struct Sampling {
        /// The job's.
        pub seed: u64,
        /// Inverse temperature, Q16.
        pub beta: u32,
        /// 0 is off.
        pub top_k: u32,
        /// Q16; 2¹⁶ is off.
        pub top_p: u32,
        /// Distance, Q16.
        pub min_p: Option<u32>,
    }

    /// A row of logits and which output token they give.
    pub struct Choose {
        /// Q16.
        pub logits: Vec<i32>,
        /// Number of the output token.
        pub ordinal: u32,
        /// How it is chosen.
        pub sampling: Sampling,
    }
}

impl Sampling {
    /// The largest logit.
    pub const GREEDY: Self = Self {
        seed: 0,
        beta: 0,
        top_k: 0,
        top_p: sampling::WHOLE,
        min_p: None,
    };

    /// The parameters of seeded sampling; `None` is greedy.
    ///
    /// # Errors
    /// [`OutOfRange`] if one is.
    pub fn parameters(&self) -> Result<Option<Parameters>, OutOfRange> {
        if self.beta == 0 {
            return Ok(None);
        }
        let parameters = Parameters {
            beta: self.beta,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
        };
        parameters.check()?;
        Ok(Some(parameters))
    }

    /// The output token of number `ordinal` from its logits.
    ///
    /// # Errors
    /// A parameter is out of range, or there are no logits.
    pub fn choose<H: Hasher256>(&self, logits: &[i32], ordinal: u32) -> Result<u32, String> {
        let token = match self.parameters().map_err(|error| error.to_string())? {
            None => argmax(logits),
            Some(parameters) => {
                let key = sampling::key::<H>(self.seed);
                sampling::choose(logits, &parameters, key, ordinal, &mut Vec::new())
            }
        };
        token.ok_or_else(|| "no logits".into())
    }
}

pub(crate) fn choose<H: Hasher256>(inputs: Choose) -> Result<Number, String> {
    let token = inputs
        .sampling
        .choose::<H>(&inputs.logits, inputs.ordinal)?;
    Ok(Number {
        value: token.into(),
    })
}
