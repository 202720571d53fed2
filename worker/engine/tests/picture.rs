//! Pictures: nothing but model, prompt and seed may matter. `scripts/reference` compares them with NumPy.

mod common;

use aipg_engine::{
    blob,
    file::PREFIX_LENGTH,
    memory::Needs,
    trace::{MemoryBudget, TraceError, TraceRequest},
    Blake2b256, Kernel, Model, ModelError, Painting, Request, RunError, Sampler,
};
use aipg_exact::{
    layout::section_lengths,
    picture::key,
    trace::{Replay, Sections, Tensor},
};
use common::pictures::{file, header, headers};
use rayon::ThreadPoolBuilder;
use std::collections::BTreeSet;

fn models() -> Vec<Model> {
    (1..)
        .zip(headers())
        .map(|(seed, header)| Model::from_bytes(&file(header, seed)).unwrap())
        .collect()
}

fn paint(model: &Model, prompt: &[u32], seed: u64) -> Painting {
    model.paint(prompt, seed, &mut |_| ()).unwrap()
}

#[test]
fn picture_should_be_the_same_on_every_kernel_and_number_of_threads() {
    for model in models() {
        let expected = paint(&model, &[3, 250, 7], 9);
        for kernel in Kernel::available() {
            let model = model.clone().with_kernel(kernel);
            for threads in [1, 2, 3] {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                let found = pool.unwrap().install(|| paint(&model, &[3, 250, 7], 9));
                assert_eq!(found, expected, "{} on {threads}", kernel.name());
            }
        }
    }
}

/// The hashes are those of the reference in NumPy: `picture.py` on the files of these models.
#[test]
fn picture_should_keep_its_bits() {
    let expected = [
        (
            "74a5dee454012a130ce9e5b6d7bc3508ade5d1fe5212902f79f431baab5b881d",
            "a1037191bdcccc0550b12492330ef06bd6d0592118bbe616a9427d3d72d7e1ec",
        ),
        (
            "e211fde9bada9d27e35882ff07707bf8913e8ae7615ada958c38618c991dbfb5",
            "d0bd78443bc5b9da1d5414c57eb8ca476cb8fe6b879231371c04e30cfe59869b",
        ),
        (
            "8ec3b0f9fe86fe37d8fc6d0b5275c8b9bce0de59aa65c7269bc4944fd15f7897",
            "feca50ab53cd561836c1ad882157f241ddb73b0539e5c41d8b6a17ac01fdacd5",
        ),
    ];
    for (number, (model, expected)) in models().iter().zip(expected).enumerate() {
        let found = paint(model, &[3, 250, 7], 9);
        let pixels = hex::encode(blob::hash(&found.pixels));
        let digest = hex::encode(found.digest);
        assert_eq!((pixels.as_str(), digest.as_str()), expected, "{number}");
    }
}

/// Of `aipg-exact`, one row after the other.
#[test]
fn picture_should_be_that_of_the_portable_replay() {
    for (seed, header) in (1..).zip(headers()) {
        let bytes = file(header, seed);
        let model = Model::from_bytes(&bytes).unwrap();
        let lengths = section_lengths(model.header());
        let (scales, rest) = bytes[PREFIX_LENGTH..].split_at(lengths.scales as usize);
        let (tables, weights) = rest.split_at(lengths.tables as usize);
        let sections = Sections {
            scales,
            tables,
            weights,
        };
        for (prompt, seed) in [(&[3, 250, 7][..], 9), (&[0], u64::MAX)] {
            let key = key::<Blake2b256>(seed);
            let replay = Replay::paint(model.header(), sections, prompt, key).unwrap();
            let found = paint(&model, prompt, seed);
            assert_eq!(found.tokens(), replay.output());
            let digest = Tensor::last(model.header());
            assert_eq!(found.digest, replay.root::<Blake2b256>(digest));
        }
    }
}

#[test]
fn picture_should_have_the_sides_and_positions_of_its_header() {
    let [model, _, pixels] = <[Model; 3]>::try_from(models()).unwrap();
    let found = paint(&model, &[1, 2], 5);
    assert_eq!((found.height, found.width), (16, 24));
    assert_eq!(found.pixels.len(), 16 * 24 * 3);
    // Three steps of six patches and two tokens.
    assert_eq!(found.positions, 3 * (6 + 2));
    assert_eq!(found.tokens().len(), found.pixels.len());
    assert!(found.tokens().iter().all(|&token| token < 256));
    assert_eq!(paint(&pixels, &[1], 5).positions, 45 + 1);
}

#[test]
fn picture_should_follow_prompt_and_seed() {
    let model = &models()[0];
    let found = paint(model, &[1, 2], 5);
    assert_eq!(found, paint(model, &[1, 2], 5));
    for (prompt, seed) in [([1, 2], 6), ([2, 1], 5), ([1, 3], 5)] {
        let other = paint(model, &prompt, seed);
        assert_ne!(other.pixels, found.pixels);
        assert_ne!(other.digest, found.digest);
    }
    // There is something to compare.
    let values: BTreeSet<u8> = found.pixels.iter().copied().collect();
    assert!(values.len() > 50, "{} values", values.len());
}

#[test]
fn progress_should_be_told_of_each_step() {
    let mut steps = Vec::new();
    let model = &models()[0];
    model.paint(&[1], 1, &mut |step| steps.push(step)).unwrap();
    assert_eq!(steps, [1, 2, 3]);
}

#[test]
fn png_should_hold_the_pixels() {
    let found = paint(&models()[0], &[1], 1);
    let file = found.png().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&file))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.height, info.width), (16, 24));
    assert_eq!(info.color_type, png::ColorType::Rgb);
    assert_eq!(pixels, found.pixels);
    let wrong = Painting { width: 25, ..found };
    assert!(wrong.png().is_err());
}

#[test]
fn picture_should_be_refused_when_the_prompt_is_none() {
    let model = &models()[0];
    let refused = |prompt: &[u32]| model.paint(prompt, 1, &mut |_| ()).unwrap_err();
    assert_eq!(refused(&[]), RunError::EmptyPrompt);
    assert_eq!(
        refused(&[1, 260]),
        RunError::TokenOutOfVocabulary {
            index: 1,
            token: 260,
            vocabulary: 260
        }
    );
    // Six patches leave room for ten tokens.
    assert_eq!(
        refused(&[1; 11]),
        RunError::ContextOverflow {
            positions: 17,
            max_context: 16
        }
    );
    assert!(model.paint(&[1; 10], 1, &mut |_| ()).is_ok());
    let (_, text) = common::small_model();
    let refused = text.paint(&[1], 1, &mut |_| ()).unwrap_err();
    assert_eq!(refused, RunError::NoPictureModel);
}

#[test]
fn text_should_be_refused_by_a_picture_model() {
    let model = &models()[0];
    let request = Request {
        prompt: &[1],
        max_output: 2,
        stop: &[],
        sampler: Sampler::GREEDY,
    };
    let refused = RunError::PictureModel;
    assert_eq!(model.start(request).unwrap_err(), refused);
    assert_eq!(model.start_within_context(request).unwrap_err(), refused);
    let replayed = model.replay(&[1], &[2], &Sampler::GREEDY);
    assert_eq!(replayed.unwrap_err(), refused);
    assert_eq!(model.logits(&[1]).unwrap_err(), refused);
    assert_eq!(
        model.score(&[1, 2, 3], 2, &mut |_| ()).unwrap_err(),
        refused
    );
    let request = TraceRequest {
        prompt: &[1],
        output: &[2],
        sampler: Sampler::GREEDY,
    };
    let trace = model.trace(&request, MemoryBudget::UNLIMITED);
    assert!(matches!(
        trace,
        Err(TraceError::Run(RunError::PictureModel))
    ));
}

#[test]
fn model_should_be_refused_when_a_byte_of_its_steps_is_changed() {
    let bytes = file(header([0; 32]), 1);
    assert!(Model::from_bytes(&bytes).is_ok());
    let model = Model::from_bytes(&bytes[..bytes.len() - 1]);
    assert!(matches!(model, Err(ModelError::Truncated { .. })));
    let lengths = section_lengths(&header([0; 32]));
    let weights = bytes.len() - lengths.weights as usize;
    // The last δ, and the last step's final norm before the tables.
    let mut changed = bytes.clone();
    changed[weights - 1] ^= 1;
    let model = Model::from_bytes(&changed);
    assert!(matches!(model, Err(ModelError::TableRootMismatch)));
    let mut changed = bytes;
    changed[weights - lengths.tables as usize - 1] ^= 1;
    let model = Model::from_bytes(&changed);
    assert!(matches!(model, Err(ModelError::ScaleRootMismatch)));
}

#[test]
fn needs_should_grow_with_the_rows_of_a_picture() {
    let small = header([0; 32]);
    let mut large = small.clone();
    large.max_context = 1_000;
    let (small, large) = (Needs::of(&small), Needs::of(&large));
    // Each row has its residual stream, gate, up and what is quantised of them.
    assert!(large.run > small.run + 984 * (64 + 2 * 90) * 4);
}

#[test]
fn replay_should_confirm_the_picture_and_nothing_else() {
    for model in models() {
        let painting = paint(&model, &[3, 250, 7], 9);
        let output = painting.tokens();
        let replay = |seed, output: &[u32]| model.replay_picture(&[3, 250, 7], seed, output);
        assert_eq!(replay(9, &output), Ok(painting.digest));
        let index = output.len() / 2;
        for other in [output[index] ^ 1, 256] {
            let mut wrong = output.clone();
            wrong[index] = other;
            let expected = RunError::OutputMismatch {
                index,
                expected: output[index],
                found: other,
            };
            assert_eq!(replay(9, &wrong), Err(expected));
        }
        assert!(matches!(
            replay(10, &output),
            Err(RunError::OutputMismatch { .. })
        ));
        let short = RunError::OutputLength {
            found: output.len() - 1,
            expected: output.len() as u32,
        };
        assert_eq!(replay(9, &output[1..]), Err(short));
        assert_eq!(
            model.replay_picture(&[], 9, &output),
            Err(RunError::EmptyPrompt)
        );
    }
}
