//! `aipg-worker dispute`: checking results without a machine, and watching disputes.

use super::{Disputes, Policy};
use crate::{
    conduct::Conduct,
    config::Settings,
    keys,
    lock::{self, KeyLock},
    memory::Room,
    metrics::Metrics,
    models,
    run::{is_passing, PAUSES},
    session::lost,
    stop::Stop,
};
use aipg_client::{
    calls,
    disputes::{Blob, DisputeEvent, Seat},
    Backoff, ChainError, Client, Endpoints, Signer, State,
};
use anyhow::Context;
use std::{convert::Infallible, sync::Arc};
use subxt_signer::sr25519::Keypair;
use tokio::time::sleep;

/// Audits, plays disputes and, if it `checks`, checks every result until a stop signal, over whatever becomes
/// of the node.
pub async fn keep(
    settings: &Settings,
    conduct: Arc<dyn Conduct>,
    checks: bool,
) -> anyhow::Result<()> {
    let pair = keys::load(&settings.key()?)?;
    let account = keys::account(&pair);
    let address = keys::address(&account);
    let served = settings.served_models()?.to_vec();
    let mut stop = Stop::listen().context("cannot listen for stop signals")?;
    let room = Room::without_runs(settings);
    let models = tokio::task::spawn_blocking(move || models::load(&served, None, room)).await??;
    let policy = Policy {
        checks,
        defends_others: settings.defend_others,
    };
    let mut disputes = Disputes::new(&pair, models, Metrics::default(), policy, conduct);
    let mut endpoints = settings.endpoints();
    let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
    let mut lock = None;
    tracing::info!(%address, nodes = settings.node.join(", "), checks, "starts without a machine");
    loop {
        let session = async {
            let client = endpoints.connect().await?;
            tracing::info!(node = client.url(), "connected");
            if lock.is_none() {
                lock = take_lock(&client, &address).await?;
                endpoints.expect_genesis(client.genesis());
            }
            keep_checking(&client, &pair, &mut disputes).await
        };
        let ended: anyhow::Result<Infallible> = tokio::select! {
            biased;
            () = stop.requested() => return Ok(()),
            ended = session => ended,
        };
        let Err(error) = ended;
        if !error.downcast_ref().is_some_and(is_passing) {
            return Err(error);
        }
        let pause = backoff.next_pause();
        tracing::warn!(%error, retry_in_seconds = pause.as_secs(), "no session with a node");
        endpoints.fail_over();
        tokio::select! {
            () = stop.requested() => return Ok(()),
            () = sleep(pause) => {}
        }
    }
}

/// One process signs with a key: two would take each other's nonces.
async fn take_lock(client: &Client, address: &str) -> anyhow::Result<Option<KeyLock>> {
    Ok(match client.block_hash(1).await? {
        Some(first) => Some(KeyLock::take(&lock::folder(), address, first)?),
        None => None,
    })
}

async fn keep_checking(
    client: &Client,
    pair: &Keypair,
    disputes: &mut Disputes,
) -> anyhow::Result<Infallible> {
    let mut blocks = client.best_blocks().await?;
    let mut next_claim = 0;
    loop {
        let state = client.best().await?;
        disputes.step(client, pair, &state).await?;
        if state.number() >= next_claim {
            next_claim = collect(client, pair, &state).await?;
        }
        tokio::select! {
            () = disputes.news() => {}
            block = blocks.next() => match block {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(ChainError::of_read(error).into()),
                None => return Err(lost("the node closed the block subscription").into()),
            },
        }
    }
}

/// Blocks after which a claim that failed is tried again.
const CLAIM_AGAIN: u32 = 20;

/// Claims what audits have earned, one round at a time; returns the block in which to look again.
async fn collect(client: &Client, pair: &Keypair, state: &State) -> Result<u32, ChainError> {
    let rewards = state.rewards(&keys::account(pair)).await?;
    let Some(reward) = rewards.first() else {
        return Ok(state.number().saturating_add(1));
    };
    let claimed = Signer::new(client, pair)
        .execute(&calls::claim_reward(reward.round))
        .await;
    match claimed {
        Ok(inclusion) => {
            tracing::info!(round = reward.round, amount = %reward.amount, block = inclusion.number, "reward claimed");
            Ok(state.number().saturating_add(1))
        }
        Err(error @ (ChainError::Transport(_) | ChainError::Incompatible(_))) => Err(error),
        Err(error) => {
            tracing::warn!(round = reward.round, %error, "claim of a reward failed");
            Ok(state.number().saturating_add(CLAIM_AGAIN))
        }
    }
}

/// Prints what happens in disputes, block by block, until `job`'s is closed or for ever.
pub async fn watch(nodes: Vec<String>, job: Option<u64>) -> anyhow::Result<()> {
    let client = Endpoints::new(nodes).connect().await?;
    if let Some(job) = job {
        stand(&client, job).await?;
    }
    let mut last = client.best().await?.number();
    let mut blocks = client.best_blocks().await?;
    while let Some(block) = blocks.next().await {
        block.map_err(ChainError::of_read)?;
        let best = client.best().await?.number();
        // Blocks that came while one was printed are not left out.
        while last < best {
            last = last.saturating_add(1);
            let events = client.at_number(last).await?.dispute_events().await?;
            for event in events {
                if job.is_some_and(|job| event.job() != job) {
                    continue;
                }
                println!("#{last} job {} {}", event.job(), describe(&event));
                if job.is_some() && matches!(event, DisputeEvent::Closed { .. }) {
                    return Ok(());
                }
            }
        }
    }
    Err(lost("the node closed the block subscription").into())
}

/// Prints how the dispute about a job stands now.
async fn stand(client: &Client, job: u64) -> anyhow::Result<()> {
    let state = client.best().await?;
    let Some(dispute) = state.dispute(job).await? else {
        println!("job {job} is not disputed yet");
        return Ok(());
    };
    println!(
        "job {job} of {}: {:?}, {} challenges, {} traces",
        keys::address(&dispute.worker),
        dispute.phase,
        dispute.challenges.len(),
        dispute.traces.len()
    );
    let now = state.tick().await?;
    for ((challenge, trace), game) in &dispute.games {
        println!(
            "  game {challenge}:{trace} {} of the {}, {} ticks left",
            game.stage.name(),
            game.stage.turn(),
            game.left(now)
        );
    }
    Ok(())
}

const fn blob_name(blob: Blob) -> &'static str {
    match blob {
        Blob::Prompt => "the prompt",
        Blob::Output => "the answer",
    }
}

/// An event in words.
fn describe(event: &DisputeEvent) -> String {
    let seat = |seat: &Seat| format!("game {}:{}", seat.challenge, seat.trace);
    match event {
        DisputeEvent::Challenged {
            number,
            account,
            bond,
            ..
        } => format!(
            "challenge {number}: {} says that the result is false and stakes {bond}",
            keys::address(account)
        ),
        DisputeEvent::TracePosted {
            number,
            account,
            bond,
            ..
        } => format!(
            "trace {number}: {} stands for the result, at stake {bond} and what it has as a worker",
            keys::address(account)
        ),
        DisputeEvent::RootOpened {
            challenge, root, ..
        } => format!("challenge {challenge}: its own trace is {root}"),
        DisputeEvent::Moved { seat: at, by, next } => {
            format!("{}: {by} moved, next is {next}", seat(at))
        }
        DisputeEvent::GameEnded {
            seat: at,
            winner,
            executed: Some(claim),
        } => format!(
            "{}: the chain executed {claim:?}: the {winner} wins",
            seat(at)
        ),
        DisputeEvent::GameEnded {
            seat: at,
            winner,
            executed: None,
        } => format!("{}: out of time, the {winner} wins", seat(at)),
        DisputeEvent::BondLost {
            account,
            burned,
            winner,
            paid,
            ..
        } => format!(
            "{} loses its bond: {burned} burned, {paid} to {}",
            keys::address(account),
            keys::address(winner)
        ),
        DisputeEvent::FlawProven {
            challenge, flaw, ..
        } => format!("challenge {challenge}: the answer contradicts itself, {flaw:?}"),
        DisputeEvent::Demanded {
            account,
            blob,
            chunks,
            deposit,
            ..
        } => format!(
            "{} cannot find {}, chunks {chunks:?}, and pays {deposit} for them",
            keys::address(account),
            blob_name(*blob)
        ),
        DisputeEvent::Published {
            account,
            blob,
            chunk,
            paid,
            ..
        } => format!(
            "{} publishes {}, chunk {chunk}, for {paid}",
            keys::address(account),
            blob_name(*blob)
        ),
        DisputeEvent::Withheld { chunks, .. } => {
            format!("{chunks} chunks were demanded and are not there")
        }
        DisputeEvent::DemandRewarded {
            account, amount, ..
        } => format!("reward: {amount} to {}", keys::address(account)),
        DisputeEvent::Upheld { .. } => "the result is right".into(),
        DisputeEvent::Refuted { worker, reward, .. } => format!(
            "the result is FALSE: {} is convicted, the requester has its price back, the reward is {reward}",
            keys::address(worker)
        ),
        DisputeEvent::SlashQueued { version, .. } => format!(
            "no trace stands, but semantics version {version} is frozen: governance rules first"
        ),
        DisputeEvent::Pardoned { worker, .. } => format!(
            "{} is pardoned: the fault is the semantics'",
            keys::address(worker)
        ),
        DisputeEvent::FuseBlown { version, .. } => format!(
            "several workers lost by the same bytes: semantics version {version} is FROZEN"
        ),
        DisputeEvent::RewardPaid {
            account, amount, ..
        } => format!("reward: {amount} to {}", keys::address(account)),
        DisputeEvent::Closed { .. } => "closed".into(),
    }
}
