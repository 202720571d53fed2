//! Booking credit, closing rounds, paying rewards.

use crate::multiplier::{doubled, early_units, multiplier, ONE};
use crate::pallet::*;
use crate::reward::{auditors_line, line_of, retarget, reward_of_all, share};
use crate::types::{ClosedRound, CreditLine, CreditTerms};
use aipg_primitives::{
    api::ClaimableReward, AuditPay, BootstrapLane, CreditWatch, Freezes, MeritsOf, OnSettled,
    RoundIndex, SettledJob, WorkBudget,
};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::UniqueSaturatedInto, Permill, Saturating};

/// Most rewards that one read of [`Pallet::claimable_rewards`] lists.
pub const MAX_CLAIMABLE_LISTED: usize = 64;

impl<T: Config> Pallet<T> {
    /// The round a block belongs to.
    pub fn round_at(height: BlockNumberFor<T>) -> RoundIndex {
        let height: u32 = height.unique_saturated_into();
        height
            .checked_div(T::RoundBlocks::get())
            .unwrap_or_default()
    }

    /// Closes the round whose last block is `now`: sets aside what is for public jobs, fixes the price of credit
    /// by the rest, and reserves what the round owes; what is left of the budget lapses unminted.
    pub(crate) fn close_round_at(now: BlockNumberFor<T>) {
        let round = Self::round_at(now);
        let next = Self::round_at(now.saturating_add(1u32.into()));
        if next == round {
            return;
        }
        let pending = T::Budget::pending();
        let for_lane = T::Lane::share_of(pending).min(pending);
        let budget = pending.saturating_sub(for_lane);
        let credit = OpenCredit::<T>::take();
        let difficulty = Difficulty::<T>::get();
        let denominator = credit.max(difficulty);
        Difficulty::<T>::put(retarget(difficulty, credit, LeastDifficulty::<T>::get()));
        let granted = T::Lane::grant(for_lane).min(for_lane);
        let owed = share(credit, budget, denominator);
        // Both together are within what is pending, so both are reserved whole.
        let reserved = T::Budget::allocate(owed.saturating_add(granted)).saturating_sub(granted);
        if credit > 0 {
            Rounds::<T>::insert(
                round,
                ClosedRound {
                    budget,
                    credit,
                    denominator,
                    reserved,
                    unclaimed_credit: credit,
                },
            );
        }
        Self::deposit_event(Event::RoundClosed {
            round,
            budget,
            credit,
            denominator,
            reserved,
            granted,
        });
        Self::expire_before(next);
    }

    pub(crate) fn do_claim(worker: &T::AccountId, index: RoundIndex) -> DispatchResult {
        ensure!(!Self::has_forfeited(worker), Error::<T>::RewardsForfeited);
        ensure!(!T::Freezes::holds(worker), Error::<T>::RewardsFrozen);
        let open = Self::round_at(frame_system::Pallet::<T>::block_number());
        ensure!(
            index >= Self::oldest_claimable(open),
            Error::<T>::RewardExpired
        );
        ensure!(
            Credits::<T>::contains_key(index, worker),
            Error::<T>::NothingToClaim
        );
        let mut round = Rounds::<T>::get(index).ok_or(Error::<T>::RoundNotClosed)?;
        let lines = Credits::<T>::take(index, worker);
        let (reward, ceiling) = reward_of_all(&lines, &round);
        let amount = reward.min(round.reserved);
        if amount > 0 {
            T::Budget::pay(worker, amount)?;
        }
        let credit = lines
            .iter()
            .fold(0u128, |sum, line| sum.saturating_add(line.credit));
        round.reserved = round.reserved.saturating_sub(amount);
        round.unclaimed_credit = round.unclaimed_credit.saturating_sub(credit);
        if round.unclaimed_credit == 0 {
            // Nobody is owed anything of this round any more.
            T::Budget::lapse(round.reserved);
            Rounds::<T>::remove(index);
        } else {
            Rounds::<T>::insert(index, round);
        }
        Self::deposit_event(Event::RewardClaimed {
            worker: worker.clone(),
            round: index,
            amount,
            ceiling,
        });
        Ok(())
    }

    /// Rewards of closed rounds that `worker` can claim, oldest first, at most
    /// [`MAX_CLAIMABLE_LISTED`]; none if they were forfeited, and none while they are frozen. Looks at every round that
    /// still owes something, which are at most [`Config::ExpiryRounds`].
    pub fn claimable_rewards(worker: &T::AccountId) -> Vec<ClaimableReward> {
        if Self::has_forfeited(worker) || T::Freezes::holds(worker) {
            return Vec::new();
        }
        let mut rewards: Vec<_> = Rounds::<T>::iter()
            .filter_map(|(index, round)| {
                let lines = Credits::<T>::try_get(index, worker).ok()?;
                let (amount, ceiling) = reward_of_all(&lines, &round);
                Some(ClaimableReward {
                    round: index,
                    amount: amount.min(round.reserved),
                    ceiling,
                })
            })
            .collect();
        rewards.sort_by_key(|reward| reward.round);
        rewards.truncate(MAX_CLAIMABLE_LISTED);
        rewards
    }
}

impl<T: Config> Pallet<T> {
    /// What a paid job earns an account whose credit is multiplied so, and how its reward is limited.
    fn earned(job: &SettledJob<T::AccountId>, multiplier: u32) -> CreditLine {
        let terms = CreditTerms {
            ask: job.ask,
            index_price: IndexPrice::<T>::get(),
            mint_ceiling: job.mint_ceiling,
            multiplier,
        };
        line_of(job.units, job.fee, terms)
    }

    /// Whether the first work of a bond counts twice.
    pub(crate) fn is_early(now: BlockNumberFor<T>) -> bool {
        now <= T::EarlyBlocks::get()
    }

    /// What the credit of a job is multiplied with. In the first days of the chain the job counts twice, as long as
    /// all that did of its worker's bond is within [`early_units`].
    fn multiplier_of(job: &SettledJob<T::AccountId>) -> u32 {
        let merits = T::Merits::merits_of(&job.worker);
        let multiplier = multiplier(&merits);
        if !Self::is_early(frame_system::Pallet::<T>::block_number()) {
            return multiplier;
        }
        let used = EarlyWork::<T>::get(&job.worker).saturating_add(job.units);
        if used > early_units(merits.bond) {
            return multiplier;
        }
        EarlyWork::<T>::insert(&job.worker, used);
        doubled(multiplier)
    }

    /// Books credit in the open round; returns the round, or `None` if the account changed its terms too
    /// often in it.
    fn book(account: &T::AccountId, line: CreditLine) -> Option<RoundIndex> {
        let round = Self::round_at(frame_system::Pallet::<T>::block_number());
        let booked = Credits::<T>::mutate(round, account, |lines| {
            match lines.iter_mut().find(|known| known.terms == line.terms) {
                Some(known) => {
                    known.credit = known.credit.saturating_add(line.credit);
                    known.ceiling = known.ceiling.saturating_add(line.ceiling);
                    true
                }
                None => lines.try_push(line).is_ok(),
            }
        });
        OpenCredit::<T>::mutate(|total| {
            *total = total.saturating_add(if booked { line.credit } else { 0 });
        });
        booked.then_some(round)
    }
}

impl<T: Config> OnSettled<T::AccountId> for Pallet<T> {
    /// A job that the chain or its treasury paid for earns its worker the fee and nothing else: else who works
    /// for everybody's money would be paid twice with it, and could buy seats with it.
    fn on_settled(job: &SettledJob<T::AccountId>) {
        if job.is_subsidised {
            return;
        }
        let credit = Self::earned(job, ONE).credit;
        if credit == 0 {
            return;
        }
        let line = Self::earned(job, Self::multiplier_of(job));
        let (worker, job, counted) = (job.worker.clone(), job.job, line.credit);
        match Self::book(&worker, line) {
            Some(round) => {
                // Seats are for work, not for merits.
                T::CreditWatch::credited(&worker, credit);
                Self::deposit_event(Event::WorkCredited {
                    worker,
                    job,
                    round,
                    credit,
                    counted,
                });
            }
            None => Self::deposit_event(Event::CreditForfeited {
                worker,
                job,
                round: Self::round_at(frame_system::Pallet::<T>::block_number()),
                credit,
            }),
        }
    }
}

impl<T: Config> AuditPay<T::AccountId> for Pallet<T> {
    fn pay(auditor: &T::AccountId, job: &SettledJob<T::AccountId>, chance: Permill, expected: u32) {
        let line = auditors_line(Self::earned(job, ONE), chance, expected);
        if line.credit == 0 {
            return;
        }
        let (auditor, job, credit) = (auditor.clone(), job.job, line.credit);
        if let Some(round) = Self::book(&auditor, line) {
            T::CreditWatch::credited(&auditor, credit);
            Self::deposit_event(Event::AuditCredited {
                auditor,
                job,
                round,
                credit,
            });
        }
    }
}
