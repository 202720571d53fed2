//! What a game is about, as the state machine asks it: one trace of one job.

use crate::types::{StoredClaim, StoredLeaf, StoredNode, Values};
use aipg_exact::{
    header::ModelHeader,
    picture,
    sampling::{self, Parameters},
    trace::{
        Evidence, Fault, Job, Leaf, Node, OpeningError, Openings, Sampling, Tensor, TensorProof,
    },
};
use aipg_primitives::{DeliveredResult, HostBlake2, JobParameters};
use aipg_referee_game::{Ruling, Subject};
use alloc::vec::Vec;
use sp_core::H256;

/// A node below another, and what leads from it to that.
pub struct Choice {
    pub index: u64,
    pub hash: [u8; 32],
    pub path: Vec<[u8; 32]>,
}

/// One trace of one job.
pub struct Dispute<'a> {
    pub job: Job<'a>,
    prompt: [u8; 32],
    output: [u8; 32],
    trace: [u8; 32],
}

impl<'a> Dispute<'a> {
    /// The trace with this root.
    pub fn new<AccountId>(
        header: &'a ModelHeader,
        result: &DeliveredResult<AccountId>,
        trace: H256,
    ) -> Self {
        Self {
            job: job_of(header, result),
            prompt: result.input.root.0,
            output: result.output.root.0,
            trace: trace.0,
        }
    }

    /// Checks the proofs of evidence.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn verify(&self, evidence: Evidence) -> Result<Openings, OpeningError> {
        evidence.verify::<HostBlake2>(&self.job, self.prompt, self.output, &self.trace)
    }
}

/// The job of a result, as the semantics see it.
pub fn job_of<'a, AccountId>(
    header: &'a ModelHeader,
    result: &DeliveredResult<AccountId>,
) -> Job<'a> {
    Job {
        header,
        prompt: result.input.count,
        output: result.output.count,
        sampling: match header.picture() {
            // Of its job only the seed counts.
            Some(_) => {
                let key = picture::key::<HostBlake2>(result.parameters.seed);
                Some(Sampling::of_picture(key))
            }
            None => sampling_of(&result.parameters),
        },
    }
}

fn sampling_of(parameters: &JobParameters) -> Option<Sampling> {
    match parameters.sampling {
        aipg_primitives::Sampling::Greedy => None,
        aipg_primitives::Sampling::Seeded(filters) => Some(Sampling {
            parameters: Parameters {
                beta: filters.beta,
                top_k: filters.top_k,
                top_p: filters.top_p,
                min_p: filters.min_p,
            },
            key: sampling::key::<HostBlake2>(parameters.seed),
        }),
    }
}

/// Number of the tensors of a model's trace.
pub fn tensors(header: &ModelHeader) -> u64 {
    Tensor::count(header)
}

impl Subject for Dispute<'_> {
    type Node = StoredNode;
    type Leaf = StoredLeaf;
    type Claim = StoredClaim;
    type Values = Values;
    type TensorProof = TensorProof;
    type Nodes = Vec<[u8; 32]>;
    type NodeProof = Choice;
    type Bytes = Vec<u8>;
    type Openings = Openings;

    fn tensor(&self, proof: &TensorProof) -> Option<StoredNode> {
        proof
            .holds::<HostBlake2>(self.job.header, &self.trace)
            .then(|| StoredNode::from(Node::top(&self.job, proof.tensor, proof.root)))
    }

    fn reveals(&self, node: &StoredNode, nodes: &Vec<[u8; 32]>) -> bool {
        node.0.reveals::<HostBlake2>(&self.job, nodes)
    }

    fn below(&self, node: &StoredNode, choice: &Choice) -> Option<StoredNode> {
        let (index, hash) = (choice.index, choice.hash);
        node.0
            .child::<HostBlake2>(&self.job, index, hash, &choice.path)
            .map(StoredNode::from)
    }

    fn leaf_of(&self, node: &StoredNode) -> Option<StoredLeaf> {
        let node = node.0;
        node.is_leaf()
            .then(|| StoredLeaf::from(Leaf::Trace(node.tensor, node.index)))
    }

    fn holds(&self, node: &StoredNode, bytes: &Vec<u8>) -> bool {
        node.0.holds::<HostBlake2>(&self.job, bytes)
    }

    fn sums(&self, leaf: &StoredLeaf, claim: &StoredClaim, openings: &Openings) -> Option<u32> {
        let (tensor, index) = claim.0.home(&self.job)?;
        if leaf.0 != Leaf::Trace(tensor, index) {
            return None;
        }
        self.sums_of_part(claim, openings)
    }

    fn sums_of_part(&self, claim: &StoredClaim, openings: &Openings) -> Option<u32> {
        match claim.0.reveals(&self.job, openings) {
            Ok(spans) => u32::try_from(spans.len()).ok(),
            // It is false whatever its sums are: the verdict says so.
            Err(fault) if fault.convicts() => Some(0),
            Err(_) => None,
        }
    }

    fn no_values(&self) -> Values {
        Values::new()
    }

    fn count(&self, values: &Values) -> u32 {
        u32::try_from(values.len()).unwrap_or(u32::MAX)
    }

    fn judge(
        &self,
        claim: &StoredClaim,
        values: &Values,
        openings: &Openings,
        part: Option<u32>,
    ) -> Option<Ruling<StoredClaim>> {
        match claim.0.check(&self.job, values, openings) {
            Ok(parts) if parts.is_empty() => Some(Ruling::True),
            Ok(parts) => {
                let part = parts.get(usize::try_from(part?).ok()?)?;
                Some(Ruling::Part(StoredClaim::from(*part)))
            }
            Err(Fault::False | Fault::Malformed(_)) => Some(Ruling::False),
            Err(Fault::Missing(_) | Fault::Unrevealed | Fault::Unknown) => None,
        }
    }
}
