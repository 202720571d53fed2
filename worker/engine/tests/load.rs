//! Sequences that come, pause, go and end at random in one batch: each must be what it is alone, in its
//! tokens, its digest, its text and the reason that ended it.

mod common;

use aipg_engine::{Answer, Finish, Generation, Model, Request, Sampler, Sequence, Stop};
use common::{
    batch::{models, sampler},
    tokens, Random, VOCABULARY,
};
use proptest::prelude::*;
use std::sync::OnceLock;

/// Up to four bytes for each token, of which characters come about as well as broken ones.
fn bytes(token: u32) -> &'static [u8] {
    static BYTES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let all = BYTES.get_or_init(|| {
        let mut random = Random::new(1);
        let mut token = || {
            let bytes = (0..random.below(5)).map(|_| b"aabb\xc3\xa9"[random.below(6) as usize]);
            bytes.collect()
        };
        (0..VOCABULARY).map(|_| token()).collect()
    });
    &all[token as usize]
}

#[derive(Debug)]
struct Job {
    prompt: Vec<u32>,
    max_output: u32,
    stop: Vec<u32>,
    stops: Vec<Stop>,
    sampler: Sampler,
}

/// What became of a job, as far as it came.
#[derive(Debug, PartialEq)]
struct Outcome {
    finish: Option<Finish>,
    text: String,
    generation: Generation,
}

/// A job in a batch.
struct Running {
    sequence: Sequence,
    answer: Answer,
    pieces: String,
}

impl Job {
    /// Prompts of one row up to two chunks of prefill; some outputs are cut by the context. Every second
    /// job has stops that occur in what it would say without them, or nearly.
    fn random(model: &Model, random: &mut Random) -> Self {
        let longest = if random.below(3) == 0 { 155 } else { 50 };
        let max_output = if random.below(4) == 0 { 500 } else { 20 };
        let mut job = Self {
            prompt: tokens(random.next(), 1 + random.below(longest) as usize),
            max_output: 1 + random.below(max_output),
            stop: (0..random.below(8))
                .map(|_| random.below(VOCABULARY))
                .collect(),
            stops: Vec::new(),
            sampler: sampler(random.next()),
        };
        if random.below(2) == 0 {
            let free = job.alone(model, usize::MAX);
            let mut part = |length: usize| {
                let first = random.below(length as u32) as usize;
                first..length.min(first + 1 + random.below(4) as usize)
            };
            let said = &free.generation.tokens;
            let mut sequence = said[part(said.len())].to_vec();
            let characters: Vec<char> = free.text.chars().chain(['b']).collect();
            let text = characters[part(characters.len())].iter().collect();
            if random.below(4) == 0 {
                sequence.push(0);
            }
            job.stops = vec![Stop::Tokens(sequence), Stop::Text(text)];
        }
        job
    }

    fn start(&self, model: &Model) -> Running {
        let request = Request {
            prompt: &self.prompt,
            max_output: self.max_output,
            stop: &self.stop,
            sampler: self.sampler,
        };
        Running {
            sequence: model.start_within_context(request).unwrap(),
            answer: Answer::new(self.stops.clone()).unwrap(),
            pieces: String::new(),
        }
    }

    /// What it is without company, up to so many tokens.
    fn alone(&self, model: &Model, count: usize) -> Outcome {
        let mut running = self.start(model);
        while !running.sequence.is_finished() && running.sequence.output().len() < count {
            model.advance(&mut [&mut running.sequence]);
            running.read();
        }
        running.outcome()
    }

    /// Whether it is right that this came of it.
    fn check(&self, model: &Model, outcome: &Outcome) -> Result<(), TestCaseError> {
        let Generation {
            tokens,
            digest,
            positions,
        } = &outcome.generation;
        if tokens.is_empty() {
            // It went while its prompt was read; what of it was read is a prompt, too.
            let read = &self.prompt[..*positions as usize];
            if !read.is_empty() {
                let generation = model.generate(read, 1, &[], &Sampler::GREEDY, &mut |_| ());
                prop_assert_eq!(*digest, generation.unwrap().digest);
            }
            prop_assert_eq!((outcome.finish, outcome.text.as_str()), (None, ""));
            return Ok(());
        }
        prop_assert_eq!(outcome, &self.alone(model, tokens.len()));
        // The same as the job that asks for just so much.
        let (count, stop) = (tokens.len() as u32, &self.stop);
        let job = model.generate(&self.prompt, count, stop, &self.sampler, &mut |_| ());
        prop_assert_eq!(&outcome.generation, &job.unwrap());
        let replayed = model.replay(&self.prompt, tokens, &self.sampler);
        prop_assert_eq!(Ok(*digest), replayed);
        Ok(())
    }
}

impl Running {
    fn read(&mut self) {
        let piece = self.answer.read(&mut self.sequence, bytes);
        self.pieces.push_str(piece);
    }

    fn outcome(self) -> Outcome {
        assert_eq!(self.pieces, self.answer.text());
        Outcome {
            finish: self.sequence.finish(),
            text: self.pieces,
            generation: self.sequence.into_generation(),
        }
    }
}

/// Runs jobs in one batch, which changes with every step: a job waits before it comes, sits out steps,
/// changes its place, and may go before it has ended.
fn load(model: &Model, jobs: &[Job], random: &mut Random) -> Vec<Outcome> {
    let mut waiting: Vec<usize> = (0..jobs.len()).collect();
    let mut running: Vec<(usize, Running)> = Vec::new();
    let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
    while outcomes.len() < jobs.len() {
        waiting.retain(|&number| {
            let comes = random.below(4) == 0;
            if comes {
                running.push((number, jobs[number].start(model)));
            }
            !comes
        });
        for place in (1..running.len()).rev() {
            running.swap(place, random.below(place as u32 + 1) as usize);
        }
        let taking_part = random.below(running.len() as u32 + 1) as usize;
        let (batch, _) = running.split_at_mut(taking_part);
        let mut sequences: Vec<_> = batch.iter_mut().map(|(_, one)| &mut one.sequence).collect();
        model.advance(&mut sequences);
        for (number, mut one) in std::mem::take(&mut running) {
            one.read();
            if one.sequence.is_finished() || random.below(150) == 0 {
                outcomes.push((number, one.outcome()));
            } else {
                running.push((number, one));
            }
        }
    }
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Jobs of a seed and what becomes of them under load.
fn run(model: &Model, seed: u64, count: usize, threads: usize) -> Vec<(Job, Outcome)> {
    let mut random = Random::new(seed);
    let jobs: Vec<Job> = (0..count)
        .map(|_| Job::random(model, &mut random))
        .collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().unwrap();
    let outcomes = pool.install(|| load(model, &jobs, &mut random));
    jobs.into_iter().zip(outcomes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_load_should_not_change_a_sequence(
        seed: u64, count in 1usize..12, threads in 1usize..4, model in 0usize..3,
    ) {
        let model = &models()[model];
        for (job, outcome) in run(model, seed, count, threads) {
            job.check(model, &outcome)?;
        }
    }
}

/// The load above is worth nothing if it leaves out what it is for.
#[test]
fn random_load_should_end_in_every_way() {
    let outcomes = run(&models()[0], 5, 100, 2);
    let mut ends = [0; 6];
    for (job, outcome) in &outcomes {
        job.check(&models()[0], outcome).unwrap();
        ends[match outcome.finish {
            Some(Finish::StopToken) => 0,
            Some(Finish::StopSequence) => 1,
            Some(Finish::Length) => 2,
            Some(Finish::Context) => 3,
            None if outcome.generation.tokens.is_empty() => 4,
            None => 5,
        }] += 1;
    }
    assert!(ends.iter().all(|&count| count > 1), "{ends:?}");
}
