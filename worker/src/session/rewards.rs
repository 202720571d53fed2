//! Claiming the rewards of closed rounds, as the chain lists them: also those of earlier processes.

use super::{SessionError, Worker};
use crate::pause::{self, Place};
use aipg_client::{calls, ChainError, Client, Fate, Signer, State};

/// Blocks after which a reward that could not be claimed is tried again.
const REWARD_RETRY: u32 = 20;

impl Worker {
    /// Claims one reward; the next block brings the next one, so that jobs come first.
    pub(super) async fn collect(
        &mut self,
        client: &Client,
        state: &State,
    ) -> Result<(), SessionError> {
        let now = state.number();
        let rewards = state.rewards(&self.account).await?;
        self.reward_retries
            .retain(|round, _| rewards.iter().any(|reward| reward.round == *round));
        // First what was signed before: another claim of the same round may follow only when that
        // one is out of the way.
        let signed: Vec<u32> = self.journal.reward_calls.keys().copied().collect();
        for round in signed {
            if self.is_reward_due(round, now) {
                return self.claim_reward(client, round, now).await;
            }
        }
        let due = rewards
            .into_iter()
            .find(|reward| self.is_reward_due(reward.round, now));
        let Some(reward) = due else { return Ok(()) };
        // Unsigned so far, so nothing is lost if it waits for space on the disk.
        if !self.journal.may_claim() {
            return Ok(());
        }
        let signer = Signer::new(client, &self.pair);
        let call = signer.sign(&calls::claim_reward(reward.round)).await?;
        pause::at(Place::RewardSigned).await;
        if !self.journal.keep_reward_call(reward.round, call)? {
            self.journal.drop_reward_call(reward.round)?;
            return Ok(());
        }
        pause::at(Place::RewardStored).await;
        tracing::info!(
            round = reward.round,
            amount = %reward.amount,
            ceiling = reward.ceiling,
            "claiming a reward"
        );
        self.claim_reward(client, reward.round, now).await
    }

    fn is_reward_due(&self, round: u32, now: u32) -> bool {
        self.reward_retries
            .get(&round)
            .is_none_or(|&block| now >= block)
    }

    /// Sends the stored claim of a reward, or finds out what became of it.
    async fn claim_reward(
        &mut self,
        client: &Client,
        round: u32,
        now: u32,
    ) -> Result<(), SessionError> {
        // Also after a success: the best block that was read may not hold it yet.
        self.reward_retries
            .insert(round, now.saturating_add(REWARD_RETRY));
        let Some(sent) = self.journal.reward_calls.get_mut(&round) else {
            return Ok(());
        };
        let is_fresh = std::mem::take(&mut sent.is_fresh);
        let call = sent.call.clone();
        let signer = Signer::new(client, &self.pair);
        if !is_fresh {
            match signer.fate(&call).await? {
                Fate::Pending => {}
                fate => {
                    tracing::info!(round, ?fate, "an earlier claim of the reward is done");
                    // What is still listed is claimed at the next look.
                    self.reward_retries.remove(&round);
                    return self.resolve_reward(round).await;
                }
            }
        }
        let submission = signer.submit(&call).await;
        pause::at(Place::RewardSent).await;
        let included = match submission {
            Ok(submission) => submission.inclusion().await,
            Err(error) => Err(error),
        };
        match included {
            Ok(inclusion) => {
                pause::at(Place::RewardIncluded).await;
                tracing::info!(round, block = inclusion.number, "reward claimed");
                self.resolve_reward(round).await
            }
            Err(error @ (ChainError::Transport(_) | ChainError::Incompatible(_))) => {
                Err(error.into())
            }
            Err(error @ (ChainError::Dispatch { .. } | ChainError::Superseded { .. })) => {
                tracing::warn!(round, %error, "reward not claimed");
                self.resolve_reward(round).await
            }
            Err(error) => {
                tracing::warn!(round, %error, "reward not claimed yet");
                Ok(())
            }
        }
    }

    async fn resolve_reward(&mut self, round: u32) -> Result<(), SessionError> {
        self.journal.drop_reward_call(round)?;
        pause::at(Place::RewardResolved).await;
        Ok(())
    }
}
