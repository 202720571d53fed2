//! The emission schedule: pure arithmetic, no storage.
//!
//! Block `h ≥ 1` is worth `initial_reward >> ((h − 1) / halving_interval)`. Halving is an integer
//! shift: it drops the last bit, so the reward ends at 0 instead of approaching it.

use aipg_primitives::Balance;
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What blocks are worth, by height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Schedule {
    /// Reward of block 1.
    pub initial_reward: Balance,
    /// Blocks after which the reward halves; 0 means that there are no rewards.
    pub halving_interval: u32,
}

impl Schedule {
    /// The reward of block `height`; 0 for the genesis block and after the last halving.
    pub fn reward_at(&self, height: u64) -> Balance {
        height
            .checked_sub(1)
            .and_then(|earlier| earlier.checked_div(u64::from(self.halving_interval)))
            .map_or(0, |halvings| self.reward_after(halvings))
    }

    /// The sum of the rewards of blocks `1..=height`, or `None` if it does not fit.
    ///
    /// With `x` the initial reward and `y = x >> m`, the `m` full eras hold
    /// `Σ_{k<m} (x >> k) = 2(x − y) − (ones(x) − ones(y))` per block: summing `x >> k` over all `k`
    /// counts each set bit `2^i` as `2^(i+1) − 1`, and the tail from `m` on is the same sum for `y`.
    pub fn emitted_through(&self, height: u64) -> Option<Balance> {
        let interval = u64::from(self.halving_interval);
        let Some(full_eras) = height.checked_div(interval) else {
            return Some(0);
        };
        let rest = height.checked_rem(interval)?;
        let current = self.reward_after(full_eras);
        let halved_away = self.initial_reward.checked_sub(current)?;
        let bits_dropped = self
            .initial_reward
            .count_ones()
            .checked_sub(current.count_ones())?;
        // In this order no step is above the result, so only a sum that does not fit is refused.
        let per_position = halved_away
            .checked_sub(bits_dropped.into())?
            .checked_add(halved_away)?;
        per_position
            .checked_mul(interval.into())?
            .checked_add(current.checked_mul(rest.into())?)
    }

    /// The sum of all rewards there will ever be, or `None` if it does not fit.
    pub fn emitted_in_total(&self) -> Option<Balance> {
        self.emitted_through(u64::MAX)
    }

    /// The reward once it has halved so often.
    fn reward_after(&self, halvings: u64) -> Balance {
        u32::try_from(halvings)
            .ok()
            .and_then(|shift| self.initial_reward.checked_shr(shift))
            .unwrap_or(0)
    }
}
