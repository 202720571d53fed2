//! What an operator may choose about blobs.

use std::time::Duration;

use super::{
    exchange::{Limits, DEFAULT_PEER_MIB, DEFAULT_SERVED_MIB},
    retention::DEFAULT_RETENTION_MINUTES,
    BYTES_PER_MIB,
};

/// Disk space for blobs unless something else is asked for, in MiB.
const DEFAULT_QUOTA_MIB: u64 = 4096;

/// Most that may leave the node in a minute, in MiB: more than any line carries.
const MOST_MIB_PER_MINUTE: u64 = 1 << 20;

/// Options of the blob store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct BlobOptions {
    /// Disk space that stored blobs may take, in MiB.
    ///
    /// Blobs are the inputs and outputs of jobs: those that clients hand to this node by the RPC method
    /// `blobs_put`, and those that it fetched from other nodes. They lie in
    /// <base path>/chains/<chain id>/blobs. When the space is used up, new blobs are refused with the
    /// error `StoreFull` and those stored stay readable.
    #[arg(
        long = "blobs-quota-mib",
        value_name = "MIB",
        default_value_t = DEFAULT_QUOTA_MIB,
        value_parser = clap::value_parser!(u64).range(4..=(1 << 40)),
    )]
    pub quota_mib: u64,

    /// Bytes of blobs that another node may take from this one in a minute, in MiB.
    ///
    /// Both what is sent to it counts and what is read from the disk for it. A node that has taken its
    /// share is told that this one is busy; one that asks on and on is banned. With 0 this node gives no
    /// blobs to other nodes.
    #[arg(
        long = "blobs-peer-mib-per-minute",
        value_name = "MIB",
        default_value_t = DEFAULT_PEER_MIB,
        value_parser = clap::value_parser!(u64).range(..=MOST_MIB_PER_MINUTE),
    )]
    pub peer_mib_per_minute: u64,

    /// Bytes of blobs that all other nodes together may take in a minute, in MiB.
    #[arg(
        long = "blobs-served-mib-per-minute",
        value_name = "MIB",
        default_value_t = DEFAULT_SERVED_MIB,
        value_parser = clap::value_parser!(u64).range(..=MOST_MIB_PER_MINUTE),
    )]
    pub served_mib_per_minute: u64,

    /// Time for which a blob is kept that no live job refers to, in minutes.
    ///
    /// It begins anew when the blob is put or fetched again. The blobs of a job stay until the job has
    /// ended and can no longer be disputed, and this long after that.
    #[arg(
        long = "blobs-retention-minutes",
        value_name = "MINUTES",
        default_value_t = DEFAULT_RETENTION_MINUTES,
        value_parser = clap::value_parser!(u64).range(1..=(1 << 32)),
    )]
    pub retention_minutes: u64,
}

impl Default for BlobOptions {
    fn default() -> Self {
        Self {
            quota_mib: DEFAULT_QUOTA_MIB,
            peer_mib_per_minute: DEFAULT_PEER_MIB,
            served_mib_per_minute: DEFAULT_SERVED_MIB,
            retention_minutes: DEFAULT_RETENTION_MINUTES,
        }
    }
}

impl BlobOptions {
    /// Disk space for blobs in bytes.
    pub const fn quota(&self) -> u64 {
        self.quota_mib.saturating_mul(BYTES_PER_MIB)
    }

    /// What bounds the exchange with other nodes.
    pub const fn limits(&self) -> Limits {
        Limits::new(self.peer_mib_per_minute, self.served_mib_per_minute)
    }

    /// Time for which a blob is kept that no live job refers to.
    pub const fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_minutes.saturating_mul(60))
    }
}
