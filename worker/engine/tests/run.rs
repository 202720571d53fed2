//! Generation and replay.

mod common;

use aipg_engine::{
    convert::HadamardChoice, sampling::Parameters, Answer, Finish, Generation, Model, Request,
    RunError, Sampler, Stop,
};
use common::{small_model, tokens, Checkpoint, Random, SHAPE, VOCABULARY};

fn generate(model: &Model, prompt: &[u32], max_output: u32, stop: &[u32]) -> Generation {
    model
        .generate(prompt, max_output, stop, &Sampler::GREEDY, &mut |_| ())
        .unwrap()
}

#[test]
fn replay_should_equal_generation_on_random_models() {
    let mut random = Random::new(99);
    for (seed, shape) in [
        SHAPE,
        [64, 1, 1, 1, 64, 64],
        [32, 3, 4, 1, 8, 48],
        [20, 2, 3, 3, 6, 33],
        [128, 1, 6, 3, 32, 100],
        [7, 2, 2, 1, 2, 1],
    ]
    .into_iter()
    .enumerate()
    {
        for hadamard in [HadamardChoice::WherePossible, HadamardChoice::Nowhere] {
            let (_, model) = Checkpoint::random(shape, seed as u64).convert(hadamard);
            // Shorter and longer than a block of prefill rows.
            for prompt_length in [1, 1 + random.below(20) as usize, 64, 65, 120] {
                let prompt = tokens(seed as u64 + prompt_length as u64, prompt_length);
                let generation = generate(&model, &prompt, 20, &[]);
                assert_eq!(generation.positions as usize, prompt_length + 19);
                assert_eq!(
                    model.replay(&prompt, &generation.tokens, &Sampler::GREEDY),
                    Ok(generation.digest)
                );
            }
        }
    }
}

/// Any cut of the same tokens into prompt and output processes the same rows.
#[test]
fn digest_should_not_depend_on_where_the_prompt_ends() {
    let (_, model) = small_model();
    let prompt = tokens(3, 30);
    let generation = generate(&model, &prompt, 40, &[]);
    for cut in [1, 17, 39] {
        let longer = [prompt.as_slice(), &generation.tokens[..cut]].concat();
        let rest = generate(&model, &longer, 40 - cut as u32, &[]);
        assert_eq!(rest.tokens, generation.tokens[cut..]);
        assert_eq!(rest.digest, generation.digest);
    }
}

#[test]
fn digest_should_differ_when_anything_differs() {
    let (_, model) = small_model();
    let prompt = tokens(3, 30);
    let generation = generate(&model, &prompt, 5, &[]);
    let mut other = prompt.clone();
    other[0] ^= 1;
    assert_ne!(generate(&model, &other, 5, &[]).digest, generation.digest);
    assert_ne!(generate(&model, &prompt, 4, &[]).digest, generation.digest);
    let (_, second) = Checkpoint::random(SHAPE, 2).convert(HadamardChoice::WherePossible);
    assert_ne!(generate(&second, &prompt, 5, &[]).digest, generation.digest);
}

#[test]
fn generation_should_report_progress_and_sample_the_largest_logit() {
    let (_, model) = small_model();
    let prompt = tokens(11, 12);
    let mut heard = vec![];
    let generation = model
        .generate(&prompt, 6, &[], &Sampler::GREEDY, &mut |count| {
            heard.push(count)
        })
        .unwrap();
    assert_eq!(heard, [1, 2, 3, 4, 5, 6]);
    let all = [prompt.as_slice(), &generation.tokens[..5]].concat();
    let logits = model.logits(&all).unwrap();
    for (row, &token) in logits
        .chunks_exact(VOCABULARY as usize)
        .skip(11)
        .zip(&generation.tokens)
    {
        let largest = row.iter().max().unwrap();
        let first = row.iter().position(|logit| logit == largest).unwrap();
        assert_eq!(first, token as usize);
    }
}

#[test]
fn generation_should_end_with_the_stop_token() {
    let (_, model) = small_model();
    let prompt = tokens(5, 10);
    let free = generate(&model, &prompt, 20, &[]);
    let stop = free.tokens[7];
    let first = free.tokens.iter().position(|&token| token == stop).unwrap();
    let stopped = generate(&model, &prompt, 20, &[9_999, stop]);
    assert_eq!(stopped.tokens, free.tokens[..=first]);
    assert_eq!(stopped.positions as usize, 10 + first);
    assert_eq!(
        model.replay(&prompt, &stopped.tokens, &Sampler::GREEDY),
        Ok(stopped.digest)
    );
}

fn drawing(seed: u64) -> Sampler {
    let parameters = Parameters {
        beta: 40_000,
        top_k: 60,
        top_p: 64_000,
        min_p: Some(300_000),
    };
    Sampler::seeded(seed, parameters).unwrap()
}

/// Generation decodes one position at a time, replay is one prefill.
#[test]
fn replay_should_equal_generation_when_tokens_are_drawn() {
    let (_, model) = small_model();
    let mut answers = Vec::new();
    for seed in 0..4 {
        for length in [1, 40, 64, 90] {
            let (prompt, sampler) = (tokens(seed, length), drawing(seed));
            let run = || {
                model
                    .generate(&prompt, 24, &[], &sampler, &mut |_| ())
                    .unwrap()
            };
            let generation = run();
            assert_eq!(run(), generation);
            assert_eq!(
                model.replay(&prompt, &generation.tokens, &sampler),
                Ok(generation.digest)
            );
            for other in [drawing(seed + 1), Sampler::GREEDY] {
                let refused = model.replay(&prompt, &generation.tokens, &other);
                assert!(matches!(refused, Err(RunError::OutputMismatch { .. })));
            }
            answers.push(generation.tokens);
        }
    }
    answers.sort();
    answers.dedup();
    assert_eq!(
        answers.len(),
        16,
        "seeds and prompts give different answers"
    );
}

#[test]
fn drawn_generation_should_end_with_the_stop_token() {
    let (_, model) = small_model();
    let prompt = tokens(5, 10);
    let run = |stop: &[u32]| {
        model
            .generate(&prompt, 20, stop, &drawing(3), &mut |_| ())
            .unwrap()
    };
    let free = run(&[]);
    let stop = free.tokens[9];
    let first = free.tokens.iter().position(|&token| token == stop).unwrap();
    assert_eq!(run(&[stop]).tokens, free.tokens[..=first]);
}

/// A stop sequence is no part of a job: what it leaves is the job that asks for just so many tokens.
#[test]
fn generation_should_end_with_the_stop_sequence() {
    let (_, model) = small_model();
    let prompt = tokens(5, 10);
    let free = generate(&model, &prompt, 20, &[]);
    let stop_token = free.tokens[8];
    let first = free
        .tokens
        .iter()
        .position(|&token| token == stop_token)
        .unwrap();
    let sequence = |tokens: &[u32]| vec![Stop::Tokens(tokens.to_vec())];
    for (stops, stop, finish, count, length) in [
        (
            sequence(&free.tokens[4..7]),
            vec![],
            Finish::StopSequence,
            7,
            4,
        ),
        (
            sequence(&[free.tokens[0]; 40]),
            vec![],
            Finish::Length,
            20,
            20,
        ),
        (
            vec![],
            vec![stop_token],
            Finish::StopToken,
            first + 1,
            first,
        ),
    ] {
        let mut sequence = model
            .start(Request {
                prompt: &prompt,
                max_output: 20,
                stop: &stop,
                sampler: Sampler::GREEDY,
            })
            .unwrap();
        let mut answer = Answer::new(stops).unwrap();
        while !sequence.is_finished() {
            model.advance(&mut [&mut sequence]);
            answer.read(&mut sequence, |_| b"x");
        }
        assert_eq!(sequence.finish(), Some(finish));
        assert_eq!(answer.text(), "x".repeat(length));
        let generation = sequence.into_generation();
        assert_eq!(generation.tokens, free.tokens[..count]);
        assert_eq!(generation, generate(&model, &prompt, count as u32, &[]));
    }
}

#[test]
fn job_should_be_refused_when_it_is_empty() {
    let (_, model) = small_model();
    let run = |prompt: &[u32], max| model.generate(prompt, max, &[], &Sampler::GREEDY, &mut |_| ());
    assert_eq!(run(&[], 1), Err(RunError::EmptyPrompt));
    assert_eq!(run(&[1], 0), Err(RunError::NoOutput));
    assert_eq!(
        model.replay(&[], &[1], &Sampler::GREEDY),
        Err(RunError::EmptyPrompt)
    );
    assert_eq!(
        model.replay(&[1], &[], &Sampler::GREEDY),
        Err(RunError::NoOutput)
    );
    assert_eq!(model.logits(&[]), Err(RunError::EmptyPrompt));
}

#[test]
fn job_should_be_refused_when_a_token_is_out_of_the_vocabulary() {
    let (_, model) = small_model();
    let error = |index, token| RunError::TokenOutOfVocabulary {
        index,
        token,
        vocabulary: 272,
    };
    let run = |prompt: &[u32]| model.generate(prompt, 1, &[], &Sampler::GREEDY, &mut |_| ());
    assert_eq!(run(&[0, 272]), Err(error(1, 272)));
    assert_eq!(run(&[u32::MAX]), Err(error(0, u32::MAX)));
    assert_eq!(
        model.replay(&[0], &[1, 300], &Sampler::GREEDY),
        Err(error(2, 300))
    );
    assert_eq!(model.logits(&[271, 272]), Err(error(1, 272)));
    assert!(run(&[271]).is_ok());
}

#[test]
fn job_should_be_refused_when_it_exceeds_the_context() {
    let (_, model) = small_model();
    let error = |positions| RunError::ContextOverflow {
        positions,
        max_context: 160,
    };
    let run =
        |length, max| model.generate(&tokens(1, length), max, &[], &Sampler::GREEDY, &mut |_| ());
    assert_eq!(run(150, 11), Err(error(161)));
    assert_eq!(run(1, u32::MAX), Err(error(1 << 32)));
    assert_eq!(
        model.replay(&tokens(1, 150), &tokens(2, 11), &Sampler::GREEDY),
        Err(error(161))
    );
    assert_eq!(model.logits(&tokens(1, 161)), Err(error(161)));
    let longest = run(150, 10).unwrap();
    assert_eq!(longest.positions, 159);
    // The chain counts the same job.
    assert!(model.header().units(150, 10).is_some());
    assert_eq!(model.header().units(150, 11), None);
}

#[test]
fn replay_should_name_the_first_token_that_is_not_the_models() {
    let (_, model) = small_model();
    let prompt = tokens(8, 9);
    let generation = generate(&model, &prompt, 6, &[]);
    for index in 0..6 {
        let mut output = generation.tokens.clone();
        output[index] = (output[index] + 1) % VOCABULARY;
        assert_eq!(
            model.replay(&prompt, &output, &Sampler::GREEDY),
            Err(RunError::OutputMismatch {
                index,
                expected: generation.tokens[index],
                found: output[index],
            })
        );
    }
}

#[test]
fn score_should_be_the_uniform_bits_of_an_ignorant_model() {
    let mut checkpoint = Checkpoint::random(SHAPE, 1);
    checkpoint
        .tensors
        .get_mut("output.weight")
        .unwrap()
        .1
        .fill(0.0);
    let (_, model) = checkpoint.convert(HadamardChoice::WherePossible);
    let ids = tokens(4, 100);
    let mut heard = 0;
    let score = model.score(&ids, 30, &mut |done| heard = done).unwrap();
    assert_eq!(heard, 100);
    // Windows of 30, 30, 30 and 10 tokens; the first of each is given.
    assert_eq!(score.tokens, 96);
    assert!((score.bits_per_token - f64::from(VOCABULARY).log2()).abs() < 1e-9);
}

#[test]
fn score_should_be_refused_when_its_input_is_unfit() {
    let (_, model) = small_model();
    let score = |ids: &[u32], window| model.score(ids, window, &mut |_| ());
    assert_eq!(score(&[1, 2], 1), Err(RunError::WindowTooShort));
    assert_eq!(score(&[1], 2), Err(RunError::EmptyPrompt));
    assert!(matches!(
        score(&[1, 272], 2),
        Err(RunError::TokenOutOfVocabulary { index: 1, .. })
    ));
    assert!(matches!(
        score(&[1, 2], 161),
        Err(RunError::ContextOverflow { .. })
    ));
    // A last window of one token predicts nothing.
    assert_eq!(score(&[1, 2, 3], 2).unwrap().tokens, 1);
}

/// Bits of a fixed model: whoever changes the semantics or the conversion sees it here.
#[test]
fn fixed_model_should_keep_its_bits() {
    let (converted, model) = small_model();
    let generation = generate(&model, &[256, 72, 105, 257], 8, &[258]);
    assert_eq!(
        hex::encode(model.root()),
        "8146d58e1f79bc2875d2e8489250ae8475ec930f8f21d334d513be6668ea382d"
    );
    assert_eq!(converted.header.value_formats[..3], [12, 12, 0]);
    assert_eq!(generation.tokens, [46, 61, 56, 18, 133, 214, 257, 165]);
    assert_eq!(
        hex::encode(generation.digest),
        "47b520e4ef26d1776d2d9968bafe3186643cc0b557ebfb5c27b2313b47114720"
    );
    assert_eq!(generation.positions, 11);
}
