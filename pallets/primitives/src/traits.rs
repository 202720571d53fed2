//! The seams between pallets. Each trait is implemented by the one pallet that owns the fact.

use crate::receipt::{Receipt, ReceiptProof};
use crate::types::*;
use aipg_exact::header::ModelHeader;
use alloc::vec::Vec;
use frame_support::dispatch::DispatchResult;
use sp_core::H256;
use sp_runtime::{DispatchError, Permill};

/// The one place that burns. Implemented by `pallet-emission`.
pub trait Burn<AccountId, HoldReason> {
    /// Burns `amount` of what `who` has on hold for `reason`, exactly or not at all.
    fn burn_held(
        reason: &HoldReason,
        who: &AccountId,
        amount: Balance,
        why: BurnReason,
    ) -> DispatchResult;
}

/// The share of block rewards that useful work can earn. Implemented by `pallet-emission`.
///
/// Every block adds its share to a pending budget. When a round closes, `allocate` takes what the
/// round may pay out of it and lapses the rest: what no verified work earned is not minted.
pub trait WorkBudget<AccountId> {
    /// What the blocks since the last allocation made available.
    fn pending() -> Balance;
    /// What is reserved for claims, neither paid nor lapsed.
    fn reserved() -> Balance;
    /// Reserves `min(amount, pending)` for claims and lapses the rest of the pending budget.
    /// Returns what was reserved.
    fn allocate(amount: Balance) -> Balance;
    /// Mints `amount` of the reserved budget to `who`.
    fn pay(who: &AccountId, amount: Balance) -> DispatchResult;
    /// Gives reserved budget back unminted.
    fn lapse(amount: Balance);
}

/// The part of a round's budget that is not for credit but for public jobs. Implemented by `pallet-bootstrap`.
///
/// What it keeps stays in the reserved budget of [`WorkBudget`], unminted, until a public job needs it.
pub trait BootstrapLane {
    /// What of the `budget` of a round that closes is not for credit; at most all of it.
    fn share_of(budget: Balance) -> Balance;
    /// Takes as much of the share as there is room for, and returns how much. The caller reserves it, and the rest
    /// lapses.
    fn grant(share: Balance) -> Balance;
    /// What it was granted and has neither used nor lapsed.
    fn allowance() -> Balance;
}

/// There are no public jobs.
impl BootstrapLane for () {
    fn share_of(_: Balance) -> Balance {
        0
    }

    fn grant(_: Balance) -> Balance {
        0
    }

    fn allowance() -> Balance {
        0
    }
}

/// The money of public jobs. Implemented by `pallet-emission`, which alone mints and burns.
pub trait LaneBudget<AccountId> {
    /// What is reserved for claims and for public jobs, neither paid nor lapsed.
    fn reserved() -> Balance;
    /// Mints `amount` of the reserved budget to `lane`, the account that pays public jobs.
    fn fund(lane: &AccountId, amount: Balance) -> DispatchResult;
    /// Gives reserved budget back unminted.
    fn lapse(amount: Balance);
    /// Burns all that `lane` can spend, and returns how much.
    fn burn_rest(lane: &AccountId) -> Result<Balance, DispatchError>;
}

/// A job that the chain submits itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJob<AccountId> {
    pub requester: AccountId,
    pub model: ModelId,
    pub input: TokenList,
    pub max_output: u32,
    /// What is put on hold for it.
    pub max_price: Balance,
}

/// How far a live job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LivePhase {
    /// It waits for a worker, or for the worker's result.
    Unanswered,
    /// Its result can still be doubted.
    Answered,
}

/// Lets the chain be a requester. Implemented by `pallet-job-escrow`.
pub trait PublicJobs<AccountId> {
    /// Least price that such a job is accepted for; `None` if the model does not take it.
    fn least_price(model: &ModelId, prompt: u32, output: u32) -> Option<Balance>;
    /// Submits the job like any other, of the model's class, greedy, with a deadline that leaves time for several
    /// workers in turn. All or nothing.
    fn submit(job: PublicJob<AccountId>) -> Result<JobId, DispatchError>;
    /// How far a job is; `None`: it has ended.
    fn phase(job: JobId) -> Option<LivePhase>;
    /// What a live job's prompt commits to.
    fn input(job: JobId) -> Option<TokenList>;
}

/// Whether a model is served by machines whose power was verified. Implemented by `pallet-worker-registry`.
pub trait MeasuredCapacity {
    /// Whether any machine with verified power is online for the model.
    fn serves_measured(model: &ModelId) -> bool;
}

/// Randomness that is fixed only after what it judges. Implemented by `pallet-useful-work`.
pub trait Beacon<BlockNumber> {
    /// The beacon of block `height`, once enough later blocks by enough authors exist.
    fn beacon(height: BlockNumber) -> Option<H256>;
    /// Least number of blocks from `height` until its beacon can exist.
    fn delay() -> BlockNumber;
}

/// Committed models. Implemented by `pallet-model-registry`.
pub trait ModelCatalogue<AccountId> {
    /// The terms of an active model.
    fn terms(model: &ModelId) -> Option<ModelTerms<AccountId>>;
    /// Most that may be minted for a job of the model, in millionths of its credit: what governance has listed, or
    /// else `default`.
    fn mint_ceiling(model: &ModelId, default: u32) -> u32 {
        Self::terms(model)
            .and_then(|terms| terms.mint_ceiling)
            .unwrap_or(default)
    }
    /// Work of a job with `prompt` input and `output` output tokens; `None` if the model is
    /// unknown, a count is zero or the context is exceeded.
    fn units(model: &ModelId, prompt: u32, output: u32) -> Option<Units>;
    /// The encoded `aipg_exact::header::ModelHeader` of a model, active or retired.
    fn header(model: &ModelId) -> Option<Vec<u8>>;
    /// Output tokens of each of its jobs, if it makes pictures: a byte is a token.
    fn picture_length(model: &ModelId) -> Option<u32> {
        let header = ModelHeader::decode(&Self::header(model)?).ok()?;
        header.picture().map(|picture| picture.values())
    }
}

/// What a draw asks of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawRequest {
    pub model: ModelId,
    /// Units the job may need at most.
    pub units: Units,
    /// What all of them may cost at most.
    pub max_price: Balance,
    /// Most that is minted on it, in millionths of the fee.
    pub mint_ceiling: u32,
    pub service: ServiceLevel,
    /// Whether only machines with verified power can be drawn.
    pub needs_power: bool,
    pub seed: H256,
}

/// A machine that was drawn, with the price of a unit that it asked at that moment and what it may get for
/// the job at most, which its bond stands for from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn<AccountId> {
    pub worker: AccountId,
    pub ask: Balance,
    pub payout: Balance,
    /// Whether the request left everybody in who could do the job: no machine that was looked at was passed over
    /// for its price, region, level or bond, nor asks for more than half of what the requester pays at most.
    pub is_open: bool,
}

/// Nobody was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NobodyDrawn {
    /// As [`Drawn::is_open`].
    pub is_open: bool,
}

/// Registered machines. Implemented by `pallet-worker-registry`.
pub trait WorkerDirectory<AccountId> {
    /// Draws a machine that is online, serves the model, has a free slot and a bond that can stand for
    /// the job, and fits price, level and region; takes one of its slots. An error: nobody among the
    /// candidates fits.
    /// Accounts to `avoid` are drawn only if nobody else fits.
    fn draw(request: &DrawRequest, avoid: &[AccountId]) -> Result<Drawn<AccountId>, NobodyDrawn>;
    /// Frees the slot of a worker that finished a job. Its bond stands for the result from now on, and
    /// instead of for `drawn`, the payout of the draw, for `payout`. `took`: the part of the time it had, from its
    /// draw to the last moment of delivery, that passed until the result came; `None` if that says nothing of it.
    fn completed(worker: &AccountId, drawn: Balance, payout: Balance, took: Option<Permill>);
    /// A result of `payout` was paid, or refuted: the worker's bond stands for it no more.
    fn settled(worker: &AccountId, payout: Balance, is_paid: bool);
    /// Frees the slot of a worker that gave a job back, drawn for `payout`, for no fault of its own.
    fn released(worker: &AccountId, payout: Balance);
    /// Frees the slot of a worker that let a job down, drawn for `payout`, and penalises it.
    fn failed(worker: &AccountId, payout: Balance, fault: Fault);
    /// A result of `payout` ends unpaid by a fault of the worker: it is penalised.
    fn lapsed(worker: &AccountId, payout: Balance, fault: Fault);
    /// Payouts that the worker's bond stands for, of jobs that it was drawn for and that are not final.
    fn exposed(worker: &AccountId) -> Balance;
}

/// Where audits and disputes attach. The runtime asks `pallet-referee` and `pallet-audits`.
pub trait SettlementGate {
    /// Ticks so far: what windows and clocks of disputes are counted in.
    fn tick() -> Tick;
    /// Whether a result that was delivered at tick `delivered` may be paid. `false` keeps the job
    /// delivered and unpaid; the escrow asks again some blocks later.
    fn may_settle(job: JobId, delivered: Tick) -> bool;
    /// Whether something was found out about a result that makes its settlement dearer: it was audited.
    fn is_audited(_job: JobId) -> bool {
        false
    }
    /// Whether a result ends unpaid that may settle, though nothing is known to be false about it.
    fn is_void(_job: JobId) -> bool {
        false
    }
}

/// Nothing holds a settlement back.
impl SettlementGate for () {
    fn tick() -> Tick {
        0
    }

    fn may_settle(_: JobId, _: Tick) -> bool {
        true
    }
}

/// Results that can still be doubted. Implemented by `pallet-job-escrow`.
pub trait DeliveredResults<AccountId> {
    /// The result of a job that was delivered and neither paid nor refuted.
    fn delivered(job: JobId) -> Option<DeliveredResult<AccountId>>;
    /// Ends a delivered job whose result is false: the whole price goes back to the requester.
    /// `is_proven`: the chain has executed what is false, as against nobody having stood for it.
    fn refute(job: JobId, is_proven: bool) -> DispatchResult;
}

/// What a worker loses whose result is false. Implemented by `pallet-worker-registry`.
pub trait Conviction<AccountId> {
    /// Takes half of the worker's bond, burns half of what it takes and moves the other half to
    /// `reward`, and bans the worker for good. Returns what was moved. Jobs that it has run on.
    fn convict(worker: &AccountId, reward: &AccountId) -> Result<Balance, DispatchError>;
    /// The worker's bond.
    fn bond(worker: &AccountId) -> Balance;
    /// The bonds of all workers.
    fn total_bond() -> Balance;
}

/// Money of workers that stays where it is until governance has looked at a suspected fault of the
/// semantics. Implemented by `pallet-referee`.
pub trait Freezes<AccountId> {
    /// Whether bond and rewards of this worker stay where they are: a semantics version is frozen,
    /// or a slash of this worker is queued. Two reads at most.
    fn holds(worker: &AccountId) -> bool;
}

/// Nothing is ever frozen.
impl<AccountId> Freezes<AccountId> for () {
    fn holds(_: &AccountId) -> bool {
        false
    }
}

/// Rewards that a worker has earned and not got. Implemented by `pallet-useful-work`.
pub trait UnvestedRewards<AccountId> {
    /// Takes them from the worker for good, those that it would earn later as well.
    fn forfeit(worker: &AccountId);
}

/// Told of every job that was paid. Implemented by `pallet-useful-work`, which credits it.
pub trait OnSettled<AccountId> {
    fn on_settled(job: &SettledJob<AccountId>);
}

/// Told of every result, and of every one that falls. Implemented by `pallet-audits`.
pub trait ResultWatch<AccountId> {
    /// A result was delivered, for which the worker gets `payout` at most.
    fn delivered(job: JobId, worker: &AccountId, payout: Balance);
    /// A result will not be paid. See [`DeliveredResults::refute`].
    fn fell(job: JobId, is_proven: bool);
}

/// Nobody watches.
impl<AccountId> ResultWatch<AccountId> for () {
    fn delivered(_: JobId, _: &AccountId, _: Balance) {}
    fn fell(_: JobId, _: bool) {}
}

/// What the worker of an audited result has said about its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// Nothing, and nothing will come.
    None,
    /// It may still come: nobody can stand for the result before.
    Awaited,
    /// The trace has this root. It is part of the result.
    Root(H256),
}

/// Asked before somebody stands for a result. Implemented by `pallet-audits`.
pub trait Attestations {
    /// What the worker has said about the trace of its result.
    fn of(job: JobId) -> Attestation;
}

/// No result is audited.
impl Attestations for () {
    fn of(_: JobId) -> Attestation {
        Attestation::None
    }
}

/// Machines that are checked without notice: by audits of their results, and of their power. Implemented by
/// `pallet-worker-registry`.
pub trait CheckedMachines<AccountId> {
    /// A check was passed.
    fn passed(worker: &AccountId);
}

/// How far a worker is trusted, who is told of audits that it passed. Implemented by `pallet-worker-registry`.
pub trait AuditHistory<AccountId>: CheckedMachines<AccountId> {
    /// The chance that a result of it is audited, for which it gets `payout` at most.
    fn chance(worker: &AccountId, payout: Balance) -> Permill;
}

/// Pays auditors. Implemented by `pallet-useful-work`.
pub trait AuditPay<AccountId> {
    /// Credits one audit of a job. Audits like this one had the `chance` to be made, by as many
    /// auditors as are `expected`: what is credited for one makes up for those that were not made.
    fn pay(auditor: &AccountId, job: &SettledJob<AccountId>, chance: Permill, expected: u32);
}

/// Keeps the receipts of finished jobs. Implemented by `pallet-receipts`.
pub trait ReceiptLog<AccountId, BlockNumber> {
    /// Appends the receipt of a job that ended in the current block to the tree of the block's
    /// round. Errors if the tree can take no more; the job must not end then.
    fn append(receipt: &Receipt<AccountId, BlockNumber>) -> DispatchResult;
}

/// Tells true receipts from others. Implemented by `pallet-receipts`; art is minted from them.
pub trait ReceiptVerifier<AccountId, BlockNumber> {
    /// Succeeds if the proof's receipt is a leaf of its round's sealed tree.
    fn verify(proof: &ReceiptProof<AccountId, BlockNumber>) -> DispatchResult;
}

/// Windows in blocks, fixed in genesis. Implemented by `pallet-chain-parameters`.
pub trait Windows<BlockNumber> {
    /// Blocks a drawn worker has to claim.
    fn claim() -> BlockNumber;
    /// Blocks a worker has to deliver `units` after its claim.
    fn run(units: Units) -> BlockNumber;
    /// Blocks in which a worker that runs a job has to be heard of.
    fn progress() -> BlockNumber;
    /// Blocks a delivered result stays open to challenge.
    fn challenge() -> BlockNumber;
    /// Blocks a withdrawn bond stays on hold.
    fn unbonding() -> BlockNumber;
    /// Longest time a job may wait for its result.
    fn max_deadline() -> BlockNumber;
}

/// Told of all credit that is booked. Implemented by `pallet-authors`.
pub trait CreditWatch<AccountId> {
    /// An account was credited for useful work that was paid.
    fn credited(account: &AccountId, credit: Balance);
}

/// Nobody watches.
impl<AccountId> CreditWatch<AccountId> for () {
    fn credited(_: &AccountId, _: Balance) {}
}

/// What a worker's credit is multiplied for. Facts, in the words of the pallets that know them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merits {
    /// Unannounced windows that it took part in, of the last ones.
    pub attended: u32,
    /// Those that there were since it first took part, at most a hundred.
    pub windows: u32,
    /// Whether its power is among the greatest tenth.
    pub is_fast: bool,
    /// Jobs that it finished.
    pub completed: u64,
    /// Jobs that it let down.
    pub failed: u64,
    /// Its bond, and what others have staked on it.
    pub stake: Balance,
    /// Its bond alone.
    pub bond: Balance,
}

/// Tells them. The runtime asks several pallets.
pub trait MeritsOf<AccountId> {
    fn merits_of(worker: &AccountId) -> Merits;
}

/// Nobody has any.
impl<AccountId> MeritsOf<AccountId> for () {
    fn merits_of(_: &AccountId) -> Merits {
        Merits::default()
    }
}

/// What stands behind an account besides its own bond.
pub trait StakeOf<AccountId> {
    fn stake_of(account: &AccountId) -> Balance;
}

/// There is no staking.
impl<AccountId> StakeOf<AccountId> for () {
    fn stake_of(_: &AccountId) -> Balance {
        0
    }
}

/// What was measured of a machine in unannounced windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Steps that count as verified now; 0 for none.
    pub power: u32,
    /// Windows that it took part in, of those since its first one; 1 as long as they are too few to judge by.
    pub uptime: Permill,
}

impl Measurement {
    /// Of a machine that nothing is known of.
    pub const NONE: Self = Self {
        power: 0,
        uptime: Permill::one(),
    };
}

/// What was measured of machines. Implemented by `pallet-power`.
pub trait VerifiedPower<AccountId> {
    /// What is known of a machine now.
    fn measurement_of(worker: &AccountId) -> Measurement;
    /// The power in it.
    fn power_of(worker: &AccountId) -> u32 {
        Self::measurement_of(worker).power
    }
}

/// Machines whose power is measured. Implemented by `pallet-worker-registry`.
pub trait MeasuredMachines<AccountId>: CheckedMachines<AccountId> {
    /// Whether the account has a machine that is online and may be measured.
    fn is_online(worker: &AccountId) -> bool;
    /// The machine's verified power is now `steps`, 0 for none.
    fn measured(worker: &AccountId, steps: u32);
    /// The machine claimed power that it could not prove.
    fn failed(worker: &AccountId);
}

/// There are no machines.
impl<AccountId> MeasuredMachines<AccountId> for () {
    fn is_online(_: &AccountId) -> bool {
        false
    }

    fn measured(_: &AccountId, _: u32) {}
    fn failed(_: &AccountId) {}
}

impl<AccountId> CheckedMachines<AccountId> for () {
    fn passed(_: &AccountId) {}
}
