//! How random operations are drawn: mostly such as make sense, so that chains get somewhere, and some
//! of everything that does not.

use super::{operations::*, world::Behaviour};
use aipg_primitives::{Region, TrustClass};
use codec::Encode;
use proptest::prelude::*;

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        12 => (1_000..4_000u32).prop_map(Amount::Part),
        2 => (0..1_000u32).prop_map(Amount::Part),
        1 => Just(Amount::Short),
        1 => (-1..=1i8).prop_map(Amount::Existential),
        1 => (-1..=1i8).prop_map(Amount::Free),
        1 => Just(Amount::Zero),
        1 => Just(Amount::Max),
    ]
}

/// For what must not be zero.
fn amount_or_zero() -> impl Strategy<Value = Amount> {
    prop_oneof![4 => amount(), 1 => Just(Amount::Zero)]
}

fn deadline() -> impl Strategy<Value = Deadline> {
    prop_oneof![
        24 => (0..50u8).prop_map(Deadline::After),
        1 => Just(Deadline::TooShort),
        1 => Just(Deadline::Latest),
        1 => Just(Deadline::TooFar),
        1 => Just(Deadline::Now),
        1 => Just(Deadline::Zero),
        1 => Just(Deadline::Max),
    ]
}

fn region() -> impl Strategy<Value = Region> {
    prop_oneof![Just(Region::Europe), Just(Region::Asia)]
}

fn class() -> impl Strategy<Value = TrustClass> {
    prop_oneof![8 => Just(TrustClass::Exact), 1 => Just(TrustClass::Pinned)]
}

/// A registered model, or one that is not.
fn model() -> impl Strategy<Value = u8> {
    prop_oneof![15 => 0..64u8, 1 => Just(u8::MAX)]
}

/// Those who ask for jobs: the two who start with nothing seldom do.
fn requester() -> impl Strategy<Value = u8> {
    prop_oneof![12 => 0..6u8, 1 => 6..8u8]
}

fn count(usual: core::ops::Range<u32>) -> impl Strategy<Value = u32> {
    prop_oneof![
        30 => usual,
        1 => Just(0),
        1 => Just(512),
        1 => Just(u32::MAX),
    ]
}

/// Greedy, or seeded with parameters within and without their ranges.
fn sampling() -> impl Strategy<Value = Vec<u8>> {
    let beta = prop_oneof![9 => 1..=1u32 << 20, 1 => Just(0), 1 => Just(u32::MAX)];
    let top_p = prop_oneof![9 => 1..=65_536u32, 1 => Just(0), 1 => Just(65_537)];
    prop_oneof![
        3 => Just(vec![0]),
        1 => (beta, any::<u32>(), top_p, any::<Option<u32>>())
            .prop_map(|(beta, top_k, top_p, min_p)| (1u8, beta, top_k, top_p, min_p).encode()),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let whom = (
        requester(),
        model(),
        class(),
        prop::option::weighted(0.6, 0..8u8),
    );
    let size = (
        count(1..40),
        count(1..60),
        prop::option::weighted(0.2, 200..344u32),
    );
    let service = (
        sampling(),
        prop::option::weighted(0.2, region()),
        prop_oneof![9 => Just(0..=1u8), 1 => Just(2..=4u8)].prop_flat_map(|levels| levels),
    );
    (whom, size, amount(), deadline(), service).prop_map(
        |(
            (requester, model, class, referrer),
            size,
            price,
            deadline,
            (sampling, region, min_level),
        )| Order {
            requester,
            model,
            prompt: size.0,
            max_output: size.1,
            price,
            class,
            deadline,
            region,
            min_level,
            referrer,
            stop: size.2,
            sampling,
        },
    )
}

/// An order that is accepted while there is money, so that machines have much to do.
fn good_order() -> impl Strategy<Value = Order> {
    let size = (0..6u8, 0..64u8, 1..30u32, 1..30u32);
    let terms = (1_000..3_000u32, 10..50u8, prop::option::of(0..8u8));
    (size, terms).prop_map(
        |((requester, model, prompt, max_output), (price, after, referrer))| Order {
            requester,
            model,
            prompt,
            max_output,
            price: Amount::Part(price),
            class: TrustClass::Exact,
            deadline: Deadline::After(after),
            region: None,
            min_level: 0,
            referrer: referrer.filter(|referrer| *referrer != requester),
            stop: None,
            sampling: vec![0],
        },
    )
}

fn step() -> impl Strategy<Value = Operation> {
    let stepper = prop_oneof![
        4 => Just(Stepper::Worker),
        3 => Just(Stepper::TimedOut),
        1 => (0..8u8).prop_map(Stepper::Anybody),
    ];
    let step = prop_oneof![
        2 => Just(Step::Claim),
        3 => prop_oneof![2 => 1..40u32, 1 => Just(0), 1 => Just(u32::MAX)].prop_map(Step::Deliver),
        1 => Just(Step::Missing),
        1 => (1..40u32).prop_map(Step::Publish),
    ];
    (any::<u8>(), stepper, step).prop_map(|(job, who, step)| Operation::Step(job, who, step))
}

fn rule() -> impl Strategy<Value = Rule> {
    let ceiling = prop_oneof![
        Just(0u32),
        Just(20_000),
        Just(2_000_000),
        Just(4_000_000),
        Just(4_000_001),
        Just(u32::MAX),
        0..4_000_000u32
    ];
    let payment = || (0..8u8, 0..8u8, amount());
    prop_oneof![
        4 => (model(), prop::option::weighted(0.8, ceiling))
            .prop_map(|(model, ceiling)| Rule::List(model, ceiling)),
        4 => (0..8u8).prop_map(Rule::Reinstate),
        // Seldom: who is convicted never works again.
        1 => (0..8u8, prop::bool::weighted(0.8))
            .prop_map(|(who, has_reason)| Rule::ConvictMisuse(who, has_reason)),
        1 => (0..8u8, amount_or_zero()).prop_map(|(who, amount)| Rule::LevelFour(who, amount)),
        1 => (0..8u8).prop_map(Rule::RevokeLevelFour),
        2 => amount_or_zero().prop_map(Rule::IndexPrice),
        2 => amount_or_zero().prop_map(Rule::Difficulty),
        2 => (0..400_000u32).prop_map(Rule::AuthorShare),
        1 => payment().prop_map(|(who, to, amount)| Rule::ForceTransfer(who, to, amount)),
        1 => (0..8u8, amount()).prop_map(|(who, amount)| Rule::ForceUnreserve(who, amount)),
        1 => payment().prop_map(|(who, to, amount)| Rule::WithWeight(who, to, amount)),
        1 => payment().prop_map(|(who, to, amount)| Rule::DispatchAs(who, to, amount)),
        1 => payment().prop_map(|(who, to, amount)| Rule::DispatchAsFallible(who, to, amount)),
    ]
}

fn ruling() -> impl Strategy<Value = Operation> {
    let way = prop_oneof![
        8 => Just(Way::Sudo),
        2 => Just(Way::UncheckedWeight),
        1 => (0..8u8).prop_map(Way::Directly),
        1 => (0..8u8).prop_map(Way::Usurper),
    ];
    (way, rule()).prop_map(|(way, rule)| Operation::Rule(way, rule))
}

fn transfer() -> impl Strategy<Value = Operation> {
    let kind = prop_oneof![
        3 => Just(Transfer::AllowDeath),
        2 => Just(Transfer::KeepAlive),
        1 => any::<bool>().prop_map(|keep_alive| Transfer::All { keep_alive }),
        1 => Just(Transfer::Burn),
        1 => Just(Transfer::Upgrade),
    ];
    // Most who empty their account are those who started with nothing.
    let from = prop_oneof![2 => 6..8u8, 1 => 0..8u8];
    (from, 0..8u8, amount(), kind)
        .prop_map(|(who, to, amount, kind)| Operation::Transfer(who, to, amount, kind))
}

/// Those who run machines, mostly.
fn worker() -> impl Strategy<Value = u8> {
    prop_oneof![6 => 2..6u8, 1 => 0..8u8]
}

fn machine() -> impl Strategy<Value = Operation> {
    let capacity = prop_oneof![8 => 1..=16u32, 1 => Just(0), 1 => Just(17), 1 => Just(u32::MAX)];
    prop_oneof![
           5 => (0..8u8, amount(), capacity, region())
               .prop_map(|(who, bond, capacity, region)| Operation::Register(who, bond, capacity, region)),
           5 => (worker(), model(), amount())
               .prop_map(|(who, model, ask)| Operation::SetOffer(who, model, ask)),
           2 => (worker(), model()).prop_map(|(who, model)| Operation::RemoveOffer(who, model)),
           5 => worker().prop_map(Operation::GoOnline),
    3 => (0..8u8).prop_map(Operation::GoOnline),
           2 => worker().prop_map(Operation::GoOffline),
           3 => (worker(), amount_or_zero()).prop_map(|(who, amount)| Operation::BondMore(who, amount)),
           2 => worker().prop_map(Operation::Retire),
           3 => worker().prop_map(Operation::Withdraw),
       ]
}

fn modelling() -> impl Strategy<Value = Operation> {
    let creator = || prop_oneof![3 => Just(3u8), 1 => 0..8u8];
    let fault = prop_oneof![
        5 => Just(HeaderFault::None),
        1 => Just(HeaderFault::Bytes),
        1 => Just(HeaderFault::Root),
    ];
    prop_oneof![
        3 => (0..8u8, 0..16u8, fault, class(), amount_or_zero()).prop_map(
            |(who, variant, fault, class, floor)| {
                Operation::RegisterModel(who, variant, fault, class, floor)
            }
        ),
        2 => (creator(), model(), amount_or_zero())
            .prop_map(|(who, model, floor)| Operation::SetPriceFloor(who, model, floor)),
        1 => (creator(), model()).prop_map(|(who, model)| Operation::RetireModel(who, model)),
    ]
}

fn behave() -> impl Strategy<Value = Operation> {
    let behaviour = prop_oneof![
        4 => Just(Behaviour::Honest),
        1 => Just(Behaviour::Silent),
        2 => Just(Behaviour::Forgetful),
        1 => Just(Behaviour::Blind),
    ];
    (2..6u8, behaviour).prop_map(|(who, behaviour)| Operation::Behave(who, behaviour))
}

/// What makes exactly one call.
fn plain() -> impl Strategy<Value = Operation> {
    prop_oneof![
        14 => order().prop_map(Operation::Submit),
        18 => step(),
        13 => machine(),
        8 => modelling(),
        6 => (worker(), prop_oneof![3 => Just(0u8), 1 => 1..3u8]).prop_map(|(who, back)| Operation::ClaimReward(who, back)),
        5 => transfer(),
        8 => ruling(),
    ]
}

fn wrapped() -> impl Strategy<Value = Operation> {
    let wrapper = prop_oneof![
        Just(Wrapper::Batch),
        Just(Wrapper::BatchAll),
        Just(Wrapper::ForceBatch),
        Just(Wrapper::IfElse),
        Just(Wrapper::AsDerivative),
        Just(Wrapper::SudoAs),
    ];
    (wrapper, 0..8u8, prop::collection::vec(plain(), 1..4))
        .prop_map(|(wrapper, who, inside)| Operation::Wrapped(wrapper, who, inside))
}

/// Anything.
pub fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        600 => plain(),
        40 => (good_order(), 4..14u8).prop_map(|(order, times)| Operation::Burst(order, times)),
        8 => worker().prop_map(Operation::OfferAll),
        30 => worker().prop_map(Operation::Leave),
        60 => worker().prop_map(Operation::ClaimAll),
        80 => wrapped(),
        24 => behave(),
        24 => (0..8u8, 0..8u8).prop_map(|(who, victim)| Operation::Nonsense(who, victim)),
        4 => (0..8u8).prop_map(Operation::SetSudoKey),
        1 => Just(Operation::RemoveSudoKey),
        180 => (1..6u8).prop_map(Operation::Wait),
    ]
}

fn doubt() -> impl Strategy<Value = Operation> {
    let often = || prop::bool::weighted(0.9);
    let doubt = prop_oneof![
        // Seldom: whose result nobody defends never works again.
        1 => Just(Doubt::Challenge),
        2 => often().prop_map(Doubt::OpenRoot),
        2 => (0..501u16).prop_map(Doubt::PostRoots),
        // Nobody publishes it: the same.
        1 => prop_oneof![1 => Just(0), 3 => any::<u32>()].prop_map(Doubt::Demand),
        1 => Just(Doubt::ReportTimeout),
        2 => amount_or_zero().prop_map(Doubt::RegisterAuditor),
        1 => amount_or_zero().prop_map(Doubt::AuditorBondMore),
        1 => Just(Doubt::LeaveAudits),
        2 => Just(Doubt::WithdrawAuditor),
        12 => often().prop_map(Doubt::Commit),
        12 => Just(Doubt::Attest),
        12 => often().prop_map(Doubt::Reveal),
    ];
    (0..8u8, any::<u8>(), doubt).prop_map(|(who, pick, doubt)| Operation::Doubt(who, pick, doubt))
}

/// Anything, and much of what is done about results.
pub fn doubtful() -> impl Strategy<Value = Operation> {
    prop_oneof![2 => operation(), 1 => doubt()]
}
