use super::*;

#[test]
fn claim_should_start_the_run_when_made_by_the_drawn_worker() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_eq!(JobEscrow::view(job).unwrap().stage, api::JobStage::Running);
        assert!(events().contains(&Event::JobClaimed {
            job,
            worker: WORKER,
            deliver_by: System::block_number() + RUN_WINDOW - 1,
            heard_by: System::block_number() + RUN_WINDOW - 1,
        }));
    });
}

#[test]
fn claim_should_count_in_the_last_block_that_the_event_named() {
    execute(|| {
        let job = assigned_to(WORKER);
        let claim_by = events()
            .iter()
            .find_map(|event| match event {
                Event::JobAssigned { claim_by, .. } => Some(*claim_by),
                _ => None,
            })
            .unwrap();
        run_to(claim_by);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
    });
}

#[test]
fn claim_should_fail_when_made_by_anybody_else() {
    execute(|| {
        let job = assigned_to(WORKER);
        for caller in [OTHER_WORKER, REQUESTER, STRANGER] {
            assert_noop!(
                JobEscrow::claim(RuntimeOrigin::signed(caller), job),
                Error::<Test>::NotAssignedWorker
            );
        }
        assert_noop!(
            JobEscrow::claim(RuntimeOrigin::signed(WORKER), 77),
            Error::<Test>::JobNotFound
        );
    });
}

#[test]
fn claim_should_fail_when_the_job_is_still_queued() {
    execute(|| {
        assert_ok!(Order::new().submit());
        assert_noop!(
            JobEscrow::claim(RuntimeOrigin::signed(WORKER), 0),
            Error::<Test>::NotAssignedWorker
        );
    });
}

#[test]
fn claim_should_fail_when_made_twice() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_noop!(
            JobEscrow::claim(RuntimeOrigin::signed(WORKER), job),
            Error::<Test>::AlreadyClaimed
        );
        assert_noop!(
            JobEscrow::input_unavailable(RuntimeOrigin::signed(WORKER), job),
            Error::<Test>::AlreadyClaimed
        );
    });
}

#[test]
fn job_should_be_drawn_again_when_the_claim_is_missed() {
    execute(|| {
        let job = assigned_to(WORKER);
        run_to(System::block_number() + CLAIM_WINDOW);
        assert_eq!(
            reports(),
            vec![(WORKER, Report::Failed(Fault::ClaimMissed))]
        );
        assert!(events().contains(&Event::JobRedrawn {
            job,
            worker: WORKER,
            fault: Some(Fault::ClaimMissed),
        }));
        assert!(JobEscrow::worker_jobs(&WORKER).is_empty());
        assert_noop!(
            JobEscrow::claim(RuntimeOrigin::signed(WORKER), job),
            Error::<Test>::ClaimTooLate
        );
        next_draw(OTHER_WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(OTHER_WORKER), job));
        assert_eq!(held(REQUESTER), PRICE);
    });
}

#[test]
fn redraw_should_use_a_beacon_that_was_unknown_when_the_worker_failed() {
    execute(|| {
        assigned_to(WORKER);
        let failed_at = System::block_number() + CLAIM_WINDOW;
        run_to(failed_at + BEACON_DELAY - 1);
        assert_eq!(REQUESTS.with_borrow(Vec::len), 1);
        run_to(failed_at + BEACON_DELAY);
        REQUESTS.with_borrow(|requests| {
            assert_eq!(requests.len(), 2);
            assert_ne!(requests[0].seed, requests[1].seed);
        });
    });
}

#[test]
fn job_should_be_drawn_again_when_the_result_is_missed() {
    execute(|| {
        let job = claimed_by(WORKER);
        run_to(System::block_number() + RUN_WINDOW);
        assert_eq!(
            reports(),
            vec![(WORKER, Report::Failed(Fault::ResultMissed))]
        );
        assert_noop!(deliver(WORKER, job), Error::<Test>::ResultTooLate);
        assert_eq!(held(REQUESTER), PRICE);
    });
}

#[test]
fn job_should_be_refunded_whole_when_no_time_is_left_after_a_failure() {
    execute(|| {
        let mut order = Order::new();
        order.deadline = System::block_number() + BEACON_DELAY + CLAIM_WINDOW + RUN_WINDOW;
        assert_ok!(order.submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), 0));
        run_to(System::block_number() + RUN_WINDOW + BEACON_DELAY);
        assert!(JobEscrow::view(0).is_none());
        assert_eq!(held(REQUESTER), 0);
        assert_eq!(Balances::free_balance(REQUESTER), ENDOWMENT);
        assert_noop!(deliver(WORKER, 0), Error::<Test>::JobNotFound);
    });
}

#[test]
fn delivery_time_should_end_with_the_deadline() {
    execute(|| {
        let mut order = Order::new();
        order.deadline = System::block_number() + BEACON_DELAY + CLAIM_WINDOW + RUN_WINDOW;
        let deadline = order.deadline;
        assert_ok!(order.submit());
        next_draw(WORKER);
        run_to(1 + BEACON_DELAY + CLAIM_WINDOW - 1);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), 0));
        assert!(JobEscrow::view(0).unwrap().due <= deadline);
    });
}
