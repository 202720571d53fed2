//! How an audit ends: with the result, which stands or falls.
//!
//! What is right is not decided here and not by votes. Auditors who found another trace than the worker
//! attested have to challenge the result; if it stands, they were wrong, and if it is proven false, those
//! who found the same as the worker.

use crate::{
    pallet::*,
    types::{AuditorFault, Stage},
};
use aipg_primitives::{
    Attestation, Attestations, AuditPay, Balance, CheckedMachines, JobId, OnSettled, ResultWatch,
    SettledJob,
};
use frame_support::traits::Get;
use sp_core::H256;
use sp_runtime::SaturatedConversion;

/// How a result ended.
enum End<'a, AccountId> {
    /// It was paid.
    Stood(&'a SettledJob<AccountId>),
    /// It was shown to be false.
    Proven,
    /// It counts as false, which says nothing about who found what.
    Fell,
}

impl<T: Config> Pallet<T> {
    /// Whether a result waits for its audit: it is not paid before that is over.
    pub fn is_open(job: JobId) -> bool {
        let stage = Audits::<T>::get(job).map(|audit| audit.stage);
        !matches!(stage, None | Some(Stage::Over(_) | Stage::Missed))
    }

    /// Whether a result has an audit, in whatever stage.
    pub fn is_audited(job: JobId) -> bool {
        Audits::<T>::contains_key(job)
    }

    /// Whether the worker of a result has not answered its audit.
    pub fn is_missed(job: JobId) -> bool {
        Audits::<T>::get(job).is_some_and(|audit| audit.stage == Stage::Missed)
    }

    fn end(job: JobId, end: &End<'_, T::AccountId>) {
        let Some(audit) = Audits::<T>::take(job) else {
            return;
        };
        Agenda::<T>::remove(audit.due, job);
        let attested = audit.root();
        let is_over = matches!(audit.stage, Stage::Over(_));
        let limit: usize = T::MaxAuditors::get().saturated_into();
        let mut agreed: u32 = 0;
        for (auditor, found) in Commitments::<T>::drain_prefix(job).take(limit) {
            Self::close_one(&auditor);
            let Some(attested) = attested else {
                continue;
            };
            let agrees = found.root.map(|root: H256| root == attested);
            if agrees == Some(true) {
                agreed = agreed.saturating_add(1);
            }
            let fault = match (agrees, end) {
                (None, _) => is_over.then_some(AuditorFault::Silent),
                (Some(true), End::Stood(job)) => {
                    T::Pay::pay(&auditor, job, audit.chance, T::ExpectedAuditors::get());
                    None
                }
                (Some(false), End::Stood(_)) | (Some(true), End::Proven) => {
                    Some(AuditorFault::Wrong)
                }
                (Some(_), End::Proven | End::Fell) => None,
            };
            if let Some(fault) = fault {
                Self::penalise(job, auditor, fault);
            }
        }
        let is_right = matches!(end, End::Stood(_));
        if is_right && agreed > 0 {
            T::History::passed(&audit.worker);
        }
        if attested.is_some() {
            Self::deposit_event(Event::AuditEnded {
                job,
                is_right,
                agreed,
            });
        }
    }
}

impl<T: Config> ResultWatch<T::AccountId> for Pallet<T> {
    fn delivered(job: JobId, worker: &T::AccountId, payout: Balance) {
        Self::begin(job, worker, payout);
    }

    fn fell(job: JobId, is_proven: bool) {
        let end = if is_proven { End::Proven } else { End::Fell };
        Self::end(job, &end);
    }
}

impl<T: Config> OnSettled<T::AccountId> for Pallet<T> {
    fn on_settled(job: &SettledJob<T::AccountId>) {
        Self::end(job.job, &End::Stood(job));
    }
}

impl<T: Config> Attestations for Pallet<T> {
    fn of(job: JobId) -> Attestation {
        let Some(audit) = Audits::<T>::get(job) else {
            return Attestation::None;
        };
        match (audit.root(), audit.stage) {
            (Some(root), _) => Attestation::Root(root),
            (None, Stage::Missed) => Attestation::None,
            (None, _) => Attestation::Awaited,
        }
    }
}
