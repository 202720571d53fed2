//! What the steps of a block cost.
//!
//! The benchmarks of draws and settlements take several at once, so what all of them read and write alike (the
//! beacon's ring, the treasury, counters) is in the first one, and the others cost only what is their own.

use crate::{pallet::Config, WeightInfo};
use frame_support::weights::Weight;

/// Kinds of what the hook does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing was due in a block.
    Pass,
    Draw,
    Settle,
    /// A settlement that ends an audit as well.
    SettleAudited,
    Refund,
    TimeOut,
    /// Nobody published an input that was demanded.
    Unanswered,
    /// A step failed and is tried again later.
    Postpone,
}

/// How many steps of each kind a block has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passes: u32,
    draws: u32,
    settles: u32,
    audited: u32,
    refunds: u32,
    time_outs: u32,
    unanswered: u32,
    postponed: u32,
}

impl Tally {
    /// Counts a step.
    pub(crate) fn count(&mut self, step: Step) {
        let count = match step {
            Step::Pass => &mut self.passes,
            Step::Draw => &mut self.draws,
            Step::Settle => &mut self.settles,
            Step::SettleAudited => &mut self.audited,
            Step::Refund => &mut self.refunds,
            Step::TimeOut => &mut self.time_outs,
            Step::Unanswered => &mut self.unanswered,
            Step::Postpone => &mut self.postponed,
        };
        *count = count.saturating_add(1);
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What they cost together at most.
    pub(crate) fn weight<T: Config>(&self) -> Weight {
        // What several have in common is only in a sum of some.
        let together = |count: u32, weigh: fn(u32) -> Weight| {
            if count == 0 {
                return Weight::zero();
            }
            weigh(count)
        };
        together(self.passes, T::WeightInfo::pass_blocks)
            .saturating_add(together(self.draws, T::WeightInfo::step_draw))
            .saturating_add(together(self.settles, T::WeightInfo::step_settle))
            .saturating_add(
                T::WeightInfo::step_settle_audited().saturating_mul(self.audited.into()),
            )
            .saturating_add(T::WeightInfo::step_refund().saturating_mul(self.refunds.into()))
            .saturating_add(T::WeightInfo::step_time_out().saturating_mul(self.time_outs.into()))
            .saturating_add(T::WeightInfo::step_unanswered().saturating_mul(self.unanswered.into()))
            .saturating_add(T::WeightInfo::postpone().saturating_mul(self.postponed.into()))
    }

    /// Whether the dearest step, which fails at that, fits beside them. Nothing always leaves room: else a block
    /// that is too small for a step would stop the chain's jobs for good.
    pub(crate) fn leaves_room_in<T: Config>(&self, room: Weight) -> bool {
        let dearest = T::WeightInfo::step_time_out()
            .max(T::WeightInfo::step_settle_audited())
            .max(T::WeightInfo::step_settle(1))
            .max(T::WeightInfo::step_draw(1))
            .max(T::WeightInfo::step_refund())
            .max(T::WeightInfo::step_unanswered())
            .saturating_add(T::WeightInfo::postpone());
        self.is_empty() || self.weight::<T>().saturating_add(dearest).all_lte(room)
    }
}
