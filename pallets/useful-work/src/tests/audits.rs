use super::*;
use aipg_primitives::AuditPay;
use sp_runtime::Permill;

fn pay(auditor: AccountId, percent: u32, expected: u32) {
    let job = job(WORKER, LISTED, 100, INDEX_PRICE);
    UsefulWork::pay(&auditor, &job, Permill::from_percent(percent), expected);
}

#[test]
fn audit_should_earn_what_makes_up_for_those_that_were_not_made() {
    execute(|| {
        // The job earns 1,000; 3/97 of it is 30.9.
        for (percent, expected, credit) in [
            (100, 1, 30),
            (100, 2, 15),
            (10, 2, 154),
            (4, 2, 386),
            (1, 2, 500),
            (1, 1, 500),
        ] {
            let before = OpenCredit::<Test>::get();
            pay(OTHER_WORKER, percent, expected);
            assert_eq!(OpenCredit::<Test>::get() - before, credit);
            assert_eq!(
                events().last(),
                Some(&Event::AuditCredited {
                    auditor: OTHER_WORKER,
                    job: 5,
                    round: 0,
                    credit,
                })
            );
        }
    });
}

#[test]
fn audits_should_earn_three_per_cent_of_all_credit_on_average() {
    execute(|| {
        // A hundred jobs, a quarter of which is audited by two auditors.
        let job = job(WORKER, LISTED, 1_000_000, INDEX_PRICE);
        for number in 0..100 {
            UsefulWork::on_settled(&job);
            if number % 4 == 0 {
                for auditor in [7, 8] {
                    UsefulWork::pay(&auditor, &job, Permill::from_percent(25), 2);
                }
            }
        }
        let of = |who| {
            Credits::<Test>::get(0, who)
                .iter()
                .map(|line| line.credit)
                .sum::<u128>()
        };
        let all = OpenCredit::<Test>::get();
        assert_eq!(of(WORKER) + of(7) + of(8), all);
        assert_eq!((of(7) + of(8)) * 1_000 / all, 29);
        assert_eq!((of(7) + of(8) + 100) * 1_000 / all, 30);
    });
}

#[test]
fn audit_should_be_claimed_like_any_work() {
    execute(|| {
        run_to(5);
        pay(OTHER_WORKER, 1, 1);
        run_to(10);
        let budget = 9 * BUDGET_PER_BLOCK;
        let rewards = UsefulWork::claimable_rewards(&OTHER_WORKER);
        assert_eq!(rewards.len(), 1);
        // Half of the job's ceiling, which is twice its fee.
        assert_eq!(rewards[0].amount, (500 * budget / DIFFICULTY).min(1_000));
        assert_ok!(claim(OTHER_WORKER, 0));
    });
}

#[test]
fn audit_should_earn_nothing_when_it_is_worth_nothing() {
    execute(|| {
        // A chance of nothing never led to an audit.
        pay(OTHER_WORKER, 0, 2);
        pay(OTHER_WORKER, 50, 0);
        let small = job(WORKER, LISTED, 1, 1);
        UsefulWork::pay(&OTHER_WORKER, &small, Permill::one(), 2);
        assert_eq!(OpenCredit::<Test>::get(), 0);
        assert!(events().is_empty());
    });
}

#[test]
fn credit_that_is_forfeited_should_count_for_nobody() {
    execute(|| {
        for ask in 1..=u128::from(MAX_CREDIT_LINES) + 1 {
            UsefulWork::on_settled(&job(WORKER, LISTED, 1_000, ask));
        }
        let booked: u128 = (1..=u128::from(MAX_CREDIT_LINES))
            .map(|ask| 1_000 * ask.min(INDEX_PRICE))
            .sum();
        assert_eq!(OpenCredit::<Test>::get(), booked);
    });
}
