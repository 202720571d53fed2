//! Finding a job's receipt in the off-chain index and proving it.

use std::collections::HashSet;

use aipg_exact::tree::{leaf, path, Domain};
use aipg_primitives::{JobId, RoundIndex};
use codec::Decode;
use pallet_receipts::{
    index::{hint_key, link_key, mark_key, Link},
    types::{root_of, ReceiptTree},
    Blake2,
};
use sp_api::ApiError;
use sp_core::{
    offchain::{OffchainStorage, STORAGE_PREFIX},
    H256,
};

use super::ChainFacts;

/// How far from the hint, in rounds, the round of a job is looked for. A fork that was given up may
/// have left the hint of a job that ended in another round there, but not one that far away: the
/// node would have to have executed so many rounds of that fork.
const SEARCH_RADIUS: RoundIndex = 1024;

/// A receipt, where it is, and what leads from it to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobProof {
    /// Number of the job.
    pub job: JobId,
    /// Round in which it ended.
    pub round: RoundIndex,
    /// Position of the receipt in the round, from 0.
    pub index: u32,
    /// Receipts of the round.
    pub count: u32,
    /// The leaf's bytes.
    pub receipt: Vec<u8>,
    /// Siblings from the leaf upward.
    pub path: Vec<H256>,
    /// Root of the round.
    pub root: H256,
    /// A finalised block whose state holds the root.
    pub block: H256,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The job does not exist.
    #[error("there is no job {job} yet, the next one is {next}")]
    NotFound {
        /// The number asked for.
        job: JobId,
        /// The lowest number that was not given yet.
        next: JobId,
    },
    /// The job is live in the newest block.
    #[error("job {0} has not ended")]
    NotFinished(JobId),
    /// The job has ended, but no finalised block has sealed its round.
    #[error("job {0} has ended in a round that is not sealed in a finalised block yet")]
    RoundOpen(JobId),
    /// The node never executed the block in which the job ended, as after a warp sync.
    #[error("this node has no receipts of the blocks in which job {0} ended, ask another one")]
    NotIndexed(JobId),
    /// What the index holds for the round does not make up its root.
    #[error("the receipts that this node holds of round {0} are damaged, ask another one")]
    Damaged(RoundIndex),
    /// The runtime could not be asked.
    #[error("the state of the chain cannot be read: {0}")]
    StateUnavailable(#[from] ApiError),
}

/// Proves the receipt of `job` by the off-chain `index`.
///
/// # Errors
/// [`ReceiptError`]; nothing is given that does not lead to the root in a finalised state.
pub fn prove(
    facts: &impl ChainFacts,
    index: &impl OffchainStorage,
    job: JobId,
) -> Result<JobProof, ReceiptError> {
    let heads = facts.heads();
    let next = facts.next_job(heads.best)?;
    if job >= next {
        return Err(ReceiptError::NotFound { job, next });
    }
    let round_blocks = facts.round_blocks(heads.finalized)?;
    // A round is sealed in the first block of the next.
    let open = heads
        .finalized_number
        .checked_div(round_blocks)
        .unwrap_or_default();
    let rounds = marked_rounds(index, job);
    let mut damage = None;
    for round in rounds.iter().copied().filter(|round| *round < open) {
        let Some(root) = facts.root(heads.finalized, round)? else {
            continue;
        };
        match receipts_of(index, root) {
            Ok(receipts) => {
                // A mark alone may be another fork's.
                if let Some(position) = position_of(&receipts, job) {
                    return proof_at(receipts, position, job, round, root, heads.finalized)
                        .ok_or(ReceiptError::Damaged(round));
                }
            }
            Err(Incomplete::Missing) => {}
            Err(Incomplete::Damaged) => damage = Some(ReceiptError::Damaged(round)),
        }
    }

    if facts.is_live(heads.best, job)? {
        return Err(ReceiptError::NotFinished(job));
    }
    let ended_finally =
        job < facts.next_job(heads.finalized)? && !facts.is_live(heads.finalized, job)?;
    if !ended_finally || rounds.contains(&open) {
        return Err(ReceiptError::RoundOpen(job));
    }
    Err(damage.unwrap_or(ReceiptError::NotIndexed(job)))
}

/// Rounds in which the job ended on some fork that this node executed, nearest to the hint first.
fn marked_rounds(index: &impl OffchainStorage, job: JobId) -> Vec<RoundIndex> {
    let Some(hint) = index
        .get(STORAGE_PREFIX, &hint_key(job))
        .and_then(|value| RoundIndex::decode(&mut &value[..]).ok())
    else {
        return Vec::new();
    };
    let near = (1..=SEARCH_RADIUS)
        .flat_map(|distance| [hint.checked_sub(distance), hint.checked_add(distance)])
        .flatten();
    std::iter::once(hint)
        .chain(near)
        .filter(|round| index.get(STORAGE_PREFIX, &mark_key(job, *round)).is_some())
        .collect()
}

/// Why the receipts behind a root could not be had.
enum Incomplete {
    Missing,
    Damaged,
}

/// All receipts of the tree with this root, the first one first, checked against the root.
fn receipts_of(index: &impl OffchainStorage, root: H256) -> Result<Vec<Vec<u8>>, Incomplete> {
    let mut receipts = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(root);
    while let Some(current) = next {
        // Only damage can make the links go in a circle.
        if !seen.insert(current) {
            return Err(Incomplete::Damaged);
        }
        let value = index
            .get(STORAGE_PREFIX, &link_key(current))
            .ok_or(Incomplete::Missing)?;
        let link = Link::decode(&mut &value[..]).map_err(|_| Incomplete::Damaged)?;
        receipts.push(link.receipt);
        next = link.previous;
    }
    receipts.reverse();
    let mut tree = ReceiptTree::new(Domain::Receipts);
    receipts.iter().for_each(|receipt| tree.push(receipt));
    if root_of(&tree) == Some(root) {
        Ok(receipts)
    } else {
        Err(Incomplete::Damaged)
    }
}

/// Position of the receipt that begins with the job's number.
fn position_of(receipts: &[Vec<u8>], job: JobId) -> Option<usize> {
    receipts
        .iter()
        .position(|receipt| JobId::decode(&mut &receipt[..]) == Ok(job))
}

fn proof_at(
    mut receipts: Vec<Vec<u8>>,
    position: usize,
    job: JobId,
    round: RoundIndex,
    root: H256,
    block: H256,
) -> Option<JobProof> {
    let leaves: Vec<[u8; 32]> = receipts
        .iter()
        .map(|receipt| leaf::<Blake2>(Domain::Receipts, receipt))
        .collect();
    let path = path::<Blake2>(Domain::Receipts, &leaves, position)?;
    Some(JobProof {
        job,
        round,
        index: u32::try_from(position).ok()?,
        count: u32::try_from(receipts.len()).ok()?,
        receipt: receipts.swap_remove(position),
        path: path.into_iter().map(H256::from).collect(),
        root,
        block,
    })
}
