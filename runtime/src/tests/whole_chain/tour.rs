//! A fixed list of operations that meets what random ones seldom do, so that a short run misses
//! nothing by luck. It starts where every chain does: Charlie (2) is honest, Eve (4) silent, Ferdie
//! (5) forgetful, each online with models of its own.

use super::operations::{
    Amount, Deadline, HeaderFault, Operation, Operation::*, Order, Rule as Ruling, Step as What,
    Stepper, Transfer as Payment, Way, Wrapper,
};
use aipg_primitives::{Region, TrustClass};

const BOB: u8 = 1;
const CHARLIE: u8 = 2;
const DAVE: u8 = 3;
const EVE: u8 = 4;
const FERDIE: u8 = 5;
/// Starts with nothing.
const ONE: u8 = 6;
/// A model that Eve alone offers.
const MODEL: u8 = 4;
const UNKNOWN: u8 = u8::MAX;
const FAIR: Amount = Amount::Part(1_000);
const TWICE: Amount = Amount::Part(2_000);

fn order() -> Order {
    Order {
        requester: BOB,
        model: MODEL,
        prompt: 10,
        max_output: 10,
        price: TWICE,
        class: TrustClass::Exact,
        deadline: Deadline::After(40),
        region: None,
        min_level: 0,
        referrer: None,
        stop: None,
        sampling: vec![0],
    }
}

/// An order with one thing wrong.
fn bad(change: impl FnOnce(&mut Order)) -> Operation {
    let mut order = order();
    change(&mut order);
    Submit(order)
}

fn bad_orders() -> Vec<Operation> {
    vec![
        bad(|order| order.model = UNKNOWN),
        bad(|order| order.class = TrustClass::Pinned),
        bad(|order| order.prompt = 0),
        bad(|order| order.max_output = 0),
        bad(|order| order.max_output = u32::MAX),
        bad(|order| order.stop = Some(u32::MAX)),
        bad(|order| order.price = Amount::Short),
        bad(|order| order.price = Amount::Max),
        bad(|order| order.deadline = Deadline::TooShort),
        bad(|order| order.deadline = Deadline::TooFar),
        bad(|order| order.referrer = Some(BOB)),
        // Seeded, with an inverse temperature of zero.
        bad(|order| order.sampling = [1].into_iter().chain([0; 17]).collect()),
    ]
}

/// Jobs that Eve takes, lets down, and is suspended for.
fn jobs() -> Vec<Operation> {
    // By an odd number: of a job that a machine has. By 0: of the oldest.
    let step = |step| Step(1, Stepper::Worker, step);
    let mut operations = vec![
        Step(7, Stepper::Anybody(BOB), What::Claim),
        Submit(order()),
        Wait(4),
        Step(0, Stepper::Anybody(BOB), What::Claim),
        step(What::Deliver(5)),
        step(What::Claim),
        step(What::Claim),
        step(What::Deliver(0)),
        step(What::Deliver(u32::MAX)),
        step(What::Deliver(5)),
        Step(0, Stepper::Worker, What::Deliver(5)),
    ];
    // In one of these blocks the job is paid, and its round is still open.
    for _ in 0..10 {
        operations.extend([Wait(1), ClaimReward(EVE, 0)]);
    }
    operations.extend([Wait(11), ClaimAll(EVE)]);
    // A reward that nobody claims until it is too late.
    operations.extend([
        Submit(order()),
        Wait(4),
        step(What::Claim),
        step(What::Deliver(5)),
    ]);
    operations.extend([Wait(45), ClaimReward(EVE, 3)]);
    operations.extend([
        Submit(order()),
        Wait(4),
        step(What::Missing),
        step(What::Claim),
        step(What::Publish(1)),
        step(What::Publish(order().prompt)),
        step(What::Publish(order().prompt)),
        step(What::Missing),
        step(What::Claim),
        step(What::Deliver(5)),
    ]);
    // One that stays away.
    operations.extend([Submit(order()), Wait(4), step(What::Missing), Wait(31)]);
    operations.extend([Submit(order()), Wait(4)]);
    operations.extend([Retire(EVE), GoOffline(EVE), Retire(EVE), Wait(5)]);
    operations.extend([
        Step(1, Stepper::TimedOut, What::Claim),
        Step(1, Stepper::TimedOut, What::Deliver(5)),
        GoOnline(EVE),
        GoOnline(EVE),
        Burst(order(), 14),
        Wait(30),
        GoOnline(EVE),
        Rule(Way::Sudo, Ruling::Reinstate(EVE)),
        Rule(Way::Sudo, Ruling::Reinstate(EVE)),
        GoOnline(EVE),
    ]);
    operations
}

fn machines() -> Vec<Operation> {
    let register = |bond, capacity| Register(BOB, bond, capacity, Region::Asia);
    vec![
        register(Amount::Short, 1),
        register(FAIR, 0),
        register(Amount::Max, 1),
        register(FAIR, 1),
        register(FAIR, 1),
        GoOnline(BOB),
        SetOffer(BOB, UNKNOWN, FAIR),
        SetOffer(BOB, MODEL, Amount::Short),
        SetOffer(BOB, MODEL, TWICE),
        RemoveOffer(BOB, MODEL),
        RemoveOffer(BOB, MODEL),
        BondMore(BOB, FAIR),
        BondMore(BOB, Amount::Zero),
        BondMore(BOB, Amount::Max),
        Withdraw(BOB),
        Leave(BOB),
        SetOffer(BOB, MODEL, FAIR),
        Wait(9),
        Withdraw(BOB),
        Withdraw(BOB),
        OfferAll(CHARLIE),
        GoOffline(FERDIE),
    ]
}

fn models() -> Vec<Operation> {
    use HeaderFault::{Bytes, None, Root};
    let register = |who, fault, class, floor| RegisterModel(who, 9, fault, class, floor);
    let mut operations = vec![
        register(DAVE, Bytes, TrustClass::Exact, FAIR),
        register(DAVE, Root, TrustClass::Exact, FAIR),
        register(DAVE, None, TrustClass::Pinned, FAIR),
        register(DAVE, None, TrustClass::Exact, Amount::Zero),
        Transfer(BOB, ONE, FAIR, Payment::KeepAlive),
        register(ONE, None, TrustClass::Exact, FAIR),
        register(DAVE, None, TrustClass::Exact, FAIR),
        register(DAVE, None, TrustClass::Exact, FAIR),
        SetPriceFloor(DAVE, UNKNOWN, FAIR),
        SetPriceFloor(BOB, MODEL, FAIR),
    ];
    // One of these is Dave's; once more, and it is retired.
    for model in 0..6 {
        operations.extend([
            SetPriceFloor(DAVE, model, TWICE),
            RetireModel(DAVE, model),
            RetireModel(DAVE, model),
        ]);
    }
    operations
}

fn rulings() -> Vec<Operation> {
    use Ruling as By;
    let mut operations: Vec<_> = [
        By::List(0, Some(2_000_000)),
        By::List(0, Some(u32::MAX)),
        By::IndexPrice(FAIR),
        By::IndexPrice(Amount::Zero),
        By::Difficulty(FAIR),
        By::AuthorShare(250_000),
        By::AuthorShare(400_000),
        By::ForceTransfer(BOB, EVE, FAIR),
        By::ForceUnreserve(CHARLIE, FAIR),
        By::WithWeight(BOB, EVE, FAIR),
        By::DispatchAs(BOB, EVE, FAIR),
        By::DispatchAsFallible(BOB, EVE, FAIR),
    ]
    .map(|rule| Rule(Way::Sudo, rule))
    .into();
    operations.extend([
        Rule(Way::UncheckedWeight, By::Difficulty(TWICE)),
        Rule(Way::Directly(BOB), By::Difficulty(FAIR)),
        Rule(Way::Usurper(BOB), By::Difficulty(FAIR)),
        Rule(Way::Directly(BOB), By::LevelFour(FERDIE, FAIR)),
        Rule(Way::Directly(BOB), By::RevokeLevelFour(FERDIE)),
        Rule(Way::Directly(BOB), By::ConvictMisuse(FERDIE, true)),
        Rule(Way::Sudo, By::LevelFour(FERDIE, FAIR)),
        Rule(Way::Sudo, By::LevelFour(FERDIE, Amount::Zero)),
        Rule(Way::Sudo, By::RevokeLevelFour(FERDIE)),
        Rule(Way::Sudo, By::RevokeLevelFour(FERDIE)),
        Rule(Way::Sudo, By::ConvictMisuse(FERDIE, false)),
        Rule(Way::Sudo, By::ConvictMisuse(FERDIE, true)),
        GoOnline(FERDIE),
        ClaimReward(FERDIE, 0),
    ]);
    operations
}

fn money() -> Vec<Operation> {
    use Payment as By;
    let pay = |kind| Transfer(BOB, EVE, FAIR, kind);
    let mut operations = vec![
        pay(By::AllowDeath),
        pay(By::KeepAlive),
        pay(By::Burn),
        pay(By::Upgrade),
        Transfer(ONE, BOB, FAIR, By::All { keep_alive: false }),
    ];
    operations.extend(
        [
            Wrapper::Batch,
            Wrapper::BatchAll,
            Wrapper::ForceBatch,
            Wrapper::IfElse,
            Wrapper::SudoAs,
            Wrapper::AsDerivative,
        ]
        .map(|wrapper| Wrapped(wrapper, BOB, vec![pay(By::KeepAlive)])),
    );
    operations
}

/// All of it. The sudo key goes last.
pub fn tour() -> Vec<Operation> {
    let parts = [
        bad_orders(),
        jobs(),
        machines(),
        models(),
        money(),
        rulings(),
    ];
    let last = [
        Wait(1),
        SetSudoKey(BOB),
        Nonsense(BOB, EVE),
        RemoveSudoKey,
        RemoveSudoKey,
    ];
    parts.into_iter().flatten().chain(last).collect()
}
