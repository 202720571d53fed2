//! Reads at one block.

use crate::{
    api::{self, runtime_types::pallet_chain_parameters::types::ChainParameters},
    audits::Auditor,
    events::ChainEvent,
    Amount, ChainError, Hash, Job, Machine, ModelTerms, Reward,
};
use std::{collections::BTreeMap, time::Duration};
use subxt::{
    client::OnlineClientAtBlock,
    error::DispatchError,
    ext::scale_decode::DecodeAsType,
    runtime_apis::Payload,
    storage::{Address, PrefixOf},
    utils::AccountId32,
    SubstrateConfig,
};

/// What the genesis of a chain has fixed for good, as far as its workers need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Constants {
    /// Time between two blocks.
    pub block_time: Duration,
    /// Blocks of a round of useful work.
    pub round_blocks: u32,
    /// Blocks in which a machine that runs a job has to be heard of.
    pub progress_window: u32,
    /// Whether windows open in which power is measured.
    pub measures_power: bool,
}

/// The chain at one block.
pub struct State {
    block: OnlineClientAtBlock<SubstrateConfig>,
}

impl State {
    pub(crate) fn new(block: OnlineClientAtBlock<SubstrateConfig>) -> Self {
        Self { block }
    }

    /// Number of the block.
    pub fn number(&self) -> u32 {
        // Block numbers of this chain are 32 bits wide.
        u32::try_from(self.block.block_number()).unwrap_or(u32::MAX)
    }

    /// Hash of the block.
    pub fn hash(&self) -> Hash {
        self.block.block_hash().into()
    }

    pub(crate) fn block(&self) -> &OnlineClientAtBlock<SubstrateConfig> {
        &self.block
    }

    /// When the block was made, in milliseconds since 1970 by its author's clock.
    pub async fn time(&self) -> Result<u64, ChainError> {
        self.block
            .storage()
            .fetch(api::storage().timestamp().now(), ())
            .await
            .map_err(ChainError::of_read)?
            .decode()
            .map_err(ChainError::of_read)
    }

    /// What the genesis has fixed.
    pub(crate) async fn constants(&self) -> Result<Constants, ChainError> {
        let parameters = self.parameters().await?;
        Ok(Constants {
            block_time: Duration::from_millis(parameters.slot_duration_ms),
            round_blocks: parameters.round_blocks,
            progress_window: parameters.progress_window,
            measures_power: parameters.power_interval > 0,
        })
    }

    /// A value of the storage.
    pub(crate) async fn value<A: Address>(
        &self,
        address: A,
        key: A::KeyParts,
    ) -> Result<Option<A::Value>, ChainError> {
        let value = self.block.storage().try_fetch(address, key).await;
        let value = value.map_err(ChainError::of_read)?;
        let value = value.map(|value| value.decode()).transpose();
        value.map_err(ChainError::of_read)
    }

    /// What a runtime API answers.
    pub(crate) async fn call<P: Payload>(&self, call: P) -> Result<P::ReturnType, ChainError> {
        let answer = self.block.runtime_apis().call(call).await;
        answer.map_err(ChainError::of_read)
    }

    /// The values of a map below a prefix, by what `key` makes of their keys.
    pub(crate) async fn entries<A: Address, P: PrefixOf<A::KeyParts>, K: Ord>(
        &self,
        address: A,
        prefix: P,
        key: impl Fn(A::KeyParts) -> K,
    ) -> Result<BTreeMap<K, A::Value>, ChainError>
    where
        A::KeyParts: DecodeAsType,
    {
        let storage = self.block.storage();
        let entries = storage.iter(address, prefix).await;
        let mut entries = entries.map_err(ChainError::of_read)?;
        let mut values = BTreeMap::new();
        while let Some(entry) = entries.next().await {
            let entry = entry.map_err(ChainError::of_read)?;
            let name = entry.key().map_err(ChainError::of_read)?;
            let name = name.decode().map_err(ChainError::of_read)?;
            let value = entry.value().decode().map_err(ChainError::of_read)?;
            values.insert(key(name), value);
        }
        Ok(values)
    }

    pub(crate) async fn parameters(&self) -> Result<ChainParameters, ChainError> {
        self.block
            .storage()
            .fetch(api::storage().chain_parameters().parameters(), ())
            .await
            .map_err(ChainError::of_read)?
            .decode()
            .map_err(ChainError::of_read)
    }

    /// How many calls of `account` the chain has included: the nonce of the next.
    pub async fn nonce(&self, account: &AccountId32) -> Result<u64, ChainError> {
        self.block
            .transactions()
            .account_nonce(account)
            .await
            .map_err(ChainError::of_read)
    }

    /// Whether the call with this hash succeeded or failed in this block; `None` if the block does
    /// not hold it.
    pub async fn outcome_of(&self, call: Hash) -> Result<Option<Result<(), String>>, ChainError> {
        let extrinsics = self
            .block
            .extrinsics()
            .fetch()
            .await
            .map_err(ChainError::of_read)?;
        for extrinsic in extrinsics.iter() {
            let extrinsic = extrinsic.map_err(ChainError::of_read)?;
            if Hash::from(extrinsic.hash()) != call {
                continue;
            }
            let events = extrinsic.events().await.map_err(ChainError::of_read)?;
            for event in events.iter() {
                let event = event.map_err(ChainError::of_read)?;
                if event.is::<api::system::events::ExtrinsicFailed>() {
                    let error =
                        DispatchError::decode_from(event.field_bytes(), self.block.metadata())
                            .map_err(ChainError::of_read)?;
                    return Ok(Some(Err(error.to_string())));
                }
            }
            return Ok(Some(Ok(())));
        }
        Ok(None)
    }

    /// What the block did, as far as [`ChainEvent`] knows it, in order.
    pub async fn events(&self) -> Result<Vec<ChainEvent>, ChainError> {
        let events = self
            .block
            .events()
            .fetch()
            .await
            .map_err(ChainError::of_read)?;
        let mut known = Vec::new();
        for event in events.iter() {
            let event = event.map_err(ChainError::of_read)?;
            known.extend(ChainEvent::decode(&event)?);
        }
        Ok(known)
    }

    /// A live job, whoever has it; `None` once it has ended.
    pub async fn job(&self, id: u64) -> Result<Option<Job>, ChainError> {
        let call = api::runtime_apis().jobs_api().job(id);
        let view = self.call(call).await?;
        Ok(view.map(Job::from))
    }

    /// What `account` can spend: free, less what locks keep.
    pub async fn spendable(&self, account: &AccountId32) -> Result<Amount, ChainError> {
        let record = self
            .block
            .storage()
            .fetch(api::storage().system().account(), (*account,))
            .await
            .map_err(ChainError::of_read)?
            .decode()
            .map_err(ChainError::of_read)?;
        Ok(Amount(record.data.free.saturating_sub(record.data.frozen)))
    }

    /// What a registration pays beside the bond.
    pub fn registration_fee(&self) -> Result<Amount, ChainError> {
        let constant = api::constants().worker_registry().registration_fee();
        self.block
            .constants()
            .entry(constant)
            .map(Amount)
            .map_err(ChainError::of_read)
    }

    /// Least bond of a machine that works.
    pub fn minimum_bond(&self) -> Result<Amount, ChainError> {
        let constant = api::constants().worker_registry().minimum_bond();
        self.block
            .constants()
            .entry(constant)
            .map(Amount)
            .map_err(ChainError::of_read)
    }

    /// The machine that `account` registered.
    pub async fn machine(&self, account: &AccountId32) -> Result<Option<Machine>, ChainError> {
        let call = api::runtime_apis().workers_api().worker(*account);
        let view = self.call(call).await?;
        Ok(view.map(Machine::from))
    }

    /// The auditor that `account` is.
    pub async fn auditor(&self, account: &AccountId32) -> Result<Option<Auditor>, ChainError> {
        let call = api::runtime_apis().audits_api().auditor(*account);
        let view = self.call(call).await?;
        Ok(view.map(Auditor::from))
    }

    /// The live jobs of `account`.
    pub async fn jobs(&self, account: &AccountId32) -> Result<Vec<Job>, ChainError> {
        let call = api::runtime_apis().jobs_api().worker_jobs(*account);
        let views = self.call(call).await?;
        Ok(views.into_iter().map(Job::from).collect())
    }

    /// The tokens of a live job's input, if they are on chain.
    pub async fn public_input(&self, job: u64) -> Result<Option<Vec<u32>>, ChainError> {
        let call = api::runtime_apis().jobs_api().public_input(job);
        self.call(call).await
    }

    /// The terms of a registered, active model.
    pub async fn model(&self, root: Hash) -> Result<Option<ModelTerms>, ChainError> {
        let call = api::runtime_apis().models_api().model(root.into());
        let terms = self.call(call).await?;
        Ok(terms.map(ModelTerms::from))
    }

    /// Rewards of closed rounds that `account` has not claimed, oldest first.
    pub async fn rewards(&self, account: &AccountId32) -> Result<Vec<Reward>, ChainError> {
        let call = api::runtime_apis()
            .economy_api()
            .claimable_rewards(*account);
        let rewards = self.call(call).await?;
        Ok(rewards.into_iter().map(Reward::from).collect())
    }
}
