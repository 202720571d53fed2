//! The blob store by JSON-RPC.

use std::sync::Arc;

use jsonrpsee::{core::RpcResult, proc_macros::rpc, types::ErrorObjectOwned};
use sp_core::{Bytes, H256};

use super::{
    parameters::{Hexadecimal, InvalidParameter},
    BlobError, BlobMetrics, BlobStore, MAX_BLOB_SIZE,
};

/// Codes of the JSON-RPC errors of this module. The message of an error starts with the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ErrorCode {
    /// The blob has more than 4 MiB.
    TooLarge = 26_861,
    /// The blob has no bytes.
    Empty = 26_862,
    /// This node has no blob with that hash.
    NotFound = 26_863,
    /// The stored bytes did not match the hash and were removed.
    Corrupted = 26_864,
    /// The disk space that the operator gave to blobs is used up.
    StoreFull = 26_865,
    /// The file system refused.
    StorageFailure = 26_866,
    /// A parameter is missing, of another type, or no hexadecimal string of the right length.
    InvalidParameter = 26_867,
    /// There is no space left on the device, whatever the quota.
    DiskFull = 26_868,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::TooLarge,
        Self::Empty,
        Self::NotFound,
        Self::Corrupted,
        Self::StoreFull,
        Self::StorageFailure,
        Self::InvalidParameter,
        Self::DiskFull,
    ];

    /// The name with which messages start and which metrics use.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

impl From<&BlobError> for ErrorCode {
    fn from(error: &BlobError) -> Self {
        match error {
            BlobError::TooLarge { .. } => Self::TooLarge,
            BlobError::Empty => Self::Empty,
            BlobError::NotFound(_) => Self::NotFound,
            BlobError::Corrupted(_) => Self::Corrupted,
            BlobError::StoreFull { .. } => Self::StoreFull,
            BlobError::DiskFull => Self::DiskFull,
            BlobError::Io(_) => Self::StorageFailure,
        }
    }
}

/// Why a call was refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error(transparent)]
    Parameter(#[from] InvalidParameter),
}

impl Refusal {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Blob(error) => error.into(),
            Self::Parameter(InvalidParameter::TooLong { .. }) => ErrorCode::TooLarge,
            Self::Parameter(_) => ErrorCode::InvalidParameter,
        }
    }
}

/// Methods on content-addressed blobs. Bytes and hashes are hexadecimal strings with `0x`.
#[rpc(server, namespace = "blobs")]
pub trait BlobsApi {
    /// Stores a blob of 1 to 4,194,304 bytes and returns its blake2b-256 hash. Putting a blob
    /// again changes nothing.
    ///
    /// Errors: `InvalidParameter`, `TooLarge`, `Empty`, `StoreFull`, `DiskFull`,
    /// `StorageFailure`.
    #[method(name = "put", blocking)]
    fn put(&self, bytes: Option<Hexadecimal>) -> RpcResult<H256>;

    /// Returns the bytes whose blake2b-256 hash is `hash`, checked before they are sent.
    ///
    /// Errors: `InvalidParameter`, `NotFound`, `Corrupted`, `StorageFailure`.
    #[method(name = "get", blocking)]
    fn get(&self, hash: Option<Hexadecimal>) -> RpcResult<Bytes>;

    /// Whether this node stores the blob.
    ///
    /// Errors: `InvalidParameter`.
    #[method(name = "has", blocking)]
    fn has(&self, hash: Option<Hexadecimal>) -> RpcResult<bool>;
}

/// Serves a [`BlobStore`].
pub struct BlobsRpc {
    store: Arc<BlobStore>,
    metrics: Option<BlobMetrics>,
}

impl BlobsRpc {
    /// The methods on `store`, counted in `metrics` if there are any.
    pub fn new(store: Arc<BlobStore>, metrics: Option<BlobMetrics>) -> Self {
        Self { store, metrics }
    }

    /// Counts what happened and puts a refusal into the form of JSON-RPC.
    fn answer<T>(
        &self,
        outcome: Result<T, Refusal>,
        served: impl FnOnce(&BlobMetrics),
    ) -> RpcResult<T> {
        let metrics = self.metrics.as_ref();
        let refusal = match outcome {
            Ok(value) => {
                if let Some(metrics) = metrics {
                    served(metrics);
                }
                return Ok(value);
            }
            Err(refusal) => refusal,
        };
        let code = refusal.code();
        if matches!(code, ErrorCode::StorageFailure | ErrorCode::DiskFull) {
            tracing::error!(target: "blobs", error = %refusal, "Blob store failure");
        }
        if let Some(metrics) = metrics {
            metrics.refused(code);
        }
        Err(ErrorObjectOwned::owned(
            code as i32,
            format!("{}: {refusal}", code.name()),
            None::<()>,
        ))
    }

    fn hash(hash: Option<Hexadecimal>) -> Result<H256, Refusal> {
        Ok(Hexadecimal::hash(hash, "hash")?)
    }
}

impl BlobsApiServer for BlobsRpc {
    fn put(&self, bytes: Option<Hexadecimal>) -> RpcResult<H256> {
        let outcome = Hexadecimal::bytes(bytes, "bytes", MAX_BLOB_SIZE)
            .map_err(Refusal::from)
            .and_then(|bytes| Ok(self.store.put(&bytes)?));
        self.answer(outcome, BlobMetrics::put)
    }

    fn get(&self, hash: Option<Hexadecimal>) -> RpcResult<Bytes> {
        let outcome = Self::hash(hash).and_then(|hash| Ok(self.store.get(hash)?.into()));
        self.answer(outcome, BlobMetrics::got)
    }

    fn has(&self, hash: Option<Hexadecimal>) -> RpcResult<bool> {
        let outcome = Self::hash(hash).map(|hash| self.store.has(hash));
        self.answer(outcome, |_| ())
    }
}

#[cfg(test)]
#[path = "rpc_tests.rs"]
mod tests;
