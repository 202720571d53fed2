//! What runs beside a sequence, on which inner loops and on how many threads must not matter. Load at
//! random is in `load.rs`.

mod common;

use aipg_engine::{Finish, Generation, Kernel, Model, Request, RunError, Sampler, Sequence};
use common::{
    batch::{models, sampler},
    tokens,
};

fn model() -> &'static Model {
    &models()[0]
}

/// A job: seed of its tokens and sampler, lengths of prompt and output.
type Job = (u64, usize, u32);

fn start(model: &Model, (seed, prompt, most): Job) -> Sequence {
    model
        .start(Request {
            prompt: &tokens(seed, prompt),
            max_output: most,
            stop: &[7, 77],
            sampler: sampler(seed),
        })
        .unwrap()
}

fn alone(model: &Model, (seed, prompt, most): Job) -> Generation {
    model
        .generate(
            &tokens(seed, prompt),
            most,
            &[7, 77],
            &sampler(seed),
            &mut |_| (),
        )
        .unwrap()
}

/// Runs jobs that join after so many steps each, all in one batch, in an order that changes.
fn together(model: &Model, jobs: &[(Job, usize)]) -> Vec<Generation> {
    let mut waiting: Vec<_> = jobs.iter().enumerate().collect();
    let mut running: Vec<(usize, Sequence)> = Vec::new();
    let mut done: Vec<Option<Generation>> = vec![None; jobs.len()];
    for step in 0.. {
        let (joining, rest) = waiting
            .into_iter()
            .partition(|(_, (_, join))| *join <= step);
        waiting = rest;
        let joining: Vec<_> = joining;
        running.extend(
            joining
                .iter()
                .map(|&(index, &(job, _))| (index, start(model, job))),
        );
        if running.is_empty() && waiting.is_empty() {
            break;
        }
        let mut batch: Vec<&mut Sequence> =
            running.iter_mut().map(|(_, sequence)| sequence).collect();
        if step % 2 == 1 {
            batch.reverse();
        }
        model.advance(&mut batch);
        let (finished, rest) = running
            .into_iter()
            .partition(|(_, sequence)| sequence.is_finished());
        running = rest;
        let finished: Vec<(usize, Sequence)> = finished;
        for (index, sequence) in finished {
            done[index] = Some(sequence.into_generation());
        }
    }
    done.into_iter()
        .map(|generation| generation.expect("every job ends"))
        .collect()
}

#[test]
fn batch_of_thirty_two_should_give_what_each_gives_alone() {
    let jobs: Vec<(Job, usize)> = (0..32)
        .map(|seed| {
            (
                (seed, 1 + seed as usize * 3 % 50, 1 + seed as u32 % 13),
                seed as usize % 5,
            )
        })
        .collect();
    for model in models() {
        let generations = together(model, &jobs);
        for ((job, _), generation) in jobs.iter().zip(generations) {
            assert_eq!(generation, alone(model, *job), "{job:?}");
        }
    }
}

#[test]
fn bits_should_not_depend_on_kernel_or_threads() {
    let jobs: Vec<(Job, usize)> = (0..9).map(|seed| ((seed, 40, 12), 0)).collect();
    for model in models() {
        let expected = together(model, &jobs);
        for kernel in Kernel::available() {
            let model = model.clone().with_kernel(kernel);
            for threads in [1, 2, 3] {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| {
                    let found = together(&model, &jobs);
                    assert_eq!(found, expected, "{kernel:?} on {threads} threads");
                    for ((job, _), generation) in jobs.iter().zip(&expected) {
                        let prompt = tokens(job.0, job.1);
                        let replayed = model.replay(&prompt, &generation.tokens, &sampler(job.0));
                        assert_eq!(replayed, Ok(generation.digest));
                    }
                });
            }
        }
    }
}

/// A prompt over several chunks of prefill, alone and cut by the rows of others.
#[test]
fn long_prompt_should_not_depend_on_how_it_is_cut() {
    let job = (3, 150, 8);
    let beside: Vec<(Job, usize)> = std::iter::once((job, 0))
        .chain((10..13).map(|seed| ((seed, 120, 20), 1)))
        .collect();
    for model in models() {
        assert_eq!(together(model, &beside)[0], alone(model, job));
    }
}

#[test]
fn sequence_should_stream_and_say_why_it_ended() {
    let model = model();
    let job = (4, 10, 30);
    let mut sequence = start(model, job);
    assert_eq!((sequence.output(), sequence.finish()), (&[][..], None));
    let mut seen = Vec::new();
    while !sequence.is_finished() {
        model.advance(&mut [&mut sequence]);
        assert_eq!(
            sequence.output()[..seen.len()],
            seen[..],
            "only the end grows"
        );
        seen = sequence.output().to_vec();
    }
    let stopped = matches!(seen.last(), Some(7 | 77));
    let reason = if stopped {
        Finish::StopToken
    } else {
        Finish::Length
    };
    assert_eq!(sequence.finish(), Some(reason));
    let after = seen.clone();
    model.advance(&mut [&mut sequence]);
    assert_eq!(
        sequence.output(),
        after,
        "a finished sequence stays as it is"
    );
    assert_eq!(sequence.into_generation(), alone(model, job));
    model.advance(&mut []);
}

#[test]
fn sequence_should_be_refused_when_it_does_not_fit() {
    let model = model();
    let request = |prompt: &[u32], max_output| {
        model
            .start(Request {
                prompt,
                max_output,
                stop: &[],
                sampler: Sampler::GREEDY,
            })
            .map(|_| ())
    };
    assert_eq!(request(&[], 1), Err(RunError::EmptyPrompt));
    assert_eq!(request(&[1], 0), Err(RunError::NoOutput));
    assert_eq!(request(&tokens(1, 100), 60), Ok(()));
    assert!(matches!(
        request(&tokens(1, 100), 61),
        Err(RunError::ContextOverflow { positions: 161, .. })
    ));
    assert!(matches!(
        request(&[272], 1),
        Err(RunError::TokenOutOfVocabulary { index: 0, .. })
    ));
}

#[test]
fn sequence_should_end_with_the_context_when_it_takes_what_fits() {
    let model = model();
    let start = |length, max_output| {
        model.start_within_context(Request {
            prompt: &tokens(1, length),
            max_output,
            stop: &[],
            sampler: Sampler::GREEDY,
        })
    };
    for (length, max_output, finish, count) in [
        (150, 9, Finish::Length, 9),
        (150, 10, Finish::Length, 10),
        (150, 11, Finish::Context, 10),
        (159, u32::MAX, Finish::Context, 1),
    ] {
        let mut sequence = start(length, max_output).unwrap();
        while !sequence.is_finished() {
            model.advance(&mut [&mut sequence]);
        }
        assert_eq!(sequence.finish(), Some(finish), "{length} + {max_output}");
        assert_eq!(sequence.output().len(), count);
    }
    let refused = |length, max_output| start(length, max_output).map(|_| ()).unwrap_err();
    assert_eq!(refused(0, 1), RunError::EmptyPrompt);
    assert_eq!(refused(160, 0), RunError::NoOutput);
    for length in [160, 200] {
        let error = refused(length, 5);
        assert!(matches!(error, RunError::ContextOverflow { .. }), "{error}");
    }
}
