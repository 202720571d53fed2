//! Booking credit, closing rounds, paying rewards.

use crate::pallet::*;
use crate::reward::{line_of, reward_of_all, share};
use crate::types::{ClosedRound, CreditTerms};
use aipg_primitives::{
    api::ClaimableReward, Freezes, ModelCatalogue, OnSettled, RoundIndex, SettledJob, WorkBudget,
};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::UniqueSaturatedInto, Saturating};

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

    /// Closes the round whose last block is `now`: fixes the price of credit and reserves what the
    /// round owes; the rest of its budget lapses unminted.
    pub(crate) fn close_round_at(now: BlockNumberFor<T>) {
        let round = Self::round_at(now);
        let next = Self::round_at(now.saturating_add(1u32.into()));
        if next == round {
            return;
        }
        let budget = T::Budget::pending();
        let credit = OpenCredit::<T>::take();
        let denominator = credit.max(Difficulty::<T>::get());
        let reserved = T::Budget::allocate(share(credit, budget, denominator));
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

impl<T: Config> OnSettled<T::AccountId> for Pallet<T> {
    fn on_settled(job: &SettledJob<T::AccountId>) {
        let mint_ceiling = T::Models::terms(&job.model)
            .and_then(|terms| terms.mint_ceiling)
            .unwrap_or_else(T::DefaultMintCeiling::get);
        let terms = CreditTerms {
            ask: job.ask,
            index_price: IndexPrice::<T>::get(),
            mint_ceiling,
        };
        let line = line_of(job.units, job.fee, terms);
        if line.credit == 0 {
            return;
        }
        let round = Self::round_at(frame_system::Pallet::<T>::block_number());
        let booked = Credits::<T>::mutate(round, &job.worker, |lines| {
            match lines.iter_mut().find(|known| known.terms == terms) {
                Some(known) => {
                    known.credit = known.credit.saturating_add(line.credit);
                    known.ceiling = known.ceiling.saturating_add(line.ceiling);
                    true
                }
                None => lines.try_push(line).is_ok(),
            }
        });
        let worker = job.worker.clone();
        let (job, credit) = (job.job, line.credit);
        if booked {
            OpenCredit::<T>::mutate(|total| *total = total.saturating_add(credit));
            Self::deposit_event(Event::WorkCredited {
                worker,
                job,
                round,
                credit,
            });
        } else {
            Self::deposit_event(Event::CreditForfeited {
                worker,
                job,
                round,
                credit,
            });
        }
    }
}
