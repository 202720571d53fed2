//! Everything that is said about one result.

use crate::Tick;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// How long things take, in ticks.
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
pub struct Windows {
    /// W: a result may be challenged until it is so old, and defended until it is twice as old.
    pub challenge: Tick,
    /// K: what a side of a game may take for all its moves.
    pub clock: Tick,
}

/// The dispute about one result.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Case {
    /// First tick in which no challenge is taken any more.
    pub challenges_end: Tick,
    /// First tick in which no trace is taken any more.
    pub traces_end: Tick,
    /// First tick in which every clock has run out.
    pub games_end: Tick,
    /// First tick in which nothing can be demanded any more.
    pub demands_end: Tick,
    /// First tick in which all that was demanded has to be there: early enough to check the result then and
    /// to challenge it.
    pub answers_end: Tick,
    /// Challenges that live.
    pub challenges: u32,
    /// Traces that live.
    pub traces: u32,
    /// Chunks of the blobs that were demanded and not published.
    pub withheld: u32,
}

/// How a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is not decided.
    Open,
    /// No challenge lives and none can come: the result is as if nobody had doubted it.
    Upheld,
    /// No trace lives and none can come, and a challenge does: the result is false.
    False,
    /// What was demanded was not published in time: the result is false.
    Withheld,
}

impl Case {
    /// The case of a result that was delivered at `delivered`; nobody has said anything yet.
    pub const fn new(delivered: Tick, windows: Windows) -> Self {
        let challenges_end = delivered.saturating_add(windows.challenge);
        let traces_end = challenges_end.saturating_add(windows.challenge);
        let third = windows.challenge / 3;
        let demands_end = delivered.saturating_add(third);
        Self {
            challenges_end,
            traces_end,
            games_end: traces_end
                .saturating_add(windows.clock)
                .saturating_add(windows.clock),
            demands_end,
            answers_end: demands_end.saturating_add(third),
            challenges: 0,
            traces: 0,
            withheld: 0,
        }
    }

    /// Whether the result may be challenged.
    pub const fn takes_challenges(&self, now: Tick) -> bool {
        now < self.challenges_end
    }

    /// Whether it may be defended: only what was challenged needs it.
    pub const fn takes_traces(&self, now: Tick) -> bool {
        now < self.traces_end && self.challenges > 0
    }

    /// Whether chunks of the blobs may be demanded.
    pub const fn takes_demands(&self, now: Tick) -> bool {
        now < self.demands_end
    }

    /// Whether what was demanded may be published.
    pub const fn takes_answers(&self, now: Tick) -> bool {
        now < self.answers_end
    }

    /// Whether every game has ended, reported or not.
    pub const fn is_over(&self, now: Tick) -> bool {
        now >= self.games_end
    }

    /// How it stands.
    pub const fn standing(&self, now: Tick) -> Standing {
        if self.withheld > 0 {
            return if self.takes_answers(now) {
                Standing::Open
            } else {
                Standing::Withheld
            };
        }
        if self.challenges == 0 {
            return if self.takes_challenges(now) {
                Standing::Open
            } else {
                Standing::Upheld
            };
        }
        if self.traces == 0 && now >= self.traces_end {
            Standing::False
        } else {
            Standing::Open
        }
    }
}
