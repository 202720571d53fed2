//! Content-addressed storage for the inputs and outputs of jobs.
//!
//! The chain stores only the blake2b-256 hash of a token list; the list itself travels as a blob.
//! A client hands the input to a node, names its hash in `jobEscrow.submit`, and reads the output
//! by the hash that the worker committed to. A blob's address is the hash of its bytes, so a node
//! cannot serve anything else under it without being noticed, and this node never tries: every
//! read is checked first.
//!
//! Clients hand blobs over by RPC, nodes send them to each other ([`exchange`]).

pub mod exchange;
mod metrics;
mod parameters;
mod rpc;
mod store;

pub use metrics::BlobMetrics;
pub use parameters::{Hexadecimal, InvalidParameter};
pub use rpc::{BlobsApiServer, BlobsRpc, ErrorCode};
pub use store::{BlobError, BlobStore, StoreUnavailable, Usage, MAX_BLOB_SIZE};

/// Bytes in one MiB.
pub const BYTES_PER_MIB: u64 = 1024 * 1024;

/// Disk space for blobs unless something else is asked for, in MiB.
pub const DEFAULT_QUOTA_MIB: u64 = 4096;
