//! Seeded sampling: temperature, top-k, top-p and min-p as functions of integers.
//!
//! Candidates stand in one order: scaled logit descending, index ascending. Every filter keeps a
//! beginning of that order, judged on the whole row, so what passes all of them is the shortest of
//! these beginnings. Among the kept, the largest scaled logit plus Gumbel noise wins, which draws each
//! with its softmax probability.

mod gumbel;
mod philox;
#[cfg(test)]
mod tests;

use crate::{arithmetic::rsh, attention::exp2_negative, Hasher256};
use alloc::vec::Vec;
use core::fmt;

pub use gumbel::{gumbel, EXCESS, LN};
pub use philox::philox;

/// Largest inverse temperature, Q16: a temperature of 1/16.
pub const LARGEST_BETA: u32 = 1 << 20;
/// A probability of 1, Q16.
pub const WHOLE: u32 = 1 << 16;
/// log₂e in Q16.
const LOG2_E: i64 = 94_548;
/// Bits of an index; a header allows no larger vocabulary.
const INDEX_BITS: u32 = 20;

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Inverse temperature in Q16, 1 … [`LARGEST_BETA`].
    pub beta: u32,
    /// Candidates kept from the beginning of the order; 0 keeps all.
    pub top_k: u32,
    /// Probability in Q16 that the kept beginning has to reach, 1 … [`WHOLE`], which keeps all.
    pub top_p: u32,
    /// Largest distance of a scaled logit below the largest, Q16; `None` keeps all.
    pub min_p: Option<u32>,
}

/// A parameter outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfRange {
    /// Beta is 0 or over [`LARGEST_BETA`].
    Beta(u32),
    /// Top-p is 0 or over [`WHOLE`].
    TopP(u32),
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beta(beta) => write!(
                formatter,
                "BetaOutOfRange: {beta} is not in 1 to {LARGEST_BETA}"
            ),
            Self::TopP(top_p) => {
                write!(formatter, "TopPOutOfRange: {top_p} is not in 1 to {WHOLE}")
            }
        }
    }
}

impl core::error::Error for OutOfRange {}

impl Parameters {
    /// # Errors
    /// [`OutOfRange`], for the first number that is.
    pub fn check(&self) -> Result<(), OutOfRange> {
        if !(1..=LARGEST_BETA).contains(&self.beta) {
            return Err(OutOfRange::Beta(self.beta));
        }
        if !(1..=WHOLE).contains(&self.top_p) {
            return Err(OutOfRange::TopP(self.top_p));
        }
        Ok(())
    }

    /// The logit (Q16) times the inverse temperature, Q16: at most 36 bits.
    pub const fn scale(&self, logit: i32) -> i64 {
        rsh(logit as i64 * self.beta as i64, 16)
    }
}

impl Parameters {
    /// The last place that min-p keeps; the last of all if it is off.
    pub fn min_p_limit(&self) -> u64 {
        self.min_p.map_or(u64::MAX, |distance| {
            place(distance.into(), (1 << INDEX_BITS) - 1)
        })
    }

    /// The last place that top-k keeps; the last of all if it leaves out none. Reorders `places`.
    pub fn top_k_limit(&self, places: &mut [u64]) -> u64 {
        if !self.ranks(places.len()) {
            return u64::MAX;
        }
        let (_, last, _) = places.select_nth_unstable(self.top_k as usize - 1);
        *last
    }

    /// The last place that top-p keeps; the last of all if it is off. Reorders `places`.
    pub fn top_p_limit(&self, places: &mut [u64]) -> u64 {
        if self.has_nucleus() {
            top_p_limit(places, self.top_p)
        } else {
            u64::MAX
        }
    }

    /// Whether top-k leaves out any of so many candidates.
    pub fn ranks(&self, candidates: usize) -> bool {
        self.top_k > 0 && usize::try_from(self.top_k).is_ok_and(|kept| kept < candidates)
    }

    /// Whether top-p may leave out a candidate.
    pub const fn has_nucleus(&self) -> bool {
        self.top_p < WHOLE
    }
}

/// The generator's key for a job's seed: no part of it depends on the job, so that a seed reproduces.
pub fn key<H: Hasher256>(seed: u64) -> [u32; 2] {
    let hash = H::hash(&[b"aipg/sample/1", &seed.to_le_bytes()]);
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}

/// Noise of a candidate for the output token of number `ordinal`, Q16.
pub fn noise(key: [u32; 2], ordinal: u32, candidate: u32) -> i64 {
    let words = philox([candidate >> 2, ordinal, 0, 0], key);
    let [a, b, c, d] = words;
    gumbel(match candidate & 3 {
        0 => a,
        1 => b,
        2 => c,
        _ => d,
    })
}

/// Place of a candidate in the order, `distance` its scaled logit's below the largest: 57 bits.
pub const fn place(distance: u64, index: u64) -> u64 {
    (distance << INDEX_BITS) | index
}

/// Index of the candidate at a place.
pub const fn candidate(place: u64) -> u32 {
    (place & ((1 << INDEX_BITS) - 1)) as u32
}

/// 2^(−distance · log₂e) in Q24, what a candidate weighs in top-p.
pub fn weight(place: u64) -> u64 {
    // A distance has 37 bits, log₂e 17. A place that does not occur has at most 44.
    let distance = (place >> INDEX_BITS) as i64;
    exp2_negative(rsh(distance * LOG2_E, 16)).into()
}

/// The last place that top-p keeps: the first at which the weights up to it, times 2¹⁶, reach
/// `top_p` of them all. Reorders `places`.
fn top_p_limit(mut places: &mut [u64], top_p: u32) -> u64 {
    // 2²⁰ weights of 24 bits, times 2¹⁶: 60 bits.
    let total: u64 = places.iter().map(|&place| weight(place)).sum();
    let wanted = u64::from(top_p) * total;
    let mut before = 0;
    // What is sought is in `places`; each turn halves them.
    while places.len() > 1 {
        let middle = places.len() / 2;
        let (lower, _, _) = places.select_nth_unstable(middle);
        let sum: u64 = lower.iter().map(|&place| weight(place)).sum();
        let (lower, upper) = places.split_at_mut(middle);
        if (before + sum) << 16 >= wanted {
            places = lower;
        } else {
            before += sum;
            places = upper;
        }
    }
    places.first().copied().unwrap_or(u64::MAX)
}

/// The last place that all filters keep.
fn limit(places: &mut [u64], parameters: &Parameters) -> u64 {
    let top_k = parameters.top_k_limit(places);
    let top_p = parameters.top_p_limit(places);
    parameters.min_p_limit().min(top_k).min(top_p)
}

/// Index of the token drawn from `logits` (Q16) for the output token of number `ordinal`, the first
/// being 0. `places` is working space; what it holds does not matter.
///
/// `None` if there are no logits or more than 2²⁰. Numbers out of range are used as they are; see
/// [`Parameters::check`].
pub fn choose(
    logits: &[i32],
    parameters: &Parameters,
    key: [u32; 2],
    ordinal: u32,
    places: &mut Vec<u64>,
) -> Option<u32> {
    if logits.len() > 1 << INDEX_BITS {
        return None;
    }
    let largest = parameters.scale(*logits.iter().max()?);
    // Scaling keeps the order of logits, so no difference is negative.
    let distance = |logit: i32| (largest - parameters.scale(logit)) as u64;
    places.clear();
    let filtered = parameters.min_p.is_some() || parameters.top_k > 0 || parameters.has_nucleus();
    if filtered {
        places.extend(
            (0u64..)
                .zip(logits)
                .map(|(index, &logit)| place(distance(logit), index)),
        );
    }
    let limit = if filtered {
        limit(places, parameters)
    } else {
        u64::MAX
    };

    let mut best: Option<(i64, u32)> = None;
    for (block, logits) in (0u32..).zip(logits.chunks(4)) {
        let mut noise = None;
        for (lane, &logit) in (0u32..).zip(logits) {
            let index = block * 4 + lane;
            if place(distance(logit), index.into()) > limit {
                continue;
            }
            let words = noise.get_or_insert_with(|| philox([block, ordinal, 0, 0], key));
            let word = words.get(lane as usize).copied().unwrap_or(0);
            let value = parameters.scale(logit) + gumbel(word);
            if best.is_none_or(|(most, _)| value > most) {
                best = Some((value, index));
            }
        }
    }
    best.map(|(_, index)| index)
}
