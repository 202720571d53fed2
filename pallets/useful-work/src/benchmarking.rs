//! Benchmarks of the calls and of the hook that keeps the beacon and closes rounds.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::types::{ClosedRound, CreditLine, CreditTerms};
use aipg_primitives::{Balance, WorkBudget, AIPG};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{EnsureOrigin, Get, Hooks},
    weights::Weight,
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System, RawOrigin};

/// What the benchmarks need of the runtime around this pallet.
pub trait BenchmarkHelper {
    /// Gives the current block an author and a VRF output.
    fn produce_output();
    /// Makes `amount` available to useful work.
    fn add_budget(amount: Balance);
}

/// A line of credit whose fee limits its reward; `number` makes its terms different from others.
fn line(number: u32) -> CreditLine {
    CreditLine {
        terms: CreditTerms {
            ask: number.into(),
            index_price: 1,
            mint_ceiling: 1,
            multiplier: 1_000_000,
        },
        credit: AIPG,
        ceiling: AIPG / 2,
    }
}

/// Credit of `worker` in the open round under so many terms that one more fits.
pub fn nearly_full_credit<T: Config>(worker: &T::AccountId) {
    if IndexPrice::<T>::get() == 0 {
        IndexPrice::<T>::put(1);
    }
    let round = Pallet::<T>::round_at(System::<T>::block_number());
    let lines: Vec<_> = (1..MAX_CREDIT_LINES).map(line).collect();
    OpenCredit::<T>::put(AIPG * Balance::from(MAX_CREDIT_LINES));
    Credits::<T>::insert(round, worker, BoundedVec::truncate_from(lines));
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// The last claim of a round, of credit under as many terms as there can be: what the round had
    /// reserved besides lapses.
    #[benchmark]
    fn claim_reward() {
        let worker: T::AccountId = whitelisted_caller();
        let lines: Vec<_> = (0..MAX_CREDIT_LINES).map(line).collect();
        let credit = AIPG * Balance::from(MAX_CREDIT_LINES);
        let budget = 2 * credit;
        T::BenchmarkHelper::add_budget(budget);
        let reserved = T::Budget::allocate(budget);
        assert!(reserved >= budget);
        Credits::<T>::insert(0, &worker, BoundedVec::truncate_from(lines));
        Rounds::<T>::insert(
            0,
            ClosedRound {
                budget,
                credit,
                denominator: credit,
                reserved: budget,
                unclaimed_credit: credit,
            },
        );

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()), 0);

        assert!(!Rounds::<T>::contains_key(0));
        assert!(!Credits::<T>::contains_key(0, &worker));
    }

    #[benchmark]
    fn set_index_price() -> Result<(), BenchmarkError> {
        let origin = T::GovernanceOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, AIPG);

        assert_eq!(IndexPrice::<T>::get(), AIPG);
        Ok(())
    }

    #[benchmark]
    fn set_difficulty() -> Result<(), BenchmarkError> {
        let origin = T::GovernanceOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, AIPG);

        assert_eq!(Difficulty::<T>::get(), AIPG);
        Ok(())
    }

    /// The last block of a round in which work was paid, with which an old round expires.
    #[benchmark]
    fn on_finalize() {
        let round = T::ExpiryRounds::get();
        let last: BlockNumberFor<T> = ((round + 1) * T::RoundBlocks::get() - 1).into();
        System::<T>::set_block_number(last);
        T::BenchmarkHelper::add_budget(AIPG);
        Rounds::<T>::insert(
            0,
            ClosedRound {
                budget: AIPG,
                credit: AIPG,
                denominator: AIPG,
                reserved: T::Budget::allocate(AIPG),
                unclaimed_credit: AIPG,
            },
        );
        T::BenchmarkHelper::produce_output();
        T::BenchmarkHelper::add_budget(AIPG);
        OpenCredit::<T>::put(AIPG);
        Difficulty::<T>::put(AIPG / 2);

        #[block]
        {
            Pallet::<T>::on_finalize(last);
        }

        assert!(Rounds::<T>::contains_key(round));
        assert!(!Rounds::<T>::contains_key(0));
        assert!(BeaconRing::<T>::iter_values().any(|entry| entry.height == last));
    }

    /// A block with weight to spare, and credit of `n` workers that expired.
    #[benchmark]
    fn sweep_credits(n: Linear<0, MAX_SWEPT>) {
        let lines: Vec<_> = (0..MAX_CREDIT_LINES).map(line).collect();
        for number in 0..n {
            let worker: T::AccountId = account("worker", number, 0);
            Credits::<T>::insert(0, worker, BoundedVec::truncate_from(lines.clone()));
        }
        let open = T::ExpiryRounds::get() + 1;

        #[block]
        {
            Pallet::<T>::sweep_credits(open, Weight::MAX);
        }

        assert_eq!(Credits::<T>::iter_prefix(0).count(), 0);
        assert_eq!(FirstUnswept::<T>::get() == 1, n < MAX_SWEPT);
    }

    /// The time in which work counts twice is over, and `n` workers had some.
    #[benchmark]
    fn sweep_early_work(n: Linear<0, MAX_SWEPT>) {
        for number in 0..n {
            EarlyWork::<T>::insert(account::<T::AccountId>("worker", number, 0), 1);
        }
        let now = T::EarlyBlocks::get() + 1u32.into();

        #[block]
        {
            Pallet::<T>::sweep_early_work(now, Weight::MAX);
        }

        assert_eq!(EarlyWork::<T>::iter().count(), 0);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::benchmark_state(), crate::mock::Test);
}
