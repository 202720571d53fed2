use super::*;

/// What every receipt says of the job of [`Order::new`].
fn receipt_of(job: JobId, outcome: Outcome<AccountId>) -> Receipt<AccountId, u64> {
    let order = Order::new();
    Receipt {
        job,
        requester: order.requester,
        model: order.model,
        class: order.class,
        input: order.input,
        parameters: order.parameters,
        max_price: order.max_price,
        finished_at: System::block_number(),
        outcome,
    }
}

/// Keys of the escrow's state.
fn state_keys() -> Vec<Vec<u8>> {
    let prefix = sp_io::hashing::twox_128(b"JobEscrow");
    core::iter::successors(sp_io::storage::next_key(&prefix), |key| {
        sp_io::storage::next_key(key)
    })
    .take_while(|key| key.starts_with(&prefix))
    .collect()
}

#[test]
fn paid_job_should_leave_one_receipt_with_result_and_fee() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        run_to(System::block_number() + CHALLENGE_WINDOW - 1);
        assert!(receipts().is_empty(), "the job has not ended");
        run_to(System::block_number() + 1);
        let paid = Outcome::Paid {
            worker: WORKER,
            output: tokens(10),
            digest: H256::repeat_byte(9),
            units: 30,
            ask: ASK,
            fee: 30 * ASK,
        };
        assert_eq!(receipts(), vec![receipt_of(job, paid)]);
        run_to(System::block_number() + 50);
        assert_eq!(receipts().len(), 1);
    });
}

#[test]
fn refunded_job_should_leave_one_receipt_with_the_reason() {
    execute(|| {
        assert_ok!(Order::new().submit());
        while JobEscrow::view(0).is_some() {
            run_to(System::block_number() + 1);
        }
        let refunded = Outcome::Refunded {
            reason: RefundReason::DeadlineUnreachable,
            returned: PRICE,
        };
        assert_eq!(receipts(), vec![receipt_of(0, refunded)]);
    });
}

#[test]
fn third_input_unavailable_should_leave_one_receipt_with_what_was_returned() {
    execute(|| {
        let job = assigned_to(WORKER);
        for _ in 0..2 {
            missed_by(WORKER, job);
            next_draw(WORKER);
            run_to(System::block_number() + BEACON_DELAY);
        }
        assert!(receipts().is_empty());
        missed_by(WORKER, job);
        let refunded = Outcome::Refunded {
            reason: RefundReason::InputUnavailable,
            returned: PRICE - PRICE * 2 / 100,
        };
        assert_eq!(receipts(), vec![receipt_of(job, refunded)]);
    });
}

#[test]
fn job_should_not_end_when_its_receipt_cannot_be_kept() {
    execute(|| {
        let paid = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, paid));
        RECEIPTS_WORK.set(false);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert!(events()
            .iter()
            .any(|event| matches!(event, Event::JobDeferred { job, .. } if *job == paid)));
        assert_eq!(Balances::free_balance(WORKER), ENDOWMENT);
        assert_eq!(held(REQUESTER), PRICE);
        RECEIPTS_WORK.set(true);
        run_to(System::block_number() + 10);
        assert_eq!(receipts().len(), 1);
        assert_eq!(held(REQUESTER), 0);
    });
}

#[test]
fn finished_jobs_should_leave_nothing_in_the_state() {
    execute(|| {
        let before = {
            claimed_by(WORKER);
            assert_ok!(deliver(WORKER, 0));
            run_to(System::block_number() + CHALLENGE_WINDOW);
            state_keys()
        };
        for round in 1..=10 {
            let job = claimed_by(WORKER);
            assert_ok!(deliver(WORKER, job));
            // One that is refunded in the meantime.
            assert_ok!(Order::new().submit());
            run_to(System::block_number() + 100);
            assert_eq!(receipts().len(), 1 + 2 * round);
        }
        assert_eq!(state_keys(), before);
    });
}
