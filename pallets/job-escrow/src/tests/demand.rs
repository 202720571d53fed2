//! Inputs that a worker cannot get: demanded, published, or missing for good.

use super::*;
use frame_support::dispatch::DispatchResult;
use sp_runtime::DispatchError;

fn demand(job: JobId) {
    assert_ok!(JobEscrow::input_unavailable(
        RuntimeOrigin::signed(WORKER),
        job
    ));
}

fn publish(job: JobId, ids: Vec<u32>) -> DispatchResult {
    JobEscrow::publish_input(
        RuntimeOrigin::signed(STRANGER),
        job,
        BoundedVec::truncate_from(ids),
    )
}

fn refusal(job: JobId, ids: Vec<u32>) -> DispatchError {
    publish(job, ids).unwrap_err()
}

#[test]
fn missing_input_should_be_demanded_before_the_job_moves_on() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        let job = assigned_to(WORKER);
        assert_noop!(
            JobEscrow::input_unavailable(RuntimeOrigin::signed(OTHER_WORKER), job),
            Error::<Test>::NotAssignedWorker
        );
        demand(job);
        assert!(events().contains(&Event::InputDemanded {
            job,
            worker: WORKER,
            publish_by: System::block_number() + PROGRESS_WINDOW - 1,
        }));
        assert_eq!(reports(), vec![]);
        let listed = JobEscrow::worker_jobs(&WORKER);
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].stage, api::JobStage::Demanded);
        for refused in [
            JobEscrow::input_unavailable(RuntimeOrigin::signed(WORKER), job),
            JobEscrow::claim(RuntimeOrigin::signed(WORKER), job),
        ] {
            assert_eq!(refused, Err(Error::<Test>::InputAwaited.into()));
        }
        assert_noop!(deliver(WORKER, job), Error::<Test>::NotClaimed);
    });
}

#[test]
fn published_input_should_give_the_worker_a_window_to_claim() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        let job = assigned_to(WORKER);
        demand(job);
        run_to(System::block_number() + PROGRESS_WINDOW - 1);
        assert_eq!(JobEscrow::published_input(job), None);
        assert_ok!(publish(job, ids(PROMPT)));
        assert_eq!(JobEscrow::published_input(job), Some(ids(PROMPT)));
        assert!(events().contains(&Event::InputPublished {
            job,
            worker: WORKER,
            ask: ASK,
            claim_by: System::block_number() + CLAIM_WINDOW - 1,
        }));
        run_to(System::block_number() + CLAIM_WINDOW - 1);
        assert_noop!(
            JobEscrow::input_unavailable(RuntimeOrigin::signed(WORKER), job),
            Error::<Test>::InputPublished
        );
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
        assert!(JobEscrow::published_input(job).is_some());
        assert_ok!(deliver(WORKER, job));
        assert_eq!(JobEscrow::published_input(job), None);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert!(events()
            .iter()
            .any(|event| matches!(event, Event::JobSettled { .. })));
    });
}

/// It has what it said to be missing, so it cannot decline the job that way.
#[test]
fn worker_should_be_penalised_when_it_does_not_claim_what_it_demanded() {
    execute(|| {
        let job = assigned_to(WORKER);
        demand(job);
        assert_ok!(publish(job, ids(PROMPT)));
        run_to(System::block_number() + CLAIM_WINDOW);
        assert_eq!(
            reports(),
            vec![(WORKER, Report::Failed(Fault::ClaimMissed))]
        );
    });
}

#[test]
fn publication_should_be_refused_when_it_is_not_what_was_demanded() {
    execute(|| {
        let job = assigned_to(WORKER);
        assert_eq!(
            refusal(job, ids(PROMPT)),
            Error::<Test>::InputNotDemanded.into()
        );
        demand(job);
        let mut other = ids(PROMPT);
        other[3] += 1;
        for wrong in [ids(PROMPT - 1), ids(PROMPT + 1), other, vec![]] {
            assert_eq!(refusal(job, wrong), Error::<Test>::InputMismatch.into());
        }
        assert_ok!(publish(job, ids(PROMPT)));
        assert_eq!(
            refusal(job, ids(PROMPT)),
            Error::<Test>::InputNotDemanded.into()
        );
        assert_eq!(refusal(99, ids(PROMPT)), Error::<Test>::JobNotFound.into());
    });
}

/// Bytes under another name, or under the root of other tokens, cannot be fetched by anybody.
#[test]
fn publication_should_be_refused_when_blob_and_root_are_of_different_tokens() {
    execute(|| {
        let job = NextJob::<Test>::get();
        let mut order = Order::new();
        order.input.blob = tokens(PROMPT + 1).blob;
        assert_ok!(order.submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        demand(job);
        for wrong in [ids(PROMPT), ids(PROMPT + 1)] {
            assert_eq!(refusal(job, wrong), Error::<Test>::InputMismatch.into());
        }
    });
}

#[test]
fn publication_should_be_refused_when_a_token_is_not_in_the_vocabulary() {
    execute(|| {
        let mut outside = ids(PROMPT);
        outside[0] = VOCABULARY;
        let job = NextJob::<Test>::get();
        let mut order = Order::new();
        order.input = TokenList::of(&outside);
        assert_ok!(order.submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        demand(job);
        assert_eq!(
            refusal(job, outside),
            Error::<Test>::InputOutOfVocabulary.into()
        );
    });
}

#[test]
fn publication_should_be_refused_when_it_is_late_though_the_agenda_lags() {
    execute(|| {
        let job = assigned_to(WORKER);
        demand(job);
        let due = Jobs::<Test>::get(job).unwrap().due;
        System::set_block_number(due);
        assert_eq!(
            refusal(job, ids(PROMPT)),
            Error::<Test>::InputTooLate.into()
        );
    });
}

#[test]
fn worker_should_be_free_without_a_penalty_when_the_input_stays_away() {
    execute(|| {
        let job = assigned_to(WORKER);
        missed_by(WORKER, job);
        assert_eq!(reports(), vec![(WORKER, Report::Released)]);
        assert!(JobEscrow::worker_jobs(&WORKER).is_empty());
        assert_eq!(held(REQUESTER), PRICE);
        assert!(events().contains(&Event::JobRedrawn {
            job,
            worker: WORKER,
            fault: None,
        }));
    });
}

#[test]
fn third_missing_input_should_end_the_job_at_the_requesters_cost() {
    execute(|| {
        let job = assigned_to(WORKER);
        for _ in 0..2 {
            missed_by(WORKER, job);
            next_draw(WORKER);
            run_to(System::block_number() + BEACON_DELAY);
        }
        missed_by(WORKER, job);
        let charge = PRICE * 2 / 100;
        assert!(charge > 0);
        assert_eq!(Balances::free_balance(TREASURY), ENDOWMENT + charge);
        assert_eq!(Balances::free_balance(REQUESTER), ENDOWMENT - charge);
        assert_eq!(held(REQUESTER), 0);
        assert!(events().contains(&Event::JobRefunded {
            job,
            requester: REQUESTER,
            returned: PRICE - charge,
            reason: RefundReason::InputUnavailable,
        }));
        assert_noop!(
            JobEscrow::input_unavailable(RuntimeOrigin::signed(WORKER), job),
            Error::<Test>::JobNotFound
        );
    });
}

/// Who publishes at the last moment must not have its money back because the time has run out.
#[test]
fn deadline_should_leave_time_to_run_after_the_last_block_to_publish() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        let job = NextJob::<Test>::get();
        let mut order = Order::new();
        order.deadline = System::block_number() + BEACON_DELAY + CLAIM_WINDOW + RUN_WINDOW;
        assert_ok!(order.submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        run_to(System::block_number() + CLAIM_WINDOW - 1);
        demand(job);
        run_to(Jobs::<Test>::get(job).unwrap().due - 1);
        assert_ok!(publish(job, ids(PROMPT)));
        run_to(System::block_number() + CLAIM_WINDOW - 1);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
        let runs_until = System::block_number() + RUN_WINDOW;
        assert!(Jobs::<Test>::get(job).unwrap().deadline >= runs_until);
        run_to(System::block_number() + PROGRESS_WINDOW - 1);
        assert_ok!(deliver(WORKER, job));
    });
}

/// Nobody could publish it, so nobody is asked to; and nothing more is minted on it than on others.
#[test]
fn input_that_is_too_long_to_publish_should_count_as_missing_at_once() {
    execute(|| {
        let job = assigned_to(WORKER);
        Jobs::<Test>::mutate_extant(job, |job| job.input.count = MAX_PUBLISHED_INPUT + 1);
        demand(job);
        assert_eq!(reports(), vec![(WORKER, Report::Released)]);
        assert!(matches!(
            Jobs::<Test>::get(job).unwrap().stage,
            Stage::Queued { .. }
        ));
    });
}

#[test]
fn job_should_be_open_only_when_its_input_can_be_published() {
    execute(|| {
        CONTEXT_LIMIT.set(u32::MAX);
        for (count, is_open) in [
            (MAX_PUBLISHED_INPUT, true),
            (MAX_PUBLISHED_INPUT + 1, false),
        ] {
            let job = NextJob::<Test>::get();
            let mut order = Order::new();
            order.input.count = count;
            order.max_price = Balance::from(count + MAX_OUTPUT) * ASK;
            assert_ok!(order.submit());
            assert_eq!(Jobs::<Test>::get(job).unwrap().is_open, is_open);
        }
    });
}

#[test]
fn published_input_should_stay_for_the_next_worker_when_the_first_lets_the_job_down() {
    execute(|| {
        let job = assigned_to(WORKER);
        demand(job);
        assert_ok!(publish(job, ids(PROMPT)));
        run_to(System::block_number() + CLAIM_WINDOW);
        next_draw(OTHER_WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        assert_eq!(JobEscrow::published_input(job), Some(ids(PROMPT)));
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(OTHER_WORKER), job));
        assert_ok!(deliver(OTHER_WORKER, job));
        assert_eq!(JobEscrow::published_input(job), None);
    });
}

/// Else it would demand what it has, and compute while it waits.
#[test]
fn time_of_a_job_should_say_nothing_of_its_worker_when_the_input_was_demanded() {
    execute(|| {
        let job = assigned_to(WORKER);
        demand(job);
        assert_ok!(publish(job, ids(PROMPT)));
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
        assert_ok!(deliver(WORKER, job));
        assert_eq!(TOOK.with_borrow(Clone::clone), vec![None]);
    });
}

/// What the requester risks is what the model was when it submitted.
#[test]
fn listing_should_not_count_for_jobs_that_were_there_before() {
    execute(|| {
        let job = assigned_to(WORKER);
        LISTED.set(Some(500_000));
        missed_by(WORKER, job);
        assert_eq!(held(REQUESTER), PRICE, "it is drawn again");
        next_draw(WORKER);
        run_to(System::block_number() + LATE_BEACON_DELAY);
        let asked = REQUESTS.with_borrow(|requests| requests.last().unwrap().mint_ceiling);
        assert_eq!(asked, DEFAULT_CEILING);
    });
}
