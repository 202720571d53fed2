//! What the tests share.

use blake2::{digest::consts::U32, Blake2b, Digest};

/// blake2b-256.
pub(crate) struct Blake;

impl crate::Hasher256 for Blake {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        let mut state = Blake2b::<U32>::new();
        parts.iter().for_each(|part| state.update(part));
        state.finalize().into()
    }
}

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    <Blake as crate::Hasher256>::hash(&[bytes])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
