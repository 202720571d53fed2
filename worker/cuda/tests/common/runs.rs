//! Jobs with what the engine answers to them.

use super::models;
use aipg_cuda::jobs::{Answer, Job};
use aipg_engine::{Model as Engine, Sampler};
use aipg_exact::{
    sampling::{key, Parameters},
    testing::{Model, Numbers},
    trace::Sampling,
    Blake2b256,
};

const SEED: u64 = 7;

/// A job on a model.
#[derive(Clone, Debug)]
pub struct Run {
    pub prompt: Vec<u32>,
    pub max_output: usize,
    pub stop: Vec<u32>,
    pub parameters: Option<Parameters>,
}

impl Run {
    /// One with a random prompt, greedy if `seed` is even.
    pub fn new(model: &Model, seed: u64, length: usize, max_output: usize) -> Self {
        let mut numbers = Numbers(seed);
        let token = |_| numbers.below(model.header.vocabulary.into()) as u32;
        Self {
            prompt: (0..length).map(token).collect(),
            max_output,
            stop: vec![3],
            parameters: (!seed.is_multiple_of(2)).then_some(Parameters {
                beta: 9_000,
                top_k: 20,
                top_p: 60_000,
                min_p: Some(400_000),
            }),
        }
    }

    pub fn sampling(&self) -> Option<Sampling> {
        self.parameters.map(|parameters| Sampling {
            parameters,
            key: key::<Blake2b256>(SEED),
        })
    }

    pub fn job(&self) -> Job<'_> {
        Job {
            prompt: &self.prompt,
            max_output: self.max_output,
            stop: &self.stop,
            sampling: self.sampling(),
        }
    }

    /// What the engine answers.
    pub fn answer(&self, engine: &Engine) -> Answer {
        let sampler = self.parameters.map_or(Sampler::GREEDY, |parameters| {
            Sampler::seeded(SEED, parameters).unwrap()
        });
        let (most, stop) = (self.max_output as u32, &self.stop);
        let answer = engine.generate(&self.prompt, most, stop, &sampler, &mut |_| ());
        let answer = answer.unwrap();
        Answer {
            tokens: answer.tokens,
            digest: answer.digest,
        }
    }
}

/// The engine with a model.
pub fn engine(model: &Model) -> Engine {
    Engine::from_bytes(&models::file(model)).unwrap()
}
