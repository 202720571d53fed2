//! What a peer must not do.

use sc_network::ReputationChange;

/// Something that a peer did against the rules. The network bans a peer whose reputation falls below
/// about −1.52 · 10⁹; a reputation halves every 139 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offence {
    /// It sent bytes that are not those of the blob, or not those that it vouched for.
    WrongBytes,
    /// It sent a reply that is none, or not one to the request.
    WrongReply,
    /// It sent a request that is none, or too large.
    WrongRequest,
    /// It sent more requests than it may.
    Flood,
    /// It kept asking although it was told that it had taken its share.
    Greed,
    /// It said that it has a blob and then refused it, or broke off.
    BrokenPromise,
    /// It said that it has a blob and then let the time for the reply pass.
    Slow,
    /// It did not take a reply that it had asked for.
    UntakenReply,
}

impl Offence {
    /// Every offence.
    pub const ALL: [Self; 8] = [
        Self::WrongBytes,
        Self::WrongReply,
        Self::WrongRequest,
        Self::Flood,
        Self::Greed,
        Self::BrokenPromise,
        Self::Slow,
        Self::UntakenReply,
    ];

    /// The name that metrics use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongBytes => "WrongBytes",
            Self::WrongReply => "WrongReply",
            Self::WrongRequest => "WrongRequest",
            Self::Flood => "Flood",
            Self::Greed => "Greed",
            Self::BrokenPromise => "BrokenPromise",
            Self::Slow => "Slow",
            Self::UntakenReply => "UntakenReply",
        }
    }

    /// What it costs. What cannot happen to an honest node bans at once; what may, by an overloaded
    /// machine or a poor line, bans when it goes on.
    pub const fn cost(self) -> ReputationChange {
        match self {
            Self::WrongBytes => ReputationChange::new_fatal("blobs: wrong bytes"),
            Self::WrongReply => ReputationChange::new_fatal("blobs: wrong reply"),
            Self::WrongRequest => ReputationChange::new_fatal("blobs: wrong request"),
            Self::Flood => ReputationChange::new(-(1 << 25), "blobs: flood of requests"),
            Self::Greed => ReputationChange::new(-(1 << 25), "blobs: asks on above its quota"),
            Self::BrokenPromise => ReputationChange::new(-(1 << 28), "blobs: broken promise"),
            Self::Slow => ReputationChange::new(-(1 << 28), "blobs: slow"),
            Self::UntakenReply => ReputationChange::new(-(1 << 28), "blobs: reply not taken"),
        }
    }
}
