//! How long blobs are kept.
//!
//! A blob that a live job refers to stays. A job lives in the state of the chain until it can no longer be
//! disputed; then it has ended, and its blobs are like those that no job refers to: they go when nothing
//! has spoken for them for an hour. What speaks for a blob is that it is put, fetched, or referred to.
//!
//! The time at which something last spoke for a blob is the time of change of its file, so it outlasts a
//! restart. While the node catches up with the chain, or cannot read its state, nothing goes.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use sp_core::H256;

use super::{BlobMetrics, BlobStore};

/// Time for which a blob is kept that no job refers to, unless something else is asked for, in minutes.
pub const DEFAULT_RETENTION_MINUTES: u64 = 60;

/// Longest time between two looks at the store.
const MOST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Why it is not known which blobs jobs refer to.
#[derive(Debug, thiserror::Error)]
pub enum JobsUnknown {
    /// The node has not caught up with the chain.
    #[error("the node is catching up with the chain")]
    Syncing,
    /// The state of a block cannot be read.
    #[error("the jobs of block {at:?} cannot be read: {reason}")]
    Unreadable {
        /// The block.
        at: H256,
        /// What the client says.
        reason: String,
    },
}

/// Says which blobs live jobs refer to.
pub trait LiveJobs: Send + Sync + 'static {
    /// The names of all blobs that live jobs refer to. Blocks the calling thread.
    ///
    /// Errors: every variant of [`JobsUnknown`].
    fn blobs(&self) -> Result<HashSet<H256>, JobsUnknown>;
}

/// Removes blobs that nothing speaks for any more.
pub struct Retention<J> {
    store: Arc<BlobStore>,
    jobs: Arc<J>,
    time: Duration,
    metrics: Option<BlobMetrics>,
}

impl<J: LiveJobs> Retention<J> {
    /// Keeps each blob of `store` for `time` after something last spoke for it.
    pub fn new(
        store: Arc<BlobStore>,
        jobs: J,
        time: Duration,
        metrics: Option<BlobMetrics>,
    ) -> Self {
        Self {
            store,
            jobs: Arc::new(jobs),
            time,
            metrics,
        }
    }

    /// Looks at the store again and again.
    pub async fn run(self) {
        let pause = MOST_PAUSE.min(self.time / 4).max(Duration::from_secs(1));
        loop {
            tokio::time::sleep(pause).await;
            let (store, jobs, time) = (Arc::clone(&self.store), Arc::clone(&self.jobs), self.time);
            let work = move || sweep(&store, &*jobs, time, SystemTime::now());
            let Ok(expired) = tokio::task::spawn_blocking(work).await else {
                continue;
            };
            if let Some(metrics) = &self.metrics {
                metrics.expired(expired);
            }
        }
    }
}

/// Removes what nothing has spoken for since `time` before `now`; returns the number of blobs removed.
fn sweep(store: &BlobStore, jobs: &impl LiveJobs, time: Duration, now: SystemTime) -> u64 {
    let spoken_for = match jobs.blobs() {
        Ok(blobs) => blobs,
        Err(error) => {
            tracing::debug!(target: "blobs", %error, "No blob expires now");
            return 0;
        }
    };
    let Some(limit) = now.checked_sub(time) else {
        return 0;
    };
    match store.expire(limit, now, &spoken_for) {
        Ok(expired) => {
            if expired > 0 {
                tracing::info!(target: "blobs", expired, "Removed blobs that no job refers to");
            }
            expired
        }
        Err(error) => {
            tracing::error!(target: "blobs", %error, "Blobs could not be looked through");
            0
        }
    }
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
