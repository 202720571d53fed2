//! The tree over the chunks of a blob.
//!
//! A blob of a job is a token list: ids, `u32` little-endian. Its token tree, whose root the job commits
//! to on chain, has leaves of 64 ids, so a chunk of 16 KiB is a whole subtree of 64 leaves, six levels
//! high. The hash of a chunk is the top of that subtree, and folding the hashes of all chunks gives the
//! token root: there is no second commitment. Whoever knows root and count of the list can check a
//! single chunk without the rest.
//!
//! A blob that fits into one chunk has a tree that may be lower than six levels; the hash of its chunk is
//! the top of that tree.

use aipg_exact::{
    tree::{self, Domain},
    Blake2b256,
};
use sp_core::H256;

/// Bytes of a chunk; the last chunk of a blob may have fewer.
pub const CHUNK_SIZE: usize = 16 * 1024;

/// Levels from the leaves of the token tree to the top of a chunk.
const LEVELS: u32 = 6;

/// Bytes of a token id.
const TOKEN_SIZE: u64 = 4;

/// Number of chunks of a blob of `length` bytes.
pub fn count(length: usize) -> usize {
    length.div_ceil(CHUNK_SIZE)
}

/// The hashes of the chunks of a blob, in their order.
pub fn hashes(blob: &[u8]) -> Vec<H256> {
    let chunks = count(blob.len());
    blob.chunks(CHUNK_SIZE)
        .map(|chunk| hash(chunk, chunks))
        .collect()
}

/// The hash of a chunk of a blob that has `chunks` of them.
pub fn hash(chunk: &[u8], chunks: usize) -> H256 {
    let leaves = chunk
        .chunks(Domain::Tokens.leaf_length())
        .map(|leaf| tree::padded_leaf::<Blake2b256>(Domain::Tokens, leaf))
        .collect();
    let levels = match chunks {
        1 => 0,
        _ => LEVELS,
    };
    H256(top(leaves, levels))
}

/// The root of the token list whose chunks have these hashes and whose bytes are `length` in number. An
/// id that lacks bytes is filled up with zeros.
pub fn root(hashes: &[H256], length: usize) -> H256 {
    let top = top(hashes.iter().map(|hash| hash.0).collect(), 0);
    let ids = (length as u64).div_ceil(TOKEN_SIZE);
    H256(tree::root::<Blake2b256>(Domain::Tokens, &[ids], &top))
}

/// The top over `level`, at least `levels` levels higher; subtrees without leaves are absent.
fn top(mut level: Vec<[u8; 32]>, levels: u32) -> [u8; 32] {
    let mut height = 0;
    while level.len() > 1 || height < levels {
        level = level
            .chunks(2)
            .filter_map(|pair| {
                let (left, right) = pair.split_first()?;
                let right = right.first().unwrap_or(&tree::ABSENT);
                Some(tree::node::<Blake2b256>(Domain::Tokens, left, right))
            })
            .collect();
        height += 1;
        if level.is_empty() {
            break;
        }
    }
    level.first().copied().unwrap_or(tree::ABSENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_exact::commitment::token_root;

    fn blob(ids: u32) -> (Vec<u32>, Vec<u8>) {
        let ids: Vec<u32> = (0..ids).map(|id| id.wrapping_mul(2_654_435_761)).collect();
        let bytes = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        (ids, bytes)
    }

    #[test]
    fn root_over_the_chunks_should_be_the_token_root_that_jobs_commit_to() {
        for count in [
            1, 63, 64, 65, 128, 200, 4095, 4096, 4097, 4160, 8192, 8193, 12_288, 20_000, 65_536,
            1_048_576,
        ] {
            let (ids, bytes) = blob(count);
            let hashes = hashes(&bytes);
            assert_eq!(hashes.len(), super::count(bytes.len()));
            let expected = H256(token_root::<Blake2b256>(&ids));
            assert_eq!(root(&hashes, bytes.len()), expected, "{count} ids");
        }
    }

    #[test]
    fn hash_of_a_chunk_should_change_when_a_byte_of_it_does() {
        let (_, mut bytes) = blob(10_000);
        let before = hashes(&bytes);
        assert_eq!(before.len(), 3);
        for position in [0, CHUNK_SIZE, bytes.len() - 1] {
            bytes[position] ^= 1;
            let after = hashes(&bytes);
            let chunk = position / CHUNK_SIZE;
            for (index, (old, new)) in before.iter().zip(&after).enumerate() {
                assert_eq!(old != new, index == chunk, "{position} {index}");
            }
            bytes[position] ^= 1;
        }
    }

    #[test]
    fn root_should_be_there_when_bytes_are_no_whole_number_of_ids() {
        let (_, bytes) = blob(5000);
        let cut = &bytes[..bytes.len() - 3];
        let mut filled = cut.to_vec();
        filled.extend([0; 3]);
        assert_eq!(
            root(&hashes(cut), cut.len()),
            root(&hashes(&filled), filled.len())
        );
        assert_ne!(
            root(&hashes(cut), cut.len()),
            root(&hashes(&bytes), bytes.len())
        );
    }
}
