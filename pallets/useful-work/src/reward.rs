//! The arithmetic of credit and reward, free of storage.

use crate::types::{ClosedRound, CreditLine, CreditTerms};
use aipg_primitives::{api::Ceiling, Balance, Units};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// κ is counted in millionths.
const MILLION: u128 = 1_000_000;

/// ⌊value × numerator / denominator⌋, saturating; 0 where the denominator is 0.
pub fn share(value: Balance, numerator: Balance, denominator: Balance) -> Balance {
    if denominator == 0 {
        return 0;
    }
    multiply_by_rational_with_rounding(value, numerator, denominator, Rounding::Down)
        .unwrap_or(Balance::MAX)
}

/// The credit line of one job: min(units × index price, fee) as credit, κ × fee as ceiling.
///
/// Class weight is 1: only exact inference can be registered.
pub fn line_of(units: Units, fee: Balance, terms: CreditTerms) -> CreditLine {
    let indexed = Balance::from(units).saturating_mul(terms.index_price);
    CreditLine {
        terms,
        credit: indexed.min(fee),
        ceiling: share(fee, Balance::from(terms.mint_ceiling), MILLION),
    }
}

/// Reward of a line in a closed round, and which ceiling set it.
pub fn reward_of(line: &CreditLine, round: &ClosedRound) -> (Balance, Ceiling) {
    let by_budget = share(line.credit, round.budget, round.denominator);
    if by_budget <= line.ceiling {
        (by_budget, Ceiling::Budget)
    } else {
        (line.ceiling, Ceiling::Fee)
    }
}

/// Reward of all lines of a worker in a round.
pub fn reward_of_all(lines: &[CreditLine], round: &ClosedRound) -> (Balance, Ceiling) {
    let mut total: Balance = 0;
    let mut ceiling = None;
    for line in lines {
        let (amount, by) = reward_of(line, round);
        total = total.saturating_add(amount);
        ceiling = match ceiling {
            None => Some(by),
            Some(seen) if seen == by => Some(by),
            Some(_) => Some(Ceiling::Mixed),
        };
    }
    (total, ceiling.unwrap_or(Ceiling::Budget))
}
