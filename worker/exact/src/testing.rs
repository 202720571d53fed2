//! What the tests share.

pub(crate) use crate::Blake2b256 as Blake;

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    <Blake as crate::Hasher256>::hash(&[bytes])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
