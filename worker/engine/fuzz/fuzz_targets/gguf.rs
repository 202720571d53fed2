//! A GGUF file: refused by name, or its tensors are read and converted to a model that loads.
#![no_main]

use aipg_engine::{
    convert::{convert, ConvertInput, Gguf, HadamardChoice},
    Model,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(gguf) = Gguf::from_bytes(data.to_vec()) else {
        return;
    };
    for name in gguf.checkpoint().names() {
        let _ = gguf.checkpoint().tensor(name);
    }
    let Ok(configuration) = gguf.configuration() else {
        return;
    };
    // As of checkpoints: a long rotary table costs time only.
    let input = ConvertInput {
        checkpoint: gguf.checkpoint().clone(),
        configuration: configuration.with_context_up_to(64),
        tokenizer: Vec::new(),
        calibration: vec![0, 1],
        hadamard: HadamardChoice::WherePossible,
        loss_budget: None,
        measured_tokens: 2,
    };
    if let Ok(converted) = convert(&input) {
        Model::from_bytes(&converted.bytes).expect("a converted model loads");
    }
});
