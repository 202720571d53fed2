//! A tokenizer file is refused, or gives ids within its vocabulary.
#![no_main]

use aipg_engine::tokenizer::Tokenizer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(tokenizer) = Tokenizer::from_json(data) else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    let ids = tokenizer.encode(&text);
    assert!(ids.iter().all(|&id| id < tokenizer.vocabulary));
    assert_eq!(tokenizer.decode(&ids), text);
});
