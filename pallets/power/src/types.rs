//! Records of windows and of the machines that are measured in them.

use crate::attendance::Attendance;
use aipg_exact::power;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::Permill;

/// Most steps that one commitment can have.
pub const MAX_STEPS: u32 = 1 << 20;

/// Siblings that prove a row of the longest chain: 2²⁰ steps of 2⁸ rows.
pub const MAX_PATH: u32 = 28;

/// Parts of a chain that a drawn worker shows.
pub const SAMPLES: u32 = 8;

/// Chance that a worker whose power is known is drawn.
pub const DRAWN: Permill = Permill::from_percent(2);

/// A worker that attended fewer windows, of the last [`REMEMBERED`](crate::attendance::REMEMBERED), is
/// always drawn.
pub const NEWCOMER_WINDOWS: u32 = 8;

/// Uptime is judged by at least so many windows, of those since the first one attended.
pub const JUDGED_WINDOWS: u32 = 8;

/// A worker that claims more than what it last proved, and this part of it besides, is always drawn.
pub const LEAP_PART: u32 = 4;

/// A worker that attended none of so many windows has no power.
pub const LAPSE_WINDOWS: u32 = 1;

/// A window in which power is measured.
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
pub struct Window<BlockNumber> {
    /// Windows before it.
    pub number: u32,
    /// What weights and first states are made from.
    pub seed: H256,
    /// Block from which on nobody commits; its beacon draws.
    pub closes_at: BlockNumber,
    /// Block from which on nobody proves.
    pub proves_until: BlockNumber,
}

/// The beacon that draws in a window.
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
pub struct Draw {
    pub window: u32,
    pub beacon: H256,
}

/// What a worker says that it has computed in the last window that it attended.
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
pub struct Claim {
    pub steps: u32,
    pub root: H256,
    /// It is drawn whatever the lottery says.
    pub is_certain: bool,
}

/// What is known of a worker.
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
pub struct Record<BlockNumber> {
    pub attendance: Attendance,
    /// Steps that count; 0 for none.
    pub power: u32,
    /// Steps of the last commitment of which samples were shown; 0 after a failure.
    pub proven: u32,
    /// What is not decided yet, of the last window attended.
    pub claim: Option<Claim>,
    /// Block from which on it may commit again, after a failure.
    pub barred_until: Option<BlockNumber>,
}

/// How a claim ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not drawn: it counts as it is.
    Counts,
    /// It was drawn, and nothing was shown in time.
    Failed,
    /// No beacon has drawn in its window, or it is not known any more which: it is as if it had not been made.
    Void,
}

/// A row of a chain with what proves it: see [`power::Row`].
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Row {
    /// int8, 1024 of them.
    pub bytes: BoundedVec<u8, ConstU32<{ power::WIDTH }>>,
    /// Siblings from the leaf upward.
    pub path: BoundedVec<[u8; 32], ConstU32<MAX_PATH>>,
}

/// What is shown for a sample: see [`power::Opening`].
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Opening {
    /// The row before the step; `None` before the first step.
    pub before: Option<Row>,
    pub after: Row,
}

impl From<Row> for power::Row {
    fn from(row: Row) -> Self {
        Self {
            bytes: row.bytes.into_inner(),
            path: row.path.into_inner(),
        }
    }
}

impl From<Opening> for power::Opening {
    fn from(opening: Opening) -> Self {
        Self {
            before: opening.before.map(Into::into),
            after: opening.after.into(),
        }
    }
}

/// All that a worker shows, in the order of its samples.
pub type Openings = BoundedVec<Opening, ConstU32<SAMPLES>>;
