//! Appending, sealing, verifying.

use crate::index::{self, Link};
use crate::pallet::*;
use crate::types::{count_of, root_of, Blake2, OpenRound};
use aipg_exact::tree::{leaf, root, top_of_path, Domain};
use aipg_primitives::{Receipt, ReceiptLog, ReceiptProof, ReceiptVerifier, RoundIndex};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::traits::UniqueSaturatedInto;

impl<T: Config> Pallet<T> {
    /// The round a block belongs to.
    pub fn round_at(height: BlockNumberFor<T>) -> RoundIndex {
        let height: u32 = height.unique_saturated_into();
        height
            .checked_div(T::RoundBlocks::get())
            .unwrap_or_default()
    }

    /// Seals the open round if it is before `round`.
    pub(crate) fn seal_before(round: RoundIndex) {
        let Some(open) = Open::<T>::get().filter(|open| open.round < round) else {
            return;
        };
        Open::<T>::kill();
        let tree = open.tree();
        let Some(root) = root_of(&tree) else {
            return;
        };
        Roots::<T>::insert(open.round, root);
        Self::deposit_event(Event::RoundSealed {
            round: open.round,
            root,
            count: count_of(&tree),
        });
    }
}

impl<T: Config> ReceiptLog<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn append(receipt: &Receipt<T::AccountId, BlockNumberFor<T>>) -> DispatchResult {
        let round = Self::round_at(frame_system::Pallet::<T>::block_number());
        // The pallet whose job ended may come before this one in the order of the hooks.
        Self::seal_before(round);
        let mut open = Open::<T>::get().unwrap_or_else(|| OpenRound::new(round));
        let mut tree = open.tree();
        let previous = root_of(&tree);
        let index = count_of(&tree);
        let bytes = receipt.encode();
        tree.push(&bytes);
        open.keep(&tree).ok_or(Error::<T>::RoundFull)?;
        Open::<T>::put(open);
        if let Some(root) = root_of(&tree) {
            let link = Link {
                previous,
                receipt: bytes.clone(),
            };
            for (key, value) in index::entries(receipt.job, round, root, &link) {
                sp_io::offchain_index::set(&key, &value);
            }
        }
        Self::deposit_event(Event::ReceiptAdded {
            job: receipt.job,
            round,
            index,
            receipt: bytes,
        });
        Ok(())
    }
}

impl<T: Config> ReceiptVerifier<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn verify(proof: &ReceiptProof<T::AccountId, BlockNumberFor<T>>) -> DispatchResult {
        let known = Roots::<T>::get(proof.round).ok_or(Error::<T>::UnknownRound)?;
        let path: Vec<[u8; 32]> = proof.path.iter().map(|hash| hash.0).collect();
        let count = u64::from(proof.count);
        let top = top_of_path::<Blake2>(
            Domain::Receipts,
            count,
            u64::from(proof.index),
            leaf::<Blake2>(Domain::Receipts, &proof.receipt.encode()),
            &path,
        )
        .ok_or(Error::<T>::InvalidProof)?;
        ensure!(
            H256::from(root::<Blake2>(Domain::Receipts, &[count], &top)) == known,
            Error::<T>::InvalidProof
        );
        Ok(())
    }
}
