//! Content-addressed storage for the inputs and outputs of jobs.
//!
//! The chain stores only the blake2b-256 hash of a token list; the list itself travels as a blob.
//! A client hands the input to a node, names its hash in `jobEscrow.submit`, and reads the output
//! by the hash that the worker committed to. A blob's address is the hash of its bytes, so a node
//! cannot serve anything else under it without being noticed, and this node never tries: every
//! read is checked first.
//!
//! A client may use any node: a blob that a node lacks is fetched from the nodes that it is connected to
//! ([`exchange`]). A blob is kept until its job can no longer be disputed ([`retention`]).

pub mod exchange;
pub mod jobs;
mod metrics;
mod options;
mod parameters;
pub mod retention;
mod rpc;
mod store;

pub use metrics::BlobMetrics;
pub use options::BlobOptions;
pub use parameters::{Hexadecimal, InvalidParameter};
pub use rpc::{BlobsApiServer, BlobsRpc, ErrorCode};
pub use store::{BlobError, BlobStore, StoreUnavailable, Usage, MAX_BLOB_SIZE};

/// Bytes in one MiB.
pub const BYTES_PER_MIB: u64 = 1024 * 1024;
