//! The election of an era: weights first, then the beacon, then the draw.

use crate::{
    draw::{draw, Member, Standing},
    pallet::*,
    types::{Going, Plan, Seat, Weighted},
    weight_of::{weights, Means},
    WeightInfo,
};
use aipg_primitives::{agenda::BEACON_PATIENCE, Beacon, StakeOf};
use alloc::vec::Vec;
use frame_support::{traits::Get, weights::Weight, BoundedVec};
use sp_core::H256;
use sp_runtime::{SaturatedConversion, Saturating};

impl<T: Config> Pallet<T> {
    /// Candidates that have a weight now, at most [`Config::MaxCandidates`].
    pub(crate) fn weigh() -> Vec<Weighted<T::AccountId>> {
        let limit: usize = T::MaxCandidates::get().saturated_into();
        let mut authors = Vec::new();
        let mut means = Vec::new();
        for (author, candidacy) in Candidates::<T>::iter().take(limit) {
            if let Some(bond) = Self::eligible_bond(&author, candidacy) {
                means.push(Means {
                    credit: Self::credit_of(&author),
                    bond,
                    stake: T::Stake::stake_of(&author),
                });
                authors.push(author);
            }
        }
        authors
            .into_iter()
            .zip(weights(&means))
            .filter(|(_, weight)| *weight > 0)
            .map(|(author, weight)| Weighted { author, weight })
            .collect()
    }

    /// Judges all candidates and waits for the beacon of this block. Whatever waited before is given up.
    pub(crate) fn snapshot() {
        Drawn::<T>::kill();
        let candidates = Self::weigh();
        if candidates.is_empty() {
            Anchor::<T>::kill();
            Snapshot::<T>::kill();
            return;
        }
        let count = candidates.len().saturated_into();
        Anchor::<T>::put(frame_system::Pallet::<T>::block_number());
        Snapshot::<T>::put(BoundedVec::truncate_from(candidates));
        Self::deposit_event(Event::ElectionBegun { candidates: count });
    }

    /// Draws as soon as the beacon is complete.
    pub(crate) fn poll() -> Weight {
        let weight = T::WeightInfo::poll();
        let Some(anchor) = Anchor::<T>::get() else {
            return weight;
        };
        let count = CandidateCount::<T>::get();
        if let Some(seed) = T::Beacon::beacon(anchor) {
            // The snapshot may be of more than are left.
            let drawn = Self::elect(seed);
            return weight.saturating_add(T::WeightInfo::elect(count.max(drawn)));
        }
        let now = frame_system::Pallet::<T>::block_number();
        if now > anchor.saturating_add(BEACON_PATIENCE.into()) {
            Self::snapshot();
            return weight.saturating_add(T::WeightInfo::snapshot(count));
        }
        weight
    }

    /// Draws, and returns among how many.
    pub(crate) fn elect(seed: H256) -> u32 {
        Anchor::<T>::kill();
        let candidates = Snapshot::<T>::take();
        let members: Vec<Member<T::AccountId>> = Seats::<T>::get()
            .into_iter()
            .map(|seat| Member {
                standing: Self::standing(&seat),
                author: seat.author,
            })
            .collect();
        let plan = draw(seed, &members, &candidates, Self::target());
        let count = candidates.len().saturated_into();
        if plan.newcomers.is_empty() {
            return count;
        }
        Drawn::<T>::put(Plan {
            newcomers: BoundedVec::truncate_from(plan.newcomers.clone()),
            leaving: BoundedVec::truncate_from(plan.leaving),
        });
        Self::deposit_event(Event::Elected {
            newcomers: plan.newcomers,
        });
        count
    }

    fn standing(seat: &Seat<T::AccountId>) -> Standing {
        match seat.going {
            Some(Going::Offence) => Standing::Offender,
            Some(_) => Standing::Going,
            None if Self::is_eligible(&seat.author) => Standing::Eligible,
            None => Standing::Ineligible,
        }
    }

    /// Authors that there should be.
    pub(crate) fn target() -> u32 {
        T::TargetSeats::get().min(T::MaxAuthors::get())
    }

    /// What was drawn, without those who can have no seat any more.
    pub(crate) fn take_drawn() -> Option<Plan<Vec<T::AccountId>>> {
        let plan = Drawn::<T>::take()?;
        let mut newcomers = plan.newcomers.into_inner();
        newcomers.retain(|author| Self::is_eligible(author) && !Self::has_seat(author));
        Some(Plan {
            newcomers,
            leaving: plan.leaving.into_inner(),
        })
    }
}
