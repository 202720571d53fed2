//! The end of a case: conviction, shares of the reward, and clearing away what is left.

use crate::{pallet::*, types::Phase};
use aipg_primitives::{Balance, Conviction, DeliveredResults, JobId, Tick, UnvestedRewards};
use frame_support::{pallet_prelude::DispatchResult, storage::with_storage_layer, traits::Get};

impl<T: Config> Pallet<T> {
    /// The result is right: the escrow pays it, and what is left of the case is cleared away.
    pub(crate) fn uphold(job: JobId, mut record: CaseOf<T>, now: Tick) {
        record.phase = Phase::Upheld { next: 0 };
        Self::put(job, record, now);
        Self::deposit_event(Event::ResultUpheld { job });
    }

    /// What was demanded is not there: the result is false.
    pub(crate) fn refute_withheld(job: JobId, record: CaseOf<T>, now: Tick) -> DispatchResult {
        let chunks = record.case.withheld;
        Self::refute(job, record, chunks, now)?;
        Self::deposit_event(Event::BlobWithheld { job, chunks });
        Ok(())
    }

    /// The result is false: the worker is convicted and the requester has its price back. The reward
    /// waits for challengers who have not opened their roots; if chunks were `withheld`, it is for those
    /// who demanded them.
    pub(crate) fn refute(
        job: JobId,
        mut record: CaseOf<T>,
        withheld: u32,
        now: Tick,
    ) -> DispatchResult {
        T::Results::refute(job, record.flawed || record.proven)?;
        let worker = record.worker.clone();
        Queue::<T>::remove(&worker, job);
        T::Rewards::forfeit(&worker);
        let pot = Self::pot();
        let convicted = with_storage_layer(|| T::Workers::convict(&worker, &pot));
        let reward = match convicted {
            Ok(reward) => reward,
            Err(error) => {
                let worker = worker.clone();
                Self::deposit_event(Event::ConvictionFailed { job, worker, error });
                0
            }
        };
        let pays_at = now.saturating_add(T::Windows::get().challenge);
        record.phase = Phase::False {
            reward,
            left: reward,
            withheld,
            pays_at,
            next: 0,
        };
        Self::put(job, record, pays_at);
        Self::deposit_event(Event::ResultRefuted {
            job,
            worker,
            reward,
        });
        Ok(())
    }

    /// What a challenge that lives has of the reward, `left` being what the others have left.
    fn share(
        job: JobId,
        challenge: &ChallengeOf<T>,
        lost_traces: u32,
        reward: Balance,
        left: Balance,
    ) -> Balance {
        if lost_traces == 0 {
            // Nobody defended: the first has it all.
            return left;
        }
        let accusation = challenge
            .root
            .filter(|_| challenge.original)
            .and_then(|root| Accusations::<T>::get(job, root));
        accusation
            .and_then(|accusation| {
                reward
                    .saturating_mul(accusation.beaten.into())
                    .checked_div(lost_traces.into())?
                    .checked_div(accusation.originals.into())
            })
            .unwrap_or_default()
            .min(left)
    }

    /// Clears one record of a decided case: challenges and traces by their numbers, `next` counting
    /// both, then one of what is left.
    pub(crate) fn clear(job: JobId, mut record: CaseOf<T>, next: u32) -> DispatchResult {
        let now = Self::now();
        let following = next.saturating_add(1);
        if next < record.challenges {
            if let Some(challenge) = Challenges::<T>::take(job, next) {
                Self::release(HoldReason::Challenge, &challenge.account, challenge.bond)?;
                if challenge.lives {
                    Self::reward(job, next, &challenge, &mut record)?;
                }
            }
        } else if next < record.challenges.saturating_add(record.traces) {
            let number = next.saturating_sub(record.challenges);
            if let Some(trace) = Traces::<T>::take(job, number) {
                Self::release(HoldReason::Trace, &trace.account, trace.bond)?;
            }
        } else if let Some((account, posting)) = Postings::<T>::iter_prefix(job).next() {
            Postings::<T>::remove(job, &account);
            Self::release(HoldReason::Trace, &account, posting.bond)?;
        } else if let Some(game) = Games::<T>::iter_key_prefix(job).next() {
            Games::<T>::remove(job, game);
            Revealed::<T>::remove(job, game);
        } else if let Some(part) = Roots::<T>::iter_key_prefix(job).next() {
            Roots::<T>::remove(job, part);
        } else if let Some(root) = Accusations::<T>::iter_key_prefix(job).next() {
            Accusations::<T>::remove(job, root);
        } else if let Some(key) = Demands::<T>::iter_key_prefix(job).next() {
            let share = match record.phase {
                Phase::False {
                    reward, withheld, ..
                } => reward.checked_div(withheld.into()).unwrap_or_default(),
                Phase::Live | Phase::Sweeping { .. } | Phase::Upheld { .. } => 0,
            };
            let paid = Self::clear_demand(job, key, share)?;
            if let Phase::False { left, .. } = &mut record.phase {
                *left = left.saturating_sub(paid);
            }
        } else {
            if let Phase::False { left, .. } = record.phase {
                Self::sweep_pot(left);
            }
            Agenda::<T>::remove(record.due, job);
            Cases::<T>::remove(job);
            Self::deposit_event(Event::CaseClosed { job });
            return Ok(());
        }
        match &mut record.phase {
            Phase::Upheld { next } | Phase::False { next, .. } => *next = following,
            Phase::Live | Phase::Sweeping { .. } => {}
        }
        Self::put(job, record, now);
        Ok(())
    }

    fn reward(
        job: JobId,
        number: u32,
        challenge: &ChallengeOf<T>,
        record: &mut CaseOf<T>,
    ) -> DispatchResult {
        let Phase::False {
            reward,
            left,
            withheld: 0,
            ..
        } = &mut record.phase
        else {
            return Ok(());
        };
        let amount = Self::share(job, challenge, record.lost_traces, *reward, *left);
        if amount == 0 {
            return Ok(());
        }
        *left = left.saturating_sub(amount);
        Self::pay(&challenge.account, amount)?;
        Self::deposit_event(Event::RewardPaid {
            job,
            challenge: number,
            account: challenge.account.clone(),
            amount,
        });
        Ok(())
    }
}
