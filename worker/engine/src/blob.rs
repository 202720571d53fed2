//! Token lists as bytes. A blob is the little-endian u32 ids and nothing else; its address is its
//! blake2b-256.

use crate::Blake2b256;
use aipg_exact::{commitment, Hasher256};
use thiserror::Error;

/// Why bytes are no token list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BlobError {
    /// The length is not a multiple of four.
    #[error("NotATokenList: {length} bytes are not a whole number of u32 ids")]
    NotATokenList {
        /// Bytes found.
        length: usize,
    },
}

/// Address of a blob.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Blake2b256::hash(&[bytes])
}

/// The bytes of a token list.
pub fn encode_tokens(ids: &[u32]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.to_le_bytes()).collect()
}

/// The token list that `bytes` are.
///
/// # Errors
/// [`BlobError::NotATokenList`] if the length is not a multiple of four.
pub fn decode_tokens(bytes: &[u8]) -> Result<Vec<u32>, BlobError> {
    let (ids, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(BlobError::NotATokenList {
            length: bytes.len(),
        });
    }
    Ok(ids.iter().map(|id| u32::from_le_bytes(*id)).collect())
}

/// Root of a token list, which commits its length.
pub fn token_root(ids: &[u32]) -> [u8; 32] {
    commitment::token_root::<Blake2b256>(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decode_should_be_refused_when_the_length_is_odd() {
        for length in [1, 2, 3, 5] {
            assert_eq!(
                decode_tokens(&vec![0; length]),
                Err(BlobError::NotATokenList { length })
            );
        }
    }

    #[test]
    fn hash_should_be_blake2b_256() {
        assert_eq!(
            hex::encode(hash(b"")),
            "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
        );
    }

    #[test]
    fn token_root_should_keep_its_vector() {
        assert_eq!(
            hex::encode(token_root(&[256, 72, 105, 257])),
            "de8c887f3b130373c9e3dd37fab4c62c228f70ef6c3831c35841728e6a4dae8a"
        );
    }

    proptest! {
        #[test]
        fn tokens_should_round_trip(ids in proptest::collection::vec(any::<u32>(), 0..50)) {
            let bytes = encode_tokens(&ids);
            prop_assert_eq!(bytes.len(), 4 * ids.len());
            prop_assert_eq!(decode_tokens(&bytes), Ok(ids));
        }
    }
}
