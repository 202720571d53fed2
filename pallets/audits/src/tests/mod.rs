mod auditors;
mod draws;
mod outcomes;
mod places;
mod properties;
mod replies;
mod silence;

use crate::{
    mock::*,
    types::{AuditorFault, Stage},
    *,
};
use aipg_primitives::{Attestation, Attestations, Balance, JobId, ResultWatch, AIPG};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::Permill;

const JOB: JobId = 7;
const ROOT: H256 = H256::repeat_byte(1);
const OTHER_ROOT: H256 = H256::repeat_byte(2);

/// A result that these auditors committed to with these roots, and that its worker attested as [`ROOT`].
fn attested(found: &[(AccountId, H256)]) {
    drawn(JOB);
    for &(auditor, root) in found {
        assert_ok!(commit(auditor, JOB, root));
    }
    advance(COMMIT.into());
    assert_ok!(Auditing::attest(signed(WORKER), JOB, ROOT));
}

/// The same, after the auditors have revealed.
fn over(found: &[(AccountId, H256)]) {
    attested(found);
    for &(auditor, root) in found {
        assert_ok!(reveal(auditor, JOB, root));
    }
    advance(REVEAL.into());
    assert_eq!(stage_of(JOB), Some(Stage::Over(ROOT)));
}
