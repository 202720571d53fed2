//! The record of parameters, its presets and what makes one valid.

use aipg_primitives::Units;
use codec::{Decode, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Longest slot that [`ChainParameters::validate`] accepts: one day. Any reference time below it
/// fits a weight's picoseconds.
pub const MAX_SLOT_DURATION_MS: u64 = 86_400_000;

/// What a chain fixes in genesis and never changes. Counts of blocks unless a name says otherwise.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainParameters {
    /// Length of a slot, the time between two blocks, in milliseconds.
    pub slot_duration_ms: u64,
    /// Slots of an epoch; an epoch is a session.
    pub epoch_slots: u64,
    /// Sessions of an era.
    pub era_sessions: u32,
    /// Block authors that there should be.
    pub author_seats: u32,
    /// Block authors below which none gives up its seat.
    pub least_authors: u32,
    /// Blocks of a round of useful work.
    pub round_blocks: u32,
    /// Later blocks from which a block's beacon is made, at least.
    pub beacon_blocks: u32,
    /// Distinct authors that these blocks must have, at least.
    pub beacon_authors: u32,
    /// The same for the beacon that draws audits: what it decides is worth more than one job.
    pub audit_beacon_blocks: u32,
    pub audit_beacon_authors: u32,
    /// Blocks a drawn worker has to claim its job.
    pub claim_window: u32,
    /// Blocks a worker has to deliver, on top of those that the job's units are worth.
    pub run_window: u32,
    /// Blocks in which a worker that runs a job has to be heard of, at least the least time to run one.
    pub progress_window: u32,
    /// Blocks between two unannounced windows in which power is measured, on average; 0 for none.
    pub power_interval: u32,
    /// Blocks of such a window, in which machines work and commit to what they did.
    pub power_window: u32,
    /// Blocks in which those that are drawn prove it.
    pub power_proof: u32,
    /// Blocks for which a machine that cannot has no power.
    pub power_bar: u32,
    /// Blocks from the genesis in which the first work of a bond counts twice.
    pub early_blocks: u32,
    /// Share of the budget of useful work that is for public jobs at first, in parts per million; 0 for none, as
    /// everywhere where power is not measured.
    pub bootstrap_share: u32,
    /// Blocks after which it halves; after six halvings there are no public jobs any more.
    pub bootstrap_halving: u32,
    /// Work that the slowest accepted machine does in a block; a job of `n` units gets
    /// ⌈n / units_per_block⌉ blocks on top of `run_window`.
    pub units_per_block: Units,
    /// Most that governance may let be minted for a job of a model that it lists, in millionths of its credit.
    pub listed_ceiling: u32,
    /// Machines that have to serve a listed model before more is minted for its jobs than for others; if more than
    /// one, none of them with a third of their capacity.
    pub listed_machines: u32,
    /// Blocks a delivered result stays open to challenge.
    pub challenge_window: u32,
    /// Blocks a withdrawn bond stays on hold.
    pub unbonding: u32,
    /// Blocks after the close of a round in which its rewards can be claimed; whole rounds count.
    pub reward_expiry: u32,
    /// Most blocks between a job's submission and its deadline.
    pub max_deadline: u32,
    /// Blocks each side of a dispute has for all its moves.
    pub dispute_clock: u32,
    /// Time on the reference machine that the weight of one block may take, in milliseconds.
    pub max_block_ref_time_ms: u64,
    /// Whether Root may create and destroy tokens by decree: only where they are worth nothing.
    pub root_issuance: bool,
}

impl ChainParameters {
    /// One node on one machine: blocks of 2 s, windows of seconds.
    pub const fn dev() -> Self {
        Self {
            slot_duration_ms: 2_000,
            epoch_slots: 30,
            era_sessions: 2,
            author_seats: 1,
            least_authors: 1,
            round_blocks: 10,
            beacon_blocks: 2,
            beacon_authors: 1,
            audit_beacon_blocks: 2,
            audit_beacon_authors: 1,
            claim_window: 10,
            run_window: 10,
            progress_window: 30,
            // All machines count the same: a first run is over before there was a window.
            power_interval: 0,
            power_window: 5,
            power_proof: 10,
            power_bar: 30,
            early_blocks: 0,
            bootstrap_share: 0,
            bootstrap_halving: 21_600,
            // Half a billion multiply-accumulates a second: one core running scalar code.
            units_per_block: 1_000,
            listed_ceiling: 2_000_000,
            listed_machines: 1,
            challenge_window: 15,
            unbonding: 30,
            reward_expiry: 1_800,
            max_deadline: 302_400,
            dispute_clock: 30,
            max_block_ref_time_ms: 1_000,
            root_issuance: true,
        }
    }

    /// Several nodes on one or many machines: blocks of 6 s, windows of minutes.
    pub const fn local() -> Self {
        Self {
            slot_duration_ms: 6_000,
            epoch_slots: 100,
            era_sessions: 6,
            author_seats: 4,
            least_authors: 3,
            round_blocks: 10,
            beacon_blocks: 2,
            beacon_authors: 2,
            audit_beacon_blocks: 4,
            audit_beacon_authors: 2,
            claim_window: 20,
            run_window: 20,
            progress_window: 30,
            power_interval: 100,
            power_window: 5,
            power_proof: 10,
            power_bar: 600,
            early_blocks: 0,
            bootstrap_share: 10_000,
            bootstrap_halving: 14_400,
            units_per_block: 3_000,
            listed_ceiling: 1_000_000,
            listed_machines: 1,
            challenge_window: 100,
            unbonding: 600,
            reward_expiry: 14_400,
            max_deadline: 100_800,
            dispute_clock: 100,
            max_block_ref_time_ms: 2_000,
            root_issuance: true,
        }
    }

    /// The public network: blocks of a minute, windows of minutes to weeks.
    pub const fn mainnet() -> Self {
        Self {
            slot_duration_ms: 60_000,
            epoch_slots: 60,
            era_sessions: 24,
            author_seats: 100,
            least_authors: 4,
            round_blocks: 10,
            beacon_blocks: 2,
            beacon_authors: 2,
            audit_beacon_blocks: 12,
            audit_beacon_authors: 3,
            claim_window: 10,
            run_window: 10,
            progress_window: 15,
            power_interval: 360,
            power_window: 5,
            power_proof: 30,
            power_bar: 43_200,
            early_blocks: 259_200,
            bootstrap_share: 10_000,
            bootstrap_halving: 43_200,
            units_per_block: 30_000,
            listed_ceiling: 1_000_000,
            listed_machines: 32,
            challenge_window: 1_440,
            unbonding: 40_320,
            reward_expiry: 40_320,
            max_deadline: 10_080,
            dispute_clock: 360,
            max_block_ref_time_ms: 10_000,
            root_issuance: false,
        }
    }

    /// Blocks a worker has to deliver `units` after its claim; saturates at `u32::MAX`.
    pub fn run_blocks(&self, units: Units) -> u32 {
        // A valid record has no zero here; a job that could never end is the safe answer to one.
        let work = match self.units_per_block {
            0 => u64::MAX,
            per_block => units.div_ceil(per_block),
        };
        self.run_window
            .saturating_add(u32::try_from(work).unwrap_or(u32::MAX))
    }

    /// Rounds after the close of a round in which its rewards can be claimed; a valid record has at
    /// least one.
    pub fn reward_expiry_rounds(&self) -> u32 {
        self.reward_expiry
            .checked_div(self.round_blocks)
            .unwrap_or_default()
    }

    /// Rounds of a day, rounded down, at least one.
    pub fn rounds_a_day(&self) -> u32 {
        let round = self
            .slot_duration_ms
            .saturating_mul(self.round_blocks.into());
        let rounds = MAX_SLOT_DURATION_MS
            .checked_div(round)
            .unwrap_or_default()
            .max(1);
        u32::try_from(rounds).unwrap_or(u32::MAX)
    }

    /// Checks that a chain can live with these values.
    ///
    /// # Errors
    /// The first [`ParameterError`] that applies, in the order of the enum.
    pub fn validate(&self) -> Result<(), ParameterError> {
        use ParameterError::*;
        let checks = [
            (self.slot_duration_ms == 0, SlotDurationZero),
            (
                self.slot_duration_ms > MAX_SLOT_DURATION_MS,
                SlotDurationTooLong,
            ),
            (self.slot_duration_ms & 1 == 1, SlotDurationOdd),
            (self.epoch_slots == 0, EpochSlotsZero),
            (self.era_sessions == 0, EraSessionsZero),
            (self.least_authors == 0, LeastAuthorsZero),
            (
                self.author_seats < self.least_authors,
                AuthorSeatsBelowLeast,
            ),
            (self.round_blocks == 0, RoundBlocksZero),
            (self.beacon_blocks == 0, BeaconBlocksZero),
            (self.beacon_authors == 0, BeaconAuthorsZero),
            (
                self.beacon_authors > self.beacon_blocks,
                BeaconAuthorsAboveBlocks,
            ),
            (
                self.audit_beacon_blocks < self.beacon_blocks
                    || self.audit_beacon_authors < self.beacon_authors,
                AuditBeaconWeaker,
            ),
            (
                self.audit_beacon_authors > self.audit_beacon_blocks,
                AuditBeaconAuthorsAboveBlocks,
            ),
            (
                self.epoch_slots <= u64::from(self.audit_beacon_blocks).saturating_add(1),
                EpochBelowAuditBeacon,
            ),
            (self.claim_window == 0, ClaimWindowZero),
            (self.run_window == 0, RunWindowZero),
            (
                self.progress_window < self.run_window,
                ProgressWindowBelowRunWindow,
            ),
            (
                self.power_window == 0 || self.power_proof == 0 || self.power_bar == 0,
                PowerWindowZero,
            ),
            (
                self.bootstrap_share > 0 && self.power_interval == 0,
                BootstrapWithoutPower,
            ),
            (self.bootstrap_share > 1_000_000, BootstrapShareAboveAll),
            (self.bootstrap_halving == 0, BootstrapHalvingZero),
            (self.units_per_block == 0, UnitsPerBlockZero),
            (self.challenge_window == 0, ChallengeWindowZero),
            (self.unbonding == 0, UnbondingZero),
            (
                self.unbonding < self.challenge_window,
                UnbondingBelowChallengeWindow,
            ),
            (
                self.reward_expiry < self.round_blocks,
                RewardExpiryBelowRound,
            ),
            (self.max_deadline == 0, MaxDeadlineZero),
            (
                u64::from(self.max_deadline) <= self.least_blocks_of_a_job(),
                MaxDeadlineBelowLeastJob,
            ),
            (self.dispute_clock == 0, DisputeClockZero),
            (self.max_block_ref_time_ms == 0, MaxBlockRefTimeZero),
            (
                self.max_block_ref_time_ms > self.slot_duration_ms,
                MaxBlockRefTimeAboveSlot,
            ),
        ];
        checks
            .into_iter()
            .find(|(broken, _)| *broken)
            .map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Blocks that even the smallest job may take: beacon, claim and the base of the run. The sum
    /// of three `u32` cannot leave `u64`.
    fn least_blocks_of_a_job(&self) -> u64 {
        u64::from(self.beacon_blocks)
            .saturating_add(u64::from(self.claim_window))
            .saturating_add(u64::from(self.run_window))
    }
}

impl Default for ChainParameters {
    fn default() -> Self {
        Self::dev()
    }
}

/// Why [`ChainParameters`] are nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterError {
    /// A slot needs a length.
    SlotDurationZero,
    /// A slot is longer than [`MAX_SLOT_DURATION_MS`].
    SlotDurationTooLong,
    /// BABE takes a slot as twice the timestamp pallet's least period, which is whole.
    SlotDurationOdd,
    /// An epoch needs a slot.
    EpochSlotsZero,
    /// An era needs a session.
    EraSessionsZero,
    /// Nobody could be left to author blocks.
    LeastAuthorsZero,
    /// There could not be as many authors as there must be.
    AuthorSeatsBelowLeast,
    /// A round needs a block.
    RoundBlocksZero,
    /// A beacon that takes no later block is known before what it judges.
    BeaconBlocksZero,
    /// A beacon needs an author.
    BeaconAuthorsZero,
    /// So few blocks cannot have so many authors.
    BeaconAuthorsAboveBlocks,
    /// Audits would be easier to steer than assignments.
    AuditBeaconWeaker,
    /// So few blocks cannot have so many authors.
    AuditBeaconAuthorsAboveBlocks,
    /// Authors are drawn by the beacon of audits within a session.
    EpochBelowAuditBeacon,
    /// Nobody could claim.
    ClaimWindowZero,
    /// Nobody could deliver.
    RunWindowZero,
    /// A worker would have to report progress of the smallest job.
    ProgressWindowBelowRunWindow,
    /// Nobody could commit to power, prove it, or be without it.
    PowerWindowZero,
    /// Public jobs would be for machines that nobody has measured, and so for accounts without any.
    BootstrapWithoutPower,
    /// Public jobs would get more than there is.
    BootstrapShareAboveAll,
    /// Public jobs would never end.
    BootstrapHalvingZero,
    /// No job would ever end.
    UnitsPerBlockZero,
    /// Nobody could challenge.
    ChallengeWindowZero,
    /// A bond could leave at once.
    UnbondingZero,
    /// A bond could leave while a result it stands for is still open to challenge.
    UnbondingBelowChallengeWindow,
    /// No reward could ever be claimed.
    RewardExpiryBelowRound,
    /// No deadline would be accepted.
    MaxDeadlineZero,
    /// Beacon, claim window and run window do not fit into the longest deadline.
    MaxDeadlineBelowLeastJob,
    /// Nobody could answer in a dispute.
    DisputeClockZero,
    /// A block could hold nothing.
    MaxBlockRefTimeZero,
    /// A block could take longer than its slot.
    MaxBlockRefTimeAboveSlot,
}

impl ParameterError {
    /// The reason in words, with the name that the field has in a chain specification.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::SlotDurationZero => "slotDurationMs is 0",
            Self::SlotDurationTooLong => "slotDurationMs is above one day",
            Self::SlotDurationOdd => "slotDurationMs is odd",
            Self::EpochSlotsZero => "epochSlots is 0",
            Self::EraSessionsZero => "eraSessions is 0",
            Self::LeastAuthorsZero => "leastAuthors is 0",
            Self::AuthorSeatsBelowLeast => "authorSeats is below leastAuthors",
            Self::RoundBlocksZero => "roundBlocks is 0",
            Self::BeaconBlocksZero => "beaconBlocks is 0",
            Self::BeaconAuthorsZero => "beaconAuthors is 0",
            Self::BeaconAuthorsAboveBlocks => "beaconAuthors is above beaconBlocks",
            Self::AuditBeaconWeaker => {
                "auditBeaconBlocks or auditBeaconAuthors is below beaconBlocks or beaconAuthors"
            }
            Self::AuditBeaconAuthorsAboveBlocks => "auditBeaconAuthors is above auditBeaconBlocks",
            Self::EpochBelowAuditBeacon => "epochSlots leaves no time after auditBeaconBlocks",
            Self::ClaimWindowZero => "claimWindow is 0",
            Self::RunWindowZero => "runWindow is 0",
            Self::ProgressWindowBelowRunWindow => "progressWindow is below runWindow",
            Self::PowerWindowZero => "powerWindow, powerProof or powerBar is 0",
            Self::BootstrapWithoutPower => "bootstrapShare is not 0, but powerInterval is",
            Self::BootstrapShareAboveAll => "bootstrapShare is above 1000000",
            Self::BootstrapHalvingZero => "bootstrapHalving is 0",
            Self::UnitsPerBlockZero => "unitsPerBlock is 0",
            Self::ChallengeWindowZero => "challengeWindow is 0",
            Self::UnbondingZero => "unbonding is 0",
            Self::UnbondingBelowChallengeWindow => "unbonding is below challengeWindow",
            Self::RewardExpiryBelowRound => "rewardExpiry is below roundBlocks",
            Self::MaxDeadlineZero => "maxDeadline is 0",
            Self::MaxDeadlineBelowLeastJob => {
                "maxDeadline leaves no time after beaconBlocks + claimWindow + runWindow"
            }
            Self::DisputeClockZero => "disputeClock is 0",
            Self::MaxBlockRefTimeZero => "maxBlockRefTimeMs is 0",
            Self::MaxBlockRefTimeAboveSlot => "maxBlockRefTimeMs is above slotDurationMs",
        }
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())
    }
}

impl core::error::Error for ParameterError {}
