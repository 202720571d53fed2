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

mod agenda;
mod auditors;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod lottery;
mod outcome;
mod replies;
#[cfg(any(test, feature = "runtime-benchmarks"))]
mod sample;
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use lottery::sign_data;
pub use replies::commitment;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::types::{Audit, AuditWindows, Auditor, AuditorFault, Commitment, DrawProof};
    use crate::WeightInfo;
    use aipg_primitives::{AuditHistory, AuditPay, Balance, Beacon, Burn, JobId, Tick};
    use frame_support::{
        pallet_prelude::*,
        traits::fungible::{hold, Inspect},
    };
    use frame_system::pallet_prelude::*;
    use sp_core::{sr25519::Public, H256};

    pub type AuditOf<T> = Audit<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Reasons for holds of the whole runtime.
        type RuntimeHoldReason: From<HoldReason>;
        /// AIPG.
        type Currency: hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + Inspect<Self::AccountId, Balance = Balance>;
        /// Burns what auditors lose.
        type Burn: Burn<Self::AccountId, Self::RuntimeHoldReason>;
        /// Fixes who audits what only after it was delivered.
        type Beacon: Beacon<BlockNumberFor<Self>>;
        /// Ticks so far: what windows of audits are counted in.
        type Tick: Get<Tick>;
        /// How often results of a worker are audited, and whether they stood.
        type History: AuditHistory<Self::AccountId>;
        /// Pays auditors that agreed with what turned out right.
        type Pay: AuditPay<Self::AccountId>;
        /// How long each part of an audit takes.
        type Windows: Get<AuditWindows>;
        /// Auditors that are expected for an audit.
        #[pallet::constant]
        type ExpectedAuditors: Get<u32>;
        /// Most auditors whose replies count.
        #[pallet::constant]
        type MaxAuditors: Get<u32>;
        /// Draws of auditors for one result, until somebody replies.
        #[pallet::constant]
        type MaxDraws: Get<u8>;
        /// Least bond of an auditor.
        #[pallet::constant]
        type MinimumBond: Get<Balance>;
        /// Blocks after which a key that was registered can be drawn, and what was added to a bond counts.
        type KeyDelay: Get<BlockNumberFor<Self>>;
        /// Blocks that the bond of an auditor who left stays on hold.
        type Unbonding: Get<BlockNumberFor<Self>>;
        /// Most weight that a block takes to move audits on by itself; what is more waits for the next.
        type StepsWeight: Get<Weight>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
    }

    /// What this pallet holds money for.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Bond of an auditor. The hold is the bond: no record repeats its amount.
        AuditorBond,
    }

    /// Who can be drawn.
    #[pallet::storage]
    pub type Auditors<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Auditor<BlockNumberFor<T>>>;

    /// Bonds of all auditors that have not left: what the chance to be drawn is a share of.
    #[pallet::storage]
    pub type TotalBond<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// Results that were delivered and may be audited, or are; no entry means that none is to come.
    #[pallet::storage]
    pub type Audits<T: Config> = StorageMap<_, Twox64Concat, JobId, AuditOf<T>>;

    /// What the auditors of a result committed to.
    #[pallet::storage]
    pub type Commitments<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Blake2_128Concat, T::AccountId, Commitment>;

    /// Audits by the tick in which the chain moves them on. One that waits for nothing is not in it.
    #[pallet::storage]
    pub type Agenda<T: Config> = StorageDoubleMap<_, Twox64Concat, Tick, Twox64Concat, JobId, ()>;

    /// First tick whose agenda may not be empty yet.
    #[pallet::storage]
    pub type AgendaCursor<T: Config> = StorageValue<_, Tick, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account can be drawn as an auditor from block `active_from` on.
        AuditorRegistered {
            auditor: T::AccountId,
            key: Public,
            bond: Balance,
            active_from: BlockNumberFor<T>,
        },
        /// A bond was increased, to `bond` in all.
        AuditorBondIncreased {
            auditor: T::AccountId,
            amount: Balance,
            bond: Balance,
        },
        /// An auditor is drawn no more; its bond can be withdrawn from block `unbonds_at` on.
        AuditorLeft {
            auditor: T::AccountId,
            unbonds_at: BlockNumberFor<T>,
        },
        /// The bond of an auditor was released and its record removed.
        AuditorWithdrawn {
            auditor: T::AccountId,
            bond: Balance,
        },
        /// A result is audited: whoever `seed` draws commits before tick `until`.
        AuditBegun {
            job: JobId,
            worker: T::AccountId,
            draw: u8,
            seed: H256,
            until: Tick,
        },
        /// An auditor has looked.
        AuditCommitted { job: JobId, auditor: T::AccountId },
        /// Another one, drawn more rightly, has taken the place of this auditor, who is free of what it
        /// committed to.
        AuditorDisplaced { job: JobId, auditor: T::AccountId },
        /// The worker has to say before tick `until` what the root of its trace is.
        AttestationDue {
            job: JobId,
            worker: T::AccountId,
            until: Tick,
        },
        /// The worker has said it: from now on it is part of the result. Auditors reveal before tick `until`.
        /// Said again for auditors who were drawn after it.
        Attested {
            job: JobId,
            worker: T::AccountId,
            root: H256,
            until: Tick,
        },
        /// An auditor has shown what it committed to.
        AuditRevealed {
            job: JobId,
            auditor: T::AccountId,
            agrees: bool,
        },
        /// The worker has not said it in time: the job ends unpaid unless a dispute decides otherwise.
        AttestationMissed { job: JobId, worker: T::AccountId },
        /// Nobody who was drawn has replied; the result counts as if it had not been audited.
        AuditAbandoned { job: JobId },
        /// The result stood or fell. `agreed` auditors had found what the worker attested.
        AuditEnded {
            job: JobId,
            is_right: bool,
            agreed: u32,
        },
        /// Part of an auditor's bond was burned.
        AuditorPenalised {
            job: JobId,
            auditor: T::AccountId,
            fault: AuditorFault,
            amount: Balance,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The caller is an auditor already.
        AlreadyAuditor,
        /// The caller is no auditor.
        NotAuditor,
        /// The bond is under the minimum.
        BondTooSmall,
        /// The caller cannot put the bond on hold.
        BondExceedsBalance,
        /// The auditor has left.
        AuditorHasLeft,
        /// The auditor has not left.
        AuditorHasNotLeft,
        /// The bond is still on hold.
        StillUnbonding,
        /// Audits that the caller committed to are not over.
        AuditsOpen,
        /// No audit of this job is open.
        AuditNotFound,
        /// The audit does not take this now.
        WrongStage,
        /// The key was registered too late for this audit, or the bond has been added to twice since.
        NotActive,
        /// A worker cannot audit its own result.
        OwnResult,
        /// The proof is not one of the caller's key.
        InvalidProof,
        /// The caller was not drawn.
        NotDrawn,
        /// The caller has committed already.
        AlreadyCommitted,
        /// As many auditors as count have committed, all drawn more rightly than the caller.
        EnoughAuditors,
        /// The result is another worker's.
        NotTheWorker,
        /// The caller has not committed.
        NotCommitted,
        /// What is revealed is not what was committed to.
        CommitmentMismatch,
        /// The caller has revealed already.
        AlreadyRevealed,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::run_agenda()
        }

        fn integrity_test() {
            assert!(T::ExpectedAuditors::get() > 0, "somebody must be expected");
            assert!(T::MaxAuditors::get() >= T::ExpectedAuditors::get());
            assert!(T::MaxDraws::get() > 0);
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Puts `bond` on hold and becomes an auditor, who is drawn in proportion to it by `key`.
        ///
        /// # Errors
        /// [`Error::AlreadyAuditor`], [`Error::BondTooSmall`], [`Error::BondExceedsBalance`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(origin: OriginFor<T>, key: Public, bond: Balance) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_register(auditor, key, bond)
        }

        /// Increases the bond. What is added counts for beacons of blocks after [`Config::KeyDelay`]; a later
        /// addition makes one that does not count yet wait with it.
        ///
        /// # Errors
        /// [`Error::NotAuditor`], [`Error::AuditorHasLeft`], [`Error::BondExceedsBalance`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::bond_more())]
        pub fn bond_more(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_bond_more(auditor, amount)
        }

        /// Is drawn no more. What was committed to has to be revealed.
        ///
        /// # Errors
        /// [`Error::NotAuditor`], [`Error::AuditorHasLeft`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_leave(auditor)
        }

        /// Takes the bond back.
        ///
        /// # Errors
        /// [`Error::NotAuditor`], [`Error::AuditorHasNotLeft`], [`Error::StillUnbonding`],
        /// [`Error::AuditsOpen`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_withdraw(auditor)
        }

        /// Proves to be drawn for a result, and commits to the root of the trace that the caller found:
        /// see [`commitment`](crate::commitment). Where all places are taken the caller takes that of the auditor
        /// who was drawn least rightly, if less so than the caller.
        ///
        /// # Errors
        /// [`Error::NotAuditor`], [`Error::AuditorHasLeft`], [`Error::AuditNotFound`],
        /// [`Error::WrongStage`], [`Error::NotActive`], [`Error::OwnResult`],
        /// [`Error::AlreadyCommitted`], [`Error::EnoughAuditors`], [`Error::InvalidProof`],
        /// [`Error::NotDrawn`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(
            origin: OriginFor<T>,
            job: JobId,
            proof: DrawProof,
            commitment: H256,
        ) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_commit(auditor, job, proof, commitment)
        }

        /// The worker says what the root of its trace is. It is part of the result from then on.
        ///
        /// # Errors
        /// [`Error::AuditNotFound`], [`Error::NotTheWorker`], [`Error::WrongStage`].
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::attest())]
        pub fn attest(origin: OriginFor<T>, job: JobId, root: H256) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::do_attest(worker, job, root)
        }

        /// An auditor shows what it committed to.
        ///
        /// # Errors
        /// [`Error::AuditNotFound`], [`Error::WrongStage`], [`Error::NotCommitted`],
        /// [`Error::AlreadyRevealed`], [`Error::CommitmentMismatch`].
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::reveal())]
        pub fn reveal(origin: OriginFor<T>, job: JobId, salt: H256, root: H256) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_reveal(auditor, job, salt, root)
        }
    }
}
