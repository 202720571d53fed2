use super::*;
use aipg_client::{Hash, TokenList};

fn job(id: u64, stage: Stage, due: u32) -> Job {
    Job {
        id,
        stage,
        due,
        model: Hash([1; 32]),
        input: TokenList {
            blob: Hash([2; 32]),
            root: Hash([3; 32]),
            count: 2,
        },
        max_output: 8,
        stop: vec![258],
        ask: None,
    }
}

fn answer() -> Answer {
    Answer {
        tokens: vec![65, 258],
        digest: [9; 32],
    }
}

fn book(stage: Stage, now: u32) -> Book {
    let mut book = Book::default();
    book.observe(vec![job(7, stage, 110)], now);
    book
}

#[test]
fn job_should_go_from_fetch_to_delivery() {
    let mut book = book(Stage::Assigned, 100);
    assert_eq!(book.steps(100), [(7, Step::Fetch)]);
    book.input_ready(7, vec![1, 2]);
    assert_eq!(book.steps(100), [(7, Step::Claim)]);
    book.done(7, Step::Claim, 101);

    book.observe(vec![job(7, Stage::Running, 140)], 101);
    assert_eq!(book.steps(101), [(7, Step::Compute)]);
    let (input, ticket) = book.start(7).unwrap();
    assert_eq!(input, [1, 2]);
    assert_eq!(book.steps(101), [], "one run is enough");
    assert_eq!(book.start(7), None, "and none can be started beside it");

    assert!(book.finished(7, ticket, answer()));
    assert_eq!(book.steps(101), [(7, Step::Deliver)]);
    book.done(7, Step::Deliver, 103);
    book.observe(vec![job(7, Stage::Delivered, 120)], 103);
    assert_eq!(book.steps(103), []);
    assert_eq!(book.unfinished(), 0);
    book.observe(vec![], 120);
    assert!(book.get(7).is_none());
}

#[test]
fn step_should_not_repeat_when_the_chain_was_read_before_its_block() {
    let mut book = book(Stage::Assigned, 100);
    book.input_ready(7, vec![1, 2]);
    book.done(7, Step::Claim, 102);
    for now in [100, 101, 102] {
        book.observe(vec![job(7, Stage::Assigned, 110)], now);
        assert_eq!(book.steps(now), []);
    }
}

#[test]
fn step_should_repeat_when_a_reorganisation_took_it_away() {
    let mut book = book(Stage::Assigned, 100);
    book.input_ready(7, vec![1, 2]);
    book.done(7, Step::Claim, 102);
    book.observe(vec![job(7, Stage::Assigned, 110)], 103);
    assert_eq!(book.steps(103), [(7, Step::Claim)]);

    book.observe(vec![job(7, Stage::Running, 140)], 104);
    let (_, ticket) = book.start(7).unwrap();
    book.observe(vec![job(7, Stage::Assigned, 110)], 105);
    assert_eq!(
        book.steps(105),
        [(7, Step::Claim)],
        "the run goes on beside the claim"
    );
    assert!(book.finished(7, ticket, answer()));
    book.observe(vec![job(7, Stage::Running, 140)], 106);
    assert_eq!(book.steps(106), [(7, Step::Deliver)]);
    book.done(7, Step::Deliver, 107);
    book.observe(vec![job(7, Stage::Running, 140)], 108);
    assert_eq!(book.steps(108), [(7, Step::Deliver)]);
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
    assert_eq!(book.steps(100), [(7, Step::ReportInput)]);
    book.done(7, Step::ReportInput, 101);
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
    assert_eq!(book.steps(103), [(7, Step::ReportInput)]);
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
    assert_eq!(book.steps(101), [(7, Step::Claim)]);
    assert!(!book.failed(7, 101));
    assert_eq!(book.steps(102), []);
    assert_eq!(book.steps(103), [(7, Step::Claim)]);
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
fn result_should_be_dropped_when_the_job_was_withdrawn() {
    let mut book = book(Stage::Running, 100);
    book.input_ready(7, vec![1, 2]);
    let (_, ticket) = book.start(7).unwrap();
    book.observe(vec![], 101);
    assert!(!book.finished(7, ticket, answer()));

    // The same job comes back by another draw: the old run's result is not the new run's.
    book.observe(vec![job(7, Stage::Running, 150)], 102);
    book.input_ready(7, vec![1, 2]);
    let (_, second) = book.start(7).unwrap();
    assert_ne!(ticket, second);
    assert!(!book.finished(7, ticket, answer()));
    assert!(!book.run_failed(7, ticket));
    assert!(book.finished(7, second, answer()));
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
