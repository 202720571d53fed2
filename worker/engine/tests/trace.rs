//! The portable replay of `aipg-exact` against the engine on the demo model: two forward passes that share no
//! loop. The vectors of whole models are asked of both elsewhere, see `docs/spec/vectors.md`.

use aipg_engine::{conformance::Engine, Blake2b256};
use aipg_vectors::{
    job::Generate, portable::Portable, record::Bytes, sampling::Sampling, Implementation,
};
use std::{fs, path::Path};

#[test]
fn replay_should_equal_the_engine_on_the_demo_model() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let model = fs::read(root.join("models/demo/model.aipg")).unwrap();
    let question = b"What is 2 + 3?".iter().map(|&byte| byte.into());
    let prompt = std::iter::once(256).chain(question).chain([257]);
    let job = || Generate {
        model: Bytes(model.clone()),
        prompt: prompt.clone().collect(),
        max_output: 6,
        stop: vec![258],
        sampling: Sampling::GREEDY,
    };
    let portable = Portable::<Blake2b256>::generate(job()).unwrap();
    let engine = Engine::generate(job()).unwrap();
    assert_eq!(portable.tokens, engine.tokens);
    assert_eq!(portable.digest, engine.digest);
}
