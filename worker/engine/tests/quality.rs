//! What integers lose against a plain f64 model, where real models make it hard: outlier channels,
//! long contexts, and the demo model on text. Attention sinks are tested in `aipg_exact::attention`.

mod common;

use aipg_engine::{
    convert::{convert, ConvertInput, Decoder, HadamardChoice},
    Model,
};
use aipg_exact::layout::{weight_tensors, Weight};
use common::{relative_error, tokens, Checkpoint, VOCABULARY};
use std::{fs, path::PathBuf};

const PLAIN_TEXT: &str = "A miner lends a computer to the grid and is paid for each answer.";

fn demo() -> (Checkpoint, Model) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/demo/model.aipg");
    let bytes = fs::read(path).unwrap();
    (
        Checkpoint::of_model_file(&bytes),
        Model::from_bytes(&bytes).unwrap(),
    )
}

fn sample(prompt: &str, answer: &str) -> Vec<u32> {
    let bytes = |text: &str| text.bytes().map(u32::from).collect::<Vec<_>>();
    [
        &[256],
        &bytes(prompt)[..],
        &[257],
        &bytes(answer)[..],
        &[258],
    ]
    .concat()
}

/// Other texts than those that are measured.
fn calibration() -> Vec<u32> {
    [
        sample("What is 31 + 8?", "31 + 8 = 39."),
        sample(
            "What is a block?",
            "A block is a page of the book that all keep.",
        ),
        sample(
            "Who keeps the book?",
            "Every node keeps it, and each can check it.",
        ),
    ]
    .concat()
}

/// Prompts with the answers that the demo model was trained on, and a text that it was not.
fn texts() -> Vec<Vec<u32>> {
    vec![
        sample("What is 12 + 7?", "12 + 7 = 19."),
        sample("Who made the first bread?", PLAIN_TEXT),
        sample(
            "What is exact inference?",
            "Exact inference runs an AI model in whole numbers only.",
        ),
    ]
}

/// What text costs more to predict by integers if the float model is right about it: the divergence of
/// the two models' distributions, as a part of the float model's entropy. On texts of this length the
/// difference of two scores would be mostly noise.
fn loss(checkpoint: &Checkpoint, model: &Model) -> f64 {
    let (mut divergence, mut entropy) = (0.0, 0.0);
    for text in texts() {
        let logits = model.logits(&text).unwrap();
        let rows = logits.chunks_exact(VOCABULARY as usize);
        for (row, float) in rows.zip(checkpoint.float_logits(&text)) {
            let row: Vec<f64> = row.iter().map(|&x| f64::from(x) / 65_536.0).collect();
            let (float, integer) = (log_softmax(&float), log_softmax(&row));
            for (p, q) in float.iter().zip(integer) {
                divergence += p.exp() * (p - q);
                entropy -= p.exp() * p;
            }
        }
    }
    divergence / entropy
}

fn log_softmax(row: &[f64]) -> Vec<f64> {
    let largest = row.iter().fold(f64::MIN, |largest, &x| largest.max(x));
    let total: f64 = row.iter().map(|x| (x - largest).exp()).sum();
    row.iter().map(|x| x - largest - total.ln()).collect()
}

/// The weights are taken as the integers have them: this is what activations lose.
#[test]
fn demo_model_should_predict_as_its_float_model() {
    let (checkpoint, model) = demo();
    let loss = loss(&checkpoint, &model);
    println!("demo model: {:.4} % more bits", 100.0 * loss);
    assert!(loss < 0.001, "{loss}");
}

#[test]
fn outlier_channels_should_cost_little_when_flags_are_chosen() {
    for (factor, rotation_alone) in [(30.0, 0.01), (100.0, 0.02)] {
        let checkpoint = demo().0.with_outliers(factor);
        let with = |hadamard, loss_budget| {
            let input = ConvertInput {
                calibration: calibration(),
                loss_budget,
                ..checkpoint.input(hadamard)
            };
            let bytes = convert(&input).unwrap().bytes;
            let model = Model::from_bytes(&bytes).unwrap();
            let same_weights = Checkpoint::of_model_file(&bytes);
            (loss(&checkpoint, &model), loss(&same_weights, &model))
        };
        let plain = with(HadamardChoice::Nowhere, None);
        let rotated = with(HadamardChoice::WherePossible, None);
        let chosen = with(HadamardChoice::WherePossible, Some(0.001));
        for (name, (whole, activations)) in
            [("int8", plain), ("rotated", rotated), ("chosen", chosen)]
        {
            println!(
                "outliers ×{factor}, {name}: {:.3} % more bits, {:.3} % by activations alone",
                100.0 * whole,
                100.0 * activations
            );
        }
        // The rotation is for activations; the weights that read outliers lose most by it.
        assert!(rotated.1 < rotation_alone, "×{factor}");
        assert!(plain.1 > 3.0 * rotated.1, "×{factor}");
        assert!(chosen.0 < 0.01 && plain.0 > 3.0 * chosen.0, "×{factor}");
    }
}

/// The error at the end of a long context is no larger than at its beginning, with and without a
/// window.
#[test]
fn long_context_should_not_lose_accuracy() {
    const LENGTH: usize = 2_048;
    for window in [0, 300] {
        let decoder = Decoder {
            window,
            ..Decoder::default()
        };
        let mut checkpoint = Checkpoint::random_decoder([64, 1, 2, 1, 32, 64], decoder, 8);
        checkpoint.configuration.max_context = LENGTH as u32;
        let (_, model) = checkpoint.convert(HadamardChoice::WherePossible);
        let ids = tokens(9, LENGTH);
        let exact = model.logits(&ids).unwrap();
        let float = checkpoint.float_logits(&ids);
        let error = |rows: std::ops::Range<usize>| {
            let (mut difference, mut total) = (0.0, 0.0);
            for row in rows {
                let found = &exact[row * VOCABULARY as usize..][..VOCABULARY as usize];
                for (&logit, float) in found.iter().zip(&float[row]) {
                    difference += (f64::from(logit) / 65_536.0 - float).powi(2);
                    total += float.powi(2);
                }
            }
            (difference / total).sqrt()
        };
        let (first, last) = (error(0..128), error(LENGTH - 128..LENGTH));
        assert!(
            first < 0.03 && last < 0.03,
            "window {window}: {first}, then {last}"
        );
    }
}

/// A random model's logits, which nothing has made smooth, against floats with the same weights: what
/// activations lose where 16 bits are everywhere.
#[test]
fn wide_inputs_should_lose_less_than_narrow_ones() {
    let checkpoint = Checkpoint::random([96, 2, 3, 3, 32, 100], 6).with_outliers(100.0);
    let error = |loss_budget| {
        let input = ConvertInput {
            loss_budget,
            ..checkpoint.input(HadamardChoice::Nowhere)
        };
        let bytes = convert(&input).unwrap().bytes;
        let model = Model::from_bytes(&bytes).unwrap();
        let floats = Checkpoint::of_model_file(&bytes);
        relative_error(&floats, &model, &tokens(21, 60))
    };
    let (narrow, wide) = (error(None), error(Some(0.0)));
    assert!(wide < 0.03, "{wide}");
    assert!(narrow > 5.0 * wide, "{narrow} against {wide}");
}

/// The float tensors of a model file are what its integers stand for.
#[test]
fn checkpoint_of_a_model_file_should_convert_back_to_the_same_weights() {
    let (converted, _) = common::small_model();
    let checkpoint = Checkpoint::of_model_file(&converted.bytes);
    let again = checkpoint.convert(HadamardChoice::Nowhere).0.header;
    assert_eq!(again.tables, converted.header.tables);
    let names: Vec<_> = weight_tensors(&converted.header)
        .filter(|tensor| tensor.weight != Weight::Embedding)
        .collect();
    assert_eq!(checkpoint.tensors.len(), names.len() + 1 + 2 * 2 + 1);
}
