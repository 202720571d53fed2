use super::*;
use aipg_client::events::ChainEvent;
use aipg_client::{Hash, Sampling, TokenList};
use subxt::utils::AccountId32;

const OWN: AccountId32 = AccountId32([7; 32]);

pub(crate) fn job(id: u64, stage: Stage, due: u32) -> Job {
    Job {
        id,
        stage,
        worker: None,
        due,
        deliver_by: None,
        model: Hash([1; 32]),
        input: TokenList {
            blob: Hash([2; 32]),
            root: Hash([3; 32]),
            count: 2,
        },
        input_provider: None,
        max_output: 8,
        stop: vec![258],
        seed: 0,
        sampling: Sampling::Greedy,
        ask: None,
        is_public: false,
    }
}

pub(super) fn answer() -> Answer {
    Answer {
        tokens: vec![65, 258],
        digest: [9; 32],
    }
}

fn call(nonce: u64) -> SignedCall {
    SignedCall {
        name: "jobEscrow.claim".into(),
        nonce,
        hash: Hash([nonce as u8; 32]),
        born: 90,
        dies: 346,
        bytes: vec![1],
    }
}

fn at(number: u32) -> Inclusion {
    Inclusion {
        block: Hash([number as u8; 32]),
        number,
    }
}

/// Signs and sends, and a best block holds it.
fn say(book: &mut Book, action: Action, now: u32, block: u32) {
    assert_eq!(book.steps(now), [(7, Step::Sign(action))]);
    book.signed(7, action, call(block.into()));
    assert_eq!(book.steps(now), [(7, Step::Send(action))]);
    book.sending(7, action);
    book.included(7, action, at(block), false, now);
}

fn state(book: &Book) -> &'static str {
    book.get(7).unwrap().state()
}

fn book(stage: Stage, now: u32) -> Book {
    let mut book = Book::default();
    book.observe(vec![job(7, stage, 110)], now);
    book
}

#[test]
fn job_should_go_from_fetch_to_payment() {
    let mut book = book(Stage::Assigned, 100);
    assert_eq!(book.steps(100), [(7, Step::Fetch)]);
    assert_eq!(state(&book), "Seen");
    book.input_ready(7, vec![1, 2]);
    assert_eq!(state(&book), "Fetched");
    say(&mut book, Action::Claim, 100, 101);
    assert_eq!(state(&book), "Claimed");

    book.observe(vec![job(7, Stage::Running, 140)], 101);
    assert_eq!(book.steps(101), [(7, Step::Compute)]);
    let (input, ticket) = book.start(7).unwrap();
    assert_eq!(input, [1, 2]);
    assert_eq!(book.steps(101), [], "one run is enough");
    assert_eq!(book.start(7), None, "and none can be started beside it");

    assert!(book.finished(7, ticket, answer()));
    assert_eq!(state(&book), "Computed");
    assert_eq!(book.steps(101), [(7, Step::Publish)]);
    book.published(7);
    assert_eq!(state(&book), "Published");
    say(&mut book, Action::Deliver, 101, 103);
    assert_eq!(state(&book), "ResultSubmitted");
    // Delivered jobs are not listed any more.
    book.observe(vec![], 103);
    assert_eq!(book.steps(103), []);
    assert_eq!(book.unfinished(), 0);

    let delivered = ChainEvent::ResultSubmitted {
        job: 7,
        worker: OWN,
        digest: Hash([9; 32]),
        units: 3,
        fee: Amount(10),
        settles_at: 118,
    };
    assert_eq!(book.finalise(103, &delivered, &OWN), Some(7));
    assert_eq!(state(&book), "Delivered");
    assert_eq!(book.challengeable(), Some((1, 118)));
    let settled = ChainEvent::Settled {
        job: 7,
        worker: OWN,
        units: 3,
        fee: Amount(10),
        to_worker: Amount(9),
    };
    assert_eq!(book.finalise(118, &settled, &OWN), Some(7));
    assert_eq!(book.challengeable(), None);
    assert_eq!(state(&book), "Settled");
    let stored = book.get(7).unwrap().to_stored();
    assert_eq!(
        (stored.progress, stored.calls.len()),
        (Progress::Waiting, 0)
    );
    book.forget_ended();
    assert!(book.get(7).is_none());
}

#[test]
fn step_should_not_repeat_when_the_chain_was_read_before_its_block() {
    let mut book = book(Stage::Assigned, 100);
    book.input_ready(7, vec![1, 2]);
    say(&mut book, Action::Claim, 100, 102);
    for now in [100, 101, 102] {
        book.observe(vec![job(7, Stage::Assigned, 110)], now);
        assert_eq!(book.steps(now), []);
    }
}

#[test]
fn call_should_be_sent_again_and_not_signed_again_when_a_reorganisation_took_it_away() {
    let mut book = book(Stage::Assigned, 100);
    book.input_ready(7, vec![1, 2]);
    say(&mut book, Action::Claim, 100, 102);
    book.observe(vec![job(7, Stage::Assigned, 110)], 103);
    assert_eq!(book.steps(103), [(7, Step::Send(Action::Claim))]);

    book.observe(vec![job(7, Stage::Running, 140)], 104);
    let (_, ticket) = book.start(7).unwrap();
    book.observe(vec![job(7, Stage::Assigned, 110)], 105);
    assert_eq!(
        book.steps(105),
        [(7, Step::Send(Action::Claim))],
        "the run goes on beside the claim"
    );
    assert!(book.finished(7, ticket, answer()));
    book.observe(vec![job(7, Stage::Running, 140)], 106);
    book.published(7);
    say(&mut book, Action::Deliver, 106, 107);
    book.observe(vec![job(7, Stage::Running, 140)], 108);
    assert_eq!(book.steps(108), [(7, Step::Send(Action::Deliver))]);
}

#[test]
fn call_should_be_signed_again_when_the_first_one_can_never_be_included() {
    let mut book = book(Stage::Assigned, 100);
    book.input_ready(7, vec![1, 2]);
    book.signed(7, Action::Claim, call(5));
    book.void(7, Action::Claim);
    assert_eq!(book.steps(100), [(7, Step::Sign(Action::Claim))]);
}

#[test]
fn call_should_be_signed_again_when_the_job_came_back_after_a_final_one() {
    let mut book = book(Stage::Assigned, 100);
    book.input_ready(7, vec![1, 2]);
    say(&mut book, Action::Claim, 100, 101);
    // Not delivered in time, and drawn for the same machine again.
    book.observe(vec![job(7, Stage::Assigned, 160)], 150);
    assert_eq!(book.steps(150), [(7, Step::Send(Action::Claim))]);
    book.included(7, Action::Claim, at(101), true, 150);
    assert_eq!(book.steps(150), [(7, Step::Sign(Action::Claim))]);
}

#[test]
fn answer_should_be_kept_when_the_chain_takes_the_job_away() {
    let mut book = book(Stage::Running, 100);
    book.input_ready(7, vec![1, 2]);
    let (_, ticket) = book.start(7).unwrap();
    book.observe(vec![], 101);
    assert!(book.finished(7, ticket, answer()));
    let lost = ChainEvent::Redrawn {
        job: 7,
        worker: OWN,
        fault: Some("ResultMissed"),
    };
    assert_eq!(book.finalise(101, &lost, &OWN), Some(7));
    book.observe(vec![job(7, Stage::Assigned, 150)], 110);
    say(&mut book, Action::Claim, 110, 111);
    book.observe(vec![job(7, Stage::Running, 190)], 111);
    assert_eq!(book.steps(111), [(7, Step::Publish)], "no second run");
    assert_eq!(book.get(7).unwrap().losses, ["ResultMissed"]);
}

#[test]
fn restored_book_should_wait_for_the_chain_and_go_on_where_it_was() {
    let mut before = book(Stage::Running, 100);
    before.input_ready(7, vec![1, 2]);
    before.start(7).unwrap();
    let stored = before.get(7).unwrap().to_stored();
    assert_eq!(stored.progress, Progress::Ready(vec![1, 2]));
    let mut after = Book::restore([stored]);
    assert_eq!(after.steps(200), []);
    assert_eq!(after.unlisted(), [7]);
    assert!(after
        .observe(vec![job(7, Stage::Running, 140)], 101)
        .is_empty());
    assert_eq!(after.steps(101), [(7, Step::Compute)]);
}

#[test]
fn job_should_be_lost_when_another_machine_is_paid_or_it_is_refunded() {
    let other = AccountId32([8; 32]);
    let settled = ChainEvent::Settled {
        job: 7,
        worker: other,
        units: 3,
        fee: Amount(10),
        to_worker: Amount(9),
    };
    let refunded = ChainEvent::Refunded {
        job: 7,
        reason: "DeadlineUnreachable",
    };
    for (event, expected) in [(settled, "Lost"), (refunded, "Refunded")] {
        let mut book = book(Stage::Assigned, 100);
        assert_eq!(book.finalise(120, &event, &OWN), Some(7));
        assert_eq!(state(&book), expected);
        assert_eq!(book.steps(120), []);
    }
    let mut book = book(Stage::Assigned, 100);
    book.end_unseen(7);
    assert_eq!(state(&book), "EndedUnseen");
    assert_eq!((book.unseen(), book.unlisted()), (vec![7], vec![]));
    book.forget_ended();
    let stored = book.get(7).unwrap().to_stored();
    let mut after = Book::restore([stored]);
    assert_eq!(
        after.unseen(),
        [7],
        "until a receipt tells, also after a restart"
    );
    after.observe(Vec::new(), 121);
    assert_eq!((after.unlisted(), after.steps(121)), (vec![], vec![]));
}

#[test]
fn end_should_be_forgotten_when_its_block_is_lost() {
    let mut book = book(Stage::Assigned, 100);
    let refunded = ChainEvent::Refunded {
        job: 7,
        reason: "DeadlineUnreachable",
    };
    book.finalise(120, &refunded, &OWN);
    let mut record = book.get(7).unwrap().clone();
    assert!(!record.reopen(121), "the block is still there");
    assert!(record.reopen(120));
    assert_eq!(record.end, None);
}

#[test]
fn job_should_be_computed_when_the_worker_restarted_after_its_claim() {
    let mut book = book(Stage::Running, 100);
    assert_eq!(book.steps(100), [(7, Step::Fetch)]);
    book.input_ready(7, vec![1, 2]);
    assert_eq!(book.steps(100), [(7, Step::Compute)]);
}

#[test]
fn wrong_input_should_be_reported_at_once() {
    let mut book = book(Stage::Assigned, 100);
    book.input_wrong(7);
    say(&mut book, Action::ReportInput, 100, 101);
    book.observe(vec![], 101);
    assert_eq!(book.steps(101), []);
}

#[test]
fn missing_input_should_be_reported_after_a_quarter_of_the_window() {
    // The window is 100..112: a quarter is three blocks.
    let mut book = Book::default();
    book.observe(vec![job(7, Stage::Assigned, 112)], 100);
    for now in 100..103 {
        assert_eq!(book.steps(now), [(7, Step::Fetch)]);
        book.input_missing(7, now);
        assert_eq!(book.steps(now), [], "once a block");
    }
    book.input_missing(7, 103);
    assert_eq!(book.steps(103), [(7, Step::Sign(Action::ReportInput))]);
}

#[test]
fn missing_input_should_not_be_reported_after_the_claim() {
    let mut book = book(Stage::Running, 100);
    book.input_missing(7, 109);
    assert_eq!(book.steps(109), []);
    assert_eq!(book.steps(110), [(7, Step::Fetch)]);
}

#[test]
fn failing_step_should_back_off_and_be_given_up() {
    let mut book = book(Stage::Assigned, 100);
    book.input_ready(7, vec![1, 2]);
    assert!(!book.failed(7, 100));
    assert_eq!(book.steps(100), []);
    assert_eq!(book.steps(101), [(7, Step::Sign(Action::Claim))]);
    assert!(!book.failed(7, 101));
    assert_eq!(book.steps(102), []);
    assert_eq!(book.steps(103), [(7, Step::Sign(Action::Claim))]);
    assert_eq!(book.unfinished(), 1);
    assert!(book.failed(7, 103));
    assert_eq!(book.steps(1_000), []);
    assert_eq!(book.unfinished(), 0);
}

#[test]
fn postponed_step_should_come_back_at_the_next_block_without_limit() {
    let mut book = book(Stage::Assigned, 100);
    for now in 100..120 {
        assert_eq!(book.steps(now), [(7, Step::Fetch)]);
        book.postpone(7, now);
        assert_eq!(book.steps(now), []);
    }
}

#[test]
fn result_should_be_dropped_when_it_is_of_another_run() {
    let mut book = book(Stage::Running, 100);
    book.input_ready(7, vec![1, 2]);
    let (_, ticket) = book.start(7).unwrap();
    book.input_ready(7, vec![1, 2]);
    let (_, second) = book.start(7).unwrap();
    assert_ne!(ticket, second);
    assert!(!book.finished(7, ticket, answer()));
    assert!(!book.run_failed(7, ticket));
    assert!(book.finished(7, second, answer()));
}

#[test]
fn input_should_be_looked_for_again_when_it_was_demanded_and_published() {
    let mut book = book(Stage::Assigned, 100);
    book.input_wrong(7);
    say(&mut book, Action::ReportInput, 100, 101);
    book.observe(vec![job(7, Stage::Demanded, 130)], 101);
    assert_eq!(book.steps(102), []);
    assert_eq!(book.unfinished(), 1);
    book.observe(vec![job(7, Stage::Assigned, 120)], 105);
    assert_eq!(book.steps(105), [(7, Step::Fetch)]);
}

#[test]
fn input_should_be_looked_for_again_when_the_job_comes_back() {
    let mut book = book(Stage::Assigned, 100);
    book.input_wrong(7);
    book.observe(vec![], 101);
    book.observe(vec![job(7, Stage::Assigned, 130)], 120);
    assert_eq!(book.steps(120), [(7, Step::Fetch)]);
    book.input_missing(7, 120);
    assert_eq!(book.steps(120), [], "patience begins anew");
}

#[test]
fn job_should_be_given_up_when_its_run_failed() {
    let mut book = book(Stage::Running, 100);
    book.input_ready(7, vec![1, 2]);
    let (_, ticket) = book.start(7).unwrap();
    assert!(book.run_failed(7, ticket));
    assert_eq!(book.steps(200), []);
}

#[test]
fn steps_should_be_ordered_by_urgency() {
    let mut book = Book::default();
    book.observe(
        vec![
            job(1, Stage::Assigned, 130),
            job(2, Stage::Assigned, 110),
            job(3, Stage::Delivered, 105),
            job(4, Stage::Queued, 101),
            job(5, Stage::Running, 110),
        ],
        100,
    );
    assert_eq!(
        book.steps(100),
        [(2, Step::Fetch), (5, Step::Fetch), (1, Step::Fetch)]
    );
    assert_eq!(book.unfinished(), 3);
    book.give_up(2);
    assert_eq!(book.steps(100), [(5, Step::Fetch), (1, Step::Fetch)]);
}

#[test]
fn steps_should_be_batched_when_one_call_can_say_the_same() {
    let claim = Step::Sign(Action::Claim);
    let deliver = Step::Sign(Action::Deliver);
    let steps = vec![
        (1, claim),
        (2, Step::Fetch),
        (3, deliver),
        (4, claim),
        (5, Step::Send(Action::Claim)),
        (6, claim),
    ];
    let (batches, others) = Book::batches(steps);
    assert_eq!(batches, [(Action::Claim, vec![1, 4, 6])]);
    // One result is no batch, and what is signed already has a call of its own.
    assert_eq!(
        others,
        [
            (2, Step::Fetch),
            (5, Step::Send(Action::Claim)),
            (3, deliver)
        ]
    );
}

#[test]
fn batch_should_be_divided_when_it_is_more_than_a_call_can_hold() {
    let steps = (0..130)
        .map(|id| (id, Step::Sign(Action::Deliver)))
        .collect();
    let (batches, others) = Book::batches(steps);
    let sizes: Vec<_> = batches.iter().map(|(_, ids)| ids.len()).collect();
    assert_eq!(sizes, [64, 64, 2]);
    assert_eq!(others, []);
}

#[test]
fn progress_should_be_reported_when_half_of_the_time_for_it_is_over() {
    let mut book = Book::default();
    let running = |due: u32, deliver_by| Job {
        deliver_by: Some(deliver_by),
        ..job(due.into(), Stage::Running, due)
    };
    // A long job, one that ends with its time to deliver, and one that is not claimed.
    let jobs = vec![
        running(120, 300),
        running(110, 110),
        job(5, Stage::Assigned, 101),
    ];
    book.observe(jobs, 100);
    assert_eq!(book.to_report(104, 30), Vec::<u64>::new());
    assert_eq!(book.to_report(105, 30), [120]);
    assert_eq!(book.to_report(119, 30), [120]);
    // Nothing is said of a job that was given up, or that the chain no longer lists.
    book.give_up(120);
    assert_eq!(book.to_report(119, 30), Vec::<u64>::new());
}
