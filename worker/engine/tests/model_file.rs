//! Every way in which a model file can be wrong.

mod common;

use aipg_engine::{
    blob,
    file::{file_length, MAGIC, PREFIX_LENGTH},
    Model, ModelError, Sampler,
};
use aipg_exact::{
    header::{HeaderError, ModelHeader, HEADER_LENGTH},
    layout::section_lengths,
};
use common::small_model;
use proptest::prelude::*;
use std::{fs, sync::OnceLock};

fn file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| small_model().0.bytes)
}

/// Writes another header with a fitting model root into a file.
fn with_header(change: impl FnOnce(&mut ModelHeader)) -> Vec<u8> {
    let mut bytes = file().to_vec();
    let mut header = ModelHeader::decode(&bytes[40..PREFIX_LENGTH]).unwrap();
    change(&mut header);
    let encoded = header.encode();
    bytes[40..PREFIX_LENGTH].copy_from_slice(&encoded);
    let root = blob::hash(&[b"aipg/model/1".as_slice(), &encoded].concat());
    bytes[8..40].copy_from_slice(&root);
    bytes
}

#[test]
fn model_should_load_from_its_file() {
    let (converted, model) = small_model();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.aipg");
    converted.write(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(loaded.root(), model.root());
    assert_eq!(loaded.header(), &converted.header);
    assert_eq!(
        fs::metadata(&path).unwrap().len(),
        file_length(&converted.header)
    );

    let header_path = folder.path().join("header.bin");
    converted.write_header(&header_path).unwrap();
    let header = fs::read(&header_path).unwrap();
    assert_eq!(header.len(), HEADER_LENGTH);
    assert_eq!(ModelHeader::decode(&header).as_ref(), Ok(loaded.header()));
    assert_eq!(
        blob::hash(&[b"aipg/model/1".as_slice(), &header].concat()),
        loaded.root()
    );
}

#[test]
fn model_should_be_refused_when_there_is_no_file() {
    let missing = Model::load("no/such/model.aipg".as_ref());
    assert!(matches!(missing, Err(ModelError::Io(_))));
}

/// What a flipped bit at `index` must be reported as.
fn assert_noticed(index: usize) {
    let mut bytes = file().to_vec();
    let lengths = section_lengths(&ModelHeader::decode(&bytes[40..PREFIX_LENGTH]).unwrap());
    let scales_end = PREFIX_LENGTH + lengths.scales as usize;
    let tables_end = scales_end + lengths.tables as usize;
    bytes[index] ^= 1;
    let error = Model::from_bytes(&bytes).unwrap_err();
    let named = match index {
        0..8 => matches!(error, ModelError::BadMagic),
        8..40 => matches!(error, ModelError::ModelRootMismatch),
        // A header out of range, or a valid one of another root.
        40..PREFIX_LENGTH => {
            matches!(
                error,
                ModelError::BadHeader(_) | ModelError::ModelRootMismatch
            )
        }
        index if index < scales_end => matches!(error, ModelError::ScaleRootMismatch),
        index if index < tables_end => matches!(error, ModelError::TableRootMismatch),
        _ => matches!(error, ModelError::WeightRootMismatch),
    };
    assert!(named, "byte {index}: {error}");
}

#[test]
fn model_should_be_refused_when_any_byte_of_the_prefix_is_changed() {
    (0..PREFIX_LENGTH).for_each(assert_noticed);
}

#[test]
fn model_should_be_refused_when_a_section_is_changed() {
    let header = ModelHeader::decode(&file()[40..PREFIX_LENGTH]).unwrap();
    let lengths = section_lengths(&header);
    let mut start = PREFIX_LENGTH;
    for length in [lengths.scales, lengths.tables, lengths.weights] {
        let length = length as usize;
        [0, 1, length / 2, length - 1]
            .iter()
            .for_each(|at| assert_noticed(start + at));
        start += length;
    }
    assert_eq!(start, file().len());
}

#[test]
fn model_should_be_refused_when_a_root_in_the_header_is_wrong() {
    let refused =
        |change: fn(&mut ModelHeader)| Model::from_bytes(&with_header(change)).unwrap_err();
    assert!(matches!(
        refused(|header| header.scales[0] ^= 1),
        ModelError::ScaleRootMismatch
    ));
    assert!(matches!(
        refused(|header| header.tables[9] ^= 1),
        ModelError::TableRootMismatch
    ));
    assert!(matches!(
        refused(|header| header.weights[31] ^= 1),
        ModelError::WeightRootMismatch
    ));
    // Another tokenizer is another model, not a broken file.
    let other = Model::from_bytes(&with_header(|header| header.tokenizer[0] ^= 1)).unwrap();
    assert_ne!(other.root(), small_model().1.root());
}

#[test]
fn model_should_be_refused_when_its_length_is_wrong() {
    let expected = file().len() as u64;
    for length in [
        0,
        7,
        8,
        39,
        40,
        PREFIX_LENGTH - 1,
        PREFIX_LENGTH,
        file().len() - 1,
    ] {
        let error = Model::from_bytes(&file()[..length]).unwrap_err();
        assert!(
            matches!(error, ModelError::Truncated { found, .. } if found == length as u64),
            "{length}: {error}"
        );
    }
    let longer = [file(), &[0]].concat();
    assert!(matches!(
        Model::from_bytes(&longer),
        Err(ModelError::WrongLength { expected: e, found }) if (e, found) == (expected, expected + 1)
    ));
}

#[test]
fn model_should_be_refused_before_allocating_when_its_header_is_crafted() {
    // Terabytes by the header, a few hundred bytes in the file.
    let huge = with_header(|header| {
        header.vocabulary = 1 << 20;
        header.model_dimension = (1 << 15) - 64;
        header.feed_forward = 133_120;
        header.max_context = 1 << 18;
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.aipg");
    fs::write(&path, &huge[..PREFIX_LENGTH + 100]).unwrap();
    match Model::load(&path) {
        Err(ModelError::Truncated { expected, found }) => {
            assert!(expected > 1 << 36);
            assert_eq!(found, PREFIX_LENGTH as u64 + 100);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn model_should_be_refused_when_its_header_is_out_of_range() {
    for (change, expected) in [
        (
            (|header| header.layers = 0) as fn(&mut ModelHeader),
            HeaderError::Layers,
        ),
        (
            |header| header.value_formats[0] = 1,
            HeaderError::ValueFormat,
        ),
        (
            |header| header.model_flags = 1 << 8,
            HeaderError::UnknownFlag,
        ),
        (
            |header| header.semantics_version = 0,
            HeaderError::SemanticsVersion,
        ),
    ] {
        let error = Model::from_bytes(&with_header(change)).unwrap_err();
        assert!(
            matches!(error, ModelError::BadHeader(found) if found == expected),
            "{error}"
        );
    }
}

/// Numbers that a converter never writes but a committed file may hold are given a meaning.
#[test]
fn model_should_run_when_its_numbers_are_extreme() {
    use aipg_engine::Blake2b256;
    use aipg_exact::commitment::{scale_root, table_root, weight_root};
    let lengths = section_lengths(&small_model().0.header);
    let (scales, tables) = (lengths.scales as usize, lengths.tables as usize);
    for fill in [0x80, 0x7f, 0xff, 0x00] {
        let mut bytes = file().to_vec();
        bytes[PREFIX_LENGTH..].fill(fill);
        let sections = &bytes[PREFIX_LENGTH..];
        let header = with_header(|header| {
            header.scales = scale_root::<Blake2b256>(&sections[..scales]);
            header.tables = table_root::<Blake2b256>(&sections[scales..scales + tables]);
            header.weights = weight_root::<Blake2b256>(header, &sections[scales + tables..]);
        });
        bytes[..PREFIX_LENGTH].copy_from_slice(&header[..PREFIX_LENGTH]);
        let model = Model::from_bytes(&bytes).unwrap();
        let generation = model
            .generate(&[1, 2, 3], 4, &[], &Sampler::GREEDY, &mut |_| ())
            .unwrap();
        let replayed = model.replay(&[1, 2, 3], &generation.tokens, &Sampler::GREEDY);
        assert_eq!(replayed, Ok(generation.digest), "fill {fill:#x}");
    }
}

proptest! {
    #[test]
    fn loader_should_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1000)) {
        prop_assert!(Model::from_bytes(&bytes).is_err());
        let with_magic = [MAGIC.as_slice(), &bytes].concat();
        prop_assert!(Model::from_bytes(&with_magic).is_err());
    }

    #[test]
    fn loader_should_notice_any_changed_byte(index: prop::sample::Index) {
        assert_noticed(index.index(file().len()));
    }

    #[test]
    fn loader_should_notice_any_cut(index: prop::sample::Index) {
        let length = index.index(file().len());
        let truncated = matches!(
            Model::from_bytes(&file()[..length]),
            Err(ModelError::Truncated { .. })
        );
        prop_assert!(truncated);
    }
}
