//! The book of jobs with its copy on disk.
//!
//! What the worker decides by is in memory; every change is written before anything is done that
//! depends on it. When the disk is full, changes are kept in memory and written as soon as there is
//! space: until then the worker takes no new job, and finishes those it has claimed, because a
//! claimed job that is not delivered costs bond. The chain itself refuses a second result, so that
//! even a crash in this state pays for nothing twice.

use crate::{
    jobs::{Book, Sent},
    store::{Batch, Contents, Cursor, Store, StoreError},
};
use aipg_client::{Hash, SignedCall};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Free space on the disk of the data directory under which no new job is taken.
pub const LEAST_FREE: u64 = 64 * 1024 * 1024;

/// A database that several tasks of the process read.
#[derive(Clone)]
pub struct SharedStore(Arc<Mutex<Store>>);

impl SharedStore {
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    /// Everything that the database holds.
    pub fn contents(&self) -> Result<Contents, StoreError> {
        self.lock().contents()
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        // Whoever panicked held no half-done change: transactions are undone.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the worker has in memory and on disk.
pub struct Journal {
    pub book: Book,
    /// Claims of rewards whose fate is not known yet, by round.
    pub reward_calls: BTreeMap<u32, Sent>,
    store: SharedStore,
    folder: PathBuf,
    cursor: Option<Cursor>,
    /// Jobs and rewards whose last change is not on disk.
    unwritten_jobs: BTreeSet<u64>,
    unwritten_rewards: BTreeSet<u32>,
    is_full: bool,
}

impl Journal {
    /// Takes up what the last process left.
    pub fn restore(shared: SharedStore) -> Result<Self, StoreError> {
        let (jobs, calls, cursor, folder) = {
            let mut store = shared.lock();
            let folder = store.path().parent().map(PathBuf::from).unwrap_or_default();
            (
                store.jobs()?,
                store.reward_calls()?,
                store.cursor()?,
                folder,
            )
        };
        let calls = calls.into_iter().map(|(round, call)| {
            let sent = Sent {
                call,
                included: None,
                is_fresh: false,
            };
            (round, sent)
        });
        Ok(Self {
            book: Book::restore(jobs),
            reward_calls: calls.collect(),
            store: shared,
            folder,
            cursor,
            unwritten_jobs: BTreeSet::new(),
            unwritten_rewards: BTreeSet::new(),
            is_full: false,
        })
    }

    /// Ties the database to the chain; see [`Store::bind_chain`].
    pub fn bind_chain(&self, genesis: Hash, first: Option<Hash>) -> Result<(), StoreError> {
        self.store.lock().bind_chain(genesis, first)
    }

    pub fn contents(&self) -> Result<Contents, StoreError> {
        self.store.contents()
    }

    /// Length of the database file in bytes.
    pub fn size(&self) -> u64 {
        self.store.lock().size()
    }

    /// Free bytes on the disk of the data directory.
    pub fn free(&self) -> Option<u64> {
        fs4::available_space(&self.folder).ok()
    }

    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// Whether new jobs may be taken: what is decided can be stored.
    pub fn may_claim(&self) -> bool {
        !self.is_full
    }

    /// Stores the record of a job. `false`: the disk is full, it is kept in memory.
    pub fn save(&mut self, id: u64) -> Result<bool, StoreError> {
        self.unwritten_jobs.insert(id);
        self.flush()
    }

    /// Keeps the signed claim of a reward, stored like [`Self::save`].
    pub fn keep_reward_call(&mut self, round: u32, call: SignedCall) -> Result<bool, StoreError> {
        let sent = Sent {
            call,
            included: None,
            is_fresh: true,
        };
        self.reward_calls.insert(round, sent);
        self.unwritten_rewards.insert(round);
        self.flush()
    }

    /// Forgets the claim of a reward.
    pub fn drop_reward_call(&mut self, round: u32) -> Result<bool, StoreError> {
        self.reward_calls.remove(&round);
        self.unwritten_rewards.insert(round);
        self.flush()
    }

    /// Stores what a finalised block brought, and `book` in place of the one before it; nothing
    /// changes when the disk is full.
    pub fn finalise(&mut self, mut batch: Batch, book: Book) -> Result<bool, StoreError> {
        self.add_unwritten(&mut batch, &book);
        if !self.write(&batch)? {
            return Ok(false);
        }
        self.book = book;
        self.book.forget_ended();
        self.cursor = batch.cursor.or(self.cursor);
        Ok(true)
    }

    /// Looks for space: writes what is not on disk yet, and judges the free space.
    pub fn check_space(&mut self) -> Result<(), StoreError> {
        if self.is_full {
            // With nothing to write, an empty transaction tells.
            self.flush()?;
        }
        if self.free().is_some_and(|free| free < LEAST_FREE) {
            self.is_full = true;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        self.add_unwritten(&mut batch, &self.book);
        self.write(&batch)
    }

    fn add_unwritten(&self, batch: &mut Batch, book: &Book) {
        let known: BTreeSet<u64> = batch.jobs.iter().map(|record| record.job.id).collect();
        let jobs = self.unwritten_jobs.difference(&known);
        batch
            .jobs
            .extend(jobs.filter_map(|id| book.get(*id).cloned()));
        let rewards = self.unwritten_rewards.iter();
        batch.reward_calls.extend(rewards.map(|round| {
            let call = self.reward_calls.get(round).map(|sent| sent.call.clone());
            (*round, call)
        }));
    }

    fn write(&mut self, batch: &Batch) -> Result<bool, StoreError> {
        match self.store.lock().write(batch) {
            Ok(()) => {
                self.unwritten_jobs.clear();
                self.unwritten_rewards.clear();
                self.is_full = false;
                Ok(true)
            }
            Err(error) if error.is_disk_full() => {
                if !self.is_full {
                    tracing::error!(%error, "cannot store what is done");
                }
                self.is_full = true;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jobs::tests::job,
        store::{tests::on_limited_disk, Entry, EntryKind},
    };
    use aipg_client::{Amount, Stage};
    use std::sync::atomic::{AtomicBool, Ordering};
    use subxt::utils::AccountId32;

    fn journal(folder: &std::path::Path) -> (Journal, Arc<AtomicBool>) {
        let (store, is_full) = on_limited_disk(folder);
        (Journal::restore(SharedStore::new(store)).unwrap(), is_full)
    }

    fn restored(folder: &std::path::Path) -> Journal {
        let store = Store::open(folder, &AccountId32([7; 32])).unwrap();
        Journal::restore(SharedStore::new(store)).unwrap()
    }

    fn call() -> SignedCall {
        SignedCall {
            name: "usefulWork.claimReward".into(),
            nonce: 3,
            hash: Hash([4; 32]),
            born: 1,
            dies: 257,
            bytes: vec![1],
        }
    }

    #[test]
    fn journal_should_take_up_what_it_left() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = journal(folder.path());
        journal
            .book
            .observe(vec![job(7, Stage::Assigned, 110)], 100);
        assert!(journal.save(7).unwrap());
        journal.keep_reward_call(2, call()).unwrap();
        journal.keep_reward_call(3, call()).unwrap();
        journal.drop_reward_call(3).unwrap();
        drop(journal);
        let after = restored(folder.path());
        assert_eq!(after.book.unlisted(), [7]);
        let rounds: Vec<_> = after.reward_calls.keys().copied().collect();
        assert_eq!(rounds, [2]);
        assert!(!after.reward_calls[&2].is_fresh, "somebody may have it");
    }

    #[test]
    fn journal_should_claim_nothing_while_the_disk_is_full_and_write_when_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, is_full) = journal(folder.path());
        assert!(journal.may_claim());
        journal
            .book
            .observe(vec![job(7, Stage::Assigned, 110)], 100);
        is_full.store(true, Ordering::SeqCst);
        assert!(!journal.save(7).unwrap());
        assert!(!journal.may_claim());
        journal.check_space().unwrap();
        assert!(journal.may_claim());
        drop(journal);
        assert_eq!(restored(folder.path()).book.unlisted(), [7]);
    }

    #[test]
    fn block_should_change_nothing_when_it_cannot_be_stored() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, is_full) = journal(folder.path());
        let cursor = Cursor {
            number: 5,
            hash: Hash([5; 32]),
        };
        let batch = || Batch {
            cursor: Some(cursor),
            entries: vec![Entry {
                block: 5,
                index: 0,
                time: 0,
                round: 0,
                kind: EntryKind::Reward {
                    amount: Amount(1),
                    ceiling: "fee".into(),
                },
            }],
            ..Batch::default()
        };
        is_full.store(true, Ordering::SeqCst);
        assert!(!journal.finalise(batch(), Book::default()).unwrap());
        assert_eq!(journal.cursor(), None);
        assert!(journal.finalise(batch(), Book::default()).unwrap());
        assert_eq!(journal.cursor(), Some(cursor));
        assert_eq!(journal.contents().unwrap().entries.len(), 1);
    }
}
