use super::*;
use crate::blobs::{BYTES_PER_MIB, MAX_BLOB_SIZE};
use jsonrpsee::{types::ErrorObject, MethodsError, RpcModule};
use sp_core::{Blake2Hasher, Hasher};
use std::path::PathBuf;
use substrate_prometheus_endpoint::Registry;
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
            module: BlobsRpc::new(Arc::new(store), None, None).into_rpc(),
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

    // A provider may be named, and must be a key.
    let key = "07".repeat(32);
    for (provider, outcome) in [
        (format!(r#""0x{key}""#), r#""result":"0x746f6b656e73""#),
        ("null".into(), r#""result":"0x746f6b656e73""#),
        (
            r#""0x07""#.into(),
            "InvalidParameter: `provider` has 1 bytes, 32 are needed",
        ),
        (
            "7".into(),
            "InvalidParameter: `provider` is a number, a hexadecimal string is needed",
        ),
    ] {
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":3,"method":"blobs_get","params":["0x{hash:x}",{provider}]}}"#
        );
        let (response, _) = server.module.raw_json_request(&request, 1).await.unwrap();
        assert!(response.contains(outcome), "{provider}: {response}");
    }

    let request = r#"{"jsonrpc":"2.0","id":4,"method":"blobs_provider","params":[]}"#;
    let (response, _) = server.module.raw_json_request(request, 1).await.unwrap();
    assert!(
        response.contains(r#""result":null"#),
        "no network: {response}"
    );
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

/// The error of a call with these parameters, as (code, message).
async fn refusal(server: &Server, method: &str, parameters: &str) -> (i64, String) {
    let request =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{parameters}}}"#);
    let (response, _) = server.module.raw_json_request(&request, 1).await.unwrap();
    let response: serde_json::Value = serde_json::from_str(&response).unwrap();
    let error = &response["error"];
    (
        error["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("{method} {parameters}: {response}")),
        error["message"].as_str().unwrap().into(),
    )
}

#[tokio::test]
async fn call_should_name_the_error_when_a_parameter_is_not_what_it_should_be() {
    let server = server();
    for (value, fault) in [
        ("", "is missing"),
        ("null", "is missing"),
        ("true", "is a boolean"),
        ("7", "is a number"),
        ("-7", "is a number"),
        ("1e300", "is a number"),
        ("123456789012345678901234567890", "is a number"),
        ("[]", "is a list"),
        (r#"["0x00", ["0x00"]]"#, "is a list"),
        ("{}", "is an object"),
        (r#"{"hash":"0x00"}"#, "is an object"),
        (r#""""#, "does not begin with 0x"),
        (r#""00""#, "does not begin with 0x"),
        (r#""0X00""#, "does not begin with 0x"),
        (r#""0x0""#, "has an odd number of digits"),
        (r#""0x0g""#, "has the character 'g' at 1"),
        (r#""0x 00 ""#, "has the character ' ' at 0"),
        (r#""0x00\u0000\u0000""#, "has the character '\\0' at 2"),
        (r#""0xé""#, "has the character 'é' at 0"),
    ] {
        for (method, name) in [
            ("blobs_put", "bytes"),
            ("blobs_get", "hash"),
            ("blobs_has", "hash"),
        ] {
            let (code, message) = refusal(&server, method, &format!("[{value}]")).await;
            assert_eq!(code, ErrorCode::InvalidParameter as i64, "{method} {value}");
            let expected = format!("InvalidParameter: `{name}` {fault}");
            assert!(
                message.starts_with(&expected),
                "{method} {value}: {message}"
            );
        }
    }
    for method in ["blobs_get", "blobs_has"] {
        for length in [0, 1, 31, 33, 1_000_000] {
            let parameters = format!(r#"["0x{}"]"#, "ab".repeat(length));
            let (code, message) = refusal(&server, method, &parameters).await;
            assert_eq!(code, ErrorCode::InvalidParameter as i64);
            assert_eq!(
                message,
                format!("InvalidParameter: `hash` has {length} bytes, 32 are needed")
            );
        }
    }
    assert_eq!(std::fs::read_dir(server.folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn put_should_refuse_what_is_too_long_before_it_reads_a_digit_of_it() {
    let digits = "zz".repeat(MAX_BLOB_SIZE + 1);
    let (code, message) = refusal(&server(), "blobs_put", &format!(r#"["0x{digits}"]"#)).await;
    assert_eq!(code, ErrorCode::TooLarge as i64);
    assert_eq!(
        message,
        "TooLarge: the blob has 4194305 bytes, at most 4194304 are allowed"
    );
}

#[tokio::test]
async fn parameters_should_be_taken_by_name_too() {
    let server = server();
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"blobs_put","params":{"bytes":"0x01"}}"#;
    let (response, _) = server.module.raw_json_request(request, 1).await.unwrap();
    assert!(
        response.contains(&format!("{:x}", Blake2Hasher::hash(&[1]))),
        "{response}"
    );
    let (code, _) = refusal(&server, "blobs_put", r#"{"blob":"0x01"}"#).await;
    assert_eq!(code, ErrorCode::InvalidParameter as i64);
}

#[tokio::test]
async fn quota_should_hold_when_many_calls_put_at_once() {
    let server = Server::with_quota(3 * 4096);
    let calls = (0..20u8).map(|byte| server.put(vec![byte; 10]));
    let outcomes = futures::future::join_all(calls).await;
    let (stored, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(stored.len(), 3);
    for outcome in refused {
        match outcome.unwrap_err() {
            MethodsError::JsonRpc(error) => assert_eq!(error.code(), ErrorCode::StoreFull as i32),
            other => panic!("not a JSON-RPC error: {other:?}"),
        }
    }
    for hash in stored {
        assert_eq!(server.get(hash.unwrap()).await.unwrap().len(), 10);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn put_should_name_the_error_when_the_disk_is_full() {
    let server = server();
    let hash = Blake2Hasher::hash(b"tokens");
    let temporary = server
        .folder
        .path()
        .join("incoming")
        .join(format!("{hash:x}"));
    std::os::unix::fs::symlink("/dev/full", temporary).unwrap();
    assert_error(
        server.put(b"tokens".to_vec()).await,
        ErrorCode::DiskFull,
        "DiskFull: the disk of this node is full",
    );
    server.put(b"tokens".to_vec()).await.unwrap();
}

#[test]
fn error_codes_should_be_distinct_and_all_listed() {
    let codes: Vec<_> = ErrorCode::ALL.map(|code| code as i32).into();
    assert_eq!(codes, (26_861..=26_870).collect::<Vec<_>>());
}

/// The value of a metric, by name and label.
fn value(registry: &Registry, name: &str, reason: Option<&str>) -> f64 {
    let families = registry.gather();
    let family = families
        .iter()
        .find(|family| family.get_name() == name)
        .unwrap_or_else(|| panic!("there is no metric {name}"));
    let metric = family
        .get_metric()
        .iter()
        .find(|metric| match reason {
            None => metric.get_label().is_empty(),
            Some(reason) => metric.get_label()[0].get_value() == reason,
        })
        .unwrap_or_else(|| panic!("{name} has no {reason:?}"));
    // One of the two is set, the other is zero.
    metric.get_counter().get_value() + metric.get_gauge().get_value()
}

#[tokio::test]
async fn metrics_should_tell_what_is_stored_served_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(BlobStore::open(folder.path().into(), 2 * 4096).unwrap());
    let registry = Registry::new();
    let metrics = BlobMetrics::register(&registry, &store).unwrap();
    assert!(
        BlobMetrics::register(&registry, &store).is_err(),
        "the names are taken"
    );
    let server = Server {
        module: BlobsRpc::new(store, None, Some(metrics)).into_rpc(),
        folder,
    };
    for code in ErrorCode::ALL {
        let refused = value(&registry, "aipg_blobs_refusals_total", Some(&code.name()));
        assert_eq!(refused, 0.0);
    }

    let hash = server.put(vec![1; 100]).await.unwrap();
    server.put(vec![1; 100]).await.unwrap();
    server.put(vec![2; 10]).await.unwrap();
    server.put(vec![3; 10]).await.unwrap_err();
    server.put(vec![]).await.unwrap_err();
    server.get(hash).await.unwrap();
    server.get(H256::zero()).await.unwrap_err();
    refusal(&server, "blobs_has", "[]").await;

    for (name, expected) in [
        ("aipg_blobs_stored", 2.0),
        ("aipg_blobs_content_bytes", 110.0),
        ("aipg_blobs_used_bytes", 8192.0),
        ("aipg_blobs_quota_bytes", 8192.0),
        ("aipg_blobs_puts_total", 3.0),
        ("aipg_blobs_gets_total", 1.0),
    ] {
        assert_eq!(value(&registry, name, None), expected, "{name}");
    }
    for (reason, expected) in [
        ("StoreFull", 1.0),
        ("Empty", 1.0),
        ("NotFound", 1.0),
        ("InvalidParameter", 1.0),
        ("TooLarge", 0.0),
    ] {
        let refused = value(&registry, "aipg_blobs_refusals_total", Some(reason));
        assert_eq!(refused, expected, "{reason}");
    }
}
