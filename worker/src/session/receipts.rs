//! Completing the books by receipts: jobs that ended in blocks whose states the node had pruned
//! before the worker read them.

use super::{SessionError, Worker};
use crate::ledger;
use aipg_client::{
    receipts::{Receipt, ReceiptError},
    Client,
};

/// Blocks after which a receipt whose round is still open is asked for again.
const ROUND_RETRY: u32 = 10;
/// Blocks after which a node that has no receipt is asked again; another node is asked at once.
const NODE_RETRY: u32 = 1_800;

impl Worker {
    /// Books the end of one job by its receipt; the next block brings the next one, so that jobs
    /// come first.
    pub(super) async fn complete(&mut self, client: &Client, now: u32) -> Result<(), SessionError> {
        let is_due = |job: &u64| {
            self.receipt_retries
                .get(job)
                .is_none_or(|&block| now >= block)
        };
        let Some(job) = self.journal.book.unseen().into_iter().find(is_due) else {
            return Ok(());
        };
        let pause = match client.receipt(job).await {
            Ok(receipt) => return self.book_receipt(client, &receipt).await,
            Err(ReceiptError::Chain(error)) if error.is_transport() => return Err(error.into()),
            Err(error @ ReceiptError::NotYet { .. }) => {
                tracing::info!(%error, "trying again");
                ROUND_RETRY
            }
            Err(error) => {
                tracing::warn!(job, %error, "what the job brought is not in the books yet");
                NODE_RETRY
            }
        };
        self.receipt_retries.insert(job, now.saturating_add(pause));
        Ok(())
    }

    async fn book_receipt(
        &mut self,
        client: &Client,
        receipt: &Receipt,
    ) -> Result<(), SessionError> {
        let time = client.slot_time(receipt.finished_at).await?;
        let (batch, book) = ledger::complete(&self.journal.book, receipt, time, &self.account);
        let entries = batch.entries.clone();
        let state = batch.jobs.first().map(|record| record.state());
        if !self.journal.finalise(batch, book)? {
            return Ok(());
        }
        self.receipt_retries.remove(&receipt.job);
        self.metrics.book(&entries);
        if let Some(state) = state {
            self.metrics.job_ended(state);
            let block = receipt.finished_at;
            tracing::info!(job = receipt.job, state, block, "job ended, by its receipt");
        }
        for entry in entries {
            tracing::info!(block = entry.block, round = entry.round, entry = ?entry.kind, "booked");
        }
        Ok(())
    }
}
