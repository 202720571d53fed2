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

mod beacon;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod credit;
mod expiry;
mod forfeit;
pub mod multiplier;
pub mod reward;
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use beacon::{AuditBeacon, RING};
pub use expiry::MAX_SWEPT;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::types::{BeaconEntry, ClosedRound, CreditLine};
    use crate::WeightInfo;
    use aipg_primitives::{
        api::Ceiling, Balance, BootstrapLane, CreditWatch, Freezes, JobId, MeritsOf, RoundIndex,
        Units, WorkBudget,
    };
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sp_core::H256;

    /// Most different terms under which a worker can earn credit in one round.
    pub const MAX_CREDIT_LINES: u32 = 16;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The share of block rewards that work can earn.
        type Budget: WorkBudget<Self::AccountId>;
        /// The part of it that is for public jobs.
        type Lane: BootstrapLane;
        /// Keeps rewards where they are while a fault of the semantics is suspected.
        type Freezes: Freezes<Self::AccountId>;
        /// Told of all credit that is booked.
        type CreditWatch: CreditWatch<Self::AccountId>;
        /// What workers' credit is multiplied for.
        type Merits: MeritsOf<Self::AccountId>;
        /// Blocks from the genesis in which the first work of a bond counts twice.
        type EarlyBlocks: Get<BlockNumberFor<Self>>;
        /// VRF output of the block that is being finalised.
        type BlockRandomness: Get<Option<H256>>;
        /// Author of the block that is being finalised.
        type BlockAuthor: Get<Option<Self::AccountId>>;
        /// Blocks a beacon folds at least.
        type BeaconBlocks: Get<u32>;
        /// Different authors a beacon folds at least.
        type BeaconAuthors: Get<u32>;
        /// Blocks that the beacon of audits folds at least.
        type AuditBeaconBlocks: Get<u32>;
        /// Different authors that it folds at least.
        type AuditBeaconAuthors: Get<u32>;
        /// Blocks of a round, at least 1.
        type RoundBlocks: Get<u32>;
        /// Rounds after a round's close in which its rewards can be claimed, at least 1.
        type ExpiryRounds: Get<u32>;
        /// Who governs index price and difficulty.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
        /// Sets up what benchmarks need of the runtime.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper;
    }

    /// VRF outputs of the last blocks, by height modulo the ring's length.
    #[pallet::storage]
    pub type BeaconRing<T: Config> =
        StorageMap<_, Twox64Concat, u32, BeaconEntry<T::AccountId, BlockNumberFor<T>>>;

    /// What a unit of work counts at most when credit is booked.
    #[pallet::storage]
    pub type IndexPrice<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// Credit per round under which the price of credit no longer rises. Follows the credit of the rounds
    /// slowly, and never falls under [`LeastDifficulty`].
    #[pallet::storage]
    pub type Difficulty<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// What governance set the difficulty to.
    #[pallet::storage]
    pub type LeastDifficulty<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// Units by which a worker has used up what counts twice for its bond. Goes when nothing counts twice any more, not
    /// with the machine: who registers again from the same account goes on where it was.
    #[pallet::storage]
    pub type EarlyWork<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Units, ValueQuery>;

    /// Credit booked so far in the open round, times the multipliers of who earned it.
    #[pallet::storage]
    pub type OpenCredit<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// Unclaimed credit by round and worker.
    #[pallet::storage]
    pub type Credits<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        RoundIndex,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<CreditLine, ConstU32<MAX_CREDIT_LINES>>,
        ValueQuery,
    >;

    /// Closed rounds that still owe rewards.
    #[pallet::storage]
    pub type Rounds<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, ClosedRound>;

    /// The first round of which credit may be left; of every round before it all is removed.
    #[pallet::storage]
    pub type FirstUnswept<T> = StorageValue<_, RoundIndex, ValueQuery>;

    /// Workers whose rewards were taken, those of the past and those to come.
    #[pallet::storage]
    pub type Forfeited<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ()>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        pub index_price: Balance,
        pub difficulty: Balance,
        #[serde(skip)]
        pub _marker: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            IndexPrice::<T>::put(self.index_price);
            Difficulty::<T>::put(self.difficulty);
            LeastDifficulty::<T>::put(self.difficulty);
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A paid job earned its worker credit in the open round.
        WorkCredited {
            worker: T::AccountId,
            job: JobId,
            round: RoundIndex,
            credit: Balance,
            /// What it counts in the round: credit times the worker's multiplier.
            counted: Balance,
        },
        /// An audit of a paid job earned credit in the open round.
        AuditCredited {
            auditor: T::AccountId,
            job: JobId,
            round: RoundIndex,
            credit: Balance,
        },
        /// A worker changed its terms too often in one round; this job earned no credit.
        CreditForfeited {
            worker: T::AccountId,
            job: JobId,
            round: RoundIndex,
            credit: Balance,
        },
        /// The price of credit of a round is fixed: budget / denominator. Besides `reserved`, which it owes at most,
        /// `granted` was set aside for public jobs.
        RoundClosed {
            round: RoundIndex,
            budget: Balance,
            credit: Balance,
            denominator: Balance,
            reserved: Balance,
            granted: Balance,
        },
        /// A worker took its reward of a round. `ceiling` says which limit set the amount.
        RewardClaimed {
            worker: T::AccountId,
            round: RoundIndex,
            amount: Balance,
            ceiling: Ceiling,
        },
        /// All rewards that a worker has not claimed are taken from it, and all that it would earn
        /// later.
        RewardsForfeited { worker: T::AccountId },
        /// Governance set the index price of a unit.
        IndexPriceSet { price: Balance },
        /// Governance set the difficulty.
        DifficultySet { difficulty: Balance },
        /// The time to claim the rewards of a round is over. Nobody claimed `credit` of it, and
        /// `lapsed`, what was still reserved, is not minted.
        RoundExpired {
            round: RoundIndex,
            credit: Balance,
            lapsed: Balance,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The caller has no unclaimed credit in this round.
        NothingToClaim,
        /// The round is still open; its price of credit is not fixed.
        RoundNotClosed,
        /// The value must not be zero.
        ZeroParameter,
        /// The time to claim rewards of this round is over; what was left of them has lapsed.
        RewardExpired,
        /// The caller's rewards were taken for good.
        RewardsForfeited,
        /// A semantics version is frozen, or a slash of the caller is queued for governance.
        RewardsFrozen,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            T::WeightInfo::on_finalize()
        }

        fn on_finalize(now: BlockNumberFor<T>) {
            Self::record_beacon(now);
            Self::close_round_at(now);
        }

        fn on_idle(now: BlockNumberFor<T>, left: Weight) -> Weight {
            let swept = Self::sweep_credits(Self::round_at(now), left);
            swept.saturating_add(Self::sweep_early_work(now, left.saturating_sub(swept)))
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Mints the caller's reward of a closed round. There are `ExpiryRounds` rounds of time.
        ///
        /// # Errors
        /// [`Error::RewardsForfeited`], [`Error::RewardsFrozen`], [`Error::RewardExpired`],
        /// [`Error::NothingToClaim`], [`Error::RoundNotClosed`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::claim_reward())]
        pub fn claim_reward(origin: OriginFor<T>, round: RoundIndex) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::do_claim(&worker, round)
        }

        /// Sets what a unit of work counts at most when credit is booked.
        ///
        /// # Errors
        /// [`Error::ZeroParameter`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::set_index_price())]
        pub fn set_index_price(origin: OriginFor<T>, price: Balance) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            ensure!(price > 0, Error::<T>::ZeroParameter);
            IndexPrice::<T>::put(price);
            Self::deposit_event(Event::IndexPriceSet { price });
            Ok(())
        }

        /// Sets the credit per round under which the price of credit no longer rises, and under which it
        /// never falls again by itself.
        ///
        /// # Errors
        /// [`Error::ZeroParameter`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_difficulty())]
        pub fn set_difficulty(origin: OriginFor<T>, difficulty: Balance) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            ensure!(difficulty > 0, Error::<T>::ZeroParameter);
            Difficulty::<T>::put(difficulty);
            LeastDifficulty::<T>::put(difficulty);
            Self::deposit_event(Event::DifficultySet { difficulty });
            Ok(())
        }
    }
}
