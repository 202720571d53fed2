//! Audits: what an auditor and an audited worker have to do, and the number that says whether an auditor is
//! drawn.
//!
//! An audit takes the root of the trace of somebody's result, which [`disputes`](crate::disputes) finds out:
//! there the calls are made, next to the challenge that follows where the result turns out to be false.

pub mod commands;

use crate::{disputes::duties::Duty, keys};
use aipg_client::{
    audits::{Audit, AuditStage, Auditor, DRAW_CONTEXT, DRAW_LABEL, DRAW_SEED},
    disputes::Tick,
    Hash,
};
use merlin::Transcript;
use schnorrkel::{ExpansionMode, MiniSecretKey};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

/// What an auditor shows to have been drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Decides whether it is.
    pub number: u128,
    /// The output of the verifiable random function.
    pub pre_output: [u8; 32],
    /// That it is the key's.
    pub proof: [u8; 64],
}

/// Draws by secret. The function has one output for each seed, so drawing again changes nothing.
pub struct Urn(schnorrkel::Keypair);

impl Urn {
    /// Of the key that an account registers as an auditor.
    pub fn new(pair: &Keypair) -> Self {
        let secret = MiniSecretKey::from_bytes(&keys::audit_secret(pair));
        // 32 bytes are a secret key of this kind whatever they are.
        let secret = secret.unwrap_or_else(|_| unreachable!("its length is right"));
        Self(secret.expand_to_keypair(ExpansionMode::Ed25519))
    }

    /// The key that stands on chain.
    pub fn key(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    /// What comes for a seed.
    pub fn draw(&self, seed: Hash) -> Lot {
        let mut transcript = Transcript::new(DRAW_LABEL);
        transcript.append_message(DRAW_SEED, &seed.0);
        let (output, proof, _) = self.0.vrf_sign(transcript);
        Lot {
            number: u128::from_le_bytes(output.make_bytes(DRAW_CONTEXT)),
            pre_output: output.to_preout().to_bytes(),
            proof: proof.to_bytes(),
        }
    }
}

/// What an account knows of an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// It is drawn.
    pub is_drawn: bool,
    /// It has committed, and whether it has revealed.
    pub committed: Option<bool>,
}

impl Part {
    /// Whether an auditor is drawn, as far as it has not committed yet.
    pub fn new(
        urn: &Urn,
        auditor: Option<&Auditor>,
        audit: &Audit,
        committed: Option<bool>,
    ) -> Self {
        let is_drawn = match (&audit.stage, auditor) {
            (&AuditStage::Committing { anchor, seed }, Some(auditor)) => {
                auditor.key == urn.key()
                    && auditor.is_drawn(anchor, audit.total_bond, urn.draw(seed).number)
            }
            _ => false,
        };
        Self {
            is_drawn,
            committed,
        }
    }
}

/// What an account has to do in an audit.
pub fn duty(audit: &Audit, account: &AccountId32, part: Part, now: Tick) -> Option<Duty> {
    let job = audit.job;
    if now >= audit.due {
        return None;
    }
    let is_own = audit.worker == *account;
    match audit.stage {
        AuditStage::Committing { .. } => {
            (!is_own && part.is_drawn && part.committed.is_none()).then_some(Duty::Commit { job })
        }
        AuditStage::Attesting => is_own.then_some(Duty::Attest { job }),
        AuditStage::Revealing(_) => (part.committed == Some(false)).then_some(Duty::Reveal { job }),
        AuditStage::Drawing | AuditStage::Over(_) | AuditStage::Missed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_client::Amount;

    const OWN: AccountId32 = AccountId32([7; 32]);
    const OTHER: AccountId32 = AccountId32([8; 32]);
    const ROOT: Hash = Hash([1; 32]);
    const SEED: Hash = Hash([2; 32]);

    fn audit(stage: AuditStage) -> Audit {
        Audit {
            job: 5,
            worker: OTHER,
            stage,
            attested_before: None,
            total_bond: Amount(100),
            due: 20,
            committed: 0,
        }
    }

    fn urn(uri: &str) -> Urn {
        Urn::new(&keys::load(&keys::KeySource::Development(uri.into())).unwrap())
    }

    fn auditor(key: [u8; 32]) -> Auditor {
        Auditor {
            key,
            bond: Amount(50),
            active_from: 3,
            pending: Amount(0),
            pending_from: 3,
            unbonds_at: None,
            open: 0,
            can_be_drawn: true,
            total_bond: Amount(1_000),
            expected: 2,
        }
    }

    const COMMITTING: AuditStage = AuditStage::Committing {
        anchor: 3,
        seed: SEED,
    };

    #[test]
    fn number_should_be_one_for_each_key_and_seed() {
        let (one, other) = (urn("//Charlie"), urn("//Dave"));
        let lot = one.draw(SEED);
        assert_eq!(lot.number, one.draw(SEED).number);
        assert_eq!(lot.pre_output, one.draw(SEED).pre_output);
        assert_ne!(lot.number, one.draw(ROOT).number);
        assert_ne!(lot.number, other.draw(SEED).number);
        assert_ne!(one.key(), other.key());
    }

    #[test]
    fn lot_should_be_verifiable_by_the_key() {
        let urn = urn("//Charlie");
        let lot = urn.draw(SEED);
        let key = schnorrkel::PublicKey::from_bytes(&urn.key()).unwrap();
        let output = schnorrkel::vrf::VRFPreOut::from_bytes(&lot.pre_output).unwrap();
        let proof = schnorrkel::vrf::VRFProof::from_bytes(&lot.proof).unwrap();
        let transcript = |seed: Hash| {
            let mut transcript = Transcript::new(DRAW_LABEL);
            transcript.append_message(DRAW_SEED, &seed.0);
            transcript
        };
        let (found, _) = key.vrf_verify(transcript(SEED), &output, &proof).unwrap();
        let bytes: [u8; 16] = found.make_bytes(DRAW_CONTEXT);
        assert_eq!(u128::from_le_bytes(bytes), lot.number);
        assert!(key.vrf_verify(transcript(ROOT), &output, &proof).is_err());
    }

    #[test]
    fn auditor_should_be_drawn_when_its_key_counts_for_the_beacon() {
        let urn = urn("//Charlie");
        let part = |auditor: Option<&Auditor>, stage| Part::new(&urn, auditor, &audit(stage), None);
        let active = auditor(urn.key());
        // Half of the bonds, two expected: always.
        assert!(part(Some(&active), COMMITTING).is_drawn);
        let pending = Auditor {
            pending: Amount(50),
            ..active.clone()
        };
        assert!(part(Some(&pending), COMMITTING).is_drawn);
        assert!(!part(None, COMMITTING).is_drawn);
        assert!(!part(Some(&active), AuditStage::Attesting).is_drawn);
        for change in [
            |it: &mut Auditor| it.key = [0; 32],
            |it: &mut Auditor| it.active_from = 4,
            |it: &mut Auditor| it.can_be_drawn = false,
            |it: &mut Auditor| it.bond = Amount(0),
            |it: &mut Auditor| (it.pending, it.pending_from) = (Amount(50), 4),
        ] {
            let mut changed = active.clone();
            change(&mut changed);
            assert!(!part(Some(&changed), COMMITTING).is_drawn, "{changed:?}");
        }
    }

    #[test]
    fn duties_should_follow_from_the_stage() {
        let drawn = Part {
            is_drawn: true,
            committed: None,
        };
        let committed = |revealed| Part {
            is_drawn: true,
            committed: Some(revealed),
        };
        let duty = |stage, part| duty(&audit(stage), &OWN, part, 10);
        assert_eq!(duty(COMMITTING, drawn), Some(Duty::Commit { job: 5 }));
        assert_eq!(duty(COMMITTING, Part::default()), None);
        assert_eq!(duty(COMMITTING, committed(false)), None);
        let revealing = AuditStage::Revealing(ROOT);
        assert_eq!(duty(revealing, drawn), None);
        assert_eq!(
            duty(revealing, committed(false)),
            Some(Duty::Reveal { job: 5 })
        );
        assert_eq!(duty(revealing, committed(true)), None);
        for stage in [
            AuditStage::Drawing,
            AuditStage::Attesting,
            AuditStage::Over(ROOT),
            AuditStage::Missed,
        ] {
            assert_eq!(duty(stage, committed(false)), None, "{stage:?}");
        }
    }

    #[test]
    fn worker_should_attest_its_own_result_and_audit_none_of_its_own() {
        let own = |stage, now| {
            let mut audit = audit(stage);
            audit.worker = OWN;
            let part = Part {
                is_drawn: true,
                committed: None,
            };
            duty(&audit, &OWN, part, now)
        };
        let attest = Some(Duty::Attest { job: 5 });
        assert_eq!(own(AuditStage::Attesting, 10), attest);
        assert_eq!(own(COMMITTING, 10), None);
        // The last tick in which it counts is the one before it is due.
        assert_eq!(own(AuditStage::Attesting, 19), attest);
        assert_eq!(own(AuditStage::Attesting, 20), None);
    }
}
