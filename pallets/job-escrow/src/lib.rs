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
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod demand;
mod doubt;
mod public;
mod settlement;
pub mod split;
mod steps;
mod submission;
mod tally;
mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    clippy::too_many_arguments,
    reason = "the macro's own code has some; ours is in other modules"
)]
pub mod pallet {
    use crate::types::{Job, RefundReason, ResultOf};
    use crate::WeightInfo;
    use aipg_primitives::{
        Balance, Beacon, Burn, Fault, FeeSplit, JobId, JobParameters, ModelCatalogue, ModelId,
        NodeId, OnSettled, ReceiptLog, ResultWatch, ServiceLevel, SettlementGate, TokenList,
        TrustClass, Units, Windows, WorkerDirectory,
    };
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, Contains},
    };
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::Permill;

    /// A job of this runtime.
    pub type JobOf<T> = Job<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

    /// Most parts of a batch.
    pub const MAX_BATCH: u32 = 64;

    /// Most tokens of an input that can be published on chain: 128 KiB.
    pub const MAX_PUBLISHED_INPUT: u32 = 32_768;

    /// How often a drawn worker may miss the input before the job ends at the requester's cost.
    pub const MAX_INPUT_MISSES: u8 = 3;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;
        /// AIPG.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// Burns the burned share of a fee.
        type Burn: Burn<Self::AccountId, Self::RuntimeHoldReason>;
        /// Committed models.
        type Models: ModelCatalogue<Self::AccountId>;
        /// Registered machines.
        type Workers: WorkerDirectory<Self::AccountId>;
        /// Randomness of the draw.
        type Beacon: Beacon<BlockNumberFor<Self>>;
        /// That of jobs on which more is minted than on others: harder to foresee and to steer.
        type StrongBeacon: Beacon<BlockNumberFor<Self>>;
        /// Windows in blocks.
        type Windows: Windows<BlockNumberFor<Self>>;
        /// Where audits and disputes attach.
        type Gate: SettlementGate;
        /// Told of every paid job.
        type OnSettled: OnSettled<Self::AccountId>;
        /// Told of results that are delivered, and of those that are not paid.
        type Watch: ResultWatch<Self::AccountId>;
        /// Keeps the receipt of every job that ended.
        type Receipts: ReceiptLog<Self::AccountId, BlockNumberFor<Self>>;
        /// Receives the treasury's shares and the dust.
        type Treasury: Get<Self::AccountId>;
        /// Receives the stakers' share.
        type StakersPot: Get<Self::AccountId>;
        /// Shares of a fee.
        type FeeSplit: Get<FeeSplit>;
        /// Most that is minted on a job where governance has not listed the model, in millionths of its credit:
        /// less than never returns to a party that is requester, worker and creator at once, so that self-dealing
        /// cannot gain.
        #[pallet::constant]
        type DefaultMintCeiling: Get<u32>;
        /// Requesters whose money was minted for their jobs, or is everybody's: no credit is earned with these.
        type Subsidised: Contains<Self::AccountId>;
        /// Requesters of public jobs: only machines with verified power get these, and the chain makes their prompts.
        type PublicRequesters: Contains<Self::AccountId>;
        /// Part of the price that goes to the treasury when the input could not be had.
        #[pallet::constant]
        type InputMissCharge: Get<Permill>;
        /// Most weight that a block takes to move jobs on by itself; what is more waits for the next.
        type StepsWeight: Get<Weight>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
        /// Sets up what benchmarks need of the runtime.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<
            Self::AccountId,
            BlockNumberFor<Self>,
        >;
    }

    /// What this pallet holds money for.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The most a live job may cost.
        JobPrice,
    }

    /// Number of the next job.
    #[pallet::storage]
    pub type NextJob<T: Config> = StorageValue<_, JobId, ValueQuery>;

    /// Jobs that have not ended.
    #[pallet::storage]
    pub type Jobs<T: Config> = StorageMap<_, Twox64Concat, JobId, JobOf<T>>;

    /// Jobs by the block in which the chain moves them on. Every live job is in it once.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, BlockNumberFor<T>, Twox64Concat, JobId, ()>;

    /// First block whose agenda may not be empty yet.
    #[pallet::storage]
    pub type AgendaCursor<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

    /// Inputs that were demanded and published, until there is a result: whoever is drawn for the job finds them here.
    #[pallet::storage]
    pub type PublishedInputs<T: Config> =
        StorageMap<_, Twox64Concat, JobId, BoundedVec<u32, ConstU32<MAX_PUBLISHED_INPUT>>>;

    /// Jobs that a worker must claim or deliver; as many as its capacity at most.
    #[pallet::storage]
    pub type WorkerJobs<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, JobId, ()>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A job waits for a worker; its price is on hold.
        JobSubmitted {
            job: JobId,
            requester: T::AccountId,
            model: ModelId,
            units_at_most: Units,
            max_price: Balance,
            deadline: BlockNumberFor<T>,
        },
        /// A worker was drawn. `claim_by` is the last block in which its claim counts.
        JobAssigned {
            job: JobId,
            worker: T::AccountId,
            ask: Balance,
            claim_by: BlockNumberFor<T>,
        },
        /// The drawn worker cannot get the input. Who has it must publish it; `publish_by` is the last block in
        /// which that counts.
        InputDemanded {
            job: JobId,
            worker: T::AccountId,
            publish_by: BlockNumberFor<T>,
        },
        /// The input is on chain; the worker must claim the job until `claim_by`.
        InputPublished {
            job: JobId,
            worker: T::AccountId,
            ask: Balance,
            claim_by: BlockNumberFor<T>,
        },
        /// The worker has the input and runs the job until `deliver_by` at the latest.
        JobClaimed {
            job: JobId,
            worker: T::AccountId,
            deliver_by: BlockNumberFor<T>,
            /// Last block in which the worker's progress, or its result, keeps the job with it.
            heard_by: BlockNumberFor<T>,
        },
        /// The worker still runs the job, and says that it has so many tokens of the answer.
        JobProgressed {
            job: JobId,
            worker: T::AccountId,
            tokens: u32,
            heard_by: BlockNumberFor<T>,
        },
        /// This part of a batch changed nothing; the others did what they should.
        BatchPartFailed {
            job: JobId,
            worker: T::AccountId,
            error: DispatchError,
        },
        /// The answer is there; it is paid at `settles_at` unless it is challenged.
        ResultSubmitted {
            job: JobId,
            worker: T::AccountId,
            output: TokenList,
            provider: Option<NodeId>,
            digest: H256,
            units: Units,
            fee: Balance,
            settles_at: BlockNumberFor<T>,
        },
        /// The job was paid and has left the state. The parts add up to the fee.
        JobSettled {
            job: JobId,
            worker: T::AccountId,
            requester: T::AccountId,
            units: Units,
            fee: Balance,
            to_worker: Balance,
            to_creator: Balance,
            burned: Balance,
            to_stakers: Balance,
            to_referrer: Balance,
            to_treasury: Balance,
            returned: Balance,
        },
        /// The worker lost the job, by a fault of its own or for want of the input; it is drawn
        /// again.
        JobRedrawn {
            job: JobId,
            worker: T::AccountId,
            fault: Option<Fault>,
        },
        /// The job ended unpaid and has left the state.
        JobRefunded {
            job: JobId,
            requester: T::AccountId,
            returned: Balance,
            reason: RefundReason,
        },
        /// Moving the job on failed and is tried again later; nothing changed.
        JobDeferred { job: JobId, error: DispatchError },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// No live job has this number.
        JobNotFound,
        /// No active model has this root.
        UnknownModel,
        /// The model belongs to another trust class than the job asks for.
        ClassMismatch,
        /// The prompt has no tokens.
        EmptyPrompt,
        /// The job asks for no output tokens.
        NoOutputRequested,
        /// Prompt and longest answer do not fit into the model's context.
        PromptTooLong,
        /// A stop token is not in the model's vocabulary.
        StopTokenOutOfVocabulary,
        /// A number of the sampling parameters is out of its range.
        InvalidSampling,
        /// The price is under units × the model's floor.
        PriceBelowFloor,
        /// The requester cannot put the price on hold.
        PriceExceedsBalance,
        /// The deadline is sooner than the job and its windows can take.
        DeadlineTooShort,
        /// The deadline is later than a job may wait.
        DeadlineTooFar,
        /// A requester cannot refer itself.
        ReferrerIsRequester,
        /// The job is not with the caller.
        NotAssignedWorker,
        /// The job was not claimed yet.
        NotClaimed,
        /// The job was claimed already.
        AlreadyClaimed,
        /// The worker has said that it has no input, and nobody has published it yet.
        InputAwaited,
        /// The input is on chain: it cannot be missing.
        InputPublished,
        /// Nobody has demanded the input.
        InputNotDemanded,
        /// The time to publish the input has passed.
        InputTooLate,
        /// These tokens are not the input that the job committed to.
        InputMismatch,
        /// A token of the input is not in the model's vocabulary.
        InputOutOfVocabulary,
        /// The claim window has passed.
        ClaimTooLate,
        /// The time to deliver has passed.
        ResultTooLate,
        /// The result is there already.
        ResultAlreadySubmitted,
        /// The result has no tokens.
        EmptyOutput,
        /// The result has more tokens than the job allows.
        OutputTooLong,
        /// The job has no result yet.
        ResultNotSubmitted,
        /// A picture has 3 · height · width output tokens, no other number.
        WrongPictureLength,
        /// Nothing ends a picture early: a job of one has no stop tokens.
        PictureWithStopTokens,
        /// A picture follows from its seed: a job of one has no sampling parameters.
        PictureWithSampling,
        /// The result is not a whole picture.
        PictureIncomplete,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::run_agenda(now)
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Submits a job and puts `max_price` on hold. What the job does not cost comes back.
        ///
        /// `deadline` is the first block in which a result no longer counts. `provider` is the node
        /// that stores the input: others ask it first.
        ///
        /// # Errors
        /// [`Error::UnknownModel`], [`Error::ClassMismatch`], [`Error::EmptyPrompt`],
        /// [`Error::NoOutputRequested`], [`Error::WrongPictureLength`],
        /// [`Error::PictureWithStopTokens`], [`Error::PictureWithSampling`], [`Error::PromptTooLong`],
        /// [`Error::StopTokenOutOfVocabulary`], [`Error::InvalidSampling`],
        /// [`Error::PriceBelowFloor`], [`Error::DeadlineTooShort`], [`Error::DeadlineTooFar`],
        /// [`Error::ReferrerIsRequester`], [`Error::PriceExceedsBalance`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::submit())]
        pub fn submit(
            origin: OriginFor<T>,
            model: ModelId,
            input: TokenList,
            parameters: JobParameters,
            max_price: Balance,
            class: TrustClass,
            deadline: BlockNumberFor<T>,
            service: ServiceLevel,
            referrer: Option<T::AccountId>,
            provider: Option<NodeId>,
        ) -> DispatchResult {
            let requester = ensure_signed(origin)?;
            Self::do_submit(crate::submission::Submission {
                requester,
                model,
                input,
                parameters,
                max_price,
                class,
                deadline,
                service,
                referrer,
                provider,
            })
            .map(|_| ())
        }

        /// The drawn worker takes the job; it asserts that it has the input.
        ///
        /// # Errors
        /// [`Error::JobNotFound`], [`Error::NotAssignedWorker`], [`Error::ClaimTooLate`],
        /// [`Error::AlreadyClaimed`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::claim())]
        pub fn claim(origin: OriginFor<T>, job: JobId) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::do_claim(worker, job)
        }

        /// The worker delivers: the answer's commitment and the digest of the run. `provider` is the
        /// node that stores the answer: others ask it first.
        ///
        /// # Errors
        /// [`Error::JobNotFound`], [`Error::NotAssignedWorker`], [`Error::NotClaimed`],
        /// [`Error::ResultAlreadySubmitted`], [`Error::ResultTooLate`], [`Error::EmptyOutput`],
        /// [`Error::OutputTooLong`], [`Error::PictureIncomplete`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::submit_result())]
        pub fn submit_result(
            origin: OriginFor<T>,
            job: JobId,
            output: TokenList,
            digest: H256,
            provider: Option<NodeId>,
        ) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            let result = ResultOf {
                job,
                output,
                digest,
                provider,
            };
            Self::do_submit_result(worker, result)
        }

        /// The drawn worker cannot get the input, or it is not what the job committed to. It is demanded then:
        /// anybody may [publish](Pallet::publish_input) it within a progress window, and the worker has to claim
        /// the job. If nobody does, the job is drawn again, and the third time ends it for a part of the price;
        /// one that can earn more than others ends at once, for the whole price. An input of more than
        /// [`MAX_PUBLISHED_INPUT`] tokens cannot be demanded: it counts as missing at once.
        ///
        /// # Errors
        /// [`Error::JobNotFound`], [`Error::NotAssignedWorker`], [`Error::ClaimTooLate`],
        /// [`Error::AlreadyClaimed`], [`Error::InputAwaited`], [`Error::InputPublished`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::input_unavailable())]
        pub fn input_unavailable(origin: OriginFor<T>, job: JobId) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::do_input_unavailable(worker, job)
        }

        /// Claims several jobs. One that cannot be claimed is left out ([`Event::BatchPartFailed`]).
        ///
        /// # Errors
        /// None of its own; those of [`Pallet::claim`] are in the events.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::claim_batch(jobs.len() as u32))]
        pub fn claim_batch(
            origin: OriginFor<T>,
            jobs: BoundedVec<JobId, ConstU32<MAX_BATCH>>,
        ) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::claim_each(&worker, jobs);
            Ok(())
        }

        /// Delivers several results. One that is not accepted is left out ([`Event::BatchPartFailed`]).
        ///
        /// # Errors
        /// None of its own; those of [`Pallet::submit_result`] are in the events.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::submit_results(results.len() as u32))]
        pub fn submit_results(
            origin: OriginFor<T>,
            results: BoundedVec<ResultOf, ConstU32<MAX_BATCH>>,
        ) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::submit_each(&worker, results);
            Ok(())
        }

        /// The worker still runs these jobs, and has so many tokens of each answer. A job of which nothing is
        /// heard for the length of a progress window is drawn again, though its time to deliver is not over.
        /// One that is not with the caller is left out ([`Event::BatchPartFailed`]).
        ///
        /// # Errors
        /// None of its own; in the events are [`Error::JobNotFound`], [`Error::NotAssignedWorker`],
        /// [`Error::NotClaimed`], [`Error::ResultAlreadySubmitted`], [`Error::ResultTooLate`].
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::report_progress(jobs.len() as u32))]
        pub fn report_progress(
            origin: OriginFor<T>,
            jobs: BoundedVec<(JobId, u32), ConstU32<MAX_BATCH>>,
        ) -> DispatchResult {
            let worker = ensure_signed(origin)?;
            Self::progress_each(&worker, jobs);
            Ok(())
        }

        /// Publishes an input that its worker has demanded. Anybody may.
        ///
        /// # Errors
        /// [`Error::JobNotFound`], [`Error::InputNotDemanded`], [`Error::InputTooLate`],
        /// [`Error::InputMismatch`], [`Error::InputOutOfVocabulary`].
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::publish_input(tokens.len() as u32))]
        pub fn publish_input(
            origin: OriginFor<T>,
            job: JobId,
            tokens: BoundedVec<u32, ConstU32<MAX_PUBLISHED_INPUT>>,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_publish_input(job, tokens)
        }
    }
}
