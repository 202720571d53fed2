mod off_chain_index;
mod proofs;
mod rounds;
mod state_checks;

use crate::{mock::*, types::*, *};
use aipg_exact::tree::{leaf, path, Domain, TreeBuilder};
use aipg_primitives::*;
use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

/// The root of receipts, built at once.
fn root_at_once(receipts: &[Receipt<AccountId, u64>]) -> H256 {
    let mut tree = TreeBuilder::<Blake2>::new(Domain::Receipts);
    receipts
        .iter()
        .for_each(|receipt| tree.push(&receipt.encode()));
    tree.finish(&[receipts.len() as u64]).into()
}

/// The proof of one of all receipts of a round.
fn proof(
    round: RoundIndex,
    receipts: &[Receipt<AccountId, u64>],
    index: usize,
) -> ReceiptProof<AccountId, u64> {
    let leaves: Vec<[u8; 32]> = receipts
        .iter()
        .map(|receipt| leaf::<Blake2>(Domain::Receipts, &receipt.encode()))
        .collect();
    let path = path::<Blake2>(Domain::Receipts, &leaves, index)
        .expect("the round has this receipt")
        .into_iter()
        .map(H256::from)
        .collect::<Vec<_>>();
    ReceiptProof {
        round,
        index: index as u32,
        count: receipts.len() as u32,
        receipt: receipts[index].clone(),
        path: path.try_into().expect("within the greatest depth"),
    }
}
