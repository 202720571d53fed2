//! Batches that jobs join and leave while they run.

mod common;

use aipg_cuda::{
    decoder::{Decoder, ForwardError, Limits},
    jobs::{Answer, Batch, Job, Progress},
    operations::Tuning,
    testing::Host,
};
use aipg_exact::testing::Numbers;
use common::{
    models,
    runs::{engine, Run},
};
use std::sync::Arc;

const LIMITS: Limits = Limits {
    slots: 3,
    positions: 64,
    rows: 13,
    logit_rows: 2,
    scores: 300,
};

fn decoder(index: usize) -> (aipg_exact::testing::Model, Decoder) {
    let model = models::models().swap_remove(index);
    let host: Arc<dyn aipg_cuda::device::Device> = Arc::new(Host { order: 0 });
    let decoder = models::decoder(&host, &model, LIMITS, Tuning::default());
    (model, decoder)
}

/// Runs jobs that join at random moments; returns their answers.
fn run_in_turns(pass: &mut Decoder, runs: &[Run], numbers: &mut Numbers) -> Vec<Answer> {
    let mut batch = Batch::new(pass);
    let mut answers = vec![None; runs.len()];
    let mut owners = [usize::MAX; LIMITS.slots];
    let mut next = 0;
    while next < runs.len() || !batch.is_empty() {
        while next < runs.len() && batch.has_room() && numbers.below(3) > 0 {
            let slot = batch.join(pass, &runs[next].job()).unwrap();
            owners[slot] = next;
            next += 1;
        }
        for progress in batch.step(pass).unwrap() {
            let Progress {
                slot,
                tokens,
                answer,
            } = progress;
            if let Some(answer) = answer {
                assert_eq!(tokens, answer.tokens.len());
                answers[owners[slot]] = Some(answer);
            }
        }
    }
    answers.into_iter().map(Option::unwrap).collect()
}

#[test]
fn answers_should_be_the_engines_when_jobs_come_and_go() {
    for index in [0, 4, 5] {
        let (model, mut pass) = decoder(index);
        let engine = engine(&model);
        let runs: Vec<Run> = [(3, 4), (17, 2), (1, 6), (30, 1), (2, 3), (9, 5)]
            .into_iter()
            .zip(1..)
            .map(|((length, most), seed)| Run::new(&model, seed, length, most))
            .collect();
        let expected: Vec<Answer> = runs.iter().map(|run| run.answer(&engine)).collect();
        for seed in 0..2 {
            let found = run_in_turns(&mut pass, &runs, &mut Numbers(seed));
            assert_eq!(found, expected, "model {index}, arrivals {seed}");
        }
    }
}

#[test]
fn join_should_refuse_by_name_what_cannot_run() {
    let (model, mut pass) = decoder(0);
    let vocabulary = model.header.vocabulary;
    let mut batch = Batch::new(&pass);
    let (many, wrong) = ([1; 60], [1, vocabulary]);
    let job = |prompt, max_output| Job {
        prompt,
        max_output,
        stop: &[],
        sampling: None,
    };
    let refusals: [(Job<'_>, ForwardError); 4] = [
        (job(&[], 1), ForwardError::NoTokens),
        (job(&[1], 0), ForwardError::NoOutput),
        (
            job(&wrong, 1),
            ForwardError::TokenOutOfVocabulary {
                token: vocabulary,
                vocabulary,
            },
        ),
        (
            job(&many, 5),
            ForwardError::ContextOverflow {
                slot: 0,
                positions: 65,
                capacity: 64,
            },
        ),
    ];
    for (job, error) in refusals {
        assert_eq!(batch.join(&mut pass, &job), Err(error));
        assert!(batch.is_empty());
    }
    for slot in 0..3 {
        assert_eq!(batch.join(&mut pass, &job(&[1], 1)), Ok(slot));
    }
    assert!(!batch.has_room());
    let full = ForwardError::SlotOutOfRange { slot: 3, slots: 3 };
    assert_eq!(batch.join(&mut pass, &job(&[1], 1)), Err(full));
    assert_eq!(batch.step(&mut pass).unwrap().len(), 3);
    assert!(batch.is_empty());
    assert_eq!(batch.step(&mut pass), Ok(Vec::new()));
}
