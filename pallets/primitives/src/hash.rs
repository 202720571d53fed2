//! The hash of every commitment, computed by the node.

use aipg_exact::Hasher256;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// blake2b-256 by the host.
#[derive(Clone, Copy, Debug)]
pub struct HostBlake2;

impl Hasher256 for HostBlake2 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        BlakeTwo256::hash(&parts.concat()).to_fixed_bytes()
    }
}
