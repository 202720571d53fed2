//! The draw: a few candidates by capacity, one winner in proportion to score.
//!
//! Everything follows from the seed, which the caller takes from a beacon that nobody knew when the
//! job was submitted. The cost depends on the number of candidates, not on the number of machines.

use crate::{
    can_stand_for,
    capacity::{capacity_of, capacity_of_all, class_of, machines_of},
    is_small_enough, ClassCount, Classes, Config, Offers, Pallet, Place, Serving, WorkerOf,
    WorkerState, Workers,
};
use aipg_primitives::{
    payout_at_most, Balance, DrawRequest, Drawn, Measurement, ModelCatalogue, NobodyDrawn,
    VerifiedPower,
};
use alloc::vec::Vec;
use frame_support::traits::Get;
use sp_runtime::{
    traits::{BlakeTwo256, Hash},
    Permill, SaturatedConversion, Saturating,
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

/// One, in the millionths that factors of a score are counted in.
const ONE: u32 = 1_000_000;

/// How a machine has worked so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// How reliably it finishes jobs, less checks of its power that it failed.
    pub reputation: Permill,
    /// The part of its time to deliver that it uses.
    pub pace: Permill,
    /// The unannounced windows that it took part in, of those there were.
    pub uptime: Permill,
}

/// Weight of a machine in the draw: millionths of a price, times the reputation in millionths, times two factors
/// between 1/2 and 1.
///
/// ```text
/// (100,000 + 900,000 · (max_price − cost) / max_price) · reputation · (1 − pace / 2) · (1/2 + uptime / 2)
/// ```
///
/// All divisions round down. Between 1 and 10¹²: it falls with `cost` and pace and rises with reputation and uptime.
/// Capacities are at most 2²⁰, the steps that a machine can commit to, so what four candidates weigh together is
/// below 2⁶³; more than `u64` holds would count as all that it holds.
///
/// `cost`: units × ask, at most `max_price`, both in the smallest unit of AIPG.
pub fn score(cost: Balance, max_price: Balance, conduct: &Conduct) -> u64 {
    let saved = Permill::from_rational(max_price.saturating_sub(cost), max_price.max(1));
    let saved = u64::from(saved.deconstruct());
    let price = saved.saturating_mul(9).checked_div(10).unwrap_or_default();
    let price = price.saturating_add(BASE_PRICE_WEIGHT);
    let reliable = price.saturating_mul(conduct.reputation.deconstruct().into());
    let prompt = half_and(Permill::one().saturating_sub(conduct.pace));
    let present = half_and(conduct.uptime);
    present.mul_floor(prompt.mul_floor(reliable)).max(1)
}

/// One half, and half of a share: the factor of a score that a share decides about.
fn half_and(share: Permill) -> Permill {
    let half = ONE / 2;
    Permill::from_parts(half.saturating_add(share.deconstruct() / 2))
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

/// Which of `classes` the `ticket`-th unit of their capacity belongs to, and of which machine there.
fn place_of(classes: &[ClassCount], mut ticket: u64) -> Option<Place> {
    for it in classes {
        if let Some(rest) = ticket.checked_sub(it.capacity()) {
            ticket = rest;
            continue;
        }
        let index = ticket.checked_div(capacity_of(it.class).into())?;
        return Some(Place {
            class: it.class,
            index: index.saturated_into(),
        });
    }
    None
}

/// The places that a draw looks at: all, if they are at most `wanted`, and else `wanted` of them, in proportion to
/// capacity and independent of one another, so that one can come up more than once. Nobody has more of them
/// by having more accounts with the same capacity together.
pub(crate) fn places(seed: &Seed, classes: &[ClassCount], wanted: u32) -> Vec<Place> {
    if machines_of(classes) <= wanted.into() {
        return classes
            .iter()
            .flat_map(|it| {
                (0..it.count).map(|index| Place {
                    class: it.class,
                    index,
                })
            })
            .collect();
    }
    let capacity = capacity_of_all(classes);
    (0..wanted)
        .filter_map(|pick| place_of(classes, uniform(b"aipg/draw/place", seed, pick, capacity)))
        .collect()
}

/// Whether no machine has a third of the capacity. What one party has in several accounts nobody can tell.
fn is_broad(classes: &[ClassCount]) -> bool {
    let largest = classes.last().map_or(0, |it| capacity_of(it.class));
    u64::from(largest).saturating_mul(3) < capacity_of_all(classes)
}

/// What a machine that was looked at is to a request.
enum Fit<T: Config> {
    /// Can be drawn. `dear`: it asks for more than half of what the requester pays at most.
    Fits { candidate: Candidate<T>, dear: bool },
    /// Could be drawn, if the requester had asked for less.
    PassedOver,
    /// Cannot do the job now, whatever the requester asks for.
    Unfit,
}

impl<T: Config> Pallet<T> {
    /// Draws a winner for the request and takes one of its slots.
    pub(crate) fn draw_worker(
        request: &DrawRequest,
        avoid: &[T::AccountId],
    ) -> Result<Drawn<T::AccountId>, NobodyDrawn> {
        let terms = T::Models::terms(&request.model);
        let floor = terms.ok_or(NobodyDrawn { is_open: true })?.price_floor;
        let classes = Classes::<T>::get(request.model);
        let places = places(&request.seed, &classes, T::Candidates::get());
        // If all are looked at, each counts by its capacity here; else it does by how often it comes up.
        let machines = machines_of(&classes);
        let are_all = machines <= T::Candidates::get().into();
        let least = T::OpenMachines::get();

        let mut candidates = Vec::new();
        let mut is_open = machines >= least.into() && (least <= 1 || is_broad(&classes));
        for worker in places
            .into_iter()
            .filter_map(|place| Serving::<T>::get(request.model, place))
        {
            match Self::fit(worker, request, floor) {
                Fit::Fits { candidate, dear } => {
                    is_open &= !dear;
                    candidates.push(candidate);
                }
                Fit::PassedOver => is_open = false,
                Fit::Unfit => {}
            }
        }
        let is_known = |candidate: &Candidate<T>| avoid.contains(&candidate.worker);
        if !candidates.iter().all(is_known) {
            candidates.retain(|candidate| !is_known(candidate));
        }
        let tickets = |candidate: &Candidate<T>| {
            let times = if are_all {
                Self::capacity(&candidate.record).into()
            } else {
                1
            };
            candidate.score.saturating_mul(times)
        };
        let total = candidates.iter().fold(0u64, |sum, candidate| {
            sum.saturating_add(tickets(candidate))
        });
        let mut ticket = uniform(b"aipg/draw/winner", &request.seed, 0, total);
        for mut candidate in candidates {
            if let Some(rest) = ticket.checked_sub(tickets(&candidate)) {
                ticket = rest;
                continue;
            }
            candidate.record.active = candidate.record.active.saturating_add(1);
            candidate.record.exposed = candidate.record.exposed.saturating_add(candidate.payout);
            Workers::<T>::insert(&candidate.worker, candidate.record);
            return Ok(Drawn {
                worker: candidate.worker,
                ask: candidate.ask,
                payout: candidate.payout,
                is_open,
            });
        }
        Err(NobodyDrawn { is_open })
    }

    /// What the machine is to the request now. Its offer is checked against today's floor: the floor may have
    /// risen since the offer was made.
    fn fit(worker: T::AccountId, request: &DrawRequest, floor: Balance) -> Fit<T> {
        let Some(record) = Workers::<T>::get(&worker) else {
            return Fit::Unfit;
        };
        if record.state != WorkerState::Online || record.active >= record.capacity {
            return Fit::Unfit;
        }
        // Of a machine without power nothing is read: it counts so little that its uptime does not matter.
        let measured = if record.power > 0 {
            T::Power::measurement_of(&worker)
        } else {
            Measurement::NONE
        };
        // Its power has lapsed, and it waits to be told so: else it would count for what it has no more.
        if class_of(measured.power) < class_of(record.power) {
            return Fit::Unfit;
        }
        // One step and none count the same in draws, so the class does not tell them apart.
        if request.needs_power && measured.power == 0 {
            return Fit::Unfit;
        }
        let offers = Offers::<T>::get(&worker);
        let offer = offers.iter().find(|offer| offer.model == request.model);
        let Some(ask) = offer.map(|offer| offer.ask).filter(|ask| *ask >= floor) else {
            return Fit::Unfit;
        };
        let cost = ask.checked_mul(request.units.into());
        let elsewhere = request
            .service
            .region
            .is_some_and(|region| region != record.region);
        let Some(cost) = cost.filter(|cost| *cost <= request.max_price && !elsewhere) else {
            return Fit::PassedOver;
        };
        if Self::level_of(&worker, &record) < request.service.min_level {
            return Fit::PassedOver;
        }
        let payout = payout_at_most(cost, request.mint_ceiling);
        if !is_small_enough(Self::bond_of(&worker), payout) {
            return Fit::PassedOver;
        }
        if !can_stand_for(Self::bond_of(&worker), record.exposed, payout) {
            return Fit::Unfit;
        }
        let conduct = Conduct {
            reputation: record.reputation(),
            pace: record.pace,
            uptime: measured.uptime,
        };
        Fit::Fits {
            dear: cost.saturating_mul(2) > request.max_price,
            candidate: Candidate {
                score: score(cost, request.max_price, &conduct),
                worker,
                record,
                ask,
                payout,
            },
        }
    }
}
