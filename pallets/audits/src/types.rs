//! Records of audits.

use aipg_primitives::{Balance, Tick};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{
    sr25519::{
        vrf::{VrfPreOutput, VrfProof, VrfSignature},
        Public,
    },
    H256,
};
use sp_runtime::Permill;

/// Share of its bond that an auditor loses who vouched for what was not so.
pub const WRONG: Permill = Permill::from_percent(50);

/// Share of its bond that an auditor loses who committed and did not reveal.
pub const SILENT: Permill = Permill::from_percent(5);

/// How long each part of an audit takes, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditWindows {
    /// Auditors get the bytes, replay and commit.
    pub commit: Tick,
    /// The worker attests.
    pub attest: Tick,
    /// Auditors reveal.
    pub reveal: Tick,
    /// Time from the delivery until which all of it must be over, so that a challenge can follow.
    pub within: Tick,
}

/// Somebody who can be drawn.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Auditor<BlockNumber> {
    /// Draws by its verifiable random function.
    pub key: Public,
    /// First block whose beacon draws it: nobody registers a key that fits a beacon.
    pub active_from: BlockNumber,
    /// Part of the bond that was added last.
    pub pending: Balance,
    /// First block for whose beacon that part counts: nobody adds what a beacon asks for.
    pub pending_from: BlockNumber,
    /// Block from which the bond can be withdrawn; `None` while it can be drawn.
    pub unbonds_at: Option<BlockNumber>,
    /// Audits that it committed to and that have not ended.
    pub open: u32,
}

/// A result that may be audited, or is.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Audit<AccountId, BlockNumber> {
    pub worker: AccountId,
    /// Chance of an audit, as the worker's history was when the result came.
    pub chance: Permill,
    /// When the result came.
    pub delivered: Tick,
    /// Draws of auditors before this one.
    pub draw: u8,
    /// Bonds of all auditors in the block whose beacon draws: a bond is drawn as the share of these that it is.
    pub total_bond: Balance,
    /// What the worker attested before auditors were drawn again, because none of the first had revealed. From
    /// the next time to reveal on the stage has it.
    pub attested: Option<H256>,
    /// Auditors that have committed.
    pub committed: u32,
    /// Those of them that have revealed.
    pub revealed: u32,
    pub stage: Stage<BlockNumber>,
    /// Tick in which the chain moves it on.
    pub due: Tick,
}

impl<AccountId, BlockNumber> Audit<AccountId, BlockNumber> {
    /// What the worker attested.
    pub const fn root(&self) -> Option<H256> {
        match self.stage {
            Stage::Revealing(root) | Stage::Over(root) => Some(root),
            _ => self.attested,
        }
    }
}

/// How far an audit is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Stage<BlockNumber> {
    /// Waits for the beacon of this block, which says whether there is one, and who is drawn.
    Drawing(BlockNumber),
    /// Who is drawn by this seed commits.
    Committing { anchor: BlockNumber, seed: H256 },
    /// The worker attests.
    Attesting,
    /// Auditors reveal whether they found this root.
    Revealing(H256),
    /// Waits for the result to stand or fall.
    Over(H256),
    /// The worker has not attested.
    Missed,
}

/// What an auditor committed to.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Commitment {
    pub hash: H256,
    /// Its number for each unit of the bond that it was drawn by: the lower, the more rightly it was drawn.
    pub rank: u128,
    /// The root of its trace, once it is revealed.
    pub root: Option<H256>,
}

/// Why an auditor lost part of its bond.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum AuditorFault {
    /// It committed and did not reveal.
    Silent,
    /// It found another trace than that of a result that stood, or the trace of one that fell.
    Wrong,
}

/// What an auditor's verifiable random function (sr25519) says of a seed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct DrawProof {
    pub pre_output: [u8; 32],
    pub proof: [u8; 64],
}

impl DrawProof {
    /// As what can be verified; `None` if it is no point of the curve.
    pub fn signature(&self) -> Option<VrfSignature> {
        Some(VrfSignature {
            pre_output: VrfPreOutput::decode(&mut &self.pre_output[..]).ok()?,
            proof: VrfProof::decode(&mut &self.proof[..]).ok()?,
        })
    }
}

impl From<VrfSignature> for DrawProof {
    fn from(signature: VrfSignature) -> Self {
        Self {
            pre_output: signature.pre_output.0.to_bytes(),
            proof: signature.proof.0.to_bytes(),
        }
    }
}
