//! Records of authors and candidates.

use aipg_primitives::Balance;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::Permill;

/// Share of its bond that an author loses who equivocates.
pub const FAULT: Permill = Permill::from_percent(50);

/// Whether somebody on the list is drawn.
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
pub enum Candidacy {
    /// It is drawn in proportion to its weight.
    Standing,
    /// It was absent and is drawn again when it says that it is back.
    Resting,
}

/// Somebody who is on the list no more and whose bond is still on hold.
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
pub struct Exit<BlockNumber> {
    /// Block from which the bond can be withdrawn.
    pub unbonds_at: BlockNumber,
    /// It equivocated; it cannot come back.
    pub is_expelled: bool,
}

/// Why a seat is given up, the most urgent reason last.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Going {
    /// The author wants to leave.
    Left,
    /// It authored next to nothing in an era.
    Absent,
    /// It has no session keys: the session would leave it out.
    Keyless,
    /// It equivocated.
    Offence,
}

/// A place among the authors.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Seat<AccountId> {
    pub author: AccountId,
    /// It is given up as soon as enough others remain.
    pub going: Option<Going>,
}

/// Credit of useful work, as of the last time that some was booked.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Credit {
    /// The era of that booking.
    pub era: u32,
    /// Booked in that era.
    pub current: Balance,
    /// What was left then of all that was booked before.
    pub before: Balance,
}

/// A candidate with the weight by which it is drawn.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Weighted<AccountId> {
    pub author: AccountId,
    pub weight: u128,
}

/// Who comes and who may have to go, as it was drawn.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Plan<List> {
    /// In the order in which they were drawn.
    pub newcomers: List,
    /// In the order in which they give up their seats.
    pub leaving: List,
}
