//! `aipg-worker run`: keeps a session going, whatever happens to the node.

use crate::{
    conduct::Conduct,
    config::{MetricsAddress, Settings},
    devices,
    disputes::{Disputes, Policy},
    inference::Inference,
    journal::{Journal, SharedStore},
    keys::{self, KeySource},
    local,
    lock::{self, KeyLock},
    memory::{self, Room},
    metrics::Metrics,
    models,
    session::{power::Measuring, SessionError, Worker},
    stop::Stop,
    store::{Store, StoreError},
    verified::Verified,
};
use aipg_client::{Backoff, ChainError, Client, Endpoints};
use anyhow::Context;
use indicatif::MultiProgress;
use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};
use subxt::utils::AccountId32;
use tokio::time::{sleep_until, timeout, Instant};

/// Shortest and longest pause between attempts to reach a node.
pub(crate) const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Blocks that the longest pause may take: a job has few to be claimed and delivered in.
const PAUSE_BLOCKS: u32 = 2;

/// A failure that repeats is told once in this time: a node may be away for a night.
const REPEAT: Duration = Duration::from_secs(600);

/// How long a process that was killed may keep the database of the one that takes its place.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// Longest time that going offline may take when the worker leaves because of an error.
const FAREWELL: Duration = Duration::from_secs(90);

/// Serves jobs until a stop signal. The runs that are under way are lost when this returns.
pub async fn run(
    settings: &Settings,
    bars: MultiProgress,
    conduct: Arc<dyn Conduct>,
) -> anyhow::Result<()> {
    let source = settings.key()?;
    let pair = keys::load(&source)?;
    let account = keys::account(&pair);
    let address = keys::address(&account);
    let folder = settings.data_dir(&address)?;
    let served = settings.served_models()?.to_vec();
    let default_ask = settings.ask;
    let mut stop = Stop::listen().context("cannot listen for stop signals")?;
    survive_file_limits().context("cannot listen for signals")?;
    let mut store = Store::open_patiently(&folder, &account, LOCK_PATIENCE)?;
    let metrics = Metrics::default();
    let selection = devices::discover(settings.devices.clone(), &metrics).await?;
    let room = Room::of(settings);
    let mut verified = Verified::open(&folder, settings.verify);
    let loading = tokio::task::spawn_blocking(move || {
        models::load_known(&served, default_ask, room, &mut verified)
    });
    let models = loading.await??;

    let parallel = memory::parallel(settings);
    let (inference, results) =
        Inference::new(parallel, !settings.no_self_check, bars, conduct.clone());
    let devices = devices::start(
        selection,
        models.clone(),
        settings.capacity,
        metrics.clone(),
    );
    let inference = inference.with_devices(devices.await);
    serve_metrics(settings, &metrics).await?;
    tracing::info!(%address, nodes = settings.node.join(", "), data = %folder.display(), "worker starts");

    let mut keeper = Keeper::new(settings.endpoints(), metrics.clone());
    let Some(client) = keeper.connect(&mut stop).await? else {
        return Ok(());
    };
    let (bound, _lock) = bind(store, &client, &source, &account, &folder).await?;
    store = bound;
    keeper.endpoints.expect_genesis(client.genesis());
    let store = SharedStore::new(store);
    metrics.restore(&store.contents()?);
    let _socket = local::serve_contents(&folder, store.clone())
        .map_err(|error| tracing::warn!(%error, "no local socket: `earnings` works when the worker is stopped"));
    let policy = Policy {
        checks: settings.check_results,
        defends_others: settings.defend_others,
    };
    let disputes = Disputes::new(
        &pair,
        models.clone(),
        metrics.clone(),
        policy,
        conduct.clone(),
    );
    let mut worker = Worker {
        pair,
        account,
        models,
        inference,
        results,
        journal: Journal::restore(store)?,
        disputes,
        conduct,
        metrics,
        stay_online: settings.stay_online,
        drain: Duration::from_secs(settings.drain_seconds),
        reward_retries: BTreeMap::new(),
        receipt_retries: BTreeMap::new(),
        newest_block: 0,
        last_seen: None,
        leaving: false,
        is_clock_off: false,
        is_resting: false,
        measuring: Measuring::new(settings.power_share),
    };
    keeper.keep_serving(&mut worker, client, &mut stop).await
}

/// Metrics are served where the settings say; the usual port may be taken by another worker.
async fn serve_metrics(settings: &Settings, metrics: &Metrics) -> anyhow::Result<()> {
    let (address, is_chosen) = match settings.metrics_address {
        Some(MetricsAddress::Off) => return Ok(()),
        Some(MetricsAddress::At(address)) => (address, true),
        None => (MetricsAddress::DEFAULT, false),
    };
    match local::serve_metrics(address, metrics.clone()).await {
        Ok(address) => tracing::info!(%address, "serving metrics"),
        Err(error) if is_chosen => {
            return Err(error).with_context(|| format!("cannot serve metrics on {address}"))
        }
        Err(error) => {
            tracing::warn!(%address, %error, "no metrics: choose another --metrics-address, or `none`")
        }
    }
    Ok(())
}

/// A file that grows over its limit is an error like a full disk, not the end of the process.
#[cfg(unix)]
fn survive_file_limits() -> std::io::Result<()> {
    // SIGXFSZ, which has this number wherever workers run.
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(25)).map(drop)
}

#[cfg(not(unix))]
fn survive_file_limits() -> std::io::Result<()> {
    Ok(())
}

/// Ties the database to the chain, and the key to this process.
async fn bind(
    mut store: Store,
    client: &Client,
    source: &KeySource,
    account: &AccountId32,
    folder: &Path,
) -> anyhow::Result<(Store, Option<KeyLock>)> {
    let first = match client.finalised().await?.number() {
        0 => None,
        _ => client.block_hash(1).await?,
    };
    let bound = store.bind_chain(client.genesis(), first);
    let development = matches!(source, KeySource::Development(_));
    if let (
        Err(StoreError::OtherChain {
            what: "first block",
            found,
            ..
        }),
        true,
    ) = (&bound, development)
    {
        // Development chains are started anew all the time, from the same genesis.
        let name = found.to_string();
        let aside = store
            .path()
            .with_extension(format!("{}.redb", &name[2..10]));
        tracing::warn!(to = %aside.display(), "the chain was started anew: setting the database of the old one aside");
        let path = store.path().to_owned();
        drop(store);
        fs::rename(path, aside)?;
        store = Store::open(folder, account)?;
        store.bind_chain(client.genesis(), first)?;
    } else {
        bound?;
    }
    let lock = match first {
        Some(first) => Some(KeyLock::take(
            &lock::folder(),
            &keys::address(account),
            first,
        )?),
        // A chain without a final block: whoever else starts now has its own data directory.
        None => None,
    };
    Ok((store, lock))
}

/// Keeps a connection.
struct Keeper {
    endpoints: Endpoints,
    backoff: Backoff,
    metrics: Metrics,
    /// The failure that was told last, and when.
    told: Option<(String, Instant)>,
}

impl Keeper {
    fn new(endpoints: Endpoints, metrics: Metrics) -> Self {
        Self {
            endpoints,
            backoff: Backoff::new(PAUSES.0, PAUSES.1),
            metrics,
            told: None,
        }
    }

    /// The first connection; `None`: a stop was asked for.
    async fn connect(&mut self, stop: &mut Stop) -> anyhow::Result<Option<Client>> {
        loop {
            tokio::select! {
                () = stop.requested() => return Ok(None),
                client = self.attempt() => match client {
                    Ok(client) => return Ok(Some(client)),
                    Err(error) if !is_passing(&error) => return Err(error.into()),
                    Err(error) => {
                        let until = self.pause(&error);
                        tokio::select! {
                            () = stop.requested() => return Ok(None),
                            () = sleep_until(until) => {}
                        }
                    }
                },
            }
        }
    }

    async fn attempt(&mut self) -> Result<Client, ChainError> {
        let connected = self.endpoints.connect().await;
        let url = connected.as_ref().ok().map(Client::url);
        self.metrics.connected(self.endpoints.urls(), url);
        if let Ok(client) = &connected {
            tracing::info!(node = client.url(), "connected");
            self.told = None;
            let blocks = client.block_time().saturating_mul(PAUSE_BLOCKS);
            self.backoff.limit(blocks.min(PAUSES.1));
        }
        connected
    }

    /// Tells of a failure; returns when to try again.
    fn pause(&mut self, error: &ChainError) -> Instant {
        let pause = self.backoff.next_pause();
        let now = Instant::now();
        let seconds = pause.as_secs();
        if self.is_news(error.to_string(), now) {
            tracing::warn!(%error, retry_in_seconds = seconds, "no session with a node");
        } else {
            tracing::debug!(%error, retry_in_seconds = seconds, "still no session with a node");
        }
        now + pause
    }

    /// Whether a failure is to be told: another one than the last, or the same after a while.
    fn is_news(&mut self, error: String, now: Instant) -> bool {
        let is_told = self.told.as_ref().is_some_and(|(last, at)| {
            *last == error && now.saturating_duration_since(*at) < REPEAT
        });
        if !is_told {
            self.told = Some((error, now));
        }
        !is_told
    }

    async fn keep_serving(
        &mut self,
        worker: &mut Worker,
        first: Client,
        stop: &mut Stop,
    ) -> anyhow::Result<()> {
        let mut connected = Some(first);
        while !stop.is_requested() {
            let client = match connected.take() {
                Some(client) => Ok(client),
                None => tokio::select! {
                    () = stop.requested() => break,
                    client = self.attempt() => client,
                },
            };
            let error = match client {
                Ok(client) => match worker.serve(&client, stop).await {
                    Ok(()) => {
                        tracing::info!("stopped");
                        return Ok(());
                    }
                    Err(SessionError::Chain(error)) if is_passing(&error) => {
                        self.backoff.reset();
                        self.endpoints.saw(worker.newest_block);
                        self.endpoints.fail_over();
                        error
                    }
                    Err(error) => {
                        farewell(worker, &client, &error).await;
                        return Err(error.into());
                    }
                },
                Err(error) if !is_passing(&error) => return Err(error.into()),
                Err(error) => error,
            };
            self.metrics.connected(self.endpoints.urls(), None);
            let until = self.pause(&error);
            // Runs go on meanwhile; what they find is stored as it comes.
            loop {
                tokio::select! {
                    () = stop.requested() => break,
                    Some(finished) = worker.results.recv() => worker.take_all(finished).await?,
                    () = sleep_until(until) => break,
                }
            }
        }
        tracing::warn!("stopped without a node: on chain the machine is as it was");
        Ok(())
    }
}

/// Whether looking again after a pause can help.
pub(crate) fn is_passing(error: &ChainError) -> bool {
    // Calls of jobs are judged job by job; a failed call that ends a session is one of the
    // machine itself and would fail again.
    !matches!(
        error,
        ChainError::Incompatible(_) | ChainError::Dispatch { .. } | ChainError::OtherChain { .. }
    )
}

/// A machine that cannot go on must not be drawn for more jobs.
async fn farewell(worker: &Worker, client: &Client, reason: &SessionError) {
    if !matches!(reason, SessionError::Broken { .. } | SessionError::Store(_)) {
        return;
    }
    match timeout(FAREWELL, worker.go_offline(client)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "could not go offline"),
        Err(_) => tracing::error!("could not go offline in time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worker_should_leave_when_waiting_cannot_help() {
        assert!(!is_passing(&ChainError::Incompatible("calls".into())));
        let failed = ChainError::Dispatch {
            call: "goOnline".into(),
            error: "BondTooSmall".into(),
        };
        assert!(!is_passing(&failed));
        assert!(is_passing(&ChainError::Transport("closed".into())));
        assert!(is_passing(&ChainError::Node("busy".into())));
    }

    #[test]
    fn failure_should_be_told_once_in_a_while_when_it_repeats() {
        let mut keeper = Keeper::new(Endpoints::new(Vec::new()), Metrics::default());
        let begin = Instant::now();
        let mut told = |error: &str, seconds| {
            keeper.is_news(error.into(), begin + Duration::from_secs(seconds))
        };
        assert!(told("refused", 0));
        assert!(!told("refused", 4));
        assert!(!told("refused", 599));
        assert!(told("syncing", 599), "another failure");
        assert!(told("refused", 600), "the first one again");
        assert!(!told("refused", 1_199));
        assert!(told("refused", 1_200), "after a while");
    }
}
