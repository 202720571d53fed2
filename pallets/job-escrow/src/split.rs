//! How a fee is divided. Pure.

use crate::types::FeeParts;
use aipg_primitives::{Balance, FeeSplit};

/// Divides `fee`. Every share is rounded down and what remains is the treasury's, which also takes
/// the shares of a creator or referrer that does not exist.
pub fn split_fee(fee: Balance, split: &FeeSplit, creator: bool, referrer: bool) -> FeeParts {
    let share = |part: sp_runtime::Permill, exists: bool| {
        if exists {
            part.mul_floor(fee)
        } else {
            0
        }
    };
    let mut parts = FeeParts {
        worker: share(split.worker, true),
        creator: share(split.creator, creator),
        burned: share(split.burned, true),
        stakers: share(split.stakers, true),
        referrer: share(split.referrer, referrer),
        treasury: 0,
    };
    parts.treasury = fee.saturating_sub(parts.besides_treasury());
    parts
}
