//! A token blob is refused, or encodes to the same bytes.
#![no_main]

use aipg_engine::blob;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match blob::decode_tokens(data) {
        Ok(ids) => {
            assert_eq!(blob::encode_tokens(&ids), data);
            let _ = blob::token_root(&ids);
        }
        Err(_) => assert_ne!(data.len() % 4, 0),
    }
});
