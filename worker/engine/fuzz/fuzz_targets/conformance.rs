//! Requests of the conformance protocol: every operation answers any inputs, if only with an error.
#![no_main]

use aipg_engine::conformance::serve;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut answers = Vec::new();
    // Only reading can fail, where a line is not UTF-8.
    if serve(data, &mut answers).is_ok() {
        assert!(answers.is_empty() || answers.ends_with(b"\n"));
    }
});
