//! Models and samplers of the tests of batches.

use super::{Checkpoint, Random};
use aipg_engine::{
    convert::{convert, ConvertInput, Decoder, HadamardChoice},
    sampling::Parameters,
    Model, Sampler,
};
use aipg_exact::header::input;
use std::sync::OnceLock;

/// Widths that fill neither a panel nor a group of columns, and two query heads for a key head: one of
/// the Llama type, one with 16-bit inputs wherever they save anything, one with every flag of the header.
pub fn models() -> &'static [Model] {
    static MODELS: OnceLock<Vec<Model>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let shape = [70, 3, 4, 2, 18, 90];
        let plain = Checkpoint::random(shape, 5);
        let everything = Decoder::everything(21, vec![0, 2]);
        let everything = Checkpoint::random_decoder(shape, everything, 6);
        let rotated = HadamardChoice::WherePossible;
        let wide = |checkpoint: &Checkpoint| {
            let input = ConvertInput {
                loss_budget: Some(0.0),
                ..checkpoint.input(rotated)
            };
            let converted = convert(&input).unwrap();
            let flags = converted.header.input_flags;
            assert!(flags.iter().any(|flags| flags & input::WIDE != 0));
            Model::from_bytes(&converted.bytes).unwrap()
        };
        vec![plain.convert(rotated).1, wide(&plain), wide(&everything)]
    })
}

/// Greedy for every third seed, else with parameters of the seed's own.
pub fn sampler(seed: u64) -> Sampler {
    if seed.is_multiple_of(3) {
        return Sampler::GREEDY;
    }
    let mut random = Random::new(seed);
    let mut one_of = |choices: [u32; 4]| choices[random.below(4) as usize];
    let parameters = Parameters {
        beta: one_of([20_000, 40_000, 65_536, 150_000]),
        top_k: one_of([0, 2, 20, 100]),
        top_p: one_of([65_536, 60_000, 30_000, 5_000]),
        min_p: Some(one_of([0, 100_000, 300_000, 500_000])).filter(|&distance| distance != 0),
    };
    Sampler::seeded(seed, parameters).unwrap()
}
