//! The binary form of vectors: what is taken is the only encoding, and every operation answers any inputs.
#![no_main]

use aipg_engine::Blake2b256;
use aipg_vectors::{answer, binary, operation_names, portable::Portable};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(vectors) = binary::decode::<Blake2b256>(data) {
        assert_eq!(binary::encode::<Blake2b256>(&vectors), data);
    }
    let Ok(inputs) = binary::decode_fields(data) else {
        return;
    };
    assert_eq!(binary::encode_fields(&inputs), data);
    for operation in operation_names::<Portable<Blake2b256>>() {
        if let Ok(outputs) = answer::<Portable<Blake2b256>>(operation, inputs.clone()) {
            let bytes = binary::encode_fields(&outputs);
            assert_eq!(binary::decode_fields(&bytes), Ok(outputs));
        }
    }
});
