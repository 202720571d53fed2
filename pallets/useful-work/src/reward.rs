//! The arithmetic of credit and reward, free of storage.

use crate::{
    multiplier::multiplied,
    types::{ClosedRound, CreditLine, CreditTerms},
};
use aipg_primitives::{api::Ceiling, Balance, Units};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Permill, Rounding};

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

/// Credit of one job before any multiplier: min(units × index price, fee).
///
/// Class weight is 1: only exact inference can be registered.
pub fn credit_of(units: Units, fee: Balance, terms: &CreditTerms) -> Balance {
    Balance::from(units)
        .saturating_mul(terms.index_price)
        .min(fee)
}

/// The credit line of one job: [`credit_of`] × multiplier as credit, κ × [`credit_of`] as ceiling. Of the fee it
/// would be a reward for an own job at any price.
pub fn line_of(units: Units, fee: Balance, terms: CreditTerms) -> CreditLine {
    let credit = credit_of(units, fee, &terms);
    CreditLine {
        terms,
        credit: multiplied(credit, terms.multiplier),
        ceiling: share(credit, Balance::from(terms.mint_ceiling), MILLION),
    }
}

/// Rounds in which the difficulty follows the credit of the rounds: a day of the main network.
const RETARGET_ROUNDS: Balance = 144;

/// The difficulty after a round with so much `credit`: one part in [`RETARGET_ROUNDS`] of the way to it, at least
/// `least`. A round counts at most twice the difficulty, so that it rises no faster than it falls: it takes about
/// a hundred rounds to double, or to halve.
///
/// So the budget of a round is shared whole once its credit is what the rounds of the last days had, and a thin
/// round does not drain it.
pub fn retarget(difficulty: Balance, credit: Balance, least: Balance) -> Balance {
    let counted = credit.min(difficulty.saturating_mul(2));
    let next = if counted > difficulty {
        let more = counted.saturating_sub(difficulty).div_ceil(RETARGET_ROUNDS);
        difficulty.saturating_add(more)
    } else {
        let less = difficulty.saturating_sub(counted);
        difficulty.saturating_sub(less.checked_div(RETARGET_ROUNDS).unwrap_or_default())
    };
    next.max(least)
}

/// Of all credit, the share that auditors earn, in per cent.
const AUDITORS_SHARE: u128 = 3;

/// What all audits of a job earn on average, on top of what its worker does: so much that they have
/// [`AUDITORS_SHARE`] of everything.
pub const AUDITORS_PART: (u128, u128) = (AUDITORS_SHARE, 100 - AUDITORS_SHARE);

/// What one audit of a job earns. A job has the `chance` of an audit, by as many auditors as are
/// `expected`, so one of them earns `part / (chance · expected)` of what the job's worker does, rounded
/// down; but never more than half of it, or it would pay to have own jobs audited.
pub fn auditors_line(line: CreditLine, chance: Permill, expected: u32) -> CreditLine {
    let (numerator, denominator) = AUDITORS_PART;
    let made = u128::from(chance.deconstruct()).saturating_mul(expected.into());
    let denominator = denominator.saturating_mul(made);
    let part = |whole: Balance| {
        let half = whole.checked_div(2).unwrap_or_default();
        share(whole, numerator.saturating_mul(MILLION), denominator).min(half)
    };
    CreditLine {
        credit: part(line.credit),
        ceiling: part(line.ceiling),
        ..line
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
