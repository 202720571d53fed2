use super::*;
use crate::jobs::tests::job;
use aipg_client::{receipts::Outcome, Amount, Hash, Stage};

const OWN: AccountId32 = AccountId32([7; 32]);
const OTHER: AccountId32 = AccountId32([8; 32]);

fn book() -> Book {
    let mut book = Book::default();
    book.observe(vec![job(1, Stage::Running, 50)], 10);
    book
}

fn cursor(number: u32) -> Cursor {
    Cursor {
        number,
        hash: Hash([number as u8; 32]),
    }
}

fn block(number: u32, events: &[ChainEvent]) -> Block<'_> {
    Block {
        cursor: cursor(number),
        events,
        time: 123,
        round_blocks: 10,
    }
}

fn settled(job: u64, worker: AccountId32) -> ChainEvent {
    ChainEvent::Settled {
        job,
        worker,
        units: 5,
        fee: Amount(100),
        to_worker: Amount(92),
    }
}

#[test]
fn block_should_bring_fees_rewards_and_penalties_of_this_machine_only() {
    let reward = |worker| ChainEvent::RewardClaimed {
        round: 2,
        worker,
        amount: Amount(7),
        ceiling: "fee",
    };
    let penalty = |worker| ChainEvent::Penalised {
        worker,
        fault: "ClaimMissed",
        amount: Amount(3),
    };
    let events = [
        settled(1, OWN),
        settled(2, OTHER),
        reward(OTHER),
        reward(OWN),
        penalty(OTHER),
        penalty(OWN),
    ];
    let (batch, after) = apply(&book(), &block(35, &events), &OWN);
    assert_eq!(batch.cursor, Some(cursor(35)));
    let lines: Vec<_> = batch
        .entries
        .iter()
        .map(|entry| (entry.block, entry.index, entry.round))
        .collect();
    // A fee belongs to the round of its block, a reward to the round it rewards.
    assert_eq!(lines, [(35, 0, 3), (35, 1, 2), (35, 2, 3)]);
    assert!(matches!(
        batch.entries[0].kind,
        EntryKind::Fee {
            job: 1,
            units: 5,
            amount: Amount(92),
            ..
        }
    ));
    assert_eq!(batch.jobs.len(), 1);
    assert_eq!(after.get(1).unwrap().state(), "Settled");
}

#[test]
fn fee_should_be_booked_when_the_record_of_its_job_is_lost() {
    let events = [settled(9, OWN)];
    let (batch, _) = apply(&Book::default(), &block(35, &events), &OWN);
    assert_eq!((batch.entries.len(), batch.jobs.len()), (1, 0));
}

#[test]
fn block_should_concern_this_machine_by_worker_or_by_job() {
    let book = book();
    assert!(concerns(&book, &settled(9, OWN), &OWN));
    assert!(concerns(&book, &settled(1, OTHER), &OWN));
    assert!(!concerns(&book, &settled(9, OTHER), &OWN));
    let redrawn = |job| ChainEvent::Redrawn {
        job,
        worker: OWN,
        fault: None,
    };
    assert!(concerns(&book, &redrawn(1), &OWN));
    assert!(!concerns(&book, &redrawn(9), &OWN));
    let claimed = ChainEvent::Claimed {
        job: 1,
        worker: OWN,
    };
    assert!(!concerns(&book, &claimed, &OWN));
}

#[test]
fn jobs_should_be_open_again_when_the_blocks_that_ended_them_are_lost() {
    let events = [settled(1, OWN)];
    let (batch, mut after) = apply(&book(), &block(35, &events), &OWN);
    after.forget_ended();
    let stored = batch.jobs;
    let (batch, reopened) = rewind(&after, stored.clone(), cursor(20));
    assert_eq!(batch.rewind_to, Some(21));
    assert_eq!(batch.cursor, Some(cursor(20)));
    assert_eq!(batch.jobs.len(), 1);
    assert_eq!(reopened.get(1).unwrap().end, None);

    let (batch, untouched) = rewind(&after, stored, cursor(35));
    assert!(batch.jobs.is_empty());
    assert!(untouched.get(1).is_none(), "block 35 still holds its end");
    assert_eq!(batch.rewind_to, Some(36));
}

fn receipt(job: u64, outcome: Outcome) -> Receipt {
    Receipt {
        job,
        round: 3,
        index: 4,
        finished_at: 35,
        outcome,
    }
}

fn paid(worker: AccountId32) -> Outcome {
    Outcome::Paid {
        worker,
        units: 5,
        fee: Amount(100),
    }
}

/// The book of a worker that was away when job 1 ended.
fn away() -> Book {
    let mut book = book();
    book.end_unseen(1);
    book.forget_ended();
    book
}

#[test]
fn receipt_should_bring_the_fee_of_a_job_that_ended_unseen() {
    let (batch, mut after) = complete(&away(), &receipt(1, paid(OWN)), 123, &OWN);
    assert_eq!(batch.cursor, None, "the block is behind the cursor");
    let entry = Entry {
        block: 35,
        index: 4,
        time: 123,
        round: 3,
        kind: EntryKind::Fee {
            job: 1,
            units: 5,
            fee: Amount(100),
            amount: Amount(92),
            is_public: false,
        },
    };
    assert_eq!(batch.entries, [entry]);
    assert_eq!(batch.jobs[0].state(), "Settled");
    after.forget_ended();
    assert!(after.unseen().is_empty());

    let (again, _) = complete(&after, &receipt(1, paid(OWN)), 123, &OWN);
    assert!(again.entries.is_empty() && again.jobs.is_empty(), "once");
}

#[test]
fn receipt_should_bring_no_fee_when_another_machine_was_paid_or_nobody() {
    let refunded = Outcome::Refunded {
        reason: "DeadlineUnreachable",
    };
    for (outcome, state) in [(paid(OTHER), "Lost"), (refunded, "Refunded")] {
        let (batch, _) = complete(&away(), &receipt(1, outcome), 123, &OWN);
        assert!(batch.entries.is_empty());
        assert_eq!(batch.jobs[0].state(), state);
    }
}

#[test]
fn fee_should_be_forgotten_and_booked_anew_when_the_block_of_a_receipt_is_read_again() {
    let (batch, mut after) = complete(&away(), &receipt(1, paid(OWN)), 123, &OWN);
    after.forget_ended();
    let (batch, reopened) = rewind(&after, batch.jobs, cursor(20));
    assert_eq!(batch.rewind_to, Some(21), "the entry of block 35 goes");
    assert_eq!(reopened.get(1).unwrap().end, None);
    let events = [settled(1, OWN)];
    let (batch, _) = apply(&reopened, &block(35, &events), &OWN);
    assert_eq!((batch.entries.len(), batch.jobs.len()), (1, 1));
}
