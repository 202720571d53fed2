//! Records of this pallet.

use aipg_primitives::{Balance, TrustClass};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Most bytes an encoded model header may have.
pub const MAX_HEADER_LENGTH: u32 = 512;

/// An encoded `aipg_exact::header::ModelHeader`.
pub type Header = BoundedVec<u8, ConstU32<MAX_HEADER_LENGTH>>;

/// A committed model.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ModelRecord<AccountId> {
    /// The encoded header; its root is the key of the record.
    pub header: Header,
    /// How results of the model are judged.
    pub class: TrustClass,
    /// Least price of one unit, above zero.
    pub price_floor: Balance,
    /// Receives the creator's share of every fee; without one it goes to the treasury.
    pub creator: Option<AccountId>,
    /// Most that may be minted for a job, as a share of its credit, in permill; `None`: the default.
    pub mint_ceiling: Option<u32>,
    /// What the creator has on hold for this record; 0 for genesis models and retired ones.
    pub deposit: Balance,
    /// Takes no new jobs.
    pub retired: bool,
}

/// A model of the genesis configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisModel<AccountId> {
    /// The encoded header; in JSON as 0x-prefixed hexadecimal digits.
    #[serde(with = "sp_core::bytes")]
    pub header: Vec<u8>,
    /// Least price of one unit, above zero.
    pub price_floor: Balance,
    /// Receives the creator's share of every fee.
    pub creator: Option<AccountId>,
    /// Most that may be minted for a job, as a share of its credit, in permill.
    pub mint_ceiling: Option<u32>,
}
