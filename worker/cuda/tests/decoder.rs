//! Whole models: the digest of the engine on every device, in every cutting, batch and order.

mod common;

use aipg_cuda::{
    decoder::{Append, Decoder, ForwardError, ForwardPass, Limits},
    device::{Device, DeviceError},
    jobs::{generate, replay, Answer, Job},
    model::DeviceModel,
    operations::Tuning,
};
use aipg_engine::{Model as Engine, Sampler};
use aipg_exact::{
    sampling::{key, Parameters},
    testing::{small_header, small_picture_header, Model, Numbers},
    trace::{Sampling, Sections},
    Blake2b256,
};
use common::{devices, models, tunings, ORDERS};
use std::sync::Arc;

/// Room that makes prompts, logits and scores come in parts.
const LIMITS: Limits = Limits {
    slots: 4,
    positions: 64,
    rows: 23,
    logit_rows: 3,
    scores: 200,
};

const SEED: u64 = 7;

fn sampling(ordinal: usize) -> Option<Parameters> {
    (!ordinal.is_multiple_of(2)).then_some(Parameters {
        beta: 9_000,
        top_k: 20,
        top_p: 60_000,
        min_p: Some(400_000),
    })
}

fn prompt(model: &Model, seed: u64, length: usize) -> Vec<u32> {
    let mut numbers = Numbers(seed);
    let token = |_| numbers.below(model.header.vocabulary.into()) as u32;
    (0..length).map(token).collect()
}

/// What the engine answers to a prompt.
fn expected(engine: &Engine, prompt: &[u32], output: usize, how: Option<Parameters>) -> Answer {
    let sampler = how.map_or(Sampler::GREEDY, |parameters| {
        Sampler::seeded(SEED, parameters).unwrap()
    });
    let answer = engine.generate(prompt, output as u32, &[3], &sampler, &mut |_| ());
    let answer = answer.unwrap();
    Answer {
        tokens: answer.tokens,
        digest: answer.digest,
    }
}

#[test]
fn a_picture_model_should_be_refused() {
    let model = Model::random::<Blake2b256>(small_picture_header(), 1);
    for device in devices() {
        let sections = Sections {
            scales: &model.scales,
            tables: &model.tables,
            weights: &model.weights,
        };
        let refused = DeviceModel::upload(&*device, &model.header, sections);
        assert!(matches!(refused, Err(DeviceError::PictureModel)));
    }
}

fn generates_as_the_engine(device: &Arc<dyn Device>, model: &Model, tuning: Tuning) {
    let engine = Engine::from_bytes(&models::file(model)).unwrap();
    let prompts: Vec<Vec<u32>> = [1, 3, 26, 2]
        .into_iter()
        .zip(1..)
        .map(|(length, seed)| prompt(model, seed, length))
        .collect();
    let jobs: Vec<Job<'_>> = prompts
        .iter()
        .enumerate()
        .map(|(ordinal, prompt)| Job {
            prompt,
            max_output: 2 + ordinal,
            stop: &[3],
            sampling: sampling(ordinal).map(|parameters| Sampling {
                parameters,
                key: key::<Blake2b256>(SEED),
            }),
        })
        .collect();
    let answers: Vec<Answer> = prompts
        .iter()
        .enumerate()
        .map(|(ordinal, prompt)| expected(&engine, prompt, 2 + ordinal, sampling(ordinal)))
        .collect();
    let mut decoder = models::decoder(device, model, LIMITS, tuning);
    let found = generate(&mut decoder, &jobs).unwrap();
    let header = &model.header;
    assert_eq!(
        found,
        answers,
        "{} {tuning:?} {header:?}",
        device.describe()
    );
    // The same one by one, in slots that have been used, and as one teacher-forced run.
    for (job, answer) in jobs.iter().zip(&answers).take(1) {
        let alone = generate(&mut decoder, &[*job]).unwrap();
        assert_eq!(alone.as_slice(), std::slice::from_ref(answer));
        let (last, processed) = answer.tokens.split_last().unwrap();
        let tokens = [job.prompt, processed].concat();
        let (digest, greedy) = replay(&mut decoder, &tokens).unwrap();
        assert_eq!(digest, answer.digest);
        if job.sampling.is_none() {
            assert_eq!(greedy.last(), Some(last));
        }
    }
}

#[test]
fn decoder_should_give_the_digest_of_the_engine() {
    let tunings = tunings();
    for (index, model) in models::models().iter().enumerate() {
        // A model meets every GPU, and the processor in one of its orders.
        let devices = devices();
        let chosen = [&devices[index % ORDERS.len()]];
        for device in chosen.into_iter().chain(&devices[ORDERS.len()..]) {
            generates_as_the_engine(device, model, tunings[index / 2 % tunings.len()]);
        }
    }
}

#[test]
fn logits_should_be_those_of_the_engine() {
    let device = &devices()[0];
    for model in models::models() {
        let engine = Engine::from_bytes(&models::file(&model)).unwrap();
        let tokens = prompt(&model, 5, 11);
        let expected = engine.logits(&tokens).unwrap();
        let mut decoder = models::decoder(device, &model, LIMITS, Tuning::default());
        let tokens = &tokens;
        decoder.append(&[Append { slot: 1, tokens }]).unwrap();
        let rows: Vec<usize> = (0..tokens.len()).collect();
        assert_eq!(decoder.logits(&rows).unwrap(), expected);
        let vocabulary = model.header.vocabulary as usize;
        assert_eq!(
            decoder.logits(&[7, 2]).unwrap(),
            [7, 2]
                .map(|row| &expected[row * vocabulary..][..vocabulary])
                .concat()
        );
    }
}

#[test]
fn greedy_should_take_the_lowest_of_equals() {
    let mut model = Model::random::<Blake2b256>(small_header(), 9);
    model.pair_tokens::<Blake2b256>();
    let tokens = prompt(&model, 6, 20);
    for device in devices() {
        let mut decoder = models::decoder(&device, &model, LIMITS, Tuning::default());
        let (_, greedy) = replay(&mut decoder, &tokens).unwrap();
        assert!(greedy.iter().all(|token| token.is_multiple_of(2)));
    }
}

fn small_decoder() -> Decoder {
    let model = Model::random::<Blake2b256>(small_header(), 1);
    models::decoder(&devices()[0], &model, LIMITS, Tuning::default())
}

#[test]
fn append_should_refuse_by_name_and_change_nothing() {
    let mut decoder = small_decoder();
    let append = |slot, tokens| Append { slot, tokens };
    let many = [1; 24];
    let refusals: [(&[Append<'_>], ForwardError); 6] = [
        (&[], ForwardError::NoTokens),
        (&[append(0, &[1]), append(1, &[])], ForwardError::NoTokens),
        (
            &[append(0, &[1, 40])],
            ForwardError::TokenOutOfVocabulary {
                token: 40,
                vocabulary: 40,
            },
        ),
        (
            &[append(4, &[1])],
            ForwardError::SlotOutOfRange { slot: 4, slots: 4 },
        ),
        (
            &[append(2, &[1]), append(2, &[1])],
            ForwardError::SlotTwice(2),
        ),
        (
            &[append(0, &many)],
            ForwardError::RowOutOfRange { row: 24, rows: 23 },
        ),
    ];
    let first = decoder.append(&[append(0, &[5, 6])]).unwrap();
    for (batch, error) in refusals {
        assert_eq!(decoder.append(batch), Err(error));
    }
    let row = ForwardError::RowOutOfRange { row: 2, rows: 2 };
    assert_eq!(decoder.logits(&[0, 2]), Err(row.clone()));
    assert_eq!(decoder.greedy(&[2]), Err(row));
    let slot = ForwardError::SlotOutOfRange { slot: 9, slots: 4 };
    assert_eq!(decoder.clear(9), Err(slot));
    // 62 more positions are left, and not one beyond.
    for _ in 0..31 {
        decoder.append(&[append(0, &[1, 2])]).unwrap();
    }
    let overflow = ForwardError::ContextOverflow {
        slot: 0,
        positions: 65,
        capacity: 64,
    };
    assert_eq!(decoder.append(&[append(0, &[1])]), Err(overflow));
    decoder.clear(0).unwrap();
    assert_eq!(decoder.append(&[append(0, &[5, 6])]), Ok(first));
}
