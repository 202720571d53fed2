//! How much a peer may ask for.
//!
//! What somebody takes is counted as time: at a rate of 64 requests a second each request pays for 1/64
//! second. A meter notes until when all is paid for; what would lie further ahead than the burst is
//! refused. So a meter is one point in time, and nothing has to run in the background.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sc_network::PeerId;

/// Peers that are remembered. More can only be connected one after the other, and then the bound on all
/// of them together holds.
const MOST_PEERS: usize = 1024;

/// An amount per time, and how much of it may be taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    amount: u64,
    time: Duration,
    burst: u64,
}

impl Allowance {
    /// `amount` in every `time`, and `burst` at once.
    pub const fn new(amount: u64, time: Duration, burst: u64) -> Self {
        Self {
            amount,
            time,
            burst,
        }
    }

    /// `amount` in every `time`, all of it at once if asked for.
    pub const fn per(amount: u64, time: Duration) -> Self {
        Self::new(amount, time, amount)
    }

    /// Whether it allows nothing.
    pub(super) const fn is_nothing(&self) -> bool {
        self.amount == 0
    }

    /// Time in which `amount` becomes free again. `None` if nothing ever does.
    fn time_of(&self, amount: u64) -> Option<Duration> {
        let nanoseconds = self
            .time
            .as_nanos()
            .saturating_mul(amount.into())
            .checked_div(self.amount.into())?;
        Some(Duration::from_nanos(
            u64::try_from(nanoseconds).unwrap_or(u64::MAX),
        ))
    }
}

/// What one side has taken.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Meter {
    paid_until: Option<Instant>,
}

impl Meter {
    /// The meter after `amount` was taken. Errors with the time after which to try again. More than the
    /// burst is given to whoever has taken nothing for long enough.
    fn after(self, amount: u64, allowance: &Allowance, now: Instant) -> Result<Self, Duration> {
        let (Some(cost), Some(ahead)) = (
            allowance.time_of(amount),
            allowance.time_of(allowance.burst),
        ) else {
            return Err(Duration::MAX);
        };
        let start = self.paid_until.map_or(now, |until| until.max(now));
        let end = start.checked_add(cost).ok_or(Duration::MAX)?;
        let wait = end.duration_since(now).saturating_sub(ahead);
        if start > now && !wait.is_zero() {
            return Err(wait.min(start.duration_since(now)));
        }
        Ok(Self {
            paid_until: Some(end),
        })
    }

    /// Takes `amount`. Errors with the time after which to try again.
    pub(super) fn take(
        &mut self,
        amount: u64,
        allowance: &Allowance,
        now: Instant,
    ) -> Result<(), Duration> {
        *self = self.after(amount, allowance, now)?;
        Ok(())
    }

    /// Whether all that was taken is free again.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.paid_until.is_none_or(|until| until <= now)
    }
}

/// Why a peer gets nothing now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has taken its own share, and has already been told so as often as this, one after the other.
    Peer {
        /// Refusals since it last got something.
        again: u32,
    },
    /// All peers together have taken theirs.
    All,
}

/// What is known of a peer that asks.
#[derive(Debug)]
struct Asking {
    requests: Meter,
    bytes: Meter,
    /// Replies that it has not taken yet.
    untaken: u32,
    /// Refusals since it last got something.
    refused: u32,
    seen: Instant,
}

impl Asking {
    fn is_forgettable(&self, now: Instant) -> bool {
        self.untaken == 0 && self.requests.is_fresh(now) && self.bytes.is_fresh(now)
    }
}

/// What all peers have taken.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    peers: HashMap<PeerId, Asking>,
    all: Meter,
}

impl Quotas {
    fn peer(&mut self, peer: PeerId, now: Instant) -> &mut Asking {
        if self.peers.len() >= MOST_PEERS && !self.peers.contains_key(&peer) {
            self.forget(now);
        }
        let asking = self.peers.entry(peer).or_insert(Asking {
            requests: Meter::default(),
            bytes: Meter::default(),
            untaken: 0,
            refused: 0,
            seen: now,
        });
        asking.seen = now;
        asking
    }

    /// Makes room for one peer at least.
    fn forget(&mut self, now: Instant) {
        self.peers.retain(|_, asking| !asking.is_forgettable(now));
        if self.peers.len() < MOST_PEERS {
            return;
        }
        let oldest = self
            .peers
            .iter()
            .min_by_key(|(_, asking)| (asking.untaken > 0, asking.seen))
            .map(|(peer, _)| *peer);
        if let Some(oldest) = oldest {
            self.peers.remove(&oldest);
        }
    }

    /// Counts a request. Whether the peer may send it.
    pub(super) fn request(&mut self, peer: PeerId, allowance: &Allowance, now: Instant) -> bool {
        self.peer(peer, now)
            .requests
            .take(1, allowance, now)
            .is_ok()
    }

    /// Counts bytes for a peer. Nothing is counted if it is refused.
    pub(super) fn bytes(
        &mut self,
        peer: PeerId,
        amount: u64,
        (of_peer, of_all): (&Allowance, &Allowance),
        now: Instant,
    ) -> Result<(), Refusal> {
        let all = self.all.after(amount, of_all, now);
        let asking = self.peer(peer, now);
        let Ok(bytes) = asking.bytes.after(amount, of_peer, now) else {
            asking.refused = asking.refused.saturating_add(1);
            return Err(Refusal::Peer {
                again: asking.refused,
            });
        };
        let all = all.map_err(|_| Refusal::All)?;
        asking.bytes = bytes;
        asking.refused = 0;
        self.all = all;
        Ok(())
    }

    /// Notes a reply on its way. `false` if the peer has left `most` of them untaken.
    pub(super) fn send(&mut self, peer: PeerId, most: u32, now: Instant) -> bool {
        let asking = self.peer(peer, now);
        if asking.untaken >= most {
            return false;
        }
        asking.untaken += 1;
        true
    }

    /// Notes that a reply is no longer on its way.
    pub(super) fn sent(&mut self, peer: PeerId) {
        if let Some(asking) = self.peers.get_mut(&peer) {
            asking.untaken = asking.untaken.saturating_sub(1);
        }
    }

    /// Number of peers that are remembered.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.peers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn meter_should_give_the_burst_at_once_and_then_the_rate() {
        let allowance = Allowance::new(10, SECOND, 30);
        let (mut meter, start) = (Meter::default(), Instant::now());
        for _ in 0..30 {
            meter.take(1, &allowance, start).unwrap();
        }
        let wait = meter.take(1, &allowance, start).unwrap_err();
        assert_eq!(wait, SECOND / 10);
        let later = start + wait;
        meter.take(1, &allowance, later).unwrap();
        meter.take(1, &allowance, later).unwrap_err();
        assert!(!meter.is_fresh(start + 3 * SECOND));
        assert!(meter.is_fresh(start + 4 * SECOND));
        let given = (0..100)
            .filter(|tenth| {
                let now = start + 10 * SECOND + SECOND * *tenth / 100;
                meter.take(1, &allowance, now).is_ok()
            })
            .count();
        assert_eq!(given, 30 + 9);
    }

    #[test]
    fn meter_should_give_more_than_the_burst_only_when_nothing_was_taken() {
        let allowance = Allowance::per(10, SECOND);
        let (mut meter, start) = (Meter::default(), Instant::now());
        meter.take(50, &allowance, start).unwrap();
        meter.take(50, &allowance, start + 4 * SECOND).unwrap_err();
        meter.take(50, &allowance, start + 5 * SECOND).unwrap();
    }

    #[test]
    fn meter_should_give_nothing_when_nothing_is_allowed() {
        let nothing = Allowance::per(0, SECOND);
        let mut meter = Meter::default();
        assert_eq!(meter.take(1, &nothing, Instant::now()), Err(Duration::MAX));
    }

    #[test]
    fn bytes_should_be_bounded_for_each_peer_and_for_all() {
        let (each, all) = (Allowance::per(100, SECOND), Allowance::per(150, SECOND));
        let (first, second) = (PeerId::random(), PeerId::random());
        let (mut quotas, now) = (Quotas::default(), Instant::now());
        quotas.bytes(first, 100, (&each, &all), now).unwrap();
        for again in 1..4 {
            assert_eq!(
                quotas.bytes(first, 1, (&each, &all), now),
                Err(Refusal::Peer { again })
            );
        }
        quotas.bytes(second, 50, (&each, &all), now).unwrap();
        assert_eq!(
            quotas.bytes(second, 1, (&each, &all), now),
            Err(Refusal::All)
        );
        let later = now + SECOND;
        quotas.bytes(first, 100, (&each, &all), later).unwrap();
        assert_eq!(
            quotas.bytes(first, 100, (&each, &all), later),
            Err(Refusal::Peer { again: 1 }),
            "the count begins anew when something was given"
        );
    }

    #[test]
    fn peer_should_have_only_so_many_replies_untaken() {
        let (mut quotas, peer, now) = (Quotas::default(), PeerId::random(), Instant::now());
        assert!(quotas.send(peer, 2, now));
        assert!(quotas.send(peer, 2, now));
        assert!(!quotas.send(peer, 2, now));
        assert!(quotas.send(PeerId::random(), 2, now));
        quotas.sent(peer);
        assert!(quotas.send(peer, 2, now));
    }

    #[test]
    fn table_should_stay_bounded_when_peers_keep_coming() {
        let allowance = Allowance::new(1, SECOND, 1);
        let (mut quotas, now) = (Quotas::default(), Instant::now());
        let busy = PeerId::random();
        assert!(quotas.send(busy, 1, now));
        for _ in 0..3 * MOST_PEERS {
            assert!(quotas.request(PeerId::random(), &allowance, now));
            assert!(quotas.len() <= MOST_PEERS);
        }
        assert!(!quotas.send(busy, 1, now), "who owes something is kept");
        assert!(quotas.request(PeerId::random(), &allowance, now + 2 * SECOND));
        assert_eq!(quotas.len(), 2);
    }
}
