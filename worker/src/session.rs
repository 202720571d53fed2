//! One connection to the node, from the first block to the last.
//!
//! At every best block the session reads this machine's jobs, asks the [`Book`] for the next
//! steps, does them one after the other, and collects rewards. A step that a block holds may open
//! the next one, so it looks again until nothing is left to do.

mod steps;

use crate::{
    inference::{Finished, Inference, InferenceError},
    jobs::Book,
    keys,
    models::Models,
    stop::Stop,
};
use aipg_client::{Amount, ChainError, Client, Hash, Machine, Signer, State};
use std::{collections::BTreeMap, time::Duration};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use thiserror::Error;
use tokio::{
    sync::mpsc,
    time::{sleep, sleep_until, Instant},
};

/// Longest silence of a node: five blocks of the slowest preset.
const SILENCE: Duration = Duration::from_secs(300);

/// Blocks after which a reward that could not be claimed is tried again.
const REWARD_RETRY: u32 = 20;

/// Why the worker cannot go on.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error("NotRegistered: {0} is no registered machine; run `aipg-worker register` first")]
    NotRegistered(String),
    #[error("Suspended: too many of this machine's jobs failed; it takes no jobs until it is reinstated")]
    Suspended,
    #[error("Retired: this machine gave its registration back")]
    Retired,
    #[error("BondTooSmall: the bond is {bond}, a machine needs {minimum} to work; `aipg-worker register --top-up` adds to it")]
    BondTooSmall { bond: Amount, minimum: Amount },
    #[error("NothingOffered: none of the loaded models is offered on chain; run `aipg-worker register` with the same settings")]
    NothingOffered,
    #[error("job {job}: {error}")]
    Broken { job: u64, error: InferenceError },
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// What outlives a connection.
pub struct Worker {
    pub pair: Keypair,
    pub account: AccountId32,
    pub models: Models,
    pub inference: Inference,
    pub results: mpsc::UnboundedReceiver<Finished>,
    pub book: Book,
    pub stay_online: bool,
    pub drain: Duration,
    /// Rounds whose claim failed, with the block at which to try again.
    pub reward_retries: BTreeMap<u32, u32>,
    /// The machine as last seen, to tell what changed.
    pub last_seen: Option<Machine>,
    /// Whether a stop was asked for.
    pub leaving: bool,
}

impl Worker {
    /// Serves jobs over `client` until a stop is asked for (`Ok`) or something breaks.
    pub async fn serve(&mut self, client: &Client, stop: &mut Stop) -> Result<(), SessionError> {
        let mut blocks = client.best_blocks().await?;
        self.prepare(client).await?;
        loop {
            self.work(client).await?;
            tokio::select! {
                biased;
                () = stop.requested() => return self.leave(client).await,
                Some(finished) = self.results.recv() => self.take(finished)?,
                block = blocks.next() => match block {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(ChainError::of_read(error).into()),
                    None => return Err(lost("the node closed the block subscription").into()),
                },
                () = sleep(SILENCE) => return Err(lost("the node sent no block").into()),
            }
        }
    }

    /// Checks the registration and goes online.
    async fn prepare(&mut self, client: &Client) -> Result<(), SessionError> {
        let signer = Signer::new(client, &self.pair);
        let state = client.best().await?;
        let machine = state
            .machine(&self.account)
            .await?
            .ok_or_else(|| SessionError::NotRegistered(keys::address(&self.account)))?;
        let is_served = |root: &Hash| self.models.contains_key(root);
        match obstacle(&machine, state.minimum_bond()?, is_served) {
            // What was claimed before is finished in any case: leaving it would cost more bond.
            Some(error) if machine.active > 0 => {
                tracing::error!(%error, "finishing claimed jobs only")
            }
            Some(error) => return Err(error),
            None => self.go_online(&signer, &machine).await?,
        }
        self.last_seen = None;
        Ok(())
    }

    /// Withdraws offers that cannot be served and goes online.
    async fn go_online(&self, signer: &Signer<'_>, machine: &Machine) -> Result<(), ChainError> {
        let offered = machine.offers.iter().map(|(root, _)| root);
        for root in offered.filter(|root| !self.models.contains_key(root)) {
            tracing::warn!(model = %root, "offered on chain but not loaded here: withdrawing the offer");
            signer.remove_offer(*root).await?;
        }
        for root in self.models.keys().filter(|root| !offers(machine, root)) {
            tracing::warn!(model = %root, "loaded but not offered on chain; run `aipg-worker register`");
        }
        if !machine.online {
            let inclusion = signer.go_online().await?;
            tracing::info!(block = inclusion.number, "online");
        }
        tracing::info!(models = self.models.len(), "ready: waiting for jobs");
        Ok(())
    }

    /// Does everything that can be done now.
    async fn work(&mut self, client: &Client) -> Result<(), SessionError> {
        loop {
            let state = client.best().await?;
            let now = state.number();
            self.book.observe(state.jobs(&self.account).await?, now);
            let mut advanced = false;
            for (id, step) in self.book.steps(now) {
                advanced |= self.advance(client, id, step, now).await?;
            }
            if !advanced {
                self.watch_machine(&state).await?;
                return self.collect(client, &state).await;
            }
        }
    }

    /// Claims one reward; the next block brings the next one, so that jobs come first.
    async fn collect(&mut self, client: &Client, state: &State) -> Result<(), SessionError> {
        let now = state.number();
        let rewards = state.rewards(&self.account).await?;
        self.reward_retries
            .retain(|round, _| rewards.iter().any(|reward| reward.round == *round));
        let due = rewards.into_iter().find(|reward| {
            self.reward_retries
                .get(&reward.round)
                .is_none_or(|&block| now >= block)
        });
        let Some(reward) = due else { return Ok(()) };
        // Also after a success: the best block that was read may not hold it yet.
        self.reward_retries
            .insert(reward.round, now.saturating_add(REWARD_RETRY));
        match Signer::new(client, &self.pair)
            .claim_reward(reward.round)
            .await
        {
            Ok(inclusion) => {
                tracing::info!(
                    round = reward.round,
                    amount = %reward.amount,
                    ceiling = reward.ceiling,
                    block = inclusion.number,
                    "reward claimed"
                );
                Ok(())
            }
            Err(error @ (ChainError::Transport(_) | ChainError::Incompatible(_))) => {
                Err(error.into())
            }
            Err(error) => {
                tracing::warn!(round = reward.round, %error, "reward not claimed");
                Ok(())
            }
        }
    }

    /// Tells what the chain changed about the machine, penalties above all.
    async fn watch_machine(&mut self, state: &State) -> Result<(), SessionError> {
        let Some(machine) = state.machine(&self.account).await? else {
            return Err(SessionError::NotRegistered(keys::address(&self.account)));
        };
        if let Some(before) = &self.last_seen {
            if machine.bond < before.bond {
                let lost = Amount(before.bond.0 - machine.bond.0);
                tracing::warn!(%lost, bond = %machine.bond, "the bond was reduced");
            }
            if machine.failed > before.failed {
                tracing::warn!(failed = machine.failed, "a job was counted as failed");
            }
            if machine.suspended && !before.suspended {
                tracing::error!("suspended: claimed jobs are finished, new ones do not come");
            } else if before.online && !machine.online && !self.leaving {
                tracing::warn!("the chain shows this machine offline: no new jobs come");
            }
        }
        self.last_seen = Some(machine);
        Ok(())
    }

    /// Goes offline and finishes what was claimed, within the time that the settings allow.
    pub async fn leave(&mut self, client: &Client) -> Result<(), SessionError> {
        if self.stay_online {
            tracing::info!("leaving; the machine stays online on chain");
            return Ok(());
        }
        self.leaving = true;
        let deadline = Instant::now() + self.drain;
        let mut blocks = client.best_blocks().await?;
        self.go_offline(client).await?;
        loop {
            self.work(client).await?;
            let unfinished = self.book.unfinished();
            if unfinished == 0 {
                return Ok(());
            }
            tracing::info!(unfinished, "finishing claimed jobs");
            tokio::select! {
                biased;
                () = sleep_until(deadline) => {
                    tracing::warn!(unfinished, "out of time: unfinished jobs will be counted as failed");
                    return Ok(());
                }
                Some(finished) = self.results.recv() => self.take(finished)?,
                block = blocks.next() => if block.is_none() {
                    return Err(lost("the node closed the block subscription").into());
                },
            }
        }
    }

    /// Goes offline unless the machine is offline already.
    pub async fn go_offline(&self, client: &Client) -> Result<(), ChainError> {
        let machine = client.best().await?.machine(&self.account).await?;
        if machine.is_some_and(|machine| machine.online) {
            let inclusion = Signer::new(client, &self.pair).go_offline().await?;
            tracing::info!(block = inclusion.number, "offline");
        }
        Ok(())
    }
}

/// Whether the machine can work at all.
pub fn check(machine: &Machine) -> Result<(), SessionError> {
    if machine.unbonds_at.is_some() {
        return Err(SessionError::Retired);
    }
    if machine.suspended {
        return Err(SessionError::Suspended);
    }
    Ok(())
}

/// What keeps the machine from being drawn.
fn obstacle(
    machine: &Machine,
    minimum: Amount,
    is_served: impl Fn(&Hash) -> bool,
) -> Option<SessionError> {
    if let Err(error) = check(machine) {
        return Some(error);
    }
    let bond = machine.bond;
    if bond < minimum {
        return Some(SessionError::BondTooSmall { bond, minimum });
    }
    if !machine.offers.iter().any(|(root, _)| is_served(root)) {
        return Some(SessionError::NothingOffered);
    }
    None
}

fn offers(machine: &Machine, root: &Hash) -> bool {
    machine.offers.iter().any(|(offered, _)| offered == root)
}

fn lost(reason: &str) -> ChainError {
    ChainError::Transport(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_client::Region;

    const ROOT: Hash = Hash([1; 32]);

    fn machine() -> Machine {
        Machine {
            online: false,
            suspended: false,
            bond: Amount::whole(100),
            level: 1,
            region: Region::Unspecified,
            capacity: 1,
            active: 0,
            completed: 0,
            failed: 0,
            reputation: 1_000_000,
            offers: vec![(Hash([9; 32]), Amount(1)), (ROOT, Amount(1))],
            unbonds_at: None,
        }
    }

    fn obstacle_of(machine: Machine) -> Option<SessionError> {
        obstacle(&machine, Amount::whole(100), |root| *root == ROOT)
    }

    #[test]
    fn machine_should_work_when_bonded_and_offering_a_loaded_model() {
        assert!(obstacle_of(machine()).is_none());
    }

    #[test]
    fn machine_should_not_work_when_suspended_or_retired() {
        let suspended = Machine {
            suspended: true,
            ..machine()
        };
        assert!(matches!(
            obstacle_of(suspended),
            Some(SessionError::Suspended)
        ));
        let retired = Machine {
            unbonds_at: Some(7),
            ..machine()
        };
        assert!(matches!(obstacle_of(retired), Some(SessionError::Retired)));
    }

    #[test]
    fn machine_should_not_work_when_its_bond_is_under_the_minimum() {
        let poor = Machine {
            bond: Amount(Amount::whole(100).0 - 1),
            ..machine()
        };
        assert!(matches!(
            obstacle_of(poor),
            Some(SessionError::BondTooSmall { .. })
        ));
    }

    #[test]
    fn machine_should_not_work_when_no_offer_is_of_a_loaded_model() {
        let mut other = machine();
        other.offers.pop();
        assert!(matches!(
            obstacle_of(other),
            Some(SessionError::NothingOffered)
        ));
    }
}
