//! Bytes as a model file: as they are, and with the model root that their header has.
#![no_main]

use aipg_engine::{blob, file::PREFIX_LENGTH, Model};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Model::from_bytes(data);
    if data.len() >= PREFIX_LENGTH {
        let mut file = data.to_vec();
        let root = blob::hash(&[b"aipg/model/1", &file[40..PREFIX_LENGTH]].concat());
        file[8..40].copy_from_slice(&root);
        let _ = Model::from_bytes(&file);
    }
});
