//! Benchmarks of the calls and of what the chain does by itself. What a session change costs besides is in
//! the block that pallet-session charges for it as a whole.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::types::{Candidacy, Credit, Plan, Seat, Weighted};
use aipg_primitives::{Balance, CreditWatch, AIPG};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, Unbalanced},
        tokens::Precision,
        Get,
    },
    BoundedVec,
};
use frame_system::{Pallet as System, RawOrigin};
use pallet_authorship::EventHandler;
use sp_core::H256;

/// Sets up what benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
    /// Gives an account session keys.
    fn register_keys(who: &AccountId);
}

/// An account with keys and money.
fn endowed<T: Config>(who: &T::AccountId)
where
    T::Currency: Unbalanced<T::AccountId>,
{
    T::BenchmarkHelper::register_keys(who);
    let amount: Balance = T::MinimumBond::get() * 10;
    T::Currency::increase_balance(who, amount, Precision::Exact).unwrap();
    T::Currency::set_total_issuance(T::Currency::total_issuance() + amount);
}

/// Makes an account a candidate with the minimum bond and some credit.
fn candidate<T: Config>(who: &T::AccountId)
where
    T::Currency: Unbalanced<T::AccountId>,
{
    endowed::<T>(who);
    Pallet::<T>::do_join(who.clone(), T::MinimumBond::get(), None).unwrap();
    Pallet::<T>::credited(who, 1_000 * AIPG);
}

fn many<T: Config>(count: u32) -> Vec<T::AccountId>
where
    T::Currency: Unbalanced<T::AccountId>,
{
    let account = |index| account("candidate", index, 0);
    let authors: Vec<T::AccountId> = (0..count).map(account).collect();
    authors.iter().for_each(candidate::<T>);
    authors
}

/// Seats as many authors as there can be, after those who are given.
fn seated<T: Config>(first: &[T::AccountId]) {
    let others = (0..T::MaxAuthors::get()).map(|index| account("author", index, 0));
    let seats = first.iter().cloned().chain(others).map(|author| Seat {
        author,
        going: None,
    });
    Seats::<T>::put(BoundedVec::truncate_from(seats.collect()));
}

#[benchmarks(where T::Currency: Unbalanced<T::AccountId>)]
mod benchmarks {
    use super::*;

    /// The list is full and somebody is displaced.
    #[benchmark]
    fn join() {
        let caller: T::AccountId = whitelisted_caller();
        let displaced: T::AccountId = account("displaced", 0, 0);
        endowed::<T>(&caller);
        candidate::<T>(&displaced);
        seated::<T>(&[]);
        CandidateCount::<T>::put(T::MaxCandidates::get());
        let newcomers: Vec<T::AccountId> = (0..T::MaxAuthors::get() / 3)
            .map(|index| account("newcomer", index, 0))
            .collect();
        Drawn::<T>::put(Plan {
            newcomers: BoundedVec::truncate_from(newcomers),
            leaving: BoundedVec::default(),
        });
        let bond = T::MinimumBond::get() * 2;

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller.clone()),
            bond,
            Some(displaced.clone()),
        );

        assert!(Candidates::<T>::contains_key(caller));
        assert!(Exits::<T>::contains_key(displaced));
    }

    #[benchmark]
    fn bond_more() {
        let caller: T::AccountId = whitelisted_caller();
        candidate::<T>(&caller);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), T::MinimumBond::get());

        assert_eq!(Pallet::<T>::bond_of(&caller), T::MinimumBond::get() * 2);
    }

    #[benchmark]
    fn stand() {
        let caller: T::AccountId = whitelisted_caller();
        candidate::<T>(&caller);
        Candidates::<T>::insert(&caller, Candidacy::Resting);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        assert_eq!(Candidates::<T>::get(caller), Some(Candidacy::Standing));
    }

    #[benchmark]
    fn leave() {
        let caller: T::AccountId = whitelisted_caller();
        candidate::<T>(&caller);
        seated::<T>(core::slice::from_ref(&caller));

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        assert!(Exits::<T>::contains_key(caller));
    }

    #[benchmark]
    fn withdraw() {
        let caller: T::AccountId = whitelisted_caller();
        candidate::<T>(&caller);
        seated::<T>(&[]);
        Pallet::<T>::do_leave(caller.clone()).unwrap();
        let end = System::<T>::block_number() + T::Unbonding::get();
        System::<T>::set_block_number(end);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        assert!(!Exits::<T>::contains_key(caller));
    }

    /// A block in which the beacon is awaited and not there. Its author is counted, for which
    /// pallet-authorship charges nothing.
    #[benchmark]
    fn poll() {
        let author: T::AccountId = account("author", 0, 0);
        Anchor::<T>::put(System::<T>::block_number());

        #[block]
        {
            Pallet::<T>::poll();
            Pallet::<T>::note_author(author.clone());
        }

        assert!(Anchor::<T>::exists());
        assert_eq!(Authored::<T>::get(author), 1);
    }

    /// All candidates are weighed.
    #[benchmark]
    fn snapshot(n: Linear<0, { T::MaxCandidates::get() }>) {
        many::<T>(n);

        #[block]
        {
            Pallet::<T>::snapshot();
        }

        assert_eq!(Snapshot::<T>::decode_len().unwrap_or_default(), n as usize);
    }

    /// The draw among so many, as many of them having a seat as can.
    #[benchmark]
    fn elect(n: Linear<1, { T::MaxCandidates::get() }>) {
        let authors = many::<T>(n);
        seated::<T>(&authors);
        let weighted = |author| Weighted {
            author,
            weight: u128::from(u64::MAX),
        };
        let candidates = authors.into_iter().map(weighted).collect();
        Snapshot::<T>::put(BoundedVec::truncate_from(candidates));

        #[block]
        {
            Pallet::<T>::elect(H256::repeat_byte(7));
        }

        assert!(!Snapshot::<T>::exists());
    }

    /// Credit is booked on what has faded for as long as it counts at all.
    #[benchmark]
    fn credited() {
        let who: T::AccountId = account("worker", 0, 0);
        let record = Credit {
            era: 0,
            current: AIPG,
            before: AIPG,
        };
        Credits::<T>::insert(&who, record);
        CurrentEra::<T>::put(credit::FORGOTTEN - 1);

        #[block]
        {
            Pallet::<T>::credited(&who, AIPG);
        }

        assert!(Pallet::<T>::credit_of(&who) > AIPG);
    }

    /// One author equivocated.
    #[benchmark]
    fn expel() {
        let who: T::AccountId = account("author", 0, 1);
        candidate::<T>(&who);
        seated::<T>(core::slice::from_ref(&who));

        #[block]
        {
            Pallet::<T>::expel(&who);
        }

        assert!(Banned::<T>::contains_key(who));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::fresh(), crate::mock::Test);
}
