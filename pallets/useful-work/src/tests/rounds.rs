use super::*;
use crate::reward::retarget;
use proptest::prelude::*;

#[test]
fn settled_job_should_earn_the_smaller_of_indexed_units_and_fee() {
    execute(|| {
        // Ask above the index price: the index counts.
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE + 5));
        assert_eq!(OpenCredit::<Test>::get(), 1_000);
        // Ask below it: the fee counts.
        UsefulWork::on_settled(&job(OTHER_WORKER, LISTED, 100, INDEX_PRICE - 5));
        assert_eq!(OpenCredit::<Test>::get(), 1_500);
        let told = CREDITED.with_borrow(Clone::clone);
        assert_eq!(told, vec![(WORKER, 1_000), (OTHER_WORKER, 500)]);
        assert_eq!(
            events(),
            vec![
                Event::WorkCredited {
                    worker: WORKER,
                    job: 5,
                    round: 0,
                    credit: 1_000,
                    counted: 1_000
                },
                Event::WorkCredited {
                    worker: OTHER_WORKER,
                    job: 5,
                    round: 0,
                    credit: 500,
                    counted: 500
                },
            ]
        );
    });
}

#[test]
fn round_should_close_with_its_last_block_and_lapse_what_nobody_earned() {
    execute(|| {
        run_to(5);
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        run_to(9);
        assert_noop!(claim(WORKER, 0), Error::<Test>::RoundNotClosed);
        assert!(UsefulWork::claimable_rewards(&WORKER).is_empty());
        run_to(10);
        // Nine blocks: the genesis has no reward.
        let budget = 9 * BUDGET_PER_BLOCK;
        let reserved = 1_000 * budget / DIFFICULTY;
        assert!(events().contains(&Event::RoundClosed {
            round: 0,
            budget,
            credit: 1_000,
            denominator: DIFFICULTY,
            reserved,
            granted: 0,
        }));
        assert_eq!(RESERVED.get(), reserved);
        assert_eq!(LAPSED.get(), budget - reserved);
        assert_eq!(OpenCredit::<Test>::get(), 0);
        run_to(20);
        assert!(events().contains(&Event::RoundClosed {
            round: 1,
            budget: 10 * BUDGET_PER_BLOCK,
            credit: 0,
            denominator: DIFFICULTY,
            reserved: 0,
            granted: 0,
        }));
    });
}

#[test]
fn work_settled_in_the_last_block_should_belong_to_the_round() {
    execute(|| {
        run_to(9);
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        run_to(10);
        UsefulWork::on_settled(&job(WORKER, LISTED, 200, INDEX_PRICE));
        assert_eq!(Rounds::<Test>::get(0).unwrap().credit, 1_000);
        run_to(20);
        assert_eq!(Rounds::<Test>::get(1).unwrap().credit, 2_000);
    });
}

#[test]
fn reward_should_be_set_by_the_budget_when_its_ceiling_is_lower() {
    execute(|| {
        // Credit above the difficulty: the round is shared whole.
        UsefulWork::on_settled(&job(WORKER, LISTED, 30_000, INDEX_PRICE));
        UsefulWork::on_settled(&job(OTHER_WORKER, LISTED, 10_000, INDEX_PRICE));
        run_to(10);
        let budget = 9 * BUDGET_PER_BLOCK;
        assert_eq!(
            UsefulWork::claimable_rewards(&WORKER),
            vec![api::ClaimableReward {
                round: 0,
                amount: budget * 3 / 4,
                ceiling: Ceiling::Budget
            }]
        );
        assert_ok!(claim(WORKER, 0));
        assert_ok!(claim(OTHER_WORKER, 0));
        assert_eq!(
            paid(),
            vec![(WORKER, budget * 3 / 4), (OTHER_WORKER, budget / 4)]
        );
        assert!(events().contains(&Event::RewardClaimed {
            worker: WORKER,
            round: 0,
            amount: budget * 3 / 4,
            ceiling: Ceiling::Budget,
        }));
        assert_eq!(RESERVED.get(), 0);
        assert!(Rounds::<Test>::get(0).is_none());
    });
}

#[test]
fn reward_should_be_set_by_the_fee_when_its_ceiling_is_lower() {
    execute(|| {
        // 1,000 credit would earn 2,700 of the budget; κ = 2 % of 1,000 is 20.
        UsefulWork::on_settled(&job(WORKER, UNLISTED, 100, INDEX_PRICE));
        run_to(10);
        let reserved = RESERVED.get();
        assert_ok!(claim(WORKER, 0));
        assert_eq!(paid(), vec![(WORKER, 20)]);
        assert!(events().contains(&Event::RewardClaimed {
            worker: WORKER,
            round: 0,
            amount: 20,
            ceiling: Ceiling::Fee,
        }));
        // What the ceiling left of the reserve is not minted.
        assert_eq!(RESERVED.get(), 0);
        assert_eq!(LAPSED.get(), 9 * BUDGET_PER_BLOCK - 20);
        assert!(reserved > 20);
    });
}

#[test]
fn reward_should_not_grow_with_an_ask_above_the_index_price() {
    execute(|| {
        // A fee of a million, of which the index price lets 1,000 count: κ = 200 % of those.
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, 1_000 * INDEX_PRICE));
        run_to(10);
        assert_ok!(claim(WORKER, 0));
        assert_eq!(paid(), vec![(WORKER, 2_000)]);
    });
}

#[test]
fn reward_should_be_mixed_when_jobs_met_different_ceilings() {
    execute(|| {
        UsefulWork::on_settled(&job(WORKER, UNLISTED, 100, INDEX_PRICE));
        UsefulWork::on_settled(&job(WORKER, LISTED, 20_000, INDEX_PRICE));
        run_to(10);
        assert_ok!(claim(WORKER, 0));
        let by_budget = 200_000 * (9 * BUDGET_PER_BLOCK) / 201_000;
        assert_eq!(paid(), vec![(WORKER, by_budget + 20)]);
        assert!(matches!(
            events().last(),
            Some(Event::RewardClaimed {
                ceiling: Ceiling::Mixed,
                ..
            })
        ));
    });
}

#[test]
fn claim_should_fail_when_nothing_is_owed() {
    execute(|| {
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        run_to(10);
        assert_noop!(claim(OTHER_WORKER, 0), Error::<Test>::NothingToClaim);
        assert_noop!(claim(WORKER, 1), Error::<Test>::NothingToClaim);
        assert_ok!(claim(WORKER, 0));
        assert_noop!(claim(WORKER, 0), Error::<Test>::NothingToClaim);
        assert_noop!(
            UsefulWork::claim_reward(RuntimeOrigin::none(), 0),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn claim_should_lose_nothing_when_the_budget_does_not_pay() {
    execute(|| {
        UsefulWork::on_settled(&job(WORKER, LISTED, 100, INDEX_PRICE));
        run_to(10);
        PAY_WORKS.set(false);
        assert_noop!(
            claim(WORKER, 0),
            DispatchError::Other("the budget does not pay")
        );
        PAY_WORKS.set(true);
        assert_ok!(claim(WORKER, 0));
    });
}

#[test]
fn lines_of_the_same_terms_should_be_added_up() {
    execute(|| {
        for _ in 0..100 {
            UsefulWork::on_settled(&job(WORKER, LISTED, 7, INDEX_PRICE));
        }
        let lines = Credits::<Test>::get(0, WORKER);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].credit, 7_000);
        assert_eq!(lines[0].ceiling, 14_000);
    });
}

#[test]
fn credit_should_be_forfeited_when_terms_change_too_often_in_a_round() {
    execute(|| {
        for ask in 1..=u128::from(MAX_CREDIT_LINES) {
            UsefulWork::on_settled(&job(WORKER, LISTED, 10, ask));
        }
        let open = OpenCredit::<Test>::get();
        UsefulWork::on_settled(&job(WORKER, LISTED, 10, 100));
        assert_eq!(OpenCredit::<Test>::get(), open);
        assert_eq!(
            events().last(),
            Some(&Event::CreditForfeited {
                worker: WORKER,
                job: 5,
                round: 0,
                credit: 100
            })
        );
        // Terms that are known still count.
        UsefulWork::on_settled(&job(WORKER, LISTED, 10, 1));
        assert_eq!(OpenCredit::<Test>::get(), open + 10);
    });
}

#[test]
fn job_without_credit_should_leave_no_trace() {
    execute(|| {
        UsefulWork::on_settled(&job(WORKER, LISTED, 0, INDEX_PRICE));
        assert!(events().is_empty());
        assert_eq!(Credits::<Test>::iter().count(), 0);
    });
}

#[test]
fn claim_should_fail_while_the_rewards_are_frozen() {
    execute(|| {
        for worker in [WORKER, OTHER_WORKER] {
            UsefulWork::on_settled(&job(worker, LISTED, 10_000, INDEX_PRICE));
        }
        run_to(ROUND);
        let promised = UsefulWork::claimable_rewards(&WORKER);
        assert_eq!(promised.len(), 1);
        FROZEN.with_borrow_mut(|frozen| frozen.push(WORKER));
        assert_noop!(claim(WORKER, 0), Error::<Test>::RewardsFrozen);
        assert!(UsefulWork::claimable_rewards(&WORKER).is_empty());
        assert_ok!(claim(OTHER_WORKER, 0));
        FROZEN.with_borrow_mut(Vec::clear);
        assert_eq!(UsefulWork::claimable_rewards(&WORKER), promised);
        assert_ok!(claim(WORKER, 0));
        assert_eq!(paid().last(), Some(&(WORKER, promised[0].amount)));
    });
}

/// A freeze does not stop the time in which rewards can be claimed.
#[test]
fn rewards_should_expire_while_they_are_frozen() {
    execute(|| {
        UsefulWork::on_settled(&job(WORKER, LISTED, 10_000, INDEX_PRICE));
        FROZEN.with_borrow_mut(|frozen| frozen.push(WORKER));
        run_to(ROUND * (u64::from(EXPIRY_ROUNDS) + 1));
        assert_noop!(claim(WORKER, 0), Error::<Test>::RewardsFrozen);
        FROZEN.with_borrow_mut(Vec::clear);
        assert_noop!(claim(WORKER, 0), Error::<Test>::RewardExpired);
    });
}

#[test]
fn difficulty_should_follow_the_credit_of_the_rounds_down_to_what_governance_set() {
    execute(|| {
        let least = 1_000_000;
        assert_ok!(UsefulWork::set_difficulty(RuntimeOrigin::root(), least));
        // Twice as much counts, however much there is.
        UsefulWork::on_settled(&job(WORKER, LISTED, 100_000_000, INDEX_PRICE));
        run_to(10);
        let risen = least + 6_945;
        assert_eq!(Difficulty::<Test>::get(), risen);
        // An empty round; and those after it.
        run_to(20);
        assert_eq!(Difficulty::<Test>::get(), (risen - risen / 144).max(least));
        run_to(40);
        assert_eq!(Difficulty::<Test>::get(), least);
    });
}

#[test]
fn thin_round_should_not_drain_the_budget() {
    execute(|| {
        assert_ok!(UsefulWork::set_difficulty(RuntimeOrigin::root(), 1));
        // A day and a half of full rounds, and then one with a hundredth of their credit.
        let mut round = 0;
        while round < 2_000 {
            UsefulWork::on_settled(&job(WORKER, LISTED, 1_000, INDEX_PRICE));
            round += 1;
            run_to(10 * round);
        }
        UsefulWork::on_settled(&job(OTHER_WORKER, LISTED, 10, INDEX_PRICE));
        run_to(10 * (round + 1));
        let closed = Rounds::<Test>::get(u32::try_from(round).unwrap()).unwrap();
        assert!(closed.reserved > 0);
        assert!(closed.reserved <= closed.budget / 90, "{closed:?}");
    });
}

proptest! {
    /// It moves towards the credit, by one part in 144 at most, and not below the least.
    #[test]
    fn difficulty_should_move_slowly_towards_the_credit(
        difficulty in 0..10u128.pow(30), credit in 0..10u128.pow(30), least in 0..10u128.pow(28),
    ) {
        let difficulty = difficulty.max(least);
        let next = retarget(difficulty, credit, least);
        prop_assert!(next >= least);
        prop_assert!(next.abs_diff(difficulty) <= difficulty.div_ceil(144));
        prop_assert!(next == difficulty || (next > difficulty) == (credit > difficulty));
    }
}
