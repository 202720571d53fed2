//! What a running worker tells other programs of the machine: metrics by HTTP, and the contents of
//! its database through a socket in the data directory, which only its owner can open.
//!
//! The database belongs to one process. `status`, `earnings` and `doctor` read it through the socket
//! while a worker runs, and from the file otherwise.

use crate::{
    journal::SharedStore,
    metrics::Metrics,
    store::{Contents, Store, StoreError},
};
use anyhow::Context;
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    header::{HeaderValue, CONTENT_TYPE},
    server::conn::http1,
    service::service_fn,
    Request, Response, StatusCode,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    fs,
    future::Future,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use subxt::utils::AccountId32;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UnixListener, UnixStream},
    time::timeout,
};

/// Name of the socket in the data directory.
const SOCKET_NAME: &str = "worker.sock";

/// Content type of what is for people.
const PLAIN: &str = "text/plain; charset=utf-8";

/// Longest time that a running worker may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves `/metrics` on `address`; returns the address with the port that was taken.
pub async fn serve_metrics(address: SocketAddr, metrics: Metrics) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let metrics = metrics.clone();
                    serve(stream, "/metrics", move || {
                        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                        let text = metrics.text();
                        async move { answer(StatusCode::OK, kind, text) }
                    });
                }
                Err(error) => pause_after(error).await,
            }
        }
    });
    Ok(address)
}

/// Serves the contents of the database through a socket in `folder`.
pub fn serve_contents(folder: &Path, store: SharedStore) -> io::Result<Socket> {
    let path = folder.join(SOCKET_NAME);
    // Whoever holds the database is alone: a socket that is there was left by a dead process.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let store = store.clone();
                    serve(stream, "/contents", move || contents_of(store.clone()));
                }
                Err(error) => pause_after(error).await,
            }
        }
    });
    Ok(Socket(path))
}

/// Answers the requests of one connection: `page` at `path`, nothing else.
fn serve<S, F, P>(stream: S, path: &'static str, page: P)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send,
    P: Fn() -> F + Send + Sync + 'static,
{
    tokio::spawn(async move {
        let service = service_fn(|request: Request<Incoming>| {
            let page = (request.uri().path() == path).then(&page);
            async move {
                Ok::<_, Infallible>(match page {
                    Some(page) => page.await,
                    None => answer(StatusCode::NOT_FOUND, PLAIN, format!("only {path}\n")),
                })
            }
        });
        // The timer ends connections that send no request.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a local connection failed");
        }
    });
}

/// Too many open files, for example: the next attempt may do better.
async fn pause_after(error: io::Error) {
    tracing::warn!(%error, "cannot take a local connection");
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn contents_of(store: SharedStore) -> Response<Full<Bytes>> {
    let read = tokio::task::spawn_blocking(move || store.contents()).await;
    match read.map(|contents| contents.map(|contents| serde_json::to_string(&contents))) {
        Ok(Ok(Ok(text))) => answer(StatusCode::OK, "application/json", text),
        Ok(Ok(Err(error))) => failure(error),
        Ok(Err(error)) => failure(error),
        Err(error) => failure(error),
    }
}

fn failure(error: impl std::fmt::Display) -> Response<Full<Bytes>> {
    answer(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, error.to_string())
}

fn answer(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The socket's file, which goes with the process.
pub struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The contents of the database in `folder`, by the worker that runs or from the file. `None`: there
/// is no database yet.
pub async fn read_contents(
    folder: &Path,
    account: &AccountId32,
) -> anyhow::Result<Option<Contents>> {
    if !folder.join(crate::store::FILE_NAME).exists() {
        return Ok(None);
    }
    match Store::open(folder, account) {
        Ok(mut store) => Ok(Some(store.contents()?)),
        Err(StoreError::Locked(_)) => {
            let socket = folder.join(SOCKET_NAME);
            let text = timeout(ANSWER_TIMEOUT, ask(&socket))
                .await
                .context("the running worker does not answer")?
                .context("cannot ask the running worker for its books")?;
            Ok(Some(serde_json::from_str(&text)?))
        }
        Err(error) => Err(error.into()),
    }
}

async fn ask(socket: &Path) -> anyhow::Result<String> {
    let mut stream = UnixStream::connect(socket).await?;
    // HTTP/1.0 ends the body with the connection, so that nothing needs to be parsed but the head.
    stream
        .write_all(b"GET /contents HTTP/1.0\r\nHost: worker\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer has no body")?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    anyhow::ensure!(status == "200", "it answers {status}: {body}");
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: AccountId32 = AccountId32([7; 32]);

    #[tokio::test]
    async fn contents_should_be_read_from_the_running_worker_and_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let read = || read_contents(folder.path(), &OWN);
        assert!(read().await.unwrap().is_none(), "no database yet");

        let store = SharedStore::new(Store::open(folder.path(), &OWN).unwrap());
        assert!(read().await.is_err(), "locked, and nobody answers");
        let socket = serve_contents(folder.path(), store.clone()).unwrap();
        let contents = read().await.unwrap().unwrap();
        assert_eq!(contents.account, crate::keys::address(&OWN));

        drop(socket);
        assert!(!folder.path().join(SOCKET_NAME).exists());
    }

    #[tokio::test]
    async fn socket_that_a_dead_worker_left_should_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = SharedStore::new(Store::open(folder.path(), &OWN).unwrap());
        std::mem::forget(serve_contents(folder.path(), store.clone()).unwrap());
        let _socket = serve_contents(folder.path(), store).unwrap();
        assert!(read_contents(folder.path(), &OWN).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn metrics_should_be_served_by_http() {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = serve_metrics(address, Metrics::default()).await.unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.0\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        assert!(answer.contains("application/openmetrics-text"), "{answer}");
        assert!(answer.ends_with("# EOF\n"), "{answer}");
        let taken = serve_metrics(address, Metrics::default()).await;
        assert!(taken.is_err(), "the port is taken");
    }
}
