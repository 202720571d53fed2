//! Random operations on whole chains: after every block every invariant holds, and over a run
//! everything that can happen did.

use super::{
    calls::apply,
    doubts::auditors,
    names::{Name, Names, CALLS, ERRORS, EVENTS},
    operations::{Amount, Operation},
    strategies::{doubtful, operation},
    tour::tour,
    world::{Behaviour, Tally, World},
    *,
};
use aipg_primitives::Region;
use pallet_model_registry::types::GenesisModel;
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET;
use std::{cell::RefCell, fmt::Write as _, io::Write as _, sync::LazyLock};

/// One chain stands for so many of proptest's cases, since it takes hundreds of operations.
const CASES_PER_CHAIN: u32 = 14;
/// Chains from which on a run must have met everything.
const CHAINS_FOR_COVERAGE: u32 = 16;
/// Cases of proptest in the long run.
const LONG_RUN_CASES: u32 = 10_000;
/// Transactions that the long run tries at least.
const TRANSACTIONS_OF_A_LONG_RUN: u64 = 100_000;
/// Operations after which the changes go into the trie: the root of a block is computed over all
/// changes that have not.
const COMMIT_AFTER: usize = 16;
/// Blocks within which every job ends: the longest deadline, and the rest of a job delivered last.
const DRAIN: u32 = 130;

/// Pallets besides our own whose calls the operations are made of.
const OTHER_PALLETS: [&str; 3] = ["Balances", "Sudo", "Utility"];

/// Pallets whose calls need more than an operation says: a game needs traces of a real model. Their own
/// property tests play them; what of disputes and audits operations can do, `doubts` does. What finality does to the
/// chain is told by `finality`, what public jobs do by `tests::bootstrap`.
const PLAYED_ELSEWHERE: [&str; 5] = ["Referee", "Finality", "Audits", "Power", "Bootstrap"];

/// Calls that never succeed, or that no operation makes, and why.
const CALLS_LEFT_OUT: [Name; 4] = [
    // Filtered: emission is the one place that burns. Operations make it, and it must fail.
    ("Balances", "burn"),
    // Filtered: a hold belongs to its record. The same.
    ("Balances", "force_unreserve"),
    // Root mints and burns past emission with these on development chains; the books then differ,
    // which `invariant_faults` shows.
    ("Balances", "force_set_balance"),
    ("Balances", "force_adjust_total_issuance"),
];
/// Errors that no call can meet, and why.
const ERRORS_LEFT_OUT: [Name; 15] = [
    // A round pays at most what it reserved.
    ("Emission", "WorkBudgetExceeded"),
    // 2³² jobs in ten blocks.
    ("Receipts", "RoundFull"),
    // No call proves a receipt yet; the pallets that will are given these.
    ("Receipts", "UnknownRound"),
    ("Receipts", "InvalidProof"),
    // A result that nobody challenges is paid before the unbonding time is over.
    ("WorkerRegistry", "ResultsUnsettled"),
    // Only the referee refutes results, see `PLAYED_ELSEWHERE`.
    ("JobEscrow", "ResultNotSubmitted"),
    // Only an agenda that lags leaves a job where it can be met.
    ("JobEscrow", "InputTooLate"),
    // All inputs of operations are of tokens that every model has.
    ("JobEscrow", "InputOutOfVocabulary"),
    // No operation is about a model of pictures; tests of the pallets are.
    ("ModelRegistry", "TraceTooLong"),
    ("JobEscrow", "WrongPictureLength"),
    ("JobEscrow", "PictureWithStopTokens"),
    ("JobEscrow", "PictureWithSampling"),
    ("JobEscrow", "PictureIncomplete"),
    // Only lost games freeze.
    ("WorkerRegistry", "BondsFrozen"),
    ("UsefulWork", "RewardsFrozen"),
];
/// Events that random operations do not reach, and why.
const EVENTS_LEFT_OUT: [Name; 4] = [
    // Only audits earn this, see `PLAYED_ELSEWHERE`.
    ("UsefulWork", "AuditCredited"),
    // Needs seventeen different terms of one machine in one round: a test of its pallet.
    ("UsefulWork", "CreditForfeited"),
    // A settlement fails only when a hold is not what its record says.
    ("JobEscrow", "JobDeferred"),
    // Only the referee convicts of false results.
    ("WorkerRegistry", "Convicted"),
];

/// How a chain differs from the development chain.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Windows are so short that jobs end within a case.
    Plain,
    /// Four authors take turns, and a beacon needs two of them.
    SeveralAuthors,
    /// Rewards halve often, end, and do not fit under the cap.
    NearTheCap,
}

fn build(shape: Shape) -> Storage {
    let preset = match shape {
        Shape::SeveralAuthors => LOCAL_TESTNET_RUNTIME_PRESET,
        Shape::Plain | Shape::NearTheCap => DEV_RUNTIME_PRESET,
    };
    storage(preset, |config| {
        let parameters = &mut config.chain_parameters.parameters;
        parameters.claim_window = 4;
        parameters.run_window = 4;
        parameters.progress_window = 4;
        parameters.challenge_window = 5;
        parameters.dispute_clock = 6;
        parameters.unbonding = 8;
        // Two rounds.
        parameters.reward_expiry = 20;
        parameters.max_deadline = 90;
        // More models than a machine may offer.
        for variant in 0..17u8 {
            config.model_registry.models.push(GenesisModel {
                header: header(variant).1,
                price_floor: AIPG / 2_000 * Balance::from(variant % 4 + 1),
                creator: (variant % 3 > 0).then(|| account(Sr25519Keyring::Dave)),
                mint_ceiling: (variant % 2 > 0).then_some(1_000_000),
            });
        }
        if let Shape::NearTheCap = shape {
            let imported: Balance = config.balances.balances.iter().map(|entry| entry.1).sum();
            config.emission.halving_interval = 12;
            config.emission.initial_reward = 4_001;
            config.emission.cap = imported + 60_000;
        }
    })
}

static PLAIN: LazyLock<Storage> = LazyLock::new(|| build(Shape::Plain));
static SEVERAL_AUTHORS: LazyLock<Storage> = LazyLock::new(|| build(Shape::SeveralAuthors));
static NEAR_THE_CAP: LazyLock<Storage> = LazyLock::new(|| build(Shape::NearTheCap));

/// Three machines of different behaviour, online before anything else happens.
fn set_up() -> Vec<Operation> {
    let bond = Amount::Part(4_000);
    let machines = [
        (2u8, Behaviour::Honest),
        (4, Behaviour::Silent),
        (5, Behaviour::Forgetful),
    ];
    let of = |(who, behaviour): (u8, Behaviour)| {
        let mut operations = vec![
            Operation::Register(who, bond, 16, Region::Europe),
            Operation::Behave(who, behaviour),
        ];
        operations.extend(
            (0..5u8).map(|model| Operation::SetOffer(who, model * 3 + who, Amount::Part(1_000))),
        );
        operations.push(Operation::GoOnline(who));
        operations
    };
    machines.into_iter().flat_map(of).collect()
}

/// Runs the operations on a fresh chain; `drain`: goes on until every job has ended.
fn run(shape: Shape, operations: &[Operation], drain: bool) -> Tally {
    let storage = match shape {
        Shape::Plain => &*PLAIN,
        Shape::SeveralAuthors => &*SEVERAL_AUTHORS,
        Shape::NearTheCap => &*NEAR_THE_CAP,
    };
    let mut state = sp_io::TestExternalities::from(storage.clone());
    let mut world = state.execute_with(World::start);
    let operations: Vec<_> = set_up().into_iter().chain(operations.to_vec()).collect();
    for some in operations.chunks(COMMIT_AFTER) {
        state.execute_with(|| {
            some.iter()
                .for_each(|operation| apply(&mut world, operation))
        });
        state.commit_all().expect("no storage transaction is open");
    }
    state.execute_with(|| {
        world.next_block();
        if drain {
            for _ in 0..DRAIN {
                world.next_block();
            }
            assert_eq!(pallet_job_escrow::Jobs::<Runtime>::iter().count(), 0);
            assert_eq!(pallet_job_escrow::Agenda::<Runtime>::iter().count(), 0);
        }
        world.tally
    })
}

fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = (usual.cases / CASES_PER_CHAIN).max(1);
    // The short run is the same every time, so that what it meets does not depend on luck; a long
    // one looks for new ground. A failure prints its operations, which are all that is needed.
    let rng_seed = match usual.rng_seed {
        RngSeed::Random if usual.cases < LONG_RUN_CASES => RngSeed::Fixed(1),
        given => given,
    };
    ProptestConfig {
        cases,
        rng_seed,
        max_shrink_iters: 2_000,
        max_shrink_time: 60_000,
        failure_persistence: None,
        ..usual
    }
}

fn calls() -> impl Iterator<Item = Name> {
    CALLS.of(&OTHER_PALLETS).chain(own(&CALLS))
}

/// Names of our own pallets that operations reach.
fn own(names: &'static Names) -> impl Iterator<Item = Name> {
    names
        .own()
        .filter(|(pallet, _)| !PLAYED_ELSEWHERE.contains(pallet))
}

fn summary(tally: &Tally) -> String {
    let mut text = format!(
        "\nrandom operations: {} transactions in {} blocks of {} chains\n",
        tally.operations, tally.blocks, tally.chains
    );
    for (pallet, call) in calls() {
        let count = |map: &std::collections::BTreeMap<Name, u64>| {
            map.get(&(pallet, call)).copied().unwrap_or_default()
        };
        let (succeeded, failed) = (count(&tally.succeeded), count(&tally.failed));
        let name = format!("{pallet}.{call}");
        let _ = writeln!(
            text,
            "  {name:<40} {succeeded:>8} succeeded {failed:>8} failed"
        );
    }
    let _ = writeln!(text, "  refused before execution: {:?}", tally.refused);
    let _ = writeln!(text, "  errors: {:?}", tally.errors);
    text
}

/// What should have happened and did not.
fn missed(tally: &Tally) -> Vec<String> {
    let calls = calls()
        .filter(|name| !CALLS_LEFT_OUT.contains(name) && !tally.succeeded.contains_key(name))
        .map(|(pallet, call)| format!("{pallet}.{call} never succeeded"));
    // What has no calls has no errors that a transaction meets.
    let called: Vec<_> = own(&CALLS).map(|(pallet, _)| pallet).collect();
    let errors = ERRORS
        .of(&called)
        .filter(|name| !ERRORS_LEFT_OUT.contains(name))
        .filter(|(pallet, error)| !tally.errors.contains_key(&(*pallet, error.to_string())))
        .map(|(pallet, error)| format!("the error {pallet}::{error} was never met"));
    let events = own(&EVENTS)
        .filter(|name| !EVENTS_LEFT_OUT.contains(name) && !tally.events.contains_key(name))
        .map(|(pallet, event)| format!("the event {pallet}::{event} never came"));
    let forbidden = CALLS_LEFT_OUT
        .iter()
        .filter(|name| tally.succeeded.contains_key(*name))
        .map(|(pallet, call)| format!("{pallet}.{call} succeeded"));
    calls.chain(errors).chain(events).chain(forbidden).collect()
}

#[test]
fn invariants_should_hold_after_every_block_when_operations_come_in_any_order() {
    let total = RefCell::new(Tally::default());
    total.borrow_mut().add(&run(Shape::Plain, &tour(), true));
    let config = config();
    let chains = config.cases;
    let shape = prop_oneof![
        2 => Just(Shape::Plain),
        1 => Just(Shape::SeveralAuthors),
        1 => Just(Shape::NearTheCap),
    ];
    let cases = (
        shape,
        prop::collection::vec(operation(), 150..270),
        prop::bool::weighted(0.15),
    );
    TestRunner::new(config)
        .run(&cases, |(shape, operations, drain)| {
            let tally = run(shape, &operations, drain);
            total.borrow_mut().add(&tally);
            Ok(())
        })
        .unwrap();
    let total = total.into_inner();
    // Past the capture of the test harness: a run says what it did.
    std::io::stderr()
        .write_all(summary(&total).as_bytes())
        .expect("standard error is open");
    if chains >= CHAINS_FOR_COVERAGE {
        let missed = missed(&total);
        assert!(missed.is_empty(), "{missed:#?}");
    }
    if chains >= LONG_RUN_CASES / CASES_PER_CHAIN {
        assert!(total.operations >= TRANSACTIONS_OF_A_LONG_RUN);
    }
}

/// What a run of doubts must have met: disputes that nobody defends, and audits that nobody takes. Auditors can be drawn
/// two epochs after they register, which few of these chains reach: what they do then is told by `tests::audits`.
const DOUBTS: [Name; 6] = [
    ("Referee", "Challenged"),
    ("Referee", "ResultRefuted"),
    ("Referee", "CaseClosed"),
    ("WorkerRegistry", "Convicted"),
    ("Audits", "AuditBegun"),
    ("Audits", "AuditAbandoned"),
];

#[test]
fn invariants_should_hold_after_every_block_when_results_are_doubted_and_audited() {
    let total = RefCell::new(Tally::default());
    let usual = config();
    let config = ProptestConfig {
        cases: (usual.cases / 2).max(1),
        ..usual
    };
    let chains = config.cases;
    let shape = prop_oneof![1 => Just(Shape::Plain), 1 => Just(Shape::SeveralAuthors)];
    let cases = (
        shape,
        prop::collection::vec(doubtful(), 200..350),
        prop::bool::weighted(0.3),
    );
    TestRunner::new(config)
        .run(&cases, |(shape, operations, drain)| {
            let operations = [auditors(), operations].concat();
            total.borrow_mut().add(&run(shape, &operations, drain));
            Ok(())
        })
        .unwrap();
    let total = total.into_inner();
    if chains >= CHAINS_FOR_COVERAGE / 2 {
        let missed: Vec<_> = DOUBTS
            .iter()
            .filter(|name| !total.events.contains_key(*name))
            .collect();
        assert!(missed.is_empty(), "{missed:?} of {:?}", total.events);
    }
}
