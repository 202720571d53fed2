//! Proofs of leaves: one of another length or place is refused, the real one leads to the root.
#![no_main]

use aipg_engine::Blake2b256;
use aipg_exact::tree::{depth, leaf, path, root, top_of_path, Domain, TreeBuilder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((numbers, rest)) = data.split_first_chunk::<16>() else {
        return;
    };
    let [leaves, index] =
        [&numbers[..8], &numbers[8..]].map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
    let claimed: Vec<[u8; 32]> = rest.as_chunks::<32>().0.to_vec();
    let top = top_of_path::<Blake2b256>(Domain::Receipts, leaves, index, [7; 32], &claimed);
    let fits = index < leaves && claimed.len() == depth(leaves) as usize;
    assert_eq!(top.is_some(), fits);

    // A real tree: one leaf for each byte.
    let mut builder = TreeBuilder::<Blake2b256>::new(Domain::Receipts);
    rest.iter().for_each(|byte| builder.push(&[*byte]));
    let hashes: Vec<[u8; 32]> = rest
        .iter()
        .map(|byte| leaf::<Blake2b256>(Domain::Receipts, &[*byte]))
        .collect();
    let count = rest.len() as u64;
    let place = index.checked_rem(count).unwrap_or(0);
    let Some(siblings) = path::<Blake2b256>(Domain::Receipts, &hashes, place as usize) else {
        assert_eq!(count, 0);
        return;
    };
    let hash = hashes[place as usize];
    let top = top_of_path::<Blake2b256>(Domain::Receipts, count, place, hash, &siblings).unwrap();
    assert_eq!(
        root::<Blake2b256>(Domain::Receipts, &[count], &top),
        builder.finish(&[count])
    );
});
