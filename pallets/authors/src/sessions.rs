//! The session manager: which authors each session has.
//!
//! When a session starts, the one after it is planned. So the set of an era is planned with the last session
//! of the era before, and its draw happens within the session before that.

use crate::{
    pallet::*,
    renewal::{renew, Size},
    types::{Going, Seat},
    OnExpelled,
};
use alloc::vec::Vec;
use frame_support::{
    traits::{Contains, Get},
    BoundedVec,
};
use pallet_session::{historical, SessionManager};
use sp_runtime::{traits::Convert, Saturating};
use sp_staking::SessionIndex;

impl<T: Config> Pallet<T> {
    /// Whether an era begins with this session.
    fn begins_era(session: SessionIndex) -> bool {
        session.is_multiple_of(T::EraSessions::get().max(1))
    }

    /// The set of a session, if it is another than that of the session before.
    fn plan(session: SessionIndex) -> Option<Vec<T::AccountId>> {
        Self::mark_keyless();
        let seats = Seats::<T>::get();
        // Without authors of its own the pallet leaves the session alone.
        if seats.is_empty() {
            return None;
        }
        let begins_era = Self::begins_era(session);
        let drawn = if begins_era { Self::take_drawn() } else { None };
        let size = Size {
            target: Self::target(),
            least: T::LeastAuthors::get(),
        };
        let next = renew(&seats, drawn.as_ref(), size);
        let joined = missing(&next, &seats);
        let left = missing(&seats, &next);
        if joined.is_empty() && left.is_empty() {
            return None;
        }
        Self::lose_seats(&left);
        // Who is released by an election has had its seat all the era and is judged when it ends.
        if !begins_era {
            Sitting::<T>::mutate(|sitting| sitting.retain(|author| !left.contains(author)));
        }
        let authors = next.iter().map(|seat| seat.author.clone()).collect();
        Seats::<T>::put(BoundedVec::truncate_from(next));
        Self::deposit_event(Event::AuthorsChanged {
            session,
            joined,
            left,
        });
        Some(authors)
    }

    /// The session would drop who has no keys without asking whether enough others remain.
    fn mark_keyless() {
        for seat in Seats::<T>::get() {
            let why = Going::Keyless;
            if !T::Keys::contains(&seat.author) && Self::mark(&seat.author, why) {
                let author = seat.author;
                Self::deposit_event(Event::SeatMarked { author, why });
            }
        }
    }

    /// A bond answers for the seat until its unbonding is over: that begins with the end of the seat.
    fn lose_seats(authors: &[T::AccountId]) {
        let now = frame_system::Pallet::<T>::block_number();
        for author in authors {
            Exits::<T>::mutate_extant(author, |exit| {
                exit.unbonds_at = now.saturating_add(T::Unbonding::get());
            });
        }
    }
}

/// Authors of the first set that are not in the second.
fn missing<AccountId: Clone + PartialEq>(
    of: &[Seat<AccountId>],
    from: &[Seat<AccountId>],
) -> Vec<AccountId> {
    of.iter()
        .map(|seat| &seat.author)
        .filter(|author| !from.iter().any(|seat| seat.author == **author))
        .cloned()
        .collect()
}

impl<T: Config> SessionManager<T::AccountId> for Pallet<T> {
    fn new_session(index: SessionIndex) -> Option<Vec<T::AccountId>> {
        let authors = Self::plan(index);
        // The session before this one has just begun: its blocks are the time to draw in.
        if Self::begins_era(index.saturating_add(1)) {
            Self::snapshot();
        }
        authors
    }

    fn new_session_genesis(_: SessionIndex) -> Option<Vec<T::AccountId>> {
        let seats = Seats::<T>::get();
        let authors = seats.into_iter().map(|seat| seat.author);
        Some(authors.collect()).filter(|authors: &Vec<_>| !authors.is_empty())
    }

    fn end_session(index: SessionIndex) {
        if Self::begins_era(index.saturating_add(1)) {
            Self::judge_attendance();
        }
    }

    fn start_session(index: SessionIndex) {
        let seats = Seats::<T>::get();
        if Self::begins_era(index) {
            if index > 0 {
                CurrentEra::<T>::mutate(|era| *era = era.saturating_add(1));
            }
            let sitting = seats.iter().map(|seat| seat.author.clone()).collect();
            Sitting::<T>::put(BoundedVec::truncate_from(sitting));
        }
        // A session that begins with another set enables everybody again.
        for seat in &seats {
            if seat.going == Some(Going::Offence) {
                T::OnExpelled::on_expelled(&seat.author);
            }
        }
    }
}

/// Says of every author that nothing but its account is known of it, for `pallet_session::historical`.
pub struct AccountOnly;

impl<AccountId> Convert<AccountId, Option<()>> for AccountOnly {
    fn convert(_: AccountId) -> Option<()> {
        Some(())
    }
}

impl<T: Config, Identification: Default> historical::SessionManager<T::AccountId, Identification>
    for Pallet<T>
{
    fn new_session(index: SessionIndex) -> Option<Vec<(T::AccountId, Identification)>> {
        let authors = <Self as SessionManager<_>>::new_session(index)?;
        Some(identified(authors))
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<(T::AccountId, Identification)>> {
        let authors = <Self as SessionManager<_>>::new_session_genesis(index)?;
        Some(identified(authors))
    }

    fn end_session(index: SessionIndex) {
        <Self as SessionManager<_>>::end_session(index);
    }

    fn start_session(index: SessionIndex) {
        <Self as SessionManager<_>>::start_session(index);
    }
}

fn identified<AccountId, Identification: Default>(
    authors: Vec<AccountId>,
) -> Vec<(AccountId, Identification)> {
    let identify = |author| (author, Identification::default());
    authors.into_iter().map(identify).collect()
}
