//! Rewards, burns and the budget of useful work.

use crate::{pallet::*, EmissionTerms, HoldReasonOf};
use aipg_primitives::{api::Books, Balance, Burn, BurnReason, LaneBudget, MintReason, WorkBudget};
use frame_support::{
    dispatch::DispatchResult,
    storage::with_storage_layer,
    traits::{
        fungible::{hold::Mutate as MutateHold, Inspect, Mutate},
        tokens::{Fortitude, Precision, Preservation},
        Get,
    },
};
use sp_runtime::{
    traits::{One, Saturating, UniqueSaturatedInto, Zero},
    DispatchError,
};

impl<T: Config> Pallet<T> {
    /// Divides the reward of block `height` among operations fund, author and useful work.
    ///
    /// Both minted shares are rounded down; what rounding leaves is in the work budget.
    pub(crate) fn reward_block(height: u64) {
        let terms = Terms::<T>::get();
        let reward = terms.schedule.reward_at(height).min(Self::headroom(&terms));
        if reward.is_zero() {
            return;
        }
        let operations = terms.operations_share.mul_floor(reward);
        let author_share = AuthorShare::<T>::get().mul_floor(reward);
        let work_budget = reward
            .saturating_sub(operations)
            .saturating_sub(author_share);

        Rewarded::<T>::mutate(|total| total.saturating_accrue(reward));
        PendingWork::<T>::mutate(|pending| pending.saturating_accrue(work_budget));
        let operations_amount = Self::mint_or_lapse(
            terms.operations_fund.as_ref(),
            operations,
            MintReason::OperationsFund,
        );
        let author = T::BlockAuthor::get();
        let author_amount =
            Self::mint_or_lapse(author.as_ref(), author_share, MintReason::BlockAuthor);
        Self::deposit_event(Event::BlockRewarded {
            author,
            author_amount,
            operations_amount,
            work_budget,
        });
    }

    /// What may still be promised under the cap: neither issued nor set aside for useful work.
    fn headroom(terms: &EmissionTerms<T::AccountId>) -> Balance {
        terms
            .cap
            .saturating_sub(T::Currency::total_issuance())
            .saturating_sub(PendingWork::<T>::get())
            .saturating_sub(ReservedWork::<T>::get())
    }

    /// Mints `amount`, or lapses it if there is nobody to receive it or the currency refuses, as it
    /// does below the existential deposit of a new account. Returns what was minted.
    fn mint_or_lapse(who: Option<&T::AccountId>, amount: Balance, reason: MintReason) -> Balance {
        if amount.is_zero() {
            return 0;
        }
        match who {
            Some(who) if Self::mint(who, amount, reason).is_ok() => amount,
            _ => {
                Self::count_lapsed(reason, amount);
                0
            }
        }
    }

    /// The only place that mints. All or nothing.
    fn mint(who: &T::AccountId, amount: Balance, reason: MintReason) -> DispatchResult {
        with_storage_layer(|| {
            T::Currency::mint_into(who, amount)?;
            Minted::<T>::mutate(reason, |total| total.saturating_accrue(amount));
            Self::deposit_event(Event::Minted {
                who: who.clone(),
                amount,
                reason,
            });
            Ok(())
        })
    }

    fn count_lapsed(reason: MintReason, amount: Balance) {
        Lapsed::<T>::mutate(reason, |total| total.saturating_accrue(amount));
    }

    fn count_burned(who: &T::AccountId, amount: Balance, reason: BurnReason) {
        Burned::<T>::mutate(reason, |total| total.saturating_accrue(amount));
        Self::deposit_event(Event::Burned {
            who: who.clone(),
            amount,
            reason,
        });
    }

    /// Mints reserved budget.
    fn mint_reserved(who: &T::AccountId, amount: Balance, reason: MintReason) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        let left = ReservedWork::<T>::get()
            .checked_sub(amount)
            .ok_or(Error::<T>::WorkBudgetExceeded)?;
        Self::mint(who, amount, reason)?;
        ReservedWork::<T>::put(left);
        Ok(())
    }

    /// The books of the supply at this block.
    pub fn books() -> Books {
        let terms = Terms::<T>::get();
        let next_block = frame_system::Pallet::<T>::block_number().saturating_add(One::one());
        Books {
            issuance: T::Currency::total_issuance(),
            imported: terms.imported,
            minted_author: Minted::<T>::get(MintReason::BlockAuthor),
            minted_operations: Minted::<T>::get(MintReason::OperationsFund),
            minted_work: Minted::<T>::get(MintReason::UsefulWork),
            minted_bootstrap: Minted::<T>::get(MintReason::Bootstrap),
            burned_fees: Burned::<T>::get(BurnReason::JobFee),
            burned_convictions: Burned::<T>::get(BurnReason::Conviction),
            burned_lost_bonds: Burned::<T>::get(BurnReason::LostBond),
            burned_audit_faults: Burned::<T>::get(BurnReason::AuditFault),
            burned_author_faults: Burned::<T>::get(BurnReason::AuthorFault),
            burned_bootstrap: Burned::<T>::get(BurnReason::Bootstrap),
            block_reward: terms.schedule.reward_at(next_block.unique_saturated_into()),
            pending_work: PendingWork::<T>::get(),
            reserved_work: ReservedWork::<T>::get(),
            lapsed_work: Lapsed::<T>::get(MintReason::UsefulWork),
            cap: terms.cap,
        }
    }
}

impl<T: Config> Burn<T::AccountId, HoldReasonOf<T>> for Pallet<T> {
    /// Freezes do not protect a hold: what was promised is burned.
    fn burn_held(
        reason: &HoldReasonOf<T>,
        who: &T::AccountId,
        amount: Balance,
        why: BurnReason,
    ) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        with_storage_layer(|| {
            T::Currency::burn_held(reason, who, amount, Precision::Exact, Fortitude::Force)?;
            Self::count_burned(who, amount, why);
            Ok(())
        })
    }
}

impl<T: Config> WorkBudget<T::AccountId> for Pallet<T> {
    fn pending() -> Balance {
        PendingWork::<T>::get()
    }

    fn reserved() -> Balance {
        ReservedWork::<T>::get()
    }

    fn allocate(amount: Balance) -> Balance {
        let pending = PendingWork::<T>::take();
        if pending.is_zero() {
            return 0;
        }
        let reserved = amount.min(pending);
        let lapsed = pending.saturating_sub(reserved);
        ReservedWork::<T>::mutate(|total| total.saturating_accrue(reserved));
        Self::count_lapsed(MintReason::UsefulWork, lapsed);
        Self::deposit_event(Event::WorkAllocated { reserved, lapsed });
        reserved
    }

    /// # Errors
    /// [`Error::WorkBudgetExceeded`] above the reserved budget; the currency's error if it refuses
    /// the account, in which case the amount stays reserved.
    fn pay(who: &T::AccountId, amount: Balance) -> DispatchResult {
        Self::mint_reserved(who, amount, MintReason::UsefulWork)
    }

    fn lapse(amount: Balance) {
        let reserved = ReservedWork::<T>::get();
        let amount = amount.min(reserved);
        if amount.is_zero() {
            return;
        }
        ReservedWork::<T>::put(reserved.saturating_sub(amount));
        Self::count_lapsed(MintReason::UsefulWork, amount);
        Self::deposit_event(Event::WorkLapsed { amount });
    }
}

impl<T: Config> LaneBudget<T::AccountId> for Pallet<T> {
    fn reserved() -> Balance {
        ReservedWork::<T>::get()
    }

    /// # Errors
    /// As [`WorkBudget::pay`].
    fn fund(lane: &T::AccountId, amount: Balance) -> DispatchResult {
        Self::mint_reserved(lane, amount, MintReason::Bootstrap)
    }

    fn lapse(amount: Balance) {
        <Self as WorkBudget<T::AccountId>>::lapse(amount);
    }

    /// # Errors
    /// The currency's error; nothing changes then.
    fn burn_rest(lane: &T::AccountId) -> Result<Balance, DispatchError> {
        let amount =
            T::Currency::reducible_balance(lane, Preservation::Expendable, Fortitude::Polite);
        if amount.is_zero() {
            return Ok(0);
        }
        with_storage_layer(|| {
            T::Currency::burn_from(
                lane,
                amount,
                Preservation::Expendable,
                Precision::Exact,
                Fortitude::Polite,
            )?;
            Self::count_burned(lane, amount, BurnReason::Bootstrap);
            Ok(amount)
        })
    }
}
