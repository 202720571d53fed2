//! Whatever happens, the money adds up; the mock checks it, and the state, after each block.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Blocks(u64),
    /// A round closes with such a budget.
    Round(Balance),
    /// One of the live jobs gets its result.
    Answer(usize),
    /// One ends; the worker gets so many hundredths of the price.
    Finish(usize, Balance),
    Models(Vec<u8>),
    Served(Vec<u8>),
    Beacon(bool),
    Jobs(bool),
    /// The chain is so many halvings further.
    Later(u64),
}

fn names() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::subsequence(vec![1u8, 2], 0..=2)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (1u64..20).prop_map(Operation::Blocks),
        4 => (0u128..5_000_000).prop_map(Operation::Round),
        3 => any::<usize>().prop_map(Operation::Answer),
        4 => (any::<usize>(), 0u128..=100).prop_map(|(job, part)| Operation::Finish(job, part)),
        1 => names().prop_map(Operation::Models),
        1 => names().prop_map(Operation::Served),
        1 => any::<bool>().prop_map(Operation::Beacon),
        1 => any::<bool>().prop_map(Operation::Jobs),
        1 => Just(Operation::Later(1)),
    ]
}

fn models(names: &[u8]) -> Vec<H256> {
    names.iter().copied().map(model).collect()
}

fn run(operation: Operation, granted: &mut Balance) {
    let jobs = live();
    let pick = |index: usize| jobs.get(index % jobs.len().max(1)).copied();
    match operation {
        Operation::Blocks(blocks) => {
            let before = Started::<Test>::get();
            advance(blocks);
            assert!(Started::<Test>::get() - before <= blocks, "one in a block");
        }
        Operation::Round(budget) => *granted += close_round(budget),
        Operation::Answer(index) => {
            if let Some(job) = pick(index) {
                answer(job);
            }
        }
        Operation::Finish(index, part) => {
            if let Some(job) = pick(index) {
                finish(job, PRICE * part / 100);
            }
        }
        Operation::Models(names) => {
            assert_ok!(set_models(&models(&names)));
        }
        Operation::Served(names) => crate::mock::Served::set(models(&names)),
        Operation::Beacon(works) => BeaconWorks::set(works),
        Operation::Jobs(works) => JobsAreTaken::set(works),
        Operation::Later(halvings) => {
            let height = (System::block_number() / HALVING + halvings) * HALVING;
            jump_to(height);
        }
    }
    check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn money_should_add_up_whatever_happens(
        operations in prop::collection::vec(operation(), 1..60),
        salt: u64,
    ) {
        execute(|| {
            Salt::set(salt);
            let mut granted = 0;
            for operation in operations {
                run(operation, &mut granted);
                let (free, held) = owned();
                assert_eq!(Reserved::get(), Allowance::<Test>::get());
                assert_eq!(granted, Reserved::get() + Minted::get() + Lapsed::get());
                // Nothing is minted that no job needed: all live jobs at once, what was paid, and the deposit.
                let waiting = PRICE * Balance::from(live().len() as u32);
                assert_eq!(held, waiting);
                assert!(free == 0 && held == 0 || free >= DEPOSIT);
                assert!(Unanswered::<Test>::get().len() <= MAX_UNANSWERED as usize);
            }
            // To the end.
            while let Some(job) = live().first().copied() {
                finish(job, PRICE / 2);
            }
            jump_to((u64::from(HALVINGS) * HALVING).max(System::block_number() + 1));
            advance(400);
            assert!(HasEnded::<Test>::get());
            assert_eq!(owned(), (0, 0));
            assert_eq!(Minted::get(), Paid::get() + Burned::get());
            assert_eq!(granted, Minted::get() + Lapsed::get());
            assert!(Prompts::<Test>::iter().next().is_none());
        });
    }
}
