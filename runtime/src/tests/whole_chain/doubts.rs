//! Operations on results that were delivered: disputes as far as they go without the trace of a model, and audits.
//!
//! Everybody who commits to a root commits to the same one, so that some of what is opened is what others found.

use super::{
    calls::{actor, holder, Signed},
    operations::{Amount, Doubt, Operation},
    *,
};
use aipg_primitives::JobId;
use codec::Encode;
use frame_support::BoundedVec;
use pallet_audits::{types::Stage as AuditStage, Call as Audit};
use pallet_job_escrow::types::Stage;
use pallet_referee::{
    types::{Blob, Seat},
    Call as Dispute,
};
use sp_core::{crypto::VrfSecret, sr25519, Pair};

const ROOT: Hash = Hash::repeat_byte(6);
const OTHER_ROOT: Hash = Hash::repeat_byte(7);
const SALT: Hash = Hash::repeat_byte(8);
/// The least bond of an auditor is a part of it.
const AUDITOR_BOND: Balance = 400 * AIPG;

/// The key that an auditor is drawn by.
fn pair(who: Sr25519Keyring) -> sr25519::Pair {
    sr25519::Pair::from_seed(&account(who).encode().try_into().expect("32 bytes"))
}

/// One of these jobs, or one that is none of them.
fn picked(mut jobs: Vec<JobId>, pick: u8) -> JobId {
    jobs.sort_unstable();
    match jobs.len() {
        0 => pick.into(),
        count => jobs[usize::from(pick) % count],
    }
}

/// Results that can be doubted.
fn results() -> Vec<JobId> {
    pallet_job_escrow::Jobs::<Runtime>::iter()
        .filter(|(_, job)| matches!(job.stage, Stage::Delivered { .. }))
        .map(|(job, _)| job)
        .collect()
}

/// Results that are doubted.
fn cases() -> Vec<JobId> {
    pallet_referee::Cases::<Runtime>::iter_keys().collect()
}

/// Results that are audited and at such a stage.
fn audits(fits: impl Fn(&AuditStage<BlockNumber>) -> bool) -> Vec<JobId> {
    pallet_audits::Audits::<Runtime>::iter()
        .filter(|(_, audit)| fits(&audit.stage))
        .map(|(job, _)| job)
        .collect()
}

/// The call of an operation, and who signs it.
pub fn doubted(who: u8, pick: u8, doubt: Doubt) -> Signed {
    let signer = actor(who);
    match doubt {
        Doubt::Challenge => {
            let job = picked(results(), pick);
            let commitment = Referee::commitment(job, &account(signer), SALT, ROOT);
            (signer, Dispute::challenge { job, commitment }.into())
        }
        Doubt::OpenRoot(is_right) => open_root(picked(cases(), pick), is_right),
        Doubt::PostRoots(count) => {
            let job = picked(cases(), pick);
            let roots = BoundedVec::truncate_from(vec![ROOT; count.into()]);
            (signer, Dispute::post_roots { job, roots }.into())
        }
        Doubt::Demand(chunk) => {
            let call = Dispute::demand {
                job: picked(results(), pick),
                blob: if pick.is_multiple_of(2) {
                    Blob::Prompt
                } else {
                    Blob::Output
                },
                chunks: BoundedVec::truncate_from(vec![chunk]),
            };
            (signer, call.into())
        }
        Doubt::ReportTimeout => {
            let seat = Seat {
                job: picked(cases(), pick),
                challenge: 0,
                trace: 0,
            };
            (signer, Dispute::report_timeout { seat }.into())
        }
        _ => audited(signer, pick, doubt),
    }
}

/// Opens the root of a case's first challenge, by who made it.
fn open_root(job: JobId, is_right: bool) -> Signed {
    let made = pallet_referee::Challenges::<Runtime>::get(job, 0);
    let call = Dispute::open_root {
        job,
        challenge: 0,
        salt: SALT,
        root: if is_right { ROOT } else { OTHER_ROOT },
    };
    (holder(made.map(|made| made.account)), call.into())
}

fn audited(signer: Sr25519Keyring, pick: u8, doubt: Doubt) -> Signed {
    let call = match doubt {
        Doubt::RegisterAuditor(bond) => Audit::register {
            key: pair(signer).public(),
            bond: bond.of(AUDITOR_BOND, signer),
        },
        Doubt::AuditorBondMore(amount) => Audit::bond_more {
            amount: amount.of(AUDITOR_BOND, signer),
        },
        Doubt::LeaveAudits => Audit::leave {},
        Doubt::WithdrawAuditor => Audit::withdraw {},
        Doubt::Commit(is_right) => return commit(signer, pick, is_right),
        Doubt::Reveal(is_right) => {
            return reveal(
                picked(audits(|it| matches!(it, AuditStage::Revealing(_))), pick),
                is_right,
            );
        }
        _ => {
            let job = picked(audits(|it| matches!(it, AuditStage::Attesting)), pick);
            let audit = pallet_audits::Audits::<Runtime>::get(job);
            let worker = holder(audit.map(|audit| audit.worker));
            return (worker, Audit::attest { job, root: ROOT }.into());
        }
    };
    (signer, call.into())
}

/// Commits with a proof of the seed that draws, or of another one.
fn commit(auditor: Sr25519Keyring, pick: u8, is_right: bool) -> Signed {
    let is_drawing =
        |stage: &AuditStage<BlockNumber>| matches!(stage, AuditStage::Committing { .. });
    let job = picked(audits(is_drawing), pick);
    let seed = match pallet_audits::Audits::<Runtime>::get(job).map(|audit| audit.stage) {
        Some(AuditStage::Committing { seed, .. }) if is_right => seed,
        _ => Hash::zero(),
    };
    let call = Audit::commit {
        job,
        proof: pair(auditor)
            .vrf_sign(&pallet_audits::sign_data(&seed))
            .into(),
        commitment: pallet_audits::commitment(job, &account(auditor).encode(), SALT, ROOT),
    };
    (auditor, call.into())
}

/// Shows what one of the auditors of a result committed to, or something else.
fn reveal(job: JobId, is_right: bool) -> Signed {
    let auditor = pallet_audits::Commitments::<Runtime>::iter_key_prefix(job).min();
    let root = if is_right { ROOT } else { OTHER_ROOT };
    let call = Audit::reveal {
        job,
        salt: SALT,
        root,
    };
    (holder(auditor), call.into())
}

/// Two auditors, registered before anything else happens; they can be drawn some blocks later.
pub fn auditors() -> Vec<Operation> {
    let bond = Doubt::RegisterAuditor(Amount::Part(1_000));
    [1, 3].map(|who| Operation::Doubt(who, 0, bond)).to_vec()
}
