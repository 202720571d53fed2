//! The draw: a few candidates at random places of the index, one winner in proportion to score.
//!
//! Everything follows from the seed, which the caller takes from a beacon that nobody knew when the
//! job was submitted. The cost depends on the number of candidates, not on the number of machines.

use crate::{
    can_stand_for, Config, Offers, Pallet, Serving, ServingCount, WorkerOf, WorkerState, Workers,
};
use aipg_primitives::{payout_at_most, Balance, DrawRequest, Drawn, ModelCatalogue};
use alloc::vec::Vec;
use frame_support::traits::Get;
use sp_runtime::{
    traits::{BlakeTwo256, Hash},
    Permill,
};

/// Weight of the price in a score at a cost equal to the most that the requester pays. The other
/// nine tenths are earned by asking less, so that the cheapest machine wins at most ten times as
/// often as the dearest.
const BASE_PRICE_WEIGHT: u64 = 100_000;

/// What a draw is decided by.
type Seed = <BlakeTwo256 as Hash>::Output;

/// A machine that was looked at and fits.
struct Candidate<T: Config> {
    worker: T::AccountId,
    record: WorkerOf<T>,
    ask: Balance,
    payout: Balance,
    score: u64,
}

/// Weight of a machine in the draw.
///
/// `(100,000 + 900,000 · (max_price − cost) / max_price) · success`, where `success` is
/// [`success_share`](crate::success_share) in permill. All divisions round down. Between 1 and 10¹².
///
/// `cost`: units × ask, at most `max_price`.
pub fn score(cost: Balance, max_price: Balance, completed: u64, failed: u64) -> u64 {
    let saved = Permill::from_rational(max_price.saturating_sub(cost), max_price.max(1));
    let saved = u64::from(saved.deconstruct());
    let price = saved.saturating_mul(9).checked_div(10).unwrap_or_default();
    let price = price.saturating_add(BASE_PRICE_WEIGHT);
    let success = u64::from(crate::success_share(completed, failed).deconstruct());
    price.saturating_mul(success).max(1)
}

/// A number below `bound` that follows from the seed, from a `domain` and from an `index` within it.
/// The modulus favours no number by more than 2⁻⁶⁴; 0 when the bound is 0.
fn uniform(domain: &'static [u8], seed: &Seed, index: u32, bound: u64) -> u64 {
    let hash = BlakeTwo256::hash_of(&(domain, seed, index));
    let number = hash
        .as_bytes()
        .iter()
        .take(16)
        .fold(0u128, |number, byte| (number << 8) | u128::from(*byte));
    let below = number.checked_rem(bound.into()).unwrap_or_default();
    u64::try_from(below).unwrap_or_default()
}

/// `wanted` distinct places below `count`, every set of them equally likely; all places when there
/// are not more. One hash for each (Floyd's method: a number that came before is replaced by the
/// largest one allowed in its turn, which cannot have come before).
pub(crate) fn places(seed: &Seed, count: u32, wanted: u32) -> Vec<u32> {
    let wanted = wanted.min(count);
    let mut chosen = Vec::new();
    for last in count.saturating_sub(wanted)..count {
        let bound = u64::from(last).saturating_add(1);
        let place = u32::try_from(uniform(b"aipg/draw/place", seed, last, bound)).unwrap_or(last);
        chosen.push(if chosen.contains(&place) { last } else { place });
    }
    chosen
}

impl<T: Config> Pallet<T> {
    /// Draws a winner for the request and takes one of its slots.
    pub(crate) fn draw_worker(request: &DrawRequest) -> Option<Drawn<T::AccountId>> {
        let floor = T::Models::terms(&request.model)?.price_floor;
        let count = ServingCount::<T>::get(request.model);
        let candidates: Vec<Candidate<T>> = places(&request.seed, count, T::Candidates::get())
            .into_iter()
            .filter_map(|place| Serving::<T>::get(request.model, place))
            .filter_map(|worker| Self::candidate(worker, request, floor))
            .collect();

        let total = candidates
            .iter()
            .fold(0u64, |sum, candidate| sum.saturating_add(candidate.score));
        let mut ticket = uniform(b"aipg/draw/winner", &request.seed, 0, total);
        for mut candidate in candidates {
            if let Some(rest) = ticket.checked_sub(candidate.score) {
                ticket = rest;
                continue;
            }
            candidate.record.active = candidate.record.active.saturating_add(1);
            candidate.record.exposed = candidate.record.exposed.saturating_add(candidate.payout);
            Workers::<T>::insert(&candidate.worker, candidate.record);
            return Some(Drawn {
                worker: candidate.worker,
                ask: candidate.ask,
                payout: candidate.payout,
            });
        }
        None
    }

    /// The machine as a candidate, if it fits the request now. Its offer is checked against today's
    /// floor: the floor may have risen since the offer was made.
    fn candidate(
        worker: T::AccountId,
        request: &DrawRequest,
        floor: Balance,
    ) -> Option<Candidate<T>> {
        let record = Workers::<T>::get(&worker)?;
        if record.state != WorkerState::Online || record.active >= record.capacity {
            return None;
        }
        if request
            .service
            .region
            .is_some_and(|region| region != record.region)
        {
            return None;
        }
        let ask = Offers::<T>::get(&worker)
            .iter()
            .find(|offer| offer.model == request.model)
            .map(|offer| offer.ask)
            .filter(|ask| *ask >= floor)?;
        let cost = ask
            .checked_mul(request.units.into())
            .filter(|cost| *cost <= request.max_price)?;
        let payout = payout_at_most(cost, request.mint_ceiling);
        if !can_stand_for(Self::bond_of(&worker), record.exposed, payout) {
            return None;
        }
        if Self::level_of(&worker, &record) < request.service.min_level {
            return None;
        }
        let score = score(cost, request.max_price, record.completed, record.failed);
        Some(Candidate {
            worker,
            record,
            ask,
            payout,
            score,
        })
    }
}
