//! The terms of emission, fixed in genesis, and what makes them valid.

use crate::schedule::Schedule;
use aipg_primitives::Balance;
use codec::{Decode, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use sp_runtime::{PerThing, Permill};

/// Least share of a block reward that its author may get.
pub const MIN_AUTHOR_SHARE: Permill = Permill::from_percent(10);

/// Largest share of a block reward that its author may get.
pub const MAX_AUTHOR_SHARE: Permill = Permill::from_percent(30);

/// Whether governance may set this share.
pub fn is_author_share(share: Permill) -> bool {
    (MIN_AUTHOR_SHARE..=MAX_AUTHOR_SHARE).contains(&share)
}

/// What never changes after genesis.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EmissionTerms<AccountId> {
    pub schedule: Schedule,
    /// Issuance can never be above it.
    pub cap: Balance,
    /// Issuance at genesis: the balances imported from the old chain.
    pub imported: Balance,
    /// Receives the operations share; without one that share lapses.
    pub operations_fund: Option<AccountId>,
    /// Share of each reward that is the operations fund's.
    pub operations_share: Permill,
}

impl<AccountId> EmissionTerms<AccountId> {
    /// Checks that the terms are consistent, together with the author's first share.
    ///
    /// # Errors
    /// The first [`GenesisError`] that applies, in the order of the enum.
    pub fn validate(&self, author_share: Permill) -> Result<(), GenesisError> {
        use GenesisError::*;
        let checks = [
            (self.schedule.initial_reward == 0, InitialRewardZero),
            (self.schedule.halving_interval == 0, HalvingIntervalZero),
            (
                self.schedule.emitted_in_total().is_none(),
                ScheduleOverflows,
            ),
            (self.cap == 0, CapZero),
            (self.imported > self.cap, ImportedAboveCap),
            (!is_author_share(author_share), AuthorShareOutOfBounds),
            (
                self.operations_share > MAX_AUTHOR_SHARE.left_from_one(),
                OperationsShareTooLarge,
            ),
        ];
        checks
            .into_iter()
            .find(|(broken, _)| *broken)
            .map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// No schedule: a chain whose genesis does not configure emission mints nothing.
impl<AccountId> Default for EmissionTerms<AccountId> {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            cap: 0,
            imported: 0,
            operations_fund: None,
            operations_share: Permill::zero(),
        }
    }
}

/// Why a genesis was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenesisError {
    /// The first block must be worth something.
    InitialRewardZero,
    /// A reward must last at least one block.
    HalvingIntervalZero,
    /// The sum of all rewards does not fit an amount.
    ScheduleOverflows,
    /// Nothing could ever be minted.
    CapZero,
    /// The imported balances are above the cap.
    ImportedAboveCap,
    /// The author's share is outside [`MIN_AUTHOR_SHARE`]..=[`MAX_AUTHOR_SHARE`].
    AuthorShareOutOfBounds,
    /// With the author's largest share, the shares would be above one.
    OperationsShareTooLarge,
}

impl fmt::Display for GenesisError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::InitialRewardZero => "initialReward is 0",
            Self::HalvingIntervalZero => "halvingInterval is 0",
            Self::ScheduleOverflows => "the sum of all rewards does not fit 128 bits",
            Self::CapZero => "cap is 0",
            Self::ImportedAboveCap => "the imported balances are above the cap",
            Self::AuthorShareOutOfBounds => "authorShare is not between 10 % and 30 %",
            Self::OperationsShareTooLarge => "operationsShare is above 70 %",
        })
    }
}

impl core::error::Error for GenesisError {}
