//! Benchmarks of the hook and of the call.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use aipg_primitives::{Balance, MintReason};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Mutate},
    Hooks,
};
use frame_system::RawOrigin;
use sp_runtime::Permill;

/// What the benchmarks need of the runtime around this pallet.
pub trait BenchmarkHelper<AccountId> {
    /// Gives the current block an author and returns it. The account need not exist yet.
    fn author() -> AccountId;
}

/// A schedule far below its cap whose operations fund can receive its share.
fn open_schedule<T: Config>() {
    let fund: T::AccountId = account("fund", 0, 0);
    T::Currency::mint_into(&fund, T::Currency::minimum_balance()).unwrap();
    let imported = T::Currency::total_issuance();
    Terms::<T>::put(EmissionTerms {
        schedule: Schedule {
            initial_reward: T::Currency::minimum_balance() * 1_000,
            halving_interval: 1_000_000,
        },
        cap: Balance::MAX,
        imported,
        operations_fund: Some(fund),
        operations_share: Permill::from_percent(5),
    });
    AuthorShare::<T>::put(Permill::from_percent(20));
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// Both shares are minted; the author is looked up in the block's digest.
    #[benchmark]
    fn on_initialize() {
        open_schedule::<T>();
        let author = T::BenchmarkHelper::author();
        let before = T::Currency::balance(&author);
        // The first block that is rewarded.
        let height = 1u32.into();

        #[block]
        {
            Pallet::<T>::on_initialize(height);
        }

        assert!(T::Currency::balance(&author) > before);
        assert!(Minted::<T>::get(MintReason::OperationsFund) > 0);
    }

    #[benchmark]
    fn set_author_share() {
        let share = MAX_AUTHOR_SHARE;

        #[extrinsic_call]
        _(RawOrigin::Root, share);

        assert_eq!(AuthorShare::<T>::get(), share);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::benchmark_state(), crate::mock::Test);
}
