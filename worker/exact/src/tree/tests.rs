use super::*;
use crate::testing::{hex, Blake};
use proptest::prelude::*;

/// The definition: all levels, padded to the full width.
fn reference(domain: Domain, leaves: &[Vec<u8>], shape: &[u64]) -> [u8; 32] {
    let mut level: Vec<[u8; 32]> = leaves
        .iter()
        .map(|bytes| {
            let mut padded = bytes.clone();
            padded.resize(bytes.len().max(domain.leaf_length()), 0);
            leaf::<Blake>(domain, &padded)
        })
        .collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| node::<Blake>(domain, &pair[0], pair.get(1).unwrap_or(&ABSENT)))
            .collect();
    }
    root::<Blake>(domain, shape, level.first().unwrap_or(&ABSENT))
}

#[test]
fn builder_should_equal_the_level_by_level_tree() {
    for count in 0..70u64 {
        let leaves: Vec<Vec<u8>> = (0..count).map(|i| vec![i as u8; 1 + i as usize]).collect();
        let mut builder = TreeBuilder::<Blake>::new(Domain::Tokens);
        leaves.iter().for_each(|leaf| builder.push(leaf));
        assert_eq!(
            builder.finish(&[count]),
            reference(Domain::Tokens, &leaves, &[count]),
            "{count} leaves"
        );
    }
}

#[test]
fn domains_should_not_share_hashes() {
    let domains = [
        Domain::Tokens,
        Domain::Weights,
        Domain::Scales,
        Domain::Tables,
        Domain::Digest,
        Domain::Receipts,
        Domain::Power,
    ];
    let mut seen = Vec::new();
    for domain in domains {
        let zeros = [0u8; 32];
        // A leaf of 64 bytes, a node and a root over the same 64 bytes differ.
        seen.push(leaf::<Blake>(domain, &[0; 64]));
        seen.push(node::<Blake>(domain, &zeros, &zeros));
        seen.push(root::<Blake>(domain, &[0; 4], &zeros));
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all);
}

/// Leaves of the domain of receipts, of different lengths.
fn receipts(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|i| (0..=i % 7).map(|byte| (i * 11 + byte) as u8).collect())
        .collect()
}

fn hashes(leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    leaves
        .iter()
        .map(|bytes| leaf::<Blake>(Domain::Receipts, bytes))
        .collect()
}

fn holds(root_known: [u8; 32], count: u64, index: u64, bytes: &[u8], path: &[[u8; 32]]) -> bool {
    let hash = leaf::<Blake>(Domain::Receipts, bytes);
    top_of_path::<Blake>(Domain::Receipts, count, index, hash, path)
        .is_some_and(|top| root::<Blake>(Domain::Receipts, &[count], &top) == root_known)
}

#[test]
fn depth_should_be_the_bit_length_of_the_last_index() {
    let depths = [
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 3),
        (8, 3),
        (9, 4),
    ];
    for (leaves, expected) in depths {
        assert_eq!(depth(leaves), expected, "{leaves} leaves");
    }
    assert_eq!(depth(u64::MAX), 64);
}

#[test]
fn leaf_of_a_receipt_should_keep_its_length() {
    let mut short = TreeBuilder::<Blake>::new(Domain::Receipts);
    short.push(b"a");
    let mut padded = TreeBuilder::<Blake>::new(Domain::Receipts);
    padded.push(b"a\0");
    assert_ne!(short.root(&[1]), padded.root(&[1]));
    assert_eq!(
        short.finish(&[1]),
        reference(Domain::Receipts, &[b"a".to_vec()], &[1])
    );
}

#[test]
fn builder_should_give_the_same_root_when_resumed_after_every_leaf() {
    let mut frontier = Vec::new();
    for (index, bytes) in receipts(70).iter().enumerate() {
        let mut builder = TreeBuilder::<Blake>::resume(Domain::Receipts, frontier);
        assert_eq!(builder.leaves(), index as u64);
        builder.push(bytes);
        let count = builder.leaves();
        assert_eq!(
            builder.root(&[count]),
            reference(Domain::Receipts, &receipts(index + 1), &[count])
        );
        frontier = builder.frontier().to_vec();
    }
}

#[test]
fn path_should_be_none_when_there_is_no_such_leaf() {
    assert_eq!(path::<Blake>(Domain::Receipts, &[], 0), None);
    assert_eq!(
        path::<Blake>(Domain::Receipts, &hashes(&receipts(5)), 5),
        None
    );
    let path = path::<Blake>(Domain::Receipts, &hashes(&receipts(5)), 4).unwrap();
    assert_eq!(path[..2], [ABSENT, ABSENT]);
    let top = |leaves, index, path: &[[u8; 32]]| {
        top_of_path::<Blake>(Domain::Receipts, leaves, index, [1; 32], path)
    };
    assert!(top(5, 4, &path).is_some());
    assert_eq!(top(5, 5, &path), None);
    assert_eq!(top(5, 4, &path[..2]), None);
    assert_eq!(top(0, 0, &[]), None);
}

#[test]
fn receipt_roots_should_keep_their_bits() {
    // The vectors of docs/spec/receipts.md.
    let vectors = [
        (
            1,
            "2c065685e20cf88ce53f81f5d303ba8e9dcf85227493dce896816d9c337a890d",
        ),
        (
            3,
            "862b6abe7cee3d2a06608be101915932b7cd2cf31c35142df79ca56af03bd34b",
        ),
        (
            8,
            "f953f6a2120ff755d4b7680c3901434bc270f26bbdd00b5cbc3765eae8f1db08",
        ),
    ];
    for (count, expected) in vectors {
        let mut builder = TreeBuilder::<Blake>::new(Domain::Receipts);
        (0..count).for_each(|i: u8| builder.push(&vec![i; usize::from(i) + 1]));
        assert_eq!(hex(&builder.finish(&[u64::from(count)])), expected);
    }
}

proptest! {
    #[test]
    fn every_path_should_verify_and_nothing_else(
        count in 1..200usize,
        chosen in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        flip in 1..=255u8,
        other in any::<u64>(),
    ) {
        let leaves = receipts(count);
        let hashes = hashes(&leaves);
        let root = reference(Domain::Receipts, &leaves, &[count as u64]);
        for (index, bytes) in leaves.iter().enumerate() {
            let path = path::<Blake>(Domain::Receipts, &hashes, index).unwrap();
            prop_assert!(holds(root, count as u64, index as u64, bytes, &path));
        }
        let index = chosen.index(count);
        let (at, n) = (index as u64, count as u64);
        let path = path::<Blake>(Domain::Receipts, &hashes, index).unwrap();
        // Any byte of the receipt.
        let mut changed = leaves[index].clone();
        let position = byte.index(changed.len());
        changed[position] ^= flip;
        prop_assert!(!holds(root, n, at, &changed, &path));
        changed[position] ^= flip;
        changed.push(flip);
        prop_assert!(!holds(root, n, at, &changed, &path));
        // Any byte of the path, and its length.
        if !path.is_empty() {
            let mut changed = path.clone();
            let position = byte.index(changed.len() * 32);
            changed[position / 32][position % 32] ^= flip;
            prop_assert!(!holds(root, n, at, &leaves[index], &changed));
            prop_assert!(!holds(root, n, at, &leaves[index], &path[1..]));
        }
        let mut longer = path.clone();
        longer.push(ABSENT);
        prop_assert!(!holds(root, n, at, &leaves[index], &longer));
        // Another position, another count, another root.
        if other != at {
            prop_assert!(!holds(root, n, other, &leaves[index], &path));
        }
        for wrong in [other, n + 1, n - 1] {
            prop_assert!(wrong == n || !holds(root, wrong, at, &leaves[index], &path));
        }
        let mut changed = root;
        changed[byte.index(32)] ^= flip;
        prop_assert!(!holds(changed, n, at, &leaves[index], &path));
    }
}
