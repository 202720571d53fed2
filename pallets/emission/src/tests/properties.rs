//! Random sequences of everything that touches the supply, on chains so small that the cap and the
//! end of the schedule are met.

use crate::{mock::*, Event, Lapsed, PendingWork, ReservedWork, Rewarded, Terms};
use aipg_primitives::{Balance, Burn, BurnReason, MintReason, WorkBudget};
use core::cell::Cell;
use frame_support::traits::{
    fungible::{hold::Inspect as _, Inspect},
    Hooks,
};
use frame_system::RawOrigin;
use pallet_holder::HoldReason::Fee;
use proptest::{prelude::*, test_runner::TestRunner};
use sp_runtime::Permill;

#[derive(Clone, Debug)]
enum Step {
    /// The next block, by this author.
    Block(Option<u64>),
    /// The payer holds and burns this much.
    Burn(Balance),
    Allocate(Balance),
    Pay(u64, Balance),
    Lapse(Balance),
    AuthorShare(Permill),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let account = prop_oneof![Just(AUTHOR), Just(WORKER), STRANGER..STRANGER + 5];
    let step = prop_oneof![
        8 => proptest::option::weighted(0.9, account.clone()).prop_map(Step::Block),
        1 => (0..200u128).prop_map(Step::Burn),
        2 => (0..3_000u128).prop_map(Step::Allocate),
        2 => (account, 0..1_000u128).prop_map(|(who, amount)| Step::Pay(who, amount)),
        1 => (0..500u128).prop_map(Step::Lapse),
        1 => (0..400_000u32).prop_map(|parts| Step::AuthorShare(Permill::from_parts(parts))),
    ];
    prop::collection::vec(step, 1..90)
}

/// Small chains: what the schedule emits is between nothing and twice the room under the cap.
fn chains() -> impl Strategy<Value = Chain> {
    (
        1..1_500u128,
        1..5u32,
        0..120u128,
        any::<bool>(),
        100_000..=300_000u32,
        0..=700_000u32,
    )
        .prop_map(
            |(initial_reward, halving_interval, room, fund, author, operations)| {
                let emitted = 2 * initial_reward * Balance::from(halving_interval);
                let endowed = Chain::default().endowed;
                let imported: Balance = endowed.iter().map(|(_, amount)| amount).sum();
                Chain {
                    initial_reward,
                    halving_interval,
                    cap: imported + emitted * room / 100,
                    endowed,
                    operations_fund: fund.then_some(FUND),
                    author_share: Permill::from_parts(author),
                    operations_share: Permill::from_parts(operations),
                }
            },
        )
}

/// Failures are printed with their smallest case, not kept in files.
fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..Default::default()
    })
}

/// The reward of `height` by halving again and again.
fn scheduled(chain: &Chain, height: u32) -> Balance {
    let mut reward = chain.initial_reward;
    let mut edge = chain.halving_interval;
    while height > edge {
        reward /= 2;
        edge += chain.halving_interval;
    }
    reward
}

/// What the events of the last step minted and burned.
fn told() -> (Balance, Balance) {
    events()
        .into_iter()
        .fold((0, 0), |(minted, burned), event| match event {
            Event::Minted { amount, .. } => (minted + amount, burned),
            Event::Burned { amount, .. } => (minted, burned + amount),
            _ => (minted, burned),
        })
}

fn open_budgets() -> Balance {
    PendingWork::<Test>::get() + ReservedWork::<Test>::get()
}

/// Initialises the next block and returns whether its reward was truncated at the cap.
fn block(chain: &Chain, author: Option<u64>) -> bool {
    BlockAuthor::set(author);
    let height = System::block_number() + 1;
    let full = scheduled(chain, height);
    let room = chain.cap - Balances::total_issuance() - open_budgets();
    let before = Rewarded::<Test>::get();
    System::set_block_number(height);
    Emission::on_initialize(height);
    assert_eq!(
        Rewarded::<Test>::get() - before,
        full.min(room),
        "reward of block {height}"
    );
    full > room
}

/// Does `step` and returns whether it was a block truncated at the cap.
fn act(chain: &Chain, step: &Step) -> bool {
    match step {
        Step::Block(author) => return block(chain, *author),
        Step::Burn(amount) => {
            if Balances::balance(&PAYER) >= amount + EXISTENTIAL_DEPOSIT {
                hold(Fee, PAYER, *amount);
            }
            let held = Balances::balance_on_hold(&Fee.into(), &PAYER);
            let burned =
                Emission::burn_held(&Fee.into(), &PAYER, *amount, BurnReason::JobFee).is_ok();
            assert_eq!(burned, *amount <= held);
        }
        Step::Allocate(amount) => {
            let pending = PendingWork::<Test>::get();
            let reserved = <Emission as WorkBudget<u64>>::allocate(*amount);
            assert_eq!(reserved, pending.min(*amount));
            assert_eq!(PendingWork::<Test>::get(), 0);
        }
        Step::Pay(who, amount) => {
            let reserved = ReservedWork::<Test>::get();
            let receives = Balances::total_balance(who) + amount >= EXISTENTIAL_DEPOSIT;
            let paid = Emission::pay(who, *amount).is_ok();
            assert_eq!(paid, *amount == 0 || (*amount <= reserved && receives));
            let left = if paid { reserved - amount } else { reserved };
            assert_eq!(ReservedWork::<Test>::get(), left);
        }
        Step::Lapse(amount) => <Emission as WorkBudget<u64>>::lapse(*amount),
        Step::AuthorShare(share) => {
            let set = Emission::set_author_share(RawOrigin::Root.into(), *share).is_ok();
            assert_eq!(set, (100_000..=300_000).contains(&share.deconstruct()));
        }
    }
    false
}

#[test]
fn books_should_add_up_after_every_step_of_a_random_sequence() {
    let (truncated, ended, lapsed) = (Cell::new(0), Cell::new(0), Cell::new(0));
    runner()
        .run(&(chains(), steps()), |(chain, steps)| {
            chain.clone().execute(|| {
                let imported = Terms::<Test>::get().imported;
                let (mut minted, mut burned) = (0, 0);
                for step in [Step::Block(Some(AUTHOR))].iter().chain(&steps) {
                    System::reset_events();
                    if act(&chain, step) {
                        truncated.set(truncated.get() + 1);
                    }
                    let (newly_minted, newly_burned) = told();
                    minted += newly_minted;
                    burned += newly_burned;
                    // From the events alone, so that no counter of the pallet vouches for itself.
                    let issuance = Balances::total_issuance();
                    assert_eq!(issuance, imported + minted - burned, "after {step:?}");
                    assert!(issuance + open_budgets() <= chain.cap, "after {step:?}");
                    let accounts = frame_system::Account::<Test>::iter_values();
                    let balances =
                        accounts.map(|account| account.data.free + account.data.reserved);
                    assert_eq!(balances.sum::<Balance>(), issuance, "after {step:?}");
                    Emission::do_try_state().expect("the books add up after every step");
                }
                if scheduled(&chain, System::block_number()) == 0 {
                    ended.set(ended.get() + 1);
                }
                if Lapsed::<Test>::get(MintReason::BlockAuthor) > 0 {
                    lapsed.set(lapsed.get() + 1);
                }
            });
            Ok(())
        })
        .unwrap();
    // The generators must keep reaching what this test is about.
    assert!(
        truncated.get() > 20,
        "{} blocks truncated at the cap",
        truncated.get()
    );
    assert!(
        ended.get() > 20,
        "{} chains past the end of the schedule",
        ended.get()
    );
    assert!(
        lapsed.get() > 20,
        "{} chains with a lapsed author share",
        lapsed.get()
    );
}

#[test]
fn whole_horizon_should_mint_the_schedule_when_all_work_is_paid() {
    runner()
        .run(
            &(1..3_000u128, 1..6u32),
            |(initial_reward, halving_interval)| {
                let chain = Chain {
                    initial_reward,
                    halving_interval,
                    ..Chain::default()
                };
                chain.clone().execute(|| {
                    // Twelve bits of reward at most, and two blocks after the end.
                    run_to(halving_interval * 12 + 2);
                    let pending = <Emission as WorkBudget<u64>>::allocate(Balance::MAX);
                    Emission::pay(&WORKER, pending).expect("all of it is reserved");
                    let by_hand: Balance = (1..=System::block_number())
                        .map(|height| scheduled(&chain, height))
                        .sum();
                    let terms = Terms::<Test>::get();
                    assert_eq!(Some(by_hand), terms.schedule.emitted_in_total());
                    assert_eq!(Balances::total_issuance(), terms.imported + by_hand);
                });
                Ok(())
            },
        )
        .unwrap();
}
