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

mod attendance;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod candidates;
mod credit;
pub mod draw;
mod election;
mod offences;
pub mod renewal;
mod sessions;
mod try_state;
pub mod types;
pub mod weight_of;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use sessions::AccountOnly;
pub use weights::WeightInfo;

/// Told that an author must not author any more, and again at the start of each session in which it still
/// has a seat. The runtime disables it for the session.
pub trait OnExpelled<AccountId> {
    fn on_expelled(author: &AccountId);
}

/// Nothing is done.
impl<AccountId> OnExpelled<AccountId> for () {
    fn on_expelled(_: &AccountId) {}
}

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::types::{Candidacy, Credit, Exit, Going, Plan, Seat, Weighted};
    use crate::{OnExpelled, WeightInfo};
    use aipg_primitives::{Balance, Beacon, Burn, StakeOf};
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{hold, Inspect},
            Contains,
        },
    };
    use frame_system::pallet_prelude::*;
    use sp_runtime::traits::One;
    use sp_staking::SessionIndex;

    pub type AuthorsOf<T> =
        BoundedVec<<T as frame_system::Config>::AccountId, <T as Config>::MaxAuthors>;
    pub type SeatsOf<T> =
        BoundedVec<Seat<<T as frame_system::Config>::AccountId>, <T as Config>::MaxAuthors>;
    pub type SnapshotOf<T> =
        BoundedVec<Weighted<<T as frame_system::Config>::AccountId>, <T as Config>::MaxCandidates>;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Reasons for holds of the whole runtime.
        type RuntimeHoldReason: From<HoldReason>;
        /// AIPG.
        type Currency: hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + Inspect<Self::AccountId, Balance = Balance>;
        /// Burns what authors lose who equivocate.
        type Burn: Burn<Self::AccountId, Self::RuntimeHoldReason>;
        /// Fixes who is drawn only after the weights: the beacon of audits.
        type Beacon: Beacon<BlockNumberFor<Self>>;
        /// Who has session keys. The session leaves out who has none.
        type Keys: Contains<Self::AccountId>;
        /// What others have staked on a candidate.
        type Stake: StakeOf<Self::AccountId>;
        /// Told of authors that equivocated.
        type OnExpelled: OnExpelled<Self::AccountId>;
        /// Sessions of an era.
        type EraSessions: Get<u32>;
        /// Authors that there should be, at most [`Config::MaxAuthors`].
        type TargetSeats: Get<u32>;
        /// Authors below which no seat is given up. One is the least that counts.
        type LeastAuthors: Get<u32>;
        /// Blocks that the bond of a candidate who left stays on hold.
        type Unbonding: Get<BlockNumberFor<Self>>;
        /// Least bond of a candidate.
        #[pallet::constant]
        type MinimumBond: Get<Balance>;
        /// Most candidates.
        #[pallet::constant]
        type MaxCandidates: Get<u32>;
        /// Most authors.
        #[pallet::constant]
        type MaxAuthors: Get<u32>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
        /// Sets up what benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
    }

    /// What this pallet holds money for.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Bond of an author. The hold is the bond: no record repeats its amount.
        AuthorBond,
    }

    /// Who wants a seat, or has one and wants to keep it.
    #[pallet::storage]
    pub type Candidates<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Candidacy>;

    /// Number of candidates.
    #[pallet::storage]
    pub type CandidateCount<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// Who is no candidate any more and has not got its bond back.
    #[pallet::storage]
    pub type Exits<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Exit<BlockNumberFor<T>>>;

    /// Who equivocated and never authors again.
    #[pallet::storage]
    pub type Banned<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ()>;

    /// Credit of useful work of every account that was ever paid for some.
    #[pallet::storage]
    pub type Credits<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Credit>;

    /// The set of authors that the session manager gave last: that of the next session.
    #[pallet::storage]
    pub type Seats<T: Config> = StorageValue<_, SeatsOf<T>, ValueQuery>;

    /// Who has a seat since the era began.
    #[pallet::storage]
    pub type Sitting<T: Config> = StorageValue<_, AuthorsOf<T>, ValueQuery>;

    /// Number of the era.
    #[pallet::storage]
    pub type CurrentEra<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// Blocks of this era by their authors, as many entries as there were authors.
    #[pallet::storage]
    pub type Authored<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, u32, ValueQuery>;

    /// The block whose beacon decides the next election, while it is awaited.
    #[pallet::storage]
    pub type Anchor<T: Config> = StorageValue<_, BlockNumberFor<T>>;

    /// Weights of the candidates as of [`Anchor`]: nobody can change its weight knowing the draw.
    #[pallet::storage]
    pub type Snapshot<T: Config> = StorageValue<_, SnapshotOf<T>, ValueQuery>;

    /// What was drawn for the next era.
    #[pallet::storage]
    pub type Drawn<T: Config> = StorageValue<_, Plan<AuthorsOf<T>>>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account can be drawn, in the place of a candidate if the list was full.
        Joined {
            author: T::AccountId,
            bond: Balance,
            instead_of: Option<T::AccountId>,
        },
        /// A bond was increased, to `bond` in all.
        BondIncreased {
            author: T::AccountId,
            amount: Balance,
            bond: Balance,
        },
        /// A candidate that was absent is drawn again.
        Returned { author: T::AccountId },
        /// A candidate is drawn no more; its bond can be withdrawn from block `unbonds_at` on, or later if it
        /// has a seat.
        Left {
            author: T::AccountId,
            unbonds_at: BlockNumberFor<T>,
        },
        /// A bond was released and its record removed.
        Withdrawn { author: T::AccountId, bond: Balance },
        /// The weights of so many candidates wait for the beacon of this block.
        ElectionBegun { candidates: u32 },
        /// These are to have a seat from the next era on.
        Elected { newcomers: Vec<T::AccountId> },
        /// The authors change with this session.
        AuthorsChanged {
            session: SessionIndex,
            joined: Vec<T::AccountId>,
            left: Vec<T::AccountId>,
        },
        /// A seat is given up as soon as enough others remain.
        SeatMarked { author: T::AccountId, why: Going },
        /// An author authored `authored` blocks of the era where `fair` were expected.
        AuthorAbsent {
            author: T::AccountId,
            authored: u32,
            fair: u32,
        },
        /// More than a third of the authors were absent: the network is taken to be at fault.
        AbsenceExcused { era: u32, absent: u32 },
        /// An author equivocated and never authors again. `burned` of its bond was burned.
        Expelled {
            author: T::AccountId,
            burned: Balance,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The caller has equivocated.
        Banned,
        /// The caller is a candidate already.
        AlreadyCandidate,
        /// A former bond of the caller is still on hold.
        BondNotWithdrawn,
        /// The bond is under the minimum.
        BondTooSmall,
        /// The caller cannot put the bond on hold.
        BondExceedsBalance,
        /// The caller has no session keys.
        NoSessionKeys,
        /// The list is full: the caller must name a candidate in whose place it comes.
        ListFull,
        /// Who is to be displaced is no candidate.
        DisplacedNotCandidate,
        /// Who is to be displaced has a seat, or is to have one.
        DisplacedHasSeat,
        /// Who is to be displaced has a bond that is not smaller.
        DisplacedNotSmaller,
        /// The caller is no candidate.
        NotCandidate,
        /// The caller was not absent.
        NotResting,
        /// The caller has left, was displaced or was expelled.
        HasLeft,
        /// The caller has not left.
        HasNotLeft,
        /// The bond is still on hold.
        StillUnbonding,
        /// The caller still has a seat.
        HasSeat,
    }

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The first authors, who need no bond. They must have session keys.
        pub authors: Vec<T::AccountId>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let distinct: alloc::collections::BTreeSet<_> = self.authors.iter().collect();
            assert!(
                distinct.len() == self.authors.len(),
                "an author is named twice"
            );
            let authors = AuthorsOf::<T>::try_from(self.authors.clone()).expect("too many authors");
            let seat = |author| Seat {
                author,
                going: None,
            };
            Seats::<T>::put(BoundedVec::truncate_from(
                self.authors.iter().cloned().map(seat).collect(),
            ));
            Sitting::<T>::put(authors);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::poll()
        }

        fn integrity_test() {
            assert!(T::MaxAuthors::get() > 0, "somebody must author");
            assert!(
                T::MaxCandidates::get() <= 1_024,
                "all of them are weighed in one block"
            );
            assert!(
                T::MinimumBond::get() > 0,
                "credit is measured by bonds: none may be zero"
            );
            assert!(
                T::Beacon::delay() >= One::one(),
                "the draw must not be known with the weights"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Puts `bond` on hold and becomes a candidate, who is drawn in proportion to its weight.
        ///
        /// When the list is full, `instead_of` names a candidate without a seat whose bond is smaller: it
        /// leaves. When there is room nobody leaves, whoever is named.
        ///
        /// # Errors
        /// [`Error::Banned`], [`Error::AlreadyCandidate`], [`Error::BondNotWithdrawn`],
        /// [`Error::BondTooSmall`], [`Error::NoSessionKeys`], [`Error::ListFull`],
        /// [`Error::DisplacedNotCandidate`], [`Error::DisplacedHasSeat`],
        /// [`Error::DisplacedNotSmaller`], [`Error::BondExceedsBalance`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::join())]
        pub fn join(
            origin: OriginFor<T>,
            bond: Balance,
            instead_of: Option<T::AccountId>,
        ) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_join(author, bond, instead_of)
        }

        /// Increases the bond.
        ///
        /// # Errors
        /// [`Error::NotCandidate`], [`Error::HasLeft`], [`Error::BondExceedsBalance`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::bond_more())]
        pub fn bond_more(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_bond_more(author, amount)
        }

        /// Is drawn again after an absence.
        ///
        /// # Errors
        /// [`Error::NotCandidate`], [`Error::HasLeft`], [`Error::NotResting`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::stand())]
        pub fn stand(origin: OriginFor<T>) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_stand(author)
        }

        /// Is drawn no more, and gives up its seat as soon as enough others remain.
        ///
        /// # Errors
        /// [`Error::NotCandidate`], [`Error::HasLeft`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_leave(author)
        }

        /// Takes the bond back.
        ///
        /// # Errors
        /// [`Error::NotCandidate`], [`Error::HasNotLeft`], [`Error::HasSeat`],
        /// [`Error::StillUnbonding`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
            let author = ensure_signed(origin)?;
            Self::do_withdraw(author)
        }
    }
}
