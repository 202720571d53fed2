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

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod logic;
#[cfg(test)]
mod mock;
pub mod schedule;
#[cfg(test)]
mod tests;
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use schedule::Schedule;
pub use types::*;
pub use weights::WeightInfo;

use aipg_primitives::AIPG;
use frame_support::traits::fungible;

/// Reason of a hold in the pallet's currency, which is the runtime's reason.
pub type HoldReasonOf<T> = <<T as Config>::Currency as fungible::hold::Inspect<
    <T as frame_system::Config>::AccountId,
>>::Reason;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use super::*;
    use aipg_primitives::{Balance, BurnReason, MintReason};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sp_runtime::{traits::UniqueSaturatedInto, Permill};

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The native currency. Its holds belong to other pallets; emission only burns from them.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
            + fungible::Mutate<Self::AccountId>
            + fungible::hold::Mutate<Self::AccountId>;

        /// The author of the block that is being initialised, if it is known.
        type BlockAuthor: Get<Option<Self::AccountId>>;

        type WeightInfo: WeightInfo;

        /// Sets up what benchmarks need of the runtime.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// Schedule, cap, imported balances and operations fund: written once, in genesis.
    #[pallet::storage]
    pub type Terms<T: Config> = StorageValue<_, EmissionTerms<T::AccountId>, ValueQuery>;

    /// The author's share of a block reward. Work gets what this and the operations share leave.
    #[pallet::storage]
    pub type AuthorShare<T> = StorageValue<_, Permill, ValueQuery>;

    /// Sum of the rewards of all blocks so far, after the cap. Each unit of it is in exactly one of
    /// [`Minted`], [`Lapsed`], [`PendingWork`] and [`ReservedWork`].
    #[pallet::storage]
    pub type Rewarded<T> = StorageValue<_, Balance, ValueQuery>;

    /// Minted so far, by reason.
    #[pallet::storage]
    pub type Minted<T> = StorageMap<_, Twox64Concat, MintReason, Balance, ValueQuery>;

    /// Burned so far, by reason.
    #[pallet::storage]
    pub type Burned<T> = StorageMap<_, Twox64Concat, BurnReason, Balance, ValueQuery>;

    /// Never to be minted, by the reason for which it could have been.
    #[pallet::storage]
    pub type Lapsed<T> = StorageMap<_, Twox64Concat, MintReason, Balance, ValueQuery>;

    /// Work share of the blocks since the last allocation, not minted.
    #[pallet::storage]
    pub type PendingWork<T> = StorageValue<_, Balance, ValueQuery>;

    /// Allocated to closed rounds and not claimed yet, not minted.
    #[pallet::storage]
    pub type ReservedWork<T> = StorageValue<_, Balance, ValueQuery>;

    /// The terms to start the chain with. The default has the figures of the main network.
    ///
    /// The balances pallet must be built before: its issuance is taken as imported.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// Reward of block 1.
        pub initial_reward: Balance,
        /// Blocks after which the reward halves.
        pub halving_interval: u32,
        /// Issuance can never be above it.
        pub cap: Balance,
        /// Receives the operations share; without one that share lapses.
        pub operations_fund: Option<T::AccountId>,
        /// The author's share of a reward, within the bounds of `set_author_share`.
        pub author_share: Permill,
        /// The operations fund's share of a reward, at most 70 %.
        pub operations_share: Permill,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                initial_reward: 5_000 * AIPG,
                halving_interval: 1_000_000,
                cap: 10_000_000_000 * AIPG,
                operations_fund: None,
                author_share: Permill::from_percent(20),
                operations_share: Permill::from_percent(5),
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        #[allow(
            clippy::panic,
            reason = "a chain must not start with nonsense, and genesis has no other way to refuse"
        )]
        fn build(&self) {
            let terms = EmissionTerms {
                schedule: Schedule {
                    initial_reward: self.initial_reward,
                    halving_interval: self.halving_interval,
                },
                cap: self.cap,
                imported: <T::Currency as fungible::Inspect<_>>::total_issuance(),
                operations_fund: self.operations_fund.clone(),
                operations_share: self.operations_share,
            };
            if let Err(error) = terms.validate(self.author_share) {
                panic!("genesis of emission: {error}");
            }
            Terms::<T>::put(terms);
            AuthorShare::<T>::put(self.author_share);
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A block was rewarded. The amounts of author and operations fund are what was minted to
        /// them, each told by a [`Event::Minted`] as well; the work budget is not minted yet.
        BlockRewarded {
            /// The author, if it is known.
            author: Option<T::AccountId>,
            author_amount: Balance,
            operations_amount: Balance,
            /// Added to the pending budget of useful work.
            work_budget: Balance,
        },
        /// Tokens came into being. Every mint there is has exactly one such event.
        Minted {
            who: T::AccountId,
            amount: Balance,
            reason: MintReason,
        },
        /// Tokens went out of being. Every burn there is has exactly one such event.
        Burned {
            who: T::AccountId,
            amount: Balance,
            reason: BurnReason,
        },
        /// The pending budget of useful work was divided into what can be claimed and the rest,
        /// which is not minted.
        WorkAllocated { reserved: Balance, lapsed: Balance },
        /// Reserved budget will not be minted after all.
        WorkLapsed { amount: Balance },
        /// The author's share of block rewards changed.
        AuthorShareSet { share: Permill },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The author's share must be between 10 % and 30 %.
        AuthorShareOutOfBounds,
        /// The amount is above the reserved budget of useful work.
        WorkBudgetExceeded,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(block: BlockNumberFor<T>) -> Weight {
            Self::reward_block(block.unique_saturated_into());
            T::WeightInfo::on_initialize()
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets the author's share of block rewards; useful work gets what it and the operations
        /// share leave. Root only, in force from the next block.
        ///
        /// # Errors
        /// [`Error::AuthorShareOutOfBounds`] outside 10 % to 30 %.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::set_author_share())]
        pub fn set_author_share(origin: OriginFor<T>, share: Permill) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(is_author_share(share), Error::<T>::AuthorShareOutOfBounds);
            AuthorShare::<T>::put(share);
            Self::deposit_event(Event::AuthorShareSet { share });
            Ok(())
        }
    }
}
