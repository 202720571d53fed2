//! Verified power: takes part in the unannounced windows in which the chain measures machines, and proves what
//! is drawn of it.
//!
//! What was computed is kept until its window is over. After a restart in between it is computed anew, as far as
//! the chain says that this machine committed to: what cannot be proven costs its power for a long time.

use super::{SessionError, Worker};
use aipg_client::{
    calls::Call,
    power::{self, Power, Window},
    ChainError, Client, Signer, State,
};
use aipg_engine::power::Measured;
use std::{sync::Arc, time::Instant};
use subxt::transactions::Payload;
use tokio::sync::oneshot;

/// Blocks that a commitment needs to be signed and included.
const BLOCKS_TO_COMMIT: u32 = 2;

/// A chain that is computed or was, for one window.
#[derive(Debug)]
struct Attempt {
    window: u32,
    /// Comes when it is computed.
    running: Option<oneshot::Receiver<Measured>>,
    measured: Option<Arc<Measured>>,
    /// The chain refused what this machine said; nothing more is tried in this window.
    is_given_up: bool,
}

/// What a machine does about its power.
#[derive(Debug)]
pub struct Measuring {
    /// Part of a window's time in which it computes; 0: it takes no part.
    share: f64,
    attempt: Option<Attempt>,
    /// It has committed in a window of which it is not settled what came of it.
    is_unsettled: bool,
}

/// What has to be done at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Nothing,
    /// Compute until the time of so many blocks is over.
    Measure {
        blocks: u32,
    },
    /// Compute so many steps once more.
    Repeat {
        steps: u32,
    },
    Commit,
    Prove,
}

/// What is to be done at block `now` in a window, by what the chain says and what there is of it. `attempt`: whether the
/// chain of this window is computed, `None` if nobody has begun.
fn task(power: &Power, window: &Window, attempt: Option<bool>, now: u32) -> Task {
    match (power.claimed, &power.drawn, attempt) {
        (None, _, _) if power.barred_until.is_some() => Task::Nothing,
        (None, _, None) => match window
            .closes_at
            .checked_sub(now.saturating_add(BLOCKS_TO_COMMIT))
        {
            None | Some(0) => Task::Nothing,
            Some(blocks) => Task::Measure { blocks },
        },
        (None, _, Some(true)) if now < window.closes_at => Task::Commit,
        (Some(_), Some(_), Some(true)) => Task::Prove,
        // A restart has lost it.
        (Some(steps), Some(_), None) => Task::Repeat { steps },
        _ => Task::Nothing,
    }
}

impl Measuring {
    pub fn new(share: f64) -> Self {
        Self {
            share,
            attempt: None,
            is_unsettled: false,
        }
    }

    /// The attempt of a window, with what has been computed by now.
    fn attempt_of(&mut self, window: u32) -> Option<&mut Attempt> {
        let attempt = self.attempt.as_mut().filter(|it| it.window == window)?;
        if let Some(running) = &mut attempt.running {
            match running.try_recv() {
                Ok(measured) => {
                    attempt.measured = Some(Arc::new(measured));
                    attempt.running = None;
                }
                Err(oneshot::error::TryRecvError::Empty) => {}
                Err(oneshot::error::TryRecvError::Closed) => {
                    attempt.running = None;
                    attempt.is_given_up = true;
                }
            }
        }
        Some(attempt)
    }

    fn start(
        &mut self,
        window: &Window,
        account: [u8; 32],
        goes_on: impl FnMut(u32) -> bool + Send + 'static,
    ) {
        let (sender, receiver) = oneshot::channel();
        let seed = window.seed.0;
        tokio::task::spawn_blocking(move || {
            // Nobody waits for it any more when the process is about to end.
            let _ = sender.send(Measured::run(&seed, &account, goes_on));
        });
        self.attempt = Some(Attempt {
            window: window.number,
            running: Some(receiver),
            measured: None,
            is_given_up: false,
        });
    }
}

impl Worker {
    /// Does what the chain's measurement of this machine takes now.
    pub(super) async fn measure(
        &mut self,
        client: &Client,
        state: &State,
    ) -> Result<(), SessionError> {
        if self.measuring.share <= 0.0 || !client.constants().measures_power {
            return Ok(());
        }
        let power = state.power(&self.account).await?;
        self.metrics.power(&power);
        let Some(window) = power.window else {
            // Or its power has lapsed, and it is passed over in draws until that is said.
            let counted = self.last_seen.as_ref().map_or(0, |machine| machine.power);
            if std::mem::take(&mut self.measuring.is_unsettled) || counted > power.power {
                return self.settle(client).await;
            }
            self.measuring.attempt = None;
            return Ok(());
        };
        let now = state.number();
        let attempt = self.measuring.attempt_of(window.number);
        if attempt.as_ref().is_some_and(|attempt| attempt.is_given_up) {
            return Ok(());
        }
        let measured = attempt
            .as_ref()
            .and_then(|attempt| attempt.measured.clone());
        let done = attempt.map(|attempt| attempt.measured.is_some());
        match (task(&power, &window, done, now), measured) {
            (Task::Measure { blocks }, _) if self.is_online() => {
                let time = client.block_time().saturating_mul(blocks);
                let time = time.mul_f64(self.measuring.share);
                tracing::info!(
                    window = window.number,
                    seconds = time.as_secs_f64(),
                    "measuring power"
                );
                let end = Instant::now() + time;
                let goes_on = move |_| Instant::now() < end;
                self.measuring.start(&window, self.account.0, goes_on);
            }
            (Task::Repeat { steps }, _) => {
                tracing::warn!(
                    window = window.number,
                    steps,
                    "computing anew what has to be proven"
                );
                self.measuring
                    .start(&window, self.account.0, move |so_far| so_far < steps);
            }
            (Task::Commit, Some(measured)) => {
                let (steps, root) = (measured.steps(), measured.root());
                let call = power::commit(window.number, steps, root);
                if self.tell(client, &call).await? {
                    tracing::info!(window = window.number, steps, "power claimed");
                    self.measuring.is_unsettled = true;
                }
            }
            (Task::Prove, Some(measured)) => {
                let samples = power.drawn.unwrap_or_default();
                let opened = tokio::task::spawn_blocking(move || {
                    let open = |sample| measured.open(sample);
                    samples.into_iter().map(open).collect::<Option<Vec<_>>>()
                });
                let Ok(Some(openings)) = opened.await else {
                    tracing::error!(window = window.number, "what was claimed cannot be opened");
                    self.give_up_power();
                    return Ok(());
                };
                if self
                    .tell(client, &power::prove(window.number, openings))
                    .await?
                {
                    tracing::info!(window = window.number, "power proven");
                    self.measuring.is_unsettled = false;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_online(&self) -> bool {
        self.last_seen
            .as_ref()
            .is_some_and(|machine| machine.online)
    }

    /// Has the chain decide about what this machine claimed last, so that it counts before the next window.
    async fn settle(&mut self, client: &Client) -> Result<(), SessionError> {
        let call = power::settle(self.account);
        if self.tell(client, &call).await? {
            tracing::info!("power settled");
        }
        Ok(())
    }

    /// Makes a call; returns whether it succeeded. What the chain refuses is not tried again in this window.
    async fn tell<C: Payload>(
        &mut self,
        client: &Client,
        call: &Call<C>,
    ) -> Result<bool, SessionError> {
        match Signer::new(client, &self.pair).execute(call).await {
            Ok(_) => Ok(true),
            Err(error @ (ChainError::Transport(_) | ChainError::Incompatible(_))) => {
                Err(error.into())
            }
            Err(error @ ChainError::Dispatch { .. }) => {
                tracing::warn!(call = call.name, %error, "the chain refused it");
                self.give_up_power();
                Ok(false)
            }
            Err(error) => {
                tracing::warn!(call = call.name, %error, "trying again at the next block");
                Ok(false)
            }
        }
    }

    fn give_up_power(&mut self) {
        if let Some(attempt) = &mut self.measuring.attempt {
            attempt.is_given_up = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_client::Hash;
    use aipg_exact::power::Sample;

    const WINDOW: Window = Window {
        number: 3,
        seed: Hash([1; 32]),
        closes_at: 105,
        proves_until: 120,
    };

    fn power(claimed: Option<u32>, is_drawn: bool) -> Power {
        let sample = Sample {
            step: 1,
            row: 2,
            segment: 3,
        };
        Power {
            window: Some(WINDOW),
            power: 0,
            claimed,
            drawn: is_drawn.then(|| vec![sample]),
            barred_until: None,
            attended: 0,
            windows: 0,
        }
    }

    #[test]
    fn window_should_be_used_while_there_is_time_to_commit() {
        let fresh = power(None, false);
        assert_eq!(
            task(&fresh, &WINDOW, None, 100),
            Task::Measure { blocks: 3 }
        );
        assert_eq!(
            task(&fresh, &WINDOW, None, 102),
            Task::Measure { blocks: 1 }
        );
        assert_eq!(task(&fresh, &WINDOW, None, 103), Task::Nothing);
        assert_eq!(task(&fresh, &WINDOW, None, 200), Task::Nothing);
        let barred = Power {
            barred_until: Some(500),
            ..fresh
        };
        assert_eq!(task(&barred, &WINDOW, None, 100), Task::Nothing);
    }

    #[test]
    fn chain_should_be_committed_to_once_it_is_computed() {
        let fresh = power(None, false);
        assert_eq!(task(&fresh, &WINDOW, Some(false), 101), Task::Nothing);
        assert_eq!(task(&fresh, &WINDOW, Some(true), 104), Task::Commit);
        assert_eq!(task(&fresh, &WINDOW, Some(true), 105), Task::Nothing);
        assert_eq!(
            task(&power(Some(9), false), &WINDOW, Some(true), 104),
            Task::Nothing
        );
    }

    #[test]
    fn samples_should_be_proven_also_after_a_restart() {
        let drawn = power(Some(9), true);
        assert_eq!(task(&drawn, &WINDOW, Some(true), 108), Task::Prove);
        assert_eq!(task(&drawn, &WINDOW, None, 108), Task::Repeat { steps: 9 });
        assert_eq!(task(&drawn, &WINDOW, Some(false), 108), Task::Nothing);
        // Nothing is computed anew that nobody asks for.
        assert_eq!(
            task(&power(Some(9), false), &WINDOW, None, 108),
            Task::Nothing
        );
    }
}
