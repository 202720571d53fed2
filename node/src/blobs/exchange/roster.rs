//! How often this node asks others.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use sc_network::PeerId;

use super::{quota::Meter, Allowance};

/// Peers that are remembered, far more than a node is connected to.
const MOST_PEERS: usize = 1024;

/// What this node has asked of each peer.
#[derive(Debug)]
pub(super) struct Roster {
    allowance: Allowance,
    asked: Mutex<HashMap<PeerId, Meter>>,
}

impl Roster {
    pub(super) fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            asked: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PeerId, Meter>> {
        // The table is whole between any two of its steps.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more request to `peer` is within what this node allows itself.
    pub(super) async fn turn(&self, peer: PeerId) {
        loop {
            let now = Instant::now();
            let wait = {
                let mut asked = self.lock();
                if asked.len() >= MOST_PEERS {
                    asked.retain(|_, meter| !meter.is_fresh(now));
                }
                asked.entry(peer).or_default().take(1, &self.allowance, now)
            };
            match wait {
                Ok(()) => return,
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }
}
