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
