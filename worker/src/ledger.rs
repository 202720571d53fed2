//! What finalised blocks did to this machine: the end of jobs, fees, rewards and penalties.
//!
//! Finalised blocks are read one after the other from where the last process stopped. What a block
//! brought and the mark that it was read are one transaction, so every fee and every reward is in
//! the books exactly once, whenever the process dies.

use crate::{
    jobs::{Book, Record},
    store::{Batch, Cursor, Entry, EntryKind},
};
use aipg_client::{events::ChainEvent, receipts::Receipt};
use subxt::utils::AccountId32;

/// Blocks that are read again when the chain is not the one that was read before. Finality does not
/// allow that; a development node that is killed may lose its last blocks all the same.
pub const REWIND: u32 = 256;

/// A finalised block, as far as the books need it.
pub struct Block<'a> {
    pub cursor: Cursor,
    pub events: &'a [ChainEvent],
    /// Milliseconds since 1970.
    pub time: u64,
    /// Blocks of a round.
    pub round_blocks: u32,
}

/// Whether a block has anything that the books take.
pub fn concerns(book: &Book, event: &ChainEvent, own: &AccountId32) -> bool {
    match event {
        ChainEvent::Claimed { .. } => false,
        ChainEvent::RewardClaimed { worker, .. } | ChainEvent::Penalised { worker, .. } => {
            worker == own
        }
        ChainEvent::Settled { job, worker, .. } => worker == own || book.get(*job).is_some(),
        ChainEvent::ResultSubmitted { job, .. }
        | ChainEvent::Redrawn { job, .. }
        | ChainEvent::Refunded { job, .. } => book.get(*job).is_some(),
    }
}

/// Applies a block to a copy of the book; returns what is to be written and the book after it.
pub fn apply(book: &Book, block: &Block<'_>, own: &AccountId32) -> (Batch, Book) {
    let mut after = book.clone();
    let mut batch = Batch {
        cursor: Some(block.cursor),
        ..Batch::default()
    };
    let mut changed = Vec::new();
    for event in block.events {
        changed.extend(after.finalise(block.cursor.number, event, own));
        batch
            .entries
            .extend(entry(event, &after, block, own, batch.entries.len()));
    }
    changed.sort_unstable();
    changed.dedup();
    batch.jobs = changed
        .into_iter()
        .filter_map(|id| after.get(id).cloned())
        .collect();
    (batch, after)
}

/// Books the end of a job by its receipt, where the block's events can no longer be read; returns what
/// is to be written and the book after it. `time`: of the block, in milliseconds since 1970. The
/// cursor stays where it is: the block is behind it.
pub fn complete(book: &Book, receipt: &Receipt, time: u64, own: &AccountId32) -> (Batch, Book) {
    let mut after = book.clone();
    let event = receipt.event();
    let ended = after.finalise(receipt.finished_at, &event, own);
    let entry = kind(&event, &after, own).map(|kind| Entry {
        block: receipt.finished_at,
        // Unlike any other of the block, because it is of the round.
        index: receipt.index,
        time,
        round: receipt.round,
        kind,
    });
    let batch = Batch {
        jobs: ended
            .and_then(|id| after.get(id).cloned())
            .into_iter()
            .collect(),
        // Only with the job's record, so that it is booked once.
        entries: entry.filter(|_| ended.is_some()).into_iter().collect(),
        ..Batch::default()
    };
    (batch, after)
}

/// What has to be read again when the block at the cursor is not the one that was read: the jobs
/// whose end or delivery is in doubt, and the batch that forgets what followed.
pub fn rewind(book: &Book, stored: Vec<Record>, to: Cursor) -> (Batch, Book) {
    let mut all: Vec<Record> = book.records().cloned().collect();
    all.extend(stored.into_iter().filter(|record| record.end.is_some()));
    let first_lost = to.number.saturating_add(1);
    let mut reopened = Vec::new();
    for record in &mut all {
        if record.reopen(first_lost) {
            reopened.push(record.clone());
        }
    }
    let batch = Batch {
        jobs: reopened,
        cursor: Some(to),
        rewind_to: Some(first_lost),
        ..Batch::default()
    };
    (batch, Book::restore(all))
}

fn entry(
    event: &ChainEvent,
    book: &Book,
    block: &Block<'_>,
    own: &AccountId32,
    index: usize,
) -> Option<Entry> {
    let round_of_block = block
        .cursor
        .number
        .checked_div(block.round_blocks)
        .unwrap_or_default();
    Some(Entry {
        block: block.cursor.number,
        index: u32::try_from(index).unwrap_or(u32::MAX),
        time: block.time,
        round: match event {
            ChainEvent::RewardClaimed { round, .. } => *round,
            _ => round_of_block,
        },
        kind: kind(event, book, own)?,
    })
}

/// What an event brought to `own` or took from it, if anything. The record of a job says whether it is public.
fn kind(event: &ChainEvent, book: &Book, own: &AccountId32) -> Option<EntryKind> {
    match event {
        ChainEvent::Settled {
            job,
            worker,
            units,
            fee,
            to_worker,
        } if worker == own => Some(EntryKind::Fee {
            job: *job,
            units: *units,
            fee: *fee,
            amount: *to_worker,
            is_public: book.get(*job).is_some_and(|record| record.job.is_public),
        }),
        ChainEvent::RewardClaimed {
            worker,
            amount,
            ceiling,
            ..
        } if worker == own => Some(EntryKind::Reward {
            amount: *amount,
            ceiling: (*ceiling).to_owned(),
        }),
        ChainEvent::Penalised {
            worker,
            fault,
            amount,
        } if worker == own => Some(EntryKind::Penalty {
            amount: *amount,
            fault: (*fault).to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
