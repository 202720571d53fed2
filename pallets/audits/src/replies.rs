//! What auditors and the worker say.

use crate::{
    pallet::*,
    types::{Commitment, DrawProof, Stage},
};
use aipg_primitives::JobId;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use sp_core::H256;
use sp_runtime::{
    traits::{BlakeTwo256, Hash},
    DispatchError, SaturatedConversion,
};

/// What commits an auditor to the root of a trace: `H("aipg.adt" ‖ job u64 ‖ account ‖ salt ‖ root)`.
pub fn commitment(job: JobId, account: &[u8], salt: H256, root: H256) -> H256 {
    BlakeTwo256::hash(
        &[
            &b"aipg.adt"[..],
            &job.to_le_bytes(),
            account,
            &salt.0,
            &root.0,
        ]
        .concat(),
    )
}

impl<T: Config> Pallet<T> {
    fn audit(job: JobId) -> Result<AuditOf<T>, DispatchError> {
        Audits::<T>::get(job).ok_or_else(|| Error::<T>::AuditNotFound.into())
    }

    pub(crate) fn do_commit(
        account: T::AccountId,
        job: JobId,
        proof: DrawProof,
        hash: H256,
    ) -> DispatchResult {
        let mut auditor = Self::present(&account)?;
        let mut audit = Self::audit(job)?;
        let Stage::Committing { anchor, seed } = audit.stage else {
            return Err(Error::<T>::WrongStage.into());
        };
        // The agenda may lag; the window does not.
        ensure!(T::Tick::get() < audit.due, Error::<T>::WrongStage);
        ensure!(auditor.active_from <= anchor, Error::<T>::NotActive);
        ensure!(account != audit.worker, Error::<T>::OwnResult);
        ensure!(
            !Commitments::<T>::contains_key(job, &account),
            Error::<T>::AlreadyCommitted
        );
        let number = Self::number(&auditor.key, &seed, proof).ok_or(Error::<T>::InvalidProof)?;
        let bond = Self::bond_at(&account, &auditor, anchor);
        let rank = Self::rank(number, bond, audit.total_bond).ok_or(Error::<T>::NotDrawn)?;
        if audit.committed < T::MaxAuditors::get() {
            audit.committed = audit.committed.saturating_add(1);
            Audits::<T>::insert(job, audit);
        } else {
            Self::displace(job, rank)?;
        }
        auditor.open = auditor.open.saturating_add(1);
        Auditors::<T>::insert(&account, auditor);
        let root = None;
        Commitments::<T>::insert(job, &account, Commitment { hash, rank, root });
        Self::deposit_event(Event::AuditCommitted {
            job,
            auditor: account,
        });
        Ok(())
    }

    /// Frees the place of the auditor who was drawn least rightly, if less so than one of this rank. It loses
    /// nothing.
    fn displace(job: JobId, rank: u128) -> DispatchResult {
        let limit: usize = T::MaxAuditors::get().saturated_into();
        let (auditor, last) = Commitments::<T>::iter_prefix(job)
            .take(limit)
            .max_by_key(|(_, found)| found.rank)
            .ok_or(Error::<T>::EnoughAuditors)?;
        ensure!(rank < last.rank, Error::<T>::EnoughAuditors);
        Commitments::<T>::remove(job, &auditor);
        Self::close_one(&auditor);
        Self::deposit_event(Event::AuditorDisplaced { job, auditor });
        Ok(())
    }

    /// An audit is over for an auditor who committed to it.
    pub(crate) fn close_one(auditor: &T::AccountId) {
        Auditors::<T>::mutate_extant(auditor, |record| {
            record.open = record.open.saturating_sub(1);
        });
    }

    pub(crate) fn do_attest(worker: T::AccountId, job: JobId, root: H256) -> DispatchResult {
        let mut audit = Self::audit(job)?;
        ensure!(audit.worker == worker, Error::<T>::NotTheWorker);
        let now = T::Tick::get();
        let in_time = audit.stage == Stage::Attesting && now < audit.due;
        ensure!(in_time, Error::<T>::WrongStage);
        audit.stage = Stage::Revealing(root);
        let until = now.saturating_add(T::Windows::get().reveal);
        Self::put(job, audit, until);
        Self::deposit_event(Event::Attested {
            job,
            worker,
            root,
            until,
        });
        Ok(())
    }

    pub(crate) fn do_reveal(
        auditor: T::AccountId,
        job: JobId,
        salt: H256,
        root: H256,
    ) -> DispatchResult {
        let mut audit = Self::audit(job)?;
        let Stage::Revealing(attested) = audit.stage else {
            return Err(Error::<T>::WrongStage.into());
        };
        ensure!(T::Tick::get() < audit.due, Error::<T>::WrongStage);
        let mut found = Commitments::<T>::get(job, &auditor).ok_or(Error::<T>::NotCommitted)?;
        ensure!(found.root.is_none(), Error::<T>::AlreadyRevealed);
        let hash = commitment(job, &Self::bytes_of(&auditor), salt, root);
        ensure!(hash == found.hash, Error::<T>::CommitmentMismatch);
        found.root = Some(root);
        Commitments::<T>::insert(job, &auditor, found);
        audit.revealed = audit.revealed.saturating_add(1);
        Audits::<T>::insert(job, audit);
        Self::deposit_event(Event::AuditRevealed {
            job,
            auditor,
            agrees: root == attested,
        });
        Ok(())
    }
}
