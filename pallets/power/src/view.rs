//! What clients read.

use crate::pallet::*;
use aipg_exact::power::Sample;
use aipg_primitives::{
    api::{PowerSample, PowerView, PowerWindow},
    VerifiedPower,
};
use alloc::vec::Vec;
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};

fn shown(sample: Sample) -> PowerSample {
    PowerSample {
        step: sample.step,
        row: sample.row,
        segment: sample.segment,
    }
}

impl<T: Config> Pallet<T> {
    /// The power of a worker as clients read it, with what it has to do now.
    pub fn view(worker: &T::AccountId) -> PowerView<BlockNumberFor<T>> {
        let now = System::<T>::block_number();
        let barred_until = Records::<T>::get(worker)
            .and_then(|mut record| {
                Self::decide(worker, &mut record);
                record.barred_until
            })
            .filter(|until| now < *until);
        let (attended, windows) = Self::attendance(worker).unwrap_or_default();
        PowerView {
            window: Current::<T>::get().map(|window| PowerWindow {
                number: window.number,
                seed: window.seed,
                closes_at: window.closes_at,
                proves_until: window.proves_until,
            }),
            power: Self::power_of(worker),
            claimed: Self::claimed(worker),
            drawn: Self::to_prove(worker),
            barred_until,
            attended,
            windows,
        }
    }

    /// Steps that a worker has committed to in the window in progress.
    fn claimed(worker: &T::AccountId) -> Option<u32> {
        let window = Current::<T>::get()?.number;
        let record = Records::<T>::get(worker)?;
        // Without a claim it is proven already.
        let steps = record.claim.map_or(record.proven, |claim| claim.steps);
        (record.attendance.last == window).then_some(steps)
    }

    /// What a worker has to prove in the window in progress.
    fn to_prove(worker: &T::AccountId) -> Option<Vec<PowerSample>> {
        let window = Current::<T>::get()?.number;
        let claim = Self::claim_in(&Records::<T>::get(worker)?, window)?;
        let beacon = Self::beacon_of(window)?;
        let samples = Self::drawn_samples(&beacon, window, worker, &claim)?;
        Some(samples.into_iter().map(shown).collect())
    }
}
