//! Jobs that the chain submits, and jobs that are paid with everybody's money.

use super::*;

/// Above the default, as governance lists it.
const MORE: u32 = 500_000;

fn public() -> PublicJob<AccountId> {
    PublicJob {
        requester: LANE,
        model: MODEL,
        input: tokens(PROMPT),
        max_output: MAX_OUTPUT,
        max_price: PRICE,
    }
}

/// Goes on until the job, drawn for the worker, is paid; returns what is told of it.
fn settled(job: JobId) -> SettledJob<AccountId> {
    next_draw(WORKER);
    run_to(System::block_number() + BEACON_DELAY.max(LATE_BEACON_DELAY));
    assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
    assert_ok!(deliver(WORKER, job));
    assert_eq!(
        <JobEscrow as PublicJobs<_>>::phase(job),
        Some(LivePhase::Answered)
    );
    run_to(System::block_number() + CHALLENGE_WINDOW);
    SETTLED.with_borrow(|jobs| jobs.last().cloned()).unwrap()
}

#[test]
fn public_job_should_be_like_any_other() {
    execute(|| {
        let least = JobEscrow::quote(MODEL, PROMPT, MAX_OUTPUT).unwrap();
        assert_eq!(
            <JobEscrow as PublicJobs<_>>::least_price(&MODEL, PROMPT, MAX_OUTPUT),
            Some(least.least_price)
        );
        let id = <JobEscrow as PublicJobs<_>>::submit(public()).unwrap();
        let job = Jobs::<Test>::get(id).unwrap();
        assert_eq!((job.requester, job.class), (LANE, TrustClass::Exact));
        assert_eq!(job.parameters.sampling, Sampling::Greedy);
        assert_eq!(job.deadline, 1 + 4 * least.least_deadline);
        assert_eq!(held(LANE), PRICE);
        assert_eq!(
            <JobEscrow as PublicJobs<_>>::phase(id),
            Some(LivePhase::Unanswered)
        );
        assert_eq!(
            <JobEscrow as PublicJobs<_>>::input(id),
            Some(tokens(PROMPT))
        );
        let told = settled(id);
        assert_eq!((told.requester, told.fee), (LANE, 30 * ASK));
        assert_eq!(held(LANE), 0);
        assert_eq!(<JobEscrow as PublicJobs<_>>::phase(id), None);
        assert_eq!(<JobEscrow as PublicJobs<_>>::input(id), None);
    });
}

/// Everybody can make it.
#[test]
fn input_of_a_public_job_should_never_be_missing() {
    execute(|| {
        let id = <JobEscrow as PublicJobs<_>>::submit(public()).unwrap();
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        assert_noop!(
            JobEscrow::input_unavailable(RuntimeOrigin::signed(WORKER), id),
            Error::<Test>::InputPublished
        );
    });
}

#[test]
fn public_job_should_change_nothing_when_it_is_refused() {
    let refused = |job: PublicJob<AccountId>, error: Error<Test>| {
        assert_noop!(<JobEscrow as PublicJobs<_>>::submit(job), error);
    };
    execute(|| {
        let model = RETIRED;
        refused(PublicJob { model, ..public() }, Error::UnknownModel);
        let max_output = CONTEXT;
        refused(
            PublicJob {
                max_output,
                ..public()
            },
            Error::PromptTooLong,
        );
        let max_price = Balance::from(UNITS) * FLOOR - 1;
        refused(
            PublicJob {
                max_price,
                ..public()
            },
            Error::PriceBelowFloor,
        );
        let requester = STRANGER;
        refused(
            PublicJob {
                requester,
                ..public()
            },
            Error::PriceExceedsBalance,
        );
    });
}

#[test]
fn only_the_lanes_jobs_should_need_power() {
    let needed = |requester| {
        let order = Order {
            requester,
            ..Order::new()
        };
        assert_ok!(order.submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        REQUESTS.with_borrow(|requests| requests.last().unwrap().needs_power)
    };
    execute(|| {
        assert!(needed(LANE));
        assert!(!needed(TREASURY));
        assert!(!needed(REQUESTER));
    });
}

#[test]
fn subsidised_job_should_say_so_and_mint_no_more_than_that_of_an_unlisted_model() {
    execute(|| {
        LISTED.set(Some(MORE));
        for requester in [LANE, TREASURY, REQUESTER] {
            let id = NextJob::<Test>::get();
            let order = Order {
                requester,
                ..Order::new()
            };
            assert_ok!(order.submit());
            let told = settled(id);
            let is_subsidised = requester != REQUESTER;
            let ceiling = if is_subsidised { DEFAULT_CEILING } else { MORE };
            assert_eq!(
                (told.is_subsidised, told.mint_ceiling),
                (is_subsidised, ceiling),
                "of {requester}"
            );
            let asked = REQUESTS.with_borrow(|requests| requests.last().unwrap().mint_ceiling);
            assert_eq!(asked, ceiling);
        }
    });
}
