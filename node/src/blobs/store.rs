//! The blobs on disk.
//!
//! A blob with the hash `abcd..` lies in `<root>/ab/cd..`. It is first written to
//! `<root>/incoming`, flushed to the disk and then renamed, so that a file outside of `incoming`
//! is always complete, whatever happens to the machine.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use sp_core::{Blake2Hasher, Hasher, H256};

/// Size of the largest blob in bytes: 4 MiB.
pub const MAX_BLOB_SIZE: usize = 4 * 1024 * 1024;

/// Unit in which disk space is counted, in bytes: a file takes whole blocks of the file system,
/// so a million tiny blobs take far more space than they have bytes.
const ALLOCATION_UNIT: u64 = 4096;

/// Folder for blobs that are being written.
const INCOMING: &str = "incoming";

/// Why a blob could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The blob has more bytes than are allowed.
    #[error("the blob has {length} bytes, at most {MAX_BLOB_SIZE} are allowed")]
    TooLarge {
        /// Size of the blob in bytes.
        length: usize,
    },
    /// The blob has no bytes.
    #[error("the blob has no bytes")]
    Empty,
    /// There is no blob with this hash.
    #[error("there is no blob {0:?} on this node")]
    NotFound(H256),
    /// The stored bytes no longer have this hash; they were removed.
    #[error("the stored bytes of blob {0:?} were damaged and have been removed")]
    Corrupted(H256),
    /// The blob does not fit into the space that is left.
    #[error(
        "the store has {free} bytes of its quota of {quota} bytes left, the blob needs {needed}"
    )]
    StoreFull {
        /// Space that is left, in bytes.
        free: u64,
        /// Space that the blob would take, in bytes.
        needed: u64,
        /// Space that all blobs together may take, in bytes.
        quota: u64,
    },
    /// There is no space left on the device.
    #[error("the disk of this node is full")]
    DiskFull,
    /// The file system refused.
    #[error("the blob store could not access its files: {0}")]
    Io(io::Error),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io(error),
        }
    }
}

/// Why a node cannot have a blob store.
#[derive(Debug, thiserror::Error)]
#[error("BlobStoreUnavailable: cannot keep blobs in `{}`: {source}", folder.display())]
pub struct StoreUnavailable {
    /// The folder of the store.
    pub folder: PathBuf,
    /// What the file system says.
    pub source: io::Error,
}

/// What a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Number of blobs.
    pub blobs: u64,
    /// Bytes of all blobs.
    pub content: u64,
    /// Disk space counted for all blobs, in bytes; this is what the quota bounds.
    pub space: u64,
}

impl Usage {
    fn add(&mut self, length: u64) {
        self.blobs = self.blobs.saturating_add(1);
        self.content = self.content.saturating_add(length);
        self.space = self.space.saturating_add(space_on_disk(length));
    }

    fn remove(&mut self, length: u64) {
        self.blobs = self.blobs.saturating_sub(1);
        self.content = self.content.saturating_sub(length);
        self.space = self.space.saturating_sub(space_on_disk(length));
    }
}

/// Content-addressed blobs in a folder. All methods do file work and block the calling thread.
#[derive(Debug)]
pub struct BlobStore {
    root: PathBuf,
    quota: u64,
    /// What is stored. Whoever adds or removes a file holds this lock, so that the counts and the
    /// files agree; readers do not need it.
    usage: Mutex<Usage>,
}

impl BlobStore {
    /// Opens the store in the folder `root`, which is created if needed, with room for `quota`
    /// bytes. Removes what interrupted writes have left behind.
    ///
    /// Errors if files cannot be read, made or removed there.
    pub fn open(root: PathBuf, quota: u64) -> Result<Self, StoreUnavailable> {
        match prepare(&root) {
            Ok(usage) => {
                tracing::info!(
                    target: "blobs", ?usage, quota, folder = %root.display(), "Blob store"
                );
                Ok(Self {
                    root,
                    quota,
                    usage: Mutex::new(usage),
                })
            }
            Err(source) => Err(StoreUnavailable {
                folder: root,
                source,
            }),
        }
    }

    /// Stores `bytes` and returns their hash. If they are already stored, only the time of the file
    /// changes; it is replaced if it is damaged.
    ///
    /// Errors: [`BlobError::Empty`], [`BlobError::TooLarge`], [`BlobError::StoreFull`],
    /// [`BlobError::DiskFull`], [`BlobError::Io`].
    pub fn put(&self, bytes: &[u8]) -> Result<H256, BlobError> {
        if bytes.is_empty() {
            return Err(BlobError::Empty);
        }
        if bytes.len() > MAX_BLOB_SIZE {
            return Err(BlobError::TooLarge {
                length: bytes.len(),
            });
        }
        let hash = Blake2Hasher::hash(bytes);

        let mut usage = self.lock();
        match self.read(hash) {
            Ok(_) => {
                touch(&self.path(hash), SystemTime::now())?;
                return Ok(hash);
            }
            Err(BlobError::NotFound(_)) => {}
            Err(BlobError::Corrupted(_)) => self.remove(hash, &mut usage)?,
            Err(error) => return Err(error),
        }

        let length = bytes.len() as u64;
        let needed = space_on_disk(length);
        let free = self.quota.saturating_sub(usage.space);
        if needed > free {
            return Err(BlobError::StoreFull {
                free,
                needed,
                quota: self.quota,
            });
        }

        let target = self.path(hash);
        let temporary = self.root.join(INCOMING).join(format!("{hash:x}"));
        let written = write_durably(&temporary, bytes).and_then(|()| {
            create_shard(&target)?;
            fs::rename(&temporary, &target)
        });
        if let Err(error) = written {
            // Best effort: what stays here is removed at the next start.
            let _ = fs::remove_file(&temporary);
            return Err(error.into());
        }
        usage.add(length);
        sync_parent(&target)?;
        Ok(hash)
    }

    /// The bytes whose hash is `hash`. Bytes that do not match are removed, never returned.
    ///
    /// Errors: [`BlobError::NotFound`], [`BlobError::Corrupted`], [`BlobError::Io`].
    pub fn get(&self, hash: H256) -> Result<Vec<u8>, BlobError> {
        match self.read(hash) {
            Err(BlobError::Corrupted(_)) => {}
            outcome => return outcome,
        }
        // Look again under the lock: a `put` may just have replaced the damaged file.
        let mut usage = self.lock();
        let outcome = self.read(hash);
        if let Err(BlobError::Corrupted(_)) = outcome {
            tracing::error!(target: "blobs", ?hash, "Removing a damaged blob");
            self.remove(hash, &mut usage)?;
        }
        outcome
    }

    /// Whether there is a file for the blob. Only [`Self::get`] tells whether it is intact.
    pub fn has(&self, hash: H256) -> bool {
        self.path(hash).is_file()
    }

    /// Size in bytes of the file of the blob. Only [`Self::get`] tells whether it is intact.
    pub fn length(&self, hash: H256) -> Option<u64> {
        let metadata = fs::metadata(self.path(hash)).ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// What is stored now.
    pub fn usage(&self) -> Usage {
        *self.lock()
    }

    /// Disk space that all blobs together may take, in bytes.
    pub fn quota(&self) -> u64 {
        self.quota
    }

    fn lock(&self) -> MutexGuard<'_, Usage> {
        // No holder of the lock can panic between the counts, so they are right in any case.
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, hash: H256) -> PathBuf {
        let digits = format!("{hash:x}");
        let (shard, name) = digits.split_at(2);
        self.root.join(shard).join(name)
    }

    fn read(&self, hash: H256) -> Result<Vec<u8>, BlobError> {
        let file = match File::open(self.path(hash)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::NotFound(hash));
            }
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        // One byte more than allowed is enough to see that a file has grown.
        file.take(MAX_BLOB_SIZE as u64 + 1)
            .read_to_end(&mut bytes)?;
        if bytes.is_empty() || bytes.len() > MAX_BLOB_SIZE || Blake2Hasher::hash(&bytes) != hash {
            return Err(BlobError::Corrupted(hash));
        }
        Ok(bytes)
    }

    fn remove(&self, hash: H256, usage: &mut Usage) -> Result<(), BlobError> {
        let path = self.path(hash);
        let length = fs::metadata(&path)?.len();
        fs::remove_file(&path)?;
        usage.remove(length);
        Ok(())
    }
}

/// Sets the time of change of a file: when something last spoke for the blob.
fn touch(path: &Path, now: SystemTime) -> io::Result<()> {
    File::open(path)?.set_modified(now)
}

/// Disk space that a file of `length` bytes takes, in bytes.
fn space_on_disk(length: u64) -> u64 {
    length
        .div_ceil(ALLOCATION_UNIT)
        .saturating_mul(ALLOCATION_UNIT)
}

/// Makes the folders, clears what was half written, sees that files can be made, and counts.
fn prepare(root: &Path) -> io::Result<Usage> {
    let incoming = root.join(INCOMING);
    fs::create_dir_all(&incoming)?;
    let mut leftovers = 0u64;
    for entry in fs::read_dir(&incoming)? {
        fs::remove_file(entry?.path())?;
        leftovers += 1;
    }
    if leftovers > 0 {
        tracing::warn!(target: "blobs", leftovers, "Removed blobs that were half written");
    }
    // Better to hear now that nothing can be stored than with the first blob.
    let probe = incoming.join("probe");
    File::create(&probe)?;
    fs::remove_file(&probe)?;
    usage_of(root)
}

/// What the files in the shards of `root` take.
fn usage_of(root: &Path) -> io::Result<Usage> {
    let mut usage = Usage::default();
    for shard in fs::read_dir(root)? {
        let shard = shard?;
        if !shard.file_type()?.is_dir() || shard.file_name() == INCOMING {
            continue;
        }
        for blob in fs::read_dir(shard.path())? {
            usage.add(blob?.metadata()?.len());
        }
    }
    Ok(usage)
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Creates the folder that `target` goes into, if it is not there.
fn create_shard(target: &Path) -> io::Result<()> {
    let Some(shard) = target.parent() else {
        return Ok(());
    };
    match fs::create_dir(shard) {
        Ok(()) => sync_parent(shard),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a new name in a folder survive a power failure: a file's name is part of its folder.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[path = "expiry.rs"]
mod expiry;

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
