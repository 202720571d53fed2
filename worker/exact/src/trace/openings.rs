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
use alloc::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    vec,
    vec::Vec,
};
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
    /// The tensor is not the model's, or its root not the trace's.
    WrongTensor(Tensor),
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
            let tree = Tree::of(job, roots, leaf);
            let root = tree.root.ok_or(OpeningError::NoRoot(leaf))?;
            let hash = tree::leaf::<H>(tree.domain, &bytes);
            let top = tree::top_of_path::<H>(tree.domain, tree.leaves, tree.index, hash, &path);
            let found = top.map(|top| tree::root::<H>(tree.domain, &tree.shape, &top));
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
    shape: Vec<u64>,
    root: Option<[u8; 32]>,
}

impl Tree {
    fn of(job: &Job<'_>, roots: &Roots, leaf: Leaf) -> Self {
        let header = job.header;
        let lengths = section_lengths(header);
        // Leaves of so many bytes or ids; the shape says how many there are.
        let list = |domain, index, length: u64, each, root| Self {
            domain,
            leaves: length.div_ceil(each),
            index,
            shape: vec![length],
            root: Some(root),
        };
        let tokens = |index, count: u32, root| list(Domain::Tokens, index, count.into(), 64, root);
        match leaf {
            Leaf::Scales(index) => list(Domain::Scales, index, lengths.scales, 1024, header.scales),
            Leaf::Tables(index) => list(Domain::Tables, index, lengths.tables, 1024, header.tables),
            Leaf::Weights(index) => {
                let stored = places(header).filter(|place| !place.tensor.tied);
                let tiles = stored.map(|place| place.tiles().end).max().unwrap_or(0);
                list(Domain::Weights, index, tiles, 1, header.weights)
            }
            Leaf::Prompt(index) => tokens(index, job.prompt, roots.prompt),
            Leaf::Output(index) => tokens(index, job.output, roots.output),
            Leaf::Trace(tensor, index) => {
                let (domain, shape) = tensor.tree(job);
                Self {
                    domain,
                    leaves: tensor.leaves(job),
                    index,
                    shape,
                    root: roots.tensors.get(&tensor).copied(),
                }
            }
        }
    }
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
        Self::read_by(inputs, |recorder| {
            claim.check(job, values, recorder).map(|_| ())
        })
    }

    /// The leaves that tell which sums `claim` has; most claims need none.
    ///
    /// # Errors
    /// [`Fault`], unless that is known.
    pub fn leaves_of_sums(job: &Job<'_>, claim: &Claim, inputs: &'a I) -> Result<Vec<Leaf>, Fault> {
        Self::read_by(inputs, |recorder| claim.reveals(job, recorder).map(|_| ()))
    }

    fn read_by(
        inputs: &'a I,
        decide: impl FnOnce(&Self) -> Result<(), Fault>,
    ) -> Result<Vec<Leaf>, Fault> {
        let recorder = Self {
            inputs,
            read: RefCell::default(),
        };
        match decide(&recorder) {
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
