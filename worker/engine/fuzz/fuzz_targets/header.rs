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
    let picture = header.picture();
    let (most, output) = match picture {
        Some(picture) => (header.max_context - picture.patches(), picture.values()),
        None => (header.max_context - 1, 1),
    };
    assert!(header.macs(most, output).is_some_and(|macs| macs < 1 << 63));
    assert_eq!(header.macs(most + 1, output), None);
});
