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
mod cases;
mod closing;
mod demands;
pub mod dispute;
pub mod fuse;
mod moves;
mod stakes;
mod try_state;
pub mod types;
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
    use crate::fuse::{Fuse, FuseRuling, LossRing};
    use crate::types::{
        Accusation, AddressBytes, Blob, CaseRecord, Challenge, ChunkPath, ChunkTokens, ClaimBytes,
        Demand, DemandedChunks, EvidenceBytes, GameRecord, Outcome, Posting, Revelation, RootPart,
        RootPath, Seat, Step, Trace, Values, MAX_LEAF, MAX_NODES,
    };
    use crate::WeightInfo;
    use aipg_primitives::{
        Attestations, Balance, Burn, Conviction, DeliveredResults, JobId, ModelCatalogue, ModelId,
        Tick, UnvestedRewards,
    };
    use aipg_referee_game::{Refusal, Side, Windows};
    use frame_support::{pallet_prelude::*, traits::fungible, PalletId};
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::Permill;

    /// A challenge of this runtime.
    pub type ChallengeOf<T> = Challenge<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;
    /// A trace of this runtime.
    pub type TraceOf<T> = Trace<<T as frame_system::Config>::AccountId>;
    /// A demand of this runtime.
    pub type DemandOf<T> = Demand<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;
    /// A case of this runtime.
    pub type CaseOf<T> = CaseRecord<<T as frame_system::Config>::AccountId>;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;
        /// AIPG.
        type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// Burns half of every lost bond.
        type Burn: Burn<Self::AccountId, Self::RuntimeHoldReason>;
        /// Results that can be doubted.
        type Results: DeliveredResults<Self::AccountId>;
        /// What workers said about their traces in audits.
        type Attestations: Attestations;
        /// Committed models.
        type Models: ModelCatalogue<Self::AccountId>;
        /// Takes the bond of a worker whose result is false.
        type Workers: Conviction<Self::AccountId>;
        /// Takes the rewards of such a worker.
        type Rewards: UnvestedRewards<Self::AccountId>;
        /// Windows and clocks in ticks.
        type Windows: Get<Windows>;
        /// Whether finality lags behind: ticks stand still then.
        type FinalityLags: Get<bool>;
        /// Receives what rounding leaves, and rewards that nobody earned.
        type Treasury: Get<Self::AccountId>;
        /// Names the account that keeps rewards until they are shared.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// What a challenge puts on hold.
        #[pallet::constant]
        type ChallengeBond: Get<Balance>;
        /// What a trace puts on hold, unless it is the worker's own.
        #[pallet::constant]
        type TraceBond: Get<Balance>;
        /// Share of the worker's bond that either is at least: what can be won by saying that a result is
        /// false is a part of that bond.
        type BondShare: Get<Permill>;
        /// What a demand of a chunk pays beforehand.
        #[pallet::constant]
        type ChunkPrice: Get<Balance>;
        /// Most steps that one block takes by itself; what is more waits for the next.
        #[pallet::constant]
        type MaxStepsPerBlock: Get<u32>;
        /// So many workers that lose by the same bytes freeze their semantics version.
        #[pallet::constant]
        type FuseAt: Get<u32>;

        /// Share of all workers' bonds that they must have together.
        type FuseShare: Get<Permill>;
        /// Who rules about a frozen version.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
        /// Sets up what benchmarks need of the runtime.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// What this pallet holds money for.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A challenge that lives.
        Challenge,
        /// A trace that lives, or whose roots are being posted.
        Trace,
        /// A chunk that was demanded and is not published.
        Demand,
    }

    /// Ticks so far: blocks in which finality did not lag.
    #[pallet::storage]
    pub type Ticks<T: Config> = StorageValue<_, Tick, ValueQuery>;

    /// Results that were challenged and are not closed.
    #[pallet::storage]
    pub type Cases<T: Config> = StorageMap<_, Twox64Concat, JobId, CaseOf<T>>;

    /// How many results of a worker are challenged, and neither found right nor false.
    #[pallet::storage]
    pub type Doubted<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// Challenges of a case, by their numbers; those that lost as well.
    #[pallet::storage]
    pub type Challenges<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, u32, ChallengeOf<T>>;

    /// Traces of a case, by their numbers; those that lost as well.
    #[pallet::storage]
    pub type Traces<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, u32, TraceOf<T>>;

    /// Traces of a case whose roots are not all there, by who posts them.
    #[pallet::storage]
    pub type Postings<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Blake2_128Concat, T::AccountId, Posting>;

    /// Roots of a trace's tensors, in their order, by the trace's number and the part. All parts of a
    /// trace but the last are full.
    #[pallet::storage]
    pub type Roots<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, (u32, u32), RootPart>;

    /// What games have shown of the traces, by challenge and trace. Every game of [`Games`] has one.
    #[pallet::storage]
    pub type Revealed<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, (u32, u32), Revelation>;

    /// Games in which a move was made. A challenge and a trace that both live have a game even
    /// without a record: it is at its opening since both were there.
    #[pallet::storage]
    pub type Games<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, (u32, u32), GameRecord>;

    /// Roots that challenges of a case opened.
    #[pallet::storage]
    pub type Accusations<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Identity, H256, Accusation<BlockNumberFor<T>>>;

    /// Chunks of a job's token lists that were demanded, those that were published as well.
    #[pallet::storage]
    pub type Demands<T: Config> =
        StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, (Blob, u32), DemandOf<T>>;

    /// Cases by the tick in which the chain moves them on. Every case is in it once.
    #[pallet::storage]
    pub type Agenda<T: Config> = StorageDoubleMap<_, Twox64Concat, Tick, Twox64Concat, JobId, ()>;

    /// First tick whose agenda may not be empty yet.
    #[pallet::storage]
    pub type AgendaCursor<T: Config> = StorageValue<_, Tick, ValueQuery>;

    /// The last games that workers' own traces lost because a claim was executed.
    #[pallet::storage]
    pub type Losses<T: Config> = StorageValue<_, LossRing<T::AccountId>, ValueQuery>;

    /// Semantics versions that are frozen, or were and have results that are pardoned.
    #[pallet::storage]
    pub type Fuses<T: Config> = StorageMap<_, Twox64Concat, u32, Fuse, ValueQuery>;

    /// How many of [`Fuses`] are frozen, so that one read tells that none is.
    #[pallet::storage]
    pub type FrozenVersions<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// Slashes that wait until governance has ruled, by worker and job.
    #[pallet::storage]
    pub type Queue<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, JobId, ()>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Somebody says that a result is false, and has put a bond on hold. `number` names the
        /// challenge within its case.
        Challenged {
            job: JobId,
            number: u32,
            account: T::AccountId,
            worker: T::AccountId,
            bond: Balance,
        },
        /// Somebody stands for a result with a trace. `number` names it within its case.
        TracePosted {
            job: JobId,
            number: u32,
            account: T::AccountId,
            root: H256,
            bond: Balance,
        },
        /// A challenger's own root is known. Only an `original` one shares in the reward.
        RootOpened {
            job: JobId,
            challenge: u32,
            root: H256,
            original: bool,
        },
        /// A move was made; `next` is what the other side, or the same, does now.
        Moved { seat: Seat, by: Side, next: Step },
        /// A game has ended: the loser is out of the case.
        GameEnded { seat: Seat, outcome: Outcome },
        /// A lost bond: half of it is burned, the other half the winner's.
        BondLost {
            job: JobId,
            account: T::AccountId,
            burned: Balance,
            winner: T::AccountId,
            paid: Balance,
        },
        /// The answer contradicts itself: its result is false.
        FlawProven {
            job: JobId,
            challenge: u32,
            flaw: AddressBytes,
        },
        /// Somebody cannot find these chunks, and has put what they cost on hold.
        Demanded {
            job: JobId,
            account: T::AccountId,
            blob: Blob,
            chunks: DemandedChunks,
            deposit: Balance,
        },
        /// A chunk is among the arguments of this call, and its price is paid.
        Published {
            job: JobId,
            blob: Blob,
            chunk: u32,
            account: T::AccountId,
            paid: Balance,
        },
        /// So many chunks were demanded and are not there: the result is false.
        BlobWithheld { job: JobId, chunks: u32 },
        /// Who demanded a chunk that was withheld has its share of the reward.
        DemandRewarded {
            job: JobId,
            blob: Blob,
            chunk: u32,
            account: T::AccountId,
            amount: Balance,
        },
        /// The result was found right. It is paid.
        ResultUpheld { job: JobId },
        /// The result was found false: the worker is convicted, the requester has its price back.
        ResultRefuted {
            job: JobId,
            worker: T::AccountId,
            reward: Balance,
        },
        /// The worker of a false result could not be convicted; the requester has its price back
        /// all the same.
        ConvictionFailed {
            job: JobId,
            worker: T::AccountId,
            error: DispatchError,
        },
        /// A challenge has its share of the reward.
        RewardPaid {
            job: JobId,
            challenge: u32,
            account: T::AccountId,
            amount: Balance,
        },
        /// Nothing is left of the case.
        CaseClosed { job: JobId },
        /// Moving the case on failed and is tried again; nothing changed.
        CaseDeferred { job: JobId, error: DispatchError },
        /// Several workers lost by the same bytes; `job` is the last one's. The version is frozen.
        FuseBlown {
            version: u32,
            job: JobId,
            model: ModelId,
            claim: ClaimBytes,
        },
        /// No trace stands for the result, but its version is frozen: the slash waits.
        SlashQueued {
            job: JobId,
            worker: T::AccountId,
            version: u32,
        },
        /// Governance has ruled, and the version is not frozen any more.
        FuseResolved { version: u32, ruling: FuseRuling },
        /// No trace stands for the result, but governance has pardoned it: the requester has its price
        /// back, and the worker loses nothing.
        ResultPardoned { job: JobId, worker: T::AccountId },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// No delivered, unpaid result of such a job.
        ResultNotFound,
        /// Nobody has challenged the result.
        CaseNotFound,
        /// The case is decided.
        CaseDecided,
        /// The time to challenge the result has passed.
        ChallengesClosed,
        /// The time to defend the result has passed.
        TracesClosed,
        /// The account cannot put the bond on hold.
        BondExceedsBalance,
        /// The case has no challenge of this number.
        ChallengeNotFound,
        /// The challenge has lost.
        ChallengeLost,
        /// The case has no trace of this number.
        TraceNotFound,
        /// The trace has lost.
        TraceLost,
        /// The other side has to move.
        NotYourTurn,
        /// The move belongs to somebody else.
        NotYourSeat,
        /// Such a move does not belong to the game's stage.
        WrongStage,
        /// The clock has run out.
        OutOfTime,
        /// The clock of the side that has to move has not run out.
        TimeLeft,
        /// What was sent is not what is committed, does not suffice, or is not about this.
        DoesNotVerify,
        /// Salt and root are not those that were committed to.
        CommitmentMismatch,
        /// The root is known already.
        RootAlreadyOpen,
        /// The challenge has to open its root first.
        RootNotOpen,
        /// No roots were sent.
        NoRoots,
        /// A trace has fewer tensors.
        TooManyRoots,
        /// The trace's last stream is not the result's digest.
        WrongDigest,
        /// The result is being audited: its worker has to attest the root of its trace first.
        AttestationAwaited,
        /// The worker has attested another root.
        NotAsAttested,
        /// The bytes are no claim, flaw, tensor or evidence.
        Malformed,
        /// The answer does not have this flaw.
        NoSuchFlaw,
        /// The challenge has to be older than the current block.
        ChallengeTooYoung,
        /// The model of the result is not known any more.
        UnknownModel,
        /// The time to demand chunks has passed.
        DemandsClosed,
        /// The time to publish chunks has passed.
        AnswersClosed,
        /// The token list has fewer chunks.
        NoSuchChunk,
        /// All these chunks were demanded before, or none is named.
        NothingNew,
        /// Nobody has demanded the chunk.
        NotDemanded,
        /// The chunk is published.
        AlreadyPublished,
        /// The semantics version is not frozen.
        NotFrozen,
    }

    impl<T> From<Refusal> for Error<T> {
        fn from(refusal: Refusal) -> Self {
            match refusal {
                Refusal::NotYourTurn => Self::NotYourTurn,
                Refusal::WrongStage => Self::WrongStage,
                Refusal::OutOfTime => Self::OutOfTime,
                Refusal::DoesNotVerify => Self::DoesNotVerify,
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::advance()
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Says that a result is false and puts a bond on hold: [`Config::ChallengeBond`], or
        /// [`Config::BondShare`] of the worker's bond or the job's fee where those are more.
        ///
        /// `commitment` is H("aipg.acc" ‖ job ‖ account ‖ salt ‖ root), with the root of the trace
        /// that the caller found.
        ///
        /// # Errors
        /// [`Error::ResultNotFound`], [`Error::ChallengesClosed`], [`Error::CaseDecided`],
        /// [`Error::BondExceedsBalance`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::challenge())]
        pub fn challenge(origin: OriginFor<T>, job: JobId, commitment: H256) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_challenge(account, job, commitment)
        }

        /// Stands for a challenged result: the roots of all tensors of a trace, in their order, as
        /// many as a [`RootPart`] has at most. The first call gives the trace its number and puts
        /// [`Config::TraceBond`], or as much as a challenge, on hold, unless the caller is the worker. The call that brings the
        /// last root opens the games.
        ///
        /// # Errors
        /// [`Error::CaseNotFound`], [`Error::CaseDecided`], [`Error::TracesClosed`],
        /// [`Error::ResultNotFound`], [`Error::UnknownModel`], [`Error::NoRoots`],
        /// [`Error::TooManyRoots`], [`Error::WrongDigest`], [`Error::AttestationAwaited`],
        /// [`Error::NotAsAttested`], [`Error::BondExceedsBalance`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::post_roots(roots.len() as u32)
            .saturating_add(T::WeightInfo::hold_bond()))]
        pub fn post_roots(origin: OriginFor<T>, job: JobId, roots: RootPart) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_post_roots(account, job, &roots)
        }

        /// Opens the root that a challenge committed to. It shares in the reward only if it was
        /// committed to before anybody had opened the same one. Possible until the reward is paid.
        ///
        /// # Errors
        /// [`Error::CaseNotFound`], [`Error::CaseDecided`], [`Error::ChallengeNotFound`],
        /// [`Error::NotYourSeat`], [`Error::ChallengeLost`], [`Error::RootAlreadyOpen`],
        /// [`Error::CommitmentMismatch`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::open_root())]
        pub fn open_root(
            origin: OriginFor<T>,
            job: JobId,
            challenge: u32,
            salt: H256,
            root: H256,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_open_root(account, job, challenge, salt, root)
        }

        /// The challenger's first move: the first tensor whose root differs from its own.
        ///
        /// # Errors
        /// Those of a move: [`Error::CaseNotFound`], [`Error::CaseDecided`],
        /// [`Error::ResultNotFound`], [`Error::UnknownModel`], [`Error::ChallengeNotFound`],
        /// [`Error::ChallengeLost`], [`Error::TraceNotFound`], [`Error::TraceLost`],
        /// [`Error::NotYourSeat`], [`Error::NotYourTurn`], [`Error::WrongStage`],
        /// [`Error::OutOfTime`], [`Error::DoesNotVerify`]; and [`Error::Malformed`],
        /// [`Error::RootNotOpen`].
        #[pallet::call_index(3)]
        #[pallet::weight((T::WeightInfo::name_tensor(), DispatchClass::Operational))]
        pub fn name_tensor(
            origin: OriginFor<T>,
            seat: Seat,
            tensor: AddressBytes,
            root: H256,
            path: RootPath,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_name_tensor(account, seat, &tensor, root, &path)
        }

        /// The defender reveals the nodes up to 8 levels below the one that was named.
        ///
        /// # Errors
        /// Those of a move, see [`Self::name_tensor`].
        #[pallet::call_index(4)]
        #[pallet::weight((T::WeightInfo::reveal_nodes(nodes.len() as u32), DispatchClass::Operational))]
        pub fn reveal_nodes(
            origin: OriginFor<T>,
            seat: Seat,
            nodes: BoundedVec<H256, ConstU32<MAX_NODES>>,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_reveal_nodes(account, seat, &nodes)
        }

        /// The challenger names the first of the nodes that differs from its own, with the siblings
        /// that lead from it to the node above.
        ///
        /// # Errors
        /// Those of a move, see [`Self::name_tensor`].
        #[pallet::call_index(5)]
        #[pallet::weight((T::WeightInfo::choose_node(), DispatchClass::Operational))]
        pub fn choose_node(
            origin: OriginFor<T>,
            seat: Seat,
            index: u64,
            hash: H256,
            path: BoundedVec<H256, ConstU32<8>>,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_choose_node(account, seat, index, hash, &path)
        }

        /// The defender reveals the leaf.
        ///
        /// # Errors
        /// Those of a move, see [`Self::name_tensor`].
        #[pallet::call_index(6)]
        #[pallet::weight((T::WeightInfo::reveal_leaf(), DispatchClass::Operational))]
        pub fn reveal_leaf(
            origin: OriginFor<T>,
            seat: Seat,
            bytes: BoundedVec<u8, ConstU32<MAX_LEAF>>,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_reveal_leaf(account, seat, bytes.into_inner())
        }

        /// The challenger names a claim of the leaf that is false, with the leaves that tell which
        /// sums the claim has; most claims need none.
        ///
        /// # Errors
        /// Those of a move, see [`Self::name_tensor`]; and [`Error::Malformed`].
        #[pallet::call_index(7)]
        #[pallet::weight((T::WeightInfo::accuse(evidence.len() as u32), DispatchClass::Operational))]
        pub fn accuse(
            origin: OriginFor<T>,
            seat: Seat,
            claim: ClaimBytes,
            evidence: EvidenceBytes,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_accuse(account, seat, &claim, &evidence)
        }

        /// The defender reveals the values of the claim's sums.
        ///
        /// # Errors
        /// Those of a move, see [`Self::name_tensor`].
        #[pallet::call_index(8)]
        #[pallet::weight((T::WeightInfo::reveal_sums(values.len() as u32), DispatchClass::Operational))]
        pub fn reveal_sums(origin: OriginFor<T>, seat: Seat, values: Values) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_reveal_sums(account, seat, values)
        }

        /// The challenger opens what the claim reads, and the chain executes it. If it holds as long
        /// as its parts do, `part` names the one that does not.
        ///
        /// # Errors
        /// Those of a move, see [`Self::name_tensor`]; and [`Error::Malformed`].
        #[pallet::call_index(9)]
        #[pallet::weight((T::WeightInfo::judge(evidence.len() as u32).saturating_add(T::WeightInfo::judge_parts()), DispatchClass::Operational))]
        pub fn judge(
            origin: OriginFor<T>,
            seat: Seat,
            evidence: EvidenceBytes,
            part: Option<u32>,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_judge(account, seat, &evidence, part)
        }

        /// Anybody reports that the side that has to move has run out of time: it loses.
        ///
        /// # Errors
        /// [`Error::CaseNotFound`], [`Error::CaseDecided`], [`Error::ChallengeNotFound`],
        /// [`Error::ChallengeLost`], [`Error::TraceNotFound`], [`Error::TraceLost`],
        /// [`Error::TimeLeft`].
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::report_timeout())]
        pub fn report_timeout(origin: OriginFor<T>, seat: Seat) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_report_timeout(seat)
        }

        /// Shows that the answer contradicts itself, whatever the model computes: a token beyond the
        /// vocabulary, a stop token before the end, an end for no reason.
        ///
        /// # Errors
        /// [`Error::CaseNotFound`], [`Error::CaseDecided`], [`Error::ResultNotFound`],
        /// [`Error::UnknownModel`], [`Error::ChallengeNotFound`], [`Error::ChallengeLost`],
        /// [`Error::NotYourSeat`], [`Error::ChallengeTooYoung`], [`Error::Malformed`],
        /// [`Error::DoesNotVerify`], [`Error::NoSuchFlaw`].
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::prove_flaw(evidence.len() as u32))]
        pub fn prove_flaw(
            origin: OriginFor<T>,
            job: JobId,
            challenge: u32,
            flaw: AddressBytes,
            evidence: EvidenceBytes,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_prove_flaw(account, job, challenge, flaw, &evidence)
        }

        /// Demands that chunks of a job's prompt or answer are published, which nobody can check the
        /// result without, and pays for them beforehand: [`Config::ChunkPrice`] each, on hold. Those that
        /// were demanded already are passed over. A third of the time to challenge is for demands, the
        /// next one to publish; then the result is false if a chunk is missing.
        ///
        /// # Errors
        /// [`Error::ResultNotFound`], [`Error::CaseDecided`], [`Error::DemandsClosed`],
        /// [`Error::NoSuchChunk`], [`Error::NothingNew`], [`Error::BondExceedsBalance`].
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::demand(chunks.len() as u32))]
        pub fn demand(
            origin: OriginFor<T>,
            job: JobId,
            blob: Blob,
            chunks: DemandedChunks,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_demand(account, job, blob, &chunks)
        }

        /// Publishes a chunk that was demanded: its tokens, and the siblings that lead from it to the top
        /// of the token list. Whoever does has what was paid for it.
        ///
        /// # Errors
        /// [`Error::CaseNotFound`], [`Error::CaseDecided`], [`Error::AnswersClosed`],
        /// [`Error::NotDemanded`], [`Error::AlreadyPublished`], [`Error::ResultNotFound`],
        /// [`Error::DoesNotVerify`].
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::publish(tokens.len() as u32))]
        pub fn publish(
            origin: OriginFor<T>,
            job: JobId,
            blob: Blob,
            chunk: u32,
            tokens: ChunkTokens,
            path: ChunkPath,
        ) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_publish(account, job, blob, chunk, &tokens, &path)
        }

        /// Ends the freeze of a semantics version: governance says whether the workers were wrong or the
        /// semantics.
        ///
        /// # Errors
        /// [`Error::NotFrozen`].
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::resolve_fuse())]
        pub fn resolve_fuse(
            origin: OriginFor<T>,
            version: u32,
            ruling: FuseRuling,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_resolve_fuse(version, ruling)
        }
    }
}
