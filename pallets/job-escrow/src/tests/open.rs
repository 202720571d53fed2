//! More is minted on jobs of listed models only while the requester leaves open who does them.

use super::*;

/// Above the default, as governance lists it.
const MORE: u32 = 500_000;

fn asked() -> DrawRequest {
    REQUESTS
        .with_borrow(|requests| requests.last().cloned())
        .unwrap()
}

/// Goes on until the job is with the worker, by the late beacon.
fn drawn_late(worker: AccountId) -> JobId {
    let job = NextJob::<Test>::get();
    assert_ok!(Order::new().submit());
    next_draw(worker);
    run_to(System::block_number() + LATE_BEACON_DELAY);
    assert_eq!(
        Jobs::<Test>::get(job).unwrap().active_worker(),
        Some(&worker)
    );
    job
}

fn settle(job: JobId) -> u32 {
    assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
    assert_ok!(deliver(WORKER, job));
    run_to(System::block_number() + CHALLENGE_WINDOW);
    SETTLED.with_borrow(|jobs| jobs.last().map(|job| job.mint_ceiling).unwrap())
}

#[test]
fn listed_job_should_be_drawn_by_the_strong_beacon() {
    execute(|| {
        LISTED.set(Some(MORE));
        let least = JobEscrow::quote(MODEL, PROMPT, MAX_OUTPUT)
            .unwrap()
            .least_deadline;
        assert_eq!(least, LATE_BEACON_DELAY + CLAIM_WINDOW + RUN_WINDOW);
        next_draw(WORKER);
        assert_ok!(Order::new().submit());
        run_to(System::block_number() + LATE_BEACON_DELAY - 1);
        assert_eq!(REQUESTS.with_borrow(Vec::len), 0);
        run_to(System::block_number() + 1);
        assert_eq!(asked().mint_ceiling, MORE);
        // Not more than on other models: the usual one.
        LISTED.set(Some(DEFAULT_CEILING));
        assigned_to(WORKER);
        assert_eq!(asked().mint_ceiling, DEFAULT_CEILING);
    });
}

#[test]
fn listed_job_should_mint_more_when_the_draw_was_open() {
    execute(|| {
        LISTED.set(Some(MORE));
        let job = drawn_late(WORKER);
        assert_eq!(settle(job), MORE);
    });
}

#[test]
fn listed_job_should_mint_what_others_do_when_somebody_was_passed_over() {
    execute(|| {
        LISTED.set(Some(MORE));
        IS_OPEN.set(false);
        let job = drawn_late(WORKER);
        assert_eq!(settle(job), DEFAULT_CEILING);
    });
}

/// Else a filter that leaves out others would be tried until it finds who it is for.
#[test]
fn listed_job_should_mint_what_others_do_when_a_draw_before_passed_over_somebody() {
    execute(|| {
        LISTED.set(Some(MORE));
        IS_OPEN.set(false);
        let job = NextJob::<Test>::get();
        assert_ok!(Order::new().submit());
        run_to(System::block_number() + LATE_BEACON_DELAY);
        assert_eq!(Jobs::<Test>::get(job).unwrap().active_worker(), None);
        IS_OPEN.set(true);
        next_draw(WORKER);
        run_to(System::block_number() + LATE_BEACON_DELAY);
        assert_eq!(
            Jobs::<Test>::get(job).unwrap().active_worker(),
            Some(&WORKER)
        );
        assert_eq!(settle(job), DEFAULT_CEILING);
    });
}

/// Else withholding the input would be a second look at the draw.
#[test]
fn listed_job_should_end_for_the_whole_price_when_its_input_stays_away() {
    execute(|| {
        LISTED.set(Some(MORE));
        let job = drawn_late(OTHER_WORKER);
        missed_by(OTHER_WORKER, job);
        assert!(Jobs::<Test>::get(job).is_none());
        assert_eq!(Balances::free_balance(TREASURY), ENDOWMENT + PRICE);
        assert!(events().contains(&Event::JobRefunded {
            job,
            requester: REQUESTER,
            returned: 0,
            reason: RefundReason::InputUnavailable,
        }));
    });
}

#[test]
fn listed_job_should_mint_what_it_may_when_its_input_was_demanded_and_published() {
    execute(|| {
        LISTED.set(Some(MORE));
        let job = drawn_late(WORKER);
        assert_ok!(JobEscrow::input_unavailable(
            RuntimeOrigin::signed(WORKER),
            job
        ));
        assert_ok!(JobEscrow::publish_input(
            RuntimeOrigin::signed(REQUESTER),
            job,
            BoundedVec::truncate_from(ids(PROMPT))
        ));
        assert_eq!(settle(job), MORE);
    });
}

/// A job that is not open has nothing to gain by another look.
#[test]
fn listed_job_that_excludes_others_should_lose_a_part_when_its_input_stays_away() {
    execute(|| {
        LISTED.set(Some(MORE));
        IS_OPEN.set(false);
        let job = drawn_late(OTHER_WORKER);
        missed_by(OTHER_WORKER, job);
        next_draw(WORKER);
        run_to(System::block_number() + LATE_BEACON_DELAY);
        assert_eq!(settle(job), DEFAULT_CEILING);
    });
}

#[test]
fn job_should_stay_open_when_its_worker_let_it_down() {
    execute(|| {
        LISTED.set(Some(MORE));
        let job = drawn_late(OTHER_WORKER);
        run_to(System::block_number() + CLAIM_WINDOW);
        next_draw(WORKER);
        run_to(System::block_number() + LATE_BEACON_DELAY);
        assert_eq!(settle(job), MORE);
    });
}

#[test]
fn closed_job_should_not_mint_more_than_a_low_listing() {
    execute(|| {
        LISTED.set(Some(7));
        IS_OPEN.set(false);
        let job = assigned_to(WORKER);
        assert_eq!(settle(job), 7);
    });
}
