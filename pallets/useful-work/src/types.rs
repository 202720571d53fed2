//! Records of useful work.

use aipg_primitives::Balance;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;

/// One block's contribution to the beacon.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BeaconEntry<AccountId, BlockNumber> {
    /// Block that contributed; the ring is reused, so the entry says whose it is.
    pub height: BlockNumber,
    pub author: Option<AccountId>,
    /// VRF output of the block.
    pub output: H256,
}

/// What fixes reward per unit of a job besides the price of credit. Jobs of one worker, round and
/// terms are added up: credit and ceiling are both proportional to units there, so the smaller of
/// the sums is the sum of the smaller ones and nothing is lost by adding.
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
pub struct CreditTerms {
    /// What a unit cost.
    pub ask: Balance,
    /// Index price of a unit when the job settled.
    pub index_price: Balance,
    /// Most that may be minted, in millionths of the credit (κ).
    pub mint_ceiling: u32,
    /// What credit is multiplied with, in millionths.
    pub multiplier: u32,
}

/// Credit earned under the same terms in one round.
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
pub struct CreditLine {
    pub terms: CreditTerms,
    /// Σ min(units × index price, fee) × class weight × multiplier, in AIPG's smallest unit: what it counts in the
    /// round.
    pub credit: Balance,
    /// Σ κ × min(units × index price, fee) × class weight: multipliers raise nobody's ceiling.
    pub ceiling: Balance,
}

/// A round whose price of credit is fixed.
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
pub struct ClosedRound {
    /// What the blocks of the round made available to useful work, less the part that is for public jobs.
    pub budget: Balance,
    /// What the credit of all workers counts.
    pub credit: Balance,
    /// max(credit, difficulty): one credit earns budget / denominator at most.
    pub denominator: Balance,
    /// Reserved and not yet claimed or lapsed.
    pub reserved: Balance,
    /// Credit not yet claimed; at zero the rest of the reserve lapses and the record goes.
    pub unclaimed_credit: Balance,
}
