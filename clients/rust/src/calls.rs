//! Calls: signed, submitted one at a time, and watched until a block holds them.

use crate::{api, Amount, ChainError, Client, Hash, Region, TokenList};
use std::time::Duration;
use subxt::{
    config::{DefaultExtrinsicParamsBuilder, SubstrateConfig},
    transactions::{Payload, TransactionStatus},
    utils::AccountId32,
};
use subxt_signer::sr25519::Keypair;

/// Blocks within which a call must be included; after them it can never be.
const MORTALITY: u64 = 256;

/// Longest time a call is watched.
const INCLUSION_TIMEOUT: Duration = Duration::from_secs(300);

/// A call that a best block holds and that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inclusion {
    pub block: Hash,
    pub number: u32,
}

/// The machine's key on a connection.
///
/// Calls go one after the other, each with the nonce of the state at the best block. So a call
/// whose fate is unknown (the connection broke while it was watched) and its repetition carry the
/// same nonce, and at most one of them can ever be included.
pub struct Signer<'a> {
    client: &'a Client,
    pair: &'a Keypair,
    account: AccountId32,
}

impl<'a> Signer<'a> {
    pub fn new(client: &'a Client, pair: &'a Keypair) -> Self {
        Self {
            client,
            pair,
            account: pair.public_key().to_account_id(),
        }
    }

    /// Puts `bond` on hold and pays the registration fee.
    pub async fn register(
        &self,
        bond: Amount,
        capacity: u32,
        region: Region,
    ) -> Result<Inclusion, ChainError> {
        let call = api::transactions()
            .worker_registry()
            .register(bond.0, capacity, region.into());
        self.submit("workerRegistry.register", &call).await
    }

    /// Offers a unit of `model` for `ask`; replaces an older offer.
    pub async fn set_offer(&self, model: Hash, ask: Amount) -> Result<Inclusion, ChainError> {
        let call = api::transactions()
            .worker_registry()
            .set_offer(model.into(), ask.0);
        self.submit("workerRegistry.setOffer", &call).await
    }

    /// Stops offering `model`.
    pub async fn remove_offer(&self, model: Hash) -> Result<Inclusion, ChainError> {
        let call = api::transactions()
            .worker_registry()
            .remove_offer(model.into());
        self.submit("workerRegistry.removeOffer", &call).await
    }

    /// Adds `amount` to the bond.
    pub async fn bond_more(&self, amount: Amount) -> Result<Inclusion, ChainError> {
        let call = api::transactions().worker_registry().bond_more(amount.0);
        self.submit("workerRegistry.bondMore", &call).await
    }

    /// From now on the machine can be drawn.
    pub async fn go_online(&self) -> Result<Inclusion, ChainError> {
        let call = api::transactions().worker_registry().go_online();
        self.submit("workerRegistry.goOnline", &call).await
    }

    /// From now on the machine is not drawn any more.
    pub async fn go_offline(&self) -> Result<Inclusion, ChainError> {
        let call = api::transactions().worker_registry().go_offline();
        self.submit("workerRegistry.goOffline", &call).await
    }

    /// Asserts that the input of `job` is in hand and takes the job.
    pub async fn claim(&self, job: u64) -> Result<Inclusion, ChainError> {
        let call = api::transactions().job_escrow().claim(job);
        self.submit("jobEscrow.claim", &call).await
    }

    /// Gives `job` back because its input is missing or wrong.
    pub async fn input_unavailable(&self, job: u64) -> Result<Inclusion, ChainError> {
        let call = api::transactions().job_escrow().input_unavailable(job);
        self.submit("jobEscrow.inputUnavailable", &call).await
    }

    /// Delivers the answer of `job`.
    pub async fn submit_result(
        &self,
        job: u64,
        output: TokenList,
        digest: Hash,
    ) -> Result<Inclusion, ChainError> {
        let call =
            api::transactions()
                .job_escrow()
                .submit_result(job, output.into(), digest.into());
        self.submit("jobEscrow.submitResult", &call).await
    }

    /// Mints the reward of a closed round.
    pub async fn claim_reward(&self, round: u32) -> Result<Inclusion, ChainError> {
        let call = api::transactions().useful_work().claim_reward(round);
        self.submit("usefulWork.claimReward", &call).await
    }

    /// Signs and submits `call` and returns when a best block holds it and it succeeded.
    async fn submit<C: Payload>(
        &self,
        name: &'static str,
        call: &C,
    ) -> Result<Inclusion, ChainError> {
        let watch = self.submit_and_watch(name, call);
        tokio::time::timeout(INCLUSION_TIMEOUT, watch)
            .await
            .unwrap_or_else(|_| {
                Err(ChainError::NotIncluded {
                    call: name,
                    seconds: INCLUSION_TIMEOUT.as_secs(),
                })
            })
    }

    async fn submit_and_watch<C: Payload>(
        &self,
        name: &'static str,
        call: &C,
    ) -> Result<Inclusion, ChainError> {
        let sort = |error: subxt::Error| ChainError::of_call(name, error);
        let best = self.client.best().await?;
        let nonce = best
            .block
            .transactions()
            .account_nonce(&self.account)
            .await
            .map_err(|error| sort(error.into()))?;
        let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
            .mortal(MORTALITY)
            .nonce(nonce)
            .build();
        // Its life is counted from a finalised block, which no reorganisation takes away.
        let mut transactions = self
            .client
            .online
            .transactions()
            .await
            .map_err(|error| sort(error.into()))?;
        let mut progress = transactions
            .sign_and_submit_then_watch(call, self.pair, parameters)
            .await
            .map_err(|error| sort(error.into()))?;

        while let Some(status) = progress.next().await {
            let reason = match status.map_err(|error| sort(error.into()))? {
                TransactionStatus::InBestBlock(inclusion)
                | TransactionStatus::InFinalizedBlock(inclusion) => {
                    inclusion
                        .wait_for_success()
                        .await
                        .map_err(|error| sort(error.into()))?;
                    let block = inclusion.at().await.map_err(|error| sort(error.into()))?;
                    return Ok(Inclusion {
                        block: inclusion.block_hash().into(),
                        number: u32::try_from(block.block_number()).unwrap_or(u32::MAX),
                    });
                }
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => message,
                TransactionStatus::Validated
                | TransactionStatus::Broadcasted
                | TransactionStatus::NoLongerInBestBlock => continue,
            };
            return Err(ChainError::Refused { call: name, reason });
        }
        Err(ChainError::Transport(format!(
            "the node stopped reporting about {name}"
        )))
    }
}
