//! Calls that are signed once, sent as often as needed, and included at most once.
//!
//! Signing and sending are two steps. [`Signer::sign`] gives a [`SignedCall`], which can be stored
//! before anybody has seen it; [`Signer::submit`] sends it. Sending the same bytes again, also from
//! another process or through another node, can never have a second effect: the call has one nonce,
//! and a nonce is used once. What became of a call is read from the chain ([`Signer::fate`]): which
//! block used its nonce, whether it was this call that used it, and whether it succeeded.
//!
//! A program that must not do a step twice therefore stores the signed call, sends it, and after
//! any doubt (a broken connection, a refusal by the pool, a crash) asks for its fate. Only when the
//! fate is [`Fate::Void`] may it look at the chain again and sign another call for the same step.

use crate::{calls::Call, ChainError, Client, Hash, State};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subxt::{
    config::DefaultExtrinsicParamsBuilder,
    rpcs::{client::RpcSubscription, methods::legacy::TransactionStatus},
    transactions::Payload,
    utils::{AccountId32, H256},
    SubstrateConfig,
};
use subxt_signer::sr25519::Keypair;
use tokio::time::{sleep, timeout, Instant};

/// Blocks within which a call must be included; after them it can never be.
pub const MORTALITY: u32 = 256;

/// Blocks that a call is waited for before it counts as not included yet.
const PATIENCE_BLOCKS: u32 = 8;

/// Least time that a call is waited for.
const LEAST_PATIENCE: Duration = Duration::from_secs(30);

/// How often [`Signer::execute`] signs anew after another call took its nonce.
const REPAIRS: u32 = 5;

/// A call that a best block holds and that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    pub block: Hash,
    pub number: u32,
}

/// A signed call: the same bytes whenever it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCall {
    /// `pallet.call`, for people.
    pub name: String,
    pub nonce: u64,
    /// blake2b-256 of the bytes; the transaction's hash.
    pub hash: Hash,
    /// First block that may include it.
    pub born: u32,
    /// First block that may not include it any more.
    pub dies: u32,
    pub bytes: Vec<u8>,
}

/// What became of a signed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// No block holds it, and one may yet.
    Pending,
    /// A block holds it and it succeeded; `is_final`: no reorganisation can take it away.
    Included {
        inclusion: Inclusion,
        is_final: bool,
    },
    /// A block holds it and it failed with this error.
    Failed {
        inclusion: Inclusion,
        is_final: bool,
        error: String,
    },
    /// It can never be included: its time is over, or a final block used its nonce otherwise.
    Void,
    /// Its nonce is used, but the node no longer has the blocks that tell by what. It can never be
    /// included from now on; whether it was is seen by its effect only.
    Forgotten,
}

/// A call on its way; see [`Submission::inclusion`].
pub struct Submission<'a> {
    signer: &'a Signer<'a>,
    call: &'a SignedCall,
    statuses: Option<RpcSubscription<TransactionStatus<H256>>>,
}

/// A key on a connection.
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

    /// Signs `call` with the nonce of the state at the best block. Nothing is sent.
    pub async fn sign<C: Payload>(&self, call: &Call<C>) -> Result<SignedCall, ChainError> {
        self.sign_ahead(call, 0).await
    }

    /// The same for a call that is sent after `ahead` others, signed at the same block.
    pub async fn sign_ahead<C: Payload>(
        &self,
        call: &Call<C>,
        ahead: u64,
    ) -> Result<SignedCall, ChainError> {
        let nonce = self.client.best().await?.nonce(&self.account).await?;
        let nonce = nonce.saturating_add(ahead);
        // Its life is counted from a finalised block, which no reorganisation takes away.
        let finalised = self.client.finalised().await?;
        let (born, hash) = (finalised.number(), finalised.hash());
        let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
            .nonce(nonce)
            .mortal_from_unchecked(MORTALITY.into(), born.into(), hash.into())
            .build();
        let transaction = finalised
            .block()
            .transactions()
            .create_signable_offline(&call.payload, parameters)
            .and_then(|mut signable| signable.sign(self.pair))
            .map_err(|error| ChainError::of_call(call.name, error))?;
        Ok(SignedCall {
            name: call.name.to_owned(),
            nonce,
            hash: transaction.hash().into(),
            born,
            dies: born.saturating_add(MORTALITY),
            bytes: transaction.into_encoded(),
        })
    }

    /// Hands `call` to the node. A refusal is an error only if it says that the call is wrong;
    /// what it says about nonces is found out by [`Submission::inclusion`].
    pub async fn submit<'s>(&'s self, call: &'s SignedCall) -> Result<Submission<'s>, ChainError> {
        let sent = self
            .client
            .methods
            .author_submit_and_watch_extrinsic(&call.bytes)
            .await
            .map_err(|error| ChainError::of_submission(&call.name, error));
        let statuses = match sent {
            Ok(statuses) => Some(statuses),
            Err(ChainError::NonceConflict { call, reason }) => {
                tracing::debug!(call, reason, "the pool has another opinion on the nonce");
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Submission {
            signer: self,
            call,
            statuses,
        })
    }

    /// Sends `call` and returns when a best block holds it and it succeeded.
    pub async fn send(&self, call: &SignedCall) -> Result<Inclusion, ChainError> {
        self.submit(call).await?.inclusion().await
    }

    /// Signs and sends `call`, and does so again with a new nonce when another call of the same
    /// account took the first one. For calls that may be repeated.
    pub async fn execute<C: Payload>(&self, call: &Call<C>) -> Result<Inclusion, ChainError> {
        for _ in 0..REPAIRS {
            let signed = self.sign(call).await?;
            match self.send(&signed).await {
                Err(ChainError::Superseded { call }) => {
                    tracing::debug!(call, "another call used the nonce: signing anew");
                }
                result => return result,
            }
        }
        Err(ChainError::Superseded {
            call: call.name.to_owned(),
        })
    }

    /// What became of `call`.
    pub async fn fate(&self, call: &SignedCall) -> Result<Fate, ChainError> {
        let finalised = self.client.finalised().await?;
        let is_used = |nonce: u64| nonce > call.nonce;
        if is_used(finalised.nonce(&self.account).await?) {
            let fate = self.look_up(call, finalised.number(), true).await;
            return match fate {
                Err(ChainError::Pruned(_)) => Ok(Fate::Forgotten),
                fate => fate,
            };
        }
        if finalised.number().saturating_add(1) >= call.dies {
            return Ok(Fate::Void);
        }
        let best = self.client.best().await?;
        if is_used(best.nonce(&self.account).await?) {
            // Another branch may be best by now; then the next look tells.
            return match self.look_up(call, best.number(), false).await? {
                Fate::Void => Ok(Fate::Pending),
                fate => Ok(fate),
            };
        }
        Ok(Fate::Pending)
    }

    /// Finds the block that used the call's nonce, at `last` the latest, and judges the call there.
    async fn look_up(
        &self,
        call: &SignedCall,
        last: u32,
        is_final: bool,
    ) -> Result<Fate, ChainError> {
        let (mut low, mut high) = (call.born, last);
        // The nonce of an account never falls: the first block after which it is above the call's.
        while low < high {
            let middle = low + (high - low) / 2;
            let state = self.client.at_number(middle).await?;
            if state.nonce(&self.account).await? > call.nonce {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        let state = self.client.at_number(low).await?;
        self.judge(call, &state, is_final).await
    }

    async fn judge(
        &self,
        call: &SignedCall,
        state: &State,
        is_final: bool,
    ) -> Result<Fate, ChainError> {
        let inclusion = Inclusion {
            block: state.hash(),
            number: state.number(),
        };
        Ok(match state.outcome_of(call.hash).await? {
            None => Fate::Void,
            Some(Ok(())) => Fate::Included {
                inclusion,
                is_final,
            },
            Some(Err(error)) => Fate::Failed {
                inclusion,
                is_final,
                error,
            },
        })
    }
}

impl Submission<'_> {
    /// Returns when a best block holds the call and it succeeded.
    ///
    /// # Errors
    /// [`ChainError::Dispatch`] if it failed there, [`ChainError::Superseded`] if it can never be
    /// included, [`ChainError::NotIncluded`] if no block took it for a while.
    pub async fn inclusion(mut self) -> Result<Inclusion, ChainError> {
        let pause = self.signer.client.block_time();
        let patience = pause.saturating_mul(PATIENCE_BLOCKS).max(LEAST_PATIENCE);
        let deadline = Instant::now() + patience;
        loop {
            let hint = timeout(pause, self.hint()).await;
            if let Ok(Some(block)) = hint {
                if let Some(inclusion) = self.look_into(block).await? {
                    return Ok(inclusion);
                }
            }
            let name = || self.call.name.clone();
            match self.signer.fate(self.call).await? {
                Fate::Included { inclusion, .. } => return Ok(inclusion),
                Fate::Failed { error, .. } => {
                    return Err(ChainError::Dispatch {
                        call: name(),
                        error,
                    })
                }
                Fate::Void | Fate::Forgotten => {
                    return Err(ChainError::Superseded { call: name() })
                }
                Fate::Pending if Instant::now() >= deadline => {
                    return Err(ChainError::NotIncluded {
                        call: name(),
                        seconds: patience.as_secs(),
                    })
                }
                Fate::Pending => {}
            }
        }
    }

    /// The next block that the node says holds the call; without a subscription, nothing for ever.
    /// The word of the node only says where to look.
    async fn hint(&mut self) -> Option<Hash> {
        while let Some(statuses) = &mut self.statuses {
            match statuses.next().await {
                Some(Ok(
                    TransactionStatus::InBlock(block) | TransactionStatus::Finalized(block),
                )) => return Some(block.into()),
                Some(Ok(
                    TransactionStatus::Usurped(_)
                    | TransactionStatus::Dropped
                    | TransactionStatus::Invalid,
                ))
                | Some(Err(_))
                | None => {
                    self.statuses = None;
                    return None;
                }
                Some(Ok(_)) => {}
            }
        }
        sleep(Duration::MAX).await;
        None
    }

    async fn look_into(&self, block: Hash) -> Result<Option<Inclusion>, ChainError> {
        let state = self.signer.client.at(block).await?;
        match self.signer.judge(self.call, &state, false).await? {
            Fate::Included { inclusion, .. } => Ok(Some(inclusion)),
            Fate::Failed { error, .. } => Err(ChainError::Dispatch {
                call: self.call.name.clone(),
                error,
            }),
            _ => Ok(None),
        }
    }
}
