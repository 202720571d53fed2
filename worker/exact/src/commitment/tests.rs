use super::*;
use crate::{
    layout::section_lengths,
    testing::{hex, small_header, Blake},
};
use proptest::prelude::*;

#[test]
fn token_root_should_commit_the_length() {
    // Zero-padding alone would make these equal.
    let lists: [&[u32]; 5] = [&[], &[0], &[0, 0], &[0; 64], &[0; 65]];
    let roots: Vec<_> = lists.iter().map(|ids| token_root::<Blake>(ids)).collect();
    for (i, root) in roots.iter().enumerate() {
        assert!(!roots[..i].contains(root), "list {i}");
    }
}

/// Fixed vectors: a change of the format shows here.
#[test]
fn token_root_should_keep_its_vectors() {
    let ids: Vec<u32> = (0..100).collect();
    assert_eq!(
        hex(&token_root::<Blake>(&[])),
        "fbab7aead11e17753f13443b761626f37d2ddf90ca8b03bf9583cdf542e97eac"
    );
    assert_eq!(
        hex(&token_root::<Blake>(&[256, 72, 105, 257])),
        "de8c887f3b130373c9e3dd37fab4c62c228f70ef6c3831c35841728e6a4dae8a"
    );
    assert_eq!(
        hex(&token_root::<Blake>(&ids)),
        "c1857355e958349c017171b538a9da5149cc3c7840d1be19419e7b8ed30299a0"
    );
}

#[test]
fn weight_root_should_notice_every_byte() {
    let header = small_header();
    let length = usize::try_from(section_lengths(&header).weights).unwrap();
    let mut section: Vec<u8> = (0..length).map(|i| (i * 31 % 251) as u8).collect();
    let root = weight_root::<Blake>(&header, &section);
    for index in (0..length).step_by(487).chain([length - 1]) {
        section[index] ^= 1;
        assert_ne!(
            weight_root::<Blake>(&header, &section),
            root,
            "byte {index}"
        );
        section[index] ^= 1;
    }
    assert_eq!(weight_root::<Blake>(&header, &section), root);
}

/// The tiling written as a gather over coordinates instead of a walk over rows.
#[test]
fn weight_root_should_equal_the_definition_by_coordinates() {
    let header = small_header();
    let length = usize::try_from(section_lengths(&header).weights).unwrap();
    let section: Vec<u8> = (0..length).map(|i| (i * 7 % 256) as u8).collect();
    let mut builder = TreeBuilder::<Blake>::new(Domain::Weights);
    let (mut start, mut leaves) = (0, 0);
    for tensor in layout::weight_tensors(&header) {
        for row_block in 0..tensor.rows.div_ceil(16) {
            for column_block in 0..tensor.columns.div_ceil(256) {
                let tile: Vec<u8> = (0..4096)
                    .map(|i| {
                        let (row, column) =
                            (row_block * 16 + i / 256, column_block * 256 + i % 256);
                        if row < tensor.rows && column < tensor.columns {
                            section[start + row * tensor.columns + column]
                        } else {
                            0
                        }
                    })
                    .collect();
                builder.push(&tile);
                leaves += 1;
            }
        }
        start += tensor.rows * tensor.columns;
    }
    assert_eq!(start, length);
    assert_eq!(
        weight_root::<Blake>(&header, &section),
        builder.finish(&[leaves])
    );
}

#[test]
fn weight_root_should_be_total_when_the_section_is_short() {
    let header = small_header();
    let zeros = vec![0; usize::try_from(section_lengths(&header).weights).unwrap()];
    assert_eq!(
        weight_root::<Blake>(&header, &[]),
        weight_root::<Blake>(&header, &zeros)
    );
}

#[test]
fn section_roots_should_separate_scales_from_tables() {
    assert_ne!(scale_root::<Blake>(&[1, 2]), table_root::<Blake>(&[1, 2]));
    assert_ne!(
        scale_root::<Blake>(&[1, 2]),
        scale_root::<Blake>(&[1, 2, 0])
    );
}

#[test]
fn digest_should_commit_positions_and_width() {
    let digest = |rows: &[&[i32]]| {
        let mut builder = DigestBuilder::<Blake>::new();
        rows.iter().for_each(|row| builder.push(row));
        assert_eq!(builder.positions(), rows.len() as u64);
        builder.finish()
    };
    let base = digest(&[&[1, 2], &[3, 4]]);
    assert_eq!(base, digest(&[&[1, 2], &[3, 4]]));
    assert_ne!(base, digest(&[&[3, 4], &[1, 2]]));
    assert_ne!(base, digest(&[&[1, 2, 0], &[3, 4, 0]]));
    assert_ne!(base, digest(&[&[1, 2], &[3, 4], &[0, 0]]));
    assert_ne!(digest(&[]), digest(&[&[0]]));
}

proptest! {
    #[test]
    fn token_root_should_notice_every_change(
        ids in proptest::collection::vec(any::<u32>(), 1..200), index: proptest::sample::Index,
        change in 1u32..,
    ) {
        let mut changed = ids.clone();
        *index.get_mut(&mut changed) ^= change;
        prop_assert_ne!(token_root::<Blake>(&ids), token_root::<Blake>(&changed));
    }
}

fn ids(count: u32) -> Vec<u32> {
    (0..count).map(|place| place.wrapping_mul(7_919)).collect()
}

#[test]
fn chunk_should_be_proven_at_every_place_and_length() {
    let full = TOKENS_PER_CHUNK;
    let lengths = [
        1,
        63,
        64,
        65,
        129,
        full - 1,
        full,
        full + 1,
        3 * full - 64,
        4 * full,
        5 * full + 7,
    ];
    for count in lengths {
        let list = ids(count);
        let root = token_root::<Blake>(&list);
        let mut seen = Vec::new();
        for chunk in 0..token_chunks(count) {
            let (part, path) = token_chunk::<Blake>(&list, chunk).unwrap();
            assert!(
                is_token_chunk::<Blake>(&root, count, chunk, part, &path),
                "{chunk} of {count}"
            );
            seen.extend_from_slice(part);
        }
        assert_eq!(seen, list);
        assert_eq!(token_chunk::<Blake>(&list, token_chunks(count)), None);
    }
    assert_eq!(token_chunks(0), 0);
}

#[test]
fn false_chunk_should_not_be_proven() {
    let count = 3 * TOKENS_PER_CHUNK + 70;
    let list = ids(count);
    let root = token_root::<Blake>(&list);
    let holds = |count, chunk, part: &[u32], path: &[[u8; 32]]| {
        is_token_chunk::<Blake>(&root, count, chunk, part, path)
    };
    let (part, path) = token_chunk::<Blake>(&list, 3).unwrap();
    assert!(holds(count, 3, part, &path));
    let mut other = part.to_vec();
    other[0] ^= 1;
    assert!(!holds(count, 3, &other, &path), "another token");
    assert!(!holds(count, 2, part, &path), "another place");
    assert!(!holds(count, 4, part, &path), "beyond the list");
    assert!(
        !holds(count - 1, 3, part, &path),
        "another length of the list"
    );
    assert!(!holds(count, 3, &part[..69], &path), "too short");
    assert!(
        !holds(count, 3, &[part, &[0]].concat(), &path),
        "padding is no token"
    );
    assert!(!holds(count, 3, part, &path[1..]), "a short path");
    let longer = [&path[..], &[[0; 32]]].concat();
    assert!(!holds(count, 3, part, &longer), "a long path");
    assert!(!holds(0, 0, &[], &[]), "no list");
}
