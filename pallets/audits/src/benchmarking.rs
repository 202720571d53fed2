//! Benchmarks of the calls and of the steps that the agenda takes. What a result costs that ends with its
//! audit is measured where it ends, in the escrow and the referee.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::sample::{KEY, PROOF, SEED};
use crate::types::{Audit, Auditor, Commitment, DrawProof, Stage};
use aipg_primitives::{Balance, JobId};
use codec::{Decode, Encode};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Unbalanced},
    tokens::Precision,
    Get,
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System, RawOrigin};
use sp_core::{sr25519::Public, H256};
use sp_runtime::Permill;

const JOB: JobId = 1_000_000;
const ROOT: H256 = H256::repeat_byte(1);
const SALT: H256 = H256::repeat_byte(2);

fn endowed<T: Config>(who: &T::AccountId)
where
    T::Currency: Unbalanced<T::AccountId>,
{
    let amount: Balance = T::MinimumBond::get() * 10;
    T::Currency::increase_balance(who, amount, Precision::Exact).unwrap();
    T::Currency::set_total_issuance(T::Currency::total_issuance() + amount);
}

/// Makes an account an auditor who can be drawn, with all of the bonds there are.
fn auditor<T: Config>(who: &T::AccountId)
where
    T::Currency: Unbalanced<T::AccountId>,
{
    endowed::<T>(who);
    Pallet::<T>::do_register(who.clone(), Public::from_raw(KEY), T::MinimumBond::get()).unwrap();
    Auditors::<T>::mutate_extant(who, |record| record.active_from = 0u32.into());
}

fn audit<T: Config>(stage: Stage<BlockNumberFor<T>>, committed: u32) -> AuditOf<T> {
    Audit {
        worker: account("audited worker", 0, 0),
        chance: Permill::one(),
        delivered: T::Tick::get(),
        draw: 0,
        total_bond: TotalBond::<T>::get(),
        attested: None,
        committed,
        revealed: 0,
        stage,
        due: T::Tick::get(),
    }
}

/// As many auditors as count have committed; says how many.
fn full<T: Config>(job: JobId, root: Option<H256>) -> u32
where
    T::Currency: Unbalanced<T::AccountId>,
{
    let count = T::MaxAuditors::get();
    for index in 0..count {
        let who: T::AccountId = frame_benchmarking::account("auditor", index, 0);
        auditor::<T>(&who);
        Auditors::<T>::mutate_extant(&who, |record: &mut Auditor<_>| record.open = 1);
        let commitment = Commitment {
            hash: ROOT,
            rank: u128::MAX,
            root,
        };
        Commitments::<T>::insert(job, &who, commitment);
    }
    count
}

/// An audit that is over, of as many auditors as count, who have revealed what the worker attested.
pub fn over<T: Config>(job: JobId)
where
    T::Currency: Unbalanced<T::AccountId>,
{
    let count = full::<T>(job, Some(ROOT));
    let mut audit = audit::<T>(Stage::Over(ROOT), count);
    audit.revealed = count;
    Audits::<T>::insert(job, audit);
}

#[benchmarks(where T::Currency: Unbalanced<T::AccountId>)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register() {
        let caller: T::AccountId = whitelisted_caller();
        endowed::<T>(&caller);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller.clone()),
            Public::from_raw(KEY),
            T::MinimumBond::get(),
        );

        assert!(Auditors::<T>::contains_key(caller));
    }

    #[benchmark]
    fn bond_more() {
        let caller: T::AccountId = whitelisted_caller();
        auditor::<T>(&caller);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), T::MinimumBond::get());

        assert_eq!(Pallet::<T>::bond_of(&caller), T::MinimumBond::get() * 2);
    }

    #[benchmark]
    fn leave() {
        let caller: T::AccountId = whitelisted_caller();
        auditor::<T>(&caller);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller));

        assert_eq!(TotalBond::<T>::get(), 0);
    }

    #[benchmark]
    fn withdraw() {
        let caller: T::AccountId = whitelisted_caller();
        auditor::<T>(&caller);
        Pallet::<T>::do_leave(caller.clone()).unwrap();
        let end = System::<T>::block_number() + T::Unbonding::get();
        System::<T>::set_block_number(end);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        assert!(!Auditors::<T>::contains_key(caller));
    }

    /// All places are taken; the caller displaces somebody.
    #[benchmark]
    fn commit() {
        let caller: T::AccountId = whitelisted_caller();
        let count = full::<T>(JOB, None);
        auditor::<T>(&caller);
        let stage = Stage::Committing {
            anchor: System::<T>::block_number(),
            seed: SEED,
        };
        let due = T::Tick::get() + 1;
        let mut audit = audit::<T>(stage, count);
        // Whatever the number of the proof, it draws all bonds there are.
        audit.total_bond = Pallet::<T>::bond_of(&caller);
        Pallet::<T>::put(JOB, audit, due);
        let proof = DrawProof::decode(&mut &PROOF[..]).unwrap();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), JOB, proof, ROOT);

        assert!(Commitments::<T>::contains_key(JOB, caller));
        let taken = Commitments::<T>::iter_prefix(JOB).count();
        assert_eq!(taken, count as usize);
    }

    #[benchmark]
    fn attest() {
        let caller: T::AccountId = whitelisted_caller();
        let mut audit = audit::<T>(Stage::Attesting, 1);
        audit.worker = caller.clone();
        let due = T::Tick::get() + 1;
        Pallet::<T>::put(JOB, audit, due);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), JOB, ROOT);

        let stage = Audits::<T>::get(JOB).unwrap().stage;
        assert_eq!(stage, Stage::Revealing(ROOT));
    }

    #[benchmark]
    fn reveal() {
        let caller: T::AccountId = whitelisted_caller();
        let due = T::Tick::get() + 1;
        Pallet::<T>::put(JOB, audit::<T>(Stage::Revealing(ROOT), 1), due);
        let hash = commitment(JOB, &caller.encode(), SALT, ROOT);
        let commitment = Commitment {
            hash,
            rank: 0,
            root: None,
        };
        Commitments::<T>::insert(JOB, &caller, commitment);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), JOB, SALT, ROOT);

        let found = Commitments::<T>::get(JOB, caller).unwrap();
        assert_eq!(found.root, Some(ROOT));
    }

    /// A block in which nothing is due.
    #[benchmark]
    fn pass_tick() {
        let now = T::Tick::get();
        AgendaCursor::<T>::put(now);

        #[block]
        {
            Pallet::<T>::run_agenda();
        }

        assert_eq!(AgendaCursor::<T>::get(), now + 1);
    }

    /// Nobody has replied; others are drawn.
    #[benchmark]
    fn step() {
        let stage = Stage::Committing {
            anchor: System::<T>::block_number(),
            seed: SEED,
        };
        let now = T::Tick::get();
        Pallet::<T>::put(JOB, audit::<T>(stage, 0), now);
        let slot = Audits::<T>::get(JOB).unwrap().due;

        #[block]
        {
            Pallet::<T>::step(JOB, slot, now);
        }

        assert!(matches!(
            Audits::<T>::get(JOB).unwrap().stage,
            Stage::Drawing(_)
        ));
    }

    /// As many auditors as count have committed, and none has revealed; others are drawn.
    #[benchmark]
    fn redraw() {
        let count = full::<T>(JOB, None);
        let now = T::Tick::get();
        let audit = audit::<T>(Stage::Revealing(ROOT), count);
        Pallet::<T>::put(JOB, audit, now);
        let slot = Audits::<T>::get(JOB).unwrap().due;

        #[block]
        {
            Pallet::<T>::step(JOB, slot, now);
        }

        assert_eq!(Audits::<T>::get(JOB).unwrap().attested, Some(ROOT));
        assert_eq!(Commitments::<T>::iter_prefix(JOB).count(), 0);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::fresh(), crate::mock::Test);
}
