//! The blob store by JSON-RPC.

use std::sync::Arc;

use jsonrpsee::{core::RpcResult, proc_macros::rpc, types::ErrorObjectOwned};
use sp_core::{Bytes, H256};

use super::{BlobError, BlobStore};

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
}

impl From<&BlobError> for ErrorCode {
    fn from(error: &BlobError) -> Self {
        match error {
            BlobError::TooLarge { .. } => Self::TooLarge,
            BlobError::Empty => Self::Empty,
            BlobError::NotFound(_) => Self::NotFound,
            BlobError::Corrupted(_) => Self::Corrupted,
            BlobError::StoreFull { .. } => Self::StoreFull,
            BlobError::Io(_) => Self::StorageFailure,
        }
    }
}

impl From<BlobError> for ErrorObjectOwned {
    fn from(error: BlobError) -> Self {
        let code = ErrorCode::from(&error);
        if code == ErrorCode::StorageFailure {
            tracing::error!(target: "blobs", %error, "Blob store failure");
        }
        ErrorObjectOwned::owned(code as i32, format!("{code:?}: {error}"), None::<()>)
    }
}

/// Methods on content-addressed blobs. Bytes and hashes are hexadecimal strings with `0x`.
#[rpc(server, namespace = "blobs")]
pub trait BlobsApi {
    /// Stores a blob of 1 to 4,194,304 bytes and returns its blake2b-256 hash. Putting a blob
    /// again changes nothing.
    ///
    /// Errors: `TooLarge`, `Empty`, `StoreFull`, `StorageFailure`.
    #[method(name = "put", blocking)]
    fn put(&self, bytes: Bytes) -> RpcResult<H256>;

    /// Returns the bytes whose blake2b-256 hash is `hash`, checked before they are sent.
    ///
    /// Errors: `NotFound`, `Corrupted`, `StorageFailure`.
    #[method(name = "get", blocking)]
    fn get(&self, hash: H256) -> RpcResult<Bytes>;

    /// Whether this node stores the blob.
    #[method(name = "has", blocking)]
    fn has(&self, hash: H256) -> RpcResult<bool>;
}

/// Serves a [`BlobStore`].
pub struct BlobsRpc {
    store: Arc<BlobStore>,
}

impl BlobsRpc {
    /// The methods on `store`.
    pub fn new(store: Arc<BlobStore>) -> Self {
        Self { store }
    }
}

impl BlobsApiServer for BlobsRpc {
    fn put(&self, bytes: Bytes) -> RpcResult<H256> {
        Ok(self.store.put(&bytes)?)
    }

    fn get(&self, hash: H256) -> RpcResult<Bytes> {
        Ok(self.store.get(hash)?.into())
    }

    fn has(&self, hash: H256) -> RpcResult<bool> {
        Ok(self.store.has(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::{BYTES_PER_MIB, MAX_BLOB_SIZE};
    use jsonrpsee::{types::ErrorObject, MethodsError, RpcModule};
    use sp_core::{Blake2Hasher, Hasher};
    use std::path::PathBuf;
    use tempfile::TempDir;

    struct Server {
        folder: TempDir,
        module: RpcModule<BlobsRpc>,
    }

    impl Server {
        fn with_quota(quota: u64) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = BlobStore::open(folder.path().into(), quota).unwrap();
            Self {
                folder,
                module: BlobsRpc::new(Arc::new(store)).into_rpc(),
            }
        }

        fn path(&self, hash: H256) -> PathBuf {
            let digits = format!("{hash:x}");
            self.folder.path().join(&digits[..2]).join(&digits[2..])
        }

        async fn put(&self, bytes: Vec<u8>) -> Result<H256, MethodsError> {
            self.module.call("blobs_put", [Bytes(bytes)]).await
        }

        async fn get(&self, hash: H256) -> Result<Bytes, MethodsError> {
            self.module.call("blobs_get", [hash]).await
        }

        async fn has(&self, hash: H256) -> bool {
            self.module.call("blobs_has", [hash]).await.unwrap()
        }
    }

    fn server() -> Server {
        Server::with_quota(64 * BYTES_PER_MIB)
    }

    fn assert_error<T: std::fmt::Debug>(
        outcome: Result<T, MethodsError>,
        code: ErrorCode,
        message: &str,
    ) {
        let error: ErrorObject = match outcome.unwrap_err() {
            MethodsError::JsonRpc(error) => error,
            other => panic!("not a JSON-RPC error: {other:?}"),
        };
        assert_eq!(error.code(), code as i32);
        assert_eq!(error.message(), message);
    }

    #[tokio::test]
    async fn blob_should_be_served_when_it_was_put() {
        let server = server();
        let hash = Blake2Hasher::hash(b"tokens");
        assert!(!server.has(hash).await);
        assert_eq!(server.put(b"tokens".to_vec()).await.unwrap(), hash);
        assert!(server.has(hash).await);
        assert_eq!(server.get(hash).await.unwrap().0, b"tokens");
    }

    #[tokio::test]
    async fn wire_format_should_be_hexadecimal_when_called_as_clients_do() {
        let server = server();
        let (response, _) = server
            .module
            .raw_json_request(
                r#"{"jsonrpc":"2.0","id":1,"method":"blobs_put","params":["0x746f6b656e73"]}"#,
                1,
            )
            .await
            .unwrap();
        let hash = Blake2Hasher::hash(b"tokens");
        let response: serde_json::Value = serde_json::from_str(&response).unwrap();
        assert_eq!(response["result"], format!("0x{hash:x}"));

        let request =
            format!(r#"{{"jsonrpc":"2.0","id":2,"method":"blobs_get","params":["0x{hash:x}"]}}"#);
        let (response, _) = server.module.raw_json_request(&request, 1).await.unwrap();
        let response: serde_json::Value = serde_json::from_str(&response).unwrap();
        assert_eq!(response["result"], "0x746f6b656e73");
    }

    #[tokio::test]
    async fn put_should_name_the_error_when_the_blob_is_one_byte_too_large() {
        let server = server();
        let largest = server.put(vec![1; MAX_BLOB_SIZE]).await.unwrap();
        assert_eq!(server.get(largest).await.unwrap().len(), MAX_BLOB_SIZE);
        assert_error(
            server.put(vec![1; MAX_BLOB_SIZE + 1]).await,
            ErrorCode::TooLarge,
            "TooLarge: the blob has 4194305 bytes, at most 4194304 are allowed",
        );
    }

    #[tokio::test]
    async fn put_should_name_the_error_when_the_blob_is_empty() {
        assert_error(
            server().put(Vec::new()).await,
            ErrorCode::Empty,
            "Empty: the blob has no bytes",
        );
    }

    #[tokio::test]
    async fn put_should_name_the_error_when_the_store_is_full() {
        let server = Server::with_quota(4096);
        server.put(vec![1]).await.unwrap();
        assert_error(
            server.put(vec![2]).await,
            ErrorCode::StoreFull,
            "StoreFull: the store has 0 bytes of its quota of 4096 bytes left, the blob needs 4096",
        );
    }

    #[tokio::test]
    async fn get_should_name_the_error_when_there_is_no_blob() {
        assert_error(
            server().get(H256::repeat_byte(0xab)).await,
            ErrorCode::NotFound,
            &format!(
                "NotFound: there is no blob 0x{} on this node",
                "ab".repeat(32)
            ),
        );
    }

    #[tokio::test]
    async fn get_should_name_the_error_when_the_file_is_damaged() {
        let server = server();
        let hash = server.put(b"tokens".to_vec()).await.unwrap();
        std::fs::write(server.path(hash), b"tokenz").unwrap();
        assert_error(
            server.get(hash).await,
            ErrorCode::Corrupted,
            &format!(
                "Corrupted: the stored bytes of blob 0x{hash:x} were damaged and have been removed"
            ),
        );
        assert!(!server.has(hash).await);
    }

    #[tokio::test]
    async fn put_should_name_the_error_when_the_file_system_refuses() {
        let server = server();
        let hash = Blake2Hasher::hash(b"tokens");
        std::fs::write(server.path(hash).parent().unwrap(), b"in the way").unwrap();
        let error = match server.put(b"tokens".to_vec()).await.unwrap_err() {
            MethodsError::JsonRpc(error) => error,
            other => panic!("not a JSON-RPC error: {other:?}"),
        };
        assert_eq!(error.code(), ErrorCode::StorageFailure as i32);
        assert!(
            error.message().starts_with("StorageFailure: "),
            "{}",
            error.message()
        );
    }
}
