//! Proofs that the chain made a receipt.
//!
//! A finished job leaves the state; its receipt is a leaf of the tree of the round in which it ended,
//! and the state keeps only the round's root. The bytes are in the off-chain index, which every node
//! writes for every block that it executes, of whatever fork ([`pallet_receipts::index`]). This
//! module finds a job's round there, gathers the round's receipts behind the root that a finalised
//! block's state holds, checks that they make up that root, and only then gives the path.
//!
//! Roots are kept for ever, so a proof never goes stale, and it can be made however long ago the job
//! ended and whatever states the node has pruned. What a node did not execute (because it began with
//! a warp sync) it has not indexed: it says so.

mod facts;
mod proof;
mod rpc;
#[cfg(test)]
mod tests;

pub use facts::{ChainFacts, ClientFacts, Heads};
pub use proof::{prove, JobProof, ReceiptError};
pub use rpc::{ErrorCode, ReceiptsApiServer, ReceiptsRpc};
