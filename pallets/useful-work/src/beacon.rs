//! The beacon: randomness folded from the VRF outputs of several blocks by several authors.
//!
//! An author knows its own future outputs, so nothing may hang on one block: `beacon(h)` folds the
//! outputs of the blocks after `h` until there are enough of them by enough different authors.

use crate::pallet::*;
use crate::types::BeaconEntry;
use aipg_primitives::Beacon;
use alloc::vec::Vec;
use codec::Encode;
use core::marker::PhantomData;
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::{
    traits::{Hash, One, Saturating, UniqueSaturatedInto},
    SaturatedConversion,
};

/// Blocks whose outputs are kept. A beacon that is not complete within this many blocks never is;
/// whoever waits for it anchors anew.
pub const RING: u32 = 32;

impl<T: Config> Pallet<T> {
    /// Keeps the VRF output of the block that is being finalised.
    pub(crate) fn record_beacon(height: BlockNumberFor<T>) {
        let Some(output) = T::BlockRandomness::get() else {
            return;
        };
        let entry = BeaconEntry {
            height,
            author: T::BlockAuthor::get(),
            output,
        };
        BeaconRing::<T>::insert(Self::slot_of(height), entry);
    }

    fn slot_of(height: BlockNumberFor<T>) -> u32 {
        let height: u64 = height.unique_saturated_into();
        height
            .checked_rem(u64::from(RING))
            .unwrap_or_default()
            .saturated_into()
    }
}

impl<T: Config> Pallet<T> {
    /// Folds the outputs of the blocks after `height` until they are of `blocks_needed` blocks and
    /// `authors_needed` authors. `label` keeps beacons apart that need different numbers.
    fn fold(
        label: &[u8],
        height: BlockNumberFor<T>,
        blocks_needed: u32,
        authors_needed: u32,
    ) -> Option<H256> {
        let mut folded = T::Hashing::hash_of(&(label, height));
        let mut blocks: u32 = 0;
        let mut authors: Vec<T::AccountId> = Vec::new();
        let mut at = height;
        for _ in 0..RING {
            at = at.saturating_add(One::one());
            let Some(entry) = BeaconRing::<T>::get(Self::slot_of(at)) else {
                continue;
            };
            if entry.height > at {
                // Overwritten: the value could no longer be the one that was read before.
                return None;
            }
            if entry.height < at {
                // Not produced yet; the entry is a lap old.
                continue;
            }
            folded = T::Hashing::hash(&(folded, entry.output).encode());
            blocks = blocks.saturating_add(1);
            if let Some(author) = entry.author {
                if !authors.contains(&author) {
                    authors.push(author);
                }
            }
            let distinct: u32 = authors.len().saturated_into();
            if blocks >= blocks_needed && distinct >= authors_needed {
                return Some(H256::from_slice(folded.as_ref()));
            }
        }
        None
    }
}

/// Blocks after which a beacon of so many blocks can be complete.
fn delay<T: Config>(blocks: u32) -> BlockNumberFor<T> {
    let blocks: BlockNumberFor<T> = blocks.into();
    blocks.max(One::one()).saturating_add(One::one())
}

impl<T: Config> Beacon<BlockNumberFor<T>> for Pallet<T> {
    fn beacon(height: BlockNumberFor<T>) -> Option<H256> {
        let (blocks, authors) = (T::BeaconBlocks::get(), T::BeaconAuthors::get());
        Self::fold(b"aipg/beacon/0", height, blocks, authors)
    }

    fn delay() -> BlockNumberFor<T> {
        delay::<T>(T::BeaconBlocks::get())
    }
}

/// The beacon of audits, which takes more blocks and authors than that of assignments.
pub struct AuditBeacon<T>(PhantomData<T>);

impl<T: Config> Beacon<BlockNumberFor<T>> for AuditBeacon<T> {
    fn beacon(height: BlockNumberFor<T>) -> Option<H256> {
        let (blocks, authors) = (T::AuditBeaconBlocks::get(), T::AuditBeaconAuthors::get());
        Pallet::<T>::fold(b"aipg/beacon/1", height, blocks, authors)
    }

    fn delay() -> BlockNumberFor<T> {
        delay::<T>(T::AuditBeaconBlocks::get())
    }
}
