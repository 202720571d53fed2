//! What fits into a budget of memory.

use super::{
    grouped::{GroupedTree, GROUP},
    rows::row_bytes,
    MemoryBudget, TraceError,
};
use aipg_exact::trace::{Chosen, Job, NormRecord, Part, Record, Tensor};

/// Rows that go through a layer at once, at most.
const MOST_ROWS: usize = 128;

/// Rows of logits in memory at a time, at most.
const MOST_LOGIT_ROWS: u64 = 32;

/// How a trace is rebuilt. Everything here costs time or memory and changes no bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Rows that go through a layer at once: a block.
    pub rows: usize,
    /// The residual stream that enters a layer is kept if its number is a multiple of this.
    pub every: usize,
    /// Blocks of a layer that are kept.
    pub blocks: usize,
    /// Rows of logits at a time.
    pub logit_rows: usize,
}

/// Bytes that things take, upper bounds.
struct Costs {
    /// Trees of all tensors, and what is kept of the rows that are sampled.
    kept: u64,
    /// The residual stream of all rows.
    stream: u64,
    /// Keys and values of a layer, as the kernels read them and as leaves.
    keys: u64,
    /// What each row takes while it goes through a layer.
    row: u64,
    /// What each thread takes.
    threads: u64,
    /// All tensors of a layer, a row.
    block_row: u64,
    /// Hashes of leaves of which nodes are asked for.
    hashes: u64,
    /// What each row of logits takes.
    logit_row: u64,
    /// What drawing a token takes in all threads.
    draw: u64,
}

impl Costs {
    fn of(job: &Job<'_>, threads: u64) -> Self {
        let header = job.header;
        let [d, f, vocabulary, layers, heads, groups, width] = [
            header.model_dimension,
            header.feed_forward,
            header.vocabulary,
            header.layers,
            header.heads,
            header.key_value_heads,
            header.head_dimension,
        ]
        .map(u64::from);
        let (rows, sampled) = (job.rows(), u64::from(job.output));
        let trees = Tensor::all(header).map(|tensor| GroupedTree::bytes(tensor.leaves(job)));
        let final_input = row_bytes(Tensor::FinalInput.elements(header)) as u64;
        let tail = 4 * d + final_input + (NormRecord::LENGTH + Chosen::LENGTH) as u64;
        let padded = width.next_multiple_of(16);
        // Panels of keys and their sums, panels of values, scales; then both as leaves.
        let key = 2 * padded + 4 + 6 + 2 + 2 * (width + 6);
        let parts = Part::ALL.map(|part| Tensor::Layer(0, part).elements(header));
        // Inputs may have 16 bits in one layer and 8 in another.
        let block_row: u64 = parts.iter().map(|&part| 2 * row_bytes(part) as u64).sum();
        let widest = parts.iter().map(|&part| 2 * row_bytes(part) as u64).max();
        let widest = widest.unwrap_or(0);
        // Wide inputs have twice as many.
        let leaves: u64 = parts.iter().map(|part| 2 * part.leaves() as u64).sum();
        let most_leaves = parts.iter().map(|part| 2 * part.leaves() as u64).max();
        let attended = heads * width;
        let projected = attended + 2 * groups * width;
        // The update of attention stays while the feed-forward half runs.
        let attention = 16 * d + 14 * projected + 8 * attended + 96 * heads + 16 * groups;
        let feed_forward = 20 * d + 20 * f;
        let buffer = 8 * d.max(f).max(attended) + 40 * (rows + 16) + 8 * width;
        Self {
            kept: trees.sum::<u64>() + sampled * tail + layers * (64 + 256 * groups),
            stream: 4 * d * rows,
            keys: groups * key * rows.next_multiple_of(16),
            row: attention.max(feed_forward) + 2 * widest + 40 * leaves + 256,
            threads: 2 * threads * buffer,
            block_row,
            hashes: 64 * (most_leaves.unwrap_or(0) * rows).min((GROUP * GROUP / 2) as u64)
                + 96 * (GROUP * Part::ALL.len()) as u64,
            logit_row: 8 * vocabulary + 16 * d + 16,
            draw: threads * 32 * vocabulary,
        }
    }

    /// While a layer is at hand, in blocks of so many rows of which one is kept.
    fn layer(&self, rows: u64) -> u64 {
        self.stream + self.keys + rows * (self.row + self.block_row) + self.threads + self.hashes
    }

    /// The least with blocks of so many rows.
    fn least(&self, rows: u64) -> u64 {
        self.kept + self.layer(rows).max(self.draw + self.logit_row)
    }
}

impl Plan {
    /// All rows of a step of a picture in one block, as they attend to each other; nothing else is kept
    /// but latent pictures.
    pub fn of_picture(job: &Job<'_>, budget: MemoryBudget) -> Result<Self, TraceError> {
        let threads = rayon::current_num_threads() as u64;
        let costs = Costs::of(job, threads);
        let latent = job.header.picture().map_or(0, |picture| {
            4 * u64::from(picture.values()) * (u64::from(picture.steps) + 3)
        });
        // The rows before the step, the embedded ones and those that enter it are there as well.
        let needed = costs.least(job.rows()) + latent + 2 * costs.stream;
        if needed > budget.bytes {
            let budget = budget.bytes;
            return Err(TraceError::BudgetTooSmall { budget, needed });
        }
        Ok(Self {
            rows: usize::try_from(job.rows()).unwrap_or(usize::MAX),
            every: job.header.layers as usize,
            blocks: 1,
            logit_rows: 1,
        })
    }

    /// The fastest that fits.
    pub fn new(job: &Job<'_>, budget: MemoryBudget) -> Result<Self, TraceError> {
        let threads = rayon::current_num_threads() as u64;
        let costs = Costs::of(job, threads);
        let all = usize::try_from(job.rows()).unwrap_or(usize::MAX);
        let choices = || (0..8).map(|halvings| (MOST_ROWS >> halvings).min(all) as u64);
        let fits = |share: u64| choices().find(|&rows| costs.least(rows) <= budget.bytes / share);
        // Half of the budget is better spent on checkpoints than on larger blocks.
        let rows = fits(2)
            .or_else(|| fits(1))
            .ok_or(TraceError::BudgetTooSmall {
                budget: budget.bytes,
                needed: costs.least(1),
            })?;
        let layers = u64::from(job.header.layers);
        let mut left = budget.bytes - costs.least(rows);
        let kept = |every: u64| (layers - 1) / every;
        let every = (1..layers).find(|&every| kept(every) * costs.stream <= left);
        let every = every.unwrap_or(layers);
        left -= kept(every) * costs.stream;
        let blocks = 1 + left / (rows * costs.block_row).max(1);
        left += costs.least(rows) - costs.kept - costs.draw;
        let logit_rows = (left / costs.logit_row).clamp(1, MOST_LOGIT_ROWS);
        Ok(Self {
            rows: rows as usize,
            every: every as usize,
            blocks: blocks.min(job.rows().div_ceil(rows)) as usize,
            logit_rows: logit_rows as usize,
        })
    }
}
