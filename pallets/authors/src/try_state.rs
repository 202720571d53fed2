//! What must always hold.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::{
    pallet::*,
    types::{Going, Seat},
};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use alloc::collections::BTreeSet;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use frame_support::{ensure, traits::Get};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use sp_runtime::TryRuntimeError;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// Every bond belongs to one record, the list is counted right, and the seats are some that can be.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_candidates()?;
        Self::try_bonds()?;
        Self::try_seats()?;
        Self::try_election()
    }

    fn try_candidates() -> Result<(), TryRuntimeError> {
        let mut count: u32 = 0;
        for author in Candidates::<T>::iter_keys() {
            count = count.saturating_add(1);
            ensure!(
                !Banned::<T>::contains_key(&author),
                "a banned account is a candidate"
            );
            ensure!(
                !Exits::<T>::contains_key(&author),
                "a candidate has left as well"
            );
        }
        ensure!(
            count == CandidateCount::<T>::get(),
            "candidates are miscounted"
        );
        ensure!(
            count <= T::MaxCandidates::get(),
            "there are too many candidates"
        );
        for (author, exit) in Exits::<T>::iter() {
            ensure!(
                exit.is_expelled == Banned::<T>::contains_key(&author),
                "who is expelled is banned, and no other who leaves"
            );
        }
        Ok(())
    }

    fn try_bonds() -> Result<(), TryRuntimeError> {
        for account in frame_system::Account::<T>::iter_keys() {
            let is_candidate = Candidates::<T>::contains_key(&account);
            let bond = Self::bond_of(&account);
            ensure!(
                bond == 0 || is_candidate || Exits::<T>::contains_key(&account),
                "a bond belongs to nobody who can have it back"
            );
            ensure!(!is_candidate || bond > 0, "a candidate has no bond");
        }
        Ok(())
    }

    fn try_seats() -> Result<(), TryRuntimeError> {
        let seats = Seats::<T>::get();
        ensure!(!seats.is_empty(), "nobody has a seat");
        let authors: BTreeSet<&T::AccountId> = seats.iter().map(|seat| &seat.author).collect();
        ensure!(authors.len() == seats.len(), "an author has two seats");
        for Seat { author, going } in &seats {
            let is_banned = Banned::<T>::contains_key(author);
            ensure!(
                is_banned == (*going == Some(Going::Offence)),
                "the seat of a banned author is marked so, and no other"
            );
            ensure!(
                going.is_some() || !Exits::<T>::contains_key(author),
                "the seat of an author who left is not marked"
            );
        }
        let sitting = Sitting::<T>::get();
        let distinct: BTreeSet<&T::AccountId> = sitting.iter().collect();
        ensure!(distinct.len() == sitting.len(), "an author sits twice");
        Ok(())
    }

    fn try_election() -> Result<(), TryRuntimeError> {
        let snapshot = Snapshot::<T>::get();
        ensure!(
            Anchor::<T>::exists() != snapshot.is_empty(),
            "weights wait for a beacon, and a beacon decides over weights"
        );
        ensure!(
            snapshot.iter().all(|candidate| candidate.weight > 0),
            "somebody without weight can be drawn"
        );
        let Some(plan) = Drawn::<T>::get() else {
            return Ok(());
        };
        ensure!(
            snapshot.is_empty(),
            "an election is decided and awaited at once"
        );
        ensure!(
            !plan.newcomers.is_empty() && plan.leaving.len() <= plan.newcomers.len(),
            "more go than come"
        );
        ensure!(
            !plan.newcomers.iter().any(Self::has_seat),
            "who has a seat is drawn for another"
        );
        Ok(())
    }
}
