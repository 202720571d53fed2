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
mod bond;
mod capacity;
mod conviction;
mod draw;
mod governance;
mod serving;
mod standing;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use capacity::{capacity_of, class_of, ClassCount, Place, MAX_CLASSES};
pub use draw::{score, Conduct};
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
    use aipg_primitives::{
        Balance, Burn, Fault, Freezes, ModelCatalogue, ModelId, Region, UnvestedRewards,
        VerifiedPower, Windows,
    };
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible,
            fungible::{Inspect, Mutate, MutateHold},
            tokens::{Precision, Preservation},
        },
    };
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::traits::Saturating;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Reasons for holds of the whole runtime.
        type RuntimeHoldReason: From<HoldReason>;

        /// AIPG.
        type Currency: fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + Mutate<Self::AccountId>
            + Inspect<Self::AccountId, Balance = Balance>;

        /// Burns from the bonds of convicted workers.
        type Burn: Burn<Self::AccountId, Self::RuntimeHoldReason>;

        /// What was measured of machines.
        type Power: VerifiedPower<Self::AccountId>;

        /// Models that can be offered.
        type Models: ModelCatalogue<Self::AccountId>;

        /// What machines have earned and not got: who misuses the chain loses it.
        type Rewards: UnvestedRewards<Self::AccountId>;

        /// Keeps bonds where they are while a fault of the semantics is suspected.
        type Freezes: Freezes<Self::AccountId>;

        /// How long a bond stays on hold after the machine retired.
        type Windows: Windows<BlockNumberFor<Self>>;

        /// Who may lift a suspension, punish misuse, and grant or revoke trust level 4.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Receives registration fees and penalties.
        type Treasury: Get<Self::AccountId>;

        /// Paid once for a registration.
        #[pallet::constant]
        type RegistrationFee: Get<Balance>;

        /// Least bond of a machine that works; with it comes trust level 1.
        #[pallet::constant]
        type MinimumBond: Get<Balance>;

        /// Least bond of trust level 2.
        #[pallet::constant]
        type LevelTwoBond: Get<Balance>;

        /// Least bond of trust level 3.
        #[pallet::constant]
        type LevelThreeBond: Get<Balance>;

        /// Most jobs that a machine may take at the same time.
        #[pallet::constant]
        type MaxCapacity: Get<u32>;

        /// Most models that a machine may offer.
        #[pallet::constant]
        type MaxOffers: Get<u32>;

        /// How many machines a draw looks at.
        #[pallet::constant]
        type Candidates: Get<u32>;

        /// Machines that have to serve a model before a draw of it is open; if more than one, none of them with a third
        /// of their capacity.
        type OpenMachines: Get<u32>;

        /// Weights of the calls.
        type WeightInfo: WeightInfo;

        /// Sets up what benchmarks need of the runtime.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// Why the balance of an account is on hold.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Bond of a machine. The hold is the bond: no record repeats its amount.
        WorkerBond,
    }

    /// Registered machines, by the account that runs them.
    #[pallet::storage]
    pub type Workers<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, WorkerOf<T>>;

    /// The bonds of all machines together.
    #[pallet::storage]
    pub type TotalBond<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// Accounts whose machine was convicted, of a false result or of misuse. For good: an entry outlives the machine, so that the
    /// account cannot start anew. Each has cost half of a bond.
    #[pallet::storage]
    pub type Banned<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ()>;

    /// What each machine offers; no entry is the same as no offer.
    #[pallet::storage]
    pub type Offers<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<Offer, T::MaxOffers>, ValueQuery>;

    /// The machines that are online for a model, densely at 0 .. count in each of its [`Classes`].
    #[pallet::storage]
    pub type Serving<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, ModelId, Twox64Concat, Place, T::AccountId>;

    /// How many machines of each class of capacity are online for a model: those classes that have any, in order.
    #[pallet::storage]
    pub type Classes<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        ModelId,
        BoundedVec<ClassCount, ConstU32<MAX_CLASSES>>,
        ValueQuery,
    >;

    /// Where a machine stands in [`Serving`] of a model, so that it leaves in constant time.
    #[pallet::storage]
    pub type Positions<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, ModelId, Place>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A machine was registered; it is offline.
        Registered {
            worker: T::AccountId,
            bond: Balance,
            capacity: u32,
            region: Region,
        },
        /// A machine offers a model at a price for one unit.
        OfferSet {
            worker: T::AccountId,
            model: ModelId,
            ask: Balance,
        },
        /// A machine does not offer a model any more.
        OfferRemoved {
            worker: T::AccountId,
            model: ModelId,
        },
        /// A machine can be drawn.
        WentOnline { worker: T::AccountId },
        /// A machine cannot be drawn; jobs that it has go on.
        WentOffline { worker: T::AccountId },
        /// A bond was increased, to `bond` in all.
        BondIncreased {
            worker: T::AccountId,
            amount: Balance,
            bond: Balance,
        },
        /// A machine retired; its bond can be withdrawn from block `unbonds_at` on.
        Retired {
            worker: T::AccountId,
            unbonds_at: BlockNumberFor<T>,
        },
        /// A retired machine's bond was released and its record removed.
        Withdrawn { worker: T::AccountId, bond: Balance },
        /// A machine let a job down; `amount` of its bond went to the treasury.
        Penalised {
            worker: T::AccountId,
            fault: Fault,
            amount: Balance,
        },
        /// A machine failed too often and is suspended for review.
        Suspended {
            worker: T::AccountId,
            completed: u64,
            failed: u64,
        },
        /// A suspension was lifted.
        Reinstated { worker: T::AccountId },
        /// A result of the machine was false: it is banned for good, and lost part of its bond.
        Convicted {
            worker: T::AccountId,
            burned: Balance,
            /// Moved to the account from which the accusers are paid.
            reward: Balance,
        },
        /// Governance punished misuse: the machine is banned for good, lost part of its bond, and all rewards that it
        /// had not claimed.
        MisuseConvicted {
            worker: T::AccountId,
            burned: Balance,
            /// Moved to the treasury.
            moved: Balance,
            reason: Reason,
        },
        /// Governance agreed with a machine on its service: it has trust level 4 while it would have level 3 and its
        /// bond is above that of level 3 by `insurance`.
        LevelFourGranted {
            worker: T::AccountId,
            /// Hash of what was agreed on.
            agreement: H256,
            insurance: Balance,
        },
        /// The agreement ended.
        LevelFourRevoked { worker: T::AccountId },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The account has a machine already.
        AlreadyRegistered,
        /// The account has no machine.
        NotRegistered,
        /// The bond is under the minimum.
        BondTooSmall,
        /// Capacity must be from 1 to `MaxCapacity`.
        InvalidCapacity,
        /// The free balance does not cover bond and fee.
        BalanceTooLow,
        /// An amount of zero.
        AmountZero,
        /// No active model has this root.
        UnknownModel,
        /// The price is under the model's floor.
        AskBelowFloor,
        /// The machine offers `MaxOffers` models already.
        TooManyOffers,
        /// The machine does not offer this model.
        OfferNotFound,
        /// A machine without an offer cannot go online.
        NoOffers,
        /// The machine is online already.
        AlreadyOnline,
        /// The machine is not online.
        NotOnline,
        /// The machine must go offline first.
        StillOnline,
        /// The machine is suspended for review.
        WorkerSuspended,
        /// The machine is not suspended.
        NotSuspended,
        /// The machine is retired.
        WorkerRetired,
        /// The machine is not retired.
        NotRetired,
        /// The machine has jobs that are not finished.
        JobsActive,
        /// The unbonding time is not over.
        StillUnbonding,
        /// A result of the machine is neither paid nor refuted.
        ResultsUnsettled,
        /// The account's machine was convicted: no machine of it ever works again.
        Banned,
        /// A semantics version is frozen, or a slash of the machine is queued for governance.
        BondsFrozen,
        /// A conviction of misuse must say why.
        ReasonMissing,
        /// Governance has no agreement with the machine.
        LevelFourNotGranted,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers the caller's machine: `bond` (at least `MinimumBond`) goes on hold, the
        /// registration fee to the treasury. `capacity` is how many jobs it takes at a time.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(
            origin: OriginFor<T>,
            bond: Balance,
            capacity: u32,
            region: Region,
        ) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            ensure!(!Self::is_banned(&worker), Error::<T>::Banned);
            ensure!(
                !Workers::<T>::contains_key(&worker),
                Error::<T>::AlreadyRegistered
            );
            ensure!(bond >= T::MinimumBond::get(), Error::<T>::BondTooSmall);
            ensure!(
                (1..=T::MaxCapacity::get()).contains(&capacity),
                Error::<T>::InvalidCapacity
            );
            let fee = T::RegistrationFee::get();
            Self::ensure_covers(&worker, bond.saturating_add(fee))?;

            T::Currency::transfer(&worker, &T::Treasury::get(), fee, Preservation::Preserve)?;
            T::Currency::hold(&Self::bond_reason(), &worker, bond)?;
            TotalBond::<T>::mutate(|total| *total = total.saturating_add(bond));
            Workers::<T>::insert(&worker, Worker::new(capacity, region));
            Self::deposit_event(Event::Registered {
                worker,
                bond,
                capacity,
                region,
            });
            Ok(())
        }

        /// Offers a model at `ask` for one unit, at least the model's floor, or changes the price.
        /// Takes effect at once when the machine is online.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::set_offer())]
        pub fn set_offer(origin: OriginFor<T>, model: ModelId, ask: Balance) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            let record = Self::ensure_not_retired(&worker)?;
            let terms = T::Models::terms(&model).ok_or(Error::<T>::UnknownModel)?;
            ensure!(ask >= terms.price_floor, Error::<T>::AskBelowFloor);

            let new = Offers::<T>::try_mutate(&worker, |offers| -> Result<bool, Error<T>> {
                if let Some(offer) = offers.iter_mut().find(|offer| offer.model == model) {
                    offer.ask = ask;
                    return Ok(false);
                }
                offers
                    .try_push(Offer { model, ask })
                    .map(|()| true)
                    .map_err(|_| Error::<T>::TooManyOffers)
            })?;
            if new && record.state == WorkerState::Online {
                Self::enter(&model, &worker, record.power);
            }
            Self::deposit_event(Event::OfferSet { worker, model, ask });
            Ok(())
        }

        /// Takes an offer back. A machine that takes its last offer back goes offline.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::remove_offer())]
        pub fn remove_offer(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            let mut record = Workers::<T>::get(&worker).ok_or(Error::<T>::NotRegistered)?;
            let mut offers = Offers::<T>::get(&worker);
            let position = offers
                .iter()
                .position(|offer| offer.model == model)
                .ok_or(Error::<T>::OfferNotFound)?;

            Self::deposit_event(Event::OfferRemoved {
                worker: worker.clone(),
                model,
            });
            if offers.len() == 1 {
                // While the offer is still there, so that the index is left with it.
                if Self::take_offline(&worker, &mut record) {
                    Workers::<T>::insert(&worker, record);
                }
                Offers::<T>::remove(&worker);
            } else {
                if record.state == WorkerState::Online {
                    Self::leave(&model, &worker);
                }
                offers.remove(position);
                Offers::<T>::insert(&worker, offers);
            }
            Ok(())
        }

        /// Makes the machine drawable for every model that it offers.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::go_online(T::MaxOffers::get()))]
        pub fn go_online(origin: OriginFor<T>) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            let mut record = Self::ensure_not_retired(&worker)?;
            ensure!(
                record.state != WorkerState::Online,
                Error::<T>::AlreadyOnline
            );
            ensure!(!Self::is_banned(&worker), Error::<T>::Banned);
            ensure!(!record.suspended, Error::<T>::WorkerSuspended);
            ensure!(
                Self::bond_of(&worker) >= T::MinimumBond::get(),
                Error::<T>::BondTooSmall
            );
            let offers = Offers::<T>::get(&worker);
            ensure!(!offers.is_empty(), Error::<T>::NoOffers);

            for offer in &offers {
                Self::enter(&offer.model, &worker, record.power);
            }
            record.state = WorkerState::Online;
            Workers::<T>::insert(&worker, record);
            Self::deposit_event(Event::WentOnline { worker });
            Ok(())
        }

        /// Takes the machine out of every draw. Jobs that it has must still be finished.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::go_offline(T::MaxOffers::get()))]
        pub fn go_offline(origin: OriginFor<T>) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            let mut record = Workers::<T>::get(&worker).ok_or(Error::<T>::NotRegistered)?;
            ensure!(
                Self::take_offline(&worker, &mut record),
                Error::<T>::NotOnline
            );
            Workers::<T>::insert(&worker, record);
            Ok(())
        }

        /// Adds `amount` of the free balance to the bond.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::bond_more())]
        pub fn bond_more(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::ensure_not_retired(&worker)?;
            ensure!(amount > 0, Error::<T>::AmountZero);
            Self::ensure_covers(&worker, amount)?;
            T::Currency::hold(&Self::bond_reason(), &worker, amount)?;
            TotalBond::<T>::mutate(|total| *total = total.saturating_add(amount));
            let bond = Self::bond_of(&worker);
            Self::deposit_event(Event::BondIncreased {
                worker,
                amount,
                bond,
            });
            Ok(())
        }

        /// Retires a machine that is offline and has no job. The unbonding time starts.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::retire())]
        pub fn retire(origin: OriginFor<T>) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            let mut record = Self::ensure_not_retired(&worker)?;
            ensure!(record.state != WorkerState::Online, Error::<T>::StillOnline);
            ensure!(record.active == 0, Error::<T>::JobsActive);

            let now = frame_system::Pallet::<T>::block_number();
            let unbonds_at = now.saturating_add(T::Windows::unbonding());
            record.state = WorkerState::Retired { unbonds_at };
            Workers::<T>::insert(&worker, record);
            Self::deposit_event(Event::Retired { worker, unbonds_at });
            Ok(())
        }

        /// Releases the bond of a retired machine and removes its record, once the unbonding time is
        /// over, no result that the bond stands for can be refuted any more, and nothing is frozen. The
        /// account may register again, as a new machine, unless it is banned.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            let record = Workers::<T>::get(&worker).ok_or(Error::<T>::NotRegistered)?;
            let WorkerState::Retired { unbonds_at } = record.state else {
                return Err(Error::<T>::NotRetired.into());
            };
            let now = frame_system::Pallet::<T>::block_number();
            ensure!(now >= unbonds_at, Error::<T>::StillUnbonding);
            ensure!(!T::Freezes::holds(&worker), Error::<T>::BondsFrozen);
            ensure!(record.unsettled == 0, Error::<T>::ResultsUnsettled);

            let bond = T::Currency::release_all(&Self::bond_reason(), &worker, Precision::Exact)?;
            Self::less_bonded(bond);
            Offers::<T>::remove(&worker);
            Workers::<T>::remove(&worker);
            Self::deposit_event(Event::Withdrawn { worker, bond });
            Ok(())
        }

        /// Lifts a suspension after review. The counters stay as they are; the machine goes online
        /// by its own call. A ban cannot be lifted.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::reinstate())]
        pub fn reinstate(origin: OriginFor<T>, worker: T::AccountId) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_reinstate(worker)
        }

        /// Punishes misuse that no game can prove, for a `reason` in words: half of the bond is taken, of which half
        /// burns and half goes to the treasury, all rewards that were not claimed are forfeited, and the account is
        /// banned for good. Jobs that it has run on.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::convict_misuse())]
        pub fn convict_misuse(
            origin: OriginFor<T>,
            worker: T::AccountId,
            reason: Reason,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_convict_misuse(worker, reason)
        }

        /// Grants a machine trust level 4 under an `agreement` on its service, of which the chain keeps the hash, with
        /// an `insurance` that its bond must have above that of level 3. Replaces an agreement that it has.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::grant_level_four())]
        pub fn grant_level_four(
            origin: OriginFor<T>,
            worker: T::AccountId,
            agreement: H256,
            insurance: Balance,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_grant_level_four(worker, agreement, insurance)
        }

        /// Ends the agreement of a machine with trust level 4. The bond stays as it is.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::revoke_level_four())]
        pub fn revoke_level_four(origin: OriginFor<T>, worker: T::AccountId) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_revoke_level_four(worker)
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
