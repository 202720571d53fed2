//! One connection to the node, from the first block to the last.
//!
//! At every best block the session reads this machine's jobs, asks the [`Book`] for the next
//! steps, does them one after the other, reads what became final, completes the books by receipts
//! where it could not be read, does what disputes take, and collects rewards. A step that
//! a block holds may open the next one, so it looks again until nothing is left to do.
//!
//! [`Book`]: crate::jobs::Book

mod follow;
pub mod power;
mod receipts;
mod rewards;
mod steps;

use crate::{
    conduct::Conduct,
    disputes::Disputes,
    inference::{Finished, Inference, InferenceError},
    jobs::Book,
    journal::Journal,
    keys,
    metrics::Metrics,
    models::Models,
    pause::{self, Place},
    stop::Stop,
    store::StoreError,
};
use aipg_client::{calls, Amount, ChainError, Client, Hash, Machine, Signer, State};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;
use thiserror::Error;
use tokio::{
    sync::mpsc,
    time::{sleep, sleep_until, Instant},
};

/// Longest silence of a node, in blocks, and at least.
const SILENCE: (u32, Duration) = (10, Duration::from_secs(60));

/// Slots by which the local clock may differ from a block's before that is worth a warning.
pub const SKEW_SLOTS: f64 = 3.0;

/// Why the worker cannot go on.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error("NotRegistered: {0} is no registered machine; run `aipg-worker register` first")]
    NotRegistered(String),
    #[error("Suspended: too many of this machine's jobs failed; it takes no jobs until it is reinstated")]
    Suspended,
    #[error("Banned: a result of this machine was false, or governance convicted it of misuse; no machine of this key ever works again")]
    Banned,
    #[error("Retired: this machine gave its registration back")]
    Retired,
    #[error("BondTooSmall: the bond is {bond}, a machine needs {minimum} to work; `aipg-worker register --top-up` adds to it")]
    BondTooSmall { bond: Amount, minimum: Amount },
    #[error("NothingOffered: none of the loaded models is offered on chain; run `aipg-worker register` with the same settings")]
    NothingOffered,
    #[error("job {job}: {error}")]
    Broken { job: u64, error: InferenceError },
    #[error(transparent)]
    Store(#[from] StoreError),
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
    pub journal: Journal,
    pub disputes: Disputes,
    pub conduct: Arc<dyn Conduct>,
    pub metrics: Metrics,
    pub stay_online: bool,
    pub drain: Duration,
    /// Rounds whose claim failed, with the block at which to try again.
    pub reward_retries: BTreeMap<u32, u32>,
    /// Jobs whose receipt this node could not prove, with the block at which to ask again.
    pub receipt_retries: BTreeMap<u64, u32>,
    /// Height of the newest block that was seen.
    pub newest_block: u32,
    /// The machine as last seen, to tell what changed.
    pub last_seen: Option<Machine>,
    /// Whether a stop was asked for.
    pub leaving: bool,
    /// Whether the local clock was far from the chain's when last looked at.
    pub is_clock_off: bool,
    /// Whether the machine is offline for want of disk space.
    pub is_resting: bool,
    pub measuring: power::Measuring,
}

impl Worker {
    /// Serves jobs over `client` until a stop is asked for (`Ok`) or something breaks.
    pub async fn serve(&mut self, client: &Client, stop: &mut Stop) -> Result<(), SessionError> {
        let mut blocks = client.best_blocks().await?;
        self.prepare(client).await?;
        let silence = client.block_time().saturating_mul(SILENCE.0).max(SILENCE.1);
        loop {
            self.work(client).await?;
            tokio::select! {
                biased;
                () = stop.requested() => return self.leave(client).await,
                Some(finished) = self.results.recv() => self.take_all(finished).await?,
                () = self.disputes.news() => {}
                block = blocks.next() => match block {
                    Some(Ok(_)) => self.watch_clock(client).await?,
                    Some(Err(error)) => return Err(ChainError::of_read(error).into()),
                    None => return Err(lost("the node closed the block subscription").into()),
                },
                () = sleep(silence) => return Err(lost("the node sent no block").into()),
            }
        }
    }

    /// Compares the local clock with the block that has just come. Nothing is decided by it: every
    /// deadline is a block.
    async fn watch_clock(&mut self, client: &Client) -> Result<(), ChainError> {
        let skew = clock_skew(client.best().await?.time().await?);
        self.metrics.clock(skew);
        let is_off = skew.abs() > SKEW_SLOTS * client.block_time().as_secs_f64();
        if is_off && !self.is_clock_off {
            tracing::warn!(
                seconds = %format_args!("{skew:.1}"),
                "the local clock differs from the time of the newest block: set the clock (NTP), or the chain is late"
            );
        }
        self.is_clock_off = is_off;
        Ok(())
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
            // What was claimed before is finished and what was delivered is defended in any case:
            // leaving it would cost more bond.
            Some(error) if machine.active > 0 || self.has_open_results(&state).await? => {
                tracing::error!(%error, "no new jobs: finishing claimed ones, defending results")
            }
            Some(error) => return Err(error),
            None if self.is_resting => {}
            None => self.go_online(&signer, &machine).await?,
        }
        self.last_seen = None;
        self.receipt_retries.clear();
        Ok(())
    }

    /// Whether a result of this machine can still be found false.
    async fn has_open_results(&self, state: &State) -> Result<bool, ChainError> {
        let results = state.results().await?;
        Ok(results.iter().any(|result| result.worker == self.account))
    }

    /// Withdraws offers that cannot be served and goes online.
    async fn go_online(&self, signer: &Signer<'_>, machine: &Machine) -> Result<(), ChainError> {
        let offered = machine.offers.iter().map(|(root, _)| root);
        for root in offered.filter(|root| !self.models.contains_key(root)) {
            tracing::warn!(model = %root, "offered on chain but not loaded here: withdrawing the offer");
            signer.execute(&calls::remove_offer(*root)).await?;
        }
        for root in self.models.keys().filter(|root| !offers(machine, root)) {
            tracing::warn!(model = %root, "loaded but not offered on chain; run `aipg-worker register`");
        }
        if !machine.online {
            pause::at(Place::OnlineSending).await;
            let call = signer.sign(&calls::go_online()).await?;
            let submission = signer.submit(&call).await?;
            pause::at(Place::OnlineSent).await;
            let inclusion = submission.inclusion().await?;
            tracing::info!(block = inclusion.number, "online");
        }
        tracing::info!(models = self.models.len(), "ready: waiting for jobs");
        Ok(())
    }

    /// Does everything that can be done now.
    async fn work(&mut self, client: &Client) -> Result<(), SessionError> {
        self.watch_disk(client).await?;
        loop {
            let state = client.best().await?;
            let now = state.number();
            self.newest_block = now;
            let jobs = state.jobs(&self.account).await?;
            for id in self.journal.book.observe(jobs, now) {
                pause::at(Place::JobSeen).await;
                self.journal.save(id)?;
                pause::at(Place::JobStored).await;
            }
            let mut advanced = false;
            let (batches, others) = Book::batches(self.journal.book.steps(now));
            for (action, ids) in batches {
                advanced |= self.say(client, &ids, action, now).await?;
            }
            for (id, step) in others {
                advanced |= self.advance(client, id, step, now).await?;
            }
            if !advanced {
                self.report_progress(client, &state).await?;
                self.watch_machine(client, &state).await?;
                self.follow(client).await?;
                self.complete(client, now).await?;
                self.disputes.step(client, &self.pair, &state).await?;
                self.measure(client, &state).await?;
                return self.collect(client, &state).await;
            }
        }
    }

    /// Says of long jobs that this machine still runs them, or the chain would give them to others.
    async fn report_progress(
        &mut self,
        client: &Client,
        state: &State,
    ) -> Result<(), SessionError> {
        let window = client.constants().progress_window;
        let jobs = self.journal.book.to_report(state.number(), window);
        if jobs.is_empty() {
            return Ok(());
        }
        let reports: Vec<(u64, u32)> = jobs
            .into_iter()
            .map(|id| (id, self.inference.tokens(id)))
            .collect();
        let signer = Signer::new(client, &self.pair);
        match signer.execute(&calls::report_progress(&reports)).await {
            Ok(inclusion) => {
                tracing::info!(
                    jobs = reports.len(),
                    block = inclusion.number,
                    "progress reported"
                );
                Ok(())
            }
            Err(ChainError::Transport(reason)) => Err(lost(&reason).into()),
            Err(error) => {
                tracing::warn!(%error, "progress not reported; trying again at the next block");
                Ok(())
            }
        }
    }

    /// Takes the machine offline while what it does cannot be stored, and online again after that.
    async fn watch_disk(&mut self, client: &Client) -> Result<(), SessionError> {
        self.journal.check_space()?;
        let may_claim = self.journal.may_claim();
        let (size, free) = (self.journal.size(), self.journal.free());
        self.metrics.disk(size, free, !may_claim);
        match (may_claim, self.is_resting) {
            (false, false) => {
                self.is_resting = true;
                tracing::error!(
                    ?free,
                    "DiskFull: no new jobs until there is space; claimed jobs are finished"
                );
                self.go_offline(client).await?;
            }
            (true, true) => {
                self.is_resting = false;
                tracing::info!("there is space again");
                if !self.leaving {
                    self.prepare(client).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells what the chain changed about the machine, penalties above all.
    async fn watch_machine(&mut self, client: &Client, state: &State) -> Result<(), SessionError> {
        let health = client.health().await?;
        self.metrics
            .chain(health.best, health.finalised, health.peers);
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
            if machine.banned && !before.banned {
                tracing::error!(
                    "banned: a result was false, or governance found misuse; half of the bond is gone; stop this machine"
                );
            }
            if machine.suspended && !before.suspended {
                tracing::error!("suspended: claimed jobs are finished, new ones do not come");
            }
        }
        if !machine.online && !self.leaving && !self.is_resting {
            self.return_online(client, state, &machine).await?;
        }
        self.metrics.machine(&machine);
        self.last_seen = Some(machine);
        Ok(())
    }

    /// A running worker is online: a call of an earlier process, or of somebody else with the key,
    /// may have taken it offline.
    async fn return_online(
        &self,
        client: &Client,
        state: &State,
        machine: &Machine,
    ) -> Result<(), SessionError> {
        let is_served = |root: &Hash| self.models.contains_key(root);
        let was_online = self.last_seen.as_ref().is_some_and(|seen| seen.online);
        match obstacle(machine, state.minimum_bond()?, is_served) {
            None => {
                tracing::warn!("the chain shows this machine offline: going online again");
                let signer = Signer::new(client, &self.pair);
                match self.go_online(&signer, machine).await {
                    // A block that was not read yet may have changed it.
                    Err(error @ (ChainError::Dispatch { .. } | ChainError::Superseded { .. })) => {
                        tracing::warn!(%error, "not online again yet");
                    }
                    done => done?,
                }
            }
            Some(reason) if was_online => {
                tracing::warn!(%reason, "the chain shows this machine offline: no new jobs come")
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Goes offline and finishes what it was drawn for, within the time that the settings allow.
    /// Jobs that were drawn before are still claimed: to refuse them costs bond.
    pub async fn leave(&mut self, client: &Client) -> Result<(), SessionError> {
        if self.stay_online {
            tracing::info!("leaving; the machine stays online on chain");
            self.tell_of_open_results();
            return Ok(());
        }
        self.leaving = true;
        let deadline = Instant::now() + self.drain;
        let mut blocks = client.best_blocks().await?;
        self.go_offline(client).await?;
        loop {
            self.work(client).await?;
            let unfinished = self.journal.book.unfinished();
            if unfinished == 0 {
                self.tell_of_open_results();
                return Ok(());
            }
            tracing::info!(unfinished, "finishing claimed jobs");
            tokio::select! {
                biased;
                () = sleep_until(deadline) => {
                    tracing::warn!(unfinished, "out of time: unfinished jobs will be counted as failed");
                    return Ok(());
                }
                Some(finished) = self.results.recv() => self.take_all(finished).await?,
                block = blocks.next() => if block.is_none() {
                    return Err(lost("the node closed the block subscription").into());
                },
            }
        }
    }

    /// A result that is challenged has to be defended, which a machine that is away cannot do.
    fn tell_of_open_results(&self) {
        if let Some((results, last_paid)) = self.journal.book.challengeable() {
            tracing::warn!(
                results,
                last_paid,
                "results of this machine can still be challenged: start again in time to defend them"
            );
        }
    }

    /// Goes offline unless the machine is offline already.
    pub async fn go_offline(&self, client: &Client) -> Result<(), ChainError> {
        let machine = client.best().await?.machine(&self.account).await?;
        if machine.is_some_and(|machine| machine.online) {
            let signer = Signer::new(client, &self.pair);
            pause::at(Place::OfflineSending).await;
            let call = signer.sign(&calls::go_offline()).await?;
            let submission = signer.submit(&call).await?;
            pause::at(Place::OfflineSent).await;
            let inclusion = submission.inclusion().await?;
            tracing::info!(block = inclusion.number, "offline");
        }
        Ok(())
    }
}

/// Local time less `block_time` (milliseconds since 1970), in seconds.
pub fn clock_skew(block_time: u64) -> f64 {
    let local = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    local.as_secs_f64() - block_time as f64 / 1e3
}

/// Whether the machine can work at all.
pub fn check(machine: &Machine) -> Result<(), SessionError> {
    if machine.unbonds_at.is_some() {
        return Err(SessionError::Retired);
    }
    if machine.banned {
        return Err(SessionError::Banned);
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

pub(crate) fn lost(reason: &str) -> ChainError {
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
            banned: false,
            bond: Amount::whole(100),
            level: 1,
            region: Region::Unspecified,
            capacity: 1,
            active: 0,
            completed: 0,
            failed: 0,
            exposed: Amount(0),
            reputation: 1_000_000,
            pace: 500_000,
            power: 0,
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
    fn machine_should_not_work_when_suspended_banned_or_retired() {
        let suspended = Machine {
            suspended: true,
            ..machine()
        };
        assert!(matches!(
            obstacle_of(suspended),
            Some(SessionError::Suspended)
        ));
        let banned = Machine {
            suspended: true,
            banned: true,
            ..machine()
        };
        assert!(matches!(obstacle_of(banned), Some(SessionError::Banned)));
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
