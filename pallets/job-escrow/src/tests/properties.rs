//! Random operations: the books hold after every block and every job ends.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Submit {
        price: Balance,
        time: u64,
        drawn: Option<bool>,
    },
    Claim(u8),
    Deliver(u8, u32),
    Missing(u8),
    Publish(u8, u32),
    Refute(u8),
    Wait(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..2 * PRICE, 0..60u64, proptest::option::of(any::<bool>()))
            .prop_map(|(price, time, drawn)| Step::Submit { price, time, drawn }),
        any::<u8>().prop_map(Step::Claim),
        (any::<u8>(), 0..40u32).prop_map(|(job, count)| Step::Deliver(job, count)),
        any::<u8>().prop_map(Step::Missing),
        (any::<u8>(), PROMPT - 1..PROMPT + 2).prop_map(|(job, count)| Step::Publish(job, count)),
        any::<u8>().prop_map(Step::Refute),
        (1..8u8).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..80)
}

proptest! {
    #[test]
    fn books_should_hold_and_every_job_should_end(steps in steps()) {
        execute(|| {
            // Longer than a run: nobody has to be heard of before, and what is demanded ends in time.
            PROGRESS.set(3 * RUN_WINDOW);
            let imported = Balances::total_issuance();
            for step in steps {
                let job = |byte: u8| u64::from(byte) % NextJob::<Test>::get().max(1);
                let worker = |byte: u8| if byte & 1 == 0 { WORKER } else { OTHER_WORKER };
                match step {
                    Step::Submit { price, time, drawn } => {
                        let mut order = Order::new();
                        order.max_price = price;
                        order.deadline = System::block_number() + time;
                        if order.submit().is_ok() {
                            if let Some(first) = drawn {
                                next_draw(if first { WORKER } else { OTHER_WORKER });
                            }
                        }
                    },
                    Step::Claim(byte) => {
                        let origin = RuntimeOrigin::signed(worker(byte));
                        let _ = JobEscrow::claim(origin, job(byte));
                    },
                    Step::Deliver(byte, count) => {
                        let origin = RuntimeOrigin::signed(worker(byte));
                        let digest = H256::zero();
                        let _ = JobEscrow::submit_result(origin, job(byte), tokens(count), digest, None);
                    },
                    Step::Missing(byte) => {
                        let origin = RuntimeOrigin::signed(worker(byte));
                        let _ = JobEscrow::input_unavailable(origin, job(byte));
                    },
                    Step::Publish(byte, count) => {
                        let id = job(byte);
                        let waits = Jobs::<Test>::get(id).is_some_and(|job| {
                            matches!(job.stage, Stage::Demanded { .. })
                                && System::block_number() < job.due
                        });
                        let published = JobEscrow::publish_input(
                            RuntimeOrigin::signed(REQUESTER),
                            id,
                            BoundedVec::truncate_from(ids(count)),
                        );
                        assert_eq!(published.is_ok(), waits && count == PROMPT);
                    },
                    Step::Refute(byte) => {
                        let id = job(byte);
                        let doubtful = JobEscrow::delivered(id).is_some();
                        assert_eq!(JobEscrow::refute(id, true).is_ok(), doubtful);
                    },
                    Step::Wait(blocks) => run_to(System::block_number() + u64::from(blocks)),
                }
                JobEscrow::do_try_state().unwrap();
            }
            run_to(System::block_number() + 300);
            assert_eq!(Jobs::<Test>::iter().count(), 0);
            assert_eq!(held(REQUESTER), 0);
            // Every job that was ever accepted has exactly one receipt.
            let mut finished: Vec<_> = receipts().iter().map(|receipt| receipt.job).collect();
            finished.sort_unstable();
            assert_eq!(finished, (0..NextJob::<Test>::get()).collect::<Vec<_>>());
            let burned: Balance = events()
                .iter()
                .map(|event| match event {
                    Event::JobSettled { burned, .. } => *burned,
                    _ => 0,
                })
                .sum();
            assert_eq!(Balances::total_issuance() + burned, imported);
        });
    }
}
