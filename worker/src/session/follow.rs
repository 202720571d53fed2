//! Reading what finalised blocks did, from where the last process stopped.

use super::{SessionError, Worker};
use crate::{
    ledger::{self, Block, REWIND},
    pause::{self, Place},
    store::{Batch, Cursor},
};
use aipg_client::{events::ChainEvent, ChainError, Client, State};
use subxt::utils::AccountId32;

/// Finalised blocks that are read at a time, so that jobs come first.
const STRIDE: u32 = 64;

impl Worker {
    /// Books what became final since the last look, at most [`STRIDE`] blocks of it.
    pub(super) async fn follow(&mut self, client: &Client) -> Result<(), SessionError> {
        let finalised = client.finalised().await?;
        self.bind(client, &finalised).await?;
        let Some(cursor) = self.journal.cursor() else {
            // Nothing that came before the first start concerns this database.
            let batch = Batch {
                cursor: Some(cursor_at(&finalised)),
                ..Batch::default()
            };
            let book = self.journal.book.clone();
            self.journal.finalise(batch, book)?;
            return Ok(());
        };
        if finalised.number() < cursor.number {
            // This node is behind the one before it.
            return Ok(());
        }
        if client.block_hash(cursor.number).await? != Some(cursor.hash) {
            return self.rewind(client, cursor).await;
        }
        let last = finalised.number().min(cursor.number.saturating_add(STRIDE));
        let mut number = cursor.number;
        let mut read = cursor;
        while number < last {
            number = number.saturating_add(1);
            let (state, events) = match read_block(client, number).await {
                Err(ChainError::Pruned(_)) => return self.skip(client, number, &finalised).await,
                block => block?,
            };
            read = cursor_at(&state);
            let concerns =
                |event: &ChainEvent| ledger::concerns(&self.journal.book, event, &self.account);
            if events.iter().any(concerns) && !self.book_block(client, &state, &events).await? {
                return Ok(());
            }
        }
        if self.journal.cursor() != Some(read) {
            let batch = Batch {
                cursor: Some(read),
                ..Batch::default()
            };
            let book = self.journal.book.clone();
            self.journal.finalise(batch, book)?;
        }
        Ok(())
    }

    /// Ties the database to the chain as soon as its first block is final.
    async fn bind(&mut self, client: &Client, finalised: &State) -> Result<(), SessionError> {
        let first = match finalised.number() {
            0 => None,
            _ => client.block_hash(1).await?,
        };
        match self.journal.bind_chain(client.genesis(), first) {
            Err(error) if error.is_disk_full() => Ok(()),
            bound => Ok(bound?),
        }
    }

    /// Books a block; `false`: it could not be stored and is read again.
    async fn book_block(
        &mut self,
        client: &Client,
        state: &State,
        events: &[ChainEvent],
    ) -> Result<bool, SessionError> {
        let block = Block {
            cursor: cursor_at(state),
            events,
            time: state.time().await?,
            round_blocks: client.constants().round_blocks,
        };
        let (batch, book) = ledger::apply(&self.journal.book, &block, &self.account);
        let entries = batch.entries.clone();
        let ended: Vec<_> = batch
            .jobs
            .iter()
            .filter(|record| record.end.is_some())
            .map(|record| (record.job.id, record.state()))
            .collect();
        let places = places(events, &self.account);
        for (before, _) in &places {
            pause::at(*before).await;
        }
        if !self.journal.finalise(batch, book)? {
            return Ok(false);
        }
        for (_, after) in &places {
            pause::at(*after).await;
        }
        self.metrics.book(&entries);
        for (job, state) in ended {
            self.metrics.job_ended(state);
            tracing::info!(job, state, block = block.cursor.number, "job ended");
        }
        for entry in entries {
            tracing::info!(block = entry.block, round = entry.round, entry = ?entry.kind, "booked");
        }
        Ok(true)
    }

    /// The node no longer has the events of block `missing`: goes on where it has them, and closes
    /// the jobs that ended in between.
    async fn skip(
        &mut self,
        client: &Client,
        missing: u32,
        finalised: &State,
    ) -> Result<(), SessionError> {
        // States are pruned from the oldest on.
        let (mut low, mut high) = (missing.saturating_add(1), finalised.number());
        while low < high {
            let middle = low + (high - low) / 2;
            match read_block(client, middle).await {
                Ok(_) => high = middle,
                Err(ChainError::Pruned(_)) => low = middle.saturating_add(1),
                Err(error) => return Err(error.into()),
            }
        }
        let mut book = self.journal.book.clone();
        let mut batch = Batch {
            cursor: Some(cursor_of(client, low.saturating_sub(1)).await?),
            ..Batch::default()
        };
        let first_kept = client.at_number(low).await?;
        for id in book.unlisted() {
            if first_kept.job(id).await?.is_none() {
                book.end_unseen(id);
                batch.jobs.extend(book.get(id).cloned());
            }
        }
        tracing::warn!(
            from = missing,
            to = low.saturating_sub(1),
            jobs = batch.jobs.len(),
            "the node no longer has the states of these blocks: what jobs brought is booked by their receipts, penalties and claimed rewards are not"
        );
        for _ in &batch.jobs {
            self.metrics.job_ended("EndedUnseen");
        }
        self.journal.finalise(batch, book)?;
        Ok(())
    }

    /// The chain is not the one that was read: reads the last blocks again.
    async fn rewind(&mut self, client: &Client, cursor: Cursor) -> Result<(), SessionError> {
        let number = cursor.number.saturating_sub(REWIND);
        let to = cursor_of(client, number).await?;
        tracing::error!(
            block = cursor.number,
            again_from = number,
            "the node's final blocks are not those that were read before: reading them again"
        );
        let stored = self.journal.contents()?.jobs;
        let (batch, book) = ledger::rewind(&self.journal.book, stored, to);
        self.journal.finalise(batch, book)?;
        Ok(())
    }
}

/// A block with its events; [`ChainError::Pruned`] if the node no longer has its state.
async fn read_block(client: &Client, number: u32) -> Result<(State, Vec<ChainEvent>), ChainError> {
    let state = client.at_number(number).await?;
    let events = state.events().await?;
    Ok((state, events))
}

/// The mark of a block whose state may be gone.
async fn cursor_of(client: &Client, number: u32) -> Result<Cursor, ChainError> {
    let hash = client.block_hash(number).await?;
    let hash = hash.ok_or_else(|| ChainError::Node(format!("the node has no block {number}")))?;
    Ok(Cursor { number, hash })
}

fn cursor_at(state: &State) -> Cursor {
    Cursor {
        number: state.number(),
        hash: state.hash(),
    }
}

/// The places before and after a block with these events of `own` is stored.
fn places(events: &[ChainEvent], own: &AccountId32) -> Vec<(Place, Place)> {
    let of_event = |event: &ChainEvent| match event {
        ChainEvent::ResultSubmitted { worker, .. } if worker == own => {
            Some((Place::DeliveryFinal, Place::DeliveryStored))
        }
        ChainEvent::Settled { worker, .. } if worker == own => {
            Some((Place::SettlementFinal, Place::SettlementStored))
        }
        ChainEvent::RewardClaimed { worker, .. } if worker == own => {
            Some((Place::RewardFinal, Place::RewardBooked))
        }
        _ => None,
    };
    events.iter().filter_map(of_event).collect()
}
