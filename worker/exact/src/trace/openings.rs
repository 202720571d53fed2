//! Leaves that are proven to be in a model, a job's tokens and a trace.

use super::{
    claim::{Claim, Fault},
    reader::{Inputs, Job, Leaf},
    tensor::Tensor,
};
use crate::{
    layout::{places, section_lengths},
    tree::{self, Domain},
    Hasher256,
};
use alloc::{borrow::Cow, collections::BTreeMap, collections::BTreeSet, vec::Vec};
use core::cell::RefCell;

/// A leaf and the siblings that lead from it to its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which leaf.
    pub leaf: Leaf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// See [`tree::path`].
    pub path: Vec<[u8; 32]>,
}

impl Opening {
    /// Bytes that it takes to send it, the address left out.
    pub const fn length(&self) -> usize {
        self.bytes
            .len()
            .saturating_add(self.path.len().saturating_mul(32))
    }
}

/// The roots that openings lead to.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Root of the prompt's tokens.
    pub prompt: [u8; 32],
    /// Root of the output's tokens.
    pub output: [u8; 32],
    /// Roots of the tensors of the trace, those of a dispute.
    pub tensors: BTreeMap<Tensor, [u8; 32]>,
}

/// Why an opening is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningError {
    /// The root is not known.
    NoRoot(Leaf),
    /// The path does not lead to the root.
    WrongPath(Leaf),
}

/// Leaves by address, each with its proof checked.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    leaves: BTreeMap<Leaf, Vec<u8>>,
}

impl Openings {
    /// Checks the proofs of `openings` of the trace of a job.
    ///
    /// # Errors
    /// [`OpeningError`], for the first that is not in its tree.
    pub fn verify<H: Hasher256>(
        job: &Job<'_>,
        roots: &Roots,
        openings: Vec<Opening>,
    ) -> Result<Self, OpeningError> {
        let mut leaves = BTreeMap::new();
        for Opening { leaf, bytes, path } in openings {
            let tree = Tree::of(job, leaf);
            let root = tree.root(job, roots).ok_or(OpeningError::NoRoot(leaf))?;
            let hash = tree::leaf::<H>(tree.domain, &bytes);
            let top = tree::top_of_path::<H>(tree.domain, tree.leaves, tree.index, hash, &path);
            let shape = tree.shape.get(..tree.numbers).unwrap_or_default();
            let found = top.map(|top| tree::root::<H>(tree.domain, shape, &top));
            if found != Some(root) {
                return Err(OpeningError::WrongPath(leaf));
            }
            leaves.insert(leaf, bytes);
        }
        Ok(Self { leaves })
    }
}

impl Inputs for Openings {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        self.leaves.get(&leaf).map(|bytes| Cow::Borrowed(&**bytes))
    }
}

/// The tree that a leaf is in.
struct Tree {
    domain: Domain,
    leaves: u64,
    index: u64,
    shape: [u64; 3],
    numbers: usize,
    leaf: Leaf,
}

impl Tree {
    fn of(job: &Job<'_>, leaf: Leaf) -> Self {
        let lengths = section_lengths(job.header);
        let (domain, leaves, index, shape, numbers) = match leaf {
            Leaf::Scales(index) => {
                let leaves = lengths.scales.div_ceil(1024);
                (Domain::Scales, leaves, index, [lengths.scales, 0, 0], 1)
            }
            Leaf::Tables(index) => {
                let leaves = lengths.tables.div_ceil(1024);
                (Domain::Tables, leaves, index, [lengths.tables, 0, 0], 1)
            }
            Leaf::Weights(index) => {
                let leaves = weight_leaves(job);
                (Domain::Weights, leaves, index, [leaves, 0, 0], 1)
            }
            Leaf::Prompt(index) => {
                let count = u64::from(job.prompt);
                (Domain::Tokens, count.div_ceil(64), index, [count, 0, 0], 1)
            }
            Leaf::Output(index) => {
                let count = u64::from(job.output);
                (Domain::Tokens, count.div_ceil(64), index, [count, 0, 0], 1)
            }
            Leaf::Trace(tensor, index) => {
                let (domain, shape, numbers) = tensor.tree(job);
                (domain, tensor.leaves(job), index, shape, numbers)
            }
        };
        Self {
            domain,
            leaves,
            index,
            shape,
            numbers,
            leaf,
        }
    }

    fn root(&self, job: &Job<'_>, roots: &Roots) -> Option<[u8; 32]> {
        match self.leaf {
            Leaf::Scales(_) => Some(job.header.scales),
            Leaf::Tables(_) => Some(job.header.tables),
            Leaf::Weights(_) => Some(job.header.weights),
            Leaf::Prompt(_) => Some(roots.prompt),
            Leaf::Output(_) => Some(roots.output),
            Leaf::Trace(tensor, _) => roots.tensors.get(&tensor).copied(),
        }
    }
}

/// Leaves of a model's weight tree.
fn weight_leaves(job: &Job<'_>) -> u64 {
    let stored = places(job.header).filter(|place| !place.tensor.tied);
    let ends = stored.map(|place| {
        let (rows, columns) = (place.tensor.rows, place.tensor.columns);
        let last = place.tile(rows.saturating_sub(1), columns.saturating_sub(1));
        last.saturating_add(1)
    });
    ends.max().unwrap_or(0)
}

/// Notes which leaves a decision reads, so that they can be opened.
#[derive(Debug)]
pub struct Recorder<'a, I> {
    inputs: &'a I,
    read: RefCell<BTreeSet<Leaf>>,
}

impl<'a, I: Inputs> Recorder<'a, I> {
    /// The leaves that deciding `claim` reads, each once.
    ///
    /// # Errors
    /// [`Fault`], unless the claim is decided.
    pub fn leaves(
        job: &Job<'_>,
        claim: &Claim,
        values: &[i64],
        inputs: &'a I,
    ) -> Result<Vec<Leaf>, Fault> {
        let recorder = Self {
            inputs,
            read: RefCell::default(),
        };
        match claim.check(job, values, &recorder) {
            Err(fault) if !fault.convicts() => Err(fault),
            _ => Ok(recorder.read.into_inner().into_iter().collect()),
        }
    }
}

impl<I: Inputs> Inputs for Recorder<'_, I> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        self.read.borrow_mut().insert(leaf);
        self.inputs.leaf(leaf)
    }
}
