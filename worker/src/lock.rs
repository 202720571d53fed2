//! One worker per key and chain on a machine, whatever data directories are used.

use aipg_client::Hash;
use fs4::{FileExt, TryLockError};
use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Why the key cannot be used by this process.
#[derive(Debug, Error)]
pub enum LockError {
    #[error("KeyInUse: another worker on this machine runs with the key {address} (lock {path})", path = .path.display())]
    KeyInUse { address: String, path: PathBuf },
    #[error("cannot take the lock {path}: {error}", path = .path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// The right to use a key on a chain; ends with the process at the latest.
#[derive(Debug)]
pub struct KeyLock(#[allow(dead_code, reason = "the open file is the lock")] File);

impl KeyLock {
    /// Takes the lock in `folder`. `chain`: the hash of the block of height 1, which only copies of
    /// one chain share.
    pub fn take(folder: &Path, address: &str, chain: Hash) -> Result<Self, LockError> {
        let chain = chain.to_string();
        let path = folder.join(format!("aipg-worker-{}-{address}.lock", &chain[2..18]));
        let io = |error| LockError::Io {
            path: path.clone(),
            error,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io)?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::KeyInUse {
                address: address.to_owned(),
                path,
            }),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }
}

/// Where the locks are: the user's runtime directory, or that for temporary files.
pub fn folder() -> PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|path| path.is_dir())
        .unwrap_or_else(std::env::temp_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_should_be_refused_when_another_worker_uses_it_on_the_same_chain() {
        let folder = tempfile::tempdir().unwrap();
        let take = |address: &str, chain| KeyLock::take(folder.path(), address, Hash([chain; 32]));
        let first = take("5Key", 1).unwrap();
        assert!(matches!(take("5Key", 1), Err(LockError::KeyInUse { .. })));
        assert!(take("5Key", 2).is_ok(), "another chain");
        assert!(take("5Other", 1).is_ok(), "another key");
        drop(first);
        assert!(take("5Key", 1).is_ok());
    }

    #[test]
    fn lock_should_fail_by_name_when_its_folder_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let error = KeyLock::take(&folder.path().join("none"), "5Key", Hash([1; 32])).unwrap_err();
        assert!(matches!(error, LockError::Io { .. }));
    }
}
