//! Benchmark of the hook, and the state in which the benchmarks of other pallets append.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::types::OpenRound;
use aipg_primitives::MAX_RECEIPT_TREE_DEPTH;
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::traits::{Get, Hooks};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;

/// Opens the current round with a subtree waiting on each of so many levels.
fn open_round<T: Config>(levels: u32) {
    let waiting = vec![Some(H256::repeat_byte(7)); levels as usize];
    Open::<T>::put(OpenRound {
        round: Pallet::<T>::round_at(frame_system::Pallet::<T>::block_number()),
        frontier: waiting.try_into().unwrap(),
    });
}

/// Makes the next receipt the dearest there can be: it joins the subtrees of every level.
pub fn nearly_full_round<T: Config>() {
    open_round::<T>(MAX_RECEIPT_TREE_DEPTH - 1);
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// A round is sealed whose tree is as high as it can be, and waits on every level.
    #[benchmark]
    fn on_initialize() {
        let next_round = BlockNumberFor::<T>::from(T::RoundBlocks::get());
        open_round::<T>(MAX_RECEIPT_TREE_DEPTH);

        #[block]
        {
            Pallet::<T>::on_initialize(next_round);
        }

        assert!(Open::<T>::get().is_none());
        assert!(Roots::<T>::contains_key(0));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::fresh(), crate::mock::Test);
}
