//! Benchmarks of the session's calls.
//!
//! Those of `pallet-session-benchmarking` set up stakers and nominators, and there are none here.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark whose set-up fails must stop"
)]

use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use pallet_session::{Call, NextKeys};
use sp_runtime::traits::Convert;

/// The pallet whose calls are measured.
pub struct Pallet<T: Config>(pallet_session::Pallet<T>);

/// What the benchmarks need of the runtime.
pub trait Config: pallet_session::Config {
    /// New session keys, and the proof that `owner` has the private ones.
    fn keys_and_proof(owner: &Self::AccountId) -> (Self::Keys, Vec<u8>);
}

/// An account that can pay the deposit for its keys twice, and so goes on existing.
fn validator<T: Config>() -> T::AccountId {
    let validator = whitelisted_caller();
    for _ in 0..2 {
        pallet_session::Pallet::<T>::ensure_can_pay_key_deposit(&validator).unwrap();
    }
    validator
}

fn has_keys<T: Config>(validator: &T::AccountId) -> bool {
    let id = T::ValidatorIdOf::convert(validator.clone()).unwrap();
    NextKeys::<T>::contains_key(id)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// The first keys of an account: the deposit is taken, and every proof is checked.
    #[benchmark]
    fn set_keys() {
        let validator = validator::<T>();
        let (keys, proof) = T::keys_and_proof(&validator);

        #[extrinsic_call]
        _(RawOrigin::Signed(validator.clone()), keys, proof);

        assert!(has_keys::<T>(&validator));
    }

    #[benchmark]
    fn purge_keys() {
        let validator = validator::<T>();
        let (keys, proof) = T::keys_and_proof(&validator);
        let origin = RawOrigin::Signed(validator.clone());
        pallet_session::Pallet::<T>::set_keys(origin.into(), keys, proof).unwrap();

        #[extrinsic_call]
        _(RawOrigin::Signed(validator.clone()));

        assert!(!has_keys::<T>(&validator));
    }
}
