use super::*;
use crate::testing::{fields, Blake2b256};
use proptest::prelude::*;

fn example() -> Vec<Vector> {
    let sampling = fields([
        ("beta", Value::Integer(0)),
        ("min_p", Value::Null),
        ("seed", Value::Large(u64::MAX)),
    ]);
    let inputs = fields([
        ("activation", Value::Text("silu".into())),
        ("model", Value::Bytes(vec![1, 2, 255])),
        ("rotated", Value::Flag(true)),
        ("sampling", Value::Record(sampling)),
        ("x", Value::List(vec![-128, 127])),
    ]);
    let outputs = fields([("y", Value::List(vec![i64::MIN, 0, 1 << 40]))]);
    let rsh = Vector {
        operation: "rsh".into(),
        inputs,
        outputs,
    };
    let nothing = Vector {
        operation: "nothing".into(),
        inputs: Fields::new(),
        outputs: Fields::new(),
    };
    vec![rsh, nothing]
}

fn encoded() -> Vec<u8> {
    encode::<Blake2b256>(&example())
}

fn decoded(bytes: &[u8]) -> Result<Vec<Vector>, FormatError> {
    decode::<Blake2b256>(bytes)
}

/// Fields with the one field `a`, whose kind and value are `bytes`.
fn one_field(bytes: &[u8]) -> Vec<u8> {
    [&[1, 1, b'a'], bytes].concat()
}

#[test]
fn vectors_should_come_back_when_encoded() {
    assert_eq!(decoded(&encoded()), Ok(example()));
    assert_eq!(decoded(&encode::<Blake2b256>(&[])), Ok(vec![]));
}

#[test]
fn fields_should_have_the_bytes_that_the_format_says() {
    for (value, bytes) in [
        (Value::Null, &[0][..]),
        (Value::Flag(false), &[1]),
        (Value::Flag(true), &[2]),
        (
            Value::Integer(-2),
            &[3, 254, 255, 255, 255, 255, 255, 255, 255],
        ),
        (Value::Large(1 << 63), &[4, 0, 0, 0, 0, 0, 0, 0, 128]),
        (Value::List(vec![]), &[5, 1, 0, 0, 0, 0]),
        (Value::List(vec![-128, 127]), &[5, 1, 2, 0, 0, 0, 128, 127]),
        (Value::List(vec![0, 128]), &[5, 2, 2, 0, 0, 0, 0, 0, 128, 0]),
        (
            Value::List(vec![1 << 15]),
            &[5, 4, 1, 0, 0, 0, 0, 128, 0, 0],
        ),
        (
            Value::List(vec![-(1 << 31) - 1]),
            &[5, 8, 1, 0, 0, 0, 255, 255, 255, 127, 255, 255, 255, 255],
        ),
        (Value::Bytes(vec![7]), &[6, 1, 0, 0, 0, 7]),
        (Value::Text("x".into()), &[7, 1, 0, 0, 0, b'x']),
        (Value::Record(Fields::new()), &[8, 0]),
    ] {
        let fields = fields([("a", value)]);
        assert_eq!(encode_fields(&fields), one_field(bytes), "{fields:?}");
        assert_eq!(decode_fields(&one_field(bytes)), Ok(fields));
    }
}

#[test]
fn fields_should_have_the_bytes_of_the_page_on_vectors() {
    let fields = fields([("min_p", Value::Null), ("x", Value::List(vec![-1, 300]))]);
    let bytes = b"\x02\x05min_p\x00\x01x\x05\x02\x02\0\0\0\xff\xff\x2c\x01";
    assert_eq!(encode_fields(&fields), bytes);
}

#[test]
fn vectors_should_be_refused_when_cut_or_longer() {
    let bytes = encoded();
    for length in 0..bytes.len() {
        assert_eq!(
            decoded(&bytes[..length]),
            Err(FormatError::Truncated),
            "{length}"
        );
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(decoded(&longer), Err(FormatError::TrailingBytes));
    let longer = [&one_field(&[0])[..], &[0]].concat();
    assert_eq!(decode_fields(&longer), Err(FormatError::TrailingBytes));
}

#[test]
fn vectors_should_be_refused_when_header_or_digest_differ() {
    let change = |index: usize| {
        let mut bytes = encoded();
        bytes[index] ^= 2;
        decoded(&bytes)
    };
    assert_eq!(change(0), Err(FormatError::BadMagic));
    assert_eq!(change(8), Err(FormatError::SemanticsVersion(3)));
    assert_eq!(
        change(encoded().len() - 1),
        Err(FormatError::DigestMismatch)
    );
}

#[test]
fn fields_should_be_refused_by_name_when_malformed() {
    let large = u64::to_le_bytes((1 << 63) - 1);
    for (bytes, error) in [
        (vec![1, 0, 0], FormatError::BadName),
        (vec![1, 1, b'A', 0], FormatError::BadName),
        (vec![2, 1, b'b', 0, 1, b'a', 0], FormatError::FieldOrder),
        (vec![2, 1, b'a', 0, 1, b'a', 0], FormatError::FieldOrder),
        (one_field(&[9]), FormatError::UnknownKind(9)),
        (
            one_field(&[&[4][..], &large].concat()),
            FormatError::BadWidth,
        ),
        (one_field(&[5, 3, 0, 0, 0, 0]), FormatError::BadWidth),
        (one_field(&[5, 2, 0, 0, 0, 0]), FormatError::BadWidth),
        (one_field(&[5, 2, 1, 0, 0, 0, 1, 0]), FormatError::BadWidth),
        (
            one_field(&[5, 8, 255, 255, 255, 255]),
            FormatError::Truncated,
        ),
        (one_field(&[6, 255, 255, 255, 255]), FormatError::Truncated),
        (one_field(&[7, 1, 0, 0, 0, 255]), FormatError::BadText),
    ] {
        assert_eq!(decode_fields(&bytes), Err(error), "{bytes:?}");
    }
    let nested = |depth: usize| {
        let inner = [8, 1, 1, b'a'].repeat(depth);
        decode_fields(&one_field(&[&inner[..], &[0]].concat()))
    };
    assert!(nested(DEPTH as usize - 1).is_ok());
    assert_eq!(nested(DEPTH as usize), Err(FormatError::TooDeep));
    assert_eq!(nested(100_000), Err(FormatError::TooDeep));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Flag),
        any::<i64>().prop_map(Value::Integer),
        any::<u64>().prop_map(Value::from),
        (proptest::collection::vec(any::<i64>(), 0..9), 0u32..64).prop_map(|(numbers, shift)| {
            Value::List(numbers.into_iter().map(|number| number >> shift).collect())
        }),
        proptest::collection::vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
        ".{0,5}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(DEPTH - 1, 12, 4, |inner| {
        proptest::collection::btree_map("[a-z0-9_]{1,6}", inner, 0..4).prop_map(Value::Record)
    })
}

proptest! {
    #[test]
    fn any_fields_should_come_back_when_encoded(
        fields in proptest::collection::btree_map("[a-z0-9_]{1,6}", value(), 0..5),
    ) {
        prop_assert_eq!(decode_fields(&encode_fields(&fields)), Ok(fields));
    }

    #[test]
    fn what_is_taken_should_be_the_only_encoding_when_bytes_are_changed(
        index: proptest::sample::Index,
        byte: u8,
    ) {
        let example = example();
        let mut bytes = encode_fields(&example[0].inputs);
        let index = index.index(bytes.len());
        bytes[index] = byte;
        if let Ok(fields) = decode_fields(&bytes) {
            prop_assert_eq!(encode_fields(&fields), bytes);
        }
    }

    #[test]
    fn any_bytes_should_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(fields) = decode_fields(&bytes) {
            prop_assert_eq!(encode_fields(&fields), bytes);
        }
    }
}
