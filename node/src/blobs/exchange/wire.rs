//! What nodes say to each other about blobs, in SCALE.

use codec::{Decode, DecodeAll, Encode};
use sp_core::H256;

use super::chunks::CHUNK_SIZE;
use crate::blobs::MAX_BLOB_SIZE;

/// Chunks of the largest blob.
pub const MOST_CHUNKS: usize = MAX_BLOB_SIZE / CHUNK_SIZE;

/// Chunks of one reply: 512 KiB, which a line of 300 kbit/s carries in the time for a reply.
pub const CHUNKS_PER_REPLY: u16 = 32;

/// Size of the largest request in bytes.
pub const MOST_REQUEST: usize = 64;

/// Size of the largest reply that the protocol has, in bytes: bytes, hashes of all chunks, and what
/// frames them.
pub const MOST_REPLY: usize =
    CHUNKS_PER_REPLY as usize * CHUNK_SIZE + MOST_CHUNKS * H256::len_bytes() + 64;

/// Size of the largest reply that the network delivers, in bytes. Twice of what is allowed: a reply that
/// the network cuts off looks the same as a broken line, one that is delivered speaks for itself.
pub const MOST_FRAME: usize = 2 * MOST_REPLY;

/// What a node asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    /// Whether the other node has a blob.
    #[codec(index = 0)]
    Has(H256),
    /// A part of a blob.
    #[codec(index = 1)]
    Chunks {
        /// Name of the blob.
        blob: H256,
        /// The first chunk, from 0.
        first: u16,
        /// Number of chunks, 1 to [`CHUNKS_PER_REPLY`]. The reply has fewer where the blob ends.
        count: u16,
        /// Whether the reply shall have the hashes of all chunks of the blob.
        hashes: bool,
    },
}

/// What the other node answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// It does not have the blob.
    #[codec(index = 0)]
    Absent,
    /// It has given as much as it gives for now.
    #[codec(index = 1)]
    Busy,
    /// It has the blob.
    #[codec(index = 2)]
    Present {
        /// Size of the blob in bytes.
        length: u32,
    },
    /// The part that was asked for.
    #[codec(index = 3)]
    Chunks {
        /// Size of the blob in bytes.
        length: u32,
        /// The hashes of all its chunks, if they were asked for, else nothing.
        hashes: Vec<H256>,
        /// The bytes of the chunks, one after the other.
        bytes: Vec<u8>,
    },
}

/// The message that `bytes` are, all of them. `None` if they are none, or more than `most`.
pub(super) fn decode<T: Decode>(bytes: &[u8], most: usize) -> Option<T> {
    if bytes.len() > most {
        return None;
    }
    T::decode_all(&mut &*bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(chunks: usize) -> Reply {
        Reply::Chunks {
            length: MAX_BLOB_SIZE as u32,
            hashes: vec![H256::repeat_byte(7); MOST_CHUNKS],
            bytes: vec![1; chunks * CHUNK_SIZE],
        }
    }

    #[test]
    fn encoding_should_be_what_other_nodes_expect() {
        let hash = H256::repeat_byte(0xab);
        let mut expected = vec![0];
        expected.extend([0xab; 32]);
        assert_eq!(Request::Has(hash).encode(), expected);
        let mut expected = vec![1];
        expected.extend([0xab; 32]);
        expected.extend([3, 0, 32, 0, 1]);
        let request = Request::Chunks {
            blob: hash,
            first: 3,
            count: 32,
            hashes: true,
        };
        assert_eq!(request.encode(), expected);
        assert!(expected.len() <= MOST_REQUEST);
        assert_eq!(Reply::Absent.encode(), [0]);
        assert_eq!(Reply::Busy.encode(), [1]);
        assert_eq!(Reply::Present { length: 258 }.encode(), [2, 2, 1, 0, 0]);
    }

    #[test]
    fn largest_reply_should_be_taken_and_one_more_chunk_should_not() {
        let largest = reply(CHUNKS_PER_REPLY.into());
        let bytes = largest.encode();
        assert!(bytes.len() <= MOST_REPLY, "{}", bytes.len());
        assert_eq!(decode(&bytes, MOST_REPLY), Some(largest));
        let larger = reply(usize::from(CHUNKS_PER_REPLY) + 1).encode();
        assert_eq!(decode::<Reply>(&larger, MOST_REPLY), None);
        assert!(larger.len() <= MOST_FRAME, "the network delivers it");
    }

    #[test]
    fn message_should_be_refused_when_it_is_cut_or_has_a_byte_too_many() {
        let whole = reply(1).encode();
        for length in [0, 1, 4, 5, 100, whole.len() - 1] {
            assert_eq!(decode::<Reply>(&whole[..length], MOST_REPLY), None);
        }
        let mut longer = whole;
        longer.push(0);
        assert_eq!(decode::<Reply>(&longer, MOST_REPLY), None);
        let request = Request::Has(H256::zero()).encode();
        assert_eq!(decode::<Request>(&request[1..], MOST_REQUEST), None);
    }

    #[test]
    fn message_should_be_refused_without_taking_memory_when_it_promises_more_than_it_has() {
        // A list of 2^30 - 1 hashes, of which none is there.
        let liar = [3, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff];
        assert_eq!(decode::<Reply>(&liar, MOST_REPLY), None);
        for first in 4..=u8::MAX {
            assert_eq!(decode::<Reply>(&[first; 64], MOST_REPLY), None);
            assert_eq!(decode::<Request>(&[first; 33], MOST_REQUEST), None);
        }
    }
}
