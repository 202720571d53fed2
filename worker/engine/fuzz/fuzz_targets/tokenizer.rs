//! A tokenizer file is refused, or gives ids within its vocabulary.
#![no_main]

use aipg_engine::tokenizer::Tokenizer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(tokenizer) = Tokenizer::from_json(data) else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    let Ok(ids) = tokenizer.encode(&text) else {
        return;
    };
    assert!(ids.iter().all(|&id| id < tokenizer.vocabulary()));
    let decoded = tokenizer.decode(&ids);
    // Others may change the text, as by their normaliser.
    if let Tokenizer::Byte(_) = tokenizer {
        assert_eq!(decoded, text);
    }
});
