//! What every node that executes blocks keeps beside the state, and how it finds a receipt there.
//!
//! The off-chain index outlives forks: a block that is given up leaves its entries behind, and a
//! block of another fork may write the same key. So nothing in it is believed:
//!
//! - a **link** lies under the root that the open round's tree had once a receipt was in it, and
//!   holds that receipt and the root before it. The key fixes the content, so no fork can overwrite
//!   it with anything else. From the root of a sealed round, which is in the state, the links lead
//!   back to the round's first receipt.
//! - a **hint** names the round in which a job ended last, of whatever fork; a **mark** says that a
//!   job ended in a round on some fork. They only tell where to look.

use aipg_primitives::{JobId, RoundIndex};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use sp_core::H256;

/// A receipt of a round and what came before it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Link {
    /// Root of the tree without this receipt; `None` for the first one.
    pub previous: Option<H256>,
    /// The leaf's bytes.
    pub receipt: Vec<u8>,
}

/// Key of the [`Link`] of the receipt that made the tree's root `root`.
pub fn link_key(root: H256) -> Vec<u8> {
    (*b"aipg/receipts/link", root).encode()
}

/// Key of a job's hint; the value is a [`RoundIndex`].
pub fn hint_key(job: JobId) -> Vec<u8> {
    (*b"aipg/receipts/hint", job).encode()
}

/// Key of the mark of a job and a round; the value is the round again.
pub fn mark_key(job: JobId, round: RoundIndex) -> Vec<u8> {
    (*b"aipg/receipts/mark", job, round).encode()
}

/// Keys and values of the entries for one receipt.
pub fn entries(job: JobId, round: RoundIndex, root: H256, link: &Link) -> [(Vec<u8>, Vec<u8>); 3] {
    [
        (link_key(root), link.encode()),
        (hint_key(job), round.encode()),
        (mark_key(job, round), round.encode()),
    ]
}
