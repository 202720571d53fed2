//! Prompts and answers: from the node, as they were published on chain, or computed again; and those that
//! cannot be found.

use super::{
    duties::Duty,
    retries::RETRY_BLOCKS,
    study::{self, Subject},
};
use crate::models::Served;
use aipg_client::{
    blobs::{self, BlobError},
    disputes::{Blob, Case, DeliveredResult, Tick},
    ChainError, Client, State,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use subxt::utils::AccountId32;
use tokio::sync::{mpsc, Notify};

/// Times that prompt or answer are looked for, a block apart, before they are demanded.
const TRIES_BEFORE_DEMAND: u32 = 2;

/// Ticks before the end of demands from which one try has to do.
const LAST_TICKS: Tick = 3;

/// A token list that cannot be found.
struct Missing {
    blob: Blob,
    /// How often it was looked for.
    tries: u32,
    /// First tick in which it cannot be demanded any more.
    demands_end: Tick,
}

impl Missing {
    /// Whether it is to be demanded: looking for it does not help, and the call is in the next block.
    const fn is_due(&self, now: Tick) -> bool {
        let is_late = now.saturating_add(LAST_TICKS) >= self.demands_end;
        let in_time = now.saturating_add(1) < self.demands_end;
        in_time && (is_late || self.tries >= TRIES_BEFORE_DEMAND)
    }
}

/// An own answer that was computed again, as the node does not have it any more.
struct Rebuilt {
    job: u64,
    /// `None` if it is not what was delivered.
    tokens: Option<Vec<u32>>,
}

/// The token lists of jobs.
pub struct Lists {
    account: AccountId32,
    /// Those of disputes, once they were had.
    in_hand: BTreeMap<(u64, Blob), Vec<u32>>,
    /// Results of others that cannot be checked, as nobody has their prompt or answer.
    missing: BTreeMap<u64, Missing>,
    /// Blocks from which on to look again.
    later: BTreeMap<u64, u32>,
    /// Own answers that are, or were, computed again.
    rebuilding: BTreeSet<u64>,
    rebuilt: mpsc::UnboundedReceiver<Rebuilt>,
    sender: mpsc::UnboundedSender<Rebuilt>,
    news: Arc<Notify>,
}

impl Lists {
    /// For an account; what was computed again is told to `news`.
    pub fn new(account: AccountId32, news: Arc<Notify>) -> Self {
        let (sender, rebuilt) = mpsc::unbounded_channel();
        Self {
            account,
            in_hand: BTreeMap::new(),
            missing: BTreeMap::new(),
            later: BTreeMap::new(),
            rebuilding: BTreeSet::new(),
            rebuilt,
            sender,
            news,
        }
    }

    /// Whether prompt or answer of a result of somebody else cannot be found.
    pub fn is_missing(&self, job: u64) -> bool {
        self.missing.contains_key(&job)
    }

    /// Token lists that are to be demanded. Nobody but the worker could be blamed for them, so own ones are
    /// not.
    pub fn demands(&self, now: Tick) -> impl Iterator<Item = Duty> + '_ {
        let due = self
            .missing
            .iter()
            .filter(move |(_, list)| list.is_due(now));
        due.map(|(&job, list)| {
            let blob = list.blob;
            Duty::Demand { job, blob }
        })
    }

    /// All that a result is checked with; `None` if the blobs cannot be had, or it is not time to look again.
    pub async fn subject(
        &mut self,
        client: &Client,
        state: &State,
        result: DeliveredResult,
        model: Served,
    ) -> Result<Option<Subject>, ChainError> {
        let job = result.job;
        if self.later.get(&job).is_some_and(|&at| state.number() < at) {
            return Ok(None);
        }
        let Some(prompt) = self.tokens(client, state, &result, Blob::Prompt).await? else {
            return Ok(None);
        };
        let Some(output) = self.tokens(client, state, &result, Blob::Output).await? else {
            return Ok(None);
        };
        self.later.remove(&job);
        self.missing.remove(&job);
        Ok(Some(Subject {
            result,
            prompt,
            output,
            model,
        }))
    }

    /// A token list of a job, from the node or as it was published on chain; `None` if it is not to be had.
    /// Tokens beyond the vocabulary are let through: they are what may be false.
    pub async fn tokens(
        &mut self,
        client: &Client,
        state: &State,
        result: &DeliveredResult,
        blob: Blob,
    ) -> Result<Option<Vec<u32>>, ChainError> {
        let place = (result.job, blob);
        if let Some(tokens) = self.in_hand.get(&place) {
            return Ok(Some(tokens.clone()));
        }
        let (list, provider) = (result.list(blob), result.provider(blob));
        let fetched = match blob {
            Blob::Prompt => blobs::fetch_input(client, result.job, list, provider, u32::MAX).await,
            Blob::Output => blobs::fetch(client, list, provider, u32::MAX).await,
        };
        let error = match fetched {
            Ok(tokens) => {
                self.in_hand.insert(place, tokens.clone());
                return Ok(Some(tokens));
            }
            Err(BlobError::Chain(error @ ChainError::Transport(_))) => return Err(error),
            Err(error) => error,
        };
        let dispute = state.dispute(result.job).await?;
        let dispute = dispute.filter(|it| it.demands.keys().any(|&(which, _)| which == blob));
        if let Some(dispute) = &dispute {
            if let Some(tokens) = study::published(client, dispute, result, blob).await? {
                tracing::info!(job = result.job, ?blob, "published on chain");
                self.in_hand.insert(place, tokens.clone());
                return Ok(Some(tokens));
            }
        }
        tracing::warn!(job = result.job, ?blob, %error, "prompt or answer is not to be had");
        self.miss(state, result, blob, dispute.is_some()).await?;
        Ok(None)
    }

    /// A token list was looked for and not found.
    async fn miss(
        &mut self,
        state: &State,
        result: &DeliveredResult,
        blob: Blob,
        is_demanded: bool,
    ) -> Result<(), ChainError> {
        let job = result.job;
        let tries = self.missing.get(&job).map_or(0, |list| list.tries);
        let tries = tries.saturating_add(1);
        // What was demanded comes soon or never.
        let is_soon = tries < TRIES_BEFORE_DEMAND || is_demanded;
        let pause = if is_soon { 1 } else { RETRY_BLOCKS };
        self.later.insert(job, state.number().saturating_add(pause));
        if result.worker != self.account {
            let case = Case::new(result.delivered, state.windows().await?);
            let missing = Missing {
                blob,
                tries,
                demands_end: case.demands_end,
            };
            self.missing.insert(job, missing);
        }
        Ok(())
    }

    /// Computes an own answer again, on a thread of its own: what was delivered follows from the prompt. Does
    /// nothing about others'.
    pub async fn rebuild(
        &mut self,
        client: &Client,
        state: &State,
        result: DeliveredResult,
        model: Served,
    ) -> Result<(), ChainError> {
        let job = result.job;
        if result.worker != self.account || self.rebuilding.contains(&job) {
            return Ok(());
        }
        let Some(prompt) = self.tokens(client, state, &result, Blob::Prompt).await? else {
            return Ok(());
        };
        tracing::warn!(job, "the answer is gone, computing it again");
        self.rebuilding.insert(job);
        let (sender, news) = (self.sender.clone(), self.news.clone());
        tokio::task::spawn_blocking(move || {
            let tokens = study::answer_again(&result, &prompt, &model);
            // Whoever asked may have gone.
            let _ = sender.send(Rebuilt { job, tokens });
            news.notify_one();
        });
        Ok(())
    }

    /// Takes the answers that were computed again.
    pub fn take_rebuilt(&mut self) {
        while let Ok(Rebuilt { job, tokens }) = self.rebuilt.try_recv() {
            match tokens {
                Some(tokens) => {
                    self.in_hand.insert((job, Blob::Output), tokens);
                }
                None => tracing::error!(
                    job,
                    "CannotPublish: this machine does not come to its own answer again"
                ),
            }
        }
    }

    /// A job could not be studied at a block: its lists are not looked for at once.
    pub fn put_off(&mut self, job: u64, block: u32) {
        self.later.insert(job, block.saturating_add(RETRY_BLOCKS));
    }

    /// Keeps what is known of results that are there.
    pub fn retain(&mut self, is_there: impl Fn(&u64) -> bool) {
        self.later.retain(|job, _| is_there(job));
        self.missing.retain(|job, _| is_there(job));
    }

    /// Lets go of token lists that no dispute needs.
    pub fn forget(&mut self, is_alive: impl Fn(&u64) -> bool) {
        self.rebuilding.retain(&is_alive);
        self.in_hand.retain(|(job, _), _| is_alive(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_should_be_demanded_after_it_was_looked_for_and_in_time() {
        let missing = |tries| Missing {
            blob: Blob::Output,
            tries,
            demands_end: 20,
        };
        assert!(!missing(TRIES_BEFORE_DEMAND - 1).is_due(16));
        assert!(
            missing(TRIES_BEFORE_DEMAND - 1).is_due(17),
            "the last chance"
        );
        assert!(missing(TRIES_BEFORE_DEMAND).is_due(3));
        assert!(missing(TRIES_BEFORE_DEMAND).is_due(18));
        assert!(!missing(TRIES_BEFORE_DEMAND).is_due(19));
    }
}
