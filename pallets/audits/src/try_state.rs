//! What must always hold.

#[cfg(any(feature = "std", feature = "try-runtime"))]
use crate::{pallet::*, types::Stage};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use aipg_primitives::Balance;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use alloc::collections::BTreeMap;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use frame_support::{ensure, traits::Get};
#[cfg(any(feature = "std", feature = "try-runtime"))]
use sp_runtime::TryRuntimeError;

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
    /// Bonds add up, each audit is in the agenda as often as it should be, and each commitment belongs to an
    /// auditor who counts it.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let mut total: Balance = 0;
        for (account, auditor) in Auditors::<T>::iter() {
            if auditor.unbonds_at.is_none() {
                total = total.saturating_add(Self::bond_of(&account));
            }
        }
        ensure!(
            total == TotalBond::<T>::get(),
            "the total is not that of the bonds"
        );
        let cursor = AgendaCursor::<T>::get();
        let mut open: BTreeMap<T::AccountId, u32> = BTreeMap::new();
        for (job, audit) in Audits::<T>::iter() {
            let waits = matches!(audit.stage, Stage::Over(_) | Stage::Missed);
            ensure!(
                Agenda::<T>::contains_key(audit.due, job) != waits,
                "an audit is in the agenda exactly if the chain has something to do"
            );
            ensure!(
                waits || audit.due >= cursor,
                "the cursor has passed an audit"
            );
            ensure!(
                audit.attested.is_none()
                    || matches!(audit.stage, Stage::Drawing(_) | Stage::Committing { .. }),
                "an attestation is kept twice"
            );
            let mut committed: u32 = 0;
            let mut revealed: u32 = 0;
            for (account, found) in Commitments::<T>::iter_prefix(job) {
                ensure!(account != audit.worker, "a worker audits itself");
                committed = committed.saturating_add(1);
                revealed = revealed.saturating_add(found.root.is_some().into());
                let count = open.entry(account).or_default();
                *count = count.saturating_add(1);
            }
            ensure!(committed == audit.committed, "commitments are miscounted");
            ensure!(revealed == audit.revealed, "revelations are miscounted");
            ensure!(committed <= T::MaxAuditors::get(), "too many auditors");
        }
        for (tick, job) in Agenda::<T>::iter_keys() {
            let due = Audits::<T>::get(job).map(|audit| audit.due);
            ensure!(
                due == Some(tick),
                "an entry of the agenda belongs to no audit"
            );
        }
        for (job, _) in Commitments::<T>::iter_keys() {
            ensure!(
                Audits::<T>::contains_key(job),
                "a commitment outlives its audit"
            );
        }
        for (account, auditor) in Auditors::<T>::iter() {
            let counted = open.remove(&account).unwrap_or_default();
            ensure!(auditor.open == counted, "an auditor miscounts its audits");
        }
        ensure!(open.is_empty(), "a commitment is of no auditor");
        Ok(())
    }
}
