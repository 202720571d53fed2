//! A worker that runs a long job has to be heard of.

use super::*;

fn report(worker: AccountId, jobs: &[(JobId, u32)]) {
    let jobs = BoundedVec::truncate_from(jobs.to_vec());
    assert_ok!(JobEscrow::report_progress(
        RuntimeOrigin::signed(worker),
        jobs
    ));
}

fn due(job: JobId) -> u64 {
    Jobs::<Test>::get(job).unwrap().due
}

fn failure() -> Option<sp_runtime::DispatchError> {
    match events().pop() {
        Some(Event::BatchPartFailed { error, .. }) => Some(error),
        _ => None,
    }
}

#[test]
fn job_should_be_drawn_again_when_nothing_is_heard_of_its_worker() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        let job = claimed_by(WORKER);
        let claimed = System::block_number();
        assert_eq!(due(job), claimed + PROGRESS_WINDOW);
        const { assert!(PROGRESS_WINDOW < RUN_WINDOW) };
        run_to(claimed + PROGRESS_WINDOW);
        assert_eq!(reports(), [(WORKER, Report::Failed(Fault::ResultMissed))]);
        assert_noop!(deliver(WORKER, job), Error::<Test>::ResultTooLate);
    });
}

#[test]
fn job_should_stay_with_its_worker_as_long_as_that_is_heard_of() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        let job = claimed_by(WORKER);
        let claimed = System::block_number();
        run_to(claimed + PROGRESS_WINDOW - 1);
        report(WORKER, &[(job, 5)]);
        // Never beyond the time to deliver.
        assert_eq!(due(job), claimed + RUN_WINDOW);
        let heard_by = claimed + RUN_WINDOW - 1;
        assert_eq!(
            events().pop(),
            Some(Event::JobProgressed {
                job,
                worker: WORKER,
                tokens: 5,
                heard_by
            })
        );
        run_to(claimed + RUN_WINDOW - 1);
        report(WORKER, &[(job, 9)]);
        assert_eq!(due(job), claimed + RUN_WINDOW);
        assert_ok!(deliver(WORKER, job));
    });
}

#[test]
fn job_should_be_drawn_again_when_the_time_to_deliver_is_over_whatever_was_heard() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        let job = claimed_by(WORKER);
        let claimed = System::block_number();
        for block in claimed + 1..claimed + RUN_WINDOW {
            run_to(block);
            report(WORKER, &[(job, 1)]);
        }
        assert_eq!(reports(), []);
        run_to(claimed + RUN_WINDOW);
        assert_eq!(reports(), [(WORKER, Report::Failed(Fault::ResultMissed))]);
    });
}

#[test]
fn job_should_need_no_report_when_it_is_shorter_than_the_window() {
    execute(|| {
        PROGRESS.set(RUN_WINDOW);
        let job = claimed_by(WORKER);
        assert_eq!(due(job), System::block_number() + RUN_WINDOW);
        let view = JobEscrow::view(job).unwrap();
        assert_eq!(view.deliver_by, Some(view.due));
    });
}

#[test]
fn view_should_tell_the_time_to_deliver_apart_from_the_time_to_be_heard() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        let job = assigned_to(WORKER);
        assert_eq!(JobEscrow::view(job).unwrap().deliver_by, None);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
        let (now, view) = (System::block_number(), JobEscrow::view(job).unwrap());
        assert_eq!(view.due, now + PROGRESS_WINDOW);
        assert_eq!(view.deliver_by, Some(now + RUN_WINDOW));
    });
}

#[test]
fn report_should_be_left_out_when_the_job_is_not_run_by_the_caller() {
    execute(|| {
        PROGRESS.set(PROGRESS_WINDOW);
        report(WORKER, &[(99, 1)]);
        assert_eq!(failure(), Some(Error::<Test>::JobNotFound.into()));
        let job = assigned_to(WORKER);
        report(WORKER, &[(job, 1)]);
        assert_eq!(failure(), Some(Error::<Test>::NotClaimed.into()));
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
        let before = due(job);
        run_to(System::block_number() + 1);
        report(OTHER_WORKER, &[(job, 1)]);
        assert_eq!(failure(), Some(Error::<Test>::NotAssignedWorker.into()));
        assert_eq!(due(job), before);
        assert_ok!(deliver(WORKER, job));
        report(WORKER, &[(job, 1)]);
        assert_eq!(
            failure(),
            Some(Error::<Test>::ResultAlreadySubmitted.into())
        );
    });
}
