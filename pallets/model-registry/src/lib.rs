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

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod catalogue;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use super::*;
    use aipg_primitives::{Balance, ModelId, TrustClass};
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, fungible::MutateHold, tokens::Precision},
    };
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Reasons for holds of the whole runtime.
        type RuntimeHoldReason: From<HoldReason>;

        /// AIPG.
        type Currency: fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + fungible::Mutate<Self::AccountId>
            + fungible::Inspect<Self::AccountId, Balance = Balance>;

        /// Who may list a model with a mint ceiling of its own.
        type ListOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// What a creator holds for the record of an active model.
        #[pallet::constant]
        type Deposit: Get<Balance>;

        /// Most that governance may let be minted for a job of a model, in millionths of its credit.
        type MaxMintCeiling: Get<u32>;

        /// Weights of the calls.
        type WeightInfo: WeightInfo;
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// Why the balance of an account is on hold.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Deposit of the creator of an active model; [`ModelRecord::deposit`] owns it.
        ModelDeposit,
    }

    /// Every model that was ever registered, by its root. Retired ones stay: running jobs and
    /// receipts name them, and a root is never given twice.
    #[pallet::storage]
    pub type Models<T: Config> =
        StorageMap<_, Blake2_128Concat, ModelId, ModelRecord<T::AccountId>>;

    /// Models that exist from the start.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Registered without a deposit, in class [`TrustClass::Exact`].
        pub models: Vec<GenesisModel<T::AccountId>>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        /// Stops the build with the name of what is wrong with a model of the list.
        fn build(&self) {
            for model in &self.models {
                let outcome = Pallet::<T>::insert_genesis(model);
                assert!(
                    outcome.is_ok(),
                    "model of the genesis configuration: {:?}",
                    outcome.err()
                );
            }
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A model was registered and takes jobs.
        ModelRegistered {
            model: ModelId,
            creator: T::AccountId,
            class: TrustClass,
            price_floor: Balance,
        },
        /// The least price of a unit changed.
        PriceFloorSet {
            model: ModelId,
            price_floor: Balance,
        },
        /// The model takes no new jobs; the deposit of its creator was released.
        ModelRetired { model: ModelId, released: Balance },
        /// Governance set or removed the model's own mint ceiling (permill of the fee).
        ModelListed {
            model: ModelId,
            mint_ceiling: Option<u32>,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The header does not decode, or a field is out of its range.
        InvalidHeader,
        /// The header's root is not the one that was stated.
        RootMismatch,
        /// The root is registered, or was and is retired.
        AlreadyRegistered,
        /// Models of this trust class cannot be registered yet.
        ClassNotSupported,
        /// The least price of a unit must be above zero.
        PriceFloorZero,
        /// The creator's free balance does not cover the deposit.
        BalanceTooLow,
        /// No model has this root.
        UnknownModel,
        /// The model is retired.
        ModelRetired,
        /// Only the creator of the model may do this.
        NotCreator,
        /// A mint ceiling is at most `MaxMintCeiling`.
        MintCeilingTooHigh,
        /// A trace of the model has more tensors than the chain keeps the roots of in a dispute.
        TraceTooLong,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers the model that `header` describes, and holds the deposit of its creator.
        ///
        /// `header` is the encoded `ModelHeader`, `root` its root as the creator computed it: stated
        /// twice so that a damaged header is noticed here and not by a worker. `price_floor` is the
        /// least price of one unit in the smallest unit of AIPG, above zero.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(
            origin: OriginFor<T>,
            root: ModelId,
            header: Header,
            class: TrustClass,
            price_floor: Balance,
        ) -> DispatchResult {
            let creator = ensure_signed(origin)?;
            Self::ensure_registrable(root, &header, class, price_floor)?;

            let deposit = T::Deposit::get();
            let reason = T::RuntimeHoldReason::from(HoldReason::ModelDeposit);
            T::Currency::hold(&reason, &creator, deposit).map_err(|_| Error::<T>::BalanceTooLow)?;
            Models::<T>::insert(
                root,
                ModelRecord {
                    header,
                    class,
                    price_floor,
                    creator: Some(creator.clone()),
                    mint_ceiling: None,
                    deposit,
                    retired: false,
                },
            );
            Self::deposit_event(Event::ModelRegistered {
                model: root,
                creator,
                class,
                price_floor,
            });
            Ok(())
        }

        /// Sets the least price of one unit. Jobs that were drawn keep the price they were drawn at;
        /// offers under the floor are not drawn any more.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::set_price_floor())]
        pub fn set_price_floor(
            origin: OriginFor<T>,
            root: ModelId,
            price_floor: Balance,
        ) -> DispatchResult {
            let caller = ensure_signed(origin)?;
            ensure!(price_floor > 0, Error::<T>::PriceFloorZero);
            Self::mutate_active(root, |record| {
                ensure!(
                    record.creator.as_ref() == Some(&caller),
                    Error::<T>::NotCreator
                );
                record.price_floor = price_floor;
                Ok(())
            })?;
            Self::deposit_event(Event::PriceFloorSet {
                model: root,
                price_floor,
            });
            Ok(())
        }

        /// Retires a model for good and releases the deposit. Jobs that run are finished and paid.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::retire())]
        pub fn retire(origin: OriginFor<T>, root: ModelId) -> DispatchResult {
            let caller = ensure_signed(origin)?;
            let released = Self::mutate_active(root, |record| {
                ensure!(
                    record.creator.as_ref() == Some(&caller),
                    Error::<T>::NotCreator
                );
                let deposit = core::mem::take(&mut record.deposit);
                record.retired = true;
                Ok(deposit)
            })?;
            let reason = T::RuntimeHoldReason::from(HoldReason::ModelDeposit);
            T::Currency::release(&reason, &caller, released, Precision::Exact)?;
            Self::deposit_event(Event::ModelRetired {
                model: root,
                released,
            });
            Ok(())
        }

        /// Gives an active model a mint ceiling of its own, or takes it away.
        ///
        /// `mint_ceiling`: most that may be minted for a job as a share of its credit, in permill
        /// (2_000_000 = 2×), at most `MaxMintCeiling`; `None`: the default of the chain.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::list())]
        pub fn list(
            origin: OriginFor<T>,
            root: ModelId,
            mint_ceiling: Option<u32>,
        ) -> DispatchResult {
            T::ListOrigin::ensure_origin(origin)?;
            ensure!(
                mint_ceiling.is_none_or(|ceiling| ceiling <= T::MaxMintCeiling::get()),
                Error::<T>::MintCeilingTooHigh
            );
            Self::mutate_active(root, |record| {
                record.mint_ceiling = mint_ceiling;
                Ok(())
            })?;
            Self::deposit_event(Event::ModelListed {
                model: root,
                mint_ceiling,
            });
            Ok(())
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
