//! What a party brings to have a claim decided: leaves, proven up to the root of a whole trace.

use super::{
    openings::{Opening, OpeningError, Openings, Roots},
    reader::Job,
    tensor::Tensor,
};
use crate::{
    header::ModelHeader,
    tree::{self, Domain, TreeBuilder},
    Hasher256,
};
use alloc::{collections::BTreeMap, vec::Vec};

/// Root of a trace: of the roots of all tensors, in the order of [`Tensor::all`].
pub fn trace_root<H: Hasher256>(roots: &[[u8; 32]]) -> [u8; 32] {
    let mut builder = TreeBuilder::<H>::new(Domain::TraceRoot);
    roots.iter().for_each(|root| builder.push(root));
    builder.finish(&[roots.len() as u64])
}

/// A tensor's root and the siblings that lead from it to the root of its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorProof {
    /// Which tensor.
    pub tensor: Tensor,
    /// Its root.
    pub root: [u8; 32],
    /// See [`tree::path`].
    pub path: Vec<[u8; 32]>,
}

impl TensorProof {
    /// The proof of a tensor, from the roots of all. `None` if there is no such tensor.
    pub fn new<H: Hasher256>(
        header: &ModelHeader,
        roots: &[[u8; 32]],
        tensor: Tensor,
    ) -> Option<Self> {
        let index = usize::try_from(tensor.number(header)).ok()?;
        let leaves: Vec<_> = roots
            .iter()
            .map(|root| tree::leaf::<H>(Domain::TraceRoot, root))
            .collect();
        Some(Self {
            tensor,
            root: *roots.get(index)?,
            path: tree::path::<H>(Domain::TraceRoot, &leaves, index)?,
        })
    }

    /// Whether the tensor is one of the model's and its root in the trace of this root.
    pub fn holds<H: Hasher256>(&self, header: &ModelHeader, trace: &[u8; 32]) -> bool {
        // Its number would be that of another tensor.
        if !self.tensor.is_of(header) {
            return false;
        }
        let domain = Domain::TraceRoot;
        let tensors = Tensor::count(header);
        let number = self.tensor.number(header);
        let leaf = tree::leaf::<H>(domain, &self.root);
        tree::top_of_path::<H>(domain, tensors, number, leaf, &self.path)
            .is_some_and(|top| tree::root::<H>(domain, &[tensors], &top) == *trace)
    }
}

/// Leaves that a decision reads, and the tensors that they are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// A proof of each tensor that has a leaf among these.
    pub tensors: Vec<TensorProof>,
    /// The leaves.
    pub leaves: Vec<Opening>,
}

impl Evidence {
    /// Checks all proofs: of the tensors against the root of the trace, of the leaves against the
    /// tensors, the model and the job's tokens.
    ///
    /// # Errors
    /// [`OpeningError`], for the first that does not hold.
    pub fn verify<H: Hasher256>(
        self,
        job: &Job<'_>,
        prompt: [u8; 32],
        output: [u8; 32],
        trace: &[u8; 32],
    ) -> Result<Openings, OpeningError> {
        let mut tensors = BTreeMap::new();
        for proof in self.tensors {
            if !proof.holds::<H>(job.header, trace) {
                return Err(OpeningError::WrongTensor(proof.tensor));
            }
            tensors.insert(proof.tensor, proof.root);
        }
        let roots = Roots {
            prompt,
            output,
            tensors,
        };
        Openings::verify::<H>(job, &roots, self.leaves)
    }
}
