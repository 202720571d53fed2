//! Models, jobs and whole traces for the tests of traces.

use super::Checkpoint;
use aipg_engine::{
    conformance,
    convert::{Decoder, HadamardChoice},
    file::PREFIX_LENGTH,
    sampling::Parameters,
    Blake2b256, Model, ModelHeader, Sampler,
};
use aipg_exact::{
    layout::section_lengths,
    sampling::key,
    trace::{Replay, Sampling, Sections},
};
use aipg_vectors::{job::Generate, record::Record};
use std::{fs, path::Path, sync::OnceLock};

/// A model and its file.
pub struct Subject {
    pub bytes: Vec<u8>,
    pub model: Model,
}

impl Subject {
    pub fn new(bytes: Vec<u8>) -> Self {
        let model = Model::from_bytes(&bytes).unwrap();
        Self { bytes, model }
    }

    pub fn demo() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Self::new(fs::read(root.join("models/demo/model.aipg")).unwrap())
    }

    pub fn header(&self) -> &ModelHeader {
        self.model.header()
    }

    /// The whole trace of an answer, by the functions that decide claims.
    pub fn replay(&self, prompt: &[u32], output: &[u32], how: How) -> Replay<'_> {
        let lengths = section_lengths(self.header());
        let sections = &self.bytes[PREFIX_LENGTH..];
        let (scales, rest) = sections.split_at(lengths.scales as usize);
        let (tables, weights) = rest.split_at(lengths.tables as usize);
        let sections = Sections {
            scales,
            tables,
            weights,
        };
        let replay = Replay::new(self.header(), sections, prompt, how.sampling());
        replay.unwrap().teacher_force(output).unwrap()
    }

    /// What the model answers.
    pub fn answer(&self, prompt: &[u32], tokens: u32, how: How) -> Vec<u32> {
        let model = &self.model;
        let answer = model.generate(prompt, tokens, &[], &how.sampler(), &mut |_| ());
        answer.unwrap().tokens
    }
}

/// Models with any bytes in their sections and every flag of the header, and converted ones whose rows are
/// wider than a leaf.
pub fn subjects() -> &'static [Subject] {
    static SUBJECTS: OnceLock<Vec<Subject>> = OnceLock::new();
    SUBJECTS.get_or_init(|| {
        let vectors = conformance::vectors().into_iter();
        let jobs = vectors.filter(|vector| vector.operation == "generate");
        let mut files: Vec<Vec<u8>> = jobs
            .map(|vector| Generate::from_fields(vector.inputs).unwrap().model.0)
            .collect();
        files.dedup();
        let shape = [320, 2, 5, 1, 64, 1_088];
        let plain = Checkpoint::random(shape, 3);
        let everything = Decoder::everything(7, vec![1]);
        let everything = Checkpoint::random_decoder(shape, everything, 4);
        for checkpoint in [plain, everything] {
            files.push(checkpoint.convert(HadamardChoice::WherePossible).0.bytes);
        }
        assert_eq!(files.len(), 10);
        files.into_iter().map(Subject::new).collect()
    })
}

/// How tokens are chosen: `None` is greedy.
#[derive(Clone, Copy, Debug)]
pub struct How(pub Option<Parameters>);

const SEED: u64 = 77;

impl How {
    pub fn sampler(self) -> Sampler {
        let seeded = |parameters| Sampler::seeded(SEED, parameters).unwrap();
        self.0.map_or(Sampler::GREEDY, seeded)
    }

    pub fn sampling(self) -> Option<Sampling> {
        self.0.map(|parameters| Sampling {
            parameters,
            key: key::<Blake2b256>(SEED),
        })
    }
}

/// Greedy, without a filter, with each and with all.
pub fn every_way() -> [How; 6] {
    let plain = Parameters {
        beta: 20_000,
        top_k: 0,
        top_p: 65_536,
        min_p: None,
    };
    let (top_k, top_p, min_p) = (5, 50_000, Some(300_000));
    [
        How(None),
        How(Some(plain)),
        How(Some(Parameters { top_k, ..plain })),
        How(Some(Parameters { top_p, ..plain })),
        How(Some(Parameters { min_p, ..plain })),
        How(Some(Parameters {
            top_k,
            top_p,
            min_p,
            ..plain
        })),
    ]
}

/// Tokens in the vocabulary.
pub fn prompt(header: &ModelHeader, seed: u64, length: usize) -> Vec<u32> {
    let mut random = super::Random::new(seed);
    (0..length)
        .map(|_| random.below(header.vocabulary))
        .collect()
}
