//! The part of a round's budget that is for public jobs, and jobs that nobody but the chain pays for.

use super::*;

const SHARE: Balance = 10_000;

fn subsidised(worker: AccountId) -> SettledJob<AccountId> {
    SettledJob {
        is_subsidised: true,
        ..job(worker, LISTED, 100, INDEX_PRICE)
    }
}

#[test]
fn round_should_set_aside_the_lanes_share_before_credit_shares_the_rest() {
    execute(|| {
        LANE_SHARE.set(SHARE);
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        run_to(10);
        let whole = 9 * BUDGET_PER_BLOCK;
        let granted = whole / 100;
        let budget = whole - granted;
        let reserved = 1_000 * budget / DIFFICULTY;
        assert!(events().contains(&Event::RoundClosed {
            round: 0,
            budget,
            credit: 1_000,
            denominator: DIFFICULTY,
            reserved,
            granted,
        }));
        let round = Rounds::<Test>::get(0).unwrap();
        assert_eq!((round.budget, round.reserved), (budget, reserved));
        assert_eq!(LANE_ALLOWANCE.get(), granted);
        assert_eq!(RESERVED.get(), reserved + granted);
        assert_eq!(LAPSED.get(), whole - reserved - granted);
        // What is claimed leaves the allowance as it is.
        assert_ok!(claim(WORKER, 0));
        assert_eq!(RESERVED.get(), granted);
    });
}

#[test]
fn what_the_lane_has_no_room_for_should_lapse_and_not_go_to_credit() {
    execute(|| {
        LANE_SHARE.set(SHARE);
        LANE_ROOM.set(1_000);
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        run_to(10);
        let whole = 9 * BUDGET_PER_BLOCK;
        let budget = whole - whole / 100;
        let round = Rounds::<Test>::get(0).unwrap();
        assert_eq!(round.budget, budget);
        assert_eq!(LANE_ALLOWANCE.get(), 1_000);
        assert_eq!(RESERVED.get(), round.reserved + 1_000);
        assert_eq!(LAPSED.get(), whole - round.reserved - 1_000);
        run_to(20);
        assert_eq!(LANE_ALLOWANCE.get(), 1_000);
        assert_eq!(RESERVED.get(), round.reserved + 1_000);
    });
}

#[test]
fn round_should_go_to_credit_whole_when_there_is_no_lane() {
    execute(|| {
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        run_to(10);
        assert_eq!(Rounds::<Test>::get(0).unwrap().budget, 9 * BUDGET_PER_BLOCK);
        assert_eq!(LANE_ALLOWANCE.get(), 0);
    });
}

#[test]
fn round_should_reserve_all_of_its_budget_when_credit_earns_it() {
    execute(|| {
        LANE_SHARE.set(SHARE);
        UsefulWork::on_settled(&job(WORKER, LISTED, 20_000, INDEX_PRICE));
        run_to(10);
        let whole = 9 * BUDGET_PER_BLOCK;
        assert_eq!(RESERVED.get(), whole);
        assert_eq!(LAPSED.get(), 0);
    });
}

#[test]
fn subsidised_job_should_earn_neither_credit_nor_seats_nor_what_counts_twice() {
    execute(|| {
        EARLY_BLOCKS.set(1_000);
        MERITS.with_borrow_mut(|merits| {
            merits.insert(
                WORKER,
                Merits {
                    bond: 1_000 * AIPG,
                    ..Merits::default()
                },
            );
        });
        UsefulWork::on_settled(&subsidised(WORKER));
        assert_eq!(OpenCredit::<Test>::get(), 0);
        assert!(Credits::<Test>::iter().next().is_none());
        assert!(EarlyWork::<Test>::iter().next().is_none());
        assert!(CREDITED.with_borrow(Vec::is_empty));
        assert!(events().is_empty());
        // The same job, paid by somebody.
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        assert_eq!(OpenCredit::<Test>::get(), 2_000);
        assert_eq!(EarlyWork::<Test>::get(WORKER), 100);
    });
}

#[test]
fn audit_of_a_subsidised_job_should_be_paid_like_that_of_any_other() {
    let pay = |job: SettledJob<AccountId>| {
        <UsefulWork as AuditPay<AccountId>>::pay(
            &OTHER_WORKER,
            &job,
            sp_runtime::Permill::from_percent(10),
            2,
        );
        Credits::<Test>::get(0, OTHER_WORKER)
    };
    execute(|| {
        let ordinary = job(WORKER, UNLISTED, 100_000, INDEX_PRICE);
        let public = SettledJob {
            is_subsidised: true,
            ..ordinary.clone()
        };
        let of_public = pay(public);
        assert!(of_public[0].credit > 0);
        Credits::<Test>::remove(0, OTHER_WORKER);
        OpenCredit::<Test>::kill();
        assert_eq!(pay(ordinary), of_public);
    });
}
