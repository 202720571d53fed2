//! Candidates: their bonds, how they come and go, and how clients read them.

use crate::{
    pallet::*,
    types::{Candidacy, Exit, Going},
};
use aipg_primitives::{
    api::{AuthorState, AuthorView},
    Balance,
};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{
        fungible::{InspectHold, MutateHold},
        tokens::Precision,
        Contains, Get,
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{DispatchError, SaturatedConversion, Saturating};

impl<T: Config> Pallet<T> {
    /// The bond of an author.
    pub fn bond_of(author: &T::AccountId) -> Balance {
        T::Currency::balance_on_hold(&HoldReason::AuthorBond.into(), author)
    }

    /// An author or a candidate as clients read it. Reads all candidates.
    pub fn view(author: &T::AccountId) -> Option<AuthorView<BlockNumberFor<T>>> {
        let exit = Exits::<T>::get(author);
        let state = match (Candidates::<T>::get(author), exit) {
            (Some(Candidacy::Standing), _) => Some(AuthorState::Standing),
            (Some(Candidacy::Resting), _) => Some(AuthorState::Resting),
            (None, Some(exit)) if exit.is_expelled => Some(AuthorState::Expelled),
            (None, Some(_)) => Some(AuthorState::Leaving),
            (None, None) => None,
        };
        let has_seat = Self::has_seat(author);
        (has_seat || state.is_some()).then(|| AuthorView {
            has_seat,
            state,
            bond: Self::bond_of(author),
            credit: Self::credit_of(author),
            weight_share: Self::weight_share(author),
            unbonds_at: exit.map(|exit| exit.unbonds_at),
        })
    }

    /// The share of all weights that is an account's, in parts per million.
    fn weight_share(author: &T::AccountId) -> u32 {
        let mut own: u128 = 0;
        let mut total: u128 = 0;
        for candidate in Self::weigh() {
            total = total.saturating_add(candidate.weight);
            if candidate.author == *author {
                own = candidate.weight;
            }
        }
        let share = own.saturating_mul(1_000_000).checked_div(total);
        share.unwrap_or_default().saturated_into()
    }

    /// Whether an account is in the set that the session manager gave last.
    pub fn has_seat(author: &T::AccountId) -> bool {
        Seats::<T>::get().iter().any(|seat| seat.author == *author)
    }

    /// Whether an account can be drawn.
    pub(crate) fn is_eligible(author: &T::AccountId) -> bool {
        Candidates::<T>::get(author)
            .and_then(|candidacy| Self::eligible_bond(author, candidacy))
            .is_some()
    }

    /// The bond of a candidate that can be drawn.
    pub(crate) fn eligible_bond(author: &T::AccountId, candidacy: Candidacy) -> Option<Balance> {
        let bond = Self::bond_of(author);
        let is_eligible = candidacy == Candidacy::Standing
            && bond >= T::MinimumBond::get()
            && T::Keys::contains(author);
        is_eligible.then_some(bond)
    }

    fn hold(author: &T::AccountId, amount: Balance) -> DispatchResult {
        let reason = HoldReason::AuthorBond.into();
        ensure!(
            T::Currency::can_hold(&reason, author, amount),
            Error::<T>::BondExceedsBalance
        );
        T::Currency::hold(&reason, author, amount)
    }

    pub(crate) fn do_join(
        author: T::AccountId,
        bond: Balance,
        instead_of: Option<T::AccountId>,
    ) -> DispatchResult {
        ensure!(!Banned::<T>::contains_key(&author), Error::<T>::Banned);
        ensure!(
            !Candidates::<T>::contains_key(&author),
            Error::<T>::AlreadyCandidate
        );
        ensure!(
            !Exits::<T>::contains_key(&author),
            Error::<T>::BondNotWithdrawn
        );
        ensure!(bond >= T::MinimumBond::get(), Error::<T>::BondTooSmall);
        ensure!(T::Keys::contains(&author), Error::<T>::NoSessionKeys);
        let is_full = CandidateCount::<T>::get() >= T::MaxCandidates::get();
        let instead_of = instead_of.filter(|_| is_full);
        match &instead_of {
            Some(displaced) => Self::check_displaced(displaced, bond)?,
            None => ensure!(!is_full, Error::<T>::ListFull),
        }
        Self::hold(&author, bond)?;
        if let Some(displaced) = &instead_of {
            Self::exit(displaced, false);
        }
        Candidates::<T>::insert(&author, Candidacy::Standing);
        CandidateCount::<T>::mutate(|count| *count = count.saturating_add(1));
        Self::deposit_event(Event::Joined {
            author,
            bond,
            instead_of,
        });
        Ok(())
    }

    /// Whether a candidate may be displaced by this bond.
    fn check_displaced(displaced: &T::AccountId, bond: Balance) -> DispatchResult {
        ensure!(
            Candidates::<T>::contains_key(displaced),
            Error::<T>::DisplacedNotCandidate
        );
        let is_drawn = Drawn::<T>::get().is_some_and(|plan| plan.newcomers.contains(displaced));
        ensure!(
            !is_drawn && !Self::has_seat(displaced),
            Error::<T>::DisplacedHasSeat
        );
        ensure!(
            Self::bond_of(displaced) < bond,
            Error::<T>::DisplacedNotSmaller
        );
        Ok(())
    }

    /// Takes an account from the list, if it is on it, and starts its unbonding. Returns its end.
    pub(crate) fn exit(author: &T::AccountId, is_expelled: bool) -> BlockNumberFor<T> {
        if Candidates::<T>::take(author).is_some() {
            CandidateCount::<T>::mutate(|count| *count = count.saturating_sub(1));
        }
        let now = frame_system::Pallet::<T>::block_number();
        let unbonds_at = now.saturating_add(T::Unbonding::get());
        Exits::<T>::insert(
            author,
            Exit {
                unbonds_at,
                is_expelled,
            },
        );
        unbonds_at
    }

    /// A candidate that has not left.
    fn present(author: &T::AccountId) -> Result<Candidacy, DispatchError> {
        match Candidates::<T>::get(author) {
            Some(candidacy) => Ok(candidacy),
            None if Exits::<T>::contains_key(author) => Err(Error::<T>::HasLeft.into()),
            None => Err(Error::<T>::NotCandidate.into()),
        }
    }

    pub(crate) fn do_bond_more(author: T::AccountId, amount: Balance) -> DispatchResult {
        Self::present(&author)?;
        Self::hold(&author, amount)?;
        let bond = Self::bond_of(&author);
        Self::deposit_event(Event::BondIncreased {
            author,
            amount,
            bond,
        });
        Ok(())
    }

    pub(crate) fn do_stand(author: T::AccountId) -> DispatchResult {
        let candidacy = Self::present(&author)?;
        ensure!(candidacy == Candidacy::Resting, Error::<T>::NotResting);
        Candidates::<T>::insert(&author, Candidacy::Standing);
        Self::unmark(&author, Going::Absent);
        Self::deposit_event(Event::Returned { author });
        Ok(())
    }

    pub(crate) fn do_leave(author: T::AccountId) -> DispatchResult {
        Self::present(&author)?;
        let unbonds_at = Self::exit(&author, false);
        Self::mark(&author, Going::Left);
        Self::deposit_event(Event::Left { author, unbonds_at });
        Ok(())
    }

    pub(crate) fn do_withdraw(author: T::AccountId) -> DispatchResult {
        let Some(exit) = Exits::<T>::get(&author) else {
            Self::present(&author)?;
            return Err(Error::<T>::HasNotLeft.into());
        };
        ensure!(!Self::has_seat(&author), Error::<T>::HasSeat);
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now >= exit.unbonds_at, Error::<T>::StillUnbonding);
        let bond = Self::bond_of(&author);
        let reason = HoldReason::AuthorBond.into();
        T::Currency::release(&reason, &author, bond, Precision::Exact)?;
        Exits::<T>::remove(&author);
        Self::deposit_event(Event::Withdrawn { author, bond });
        Ok(())
    }

    /// Marks a seat as given up, unless it is for a more urgent reason. Returns whether that changed it.
    pub(crate) fn mark(author: &T::AccountId, why: Going) -> bool {
        Seats::<T>::mutate(|seats| {
            let seat = seats.iter_mut().find(|seat| seat.author == *author);
            match seat {
                Some(seat) if seat.going < Some(why) => {
                    seat.going = Some(why);
                    true
                }
                _ => false,
            }
        })
    }

    /// Lets an author keep its seat that was marked for this reason.
    fn unmark(author: &T::AccountId, why: Going) {
        Seats::<T>::mutate(|seats| {
            let seat = seats
                .iter_mut()
                .find(|seat| seat.author == *author && seat.going == Some(why));
            if let Some(seat) = seat {
                seat.going = None;
            }
        });
    }
}
