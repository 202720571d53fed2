#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

pub use pallet::*;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod index;
mod logic;
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use types::Blake2;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::types::OpenRound;
    use crate::WeightInfo;
    use aipg_primitives::{JobId, RoundIndex};
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sp_core::H256;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Blocks of a round, at least 1.
        type RoundBlocks: Get<u32>;
        /// Weight of the hook.
        type WeightInfo: WeightInfo;
    }

    /// The round whose tree still grows; none while no job has ended in it.
    #[pallet::storage]
    pub type Open<T: Config> = StorageValue<_, OpenRound>;

    /// Root of the receipts of every sealed round in which a job ended; kept for ever.
    #[pallet::storage]
    pub type Roots<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, H256>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A job ended; its receipt is leaf `index` of the round. `receipt` is the leaf's bytes.
        ReceiptAdded {
            job: JobId,
            round: RoundIndex,
            index: u32,
            receipt: Vec<u8>,
        },
        /// The round's tree is complete; only its root stays.
        RoundSealed {
            round: RoundIndex,
            root: H256,
            count: u32,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The tree of the open round cannot take another receipt.
        RoundFull,
        /// The round is not sealed, or no job ended in it.
        UnknownRound,
        /// The path does not lead from the receipt to the root of the round.
        InvalidProof,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::seal_before(Self::round_at(now));
            T::WeightInfo::on_initialize()
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
