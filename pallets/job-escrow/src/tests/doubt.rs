//! Results that can still be doubted, and false ones.

use super::*;
use frame_support::assert_storage_noop;

fn delivered_by(worker: AccountId) -> JobId {
    let job = claimed_by(worker);
    assert_ok!(deliver(worker, job));
    job
}

#[test]
fn result_should_be_told_with_all_that_decides_it_when_it_was_delivered() {
    execute(|| {
        TICK.set(42);
        let job = delivered_by(WORKER);
        TICK.set(43);
        let order = Order::new();
        assert_eq!(
            JobEscrow::delivered(job),
            Some(DeliveredResult {
                worker: WORKER,
                model: order.model,
                input: order.input,
                parameters: order.parameters,
                output: tokens(10),
                digest: H256::repeat_byte(9),
                fee: Balance::from(PROMPT + 10) * ASK,
                delivered: 42,
            })
        );
    });
}

#[test]
fn result_should_not_be_told_when_there_is_none_or_the_job_has_ended() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_eq!(JobEscrow::delivered(job), None);
        assert_eq!(JobEscrow::delivered(77), None);
        assert_ok!(deliver(WORKER, job));
        run_to(System::block_number() + CHALLENGE_WINDOW - 1);
        assert!(JobEscrow::delivered(job).is_some());
        run_to(System::block_number() + 1);
        assert_eq!(JobEscrow::delivered(job), None, "it was paid");
    });
}

#[test]
fn refuted_job_should_give_the_whole_price_back_and_leave_one_receipt() {
    execute(|| {
        let issuance = Balances::total_issuance();
        let job = delivered_by(WORKER);
        assert_eq!(held(REQUESTER), PRICE);
        assert_ok!(JobEscrow::refute(job, true));
        assert_eq!(held(REQUESTER), 0);
        assert_eq!(Balances::free_balance(REQUESTER), ENDOWMENT);
        assert_eq!(Balances::free_balance(WORKER), ENDOWMENT);
        assert_eq!(Balances::free_balance(TREASURY), ENDOWMENT);
        assert_eq!(Balances::total_issuance(), issuance);
        assert_eq!(
            events().last(),
            Some(&Event::JobRefunded {
                job,
                requester: REQUESTER,
                returned: PRICE,
                reason: RefundReason::ResultRefuted,
            })
        );
        let outcomes: Vec<_> = receipts()
            .into_iter()
            .map(|it| (it.job, it.outcome))
            .collect();
        let refunded = Outcome::Refunded {
            reason: RefundReason::ResultRefuted,
            returned: PRICE,
        };
        assert_eq!(outcomes, vec![(job, refunded)]);
        assert_eq!(JobEscrow::delivered(job), None);
        assert!(JobEscrow::view(job).is_none());
        run_to(System::block_number() + 2 * CHALLENGE_WINDOW);
        assert_eq!(receipts().len(), 1);
        assert!(SETTLED.with_borrow(Vec::is_empty), "it earned no credit");
    });
}

#[test]
fn refuting_should_end_a_job_that_the_gate_holds_back() {
    execute(|| {
        let job = delivered_by(WORKER);
        GATE_OPEN.set(false);
        run_to(System::block_number() + CHALLENGE_WINDOW + 3);
        assert_ok!(JobEscrow::refute(job, true));
        assert_eq!(held(REQUESTER), 0);
        run_to(System::block_number() + 20);
        assert_eq!(receipts().len(), 1);
    });
}

#[test]
fn refuting_should_fail_when_it_is_repeated_or_the_job_was_paid() {
    execute(|| {
        let job = delivered_by(WORKER);
        assert_ok!(JobEscrow::refute(job, true));
        assert_noop!(JobEscrow::refute(job, true), Error::<Test>::JobNotFound);
        let paid = delivered_by(WORKER);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert_noop!(JobEscrow::refute(paid, true), Error::<Test>::JobNotFound);
        assert_noop!(JobEscrow::refute(77, true), Error::<Test>::JobNotFound);
    });
}

#[test]
fn refuting_should_fail_when_there_is_no_result() {
    execute(|| {
        let queued = NextJob::<Test>::get();
        assert_ok!(Order::new().submit());
        assert_noop!(
            JobEscrow::refute(queued, true),
            Error::<Test>::ResultNotSubmitted
        );
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        assert_noop!(
            JobEscrow::refute(queued, true),
            Error::<Test>::ResultNotSubmitted
        );
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), queued));
        assert_noop!(
            JobEscrow::refute(queued, true),
            Error::<Test>::ResultNotSubmitted
        );
    });
}

#[test]
fn refuting_should_change_nothing_when_the_receipt_cannot_be_kept() {
    execute(|| {
        let job = delivered_by(WORKER);
        RECEIPTS_WORK.set(false);
        // Also without the storage layer of a call around it.
        assert_storage_noop!(assert_eq!(
            JobEscrow::refute(job, true),
            Err("the round is full".into())
        ));
        RECEIPTS_WORK.set(true);
        assert_ok!(JobEscrow::refute(job, true));
        assert_eq!(receipts().len(), 1);
    });
}

#[test]
fn watch_should_be_told_of_results_that_come_and_fall() {
    execute(|| {
        let seen = || SEEN.with_borrow(Clone::clone);
        let first = delivered_by(WORKER);
        // The fee, and 2 % of it as for any model that is not listed.
        let fee = Balance::from(PROMPT + 10) * ASK;
        let payout = fee + fee / 50;
        let delivered = |job| Seen::Delivered(job, WORKER, payout);
        assert_eq!(seen(), [delivered(first)]);
        assert_ok!(JobEscrow::refute(first, true));
        let second = delivered_by(WORKER);
        assert_ok!(JobEscrow::refute(second, false));
        let paid = delivered_by(WORKER);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert_eq!(
            seen(),
            [
                delivered(first),
                Seen::Fell(first, true),
                delivered(second),
                Seen::Fell(second, false),
                delivered(paid),
            ]
        );
        assert_eq!(PAYOUTS.with_borrow(Clone::clone), [0, 0, payout]);
    });
}

#[test]
fn job_should_end_unpaid_by_its_workers_fault_when_the_gate_says_so() {
    execute(|| {
        let job = delivered_by(WORKER);
        IS_VOID.set(true);
        GATE_OPEN.set(false);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert!(JobEscrow::view(job).is_some(), "the gate is shut");
        GATE_OPEN.set(true);
        run_to(System::block_number() + 10);
        assert!(JobEscrow::view(job).is_none());
        assert_eq!(Balances::free_balance(REQUESTER), ENDOWMENT);
        assert_eq!(
            reports(),
            [
                (WORKER, Report::Completed),
                (WORKER, Report::Lapsed(Fault::AttestationMissed)),
            ]
        );
        assert!(events().contains(&Event::JobRefunded {
            job,
            requester: REQUESTER,
            returned: PRICE,
            reason: RefundReason::NotAttested,
        }));
        assert_eq!(receipts().len(), 1);
        let fell = Seen::Fell(job, false);
        assert_eq!(SEEN.with_borrow(|seen| seen.last().copied()), Some(fell));
    });
}
