//! Who authors, and who has a seat and does not.

use crate::{
    pallet::*,
    types::{Candidacy, Going},
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_authorship::EventHandler;
use sp_runtime::SaturatedConversion;

/// Blocks that an author must be expected to author before its absence means anything.
const LEAST_FAIR: u32 = 8;

/// An author is absent that authors less than this part of what is expected.
const ABSENT_PART: u32 = 8;

impl<T: Config> EventHandler<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn note_author(author: T::AccountId) {
        Authored::<T>::mutate(author, |count| *count = count.saturating_add(1));
    }
}

impl<T: Config> Pallet<T> {
    /// Judges those who had a seat all the era that ends, and begins to count anew.
    pub(crate) fn judge_attendance() {
        // At most as many as had a seat in the era.
        let authored: BTreeMap<T::AccountId, u32> = Authored::<T>::drain().collect();
        let blocks = authored.values().copied().fold(0, u32::saturating_add);
        let sitting = Sitting::<T>::get();
        let seats: u32 = sitting.len().saturated_into();
        let fair = blocks.checked_div(seats).unwrap_or_default();
        if fair < LEAST_FAIR {
            return;
        }
        let absent: Vec<(&T::AccountId, u32)> = sitting
            .iter()
            .map(|author| (author, authored.get(author).copied().unwrap_or_default()))
            .filter(|(_, count)| count.saturating_mul(ABSENT_PART) < fair)
            .collect();
        let count: u32 = absent.len().saturated_into();
        // A network that is split is not the fault of those who are cut off.
        if count.saturating_mul(3) > seats {
            return Self::deposit_event(Event::AbsenceExcused {
                era: CurrentEra::<T>::get(),
                absent: count,
            });
        }
        for (author, authored) in absent {
            Candidates::<T>::mutate_extant(author, |candidacy| *candidacy = Candidacy::Resting);
            Self::mark(author, Going::Absent);
            let author = author.clone();
            Self::deposit_event(Event::AuthorAbsent {
                author,
                authored,
                fair,
            });
        }
    }
}
