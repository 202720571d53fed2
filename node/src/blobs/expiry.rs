//! Removes blobs that nothing speaks for any more.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use sp_core::H256;

use super::{touch, BlobError, BlobStore, INCOMING};

impl BlobStore {
    /// Removes the blobs for which nothing has spoken since `limit`, except those in `spoken_for`, for
    /// which `now` is noted. Returns the number of blobs removed.
    ///
    /// Errors if the folders of the store cannot be read. A file that cannot be touched or removed is
    /// left for the next time.
    pub fn expire(
        &self,
        limit: SystemTime,
        now: SystemTime,
        spoken_for: &HashSet<H256>,
    ) -> io::Result<u64> {
        // A file is touched when half of its time has passed, not at every look.
        let half = now
            .duration_since(limit)
            .map_or(Duration::ZERO, |time| time / 2);
        let (mut expired, due) = (0, limit + half);
        for shard in fs::read_dir(&self.root)? {
            let shard = shard?;
            if !shard.file_type()?.is_dir() || shard.file_name() == INCOMING {
                continue;
            }
            for file in fs::read_dir(shard.path())? {
                let name = file?.file_name();
                let Some(hash) = hash_of(&shard.file_name(), &name) else {
                    continue;
                };
                let outcome = if spoken_for.contains(&hash) {
                    self.refresh(hash, due, now).map(|()| false)
                } else {
                    self.remove_older(hash, limit)
                };
                match outcome {
                    Ok(removed) => expired += u64::from(removed),
                    Err(error) => {
                        tracing::warn!(target: "blobs", %error, ?hash, "A blob was left as it is");
                    }
                }
            }
        }
        Ok(expired)
    }

    /// Notes that something speaks for a blob, if the last time is before `due`.
    fn refresh(&self, hash: H256, due: SystemTime, now: SystemTime) -> Result<(), BlobError> {
        let path = self.path(hash);
        if is_older(&path, due)? {
            touch(&path, now)?;
        }
        Ok(())
    }

    /// Removes a blob for which nothing has spoken since `limit`. Whether it was so.
    fn remove_older(&self, hash: H256, limit: SystemTime) -> Result<bool, BlobError> {
        let path = self.path(hash);
        if !is_older(&path, limit)? {
            return Ok(false);
        }
        // Look again under the lock: somebody may just have put it.
        let mut usage = self.lock();
        if !is_older(&path, limit)? {
            return Ok(false);
        }
        self.remove(hash, &mut usage)?;
        Ok(true)
    }
}

/// Whether the file was last changed before `limit`. A file that is not there was not.
fn is_older(path: &Path, limit: SystemTime) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.modified()? < limit),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The hash that a file name in a shard stands for, if it is one.
fn hash_of(shard: &OsStr, name: &OsStr) -> Option<H256> {
    let digits = [shard.to_str()?, name.to_str()?].concat();
    let mut hash = H256::zero();
    hex::decode_to_slice(digits, hash.as_bytes_mut()).ok()?;
    Some(hash)
}
