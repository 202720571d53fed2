//! Jobs on a forward pass: batches that jobs join and leave between steps, and replay.

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

/// A job that runs in a slot.
#[derive(Debug)]
struct Running {
    max_output: usize,
    stop: Vec<u32>,
    sampling: Option<Sampling>,
    /// Tokens not processed yet: the rest of the prompt, or the last token of the output.
    pending: Vec<u32>,
    output: Vec<u32>,
    digest: DigestBuilder<Blake2b256>,
}

impl Running {
    fn push(&mut self, token: u32) {
        self.output.push(token);
        if !self.is_finished() {
            self.pending.push(token);
        }
    }

    fn is_finished(&self) -> bool {
        let last = self.output.last();
        last.is_some_and(|last| self.stop.contains(last)) || self.output.len() == self.max_output
    }
}

/// What a step brought one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The job's slot.
    pub slot: usize,
    /// Tokens of output so far.
    pub tokens: usize,
    /// The answer, if that was the last of them; the slot is free then.
    pub answer: Option<Answer>,
}

/// Jobs that run together on one forward pass. They join and leave between steps; what else is in the batch
/// changes no token and no digest.
///
/// After a [`ForwardError::Device`] nothing is known of the jobs in it: they have to begin again elsewhere.
#[derive(Debug)]
pub struct Batch {
    /// By slot.
    running: Vec<Option<Running>>,
}

impl Batch {
    /// An empty one on a forward pass, which serves no other.
    pub fn new(pass: &dyn ForwardPass) -> Self {
        Self {
            running: (0..pass.limits().slots).map(|_| None).collect(),
        }
    }

    /// Whether another job can join.
    pub fn has_room(&self) -> bool {
        self.running.iter().any(Option::is_none)
    }

    /// Whether no job runs.
    pub fn is_empty(&self) -> bool {
        self.running.iter().all(Option::is_none)
    }

    /// Takes a job into the first free slot, which it returns. It runs from the next step on.
    ///
    /// # Errors
    /// [`ForwardError::SlotOutOfRange`] if there is no room; [`ForwardError::NoTokens`],
    /// [`ForwardError::NoOutput`], [`ForwardError::TokenOutOfVocabulary`] or
    /// [`ForwardError::ContextOverflow`] if no pass like this can run the job.
    pub fn join(
        &mut self,
        pass: &mut dyn ForwardPass,
        job: &Job<'_>,
    ) -> Result<usize, ForwardError> {
        let slots = self.running.len();
        let free = self.running.iter().position(Option::is_none);
        let slot = free.ok_or(ForwardError::SlotOutOfRange { slot: slots, slots })?;
        check(pass, job, slot)?;
        pass.clear(slot)?;
        self.running[slot] = Some(Running {
            max_output: job.max_output,
            stop: job.stop.to_vec(),
            sampling: job.sampling,
            pending: job.prompt.to_vec(),
            output: Vec::new(),
            digest: DigestBuilder::new(),
        });
        Ok(slot)
    }

    /// Takes every job a step further: a part of its prompt, or one token. Parts of prompts are as long as
    /// the rows of a call allow for all jobs together.
    ///
    /// # Errors
    /// [`ForwardError`] of the device.
    pub fn step(&mut self, pass: &mut dyn ForwardPass) -> Result<Vec<Progress>, ForwardError> {
        let taken = self.take(pass.limits().rows);
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let batch: Vec<Append<'_>> = taken
            .iter()
            .map(|(slot, tokens)| Append {
                slot: *slot,
                tokens,
            })
            .collect();
        let hidden = pass.append(&batch)?;
        let width = pass.header().model_dimension as usize;
        let mut rows = hidden.chunks_exact(width);
        // Slots whose pending tokens are all processed, with the last row of each.
        let mut ready = Vec::new();
        let mut first = 0;
        for (slot, tokens) in &taken {
            let running = running(&mut self.running, *slot);
            for hidden in rows.by_ref().take(tokens.len()) {
                running.digest.push(hidden);
            }
            first += tokens.len();
            if running.pending.is_empty() {
                ready.push((*slot, first - 1));
            }
        }
        self.sample(pass, &ready)?;
        Ok(taken.iter().map(|(slot, _)| self.progress(*slot)).collect())
    }

    /// The next tokens of each job, by slot.
    fn take(&mut self, rows: usize) -> Vec<(usize, Vec<u32>)> {
        let open = self.running.iter().flatten().count();
        let rows_each = rows.checked_div(open).unwrap_or(0).max(1);
        let slots = self.running.iter_mut().enumerate();
        slots
            .filter_map(|(slot, running)| Some((slot, running.as_mut()?)))
            .take(rows)
            .map(|(slot, running)| {
                let count = running.pending.len().min(rows_each);
                (slot, running.pending.drain(..count).collect())
            })
            .collect()
    }

    /// Chooses a token after each of these rows, given with the slot of its job.
    fn sample(
        &mut self,
        pass: &mut dyn ForwardPass,
        ready: &[(usize, usize)],
    ) -> Result<(), ForwardError> {
        let (mut drawn, mut greedy) = (Vec::new(), Vec::new());
        for &(slot, row) in ready {
            match running(&mut self.running, slot).sampling {
                Some(sampling) => drawn.push((slot, row, sampling)),
                None => greedy.push((slot, row)),
            }
        }
        let rows: Vec<usize> = greedy.iter().map(|&(_, row)| row).collect();
        for ((slot, _), token) in greedy.iter().zip(pass.greedy(&rows)?) {
            running(&mut self.running, *slot).push(token);
        }
        let vocabulary = pass.header().vocabulary as usize;
        let mut places = Vec::new();
        for part in drawn.chunks(pass.limits().logit_rows) {
            let rows: Vec<usize> = part.iter().map(|&(_, row, _)| row).collect();
            let logits = pass.logits(&rows)?;
            for (&(slot, _, sampling), logits) in part.iter().zip(logits.chunks_exact(vocabulary)) {
                let running = running(&mut self.running, slot);
                let ordinal = running.output.len() as u32;
                let Sampling { parameters, key } = sampling;
                let token = choose(logits, &parameters, key, ordinal, &mut places);
                // A valid header has a vocabulary of at most 2²⁰.
                running.push(token.unwrap_or(0));
            }
        }
        Ok(())
    }

    /// How far the job in a slot is; if it is finished it leaves.
    fn progress(&mut self, slot: usize) -> Progress {
        let place = &mut self.running[slot];
        let tokens = place.as_ref().map_or(0, |running| running.output.len());
        let finished = place.take_if(|running| running.is_finished());
        Progress {
            slot,
            tokens,
            answer: finished.map(|running| Answer {
                tokens: running.output,
                digest: running.digest.finish(),
            }),
        }
    }
}

/// The job in a slot from which tokens were taken.
fn running(slots: &mut [Option<Running>], slot: usize) -> &mut Running {
    slots[slot].as_mut().expect("a job runs in this slot")
}

/// Refuses what the CPU refuses: the whole output has to fit the context, though its last token is not
/// processed.
fn check(pass: &dyn ForwardPass, job: &Job<'_>, slot: usize) -> Result<(), ForwardError> {
    if job.prompt.is_empty() {
        return Err(ForwardError::NoTokens);
    }
    if job.max_output == 0 {
        return Err(ForwardError::NoOutput);
    }
    let vocabulary = pass.header().vocabulary;
    if let Some(&token) = job.prompt.iter().find(|&&token| token >= vocabulary) {
        return Err(ForwardError::TokenOutOfVocabulary { token, vocabulary });
    }
    let positions = job.prompt.len().saturating_add(job.max_output);
    let capacity = pass.limits().positions;
    if positions > capacity {
        return Err(ForwardError::ContextOverflow {
            slot,
            positions,
            capacity,
        });
    }
    Ok(())
}

/// Runs jobs to their ends, all in one batch, each in the slot of its number.
///
/// # Errors
/// [`ForwardError`], also for more jobs than slots.
pub fn generate(pass: &mut dyn ForwardPass, jobs: &[Job<'_>]) -> Result<Vec<Answer>, ForwardError> {
    let mut batch = Batch::new(pass);
    for job in jobs {
        batch.join(pass, job)?;
    }
    let mut answers = vec![None; jobs.len()];
    while !batch.is_empty() {
        for Progress { slot, answer, .. } in batch.step(pass)? {
            if answer.is_some() {
                answers[slot] = answer;
            }
        }
    }
    Ok(answers.into_iter().flatten().collect())
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
