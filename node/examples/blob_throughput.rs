//! How fast blobs go from one node to another, next to plain HTTP.
//!
//! `blob_throughput [ROUNDS] [BLOBS]`: in each round every way carries the same number of blobs of
//! 4 MiB, one after the other, over the loopback interface; the ways take turns. Prints a table in
//! Markdown: the median of the rounds, and what of HTTP's speed that is. Both backends of the network
//! are encrypted, HTTP is not.
//!
//! A way either only brings the bytes into memory, or stores them as a node does: compared with their
//! name, written, flushed to the disk, renamed.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use aipg_node::blobs::{
    exchange::{Allowance, Fetcher, Limits, Link, Server},
    BlobStore,
};
use aipg_runtime::opaque::Block;
use futures::FutureExt;
use http_body_util::Full;
use hyper::{body::Bytes, server::conn::http1, service::service_fn, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sc_network::{Litep2pNetworkBackend, NetworkBackend, NetworkWorker};
use sp_core::H256;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

#[path = "../tests/blob_exchange/network.rs"]
mod network;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a blob.
const LENGTH: usize = 4 << 20;

/// No quota stands in the way.
fn limits() -> Limits {
    let boundless = Allowance::per(1 << 50, Duration::from_secs(1));
    Limits {
        requests: boundless,
        own_requests: boundless,
        peer_bytes: boundless,
        all_bytes: boundless,
        ..Limits::default()
    }
}

/// A store in a folder of its own. One without room keeps nothing.
fn open(room: u64) -> Result<(TempDir, Arc<BlobStore>), Failure> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(BlobStore::open(folder.path().into(), room)?);
    Ok((folder, store))
}

const ROOM: u64 = 1 << 40;

/// Speed of a fetch of `names` from a node that has them, in bytes a second.
async fn exchange<N: NetworkBackend<Block, H256>>(
    held: &Arc<BlobStore>,
    names: &[H256],
    stored: bool,
) -> Result<f64, Failure> {
    let (holder, asker) = (
        network::start::<N>(&limits()).await,
        network::start::<N>(&limits()).await,
    );
    network::connect(&asker, holder.id, &holder.address).await;
    let link = |of: &network::Network, peers: Vec<_>| {
        let source = Arc::new(move || std::future::ready(peers.clone()).boxed());
        Link::new(Arc::clone(&of.service), network::protocol(), source, None)
    };
    let requests = holder.requests.clone();
    let server = Server::new(
        Arc::clone(held),
        link(&holder, Vec::new()),
        limits(),
        requests,
    );
    let server = tokio::spawn(server.run());
    let (_folder, store) = open(if stored { ROOM } else { 0 })?;
    let fetcher = Fetcher::new(store, link(&asker, vec![holder.id]), limits());
    let began = Instant::now();
    for name in names {
        let blob = fetcher.fetch(*name, None).await?;
        assert_eq!(blob.len(), LENGTH);
    }
    let took = began.elapsed();
    server.abort();
    Ok((names.len() * LENGTH) as f64 / took.as_secs_f64())
}

/// Serves the files of a store by HTTP.
async fn serve_files(root: PathBuf) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let root = root.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let root = root.clone();
                async move { Ok::<_, std::convert::Infallible>(file(&root, request.uri().path()).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}

async fn file(root: &Path, path: &str) -> Response<Full<Bytes>> {
    let bytes = tokio::fs::read(root.join(path.trim_start_matches('/'))).await;
    let (status, bytes) = match bytes {
        Ok(bytes) => (StatusCode::OK, bytes),
        Err(_) => (StatusCode::NOT_FOUND, Vec::new()),
    };
    let mut response = Response::new(Full::new(bytes.into()));
    *response.status_mut() = status;
    response
}

/// Speed of a download of `names` by HTTP, over one connection, in bytes a second.
async fn http(address: SocketAddr, names: &[H256], stored: bool) -> Result<f64, Failure> {
    let (_folder, store) = open(ROOM)?;
    let began = Instant::now();
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    for name in names {
        let digits = format!("{name:x}");
        let (shard, rest) = digits.split_at(2);
        let request = format!("GET /{shard}/{rest} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let bytes = read_response(&mut stream).await?;
        assert_eq!(bytes.len(), LENGTH);
        if stored {
            let store = Arc::clone(&store);
            let hash = tokio::task::spawn_blocking(move || store.put(&bytes)).await??;
            assert_eq!(hash, *name);
        }
    }
    Ok((names.len() * LENGTH) as f64 / began.elapsed().as_secs_f64())
}

async fn read_response(stream: &mut BufReader<TcpStream>) -> Result<Vec<u8>, Failure> {
    let mut length = None;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = Some(value.trim().parse()?);
        }
    }
    let mut bytes = vec![0; length.ok_or("a response without a length")?];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let rounds: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let blobs: usize = arguments.next().map_or(Ok(24), |text| text.parse())?;
    if rounds == 0 || blobs == 0 {
        return Err("at least one round and one blob are needed".into());
    }
    let (folder, held) = open(ROOM)?;
    let names: Vec<H256> = (0..blobs)
        .map(|blob| {
            let bytes: Vec<u8> = (0..LENGTH)
                .map(|index| (index.wrapping_mul(blob + 7) >> 3) as u8)
                .collect();
            held.put(&bytes)
        })
        .collect::<Result<_, _>>()?;
    let address = serve_files(folder.path().into()).await?;

    let mut speeds: BTreeMap<(bool, &str), Vec<f64>> = BTreeMap::new();
    for round in 0..rounds {
        for stored in [false, true] {
            eprintln!("round {} of {rounds}, stored: {stored}", round + 1);
            let mut note = |way, speed| speeds.entry((stored, way)).or_default().push(speed);
            note("HTTP", http(address, &names, stored).await?);
            let speed = exchange::<Litep2pNetworkBackend>(&held, &names, stored).await?;
            note("litep2p", speed);
            let speed = exchange::<NetworkWorker<Block, H256>>(&held, &names, stored).await?;
            note("libp2p", speed);
        }
    }

    println!("{rounds} rounds of {blobs} blobs of 4 MiB each, one after the other; medians.\n");
    println!("| way | in memory, MiB/s | of HTTP | stored, MiB/s | of HTTP |");
    println!("| --- | --: | --: | --: | --: |");
    let mut of = |stored, way| {
        speeds
            .get_mut(&(stored, way))
            .map_or(0.0, |speeds| median(speeds))
    };
    let (memory, disk) = (of(false, "HTTP"), of(true, "HTTP"));
    for way in ["HTTP", "litep2p", "libp2p"] {
        let (in_memory, stored) = (of(false, way), of(true, way));
        println!(
            "| {way} | {:.0} | {:.2} | {:.0} | {:.2} |",
            in_memory / f64::from(1 << 20),
            in_memory / memory,
            stored / f64::from(1 << 20),
            stored / disk,
        );
    }
    Ok(())
}
