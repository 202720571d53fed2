//! Random operations: every call of our pallets, balances, utility and sudo, with arguments that are
//! right, nearly right and nonsense. An operation says what is meant ("claim the third live job as
//! the machine it was drawn for"); [`super::random_operations`] makes calls of it on the state that
//! is there.

use super::world::Behaviour;
use aipg_primitives::{Region, TrustClass};

/// An amount in terms of what is there.
#[derive(Clone, Copy, Debug)]
pub enum Amount {
    /// Thousandths of the natural amount of the operation.
    Part(u32),
    /// One below the natural amount.
    Short,
    /// The existential deposit, and how much more or less.
    Existential(i8),
    /// The free balance, and how much more or less.
    Free(i8),
    Zero,
    Max,
}

/// A block in terms of the earliest that is accepted.
#[derive(Clone, Copy, Debug)]
pub enum Deadline {
    /// So many blocks after the earliest.
    After(u8),
    TooShort,
    Latest,
    TooFar,
    Now,
    Zero,
    Max,
}

/// A job to submit.
#[derive(Clone, Debug)]
pub struct Order {
    pub requester: u8,
    pub model: u8,
    pub prompt: u32,
    pub max_output: u32,
    pub price: Amount,
    pub class: TrustClass,
    pub deadline: Deadline,
    pub region: Option<Region>,
    pub min_level: u8,
    pub referrer: Option<u8>,
    pub stop: Option<u32>,
    /// How the next token is chosen, as it comes over the wire; greedily if it does not decode.
    pub sampling: Vec<u8>,
}

/// Who takes a step of a job.
#[derive(Clone, Copy, Debug)]
pub enum Stepper {
    /// The machine it is with.
    Worker,
    /// The machine whose time ran out.
    TimedOut,
    Anybody(u8),
}

#[derive(Clone, Copy, Debug)]
pub enum Step {
    Claim,
    /// With so many tokens.
    Deliver(u32),
    Missing,
    /// The input of so many tokens.
    Publish(u32),
}

/// What is wrong with a header, if anything.
#[derive(Clone, Copy, Debug)]
pub enum HeaderFault {
    None,
    Bytes,
    Root,
}

/// What root does.
#[derive(Clone, Debug)]
pub enum Rule {
    List(u8, Option<u32>),
    Reinstate(u8),
    /// With or without a reason.
    ConvictMisuse(u8, bool),
    LevelFour(u8, Amount),
    RevokeLevelFour(u8),
    IndexPrice(Amount),
    Difficulty(Amount),
    AuthorShare(u32),
    ForceTransfer(u8, u8, Amount),
    /// Filtered: must fail.
    ForceUnreserve(u8, Amount),
    WithWeight(u8, u8, Amount),
    DispatchAs(u8, u8, Amount),
    DispatchAsFallible(u8, u8, Amount),
}

/// In which way somebody acts as root.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Sudo,
    UncheckedWeight,
    /// Without sudo.
    Directly(u8),
    /// With sudo, by somebody who does not have its key.
    Usurper(u8),
}

#[derive(Clone, Copy, Debug)]
pub enum Transfer {
    AllowDeath,
    KeepAlive,
    All {
        keep_alive: bool,
    },
    /// Filtered: must fail.
    Burn,
    Upgrade,
}

#[derive(Clone, Copy, Debug)]
pub enum Wrapper {
    Batch,
    BatchAll,
    ForceBatch,
    IfElse,
    AsDerivative,
    /// By sudo, as the signer.
    SudoAs,
}

/// What is done about a delivered result by those who do not believe it, or look whether they should.
#[derive(Clone, Copy, Debug)]
pub enum Doubt {
    Challenge,
    /// By who challenged; rightly or not.
    OpenRoot(bool),
    /// So many roots of a trace.
    PostRoots(u16),
    /// This chunk of its prompt or answer.
    Demand(u32),
    ReportTimeout,
    RegisterAuditor(Amount),
    AuditorBondMore(Amount),
    LeaveAudits,
    WithdrawAuditor,
    /// With a proof that holds or one that does not.
    Commit(bool),
    /// By its worker.
    Attest,
    /// By an auditor who has committed; rightly or not.
    Reveal(bool),
}

#[derive(Clone, Debug)]
pub enum Operation {
    Submit(Order),
    /// The same order many times.
    Burst(Order, u8),
    Step(u8, Stepper, Step),
    Register(u8, Amount, u32, Region),
    SetOffer(u8, u8, Amount),
    /// Offers of every model there is.
    OfferAll(u8),
    RemoveOffer(u8, u8),
    GoOnline(u8),
    GoOffline(u8),
    BondMore(u8, Amount),
    Retire(u8),
    Withdraw(u8),
    RegisterModel(u8, u8, HeaderFault, TrustClass, Amount),
    SetPriceFloor(u8, u8, Amount),
    RetireModel(u8, u8),
    /// Of the round so many before this one.
    ClaimReward(u8, u8),
    /// Offline, and for good; asks for the bond too early.
    Leave(u8),
    /// Everything that is claimable.
    ClaimAll(u8),
    Transfer(u8, u8, Amount, Transfer),
    Rule(Way, Rule),
    SetSudoKey(u8),
    RemoveSudoKey,
    Wrapped(Wrapper, u8, Vec<Operation>),
    /// Who, which result, and what.
    Doubt(u8, u8, Doubt),
    Behave(u8, Behaviour),
    /// What no chain may take: replays, forgeries, transactions out of turn.
    Nonsense(u8, u8),
    Wait(u8),
}
