//! The blob store by JSON-RPC.

use std::sync::Arc;

use jsonrpsee::{
    core::{async_trait, RpcResult},
    proc_macros::rpc,
    types::ErrorObjectOwned,
};
use sp_core::{Bytes, H256};

use super::{
    exchange::{FetchError, Fetcher},
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
    /// Neither this node nor one that it is connected to has a blob with that hash.
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
    /// Other nodes said they have the blob and did not deliver it in time.
    Undelivered = 26_869,
    /// This node is already fetching as many blobs as it can.
    Overloaded = 26_870,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::TooLarge,
        Self::Empty,
        Self::NotFound,
        Self::Corrupted,
        Self::StoreFull,
        Self::StorageFailure,
        Self::InvalidParameter,
        Self::DiskFull,
        Self::Undelivered,
        Self::Overloaded,
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
    #[error("blob {blob:?} is not on this node: {error}")]
    Fetch { blob: H256, error: FetchError },
    #[error("the work on the blob was cancelled, the node is shutting down")]
    Cancelled,
}

impl Refusal {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Blob(error) => error.into(),
            Self::Parameter(InvalidParameter::TooLong { .. }) => ErrorCode::TooLarge,
            Self::Parameter(_) => ErrorCode::InvalidParameter,
            Self::Fetch { error, .. } => match error {
                FetchError::NotFound { .. } => ErrorCode::NotFound,
                FetchError::Undelivered { .. } | FetchError::TimedOut { .. } => {
                    ErrorCode::Undelivered
                }
                FetchError::Overloaded => ErrorCode::Overloaded,
            },
            Self::Cancelled => ErrorCode::StorageFailure,
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

    /// Returns the bytes whose blake2b-256 hash is `hash`, checked before they are sent. What this node
    /// does not store it fetches from the nodes that it is connected to, and stores it. It also asks
    /// `provider`, the node of that ed25519 key, which jobs name on chain.
    ///
    /// Errors: `InvalidParameter`, `NotFound`, `Corrupted`, `StorageFailure`, `Undelivered`,
    /// `Overloaded`.
    #[method(name = "get")]
    async fn get(
        &self,
        hash: Option<Hexadecimal>,
        provider: Option<Hexadecimal>,
    ) -> RpcResult<Bytes>;

    /// Whether this node stores the blob. Other nodes are not asked.
    ///
    /// Errors: `InvalidParameter`.
    #[method(name = "has", blocking)]
    fn has(&self, hash: Option<Hexadecimal>) -> RpcResult<bool>;

    /// The ed25519 key of this node in the network: what jobs that are submitted here name as the
    /// provider of their input. `null` where the node has no network.
    #[method(name = "provider")]
    fn provider(&self) -> RpcResult<Option<H256>>;
}

/// Serves a [`BlobStore`].
pub struct BlobsRpc {
    store: Arc<BlobStore>,
    fetcher: Option<Fetcher>,
    metrics: Option<BlobMetrics>,
}

impl BlobsRpc {
    /// The methods on `store`. What it lacks is fetched by `fetcher`, calls are counted in `metrics`, if
    /// there are any.
    pub fn new(
        store: Arc<BlobStore>,
        fetcher: Option<Fetcher>,
        metrics: Option<BlobMetrics>,
    ) -> Self {
        Self {
            store,
            fetcher,
            metrics,
        }
    }

    /// The blob, from this node or from another one.
    async fn find(&self, blob: H256, provider: Option<H256>) -> Result<Bytes, Refusal> {
        let store = Arc::clone(&self.store);
        let stored = tokio::task::spawn_blocking(move || store.get(blob))
            .await
            .map_err(|_| Refusal::Cancelled)?;
        let missing = match stored {
            Ok(bytes) => return Ok(bytes.into()),
            Err(error @ (BlobError::NotFound(_) | BlobError::Corrupted(_))) => error,
            Err(error) => return Err(error.into()),
        };
        let Some(fetcher) = &self.fetcher else {
            return Err(missing.into());
        };
        match fetcher.fetch(blob, provider).await {
            Ok(bytes) => Ok(Arc::unwrap_or_clone(bytes).into()),
            // That the disk damages blobs is the worse news.
            Err(_) if matches!(missing, BlobError::Corrupted(_)) => Err(missing.into()),
            Err(error) => Err(Refusal::Fetch { blob, error }),
        }
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

#[async_trait]
impl BlobsApiServer for BlobsRpc {
    fn put(&self, bytes: Option<Hexadecimal>) -> RpcResult<H256> {
        let outcome = Hexadecimal::bytes(bytes, "bytes", MAX_BLOB_SIZE)
            .map_err(Refusal::from)
            .and_then(|bytes| Ok(self.store.put(&bytes)?));
        self.answer(outcome, BlobMetrics::put)
    }

    async fn get(
        &self,
        hash: Option<Hexadecimal>,
        provider: Option<Hexadecimal>,
    ) -> RpcResult<Bytes> {
        let parameters = Self::hash(hash).and_then(|hash| {
            let provider = provider
                .map(|key| Hexadecimal::hash(Some(key), "provider"))
                .transpose()?;
            Ok((hash, provider))
        });
        let outcome = match parameters {
            Ok((hash, provider)) => self.find(hash, provider).await,
            Err(refusal) => Err(refusal),
        };
        self.answer(outcome, BlobMetrics::got)
    }

    fn has(&self, hash: Option<Hexadecimal>) -> RpcResult<bool> {
        let outcome = Self::hash(hash).map(|hash| self.store.has(hash));
        self.answer(outcome, |_| ())
    }

    fn provider(&self) -> RpcResult<Option<H256>> {
        Ok(self.fetcher.as_ref().and_then(Fetcher::own_id))
    }
}

#[cfg(test)]
#[path = "rpc_tests.rs"]
mod tests;
