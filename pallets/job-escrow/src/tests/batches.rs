//! Several jobs in one call: each part stands alone.

use super::*;
use aipg_primitives::WorkerDirectory;

/// So many jobs, all with the worker.
fn several(worker: AccountId, count: u32) -> Vec<JobId> {
    let first = NextJob::<Test>::get();
    for _ in 0..count {
        assert_ok!(Order::new().submit());
        next_draw(worker);
    }
    run_to(System::block_number() + BEACON_DELAY);
    (first..first + u64::from(count)).collect()
}

fn claim_batch(worker: AccountId, jobs: &[JobId]) -> frame_support::dispatch::DispatchResult {
    let jobs = BoundedVec::truncate_from(jobs.to_vec());
    JobEscrow::claim_batch(RuntimeOrigin::signed(worker), jobs)
}

fn result_of(job: JobId, count: u32) -> ResultOf {
    ResultOf {
        job,
        output: tokens(count),
        digest: H256::repeat_byte(9),
        provider: Some(OUTPUT_NODE),
    }
}

fn submit_results(
    worker: AccountId,
    results: &[ResultOf],
) -> frame_support::dispatch::DispatchResult {
    let results = BoundedVec::truncate_from(results.to_vec());
    JobEscrow::submit_results(RuntimeOrigin::signed(worker), results)
}

fn failures() -> Vec<(JobId, sp_runtime::DispatchError)> {
    events()
        .into_iter()
        .filter_map(|event| match event {
            Event::BatchPartFailed { job, error, .. } => Some((job, error)),
            _ => None,
        })
        .collect()
}

#[test]
fn batch_should_claim_and_deliver_all_when_all_are_right() {
    execute(|| {
        let jobs = several(WORKER, 3);
        assert_ok!(claim_batch(WORKER, &jobs));
        let results: Vec<_> = jobs.iter().map(|job| result_of(*job, 10)).collect();
        assert_ok!(submit_results(WORKER, &results));
        for job in &jobs {
            let stage = Jobs::<Test>::get(job).unwrap().stage;
            assert!(matches!(stage, Stage::Delivered { .. }), "{stage:?}");
        }
        assert_eq!(failures(), []);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert_eq!(SETTLED.with_borrow(Vec::len), 3);
    });
}

#[test]
fn batch_should_be_the_same_as_its_parts() {
    let one_by_one = || {
        for job in several(WORKER, 2) {
            assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
            assert_ok!(deliver(WORKER, job));
        }
        (0..2).map(Jobs::<Test>::get).collect::<Vec<_>>()
    };
    let together = || {
        let jobs = several(WORKER, 2);
        assert_ok!(claim_batch(WORKER, &jobs));
        let results: Vec<_> = jobs.iter().map(|job| result_of(*job, 10)).collect();
        assert_ok!(submit_results(WORKER, &results));
        (0..2).map(Jobs::<Test>::get).collect::<Vec<_>>()
    };
    let mut seen = Vec::new();
    execute(|| seen.push(one_by_one()));
    execute(|| seen.push(together()));
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn batch_should_leave_out_what_cannot_be_claimed() {
    execute(|| {
        let mine = several(WORKER, 2);
        let theirs = several(OTHER_WORKER, 1);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), mine[0]));
        // Claimed already, of somebody else, twice, of nobody.
        let batch = [mine[0], theirs[0], mine[1], mine[1], 99];
        assert_ok!(claim_batch(WORKER, &batch));
        assert_eq!(
            failures(),
            [
                (mine[0], Error::<Test>::AlreadyClaimed.into()),
                (theirs[0], Error::<Test>::NotAssignedWorker.into()),
                (mine[1], Error::<Test>::AlreadyClaimed.into()),
                (99, Error::<Test>::JobNotFound.into()),
            ]
        );
        let stage = Jobs::<Test>::get(mine[1]).unwrap().stage;
        assert!(matches!(stage, Stage::Running { .. }));
        let stage = Jobs::<Test>::get(theirs[0]).unwrap().stage;
        assert!(matches!(stage, Stage::Assigned { .. }));
    });
}

#[test]
fn batch_should_leave_out_results_that_are_not_accepted() {
    execute(|| {
        let jobs = several(WORKER, 4);
        assert_ok!(claim_batch(WORKER, &jobs[..3]));
        let before = Directory::exposed(&WORKER);
        let results = [
            result_of(jobs[0], 0),
            result_of(jobs[1], MAX_OUTPUT + 1),
            result_of(jobs[2], MAX_OUTPUT),
            result_of(jobs[3], 1),
        ];
        assert_ok!(submit_results(WORKER, &results));
        assert_eq!(
            failures(),
            [
                (jobs[0], Error::<Test>::EmptyOutput.into()),
                (jobs[1], Error::<Test>::OutputTooLong.into()),
                (jobs[3], Error::<Test>::NotClaimed.into()),
            ]
        );
        // What failed has changed nothing: the worker can still deliver.
        assert_ok!(deliver(WORKER, jobs[0]));
        assert_eq!(SEEN.with_borrow(Vec::len), 2);
        assert!(Directory::exposed(&WORKER) <= before);
    });
}

#[test]
fn batch_should_fail_when_nobody_signed_it() {
    execute(|| {
        let none = RuntimeOrigin::none;
        assert_noop!(
            JobEscrow::claim_batch(none(), BoundedVec::default()),
            sp_runtime::DispatchError::BadOrigin
        );
        assert_noop!(
            JobEscrow::submit_results(none(), BoundedVec::default()),
            sp_runtime::DispatchError::BadOrigin
        );
        assert_noop!(
            JobEscrow::report_progress(none(), BoundedVec::default()),
            sp_runtime::DispatchError::BadOrigin
        );
    });
}
