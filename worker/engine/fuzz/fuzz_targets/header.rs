//! A header is refused, or decodes to what encodes to the same bytes and has bounded sections.
#![no_main]

use aipg_exact::{header::ModelHeader, layout::section_lengths};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(header) = ModelHeader::decode(data) else {
        return;
    };
    assert_eq!(header.encode(), data);
    let lengths = section_lengths(&header);
    assert!(lengths.scales + lengths.tables + lengths.weights < 1 << 44);
    let context = header.max_context;
    assert!(header
        .macs(context - 1, 1)
        .is_some_and(|macs| macs < 1 << 63));
    assert_eq!(header.macs(context, 1), None);
});
