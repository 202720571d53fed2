//! Audits of results, as plain records. The protocol is `docs/spec/useful-work.md`.

use crate::{
    api::{
        self,
        runtime_types::{aipg_primitives::api as generated_api, pallet_audits::types as generated},
    },
    disputes::Tick,
    Amount, ChainError, Hash, State,
};
use aipg_exact::{Blake2b256, Hasher256};
pub use aipg_referee_game::{is_drawn, DRAW_CONTEXT, DRAW_LABEL, DRAW_SEED};
use std::collections::BTreeMap;
use subxt::utils::AccountId32;

/// How far an audit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditStage {
    /// It is not known yet whether there is one.
    Drawing,
    /// Who is drawn by the seed commits. The seed is of this block's beacon.
    Committing { anchor: u32, seed: Hash },
    /// The worker says what the root of its trace is.
    Attesting,
    /// It was this; auditors reveal.
    Revealing(Hash),
    /// It was this, and the result waits to stand or fall.
    Over(Hash),
    /// The worker has said nothing.
    Missed,
}

/// A result that may be audited, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub job: u64,
    pub worker: AccountId32,
    pub stage: AuditStage,
    /// What the worker attested to auditors who did not reveal, while others are drawn.
    pub attested_before: Option<Hash>,
    /// Bonds of all auditors by which it draws.
    pub total_bond: Amount,
    /// First tick in which the stage is over.
    pub due: Tick,
    /// Auditors that have committed.
    pub committed: u32,
}

impl Audit {
    /// What the worker attested.
    pub const fn attested(&self) -> Option<Hash> {
        match self.stage {
            AuditStage::Revealing(root) | AuditStage::Over(root) => Some(root),
            _ => self.attested_before,
        }
    }

    /// Whether nobody can stand for the result yet.
    pub const fn awaits_attestation(&self) -> bool {
        self.attested_before.is_none()
            && matches!(
                self.stage,
                AuditStage::Drawing | AuditStage::Committing { .. } | AuditStage::Attesting
            )
    }
}

/// An auditor, with what decides whether it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auditor {
    /// Public key of its verifiable random function.
    pub key: [u8; 32],
    pub bond: Amount,
    /// First block whose beacon draws it.
    pub active_from: u32,
    /// Part of the bond that was added last.
    pub pending: Amount,
    /// First block for whose beacon that part counts.
    pub pending_from: u32,
    /// Block from which the bond can be withdrawn, once it has left.
    pub unbonds_at: Option<u32>,
    /// Audits that it committed to and that have not ended.
    pub open: u32,
    /// Whether what counts of its bond is enough, and it has not left.
    pub can_be_drawn: bool,
    /// Bonds of all auditors now. An audit has its own.
    pub total_bond: Amount,
    /// Auditors that are expected for an audit.
    pub expected: u32,
}

impl Auditor {
    /// Whether its number draws it for a seed of the beacon of block `anchor`, when all bonds were `total`.
    pub fn is_drawn(&self, anchor: u32, total: Amount, number: u128) -> bool {
        let bond = if anchor < self.pending_from {
            self.bond.0.saturating_sub(self.pending.0)
        } else {
            self.bond.0
        };
        self.can_be_drawn
            && self.active_from <= anchor
            && is_drawn(number, bond, total.0, self.expected)
    }
}

/// What commits an auditor to the root of a trace.
pub fn commitment(job: u64, account: &AccountId32, salt: Hash, root: Hash) -> Hash {
    let job = job.to_le_bytes();
    Hash(Blake2b256::hash(&[
        b"aipg.adt",
        &job,
        &account.0,
        &salt.0,
        &root.0,
    ]))
}

/// What an auditor commits to instead of the root of a trace where it found the result false: no trace has
/// this root.
pub fn refusal(root: Hash) -> Hash {
    Hash(Blake2b256::hash(&[b"aipg.adf", &root.0]))
}

impl From<generated_api::AuditorView<u32>> for Auditor {
    fn from(view: generated_api::AuditorView<u32>) -> Self {
        Self {
            key: view.key.0,
            bond: Amount(view.bond),
            active_from: view.active_from,
            pending: Amount(view.pending),
            pending_from: view.pending_from,
            unbonds_at: view.unbonds_at,
            open: view.open,
            can_be_drawn: view.can_be_drawn,
            total_bond: Amount(view.total_bond),
            expected: view.expected,
        }
    }
}

impl State {
    /// All audits, by their jobs.
    pub async fn audits(&self) -> Result<BTreeMap<u64, Audit>, ChainError> {
        let address = api::storage().audits().audits();
        let records = self.entries(address, (), |(job,): (u64,)| job).await?;
        Ok(records
            .into_iter()
            .map(|(job, record)| {
                let audit = Audit {
                    job,
                    worker: record.worker,
                    stage: match record.stage {
                        generated::Stage::Drawing(_) => AuditStage::Drawing,
                        generated::Stage::Committing { anchor, seed } => AuditStage::Committing {
                            anchor,
                            seed: seed.into(),
                        },
                        generated::Stage::Attesting => AuditStage::Attesting,
                        generated::Stage::Revealing(root) => AuditStage::Revealing(root.into()),
                        generated::Stage::Over(root) => AuditStage::Over(root.into()),
                        generated::Stage::Missed => AuditStage::Missed,
                    },
                    attested_before: record.attested.map(Into::into),
                    total_bond: Amount(record.total_bond),
                    due: record.due,
                    committed: record.committed,
                };
                (job, audit)
            })
            .collect())
    }

    /// What an account has committed to about a result: whether it was revealed, if at all.
    pub async fn audit_commitment(
        &self,
        job: u64,
        account: &AccountId32,
    ) -> Result<Option<bool>, ChainError> {
        let address = api::storage().audits().commitments();
        let found = self.value(address, (job, *account)).await?;
        Ok(found.map(|commitment| commitment.root.is_some()))
    }
}
