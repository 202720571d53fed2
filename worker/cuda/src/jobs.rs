//! Jobs on a forward pass: generation of a batch, and replay.

use crate::decoder::{Append, ForwardError, ForwardPass};
use aipg_exact::{commitment::DigestBuilder, sampling::choose, trace::Sampling, Blake2b256};

/// What shall be generated.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The prompt, at least one token.
    pub prompt: &'a [u32],
    /// Tokens of output at most, at least one.
    pub max_output: usize,
    /// Tokens that end the output; the one that does is its last.
    pub stop: &'a [u32],
    /// `None` is greedy.
    pub sampling: Option<Sampling>,
}

/// The result of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The output.
    pub tokens: Vec<u32>,
    /// Root over the final hidden states of all processed positions.
    pub digest: [u8; 32],
}

/// A job that runs in the slot of its number.
struct Running<'a> {
    job: Job<'a>,
    pending: Vec<u32>,
    output: Vec<u32>,
    digest: DigestBuilder<Blake2b256>,
    finished: bool,
}

impl Running<'_> {
    fn push(&mut self, token: u32) {
        self.output.push(token);
        self.finished = self.job.stop.contains(&token) || self.output.len() == self.job.max_output;
        if !self.finished {
            self.pending.push(token);
        }
    }
}

/// Runs jobs to their ends, all in one batch, each in the slot of its number. Prompts are taken in parts, so
/// that the parts of all jobs fill the rows of a call.
///
/// # Errors
/// [`ForwardError`], also for more jobs than slots.
pub fn generate(pass: &mut dyn ForwardPass, jobs: &[Job<'_>]) -> Result<Vec<Answer>, ForwardError> {
    let width = pass.header().model_dimension as usize;
    let mut running = Vec::new();
    for (slot, &job) in jobs.iter().enumerate() {
        pass.clear(slot)?;
        running.push(Running {
            job,
            pending: job.prompt.to_vec(),
            output: Vec::new(),
            digest: DigestBuilder::new(),
            finished: false,
        });
    }
    while running.iter().any(|running| !running.finished) {
        let open = running.iter().filter(|running| !running.finished).count();
        let rows_each = (pass.limits().rows / open).max(1);
        let taken: Vec<(usize, Vec<u32>)> = running
            .iter_mut()
            .enumerate()
            .filter(|(_, running)| !running.finished)
            .take(pass.limits().rows)
            .map(|(slot, running)| {
                let count = running.pending.len().min(rows_each);
                (slot, running.pending.drain(..count).collect())
            })
            .collect();
        let batch: Vec<Append<'_>> = taken
            .iter()
            .map(|(slot, tokens)| Append {
                slot: *slot,
                tokens,
            })
            .collect();
        let hidden = pass.append(&batch)?;
        let mut rows = hidden.chunks_exact(width).enumerate();
        let mut ready = Vec::new();
        for (slot, tokens) in &taken {
            let running = &mut running[*slot];
            for (row, hidden) in rows.by_ref().take(tokens.len()) {
                running.digest.push(hidden);
                ready.extend(running.pending.is_empty().then_some((*slot, row)));
            }
            // Only the last of its rows is followed by a new token.
            ready.dedup_by(|(next, row), (slot, kept)| {
                let same = next == slot;
                if same {
                    *kept = *row;
                }
                same
            });
        }
        sample(pass, &ready, &mut running)?;
    }
    let answers = running.into_iter().map(|running| Answer {
        tokens: running.output,
        digest: running.digest.finish(),
    });
    Ok(answers.collect())
}

/// Chooses a token after each of these rows, given with the number of its job.
fn sample(
    pass: &mut dyn ForwardPass,
    ready: &[(usize, usize)],
    running: &mut [Running<'_>],
) -> Result<(), ForwardError> {
    let seeded = |&&(slot, _): &&(usize, usize)| running[slot].job.sampling.is_some();
    let (drawn, greedy): (Vec<_>, Vec<_>) = ready.iter().partition(seeded);
    let rows: Vec<usize> = greedy.iter().map(|&(_, row)| row).collect();
    for ((slot, _), token) in greedy.iter().zip(pass.greedy(&rows)?) {
        running[*slot].push(token);
    }
    let vocabulary = pass.header().vocabulary as usize;
    let mut places = Vec::new();
    for part in drawn.chunks(pass.limits().logit_rows) {
        let rows: Vec<usize> = part.iter().map(|&(_, row)| row).collect();
        let logits = pass.logits(&rows)?;
        for ((slot, _), logits) in part.iter().zip(logits.chunks_exact(vocabulary)) {
            let running = &mut running[*slot];
            let ordinal = running.output.len() as u32;
            let token = running.job.sampling.and_then(|sampling| {
                let Sampling { parameters, key } = sampling;
                choose(logits, &parameters, key, ordinal, &mut places)
            });
            // A valid header has a vocabulary of at most 2²⁰.
            running.push(token.unwrap_or(0));
        }
    }
    Ok(())
}

/// Processes tokens of one sequence in slot 0, as an audit does, and returns the digest of all of them and
/// the greedy token after each.
///
/// # Errors
/// [`ForwardError`].
pub fn replay(
    pass: &mut dyn ForwardPass,
    tokens: &[u32],
) -> Result<([u8; 32], Vec<u32>), ForwardError> {
    let width = pass.header().model_dimension as usize;
    let mut digest = DigestBuilder::<Blake2b256>::new();
    let mut greedy = Vec::new();
    pass.clear(0)?;
    for tokens in tokens.chunks(pass.limits().rows) {
        let hidden = pass.append(&[Append { slot: 0, tokens }])?;
        hidden.chunks_exact(width).for_each(|row| digest.push(row));
        let rows: Vec<usize> = (0..tokens.len()).collect();
        greedy.extend(pass.greedy(&rows)?);
    }
    Ok((digest.finish(), greedy))
}
