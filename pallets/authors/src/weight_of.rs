//! Weights of candidates: √credit · √(bond + stake), in integers.
//!
//! The weight is of degree one in credit and money: whoever splits both in equal proportions has the same
//! weight in all, whoever splits them otherwise has less.

use aipg_primitives::{Balance, AIPG};
use alloc::vec::Vec;
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// Credit counts up to so many times the median per bonded AIPG.
pub const CREDIT_LIMIT: u128 = 4;

/// What decides the weight of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Means {
    pub credit: Balance,
    /// Its own bond, at least one.
    pub bond: Balance,
    /// What others have staked on it.
    pub stake: Balance,
}

impl Means {
    /// Credit per bonded AIPG, rounded down.
    fn rate(&self) -> u128 {
        scale(self.credit, AIPG, self.bond)
    }
}

/// `a · b / c`, rounded down, at most the largest number.
fn scale(a: u128, b: u128, c: u128) -> u128 {
    multiply_by_rational_with_rounding(a, b, c.max(1), Rounding::Down).unwrap_or(u128::MAX)
}

/// The median of the credit per bonded AIPG over the candidates, weighted by their bonds: the least rate
/// that candidates with half of the bonds do not exceed. Splitting a candidate does not move it.
///
/// If the owners of half of the bonds have no credit, only those who have some count: else they could stop
/// every election by not working.
pub fn median_rate(candidates: &[Means]) -> u128 {
    let mut rates: Vec<(u128, Balance)> = candidates
        .iter()
        .map(|candidate| (candidate.rate(), candidate.bond))
        .collect();
    rates.sort_unstable();
    match median(&rates) {
        0 => {
            rates.retain(|(rate, _)| *rate > 0);
            median(&rates)
        }
        rate => rate,
    }
}

/// The median of values with weights, sorted by value; 0 of none.
fn median(values: &[(u128, Balance)]) -> u128 {
    let total: u128 = values
        .iter()
        .fold(0, |sum, (_, weight)| sum.saturating_add(*weight));
    let mut sum: u128 = 0;
    values
        .iter()
        .find(|(_, weight)| {
            sum = sum.saturating_add(*weight);
            sum >= total.saturating_sub(sum)
        })
        .map_or(0, |(value, _)| *value)
}

/// The weight of one candidate, where credit counts up to `rate` times [`CREDIT_LIMIT`] per bonded AIPG.
pub fn weight(candidate: &Means, rate: u128) -> u128 {
    let limit = scale(rate.saturating_mul(CREDIT_LIMIT), candidate.bond, AIPG);
    let money = candidate.bond.saturating_add(candidate.stake);
    // Each root is below 2⁶⁴.
    let credit = candidate.credit.min(limit).isqrt();
    credit.saturating_mul(money.isqrt())
}

/// The weights of all candidates, in their order.
pub fn weights(candidates: &[Means]) -> Vec<u128> {
    let rate = median_rate(candidates);
    candidates
        .iter()
        .map(|candidate| weight(candidate, rate))
        .collect()
}
