use super::*;
use crate::{
    header::{
        input, model, output, HEADER_LENGTH, MACS_PER_UNIT, MAX_CONTEXT, MAX_INNER_DIMENSION,
        MAX_LAYERS, MAX_VOCABULARY, MODEL_DIMENSION_LIMIT,
    },
    testing::{small_header, small_picture_header},
};
use proptest::prelude::*;

#[track_caller]
fn assert_refused(error: HeaderError, change: impl Fn(&mut ModelHeader, &mut Picture)) {
    let mut header = small_picture_header();
    let mut picture = header.picture().unwrap();
    change(&mut header, &mut picture);
    header.set_picture(&picture);
    assert_eq!(ModelHeader::decode(&header.encode()), Err(error));
    assert_eq!(error.to_string(), error.message());
}

/// The largest shape of a picture model: as many rows as there can be, one pixel each.
fn largest_header() -> ModelHeader {
    let mut header = ModelHeader {
        model_dimension: MODEL_DIMENSION_LIMIT - 1,
        layers: MAX_LAYERS as u32,
        heads: MAX_INNER_DIMENSION / 2,
        key_value_heads: MAX_INNER_DIMENSION / 2,
        head_dimension: 2,
        feed_forward: MAX_INNER_DIMENSION,
        vocabulary: MAX_VOCABULARY,
        max_context: MAX_PICTURE_CONTEXT,
        value_formats: [16; MAX_LAYERS],
        input_flags: [input::WIDE; MAX_LAYERS],
        output_flags: output::WIDE,
        ..small_header()
    };
    header.set_picture(&Picture {
        steps: MAX_PASSES / MAX_LAYERS as u32,
        height: 16_383,
        width: 1,
        patch: 1,
        flags: patch::WIDE,
    });
    header
}

#[test]
fn header_should_hold_the_picture_where_decoders_have_windows() {
    let header = small_picture_header();
    let encoded = header.encode();
    assert_eq!(encoded[4..8], [2, 0, 0, 0]);
    assert_eq!(encoded[56..60], [3, 0, 0, 0]);
    assert_eq!(
        encoded[316..332],
        [8, 0, 0, 0, 16, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(ModelHeader::decode(&encoded), Ok(header.clone()));
    let picture = header.picture().unwrap();
    assert_eq!((picture.steps, picture.height, picture.width), (3, 8, 16));
    assert_eq!(
        (picture.patches(), picture.patch_values(), picture.values()),
        (8, 48, 384)
    );
    assert_eq!(header.norm_lists(), 3);
    // The bits of the picture's numbers are no windows.
    assert!((0..MAX_LAYERS).all(|layer| header.window_of(layer).is_none()));
}

#[test]
fn decoder_should_have_no_picture() {
    assert_eq!(small_header().picture(), None);
    assert_eq!(small_header().norm_lists(), 1);
}

#[test]
fn header_should_be_refused_when_its_picture_is_out_of_range() {
    use HeaderError::*;
    assert_refused(Steps, |_, picture| picture.steps = 0);
    assert_refused(Steps, |_, picture| picture.steps = 65);
    assert_refused(Steps, |_, picture| picture.steps = u32::MAX);
    assert_refused(Steps, |header, picture| {
        (header.layers, picture.steps) = (65, 64);
        header.value_formats[..65].fill(12);
    });
    assert_refused(Picture, |_, picture| picture.height = 0);
    assert_refused(Picture, |_, picture| picture.width = 0);
    assert_refused(Picture, |_, picture| picture.patch = 0);
    assert_refused(Picture, |_, picture| picture.patch = 3);
    assert_refused(Picture, |_, picture| picture.height = 10);
    assert_refused(Picture, |_, picture| picture.width = 10);
    assert_refused(Picture, |_, picture| picture.patch = 16);
    // 2³⁰ · 4 wraps to 0 in 32 bits.
    assert_refused(Picture, |_, picture| picture.height = 1 << 30);
    assert_refused(Picture, |header, picture| {
        (picture.height, picture.width, picture.patch) = (148, 148, 4);
        header.max_context = 10_000;
    });
    assert_refused(Picture, |header, _| header.max_context = 8);
    assert_refused(UnknownFlag, |_, picture| picture.flags = 4);
    assert_refused(UnknownFlag, |header, _| {
        header.model_flags = model::TIED_EMBEDDING;
    });
    assert_refused(HadamardWidth, |_, picture| picture.flags = patch::HADAMARD);
    assert_refused(Vocabulary, |header, _| header.vocabulary = 255);
    assert_refused(MaxContext, |header, _| {
        header.max_context = MAX_PICTURE_CONTEXT + 1;
    });
    assert_refused(Padding, |header, _| header.value_formats[2] = 12);
}

#[test]
fn header_should_be_valid_at_its_limits() {
    let mut header = small_picture_header();
    header.max_context = 9;
    assert_eq!(header.validate(), Ok(()));
    header.set_picture(&Picture {
        steps: 64,
        height: 8,
        width: 8,
        patch: 8,
        flags: patch::HADAMARD | patch::WIDE,
    });
    header.model_flags = model::ALL & !model::TIED_EMBEDDING;
    assert_eq!(header.validate(), Ok(()));
    header.max_context = MAX_PICTURE_CONTEXT;
    header.set_picture(&Picture {
        steps: 1,
        height: 1,
        width: 21_845,
        patch: 1,
        flags: 0,
    });
    assert_eq!(header.validate(), Err(HeaderError::Picture));
    header.set_picture(&Picture {
        steps: 1,
        height: 128,
        width: 170,
        patch: 2,
        flags: 0,
    });
    assert_eq!(header.picture().unwrap().values(), 65_280);
    assert_eq!(header.validate(), Ok(()));
}

/// The work of a job, counted by walking over every product.
fn count_macs(header: &ModelHeader, prompt: u64) -> u64 {
    let picture = header.picture().unwrap();
    let patches = u64::from(picture.patches());
    let rows = patches + prompt;
    let mut macs = 0;
    for _ in 0..picture.steps {
        for tensor in crate::layout::weight_tensors(header) {
            use crate::layout::Weight::*;
            let times = match tensor.weight {
                Embedding => 0,
                Patch | Output => patches,
                _ => rows,
            };
            macs +=
                times * (tensor.rows * tensor.columns) as u64 * (1 + u64::from(tensor.input.wide));
        }
        let pairs = u64::from(header.layers) * u64::from(header.heads) * rows * rows;
        macs += 2 * pairs * u64::from(header.head_dimension);
    }
    macs
}

#[test]
fn macs_should_count_every_product_of_every_step() {
    let mut wide = small_picture_header();
    let picture = Picture {
        flags: patch::WIDE,
        ..wide.picture().unwrap()
    };
    wide.set_picture(&picture);
    wide.output_flags = output::WIDE;
    wide.input_flags[1] = input::DOWN << input::WIDE_SHIFT;
    for header in [small_picture_header(), wide] {
        for prompt in [1, 5, 12] {
            let expected = count_macs(&header, u64::from(prompt));
            assert_eq!(header.macs(prompt, 384), Some(expected));
            let units = expected.div_ceil(MACS_PER_UNIT);
            assert_eq!(header.units(prompt, 384), Some(units));
        }
    }
}

#[test]
fn macs_should_be_none_when_the_output_is_no_picture_or_the_prompt_does_not_fit() {
    let header = small_picture_header();
    for (prompt, output) in [(0, 384), (1, 0), (1, 383), (1, 385), (13, 384)] {
        assert_eq!(header.macs(prompt, output), None, "{prompt}, {output}");
    }
    assert_eq!(header.macs(u32::MAX, 384), None);
    assert!(header.macs(12, 384).is_some());
}

#[test]
fn macs_should_fit_when_the_header_is_the_largest() {
    let header = largest_header();
    assert_eq!(header.validate(), Ok(()));
    let macs = header.macs(1, 3 * 16_383).unwrap();
    assert!(macs < 1 << 63);
    // It is near the limit, so the limits are not smaller than they must be.
    assert!(macs > 1 << 61);
}

proptest! {
    /// Small numbers in the fields, so that many headers come near to validity.
    #[test]
    fn decoded_header_should_be_usable(
        steps in 0u32..70, sides in proptest::collection::vec(0u32..20, 3), flags in 0u32..6,
        context in 0u32..100, prompt in 0u32..100, any_bytes: [u8; 16], wild: bool,
    ) {
        let mut encoded = small_picture_header().encode();
        prop_assert_eq!(encoded.len(), HEADER_LENGTH);
        encoded[36..40].copy_from_slice(&context.to_le_bytes());
        encoded[56..60].copy_from_slice(&steps.to_le_bytes());
        for (index, number) in sides.iter().chain([&flags]).enumerate() {
            encoded[316 + 4 * index..320 + 4 * index].copy_from_slice(&number.to_le_bytes());
        }
        if wild {
            encoded[316..332].copy_from_slice(&any_bytes);
        }
        if let Ok(header) = ModelHeader::decode(&encoded) {
            prop_assert_eq!(header.encode(), encoded);
            let picture = header.picture().unwrap();
            prop_assert_eq!(picture.patches() * picture.patch_values(), picture.values());
            let allowed = prompt > 0 && picture.patches() + prompt <= header.max_context;
            prop_assert_eq!(header.macs(prompt, picture.values()).is_some(), allowed);
            prop_assert_eq!(header.macs(prompt, picture.values() + 1), None);
        }
    }

    /// Numbers of a header that nobody checked.
    #[test]
    fn unchecked_header_should_not_panic(
        steps: u32, height: u32, width: u32, side: u32, flags: u32, prompt: u32, output: u32,
    ) {
        let mut header = small_picture_header();
        header.max_context = MAX_CONTEXT;
        header.set_picture(&Picture { steps, height, width, patch: side, flags });
        let _ = header.validate();
        let _ = header.macs(prompt, output);
        let _ = crate::layout::section_lengths(&header);
    }
}
