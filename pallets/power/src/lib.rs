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

pub mod attendance;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod claims;
pub mod quantile;
mod try_state;
pub mod types;
mod view;
pub mod weights;
mod windows;

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
    use crate::types::{Draw, Openings, Record, Window};
    use crate::WeightInfo;
    use aipg_primitives::{Beacon, MeasuredMachines};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sp_core::H256;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Opens windows and draws in them.
        type Beacon: Beacon<BlockNumberFor<Self>>;
        /// The machines that are measured, and told of it.
        type Machines: MeasuredMachines<Self::AccountId>;
        /// Blocks without a window until one opens, on average; 0: none ever does.
        type MeanInterval: Get<u32>;
        /// Blocks from the opening of a window in which machines compute and commit.
        type CommitBlocks: Get<BlockNumberFor<Self>>;
        /// Blocks from the draw in which who is drawn proves.
        type ProveBlocks: Get<BlockNumberFor<Self>>;
        /// Blocks for which who could not prove is not measured.
        type PenaltyBlocks: Get<BlockNumberFor<Self>>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
        /// What benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
    }

    /// The window in progress.
    #[pallet::storage]
    pub type Current<T: Config> = StorageValue<_, Window<BlockNumberFor<T>>>;

    /// Windows so far; the number of the next one.
    #[pallet::storage]
    pub type WindowCount<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// Beacons that drew in the last 100 windows, by the window's number modulo 100.
    #[pallet::storage]
    pub type Draws<T: Config> = StorageMap<_, Twox64Concat, u32, Draw>;

    /// What is known of who attended a window.
    #[pallet::storage]
    pub type Records<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Record<BlockNumberFor<T>>>;

    /// Estimate of the steps that one of ten exceeds, of all that were measured.
    #[pallet::storage]
    pub type FastestTenth<T: Config> = StorageValue<_, u32, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Machines compute from `seed` on, and commit before block `closes_at`.
        WindowOpened {
            window: u32,
            seed: H256,
            closes_at: BlockNumberFor<T>,
            proves_until: BlockNumberFor<T>,
        },
        /// Who is drawn by `beacon` proves before block `proves_until`.
        WindowDrawn {
            window: u32,
            beacon: H256,
            proves_until: BlockNumberFor<T>,
        },
        /// A window is over. If nobody was drawn, for lack of a beacon, nothing was measured.
        WindowEnded { window: u32, is_drawn: bool },
        /// A worker says that it has computed so many steps. `is_certain`: it has to prove it.
        Committed {
            window: u32,
            worker: T::AccountId,
            steps: u32,
            root: H256,
            is_certain: bool,
        },
        /// A worker has shown what was drawn: its power is now `steps`.
        Proven {
            window: u32,
            worker: T::AccountId,
            steps: u32,
        },
        /// A worker was not drawn: its power is now `steps`.
        Measured {
            window: u32,
            worker: T::AccountId,
            steps: u32,
        },
        /// A worker was drawn and has shown nothing: it has no power, and cannot commit before block
        /// `barred_until`.
        Failed {
            window: u32,
            worker: T::AccountId,
            steps: u32,
            barred_until: BlockNumberFor<T>,
        },
        /// Nobody was drawn in a window, or it is forgotten who: what the worker claimed there counts for nothing.
        Voided { window: u32, worker: T::AccountId },
        /// A worker has not attended the last window: it has no power.
        Lapsed { worker: T::AccountId },
        /// A worker has attended none of the last hundred windows: it is a newcomer when it comes back.
        Forgotten { worker: T::AccountId },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// No window is in progress.
        NoWindow,
        /// The window in progress has another number.
        WrongWindow,
        /// The window has closed.
        CommitTimeOver,
        /// No steps, or more than can be committed to.
        StepsOutOfRange,
        /// The caller has no machine that is online.
        NotOnline,
        /// The caller has committed in this window already.
        AlreadyCommitted,
        /// The caller could not prove its power lately.
        Barred,
        /// The caller has committed to nothing in this window, or has proven it.
        NotCommitted,
        /// The beacon that draws is not known yet.
        NotDrawnYet,
        /// The caller was not drawn.
        NotDrawn,
        /// Not as many openings as samples.
        WrongNumberOfOpenings,
        /// A row is missing, is one too many, or has another length.
        MalformedOpening,
        /// A path does not lead to the root.
        PathMismatch,
        /// A segment is not what its step makes of the row before.
        SegmentMismatch,
        /// Nothing is to be decided about this account.
        NothingToSettle,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::run(now)
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Commits to `steps` steps of the caller's chain in a window, once. What it claimed before is settled
        /// first; if it turns out that it failed, that is all that happens.
        ///
        /// # Errors
        /// [`Error::NoWindow`], [`Error::WrongWindow`], [`Error::CommitTimeOver`],
        /// [`Error::StepsOutOfRange`], [`Error::NotOnline`], [`Error::AlreadyCommitted`],
        /// [`Error::Barred`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(origin: OriginFor<T>, window: u32, steps: u32, root: H256) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::do_commit(worker, window, steps, root)
        }

        /// Shows the samples that were drawn of the caller's chain, in their order. What does not verify is
        /// refused, and can be shown again.
        ///
        /// # Errors
        /// [`Error::NoWindow`], [`Error::WrongWindow`], [`Error::NotCommitted`],
        /// [`Error::NotDrawnYet`], [`Error::NotDrawn`], [`Error::WrongNumberOfOpenings`],
        /// [`Error::MalformedOpening`], [`Error::PathMismatch`], [`Error::SegmentMismatch`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::prove())]
        pub fn prove(origin: OriginFor<T>, window: u32, openings: Openings) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::do_prove(worker, window, openings)
        }

        /// Decides what can be decided about an account: its last claim, whether its power lapsed, whether it is
        /// forgotten. Anybody may call this.
        ///
        /// # Errors
        /// [`Error::NothingToSettle`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::settle())]
        pub fn settle(origin: OriginFor<T>, worker: T::AccountId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_settle(worker)
        }
    }
}
