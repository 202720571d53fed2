use super::*;
use crate::testing::{hex, small_header, Blake};
use proptest::prelude::*;

/// The largest shape that a header can describe.
fn largest_header() -> ModelHeader {
    let mut header = ModelHeader {
        model_dimension: MODEL_DIMENSION_LIMIT - 1,
        layers: MAX_LAYERS as u32,
        heads: MAX_INNER_DIMENSION / 2,
        key_value_heads: MAX_INNER_DIMENSION / 2,
        head_dimension: 2,
        feed_forward: MAX_INNER_DIMENSION,
        vocabulary: MAX_VOCABULARY,
        max_context: MAX_CONTEXT,
        ..small_header()
    };
    header.value_formats = [16; MAX_LAYERS];
    header.input_flags = [input::WIDE; MAX_LAYERS];
    header.output_flags = output::WIDE;
    header
}

/// Every model flag and a window of 7 keys in the second layer.
fn windowed_header() -> ModelHeader {
    let mut header = small_header();
    header.model_flags = model::ALL;
    header.window = 7;
    header.window_layers[0] = 1 << 1;
    header
}

#[track_caller]
fn assert_refused(error: HeaderError, change: impl Fn(&mut ModelHeader)) {
    let mut header = small_header();
    change(&mut header);
    assert_eq!(ModelHeader::decode(&header.encode()), Err(error));
    assert_eq!(header.validate(), Err(error));
    assert_eq!(error.to_string(), error.message());
}

#[test]
fn header_should_round_trip() {
    for header in [small_header(), largest_header(), windowed_header()] {
        assert_eq!(ModelHeader::decode(&header.encode()), Ok(header));
    }
}

#[test]
fn version_should_be_read_whether_it_is_implemented_or_not() {
    for version in [SEMANTICS_VERSION, 2, u32::MAX] {
        let header = ModelHeader {
            semantics_version: version,
            ..largest_header()
        };
        assert_eq!(ModelHeader::version_of(&header.encode()), Some(version));
    }
    assert_eq!(ModelHeader::version_of(&[1, 0, 0]), None);
}

#[test]
fn header_should_keep_its_encoding() {
    let encoded = small_header().encode();
    assert_eq!(encoded[..4], [1, 0, 0, 0]);
    assert_eq!(encoded[8..12], [64, 0, 0, 0]);
    assert_eq!(encoded[44..48], 17_000_000u32.to_le_bytes());
    assert_eq!(encoded[188..191], [12, 13, 0]);
    assert_eq!(encoded[HEADER_LENGTH - 1], 4);
    assert_eq!(
        hex(&small_header().root::<Blake>()),
        "b7366be6f09a43620d4d8498ad52de12c74e4d8e3531c7c89f806508186596fd"
    );
}

#[test]
fn root_should_change_with_every_byte() {
    let header = small_header();
    let root = header.root::<Blake>();
    for change in [
        |header: &mut ModelHeader| header.vocabulary += 1,
        |header: &mut ModelHeader| header.tokenizer[0] ^= 1,
        |header: &mut ModelHeader| header.weights[31] ^= 1,
        |header: &mut ModelHeader| header.value_formats[1] = 9,
        |header: &mut ModelHeader| header.model_flags = model::GELU,
        |header: &mut ModelHeader| header.window = 5,
        |header: &mut ModelHeader| header.window_layers[15] = 1,
    ] {
        let mut changed = header.clone();
        change(&mut changed);
        assert_ne!(changed.root::<Blake>(), root);
    }
}

#[test]
fn header_should_be_refused_when_its_length_is_wrong() {
    let encoded = small_header().encode();
    assert_eq!(ModelHeader::decode(&encoded[1..]), Err(HeaderError::Length));
    assert_eq!(ModelHeader::decode(&[]), Err(HeaderError::Length));
    let longer: Vec<u8> = encoded.iter().copied().chain([0]).collect();
    assert_eq!(ModelHeader::decode(&longer), Err(HeaderError::Length));
    assert_eq!(
        HeaderError::Length.to_string(),
        "the header has the wrong length"
    );
}

#[test]
fn header_should_be_refused_when_a_field_is_out_of_range() {
    use HeaderError::*;
    assert_refused(SemanticsVersion, |header| header.semantics_version = 0);
    assert_refused(SemanticsVersion, |header| header.semantics_version = 2);
    assert_refused(Template, |header| header.template = 0);
    assert_refused(Template, |header| header.template = 3);
    assert_refused(ModelDimension, |header| header.model_dimension = 0);
    assert_refused(ModelDimension, |header| header.model_dimension = 1 << 15);
    assert_refused(Layers, |header| header.layers = 0);
    assert_refused(Layers, |header| header.layers = 129);
    assert_refused(Layers, |header| header.layers = u32::MAX);
    assert_refused(HeadDimension, |header| header.head_dimension = 0);
    assert_refused(HeadDimension, |header| header.head_dimension = 31);
    assert_refused(HeadDimension, |header| header.head_dimension = 258);
    assert_refused(Heads, |header| header.heads = 0);
    assert_refused(Heads, |header| header.heads = 133_144 / 32 + 1);
    assert_refused(Heads, |header| header.heads = u32::MAX);
    // 2^27 heads of 32 wrap to 0 in 32 bits.
    assert_refused(Heads, |header| header.heads = (1 << 27) + 4);
    assert_refused(KeyValueHeads, |header| header.key_value_heads = 0);
    assert_refused(KeyValueHeads, |header| header.key_value_heads = 3);
    assert_refused(KeyValueHeads, |header| header.key_value_heads = 8);
    assert_refused(FeedForward, |header| header.feed_forward = 0);
    assert_refused(FeedForward, |header| header.feed_forward = 133_145);
    assert_refused(Vocabulary, |header| header.vocabulary = 0);
    assert_refused(Vocabulary, |header| header.vocabulary = (1 << 20) + 1);
    assert_refused(MaxContext, |header| header.max_context = 1);
    assert_refused(MaxContext, |header| header.max_context = (1 << 18) + 1);
    assert_refused(Epsilon, |header| header.epsilon = 0);
    assert_refused(Epsilon, |header| header.epsilon = (1 << 28) + 1);
    assert_refused(ScoreScale, |header| header.score_scale = 0);
    assert_refused(ScoreScale, |header| header.score_scale = (1 << 30) + 1);
    assert_refused(UnknownFlag, |header| header.model_flags = 1 << 8);
    assert_refused(UnknownFlag, |header| header.model_flags = 1 << 31);
    assert_refused(UnknownFlag, |header| header.output_flags = 4);
    assert_refused(ValueFormat, |header| header.value_formats[0] = 1);
    assert_refused(ValueFormat, |header| header.value_formats[1] = 17);
    assert_refused(Padding, |header| header.value_formats[2] = 12);
    assert_refused(Padding, |header| header.input_flags[127] = 1);
    assert_refused(Padding, |header| {
        header.window = 9;
        header.window_layers[0] = 0b111;
    });
    assert_refused(Padding, |header| header.window_layers[15] = 1 << 7);
    assert_refused(Window, |header| header.window = 1);
    assert_refused(Window, |header| header.window_layers[0] = 1);
    assert_refused(Window, |header| {
        header.window = header.max_context + 1;
        header.window_layers[0] = 1;
    });
    assert_refused(TiedRotation, |header| {
        header.model_flags = model::TIED_EMBEDDING;
        header.output_flags = output::HADAMARD;
    });
}

#[test]
fn header_should_be_refused_when_a_rotated_width_is_not_a_multiple_of_64() {
    let narrow = |header: &mut ModelHeader| header.model_dimension = 96;
    for flag in [input::ATTENTION, input::FEED_FORWARD] {
        assert_refused(HeaderError::HadamardWidth, |header| {
            narrow(header);
            header.input_flags[1] = flag;
        });
    }
    assert_refused(HeaderError::HadamardWidth, |header| {
        narrow(header);
        header.output_flags = output::HADAMARD;
    });
    assert_refused(HeaderError::HadamardWidth, |header| {
        header.heads = 3;
        header.key_value_heads = 3;
        header.input_flags[0] = input::ATTENTION_OUTPUT;
    });
    assert_refused(HeaderError::HadamardWidth, |header| {
        header.feed_forward = 100;
        header.input_flags[0] = input::DOWN;
    });
    let mut header = small_header();
    header.input_flags[..2].fill(input::HADAMARD);
    header.output_flags = output::HADAMARD;
    assert_eq!(header.validate(), Ok(()));
}

#[test]
fn window_of_should_read_the_mask() {
    let mut header = largest_header();
    header.window = 9;
    header.window_layers = [0; WINDOW_MASK_LENGTH];
    header.window_layers[1] = 1 << 3;
    header.window_layers[15] = 1 << 7;
    assert_eq!(header.validate(), Ok(()));
    let windowed: Vec<_> = (0..200)
        .filter(|&layer| header.window_of(layer).is_some())
        .collect();
    assert_eq!(windowed, [11, 127]);
    assert_eq!(header.window_of(11), Some(9));
}

/// The work of a job, counted by walking over every product.
fn count_macs(header: &ModelHeader, prompt: u64, output: u64) -> u64 {
    let mut macs = 0;
    for position in 0..prompt + output - 1 {
        for layer in 0..header.layers as usize {
            for tensor in crate::layout::weight_tensors(header) {
                use crate::layout::Weight::*;
                if tensor.layer == layer && !matches!(tensor.weight, Embedding | Output) {
                    macs +=
                        (tensor.rows * tensor.columns) as u64 * (1 + u64::from(tensor.input.wide));
                }
            }
            let first = match header.window_of(layer) {
                Some(window) => (position + 1).saturating_sub(u64::from(window)),
                None => 0,
            };
            for _ in 0..header.heads {
                // One product for the scores, one for the values, over the keys up to here.
                macs += 2 * (first..=position).count() as u64 * u64::from(header.head_dimension);
            }
        }
    }
    let logits = output * u64::from(header.model_dimension) * u64::from(header.vocabulary);
    macs + logits * (1 + u64::from(header.output_flags & output::WIDE != 0))
}

#[test]
fn macs_should_count_every_product() {
    let mut wide = small_header();
    wide.input_flags[1] = (input::DOWN | input::ATTENTION) << input::WIDE_SHIFT;
    wide.output_flags = output::WIDE;
    for header in [small_header(), windowed_header(), wide] {
        for (prompt, output) in [(1, 1), (1, 2), (5, 1), (3, 5), (3, 6), (17, 30), (50, 50)] {
            let expected = count_macs(&header, u64::from(prompt), u64::from(output));
            assert_eq!(
                header.macs(prompt, output),
                Some(expected),
                "{prompt} in, {output} out"
            );
            assert_eq!(
                header.units(prompt, output),
                Some(expected.div_ceil(1_000_000))
            );
        }
    }
}

#[test]
fn macs_should_be_none_when_a_count_is_zero_or_too_large() {
    let header = small_header();
    assert_eq!(header.macs(0, 1), None);
    assert_eq!(header.macs(1, 0), None);
    assert_eq!(header.macs(50, 51), None);
    assert_eq!(header.macs(u32::MAX, 1), None);
    assert_eq!(header.macs(u32::MAX, u32::MAX), None);
    assert_eq!(header.units(0, 0), None);
    assert!(header.macs(99, 1).is_some());
}

#[test]
fn units_should_round_up() {
    let header = small_header();
    // One position takes less than a unit, and counts as one.
    assert!(header.macs(1, 1).unwrap() < 1_000_000);
    assert_eq!(header.units(1, 1), Some(1));
}

#[test]
fn macs_should_fit_when_the_header_is_the_largest() {
    let header = largest_header();
    assert_eq!(header.validate(), Ok(()));
    let macs = header.macs(1, MAX_CONTEXT - 1).unwrap();
    assert!(macs < 1 << 63);
    assert!(macs > header.macs(1, 1).unwrap());
}

proptest! {
    #[test]
    fn decode_should_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let _ = ModelHeader::decode(&bytes);
    }

    /// Small numbers in the fields, so that many headers come near to validity.
    #[test]
    fn decoded_header_should_be_usable(
        fields in proptest::collection::vec(0u32..130, 8), rest in proptest::collection::vec(0u8..18, 256),
        prompt in 0u32..200, output in 0u32..200,
    ) {
        let mut encoded = small_header().encode();
        for (index, field) in fields.iter().enumerate() {
            let start = 8 + 4 * index;
            encoded[start..start + 4].copy_from_slice(&field.to_le_bytes());
        }
        let layers = fields[1].min(128) as usize;
        encoded[188..188 + layers].copy_from_slice(&rest[..layers]);
        if let Ok(header) = ModelHeader::decode(&encoded) {
            prop_assert_eq!(header.encode(), encoded);
            let allowed = prompt > 0 && output > 0 && prompt + output <= header.max_context;
            prop_assert_eq!(header.macs(prompt, output).is_some(), allowed);
        }
    }
}
