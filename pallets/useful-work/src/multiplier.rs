//! What a worker's credit counts: merits share the budget otherwise, they mint nothing more.
//!
//! A round is shared by credit times multiplier, while the ceiling κ · credit of each job knows no multiplier: so
//! merits decide who has how much of a budget that is used up, and self-dealing gains nothing by them.

use crate::reward::share;
use aipg_primitives::{Balance, Merits, Units, AIPG};

/// A multiplier of one, in the millionths that they are counted in.
pub const ONE: u32 = 1_000_000;

/// Uptime of 99 %.
const UPTIME: u32 = 1_200_000;
/// Power among the greatest tenth.
const FAST: u32 = 1_150_000;
/// 99.9 % of the jobs finished.
const CORRECT: u32 = 1_100_000;

/// Windows that uptime is judged by.
pub const UPTIME_WINDOWS: u32 = 100;
/// Jobs that correctness is judged by.
pub const CORRECT_JOBS: u64 = 1_000;
/// Bond and stake that double credit; less does so in proportion.
pub const DOUBLING_STAKE: Balance = 100_000 * AIPG;
/// Units for each bonded AIPG that count twice in the first days of a chain: with an index price of a millionth, so
/// much work as earns the bond once.
pub const EARLY_UNITS: u64 = 1_000_000;

/// `value` times a multiplier, rounded down.
pub fn multiplied(value: Balance, multiplier: u32) -> Balance {
    share(value, multiplier.into(), ONE.into())
}

/// The product of two multipliers, rounded down. Those here stay far below what `u32` holds.
fn times(first: u32, second: u32) -> u32 {
    u32::try_from(multiplied(first.into(), second)).unwrap_or(u32::MAX)
}

/// What merits multiply credit with: 1.20 for uptime, 1.15 for speed, 1.10 for correctness, and up to 2 for bond
/// and stake. Between 1 and 3.036.
pub fn multiplier(merits: &Merits) -> u32 {
    let reaches = |numerator: u64, denominator: u64, thousandths: u64| {
        numerator.saturating_mul(1_000) >= denominator.saturating_mul(thousandths)
    };
    let is_up = merits.windows >= UPTIME_WINDOWS
        && reaches(merits.attended.into(), merits.windows.into(), 990);
    let jobs = merits.completed.saturating_add(merits.failed);
    let is_correct = jobs >= CORRECT_JOBS && reaches(merits.completed, jobs, 999);
    let counted = merits.stake.min(DOUBLING_STAKE);
    let more = share(ONE.into(), counted, DOUBLING_STAKE);
    let more = u32::try_from(more).unwrap_or_default();
    let factors = [
        (is_up, UPTIME),
        (merits.is_fast, FAST),
        (is_correct, CORRECT),
        (true, ONE.saturating_add(more)),
    ];
    factors
        .into_iter()
        .filter(|(holds, _)| *holds)
        .fold(ONE, |product, (_, factor)| times(product, factor))
}

/// Units that count twice for a bond, while they do at all. By the bond, so that many small identities have no more.
pub fn early_units(bond: Balance) -> Units {
    let bonded = bond.checked_div(AIPG).unwrap_or_default();
    Units::try_from(bonded)
        .unwrap_or(Units::MAX)
        .saturating_mul(EARLY_UNITS)
}

/// A multiplier that is doubled.
pub fn doubled(multiplier: u32) -> u32 {
    multiplier.saturating_mul(2)
}
