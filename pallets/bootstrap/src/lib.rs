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
mod budget;
mod jobs;
mod try_state;
pub mod types;
mod view;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::types::{Answered, Prompt, MAX_MODELS, MAX_UNANSWERED};
    use crate::WeightInfo;
    use aipg_primitives::{
        Balance, Beacon, JobId, LaneBudget, MeasuredCapacity, ModelCatalogue, ModelId, PublicJobs,
    };
    use frame_support::{pallet_prelude::*, traits::fungible, PalletId};
    use frame_system::pallet_prelude::*;
    use sp_core::H256;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// AIPG, to know what the lane's account can spend.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>;
        /// Mints what a job needs, of what was reserved, and burns what is left at the end.
        type Budget: LaneBudget<Self::AccountId>;
        /// Committed models.
        type Models: ModelCatalogue<Self::AccountId>;
        /// Takes the jobs.
        type Jobs: PublicJobs<Self::AccountId>;
        /// Whether anybody could get a job.
        type Machines: MeasuredCapacity;
        /// Draws models and prompts.
        type Beacon: Beacon<BlockNumberFor<Self>>;
        /// Share of the budget of useful work at first, in parts per million; 0: there are no public jobs.
        type Share: Get<u32>;
        /// Blocks after which the share halves, at least 1. After six halvings it is nothing.
        type HalvingBlocks: Get<BlockNumberFor<Self>>;
        /// The allowance is never above what so many rounds like the last one grant.
        type AllowanceRounds: Get<u32>;
        /// Who says which models there are public jobs of.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Of which the account that pays is made.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
        /// What benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::BenchmarkHelper<BlockNumberFor<Self>>;
    }

    /// Models that public jobs are drawn from.
    #[pallet::storage]
    pub type Models<T: Config> =
        StorageValue<_, BoundedVec<ModelId, ConstU32<MAX_MODELS>>, ValueQuery>;

    /// Granted by rounds and neither minted nor lapsed: a part of the reserved budget.
    #[pallet::storage]
    pub type Allowance<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// Public jobs so far.
    #[pallet::storage]
    pub type Started<T: Config> = StorageValue<_, u64, ValueQuery>;

    /// What rebuilds the prompts of the jobs that are in [`Unanswered`] or [`Queue`].
    #[pallet::storage]
    pub type Prompts<T: Config> = StorageMap<_, Twox64Concat, JobId, Prompt>;

    /// Jobs that waited for a result when they were last looked at, oldest first.
    #[pallet::storage]
    pub type Unanswered<T: Config> =
        StorageValue<_, BoundedVec<JobId, ConstU32<MAX_UNANSWERED>>, ValueQuery>;

    /// Jobs that had a result, or had ended, when they were last looked at; by their place in the queue.
    #[pallet::storage]
    pub type Queue<T: Config> = StorageMap<_, Twox64Concat, u64, JobId>;

    /// Which places of the queue are taken: at most 8,192.
    #[pallet::storage]
    pub type Places<T: Config> = StorageValue<_, Answered, ValueQuery>;

    /// The time of public jobs is over, and what they had left is burned.
    #[pallet::storage]
    pub type HasEnded<T: Config> = StorageValue<_, bool, ValueQuery>;

    /// The models to start the chain with.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// At most eight.
        pub models: alloc::vec::Vec<ModelId>,
        #[serde(skip)]
        pub _marker: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        #[allow(
            clippy::panic,
            reason = "a chain must not start with nonsense, and genesis has no other way to refuse"
        )]
        fn build(&self) {
            match BoundedVec::try_from(self.models.clone()) {
                Ok(models) if !crate::types::has_twice(&models) => Models::<T>::put(models),
                _ => panic!("genesis of bootstrap: models are more than {MAX_MODELS}, or one of them is there twice"),
            }
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The chain has submitted a job of its own. Its prompt follows from `seed`
        /// (`aipg_exact::drawn_prompt`). Of `price`, which is on hold, `minted` was not there before.
        PublicJobStarted {
            job: JobId,
            model: ModelId,
            seed: H256,
            price: Balance,
            minted: Balance,
        },
        /// Governance said which models there are public jobs of.
        ModelsSet {
            models: BoundedVec<ModelId, ConstU32<MAX_MODELS>>,
        },
        /// There are no more public jobs. What they had left is burned, and what they could still have minted
        /// never will be.
        LaneEnded { burned: Balance, lapsed: Balance },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The model is not registered, or is retired.
        UnknownModel,
        /// The model is in the list twice.
        DuplicateModel,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::run(now)
        }

        fn integrity_test() {
            assert!(
                T::HalvingBlocks::get() > 0u32.into(),
                "the share of public jobs never halves"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Says which models there are public jobs of; none stops them. Jobs that have begun go on.
        ///
        /// # Errors
        /// [`Error::UnknownModel`], [`Error::DuplicateModel`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::set_models(models.len() as u32))]
        pub fn set_models(
            origin: OriginFor<T>,
            models: BoundedVec<ModelId, ConstU32<MAX_MODELS>>,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            ensure!(
                models.iter().all(|model| T::Models::terms(model).is_some()),
                Error::<T>::UnknownModel
            );
            ensure!(
                !crate::types::has_twice(&models),
                Error::<T>::DuplicateModel
            );
            Models::<T>::put(&models);
            Self::deposit_event(Event::ModelsSet { models });
            Ok(())
        }
    }
}
