//! Benchmarks of the call and of what the chain does by itself.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::types::{Prompt, MAX_MODELS, MAX_UNANSWERED};
use aipg_primitives::{Balance, Beacon, JobId, LaneBudget, ModelId, AIPG};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Inspect, EnsureOrigin},
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};
use sp_core::H256;

/// Sets up what benchmarks need of other pallets.
pub trait BenchmarkHelper<BlockNumber> {
    /// A model, another one for each index, that a machine with verified power serves.
    fn served_model(index: u32) -> ModelId;
    /// Makes `amount` of the budget of useful work reserved.
    fn reserve(amount: Balance);
    /// Opens the lane: there is a share.
    fn open();
    /// Completes the beacon of a block with as many reads as there can be. Returns the block it is complete in.
    fn complete_beacon(anchor: BlockNumber) -> BlockNumber;
}

const SEED: H256 = H256::repeat_byte(1);

fn models<T: Config>(
    count: u32,
) -> BoundedVec<ModelId, frame_support::traits::ConstU32<MAX_MODELS>> {
    let models: Vec<_> = (0..count).map(T::BenchmarkHelper::served_model).collect();
    BoundedVec::truncate_from(models)
}

/// A job that has ended, or never was.
fn gone<T: Config>(number: JobId) -> JobId {
    let job = JobId::MAX - number;
    let vocabulary = 272;
    Prompts::<T>::insert(
        job,
        Prompt {
            seed: SEED,
            vocabulary,
        },
    );
    job
}

fn allow<T: Config>(amount: Balance) {
    T::BenchmarkHelper::reserve(amount);
    Allowance::<T>::put(amount);
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn set_models(n: Linear<0, MAX_MODELS>) -> Result<(), BenchmarkError> {
        let origin = T::GovernanceOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Weightless)?;
        let models = models::<T>(n);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, models);

        assert_eq!(Models::<T>::get().len(), n as usize);
        Ok(())
    }

    /// A block after the end.
    #[benchmark]
    fn idle() {
        T::BenchmarkHelper::open();
        HasEnded::<T>::put(true);
        let now = System::<T>::block_number();

        #[block]
        {
            Pallet::<T>::run(now);
        }
    }

    /// One job has got its result, another one has ended, and there is no room for a new one.
    #[benchmark]
    fn look() {
        T::BenchmarkHelper::open();
        let waiting: Vec<_> = (0..MAX_UNANSWERED).map(|it| gone::<T>(it.into())).collect();
        Unanswered::<T>::put(BoundedVec::truncate_from(waiting));
        let ended = gone::<T>(MAX_UNANSWERED.into());
        Queue::<T>::insert(0, ended);
        Places::<T>::put(types::Answered { first: 0, end: 1 });
        let now = System::<T>::block_number();

        #[block]
        {
            Pallet::<T>::run(now);
        }

        assert!(!Prompts::<T>::contains_key(ended));
        assert_eq!(Places::<T>::get().count(), 1);
    }

    /// The beacon that draws is awaited.
    #[benchmark]
    fn poll() {
        let anchor: BlockNumberFor<T> = System::<T>::block_number();
        let now = T::BenchmarkHelper::complete_beacon(anchor);
        System::<T>::set_block_number(now);
        let beacon;

        #[block]
        {
            beacon = T::Beacon::beacon(anchor);
        }

        assert!(beacon.is_some());
    }

    /// The first job there is: all of its price is minted.
    #[benchmark]
    fn start() {
        T::BenchmarkHelper::open();
        Models::<T>::put(models::<T>(MAX_MODELS));
        allow::<T>(1_000_000 * AIPG);

        #[block]
        {
            Pallet::<T>::start(SEED).unwrap();
        }

        assert_eq!(Started::<T>::get(), 1);
    }

    #[benchmark]
    fn end() {
        T::BenchmarkHelper::open();
        allow::<T>(2 * AIPG);
        let account = Pallet::<T>::account();
        T::Budget::fund(&account, AIPG).unwrap();
        Allowance::<T>::put(AIPG);

        #[block]
        {
            Pallet::<T>::end();
        }

        assert!(HasEnded::<T>::get());
        assert_eq!(T::Currency::balance(&account), 0);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::fresh(), crate::mock::Test);
}
