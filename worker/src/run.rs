//! `aipg-worker run`: keeps a session going, whatever happens to the node.

use crate::{
    config::Settings,
    inference::Inference,
    jobs::Book,
    keys, models,
    session::{SessionError, Worker},
    stop::Stop,
};
use aipg_client::{ChainError, Client};
use anyhow::Context;
use indicatif::MultiProgress;
use std::{collections::BTreeMap, thread::available_parallelism, time::Duration};
use tokio::time::{sleep, timeout};

/// Shortest and longest pause between attempts to reach the node.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Longest time that going offline may take when the worker leaves because of an error.
const FAREWELL: Duration = Duration::from_secs(90);

/// Serves jobs until a stop signal. The runs that are under way are lost when this returns.
pub async fn run(settings: &Settings, bars: MultiProgress) -> anyhow::Result<()> {
    let pair = keys::load(&settings.key()?)?;
    let served = settings.served_models()?.to_vec();
    let default_ask = settings.ask;
    let mut stop = Stop::listen().context("cannot listen for stop signals")?;
    let models = tokio::task::spawn_blocking(move || models::load(&served, default_ask)).await??;

    let cores = available_parallelism().map_or(1, |cores| cores.get());
    let parallel = cores.min(usize::try_from(settings.capacity).unwrap_or(cores));
    let (inference, results) = Inference::new(parallel, !settings.no_self_check, bars);
    let account = keys::account(&pair);
    tracing::info!(address = %keys::address(&account), node = %settings.node, "worker starts");
    let mut worker = Worker {
        pair,
        account,
        models,
        inference,
        results,
        book: Book::default(),
        stay_online: settings.stay_online,
        drain: Duration::from_secs(settings.drain_seconds),
        reward_retries: BTreeMap::new(),
        last_seen: None,
        leaving: false,
    };
    keep_serving(&mut worker, &settings.node, &mut stop).await
}

async fn keep_serving(worker: &mut Worker, url: &str, stop: &mut Stop) -> anyhow::Result<()> {
    let mut backoff = Backoff::default();
    while !stop.is_requested() {
        let connected = tokio::select! {
            () = stop.requested() => break,
            connected = Client::connect(url) => connected,
        };
        let error = match connected {
            Ok(client) => {
                tracing::info!(node = url, "connected");
                match worker.serve(&client, stop).await {
                    Ok(()) => {
                        tracing::info!("stopped");
                        return Ok(());
                    }
                    Err(SessionError::Chain(error)) if is_passing(&error) => {
                        backoff.connected();
                        error
                    }
                    Err(error) => {
                        farewell(worker, &client, &error).await;
                        return Err(error.into());
                    }
                }
            }
            Err(error) => error,
        };
        let pause = backoff.next();
        tracing::warn!(%error, retry_in_seconds = pause.as_secs(), "the session with the node ended");
        tokio::select! {
            () = stop.requested() => {}
            () = sleep(pause) => {}
        }
    }
    tracing::warn!("stopped without a node: on chain the machine is as it was");
    Ok(())
}

/// Whether looking again after a pause can help.
fn is_passing(error: &ChainError) -> bool {
    // Calls of jobs are judged job by job; a failed call that ends a session is one of the
    // machine itself and would fail again.
    !matches!(
        error,
        ChainError::Incompatible(_) | ChainError::Dispatch { .. }
    )
}

/// A machine that cannot go on must not be drawn for more jobs.
async fn farewell(worker: &Worker, client: &Client, reason: &SessionError) {
    if !matches!(reason, SessionError::Broken { .. }) {
        return;
    }
    match timeout(FAREWELL, worker.go_offline(client)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "could not go offline"),
        Err(_) => tracing::error!("could not go offline in time"),
    }
}

/// Pauses that double up to a limit.
#[derive(Default)]
struct Backoff {
    attempts: u32,
}

impl Backoff {
    fn next(&mut self) -> Duration {
        let (shortest, longest) = PAUSES;
        let pause = shortest
            .saturating_mul(2u32.saturating_pow(self.attempts))
            .min(longest);
        self.attempts = self.attempts.saturating_add(1);
        pause
    }

    fn connected(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_should_double_up_to_the_limit_and_begin_anew_after_a_connection() {
        let mut backoff = Backoff::default();
        let seconds: Vec<u64> = (0..7).map(|_| backoff.next().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        for _ in 0..100 {
            assert_eq!(backoff.next().as_secs(), 30);
        }
        backoff.connected();
        assert_eq!(backoff.next().as_secs(), 1);
    }

    #[test]
    fn worker_should_leave_when_waiting_cannot_help() {
        assert!(!is_passing(&ChainError::Incompatible("calls".into())));
        let failed = ChainError::Dispatch {
            call: "goOnline",
            error: "BondTooSmall".into(),
        };
        assert!(!is_passing(&failed));
        assert!(is_passing(&ChainError::Transport("closed".into())));
        assert!(is_passing(&ChainError::Node("busy".into())));
    }
}
