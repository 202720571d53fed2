//! The worker's memory on disk: an embedded database in the data directory.
//!
//! One file, bound to one chain (by its genesis and its first block) and to one key (by its
//! account); opened for anything else it is refused by name. Every write is one transaction that is
//! on disk when the call returns. What a process that is killed leaves behind is what its last
//! finished transaction wrote.
#![allow(
    clippy::result_large_err,
    reason = "redb's own error, which does not leave this module"
)]

use crate::jobs::Record;
use aipg_client::{Amount, Hash, SignedCall};
use redb::{Database, DatabaseError, ReadableTable, TableDefinition, TableHandle};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{
    fmt::Display,
    fs, io,
    panic::{catch_unwind, AssertUnwindSafe},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use subxt::utils::AccountId32;
use thiserror::Error;

/// Name of the database in the data directory.
pub const FILE_NAME: &str = "worker.redb";

/// Pause between attempts to open a database that another process has.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// What the values look like; a database of another version is refused.
const SCHEMA: u32 = 1;

/// Facts about the database itself, by name.
const FACTS: TableDefinition<&str, &[u8]> = TableDefinition::new("facts");
/// Jobs by number; those that ended are history.
const JOBS: TableDefinition<u64, &[u8]> = TableDefinition::new("jobs");
/// Signed claims of rewards by round, until their fate is known.
const REWARD_CALLS: TableDefinition<u32, &[u8]> = TableDefinition::new("reward_calls");
/// What was earned and lost, by block and place in the block.
const ENTRIES: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("entries");

/// Why the database cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("DatabaseLocked: {path} is in use by another process; one worker per key, please", path = .0.display())]
    Locked(PathBuf),
    #[error("DatabaseCorrupt: {path} is damaged ({reason}); move it away, the worker reads from the chain what it has to do", path = .path.display())]
    Corrupt { path: PathBuf, reason: String },
    #[error("DatabaseUnwritable: {path}: {error}", path = .path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("DiskFull: {path}: {error}", path = .path.display())]
    DiskFull { path: PathBuf, error: io::Error },
    #[error("DatabaseOfOtherKey: {path} belongs to {found}, the key is {expected}; use another --data-dir", path = .path.display())]
    OtherKey {
        path: PathBuf,
        expected: String,
        found: String,
    },
    #[error("DatabaseOfOtherChain: {path} belongs to the chain with {what} {found}, the node's is {expected}; use another --data-dir", path = .path.display())]
    OtherChain {
        path: PathBuf,
        what: &'static str,
        expected: Hash,
        found: Hash,
    },
    #[error("DatabaseOfOtherVersion: {path} has version {found}, this program writes {SCHEMA}", path = .path.display())]
    OtherVersion { path: PathBuf, found: u32 },
}

impl StoreError {
    /// Whether it passes when there is space again.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }
}

/// A line of the books: what a finalised block brought or took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub block: u32,
    /// Place among the block's entries.
    pub index: u32,
    /// Milliseconds since 1970 by the block's author.
    pub time: u64,
    /// Round of useful work: of the block for fees and penalties, the rewarded one for rewards.
    pub round: u32,
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// What a line of the books is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum EntryKind {
    /// A job was paid.
    Fee {
        job: u64,
        units: u64,
        fee: Amount,
        amount: Amount,
        /// Whether the chain itself was the requester.
        #[serde(default)]
        is_public: bool,
    },
    /// A reward was minted.
    Reward { amount: Amount, ceiling: String },
    /// Part of the bond was taken.
    Penalty { amount: Amount, fault: String },
}

/// Up to where finalised blocks were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub number: u32,
    pub hash: Hash,
}

/// Everything that one transaction writes.
#[derive(Debug, Default)]
pub struct Batch {
    pub jobs: Vec<Record>,
    pub entries: Vec<Entry>,
    pub cursor: Option<Cursor>,
    /// Claims of rewards to keep (`Some`) or to drop.
    pub reward_calls: Vec<(u32, Option<SignedCall>)>,
    /// Removes all entries from this block on: it and what follows are read again.
    pub rewind_to: Option<u32>,
}

/// Everything that the database holds, for people and for other programs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Contents {
    pub account: String,
    pub genesis: Option<Hash>,
    pub cursor: Option<Cursor>,
    pub jobs: Vec<Record>,
    pub entries: Vec<Entry>,
}

/// The open database.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// `None` after an input or output error, which the library does not get over by itself.
    database: Option<Database>,
}

impl Store {
    /// Opens the database in `folder` for `account`, or creates it.
    pub fn open(folder: &Path, account: &AccountId32) -> Result<Self, StoreError> {
        let path = folder.join(FILE_NAME);
        fs::create_dir_all(folder).map_err(|error| sort_io(&path, error))?;
        let mut store = Self {
            database: Some(open_file(&path)?),
            path,
        };
        store.check_version()?;
        store.bind_account(account)?;
        Ok(store)
    }

    /// [`Self::open`], tried for as long as `patience` while another process has the database. One that was
    /// killed has it until the system has cleared it away, and a supervisor may be quicker than that.
    pub fn open_patiently(
        folder: &Path,
        account: &AccountId32,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let until = Instant::now() + patience;
        loop {
            match Self::open(folder, account) {
                Err(StoreError::Locked(_)) if Instant::now() < until => thread::sleep(LOCK_PAUSE),
                result => return result,
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Length of the file in bytes.
    pub fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Ties the database to a chain, or checks that it is tied to this one. `first` is the hash of
    /// the block of height 1, once it is final: chains that are started anew share their genesis.
    pub fn bind_chain(&mut self, genesis: Hash, first: Option<Hash>) -> Result<(), StoreError> {
        for (name, what, expected) in [
            ("genesis", "genesis", Some(genesis)),
            ("first-block", "first block", first),
        ] {
            let Some(expected) = expected else { continue };
            match self.fact::<Hash>(name)? {
                Some(found) if found != expected => {
                    return Err(StoreError::OtherChain {
                        path: self.path.clone(),
                        what,
                        expected,
                        found,
                    })
                }
                Some(_) => {}
                None => self.set_fact(name, &expected)?,
            }
        }
        Ok(())
    }

    fn check_version(&mut self) -> Result<(), StoreError> {
        match self.fact("schema")? {
            Some(SCHEMA) => Ok(()),
            Some(found) => Err(StoreError::OtherVersion {
                path: self.path.clone(),
                found,
            }),
            None => self.set_fact("schema", &SCHEMA),
        }
    }

    fn bind_account(&mut self, account: &AccountId32) -> Result<(), StoreError> {
        let expected = crate::keys::address(account);
        match self.fact::<String>("account")? {
            Some(found) if found != expected => Err(StoreError::OtherKey {
                path: self.path.clone(),
                expected,
                found,
            }),
            Some(_) => Ok(()),
            None => self.set_fact("account", &expected),
        }
    }

    /// Whether every page of the file is intact. Repairs what an interrupted write left.
    pub fn check_integrity(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let database = self.database()?;
        match catch_unwind(AssertUnwindSafe(|| database.check_integrity())) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(sort_database(&path, error)),
            Err(_) => Err(corrupt(&path, "reading it fails")),
        }
    }

    /// Writes `batch` in one transaction; it is on disk when this returns.
    pub fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut jobs = transaction.open_table(JOBS)?;
            for record in &batch.jobs {
                jobs.insert(record.job.id, encode(&record.to_stored()).as_slice())?;
            }
            let mut entries = transaction.open_table(ENTRIES)?;
            if let Some(block) = batch.rewind_to {
                entries.retain_in((block, 0).., |_, _| false)?;
            }
            for entry in &batch.entries {
                entries.insert((entry.block, entry.index), encode(entry).as_slice())?;
            }
            let mut calls = transaction.open_table(REWARD_CALLS)?;
            for (round, call) in &batch.reward_calls {
                match call {
                    Some(call) => calls.insert(round, encode(call).as_slice())?,
                    None => calls.remove(round)?,
                };
            }
            if let Some(cursor) = &batch.cursor {
                let mut facts = transaction.open_table(FACTS)?;
                facts.insert("cursor", encode(cursor).as_slice())?;
            }
            Ok(())
        })
    }

    pub fn cursor(&mut self) -> Result<Option<Cursor>, StoreError> {
        self.fact("cursor")
    }

    /// Every job, also those that ended.
    pub fn jobs(&mut self) -> Result<Vec<Record>, StoreError> {
        self.read_all(JOBS).map(|jobs| jobs.into_values().collect())
    }

    pub fn reward_calls(&mut self) -> Result<Vec<(u32, SignedCall)>, StoreError> {
        self.read_all(REWARD_CALLS)
            .map(|calls| calls.into_iter().collect())
    }

    pub fn entries(&mut self) -> Result<Vec<Entry>, StoreError> {
        self.read_all(ENTRIES)
            .map(|entries| entries.into_values().collect())
    }

    pub fn contents(&mut self) -> Result<Contents, StoreError> {
        Ok(Contents {
            account: self.fact("account")?.unwrap_or_default(),
            genesis: self.fact("genesis")?,
            cursor: self.cursor()?,
            jobs: self.jobs()?,
            entries: self.entries()?,
        })
    }

    fn fact<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, StoreError> {
        let path = self.path.clone();
        let bytes = self.read(|transaction| {
            let table = match transaction.open_table(FACTS) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
                table => table?,
            };
            Ok(table.get(name)?.map(|value| value.value().to_vec()))
        })?;
        bytes.map(|bytes| decode(&path, name, &bytes)).transpose()
    }

    fn set_fact<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut facts = transaction.open_table(FACTS)?;
            facts.insert(name, encode(value).as_slice())?;
            Ok(())
        })
    }

    fn read_all<K, V>(
        &mut self,
        table: TableDefinition<K, &'static [u8]>,
    ) -> Result<std::collections::BTreeMap<K, V>, StoreError>
    where
        K: redb::Key + for<'a> redb::Value<SelfType<'a> = K> + Ord + KeyText + 'static,
        V: DeserializeOwned,
    {
        let path = self.path.clone();
        let rows = self.read(|transaction| {
            let rows = match transaction.open_table(table) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                rows => rows?,
            };
            let mut all = Vec::new();
            for row in rows.iter()? {
                let (key, value) = row?;
                all.push((key.value(), value.value().to_vec()));
            }
            Ok(all)
        })?;
        rows.into_iter()
            .map(|(key, bytes)| {
                let name = format!("{} {}", table.name(), key.text());
                Ok((key, decode(&path, &name, &bytes)?))
            })
            .collect()
    }

    fn read<T>(
        &mut self,
        work: impl FnOnce(&redb::ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let path = self.path.clone();
        let database = self.database()?;
        let done = catch_unwind(AssertUnwindSafe(|| work(&database.begin_read()?)));
        self.settle(&path, done)
    }

    fn transact(
        &mut self,
        work: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let database = self.database()?;
        let done = catch_unwind(AssertUnwindSafe(|| {
            let transaction = database.begin_write()?;
            work(&transaction)?;
            Ok(transaction.commit()?)
        }));
        self.settle(&path, done)
    }

    /// The database, opened again if an error closed it.
    fn database(&mut self) -> Result<&mut Database, StoreError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open_file(&self.path)?,
        };
        Ok(self.database.insert(database))
    }

    fn settle<T>(
        &mut self,
        path: &Path,
        done: Result<Result<T, redb::Error>, Box<dyn std::any::Any + Send>>,
    ) -> Result<T, StoreError> {
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                self.database = None;
                Err(sort(path, error))
            }
            // The library asserts what it expects of its own pages.
            Err(_) => {
                self.database = None;
                Err(corrupt(path, "reading it fails"))
            }
        }
    }
}

/// Keys as messages name them.
trait KeyText {
    fn text(&self) -> String;
}

impl KeyText for u64 {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl KeyText for u32 {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl KeyText for (u32, u32) {
    fn text(&self) -> String {
        format!("{}.{}", self.0, self.1)
    }
}

fn open_file(path: &Path) -> Result<Database, StoreError> {
    match catch_unwind(|| Database::create(path)) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(error)) => Err(sort_database(path, error)),
        Err(_) => Err(corrupt(path, "opening it fails")),
    }
}

fn sort_database(path: &Path, error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::Locked(path.to_owned()),
        DatabaseError::Storage(error) => sort(path, error.into()),
        error => corrupt(path, error),
    }
}

fn sort(path: &Path, error: redb::Error) -> StoreError {
    match error {
        redb::Error::Io(error) => sort_io(path, error),
        redb::Error::Corrupted(reason) => corrupt(path, reason),
        error => corrupt(path, error),
    }
}

fn sort_io(path: &Path, error: io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::DiskFull { path, error }
        }
        // What the library says of a file that is no database of its own.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => corrupt(&path, error),
        _ => StoreError::Unwritable { path, error },
    }
}

fn corrupt(path: &Path, reason: impl Display) -> StoreError {
    StoreError::Corrupt {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain records with text keys: their encoding cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn decode<T: DeserializeOwned>(path: &Path, name: &str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| corrupt(path, format!("{name}: {error}")))
}

#[cfg(test)]
pub(crate) mod tests;
