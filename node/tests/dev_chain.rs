//! The real binary on a chain of its own: blocks, finality, RPC, blobs over HTTP, and the
//! commands on the chain that it leaves behind.

use std::{
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
}

impl Node {
    fn start(base_path: &Path) -> Self {
        let mut process = binary()
            .args(["--dev", "--rpc-port", "0", "--port", "0"])
            .args(["--no-prometheus", "--no-telemetry", "--base-path"])
            .arg(base_path)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut seen = String::new();
        let rpc = loop {
            let Some(Ok(line)) = log.next() else {
                let _ = process.kill();
                panic!("the node ended before its RPC server was up:\n{seen}");
            };
            if let Some((_, addresses)) = line.split_once("Running JSON-RPC server: addr=") {
                break addresses.split(',').next().unwrap().trim().parse().unwrap();
            }
            seen.push_str(&line);
            seen.push('\n');
        };
        // Somebody has to read on, or the node blocks when the pipe is full.
        thread::spawn(move || log.for_each(drop));
        Self { process, rpc }
    }

    /// The whole JSON-RPC response.
    fn request(&self, method: &str, parameters: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
        let body = body.to_string();
        let mut stream = TcpStream::connect(self.rpc).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.rpc,
            body.len(),
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
        serde_json::from_str(body).unwrap()
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

#[test]
fn binary_should_name_the_error_when_the_chain_is_unknown() {
    let output = binary().args(["--chain", "mainnet"]).output().unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.contains("UnknownChain: there is no chain `mainnet`"),
        "{message}"
    );
}
