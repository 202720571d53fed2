//! The worker's use of the engine, with the model that the repository carries.

use aipg_client::{Hash, Sampling, SamplingParameters};
use aipg_worker::{
    conduct::Honest,
    config::ModelSetting,
    inference::{sampler, Inference, Task},
    memory::Room,
    models::{self, ModelsError},
};
use indicatif::{MultiProgress, ProgressDrawTarget};
use std::{fs, path::PathBuf, sync::Arc};

/// First token of a prompt, its end, and the end of an answer.
const START: u32 = 256;
const ANSWER_FOLLOWS: u32 = 257;
const END: u32 = 258;

fn demo_model() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../models/demo/model.aipg"
    ))
}

const ROOM: Room = Room {
    available: u64::MAX,
    runs: 1,
};

fn setting(path: PathBuf, root: Option<String>) -> ModelSetting {
    ModelSetting {
        path,
        ask: None,
        root,
    }
}

#[test]
fn model_should_be_refused_when_it_does_not_fit() {
    let room = Room {
        available: 1 << 20,
        ..ROOM
    };
    let error = models::load(&[setting(demo_model(), None)], None, room).err();
    let error = error.expect("a model of more than a MiB").to_string();
    assert!(error.starts_with("ModelsDoNotFit"), "{error}");
}

#[test]
fn model_should_load_when_its_root_is_the_pinned_one() {
    let free =
        models::load(&[setting(demo_model(), None)], None, ROOM).expect("the demo model loads");
    let root = *free.keys().next().expect("one model");
    let pinned = models::load(&[setting(demo_model(), Some(root.to_string()))], None, ROOM);
    assert_eq!(pinned.expect("the same root").len(), 1);

    let other = Hash([7; 32]);
    let error = models::load(
        &[setting(demo_model(), Some(other.to_string()))],
        None,
        ROOM,
    )
    .err();
    assert!(matches!(
        error,
        Some(ModelsError::ModelRootMismatch { expected, found, .. })
            if (expected, found) == (other, root)
    ));
}

#[test]
fn model_should_be_refused_when_it_is_named_twice() {
    let twice = [setting(demo_model(), None), setting(demo_model(), None)];
    assert!(matches!(
        models::load(&twice, None, ROOM),
        Err(ModelsError::Twice { .. })
    ));
}

#[test]
fn model_should_be_refused_when_one_bit_of_its_file_is_flipped() {
    let folder = tempfile::tempdir().unwrap();
    let intact = fs::read(demo_model()).unwrap();
    for offset in [0, 40, intact.len() / 2, intact.len() - 1] {
        let mut damaged = intact.clone();
        damaged[offset] ^= 1;
        let path = folder.path().join(format!("damaged-{offset}.aipg"));
        fs::write(&path, damaged).unwrap();
        let loaded = models::load(&[setting(path, None)], None, ROOM);
        assert!(
            matches!(loaded, Err(ModelsError::Load { .. })),
            "byte {offset}"
        );
    }
}

#[tokio::test]
async fn run_should_end_in_an_answer_that_a_replay_confirms() {
    let models = models::load(&[setting(demo_model(), None)], None, ROOM).unwrap();
    let model = models.values().next().unwrap().model.clone();
    let mut prompt = vec![START];
    prompt.extend("What is AI Power Grid?".bytes().map(u32::from));
    prompt.push(ANSWER_FOLLOWS);
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    let (inference, mut results) = Inference::new(1, true, bars, Arc::new(Honest));
    let drawn = Sampling::Seeded(SamplingParameters {
        beta: 65_536,
        top_k: 40,
        top_p: 62_259,
        min_p: None,
    });
    for ticket in [1, 2] {
        inference.start(Task {
            job: 7,
            ticket,
            model: model.clone(),
            prompt: prompt.clone(),
            max_output: 24,
            stop: vec![END],
            seed: 5,
            sampling: drawn,
        });
    }
    let (first, second) = (results.recv().await.unwrap(), results.recv().await.unwrap());
    assert_eq!((first.job, second.job), (7, 7));
    assert_ne!(first.ticket, second.ticket);
    let (first, second) = (first.outcome.unwrap(), second.outcome.unwrap());
    assert_eq!(
        first, second,
        "the same job gives the same answer, bit for bit"
    );
    assert!((1..=24).contains(&first.tokens.len()));
    let sampler = sampler(5, drawn).unwrap();
    assert_eq!(
        model.replay(&prompt, &first.tokens, &sampler).unwrap(),
        first.digest
    );
}

#[tokio::test]
async fn run_should_fail_by_name_when_the_model_cannot_take_the_prompt() {
    let models = models::load(&[setting(demo_model(), None)], None, ROOM).unwrap();
    let model = models.values().next().unwrap().model.clone();
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    let (inference, mut results) = Inference::new(1, true, bars, Arc::new(Honest));
    let max_output = model.header().max_context;
    inference.start(Task {
        job: 7,
        ticket: 1,
        model,
        prompt: vec![START; 2],
        max_output,
        stop: vec![],
        seed: 0,
        sampling: Sampling::Greedy,
    });
    let outcome = results.recv().await.unwrap().outcome;
    assert!(outcome
        .unwrap_err()
        .to_string()
        .starts_with("the model cannot run this job"));
}
