use super::*;
use sp_runtime::Permill;

#[test]
fn result_should_open_the_challenge_window() {
    execute(|| {
        let job = claimed_by(WORKER);
        let settles_at = System::block_number() + CHALLENGE_WINDOW;
        assert_ok!(deliver(WORKER, job));
        // Prompt and answer of ten tokens.
        let units = u64::from(PROMPT + 10);
        assert!(events().contains(&Event::ResultSubmitted {
            job,
            worker: WORKER,
            output: tokens(10),
            provider: Some(OUTPUT_NODE),
            digest: H256::repeat_byte(9),
            units,
            fee: Balance::from(units) * ASK,
            settles_at,
        }));
        let view = JobEscrow::view(job).unwrap();
        assert_eq!(view.stage, api::JobStage::Delivered);
        assert_eq!(view.output, Some(tokens(10)));
        assert_eq!(view.input_provider, Some(INPUT_NODE));
        assert_eq!(view.output_provider, Some(OUTPUT_NODE));
        assert_eq!(view.digest, Some(H256::repeat_byte(9)));
        assert_eq!(reports(), vec![(WORKER, Report::Completed)]);
        assert!(JobEscrow::worker_jobs(&WORKER).is_empty());
        run_to(settles_at - 1);
        assert!(JobEscrow::view(job).is_some());
    });
}

/// What the worker's record is told of the time that a job took, if it claims and delivers so many blocks after the
/// draw.
fn told(claims_after: u64, delivers_after: u64) -> Permill {
    let job = assigned_to(WORKER);
    let drawn = System::block_number();
    run_to(drawn + claims_after);
    assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
    run_to(drawn + delivers_after);
    assert_ok!(deliver(WORKER, job));
    TOOK.with_borrow(|parts| parts.last().copied().flatten().unwrap())
}

#[test]
fn time_should_count_from_the_draw_however_late_the_claim_is() {
    execute(|| {
        let part = |blocks| Permill::from_rational(blocks, CLAIM_WINDOW + RUN_WINDOW);
        assert_eq!(told(0, 0), Permill::zero());
        assert_eq!(told(0, 3), part(3));
        assert_eq!(told(3, 3), part(3));
        // In the last blocks that count.
        let last = CLAIM_WINDOW + RUN_WINDOW - 2;
        assert_eq!(told(CLAIM_WINDOW - 1, last), part(last));
    });
}

#[test]
fn time_should_not_be_cut_short_when_the_deadline_is_the_shortest_that_is_taken() {
    execute(|| {
        let deadline = System::block_number() + JobEscrow::least_deadline(&MODEL, UNITS);
        let order = Order {
            deadline,
            ..Order::new()
        };
        assert_ok!(order.submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        run_to(System::block_number() + CLAIM_WINDOW - 1);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), 0));
        let Stage::Running { deliver_by, .. } = Jobs::<Test>::get(0).unwrap().stage else {
            panic!("it was claimed");
        };
        assert_eq!(deliver_by, System::block_number() + RUN_WINDOW);
        assert!(deliver_by < deadline);
    });
}

#[test]
fn time_should_count_anew_when_the_job_is_drawn_again() {
    execute(|| {
        let job = assigned_to(WORKER);
        next_draw(OTHER_WORKER);
        // The first one claims nothing.
        run_to(System::block_number() + CLAIM_WINDOW + BEACON_DELAY);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(OTHER_WORKER), job));
        run_to(System::block_number() + 2);
        assert_ok!(deliver(OTHER_WORKER, job));
        let part = Permill::from_rational(2, CLAIM_WINDOW + RUN_WINDOW);
        assert_eq!(TOOK.with_borrow(Clone::clone), [Some(part)]);
    });
}

#[test]
fn result_should_fail_when_it_comes_from_somebody_else() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_noop!(deliver(OTHER_WORKER, job), Error::<Test>::NotAssignedWorker);
        assert_noop!(deliver(REQUESTER, job), Error::<Test>::NotAssignedWorker);
        assert_noop!(deliver(WORKER, 77), Error::<Test>::JobNotFound);
    });
}

#[test]
fn result_should_fail_when_the_job_was_not_claimed() {
    execute(|| {
        let job = assigned_to(WORKER);
        assert_noop!(deliver(WORKER, job), Error::<Test>::NotClaimed);
    });
}

#[test]
fn result_should_fail_when_it_comes_twice() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        assert_noop!(deliver(WORKER, job), Error::<Test>::ResultAlreadySubmitted);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert_noop!(deliver(WORKER, job), Error::<Test>::JobNotFound);
    });
}

#[test]
fn result_should_count_in_the_last_block_that_the_event_named() {
    execute(|| {
        let job = claimed_by(WORKER);
        run_to(System::block_number() + RUN_WINDOW - 1);
        assert_ok!(deliver(WORKER, job));
    });
}

#[test]
fn result_should_be_too_late_when_the_agenda_has_not_caught_up_either() {
    execute(|| {
        let job = claimed_by(WORKER);
        let late = System::block_number() + RUN_WINDOW;
        // No hooks run: the agenda lags.
        System::set_block_number(late);
        assert_noop!(deliver(WORKER, job), Error::<Test>::ResultTooLate);
        System::set_block_number(late - 1);
    });
}

#[test]
fn result_should_fail_when_its_length_is_not_allowed() {
    execute(|| {
        let job = claimed_by(WORKER);
        for (count, error) in [
            (0, Error::<Test>::EmptyOutput),
            (MAX_OUTPUT + 1, Error::<Test>::OutputTooLong),
        ] {
            assert_noop!(
                JobEscrow::submit_result(
                    RuntimeOrigin::signed(WORKER),
                    job,
                    tokens(count),
                    H256::zero(),
                    None
                ),
                error
            );
        }
    });
}
