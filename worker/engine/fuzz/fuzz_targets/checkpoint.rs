//! A float checkpoint and its configuration, a line of JSON before the safetensors file: refused by
//! name, or converted to a model that loads.
#![no_main]

use aipg_engine::{
    convert::{convert, Checkpoint, CheckpointConfiguration, ConvertInput, HadamardChoice},
    Model,
};
use libfuzzer_sys::fuzz_target;

const TOKENIZER: &[u8] = br#"{"kind": "byte", "vocabulary": 259,
    "special": {"start": 256, "prompt_end": 257, "answer_end": 258}}"#;

fuzz_target!(|data: &[u8]| {
    let Some(end) = data.iter().position(|&byte| byte == b'\n') else {
        return;
    };
    let (line, checkpoint) = (&data[..end], &data[end + 1..]);
    let Ok(configuration) = CheckpointConfiguration::from_json(line) else {
        return;
    };
    // A long rotary table costs time, not memory without bounds: 2^18 positions are allowed.
    if configuration.max_context > 1_000 {
        return;
    }
    let loss_budget = (checkpoint.len() % 2 == 0).then_some(0.0);
    let Ok(checkpoint) = Checkpoint::from_bytes(checkpoint.to_vec()) else {
        return;
    };
    let input = ConvertInput {
        checkpoint,
        configuration,
        tokenizer: TOKENIZER.to_vec(),
        calibration: vec![256, 72, 105, 257],
        hadamard: HadamardChoice::WherePossible,
        loss_budget,
        measured_tokens: 2,
    };
    if let Ok(converted) = convert(&input) {
        Model::from_bytes(&converted.bytes).expect("a converted model loads");
    }
});
