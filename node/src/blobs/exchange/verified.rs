//! Blobs that were just read for other nodes.
//!
//! A blob is asked for part by part, but only the whole can be compared with its name. So the last ones
//! stay in memory, checked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use sp_core::H256;

use super::chunks;

/// Blobs that stay in memory: 16 MiB at most.
const MOST_BLOBS: usize = 4;

/// A blob whose bytes have its name.
#[derive(Debug)]
pub(super) struct Verified {
    name: H256,
    bytes: Vec<u8>,
    hashes: OnceLock<Vec<H256>>,
}

impl Verified {
    /// `bytes` must have been compared with `name`.
    pub(super) fn new(name: H256, bytes: Vec<u8>) -> Self {
        Self {
            name,
            bytes,
            hashes: OnceLock::new(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hashes of its chunks.
    pub(super) fn hashes(&self) -> &[H256] {
        self.hashes.get_or_init(|| chunks::hashes(&self.bytes))
    }
}

/// The last blobs, the latest used at the end.
#[derive(Debug, Default)]
pub(super) struct Recent {
    blobs: Mutex<VecDeque<Arc<Verified>>>,
}

impl Recent {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Verified>>> {
        // The queue is whole between any two of its steps.
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The blob `name`, if it was used lately.
    pub(super) fn get(&self, name: H256) -> Option<Arc<Verified>> {
        let mut blobs = self.lock();
        let position = blobs.iter().position(|blob| blob.name == name)?;
        let blob = blobs.remove(position)?;
        blobs.push_back(Arc::clone(&blob));
        Some(blob)
    }

    /// Keeps a blob until others have taken its place.
    pub(super) fn keep(&self, blob: &Arc<Verified>) {
        let mut blobs = self.lock();
        blobs.retain(|other| other.name != blob.name);
        while blobs.len() >= MOST_BLOBS {
            blobs.pop_front();
        }
        blobs.push_back(Arc::clone(blob));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(byte: u8) -> Arc<Verified> {
        Arc::new(Verified::new(H256::repeat_byte(byte), vec![byte]))
    }

    #[test]
    fn blob_should_stay_when_it_is_used_and_go_when_others_are() {
        let recent = Recent::default();
        for byte in 0..4 {
            recent.keep(&blob(byte));
        }
        assert_eq!(recent.get(H256::repeat_byte(0)).unwrap().bytes(), [0]);
        recent.keep(&blob(4));
        recent.keep(&blob(4));
        assert!(recent.get(H256::repeat_byte(1)).is_none());
        for byte in [0, 2, 3, 4] {
            assert!(recent.get(H256::repeat_byte(byte)).is_some(), "{byte}");
        }
    }
}
