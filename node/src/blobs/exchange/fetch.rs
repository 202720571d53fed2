//! Gets blobs from other nodes.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    future::{BoxFuture, FutureExt, Shared, WeakShared},
    stream, StreamExt,
};
use sc_network::PeerId;
use sp_core::H256;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{
    link::Failure,
    partial::{Part, Partial},
    roster::Roster,
    wire::{Reply, Request},
    Limits, Link, Offence,
};
use crate::blobs::{BlobStore, MAX_BLOB_SIZE};

/// Blobs that are fetched at the same time: 32 MiB.
const MOST_DOWNLOADS: usize = 8;

/// Blobs that are fetched or wait to be.
const MOST_FETCHES: usize = 72;

/// Peers that are asked for a blob.
const MOST_ASKED: usize = 32;

/// Peers that are asked at the same time whether they have it.
const ASKED_AT_ONCE: usize = 8;

/// Times that a peer may fail before it is given up.
const MOST_FAILURES: u32 = 4;

/// The pause doubles each time that nothing came, up to so many times the first one.
const MOST_PAUSES: u32 = 8;

/// Why a blob could not be had from other nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// None of the nodes that were asked has it.
    #[error("none of {asked} nodes has it")]
    NotFound {
        /// Number of nodes that were asked.
        asked: usize,
    },
    /// Nodes that said they have it did not deliver it.
    #[error("{holders} nodes said they have it and did not deliver it")]
    Undelivered {
        /// Number of these nodes.
        holders: usize,
    },
    /// The time for fetching a blob has passed.
    #[error("no node delivered it within {seconds} seconds")]
    TimedOut {
        /// Time that was allowed, in seconds.
        seconds: u64,
    },
    /// This node already fetches as many blobs as it can.
    #[error("this node is already fetching {MOST_FETCHES} blobs")]
    Overloaded,
}

impl FetchError {
    /// Every name.
    pub const NAMES: [&'static str; 4] = ["NotFound", "Undelivered", "TimedOut", "Overloaded"];

    /// The name that metrics use.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "NotFound",
            Self::Undelivered { .. } => "Undelivered",
            Self::TimedOut { .. } => "TimedOut",
            Self::Overloaded => "Overloaded",
        }
    }
}

type Outcome = Result<Arc<Vec<u8>>, FetchError>;
type Running = BoxFuture<'static, Outcome>;

/// A blob, and the node that should have it.
type Wanted = (H256, Option<H256>);

/// Gets blobs from the nodes that this one is connected to, or is told of. Clones share their work.
#[derive(Clone)]
pub struct Fetcher {
    search: Arc<Search>,
    /// Who asks for a blob that is being fetched waits for the same fetch. One that nobody waits for any
    /// more ends.
    running: Arc<Mutex<HashMap<Wanted, WeakShared<Running>>>>,
}

impl Fetcher {
    /// Fetches over `link` and puts into `store` what it gets.
    pub fn new(store: Arc<BlobStore>, link: Link, limits: Limits) -> Self {
        Self {
            search: Arc::new(Search {
                store,
                link,
                roster: Roster::new(limits.own_requests),
                limits,
                downloads: Semaphore::new(MOST_DOWNLOADS),
            }),
            running: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Wanted, WeakShared<Running>>> {
        // The table is whole between any two of its steps.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes whose blake2b-256 hash is `blob`, from another node. They are in the store then, if it
    /// has room for them. `provider`, the ed25519 key of a node that should have the blob, is asked
    /// besides the connected nodes, and connected to if need be.
    ///
    /// Errors: every variant of [`FetchError`].
    pub async fn fetch(&self, blob: H256, provider: Option<H256>) -> Outcome {
        let outcome = match self.join(blob, provider) {
            Some(running) => running.await,
            None => Err(FetchError::Overloaded),
        };
        if let Some(metrics) = self.search.link.metrics() {
            metrics.fetched(&outcome);
        }
        outcome
    }

    /// The ed25519 key of this node, as others name it to be asked for what it has.
    pub fn own_id(&self) -> Option<H256> {
        self.search.link.own_id()
    }

    /// The fetch of a blob, begun if need be. `None` if there are too many.
    fn join(&self, blob: H256, provider: Option<H256>) -> Option<Shared<Running>> {
        let mut running = self.lock();
        running.retain(|_, fetch| fetch.upgrade().is_some());
        let wanted = (blob, provider);
        if let Some(fetch) = running.get(&wanted).and_then(WeakShared::upgrade) {
            return Some(fetch);
        }
        if running.len() >= MOST_FETCHES {
            return None;
        }
        let fetch = Arc::clone(&self.search)
            .run(blob, provider)
            .boxed()
            .shared();
        running.insert(wanted, fetch.downgrade()?);
        Some(fetch)
    }
}

/// What a peer says to whether it has a blob.
enum Answer {
    Present,
    /// It does not have it, or nothing of use came.
    Absent,
    Refused,
}

/// Why a peer did not deliver.
enum Setback {
    /// It will deliver later.
    Busy,
    /// It may deliver if it is asked again.
    Failed,
    /// It will not.
    Final,
}

struct Search {
    store: Arc<BlobStore>,
    link: Link,
    roster: Roster,
    limits: Limits,
    downloads: Semaphore,
}

impl Search {
    async fn run(self: Arc<Self>, blob: H256, provider: Option<H256>) -> Outcome {
        let limit = self.limits.fetch_time;
        let work = async {
            // The semaphore is never closed.
            let _download = self.downloads.acquire().await;
            self.search(blob, provider).await
        };
        let seconds = limit.as_secs();
        let bytes = timeout(limit, work)
            .await
            .unwrap_or(Err(FetchError::TimedOut { seconds }))?;
        self.keep(Arc::new(bytes)).await
    }

    /// Stores what was fetched. That there is no room for it does not make it less true.
    async fn keep(&self, bytes: Arc<Vec<u8>>) -> Outcome {
        let (store, stored) = (Arc::clone(&self.store), Arc::clone(&bytes));
        let outcome = tokio::task::spawn_blocking(move || store.put(&stored)).await;
        if let Ok(Err(error)) = outcome {
            tracing::warn!(target: "blobs", %error, "A fetched blob could not be stored");
        }
        Ok(bytes)
    }

    async fn search(&self, blob: H256, provider: Option<H256>) -> Result<Vec<u8>, FetchError> {
        let mut peers = self.link.peers(blob, MOST_ASKED).await;
        let provider = provider.and_then(|id| self.link.provider(id));
        if let Some(provider) = provider {
            peers.retain(|peer| *peer != provider);
            peers.insert(0, provider);
        }
        let asked = peers.len();
        let mut partial = Partial::new(blob);
        let (mut holders, mut again) = (0, VecDeque::new());
        // Whoever refused is asked once more if nobody has it: its queue may have been full.
        for is_last in [false, true] {
            let mut refused = Vec::new();
            let mut answers = stream::iter(peers)
                .map(|peer| async move {
                    let far = provider == Some(peer);
                    (peer, self.has(peer, far, blob).await)
                })
                .buffer_unordered(ASKED_AT_ONCE);
            while let Some((peer, answer)) = answers.next().await {
                match answer {
                    Answer::Present => {}
                    Answer::Absent => continue,
                    Answer::Refused => {
                        refused.push(peer);
                        continue;
                    }
                }
                holders += 1;
                match self.take(peer, &mut partial).await {
                    Ok(bytes) => return Ok(bytes),
                    Err(Setback::Busy) => again.push_back((peer, 0)),
                    Err(Setback::Failed) => again.push_back((peer, 1)),
                    Err(Setback::Final) => {}
                }
            }
            if is_last || holders > 0 || refused.is_empty() {
                break;
            }
            sleep(self.limits.pause).await;
            peers = refused;
        }
        if holders == 0 {
            return Err(FetchError::NotFound { asked });
        }
        let mut pause = self.limits.pause;
        while let Some((peer, failed)) = again.pop_front() {
            sleep(pause).await;
            if self.link.is_banned(peer) {
                continue;
            }
            let before = partial.received();
            let setback = match self.take(peer, &mut partial).await {
                Ok(bytes) => return Ok(bytes),
                Err(setback) => setback,
            };
            pause = match partial.received() > before {
                true => self.limits.pause,
                false => (2 * pause).min(MOST_PAUSES * self.limits.pause),
            };
            match setback {
                // A busy peer will have time, if not before the time for the fetch is over.
                Setback::Busy => again.push_back((peer, failed)),
                Setback::Failed if failed < MOST_FAILURES => again.push_back((peer, failed + 1)),
                Setback::Failed | Setback::Final => {}
            }
        }
        Err(FetchError::Undelivered { holders })
    }

    /// What a peer says to whether it has a blob. One that is `far` may have to be connected to.
    async fn has(&self, peer: PeerId, far: bool, blob: H256) -> Answer {
        let ask = async {
            self.roster.turn(peer).await;
            let request = Request::Has(blob);
            if !far {
                return self.link.request(peer, &request).await;
            }
            match self.link.reach(peer, &request).await {
                Err(Failure::Gone) => {
                    sleep(self.limits.pause).await;
                    self.link.reach(peer, &request).await
                }
                outcome => outcome,
            }
        };
        let offence = match timeout(self.limits.survey_time, ask).await {
            Ok(Ok(Reply::Present { length }))
                if (1..=MAX_BLOB_SIZE).contains(&(length as usize)) =>
            {
                return Answer::Present;
            }
            Ok(Ok(Reply::Absent | Reply::Busy)) => return Answer::Absent,
            Ok(Ok(_) | Err(Failure::Unreadable)) => Offence::WrongReply,
            Ok(Err(Failure::Broken)) => Offence::BrokenPromise,
            // It may have too much to do, or not know the protocol, which is not forbidden.
            Ok(Err(Failure::Refused)) => return Answer::Refused,
            Ok(Err(Failure::Slow | Failure::Gone)) | Err(_) => return Answer::Absent,
        };
        self.link.punish(peer, offence);
        Answer::Absent
    }

    /// Takes from a peer what is missing of a blob, up to its end.
    async fn take(&self, peer: PeerId, partial: &mut Partial) -> Result<Vec<u8>, Setback> {
        loop {
            self.roster.turn(peer).await;
            let request = partial.request(peer);
            let offence = match self.link.request(peer, &request).await {
                Ok(Reply::Chunks {
                    length,
                    hashes,
                    bytes,
                }) => {
                    let part = Part {
                        length,
                        hashes,
                        bytes,
                    };
                    match partial.accept(peer, part) {
                        Ok(false) => continue,
                        Ok(true) => return self.finish(partial),
                        Err(offence) => offence,
                    }
                }
                Ok(Reply::Busy) => return Err(Setback::Busy),
                Ok(Reply::Absent) | Err(Failure::Gone) => return Err(Setback::Final),
                Ok(Reply::Present { .. }) | Err(Failure::Unreadable) => Offence::WrongReply,
                Err(Failure::Slow) => Offence::Slow,
                Err(Failure::Refused | Failure::Broken) => Offence::BrokenPromise,
            };
            self.link.punish(peer, offence);
            return Err(match offence {
                Offence::Slow | Offence::BrokenPromise => Setback::Failed,
                _ => Setback::Final,
            });
        }
    }

    fn finish(&self, partial: &mut Partial) -> Result<Vec<u8>, Setback> {
        let finished = partial.finish();
        for liar in finished.liars {
            self.link.punish(liar, Offence::WrongBytes);
        }
        finished.bytes.ok_or(Setback::Final)
    }
}
