//! Windows: when they open, draw and end.

use crate::{
    attendance::REMEMBERED,
    pallet::*,
    types::{Claim, Draw, Window, DRAWN},
    WeightInfo,
};
use aipg_primitives::Beacon;
use codec::Encode;
use frame_support::{traits::Get, weights::Weight};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};
use sp_core::H256;
use sp_runtime::{
    traits::{BlakeTwo256, Hash},
    Saturating,
};

/// A uniform number that follows from what is hashed.
fn number(hash: H256) -> u64 {
    let mut bytes = [0u8; 8];
    bytes.copy_from_slice(hash.as_bytes().split_at(8).0);
    u64::from_le_bytes(bytes)
}

fn hash_of(what: &impl Encode) -> H256 {
    BlakeTwo256::hash_of(what)
}

impl<T: Config> Pallet<T> {
    /// What the chain does by itself in a block. Returns what it cost.
    pub(crate) fn run(now: BlockNumberFor<T>) -> Weight {
        match Current::<T>::get() {
            None => {
                let beacon = Self::beacon_to_open(now);
                let is_open = beacon.is_some_and(|beacon| Self::open_by_chance(beacon));
                let opening = is_open.then(T::WeightInfo::open).unwrap_or_default();
                T::WeightInfo::poll().saturating_add(opening)
            }
            Some(window) if now >= window.proves_until => {
                Self::end(window);
                T::WeightInfo::end()
            }
            Some(window) if Self::waits_for_draw(now, &window) => {
                let beacon = T::Beacon::beacon(window.closes_at);
                let drawing = beacon.map(|beacon| {
                    Self::draw(window, beacon);
                    T::WeightInfo::draw()
                });
                T::WeightInfo::poll().saturating_add(drawing.unwrap_or_default())
            }
            Some(_) => T::WeightInfo::wait(),
        }
    }

    /// The youngest beacon there can be, if windows open at all.
    pub(crate) fn beacon_to_open(now: BlockNumberFor<T>) -> Option<H256> {
        let delay = T::Beacon::delay();
        (T::MeanInterval::get() > 0 && now >= delay)
            .then(|| T::Beacon::beacon(now.saturating_sub(delay)))
            .flatten()
    }

    /// Opens a window with a chance of one in the mean interval. Returns whether it did.
    pub(crate) fn open_by_chance(beacon: H256) -> bool {
        // 2⁶⁴ numbers, 2³² at most to be divided by: the chance is off by no more than 2⁻³².
        let number = number(hash_of(&(b"aipg/power/open", beacon)));
        let is_open = number.checked_rem(T::MeanInterval::get().into()) == Some(0);
        if is_open {
            Self::open(beacon);
        }
        is_open
    }

    pub(crate) fn open(beacon: H256) {
        let number = WindowCount::<T>::mutate(|count| {
            let number = *count;
            *count = count.saturating_add(1);
            number
        });
        let closes_at = System::<T>::block_number().saturating_add(T::CommitBlocks::get());
        let proves_until = closes_at
            .saturating_add(T::Beacon::delay())
            .saturating_add(T::ProveBlocks::get());
        let seed = hash_of(&(b"aipg/power/seed", beacon, number));
        Current::<T>::put(Window {
            number,
            seed,
            closes_at,
            proves_until,
        });
        Self::deposit_event(Event::WindowOpened {
            window: number,
            seed,
            closes_at,
            proves_until,
        });
    }

    fn waits_for_draw(now: BlockNumberFor<T>, window: &Window<BlockNumberFor<T>>) -> bool {
        now >= window.closes_at.saturating_add(T::Beacon::delay())
            && Self::beacon_of(window.number).is_none()
    }

    /// Keeps the beacon that draws. A late one does not shorten the time to prove.
    pub(crate) fn draw(mut window: Window<BlockNumberFor<T>>, beacon: H256) {
        let draw = Draw {
            window: window.number,
            beacon,
        };
        Draws::<T>::insert(Self::slot_of(window.number), draw);
        window.proves_until = System::<T>::block_number().saturating_add(T::ProveBlocks::get());
        Current::<T>::put(window);
        Self::deposit_event(Event::WindowDrawn {
            window: window.number,
            beacon,
            proves_until: window.proves_until,
        });
    }

    pub(crate) fn end(window: Window<BlockNumberFor<T>>) {
        Current::<T>::kill();
        Self::deposit_event(Event::WindowEnded {
            window: window.number,
            is_drawn: Self::beacon_of(window.number).is_some(),
        });
    }

    pub(crate) fn slot_of(window: u32) -> u32 {
        window.checked_rem(REMEMBERED).unwrap_or_default()
    }

    /// The beacon that drew in a window; `None` if there is none yet, none has come, or it is forgotten.
    pub(crate) fn beacon_of(window: u32) -> Option<H256> {
        Draws::<T>::get(Self::slot_of(window))
            .filter(|draw| draw.window == window)
            .map(|draw| draw.beacon)
    }

    /// Windows in which nobody can commit any more.
    pub(crate) fn closed() -> u32 {
        let count = WindowCount::<T>::get();
        let is_open = Current::<T>::get()
            .is_some_and(|window| System::<T>::block_number() < window.closes_at);
        count.saturating_sub(is_open.into())
    }

    /// Whether a worker that made this claim in a window is drawn by this beacon.
    pub(crate) fn is_drawn(
        beacon: &H256,
        window: u32,
        worker: &T::AccountId,
        claim: &Claim,
    ) -> bool {
        // One chance in a million is a matter of 2⁶⁴ / 10⁶ numbers; the modulus favours none by more than 2⁻⁴⁴.
        let number = number(hash_of(&(b"aipg/power/draw", beacon, window, worker)));
        let place = number.checked_rem(1_000_000);
        claim.is_certain || place.is_some_and(|place| place < u64::from(DRAWN.deconstruct()))
    }

    /// What decides which samples a drawn worker shows.
    pub(crate) fn sample_seed(beacon: &H256, window: u32, worker: &T::AccountId) -> H256 {
        hash_of(&(b"aipg/power/samples", beacon, window, worker))
    }
}
