use super::*;
use frame_support::weights::Weight;

#[test]
fn draw_should_wait_until_the_beacon_is_complete() {
    execute(|| {
        assert_ok!(Order::new().submit());
        next_draw(WORKER);
        run_to(BEACON_DELAY);
        assert_eq!(JobEscrow::view(0).unwrap().stage, api::JobStage::Queued);
        run_to(1 + BEACON_DELAY);
        let view = JobEscrow::view(0).unwrap();
        assert_eq!(view.stage, api::JobStage::Assigned);
        assert_eq!((view.worker, view.ask), (Some(WORKER), Some(ASK)));
        assert_eq!(JobEscrow::worker_jobs(&WORKER), vec![view]);
    });
}

#[test]
fn draw_should_ask_for_what_the_order_says() {
    execute(|| {
        let mut order = Order::new();
        order.service = ServiceLevel {
            region: Some(Region::Europe),
            min_level: 2,
        };
        assert_ok!(order.submit());
        run_to(1 + BEACON_DELAY);
        let requests = REQUESTS.with_borrow(Clone::clone);
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].model, MODEL);
        assert_eq!(requests[0].units, UNITS);
        assert_eq!(requests[0].max_price, PRICE);
        assert_eq!(requests[0].service.region, Some(Region::Europe));
        assert_eq!(requests[0].service.min_level, 2);
    });
}

#[test]
fn draw_should_try_again_with_another_seed_when_nobody_fits() {
    execute(|| {
        assert_ok!(Order::new().submit());
        run_to(30);
        let seeds: Vec<_> =
            REQUESTS.with_borrow(|requests| requests.iter().map(|request| request.seed).collect());
        assert!(seeds.len() > 2);
        let mut distinct = seeds.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), seeds.len());
        assert_eq!(held(REQUESTER), PRICE);
    });
}

#[test]
fn draws_of_different_jobs_should_use_different_seeds() {
    execute(|| {
        assert_ok!(Order::new().submit());
        assert_ok!(Order::new().submit());
        run_to(1 + BEACON_DELAY);
        REQUESTS.with_borrow(|requests| assert_ne!(requests[0].seed, requests[1].seed));
    });
}

#[test]
fn draw_should_anchor_anew_when_the_beacon_never_completes() {
    execute(|| {
        let mut order = Order::new();
        order.deadline = 500;
        assert_ok!(order.submit());
        BEACON_WORKS.set(false);
        run_to(60);
        let anchor = match Jobs::<Test>::get(0).unwrap().stage {
            Stage::Queued { anchor, .. } => anchor,
            stage => panic!("the job should be queued, not {stage:?}"),
        };
        assert!(anchor > 1);
        assert!(REQUESTS.with_borrow(Vec::is_empty));
        BEACON_WORKS.set(true);
        next_draw(WORKER);
        run_to(63);
        assert_eq!(JobEscrow::view(0).unwrap().worker, Some(WORKER));
    });
}

#[test]
fn agenda_should_serve_every_job_in_order_when_more_are_due_than_fit_a_block() {
    execute(|| {
        let room = <() as WeightInfo>::step_time_out()
            .saturating_mul(3)
            .ref_time();
        STEPS_WEIGHT.set(Weight::from_parts(room, u64::MAX));
        for _ in 0..20 {
            assert_ok!(Order::new().submit());
            next_draw(WORKER);
        }
        run_to(1 + BEACON_DELAY);
        let assigned = JobEscrow::worker_jobs(&WORKER).len();
        assert!(
            assigned > 0 && assigned < 20,
            "the first block moved {assigned} jobs on"
        );
        run_to(40);
        assert_eq!(
            events()
                .iter()
                .filter(|event| matches!(event, Event::JobAssigned { .. }))
                .count(),
            20
        );
    });
}

#[test]
fn job_should_be_refunded_when_the_agenda_lagged_past_its_deadline() {
    execute(|| {
        let mut order = Order::new();
        order.deadline = 1 + BEACON_DELAY + CLAIM_WINDOW + RUN_WINDOW;
        assert_ok!(order.submit());
        run_to(10);
        assert_eq!(held(REQUESTER), 0);
        assert_eq!(Balances::free_balance(REQUESTER), ENDOWMENT);
        assert!(JobEscrow::view(0).is_none());
        assert!(events().contains(&Event::JobRefunded {
            job: 0,
            requester: REQUESTER,
            returned: PRICE,
            reason: RefundReason::DeadlineUnreachable,
        }));
    });
}

#[test]
fn draw_should_avoid_whom_the_job_was_taken_from() {
    execute(|| {
        let job = assigned_to(WORKER);
        assert_eq!(AVOIDED.with_borrow(Clone::clone), [Vec::<AccountId>::new()]);
        run_to(System::block_number() + CLAIM_WINDOW);
        next_draw(OTHER_WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        missed_by(OTHER_WORKER, job);
        run_to(System::block_number() + BEACON_DELAY);
        let avoided = AVOIDED.with_borrow(|avoided| avoided.last().cloned());
        assert_eq!(avoided, Some(vec![WORKER, OTHER_WORKER]));
    });
}

#[test]
fn job_should_remember_the_last_workers_it_was_taken_from() {
    execute(|| {
        assert_ok!(Order::new().submit());
        let mut job = Jobs::<Test>::get(0).unwrap();
        for worker in [1, 2, 3, 1, 4, 5] {
            job.remember(worker);
        }
        assert_eq!(job.lost_by.to_vec(), vec![3, 1, 4, 5]);
    });
}

/// Whoever could compute the next draw would go online, or offline, to be drawn.
#[test]
fn draw_that_found_nobody_should_be_repeated_by_a_beacon_that_nobody_knows_yet() {
    execute(|| {
        assert_ok!(Order::new().submit());
        run_to(1 + BEACON_DELAY);
        for attempt in 1..=4u32 {
            let job = Jobs::<Test>::get(0).unwrap();
            let anchor = System::block_number();
            assert_eq!(job.stage, Stage::Queued { anchor, attempt });
            assert!(job.due >= anchor + BEACON_DELAY);
            run_to(job.due);
        }
    });
}

#[test]
fn one_block_should_move_on_all_that_is_due_when_there_is_room() {
    execute(|| {
        let jobs = 600;
        for _ in 0..jobs {
            assert_ok!(Order::new().submit());
        }
        run_to(BEACON_DELAY);
        assert!(REQUESTS.with_borrow(Vec::is_empty));
        run_to(1 + BEACON_DELAY);
        assert_eq!(REQUESTS.with_borrow(Vec::len), jobs);
        assert_eq!(AgendaCursor::<Test>::get(), 2 + BEACON_DELAY);
    });
}
