//! The portable replay of `aipg-exact` against the vectors and the engine: two forward passes that
//! share no loop.

use aipg_engine::{file::PREFIX_LENGTH, Blake2b256, Model, Request, Sampler};
use aipg_exact::{
    header::{ModelHeader, HEADER_LENGTH},
    layout::section_lengths,
    sampling::{self, Parameters},
    trace::{Replay, Sampling, Sections, Tensor},
};
use serde_json::Value;
use std::{fs, path::Path};

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Header and sections of a model file.
fn parts(file: &[u8]) -> (ModelHeader, Sections<'_>) {
    let (prefix, rest) = file.split_at(PREFIX_LENGTH);
    let header = ModelHeader::decode(&prefix[PREFIX_LENGTH - HEADER_LENGTH..]).unwrap();
    let lengths = section_lengths(&header);
    let (scales, rest) = rest.split_at(lengths.scales as usize);
    let (tables, weights) = rest.split_at(lengths.tables as usize);
    let sections = Sections {
        scales,
        tables,
        weights,
    };
    (header, sections)
}

fn numbers(value: &Value) -> Vec<u32> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|x| x.as_u64().unwrap() as u32).collect()
}

fn seeded(value: &Value) -> Option<Sampling> {
    let number = |name: &str| value[name].as_u64();
    let beta = number("beta").unwrap() as u32;
    (beta > 0).then(|| Sampling {
        parameters: Parameters {
            beta,
            top_k: number("top_k").unwrap() as u32,
            top_p: number("top_p").unwrap() as u32,
            min_p: number("min_p").map(|x| x as u32),
        },
        key: sampling::key::<Blake2b256>(number("seed").unwrap()),
    })
}

#[test]
fn replay_should_answer_the_vectors_of_whole_models() {
    let vectors = fs::read_to_string(root("docs/spec/vectors.jsonl")).unwrap();
    let mut asked = 0;
    for line in vectors.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        if vector["operation"] != "generate" {
            continue;
        }
        let (inputs, outputs) = (&vector["inputs"], &vector["outputs"]);
        let model = hex::decode(inputs["model"].as_str().unwrap()).unwrap();
        let (header, sections) = parts(&model);
        let prompt = numbers(&inputs["prompt"]);
        let most = inputs["max_output"].as_u64().unwrap() as u32;
        let replay = Replay::new(&header, sections, &prompt, seeded(&inputs["sampling"]))
            .unwrap()
            .generate(most, &numbers(&inputs["stop"]))
            .unwrap();
        assert_eq!(replay.output(), numbers(&outputs["tokens"]));
        let digest = replay.root::<Blake2b256>(Tensor::last(&header));
        assert_eq!(hex::encode(digest), outputs["digest"].as_str().unwrap());
        asked += 1;
    }
    assert!(asked >= 16, "{asked} vectors of whole models");
}

#[test]
fn replay_should_equal_the_engine_on_the_demo_model() {
    let path = root("models/demo/model.aipg");
    let bytes = fs::read(&path).unwrap();
    let (header, sections) = parts(&bytes);
    let model = Model::load(&path).unwrap();
    let prompt: Vec<u32> = std::iter::once(256)
        .chain(b"What is 2 + 3?".iter().map(|&byte| byte.into()))
        .chain([257])
        .collect();
    let request = Request {
        prompt: &prompt,
        max_output: 6,
        stop: &[258],
        sampler: Sampler::GREEDY,
    };
    let mut sequence = model.start(request).unwrap();
    while !sequence.is_finished() {
        model.advance(&mut [&mut sequence]);
    }
    let expected = sequence.into_generation();
    let replay = Replay::new(&header, sections, &prompt, None).unwrap();
    let replay = replay.generate(6, &[258]).unwrap();
    assert_eq!(replay.output(), expected.tokens);
    let digest = replay.root::<Blake2b256>(Tensor::last(&header));
    assert_eq!(digest, expected.digest);
}
