//! Merits share the budget otherwise and mint nothing more.

use super::*;
use crate::multiplier::{multiplier, DOUBLING_STAKE, EARLY_UNITS};
use aipg_primitives::{Balance, Merits, AIPG};
use frame_support::{traits::Hooks, weights::Weight};
use proptest::prelude::*;

fn merited(worker: AccountId, merits: Merits) {
    MERITS.with_borrow_mut(|all| all.insert(worker, merits));
}

const ALL: Merits = Merits {
    attended: 99,
    windows: 100,
    is_fast: true,
    completed: 9_990,
    failed: 10,
    stake: DOUBLING_STAKE,
    bond: 100 * AIPG,
};

#[test]
fn multiplier_should_be_the_product_of_what_holds() {
    let none = Merits::default();
    let cases = [
        (none, 1_000_000),
        (
            Merits {
                attended: 99,
                windows: 100,
                ..none
            },
            1_200_000,
        ),
        (
            Merits {
                attended: 98,
                windows: 100,
                ..none
            },
            1_000_000,
        ),
        // Too few windows to judge by.
        (
            Merits {
                attended: 99,
                windows: 99,
                ..none
            },
            1_000_000,
        ),
        (
            Merits {
                is_fast: true,
                ..none
            },
            1_150_000,
        ),
        (
            Merits {
                completed: 999,
                failed: 1,
                ..none
            },
            1_100_000,
        ),
        (
            Merits {
                completed: 999,
                failed: 0,
                ..none
            },
            1_000_000,
        ),
        (
            Merits {
                completed: 9_989,
                failed: 11,
                ..none
            },
            1_000_000,
        ),
        (
            Merits {
                stake: DOUBLING_STAKE / 4,
                ..none
            },
            1_250_000,
        ),
        (
            Merits {
                stake: DOUBLING_STAKE * 9,
                ..none
            },
            2_000_000,
        ),
        (ALL, 3_036_000),
    ];
    for (merits, expected) in cases {
        assert_eq!(multiplier(&merits), expected, "{merits:?}");
    }
}

proptest! {
    #[test]
    fn multiplier_should_stay_between_one_and_three(
        attended in 0..=100u32, windows in 0..=100u32, is_fast: bool,
        completed: u64, failed: u64, stake: Balance,
    ) {
        let merits = Merits { attended, windows, is_fast, completed, failed, stake, bond: 0 };
        prop_assert!((1_000_000..=3_036_000).contains(&multiplier(&merits)));
    }
}

#[test]
fn merits_should_share_the_budget_when_it_is_used_up() {
    execute(|| {
        merited(WORKER, ALL);
        // Far more credit than the difficulty, so that the budget is what limits both.
        let units = 1_000_000_000;
        UsefulWork::on_settled(&job(WORKER, LISTED, units, INDEX_PRICE));
        UsefulWork::on_settled(&job(WORKER + 1, LISTED, units, INDEX_PRICE));
        run_to(ROUND);
        for worker in [WORKER, WORKER + 1] {
            assert_ok!(UsefulWork::claim_reward(RuntimeOrigin::signed(worker), 0));
        }
        let paid = paid();
        let (first, second) = (paid[0].1, paid[1].1);
        assert!(first > second * 3 && first < second * 31 / 10, "{paid:?}");
        assert!(first + second <= BUDGET_PER_BLOCK * Balance::from(ROUND));
    });
}

#[test]
fn merits_should_raise_no_ceiling() {
    execute(|| {
        merited(WORKER, ALL);
        UsefulWork::on_settled(&job(WORKER, UNLISTED, 10, INDEX_PRICE));
        UsefulWork::on_settled(&job(WORKER + 1, UNLISTED, 10, INDEX_PRICE));
        let ceiling = |worker| Credits::<Test>::get(0, worker)[0].ceiling;
        assert_eq!(ceiling(WORKER), ceiling(WORKER + 1));
        let credit = |worker| Credits::<Test>::get(0, worker)[0].credit;
        assert_eq!(credit(WORKER), credit(WORKER + 1) * 3_036 / 1_000);
        // The event says both, and who elects authors is told of work alone.
        assert!(events().contains(&Event::WorkCredited {
            worker: WORKER,
            job: 5,
            round: 0,
            credit: 10 * INDEX_PRICE,
            counted: 10 * INDEX_PRICE * 3_036 / 1_000,
        }));
        let credited = CREDITED.with_borrow(Clone::clone);
        assert_eq!(
            credited,
            [(WORKER, 10 * INDEX_PRICE), (WORKER + 1, 10 * INDEX_PRICE)]
        );
    });
}

#[test]
fn early_work_should_count_twice_up_to_so_much_for_a_bond() {
    execute(|| {
        EARLY_BLOCKS.set(5);
        let bond = 2 * AIPG;
        merited(
            WORKER,
            Merits {
                bond,
                ..Default::default()
            },
        );
        let counted = |units| {
            let before = OpenCredit::<Test>::get();
            UsefulWork::on_settled(&job(WORKER, LISTED, units, INDEX_PRICE));
            let more = OpenCredit::<Test>::get() - before;
            more / (Balance::from(units) * INDEX_PRICE)
        };
        assert_eq!(counted(EARLY_UNITS), 2);
        // More than is left of it does not count twice, what fits into it does.
        assert_eq!(counted(EARLY_UNITS + 1), 1);
        assert_eq!(counted(EARLY_UNITS), 2);
        assert_eq!(counted(1), 1);
        // Without a bond nothing does.
        let before = OpenCredit::<Test>::get();
        UsefulWork::on_settled(&job(WORKER + 1, LISTED, 1, INDEX_PRICE));
        assert_eq!(OpenCredit::<Test>::get() - before, INDEX_PRICE);
    });
}

#[test]
fn early_work_should_end_with_its_last_block() {
    execute(|| {
        EARLY_BLOCKS.set(3);
        merited(
            WORKER,
            Merits {
                bond: AIPG,
                ..Default::default()
            },
        );
        run_to(3);
        UsefulWork::on_settled(&job(WORKER, LISTED, 1, INDEX_PRICE));
        assert_eq!(OpenCredit::<Test>::get(), 2 * INDEX_PRICE);
        run_to(4);
        UsefulWork::on_settled(&job(WORKER, LISTED, 1, INDEX_PRICE));
        assert_eq!(OpenCredit::<Test>::get(), 3 * INDEX_PRICE);
    });
}

/// Has so many workers do a job that counts twice.
fn early_work_of(workers: u64) {
    for worker in 0..workers {
        let merits = Merits {
            bond: AIPG,
            ..Default::default()
        };
        merited(1_000 + worker, merits);
        UsefulWork::on_settled(&job(1_000 + worker, LISTED, 1, INDEX_PRICE));
    }
}

fn early_records() -> u32 {
    EarlyWork::<Test>::iter().count() as u32
}

fn sweep_weight(records: u32) -> Weight {
    <Test as Config>::WeightInfo::sweep_early_work(records)
}

#[test]
fn records_of_early_work_should_stay_to_its_last_block_and_go_in_bounded_portions() {
    execute(|| {
        EARLY_BLOCKS.set(3);
        early_work_of(u64::from(MAX_SWEPT) + 5);
        run_to(4);
        assert_eq!(early_records(), MAX_SWEPT + 5);
        run_to(5);
        assert_eq!(early_records(), 5);
        run_to(6);
        assert_eq!(early_records(), 0);
    });
}

#[test]
fn records_of_early_work_should_wait_when_a_block_has_no_weight_to_spare() {
    execute(|| {
        EARLY_BLOCKS.set(1);
        early_work_of(10);
        let look = || <Test as Config>::WeightInfo::sweep_credits(0);
        System::set_block_number(2);
        let idle = |left| UsefulWork::on_idle(2, left);
        let short = look() + sweep_weight(1) - Weight::from_parts(1, 0);
        assert_eq!(idle(short), look());
        assert_eq!(early_records(), 10);
        assert_eq!(idle(look() + sweep_weight(7)), look() + sweep_weight(7));
        assert_eq!(early_records(), 3);
        assert_eq!(idle(Weight::MAX), look() + sweep_weight(3));
        assert_eq!(idle(Weight::MAX), look() + sweep_weight(0));
        assert_eq!(early_records(), 0);
    });
}

#[test]
fn sweep_should_only_look_when_work_still_counts_twice() {
    execute(|| {
        EARLY_BLOCKS.set(2);
        early_work_of(2);
        assert_eq!(
            UsefulWork::sweep_early_work(2, Weight::MAX),
            sweep_weight(0)
        );
        assert_eq!(early_records(), 2);
        assert_eq!(
            UsefulWork::sweep_early_work(3, Weight::MAX),
            sweep_weight(2)
        );
    });
}
