//! Audits among disputes: the root of a trace is what both need, and an audit may end in a dispute.

use super::{duties::Duty, duties::Moment, study::Findings, Disputes, Preparation, Prepared};
use crate::{
    audits::{duty, Part, Urn},
    keys,
};
use aipg_client::{
    audits::{commitment, refusal, Audit, AuditStage},
    calls, ChainError, Client, Hash, State,
};
use std::collections::{BTreeMap, BTreeSet};
use subxt_signer::sr25519::Keypair;

/// What an account knows of audits.
pub struct Audits {
    urn: Urn,
    /// As the chain has them.
    open: BTreeMap<u64, Audit>,
    /// Those that the account has to do with, and whether it has committed.
    own: BTreeMap<u64, bool>,
    /// Those that it has not committed to and cannot any more.
    strange: BTreeSet<u64>,
}

impl Audits {
    pub fn new(pair: &Keypair) -> Self {
        Self {
            urn: Urn::new(pair),
            open: BTreeMap::new(),
            own: BTreeMap::new(),
            strange: BTreeSet::new(),
        }
    }

    /// Whether the account audits the result of a job, or has to answer for it.
    pub fn concerns(&self, job: u64) -> bool {
        self.own.contains_key(&job)
    }

    /// Whether nobody can stand for a result, as its worker has not attested it yet.
    pub fn await_attestation(&self, job: u64) -> bool {
        self.open.get(&job).is_some_and(Audit::awaits_attestation)
    }

    /// What the worker has attested.
    pub fn attested(&self, job: u64) -> Option<Hash> {
        self.open.get(&job).and_then(Audit::attested)
    }
}

/// Whether a result is right, what its worker attested included.
pub fn is_right(findings: &Findings, attested: Option<Hash>) -> bool {
    findings.is_right && attested.is_none_or(|root| root.0 == findings.root)
}

/// What an auditor says of a result: the root of its trace if that is right, and otherwise a hash that no
/// trace has. A trace can be true of an answer that the model would not give.
fn reply(findings: &Findings) -> Hash {
    let root = Hash(findings.root);
    match findings.is_right {
        true => root,
        false => refusal(root),
    }
}

impl Disputes {
    /// What there is to do in audits. What is found out in them is known of the results from then on.
    pub(super) async fn audit_duties(
        &mut self,
        client: &Client,
        state: &State,
        now: Moment,
    ) -> Result<Vec<Duty>, ChainError> {
        self.audits.open = state.audits().await?;
        let audits = &mut self.audits;
        audits.own.clear();
        audits.strange.retain(|job| audits.open.contains_key(job));
        let auditor = match audits.open.is_empty() {
            true => None,
            false => state.auditor(&self.account).await?,
        };
        let has_committed = auditor.as_ref().is_some_and(|auditor| auditor.open > 0);
        let mut duties = Vec::new();
        for (&job, audit) in &audits.open {
            let may_come = matches!(
                audit.stage,
                AuditStage::Drawing | AuditStage::Committing { .. }
            );
            // Others are drawn where nobody has revealed.
            if may_come {
                audits.strange.remove(&job);
            }
            let committed = match has_committed && !audits.strange.contains(&job) {
                true => state.audit_commitment(job, &self.account).await?,
                false => None,
            };
            if committed.is_none() && !may_come {
                audits.strange.insert(job);
            }
            let part = Part::new(&audits.urn, auditor.as_ref(), audit, committed);
            let duty = duty(audit, &self.account, part, now.tick);
            if duty.is_some() || committed.is_some() {
                audits.own.insert(job, committed.is_some());
            }
            duties.extend(duty);
        }
        self.judge_audited(client, state).await?;
        Ok(duties)
    }

    /// Whoever committed stands by what it finds: a result that is false, or another one than its worker
    /// attested, has to be challenged.
    async fn judge_audited(&mut self, client: &Client, state: &State) -> Result<(), ChainError> {
        let committed = self.audits.own.iter().filter(|(_, &committed)| committed);
        let committed: Vec<u64> = committed.map(|(&job, _)| job).collect();
        for job in committed {
            if self.conduct.stamps(job).is_some() {
                continue;
            }
            let attested = self.audits.attested(job);
            let Some(findings) = self.find_out(client, state, job).await? else {
                continue;
            };
            let is_right = is_right(findings, attested);
            if self.checked.insert(job, is_right) != Some(is_right) {
                match is_right {
                    true => tracing::info!(job, "audited a result: it is right"),
                    false => tracing::warn!(job, "audited a result: it is FALSE"),
                }
            }
        }
        if !self.policy.checks {
            let audits = &self.audits;
            self.checked.retain(|&job, _| audits.concerns(job));
        }
        Ok(())
    }

    /// What an account says in the audit of a result, once it is known.
    async fn reply(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
    ) -> Result<Option<Hash>, ChainError> {
        if let Some(root) = self.conduct.stamps(job) {
            return Ok(Some(Hash(root)));
        }
        let findings = self.find_out(with.client, with.state, job).await?;
        Ok(findings.map(reply))
    }

    pub(super) async fn prepare_commitment(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
    ) -> Result<Prepared, ChainError> {
        let stage = self.audits.open.get(&job).map(|audit| audit.stage);
        let Some(AuditStage::Committing { seed, .. }) = stage else {
            return Ok(Prepared::NotYet);
        };
        let Some(root) = self.reply(with, job).await? else {
            return Ok(Prepared::NotYet);
        };
        let lot = self.audits.urn.draw(seed);
        let salt = Hash(keys::audit_salt(with.pair, job));
        let hash = commitment(job, &self.account, salt, root);
        with.sign(&calls::commit_audit(job, lot.pre_output, lot.proof, hash))
            .await
    }

    pub(super) async fn prepare_revelation(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
    ) -> Result<Prepared, ChainError> {
        let Some(root) = self.reply(with, job).await? else {
            return Ok(Prepared::NotYet);
        };
        let salt = Hash(keys::audit_salt(with.pair, job));
        with.sign(&calls::reveal_audit(job, salt, root)).await
    }

    pub(super) async fn prepare_attestation(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
    ) -> Result<Prepared, ChainError> {
        if !self.conduct.attests() {
            return Ok(Prepared::NotYet);
        }
        let Some(findings) = self.find_out(with.client, with.state, job).await? else {
            return Ok(Prepared::NotYet);
        };
        if !findings.is_digest_right {
            tracing::error!(
                job,
                "CannotAttest: this machine does not come to the digest of its own result"
            );
        }
        with.sign(&calls::attest(job, Hash(findings.root))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(is_right: bool) -> Findings {
        Findings {
            flaw: None,
            roots: Vec::new(),
            root: [1; 32],
            is_digest_right: true,
            is_right,
        }
    }

    #[test]
    fn reply_should_be_the_root_only_of_a_result_that_is_right() {
        let (right, wrong) = (findings(true), findings(false));
        assert_eq!(reply(&right), Hash([1; 32]));
        assert_ne!(reply(&wrong), reply(&right));
        let other = Findings {
            root: [2; 32],
            ..findings(false)
        };
        assert_ne!(reply(&wrong), reply(&other));
    }

    #[test]
    fn result_should_be_right_only_with_what_its_worker_attested() {
        let root = Hash([1; 32]);
        assert!(is_right(&findings(true), None));
        assert!(is_right(&findings(true), Some(root)));
        assert!(!is_right(&findings(true), Some(Hash([2; 32]))));
        assert!(!is_right(&findings(false), Some(root)));
        assert!(!is_right(&findings(false), None));
    }
}
