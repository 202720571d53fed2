//! The blobs of the jobs on chain.

use std::{collections::HashSet, sync::Arc};

use aipg_primitives::{api::JobsApi, JobId};
use aipg_runtime::{opaque::Block, AccountId, BlockNumber};
use sc_client_api::{backend::Backend, HeaderBackend, StorageKey, StorageProvider};
use sp_api::ProvideRuntimeApi;
use sp_core::H256;
use sp_io::hashing::twox_128;

use super::retention::{JobsUnknown, LiveJobs};

/// Bytes of the prefix of a storage map, and of the hash before the key of an entry.
const MAP_PREFIX: usize = 32;
const KEY_HASH: usize = 8;

/// Asks the runtime about the live jobs, at the newest block and at the newest final one: what either of
/// them needs is needed.
pub struct ChainJobs<C, B, S> {
    client: Arc<C>,
    /// Whether the node is catching up with the chain.
    syncing: S,
    backend: std::marker::PhantomData<fn() -> B>,
}

impl<C, B, S> ChainJobs<C, B, S> {
    /// Reads through `client` unless `syncing` holds.
    pub fn new(client: Arc<C>, syncing: S) -> Self {
        Self {
            client,
            syncing,
            backend: std::marker::PhantomData,
        }
    }
}

/// Prefix of the storage keys of all live jobs: a job has an entry there until it has ended.
fn jobs_prefix() -> StorageKey {
    StorageKey([twox_128(b"JobEscrow"), twox_128(b"Jobs")].concat())
}

/// The number of the job that a storage key belongs to.
fn job_of(key: &StorageKey) -> Option<JobId> {
    let number = key.0.get(MAP_PREFIX + KEY_HASH..)?;
    Some(JobId::from_le_bytes(number.try_into().ok()?))
}

impl<C, B, S> ChainJobs<C, B, S>
where
    B: Backend<Block>,
    C: ProvideRuntimeApi<Block> + HeaderBackend<Block> + StorageProvider<Block, B>,
    C::Api: JobsApi<Block, AccountId, BlockNumber>,
{
    fn add(&self, at: H256, blobs: &mut HashSet<H256>) -> Result<(), JobsUnknown> {
        let unreadable = |reason: String| JobsUnknown::Unreadable { at, reason };
        let keys = self
            .client
            .storage_keys(at, Some(&jobs_prefix()), None)
            .map_err(|error| unreadable(error.to_string()))?;
        for key in keys {
            let id = job_of(&key).ok_or_else(|| unreadable("a key is too short".into()))?;
            let job = self
                .client
                .runtime_api()
                .job(at, id)
                .map_err(|error| unreadable(error.to_string()))?
                .ok_or_else(|| unreadable(format!("there is no job {id}")))?;
            blobs.insert(job.input.blob);
            blobs.extend(job.output.map(|output| output.blob));
        }
        Ok(())
    }
}

impl<C, B, S> LiveJobs for ChainJobs<C, B, S>
where
    B: Backend<Block> + 'static,
    C: ProvideRuntimeApi<Block>
        + HeaderBackend<Block>
        + StorageProvider<Block, B>
        + Send
        + Sync
        + 'static,
    C::Api: JobsApi<Block, AccountId, BlockNumber>,
    S: Fn() -> bool + Send + Sync + 'static,
{
    fn blobs(&self) -> Result<HashSet<H256>, JobsUnknown> {
        if (self.syncing)() {
            return Err(JobsUnknown::Syncing);
        }
        let info = self.client.info();
        let mut blobs = HashSet::new();
        self.add(info.best_hash, &mut blobs)?;
        if info.finalized_hash != info.best_hash {
            self.add(info.finalized_hash, &mut blobs)?;
        }
        Ok(blobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_a_job_should_be_where_the_runtime_stores_it() {
        for id in [0, 7, u64::from(u32::MAX) + 1, u64::MAX] {
            let key = pallet_job_escrow::Jobs::<aipg_runtime::Runtime>::hashed_key_for(id);
            assert!(key.starts_with(&jobs_prefix().0));
            assert_eq!(job_of(&StorageKey(key)), Some(id));
        }
        assert_eq!(job_of(&jobs_prefix()), None);
    }
}
