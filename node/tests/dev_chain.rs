//! The real binary on a chain of its own: blocks, finality, RPC, blobs over HTTP, and the
//! commands on the chain that it leaves behind.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{json, Value};

const MAX_BLOB_SIZE: usize = 4 * 1024 * 1024;
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// Longest time for the node to start, and for the chain to make its next step.
const PATIENCE: Duration = Duration::from_secs(120);

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_aipg-node"))
}

/// A running node, stopped at the end of the test however that ends.
struct Node {
    process: Child,
    rpc: SocketAddr,
    prometheus: SocketAddr,
}

impl Node {
    fn start(base_path: &Path) -> Self {
        let mut process = binary()
            .args(["--dev", "--rpc-port", "0", "--port", "0"])
            .args(["--prometheus-port", "0", "--no-telemetry", "--base-path"])
            .arg(base_path)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut seen = String::new();
        let (mut rpc, mut prometheus) = (None, None);
        let (rpc, prometheus) = loop {
            if let (Some(rpc), Some(prometheus)) = (rpc, prometheus) {
                break (rpc, prometheus);
            }
            let Some(Ok(line)) = log.next() else {
                let _ = process.kill();
                panic!("the node ended before its servers were up:\n{seen}");
            };
            if let Some((_, addresses)) = line.split_once("Running JSON-RPC server: addr=") {
                let first = addresses.split(',').next().unwrap();
                rpc = Some(first.trim().parse().unwrap());
            }
            if let Some((_, address)) = line.split_once("Prometheus exporter started at ") {
                prometheus = Some(address.trim().parse().unwrap());
            }
            seen.push_str(&line);
            seen.push('\n');
        };
        // Somebody has to read on, or the node blocks when the pipe is full.
        thread::spawn(move || log.for_each(drop));
        Self {
            process,
            rpc,
            prometheus,
        }
    }

    /// The whole JSON-RPC response.
    fn request(&self, method: &str, parameters: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
        let (head, body) = self.post(&body.to_string());
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Sends anything to the RPC server and returns head and body of the response.
    fn post(&self, body: &str) -> (String, String) {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.rpc,
            body.len(),
        );
        exchange(self.rpc, &[head.as_bytes(), body.as_bytes()])
    }

    /// The values of our metrics, by name with labels.
    fn metrics(&self) -> BTreeMap<String, f64> {
        let request = format!(
            "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.prometheus
        );
        let (head, body) = exchange(self.prometheus, &[request.as_bytes()]);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(
            body.contains("\nsubstrate_block_height{"),
            "Substrate's are there"
        );
        body.lines()
            .filter(|line| line.starts_with("aipg_"))
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap();
                // Every metric also names the chain, after its own labels.
                let name = name
                    .replace(",chain=\"aipg-dev\"}", "}")
                    .replace("{chain=\"aipg-dev\"}", "");
                (name, value.parse().unwrap())
            })
            .collect()
    }

    fn call(&self, method: &str, parameters: Value) -> Value {
        let mut response = self.request(method, parameters);
        assert_eq!(response["error"], Value::Null, "{method}");
        response["result"].take()
    }

    fn error_code(&self, method: &str, parameters: Value) -> i64 {
        let response = self.request(method, parameters);
        response["error"]["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("{method} did not fail"))
    }

    fn finalized(&self) -> u64 {
        let hash = self.call("chain_getFinalizedHead", json!([]));
        let header = self.call("chain_getHeader", json!([hash]));
        u64::from_str_radix(&header["number"].as_str().unwrap()[2..], 16).unwrap()
    }

    fn stop(mut self) {
        let identifier = self.process.id().to_string();
        assert!(Command::new("kill")
            .args(["-TERM", &identifier])
            .status()
            .unwrap()
            .success());
        assert!(
            self.process.wait().unwrap().success(),
            "the node did not end in peace"
        );
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request and returns head and body of the response.
fn exchange(address: SocketAddr, request: &[&[u8]]) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for part in request {
        // A server may answer and close before it has read all of a request that is too large.
        if stream.write_all(part).is_err() {
            break;
        }
    }
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.into(), body.into())
}

fn command(subcommand: &str, base_path: &Path, arguments: &[&str]) -> Output {
    let output = binary()
        .args([subcommand, "--chain", "dev", "--base-path"])
        .arg(base_path)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{subcommand}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn chain_info(base_path: &Path) -> Value {
    serde_json::from_slice(&command("chain-info", base_path, &[]).stdout).unwrap()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::from("0x"), |text, byte| format!("{text}{byte:02x}"))
}

fn blob_methods_should_work_over_http(node: &Node) {
    let largest = format!("0x{}", "5a".repeat(MAX_BLOB_SIZE));
    let hash = node.call("blobs_put", json!([largest]));
    assert_eq!(node.call("blobs_has", json!([hash])), true);
    assert!(
        node.call("blobs_get", json!([hash])) == largest,
        "the blob came back changed"
    );

    let too_large = format!("0x{}", "5a".repeat(MAX_BLOB_SIZE + 1));
    assert_eq!(node.error_code("blobs_put", json!([too_large])), 26_861);
    assert_eq!(node.error_code("blobs_put", json!(["0x"])), 26_862);
    let absent = hexadecimal(&[0xab; 32]);
    assert_eq!(node.call("blobs_has", json!([absent])), false);
    assert_eq!(node.error_code("blobs_get", json!([absent])), 26_863);

    let provider = node.call("blobs_provider", json!([]));
    let peer = node.call("system_localPeerId", json!([]));
    let peer: sc_network::PeerId = peer.as_str().unwrap().parse().unwrap();
    let key = hexadecimal(&peer.into_ed25519().unwrap());
    assert_eq!(provider, key);
    assert_eq!(
        node.error_code("blobs_get", json!([absent, provider])),
        26_863
    );
}

/// What anybody may send to the RPC port.
fn hostile_requests_should_be_refused_by_name(node: &Node) {
    for parameters in [
        json!([]),
        json!([null]),
        json!([7]),
        json!([["0x00"]]),
        json!([{"bytes": "0x00"}]),
        json!(["00"]),
        json!(["0x0"]),
        json!(["0xzz"]),
    ] {
        for method in ["blobs_put", "blobs_get", "blobs_has"] {
            assert_eq!(node.error_code(method, parameters.clone()), 26_867);
        }
    }
    assert_eq!(node.error_code("blobs_get", json!(["0x00"])), 26_867);
    assert_eq!(node.error_code("blobs_delete", json!(["0x00"])), -32_601);

    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"blobs_put","params":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for (body, code) in [
        ("", -32_700),
        ("{", -32_700),
        ("null", -32_700),
        ("[]", -32_600),
        (&deep, 26_867),
    ] {
        let (_, response) = node.post(body);
        let response: Value = serde_json::from_str(&response).unwrap();
        assert_eq!(response["error"]["code"], code, "{response}");
    }
    let (head, _) = node.post(&"a".repeat(16 * 1024 * 1024));
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    // After all of that it answers as before.
    assert_eq!(
        node.call("blobs_has", json!([hexadecimal(&[1; 32])])),
        false
    );
}

fn metrics_should_tell_of_the_blobs(node: &Node) {
    let metrics = node.metrics();
    let bytes = MAX_BLOB_SIZE as f64;
    for (name, expected) in [
        ("aipg_blobs_stored", 1.0),
        ("aipg_blobs_content_bytes", bytes),
        ("aipg_blobs_used_bytes", bytes),
        ("aipg_blobs_quota_bytes", 4096.0 * 1024.0 * 1024.0),
        ("aipg_blobs_puts_total", 1.0),
        ("aipg_blobs_gets_total", 1.0),
        ("aipg_blobs_refusals_total{reason=\"TooLarge\"}", 1.0),
        ("aipg_blobs_refusals_total{reason=\"Empty\"}", 1.0),
        ("aipg_blobs_refusals_total{reason=\"NotFound\"}", 2.0),
        ("aipg_blobs_refusals_total{reason=\"DiskFull\"}", 0.0),
    ] {
        assert_eq!(metrics.get(name), Some(&expected), "{name} of {metrics:#?}");
    }
}

#[test]
fn dev_chain_should_finalise_blocks_and_serve_clients_when_started_by_the_binary() {
    let folder = tempfile::tempdir().unwrap();
    let base_path = folder.path();

    if aipg_runtime::WASM_BINARY.is_none() {
        let output = binary()
            .args(["--dev", "--base-path"])
            .arg(base_path)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("RuntimeBlobMissing"), "{message}");
        return;
    }

    let node = Node::start(base_path);
    assert_eq!(
        node.call("system_chain", json!([])),
        "AI Power Grid Development"
    );
    let properties = node.call("system_properties", json!([]));
    assert_eq!(
        properties,
        json!({"tokenSymbol": "AIPG", "tokenDecimals": 18, "ss58Format": 2686})
    );
    assert_eq!(node.call("system_accountNextIndex", json!([ALICE])), 0);
    assert_eq!(
        node.call("babe_epochAuthorship", json!([]))
            .as_object()
            .unwrap()
            .len(),
        1
    );
    assert!(node.call("grandpa_roundState", json!([]))["best"].is_object());
    assert!(node.call("chainSpec_v1_chainName", json!([])).is_string());
    blob_methods_should_work_over_http(&node);
    metrics_should_tell_of_the_blobs(&node);
    hostile_requests_should_be_refused_by_name(&node);

    let started = Instant::now();
    while node.finalized() < 3 {
        assert!(started.elapsed() < PATIENCE, "the chain does not finalise");
        thread::sleep(Duration::from_millis(500));
    }
    node.stop();

    // What the node has left behind.
    let data = base_path.join("chains").join("aipg-dev");
    assert!(data.join("paritydb").is_dir());
    assert!(data.join("blobs").is_dir());
    let info = chain_info(base_path);
    let (best, finalized) = (&info["best_number"], &info["finalized_number"]);
    let (best, finalized) = (best.as_u64().unwrap(), finalized.as_u64().unwrap());
    assert!(finalized >= 3 && best >= finalized, "{info}");

    command("check-block", base_path, &["2"]);
    let exported = base_path.join("blocks.bin");
    let exported = exported.to_str().unwrap();
    command(
        "export-blocks",
        base_path,
        &["--binary", "--to", "3", exported],
    );

    // Blocks above the finalised one can be taken back, those below cannot.
    command("revert", base_path, &["1000"]);
    assert_eq!(chain_info(base_path)["best_number"], finalized);

    // A second node without a past gets the same chain from the exported blocks.
    let second = base_path.join("second");
    command("import-blocks", &second, &["--binary", exported]);
    assert_eq!(chain_info(&second)["best_number"], 3);

    command("purge-chain", base_path, &["-y"]);
    assert!(!data.join("paritydb").join("full").exists());
    assert!(data.join("blobs").is_dir());
}

/// What the binary says when it is called like this and refuses.
fn refusal(arguments: &[&str]) -> String {
    let output = binary()
        .args(arguments)
        .env_remove("AIPG_GENESIS_AUTHORITIES")
        .env_remove("AIPG_GENESIS_BALANCES")
        .output()
        .unwrap();
    assert!(!output.status.success(), "{arguments:?} was not refused");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn binary_should_name_the_error_when_it_is_misused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    for (arguments, name) in [
        (&["--chain", "testnet"][..], "UnknownChain"),
        (&["--chain", "mainnet"], "GenesisFilesMissing"),
        (&["chain-spec", "--chain", "mainnet"], "GenesisFilesMissing"),
        (
            &["--dev", "--genesis-balances", "balances.csv"],
            "GenesisFilesNotUsed",
        ),
        (
            &["chain-info", "--chain", "mainnet", "--base-path", empty],
            "ChainDataMissing",
        ),
        (
            &["key", "session", "--account", "somebody"],
            "InvalidAddress",
        ),
        (&["key", "session"], "--account <ADDRESS>"),
    ] {
        let message = refusal(arguments);
        assert!(message.contains(name), "{arguments:?}: {message}");
    }
    if aipg_runtime::WASM_BINARY.is_some() {
        for command in [
            &["check-block", "1"][..],
            &["export-blocks"],
            &["revert", "1"],
        ] {
            let message = refusal(&[command, &["--chain", "dev", "--base-path", empty]].concat());
            assert!(
                message.contains("ChainDataMissing"),
                "{command:?}: {message}"
            );
        }
        std::fs::create_dir_all(folder.path().join("chains/aipg-dev")).unwrap();
        std::fs::write(folder.path().join("chains/aipg-dev/blobs"), b"no folder").unwrap();
        let message = refusal(&["--dev", "--base-path", empty, "--rpc-port", "0"]);
        assert!(message.contains("BlobStoreUnavailable"), "{message}");
    }
}
