//! Benchmarks of the inherent and the hook.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{Get, Hooks},
    BoundedVec,
};
use frame_system::{Pallet as System, RawOrigin};

#[benchmarks]
mod benchmarks {
    use super::*;

    /// The oldest of all reports makes room.
    #[benchmark]
    fn report() {
        let height = 100 + REPORTS;
        System::<T>::set_block_number(height.into());
        let reports = (100..height).collect::<alloc::vec::Vec<_>>();
        Reports::<T>::put(BoundedVec::truncate_from(reports));
        ReportedIn::<T>::put(height - 1);

        #[extrinsic_call]
        _(RawOrigin::None, height - 1);

        assert_eq!(Reports::<T>::get().first(), Some(&101));
        assert!(Believed::<T>::get() > 100);
    }

    /// Finality begins to lag.
    #[benchmark]
    fn on_initialize() {
        let height = T::MaxLag::get() + 2;
        System::<T>::set_block_number(height.into());
        ReportedIn::<T>::put(1);

        #[block]
        {
            Pallet::<T>::on_initialize(height.into());
        }

        assert!(IsLagging::<T>::get());
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::fresh(), crate::mock::Test);
}
