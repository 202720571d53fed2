//! Records of this pallet.

use aipg_primitives::{Balance, ModelId, Region};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::Permill;

/// The record of a machine with the block numbers of `T`.
pub type WorkerOf<T> = Worker<BlockNumberFor<T>>;

/// Where a machine stands.
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
pub enum WorkerState<BlockNumber> {
    /// Cannot be drawn.
    Offline,
    /// Can be drawn for every model that it offers.
    Online,
    /// For good; the bond can be withdrawn from block `unbonds_at` on.
    Retired { unbonds_at: BlockNumber },
}

/// A machine. Its bond is the hold of its account; its trust level follows from bond and counters.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Worker<BlockNumber> {
    pub state: WorkerState<BlockNumber>,
    /// Failed too often; offline until governance lifts it.
    pub suspended: bool,
    pub region: Region,
    /// Most jobs at a time.
    pub capacity: u32,
    /// Jobs that it has now.
    pub active: u32,
    /// Results that its bond stands for: delivered, and neither paid nor refuted.
    pub unsettled: u32,
    /// What it gets at most for jobs that it was drawn for and that are not final.
    pub exposed: Balance,
    /// Jobs that it finished and was paid for.
    pub completed: u64,
    /// Jobs that it let down.
    pub failed: u64,
    /// Audits of its results, and checks of its power, that it passed.
    pub challenges_passed: u32,
    /// Checks of its power that it failed.
    pub challenges_failed: u32,
    /// Verified power, in steps of a window; 0 if none was measured.
    pub power: u32,
    /// What it got for results that were paid, at most.
    pub paid: Balance,
    /// The part of its time to deliver that it uses: a moving average over the jobs that it finished.
    pub pace: Permill,
    /// What governance agreed on with it, if it did.
    pub agreement: Option<Agreement>,
}

impl<BlockNumber> Worker<BlockNumber> {
    /// A machine that was just registered.
    pub fn new(capacity: u32, region: Region) -> Self {
        Self {
            state: WorkerState::Offline,
            suspended: false,
            region,
            capacity,
            active: 0,
            unsettled: 0,
            exposed: 0,
            completed: 0,
            failed: 0,
            challenges_passed: 0,
            challenges_failed: 0,
            power: 0,
            paid: 0,
            pace: NEWCOMER_PACE,
            agreement: None,
        }
    }

    /// How reliable it was: its [`success_share`], less [`FAILED_CHALLENGE`] for each check of its power that it
    /// failed.
    pub fn reputation(&self) -> Permill {
        let lost = FAILED_CHALLENGE
            .deconstruct()
            .saturating_mul(self.challenges_failed);
        let share = success_share(self.completed, self.failed).deconstruct();
        Permill::from_parts(share.saturating_sub(lost))
    }

    /// Counts a job that took so much of its time in the moving average.
    pub fn count_pace(&mut self, took: Permill) {
        self.pace = moved(self.pace, took);
    }
}

/// What trust level 4 rests on beside the demands of level 3.
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
pub struct Agreement {
    /// Hash of the service level that the machine promised.
    pub hash: H256,
    /// By so much its bond must be above that of level 3.
    pub insurance: Balance,
}

/// Most bytes of a reason that governance gives.
pub const MAX_REASON: u32 = 256;

/// Why governance convicts a machine of misuse, in words.
pub type Reason = BoundedVec<u8, ConstU32<MAX_REASON>>;

/// A model that a machine serves.
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
pub struct Offer {
    pub model: ModelId,
    /// Price of one unit.
    pub ask: Balance,
}

/// Share of the bond that a machine loses for a job it let down.
pub const PENALTY: Permill = Permill::from_percent(5);

/// Share of the bond that a machine loses whose result is false, or that misuses the chain.
pub const CONVICTION: Permill = Permill::from_percent(50);

/// Share of it that goes to who is rewarded for finding out, or to the treasury; the rest burns.
pub const CONVICTION_REWARD: Permill = Permill::from_percent(50);

/// A machine is suspended when more than this share of its jobs failed.
pub const SUSPENSION_SHARE: Permill = Permill::from_percent(20);

/// Fewest jobs that a suspension is judged by.
pub const SUSPENSION_JOBS: u64 = 10;

/// Challenges that trust level 2 needs.
pub const LEVEL_TWO_CHALLENGES: u32 = 10;

/// Jobs that trust level 3 needs.
pub const LEVEL_THREE_JOBS: u64 = 100;

/// Share of its jobs that a machine of trust level 3 completed.
pub const LEVEL_THREE_SUCCESS: Permill = Permill::from_percent(95);

/// Reputation that a machine loses when it claims power that it cannot prove.
pub const FAILED_CHALLENGE: Permill = Permill::from_percent(2);

/// Pace of a machine that has finished nothing: half way between the fastest and the slowest there can be, so that
/// it is drawn neither before all that are known nor after them.
pub const NEWCOMER_PACE: Permill = Permill::from_percent(50);

/// A new value moves the average of the pace by this part of its distance.
pub const PACE_PART: u32 = 8;

/// The average after a new value: an eighth of the way to it, rounded down.
pub fn moved(average: Permill, value: Permill) -> Permill {
    let known = average
        .deconstruct()
        .saturating_mul(PACE_PART.saturating_sub(1));
    let sum = known.saturating_add(value.deconstruct());
    Permill::from_parts(sum.checked_div(PACE_PART).unwrap_or_default())
}

/// Share of success: `(completed + 1) / (completed + failed + 1)`, rounded down.
/// A new machine starts at 1; the one that is added keeps the share above zero.
pub fn success_share(completed: u64, failed: u64) -> Permill {
    let good = completed.saturating_add(1);
    Permill::from_rational(good, good.saturating_add(failed))
}

/// Least chance of an audit.
pub const LEAST_AUDIT_CHANCE: Permill = Permill::from_percent(1);

/// Payouts of a size that count as one: so many of them halve the chance of an audit.
pub const AUDIT_HISTORY: Balance = 5;

/// Payouts of jobs that are not final are at most this part of the bond: four fifths of the quarter that burns
/// when one of them is false.
pub const EXPOSURE_PART: Balance = 5;

/// The payout of one of them is at most this part of the bond. The last fifth of what burns makes up for results
/// that are not audited, as long as the chance of an audit is not below the payout's share of this.
pub const LARGEST_PAYOUT_PART: Balance = 50;

/// Whether a bond can stand for one more `payout` beside those that are `exposed`. With the rule of
/// [`audit_chance`] no set of false results pays then; see `docs/simulation.md`.
pub fn can_stand_for(bond: Balance, exposed: Balance, payout: Balance) -> bool {
    let together = exposed.saturating_add(payout);
    is_small_enough(bond, payout) && together.saturating_mul(EXPOSURE_PART) <= bond
}

/// Whether a `payout` is so small that a bond can stand for it, if it stands for nothing else.
pub fn is_small_enough(bond: Balance, payout: Balance) -> bool {
    payout.saturating_mul(LARGEST_PAYOUT_PART) <= bond
}

/// Chance that a result is audited, for which a machine gets `payout`, after `paid` for all before:
/// `max(1 %, 1 / (1 + paid / (5 · payout)), 50 · payout / bond)`, at most 1. The first term is the cheapest for a
/// machine of 50 jobs a day, the second prices newcomers, the last one makes false results lose; see
/// `docs/simulation.md`.
pub fn audit_chance(paid: Balance, bond: Balance, payout: Balance) -> Permill {
    let known = payout.saturating_mul(AUDIT_HISTORY);
    let by_history = Permill::from_rational(known, known.saturating_add(paid).max(1));
    let by_bond = Permill::from_rational(payout.saturating_mul(LARGEST_PAYOUT_PART), bond.max(1));
    by_history.max(by_bond).max(LEAST_AUDIT_CHANCE)
}
