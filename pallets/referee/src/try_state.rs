//! What must hold after every block.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::{pallet::*, types::Phase};

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// * What is on hold for challenges and traces is exactly what living ones own, per account.
    /// * The pot has at least what rewards are left to be paid.
    /// * A case counts the challenges and traces that live, and numbers all of them.
    /// * Every case is in the agenda once, at its due tick, not behind the cursor.
    /// * Nothing belongs to a case that is not there.
    pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
        use alloc::collections::BTreeMap;
        use frame_support::{
            ensure,
            traits::fungible::{Inspect, InspectHold},
        };
        let mut staked = BTreeMap::<_, u128>::new();
        let mut defended = BTreeMap::<_, u128>::new();
        let mut promised: u128 = 0;
        for (job, record) in Cases::<T>::iter() {
            ensure!(
                Agenda::<T>::contains_key(record.due, job),
                "case is not in the agenda"
            );
            ensure!(
                record.due >= AgendaCursor::<T>::get(),
                "case is behind the cursor"
            );
            // Clearing takes records away without counting.
            let clearing = match record.phase {
                Phase::Live | Phase::Sweeping { .. } => false,
                Phase::Upheld { .. } => true,
                Phase::False { left, next, .. } => {
                    promised = promised.saturating_add(left);
                    next > 0
                }
            };
            let mut living: u32 = 0;
            for (number, challenge) in Challenges::<T>::iter_prefix(job) {
                ensure!(number < record.challenges, "challenge has no number");
                ensure!(
                    challenge.lives || challenge.bond == 0,
                    "a challenge that lost has a bond"
                );
                living = living.saturating_add(challenge.lives.into());
                let sum = staked.entry(challenge.account).or_default();
                *sum = sum.saturating_add(challenge.bond);
            }
            let mut standing: u32 = 0;
            for (number, trace) in Traces::<T>::iter_prefix(job) {
                ensure!(number < record.traces, "trace has no number");
                ensure!(
                    trace.lives || trace.bond == 0,
                    "a trace that lost has a bond"
                );
                standing = standing.saturating_add(trace.lives.into());
                let sum = defended.entry(trace.account).or_default();
                *sum = sum.saturating_add(trace.bond);
            }
            if !clearing {
                ensure!(
                    living == record.case.challenges,
                    "case counts other challenges"
                );
                ensure!(standing == record.case.traces, "case counts other traces");
            }
        }
        for (job, account, posting) in Postings::<T>::iter() {
            ensure!(Cases::<T>::contains_key(job), "posting without a case");
            let sum = defended.entry(account).or_default();
            *sum = sum.saturating_add(posting.bond);
        }
        let cases = Cases::<T>::iter_keys().count();
        ensure!(
            Agenda::<T>::iter_keys().count() == cases,
            "agenda has entries without a case"
        );
        let orphans = Challenges::<T>::iter_keys().map(|(job, _)| job);
        let orphans = orphans.chain(Traces::<T>::iter_keys().map(|(job, _)| job));
        let orphans = orphans.chain(Games::<T>::iter_keys().map(|(job, _)| job));
        let mut orphans = orphans.chain(Accusations::<T>::iter_keys().map(|(job, _)| job));
        ensure!(
            orphans.all(Cases::<T>::contains_key),
            "a record has no case"
        );
        for account in frame_system::Account::<T>::iter_keys() {
            for (reason, owned) in [
                (HoldReason::Challenge, &staked),
                (HoldReason::Trace, &defended),
            ] {
                let held = T::Currency::balance_on_hold(&reason.into(), &account);
                ensure!(
                    held == owned.get(&account).copied().unwrap_or_default(),
                    "hold differs from the bonds of its owner"
                );
            }
        }
        ensure!(
            T::Currency::balance(&Self::pot()) >= promised,
            "the pot has less than it owes"
        );
        Ok(())
    }
}
