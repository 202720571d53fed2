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
mod logic;
mod try_state;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use logic::Lags;
pub use weights::WeightInfo;

use sp_inherents::InherentIdentifier;

/// Names what an author's node says: a [`Height`].
pub const INHERENT_IDENTIFIER: InherentIdentifier = *b"aipgfina";

/// The height of a block.
pub type Height = u32;

/// Reports of which the median is believed.
pub const REPORTS: u32 = 11;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::{Height, WeightInfo, INHERENT_IDENTIFIER, REPORTS};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sp_inherents::{InherentData, InherentIdentifier, MakeFatalError};

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Blocks that finality may be behind without lagging.
        #[pallet::constant]
        type MaxLag: Get<Height>;
        /// Weights of the call and the hook.
        type WeightInfo: WeightInfo;
    }

    /// What the authors of the last blocks have seen finalised, the newest last.
    #[pallet::storage]
    pub type Reports<T: Config> =
        StorageValue<_, BoundedVec<Height, ConstU32<REPORTS>>, ValueQuery>;

    /// The block with the newest report.
    #[pallet::storage]
    pub type ReportedIn<T: Config> = StorageValue<_, Height, ValueQuery>;

    /// The height that the chain believes to be finalised. It never goes back.
    #[pallet::storage]
    pub type Believed<T: Config> = StorageValue<_, Height, ValueQuery>;

    /// Whether finality lags, as of the beginning of the block.
    #[pallet::storage]
    pub type IsLagging<T: Config> = StorageValue<_, bool, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Finality is too far behind from this block on: the chain believes `finalised`.
        Lagging { finalised: Height },
        /// Finality is near enough again.
        Recovered { finalised: Height },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The block has a report already.
        ReportedTwice,
        /// Nobody can have seen more finalised than the parent.
        BeyondParent,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::look();
            T::WeightInfo::on_initialize()
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// The author of the block has seen this height finalised. An inherent.
        ///
        /// # Errors
        /// [`Error::ReportedTwice`], [`Error::BeyondParent`]; with either the block is invalid.
        #[pallet::call_index(0)]
        #[pallet::weight((T::WeightInfo::report(), DispatchClass::Mandatory))]
        pub fn report(
            origin: OriginFor<T>,
            #[pallet::compact] finalised: Height,
        ) -> DispatchResult {
            ensure_none(origin)?;
            Self::do_report(finalised)
        }
    }

    #[pallet::inherent]
    impl<T: Config> ProvideInherent for Pallet<T> {
        type Call = Call<T>;
        type Error = MakeFatalError<()>;
        const INHERENT_IDENTIFIER: InherentIdentifier = INHERENT_IDENTIFIER;

        /// An author without the data says nothing, and so does one that has seen more finalised than the
        /// chain that it builds on: that may be another one.
        fn create_inherent(data: &InherentData) -> Option<Self::Call> {
            let finalised = data.get_data::<Height>(&INHERENT_IDENTIFIER).ok()??;
            (finalised <= Self::parent()).then_some(Call::report { finalised })
        }

        fn is_inherent(call: &Self::Call) -> bool {
            matches!(call, Call::report { .. })
        }
    }
}
