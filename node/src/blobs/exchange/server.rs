//! Answers the requests of other nodes.
//!
//! What an answer costs is bounded before it is worked on: one loop takes requests from a short queue,
//! reads each and counts it, which is cheap; only then a task begins. A reply counts as one of the
//! replies under way until the network has handed it on, so that a peer which asks and does not read
//! holds back nobody but itself.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use codec::Encode;
use futures::channel::oneshot;
use sc_network::{
    config::{IncomingRequest, OutgoingResponse},
    PeerId,
};
use sp_core::H256;
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{
    chunks::CHUNK_SIZE,
    quota::{Quotas, Refusal},
    verified::{Recent, Verified},
    wire::{self, Reply, Request, CHUNKS_PER_REPLY},
    Limits, Link, Offence,
};
use crate::blobs::{BlobError, BlobStore};

/// Requests that are worked on at the same time.
const MOST_TASKS: usize = 64;

/// Replies with chunks that are under way at the same time: 16 MiB.
const MOST_REPLIES: usize = 32;

/// Replies with chunks that one peer may have under way.
const MOST_REPLIES_OF_PEER: u32 = 4;

/// Blobs that are read from the disk at the same time: 16 MiB.
const MOST_READS: usize = 4;

/// Refusals in a row that a peer may meet before it is punished for asking on.
const PATIENCE: u32 = 64;

/// After the network's own limit it must have let go of a reply.
const GRACE: Duration = Duration::from_secs(5);

/// Answers other nodes from a [`BlobStore`].
pub struct Server {
    work: Arc<Work>,
    requests: async_channel::Receiver<IncomingRequest>,
}

struct Work {
    store: Arc<BlobStore>,
    link: Link,
    limits: Limits,
    quotas: Mutex<Quotas>,
    recent: Recent,
    replies: Semaphore,
    reads: Semaphore,
}

/// A request for chunks.
#[derive(Clone, Copy)]
struct Wanted {
    blob: H256,
    first: u16,
    count: u16,
    hashes: bool,
}

impl Wanted {
    /// The part of a blob of `length` bytes that is meant. It is empty behind the end: whoever asks may
    /// have been told by another node that the blob is longer.
    fn range(&self, length: usize) -> std::ops::Range<usize> {
        let start = usize::from(self.first) * CHUNK_SIZE;
        let end = start + usize::from(self.count) * CHUNK_SIZE;
        start.min(length)..end.min(length)
    }
}

impl Server {
    /// Answers what comes in by `requests` from `store`; punishes over `link`.
    pub fn new(
        store: Arc<BlobStore>,
        link: Link,
        limits: Limits,
        requests: async_channel::Receiver<IncomingRequest>,
    ) -> Self {
        Self {
            work: Arc::new(Work {
                store,
                link,
                limits,
                quotas: Mutex::default(),
                recent: Recent::default(),
                replies: Semaphore::new(MOST_REPLIES),
                reads: Semaphore::new(MOST_READS),
            }),
            requests,
        }
    }

    /// Works until the network is gone.
    pub async fn run(self) {
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                incoming = self.requests.recv(), if tasks.len() < MOST_TASKS => match incoming {
                    Ok(incoming) => {
                        if let Some(request) = self.work.admit(&incoming) {
                            let work = Arc::clone(&self.work);
                            tasks.spawn(async move { work.answer(incoming, request).await });
                        }
                    }
                    Err(_) => return,
                },
            }
        }
    }
}

impl Work {
    fn quotas(&self) -> MutexGuard<'_, Quotas> {
        // The numbers are right between any two of its steps.
        self.quotas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and counts a request. `None` if it gets no answer: the network refuses what is dropped.
    fn admit(&self, incoming: &IncomingRequest) -> Option<Request> {
        let request = wire::decode(&incoming.payload, wire::MOST_REQUEST).filter(|request| {
            !matches!(request, Request::Chunks { count, .. }
                if *count == 0 || *count > CHUNKS_PER_REPLY)
        });
        let offence = if request.is_none() {
            Offence::WrongRequest
        } else if self
            .quotas()
            .request(incoming.peer, &self.limits.requests, Instant::now())
        {
            return request;
        } else {
            Offence::Flood
        };
        self.link.punish(incoming.peer, offence);
        if let Some(metrics) = self.link.metrics() {
            metrics.refused();
        }
        None
    }

    async fn answer(self: Arc<Self>, incoming: IncomingRequest, request: Request) {
        let IncomingRequest {
            peer,
            pending_response,
            ..
        } = incoming;
        let wanted = match request {
            Request::Has(blob) => {
                let reply = match self.length(blob).await {
                    Some(length) if self.limits.gives() => Reply::Present { length },
                    _ => Reply::Absent,
                };
                return self.send(pending_response, &reply, None);
            }
            Request::Chunks {
                blob,
                first,
                count,
                hashes,
            } => Wanted {
                blob,
                first,
                count,
                hashes,
            },
        };

        let Ok(_reply) = self.replies.try_acquire() else {
            return self.send(pending_response, &Reply::Busy, None);
        };
        let Some(_under_way) = UnderWay::begin(&self, peer) else {
            return self.send(pending_response, &Reply::Busy, None);
        };
        let reply = match self.chunks(peer, wanted).await {
            Ok(reply) => reply,
            Err(offence) => {
                self.link.punish(peer, offence);
                if let Some(metrics) = self.link.metrics() {
                    metrics.refused();
                }
                return;
            }
        };
        if !matches!(reply, Reply::Chunks { .. }) {
            return self.send(pending_response, &reply, None);
        }
        let (feedback, taken) = oneshot::channel();
        self.send(pending_response, &reply, Some(feedback));
        drop(reply);
        let limit = self.limits.reply_time.saturating_add(GRACE);
        if !matches!(timeout(limit, taken).await, Ok(Ok(()))) {
            self.link.punish(peer, Offence::UntakenReply);
        }
    }

    fn send(
        &self,
        pending: oneshot::Sender<OutgoingResponse>,
        reply: &Reply,
        sent_feedback: Option<oneshot::Sender<()>>,
    ) {
        let bytes = reply.encode();
        if let Some(metrics) = self.link.metrics() {
            metrics.replied(reply, bytes.len());
        }
        // If nobody waits for it any more, the connection is gone.
        let _ = pending.send(OutgoingResponse {
            result: Ok(bytes),
            reputation_changes: Vec::new(),
            sent_feedback,
        });
    }

    /// Size of a blob in bytes, if it is stored.
    async fn length(&self, blob: H256) -> Option<u32> {
        let store = Arc::clone(&self.store);
        let length = tokio::task::spawn_blocking(move || store.length(blob)).await;
        u32::try_from(length.ok()??).ok()
    }

    /// The reply to a request for chunks.
    ///
    /// Errors: [`Offence::Greed`].
    async fn chunks(&self, peer: PeerId, wanted: Wanted) -> Result<Reply, Offence> {
        let (length, recent) = match self.recent.get(wanted.blob) {
            Some(blob) => (blob.bytes().len(), Some(blob)),
            None => match self.length(wanted.blob).await {
                Some(length) => (length as usize, None),
                None => return Ok(Reply::Absent),
            },
        };
        let range = wanted.range(length);
        // What has to be read from the disk costs as much as what is sent.
        let read = recent.as_ref().map_or(length, |_| 0);
        if let Err(refusal) = self.count(peer, range.len() + read) {
            return match refusal {
                Refusal::Peer { again } if again > PATIENCE => Err(Offence::Greed),
                _ => Ok(Reply::Busy),
            };
        }
        let blob = match recent {
            Some(blob) => blob,
            None => match self.read(wanted.blob).await {
                Some(blob) => blob,
                None => return Ok(Reply::Absent),
            },
        };
        // Hashing takes milliseconds, too long for a thread that others wait for.
        let reply = tokio::task::spawn_blocking(move || part(&blob, wanted)).await;
        Ok(reply.ok().flatten().unwrap_or(Reply::Absent))
    }

    fn count(&self, peer: PeerId, amount: usize) -> Result<(), Refusal> {
        let allowances = (&self.limits.peer_bytes, &self.limits.all_bytes);
        self.quotas()
            .bytes(peer, amount as u64, allowances, Instant::now())
    }

    /// Reads a blob and compares it with its name. `None` if there is none, or if it is damaged.
    async fn read(&self, name: H256) -> Option<Arc<Verified>> {
        let _turn = self.reads.acquire().await.ok()?;
        // Somebody else may just have read it.
        if let Some(blob) = self.recent.get(name) {
            return Some(blob);
        }
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || store.get(name)).await {
            Ok(Ok(bytes)) => {
                let blob = Arc::new(Verified::new(name, bytes));
                self.recent.keep(&blob);
                Some(blob)
            }
            Ok(Err(BlobError::NotFound(_))) | Err(_) => None,
            Ok(Err(error)) => {
                tracing::error!(target: "blobs", %error, "A blob cannot be served");
                None
            }
        }
    }
}

/// The part of a blob that is wanted, if there is one.
fn part(blob: &Verified, wanted: Wanted) -> Option<Reply> {
    let range = wanted.range(blob.bytes().len());
    let hashes = match wanted.hashes {
        true => blob.hashes().to_vec(),
        false => Vec::new(),
    };
    Some(Reply::Chunks {
        length: u32::try_from(blob.bytes().len()).ok()?,
        hashes,
        bytes: blob.bytes().get(range)?.to_vec(),
    })
}

/// A reply that a peer has not taken yet.
struct UnderWay<'a> {
    work: &'a Work,
    peer: PeerId,
}

impl<'a> UnderWay<'a> {
    /// `None` if the peer has too many of them.
    fn begin(work: &'a Work, peer: PeerId) -> Option<Self> {
        // Only one that has begun may end, so it is not made before it is known whether it begins.
        let begins = work
            .quotas()
            .send(peer, MOST_REPLIES_OF_PEER, Instant::now());
        if begins {
            return Some(Self { work, peer });
        }
        None
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.work.quotas().sent(self.peer);
    }
}
