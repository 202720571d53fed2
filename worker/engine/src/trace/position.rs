//! What a party of a dispute has at hand: its trace, the model, and a leaf of the other party.

use super::{grouped::siblings, ModelFile, Trace, TraceError};
use crate::{Blake2b256, ModelError};
use aipg_exact::{
    layout::Place,
    trace::{Inputs, Job, Leaf, Opening, Tensor},
    tree::{depth, padded_leaf, Domain},
};
use std::borrow::Cow;

/// Token ids in a leaf.
const TOKENS: usize = Domain::Tokens.leaf_length() / 4;

/// The first leaf in which the other party's trace differs. All that it is computed from is the same in
/// both traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disputed {
    /// Its tensor.
    pub tensor: Tensor,
    /// Its number in the tensor.
    pub index: u64,
    /// What the other party says it holds.
    pub bytes: Vec<u8>,
    /// Siblings from it up to the other party's root of the tensor.
    pub path: Vec<[u8; 32]>,
}

/// A party's trace and model. Where a leaf is disputed, that leaf is the other party's, so that claims
/// about it are decided as the referee would.
#[derive(Clone, Debug)]
pub struct Position<'a> {
    pub(super) trace: &'a Trace<'a>,
    file: &'a ModelFile,
    pub(super) disputed: Option<Disputed>,
}

impl<'a> Position<'a> {
    /// Of a party that stands for `trace`. The file is that of its model.
    pub const fn new(trace: &'a Trace<'a>, file: &'a ModelFile) -> Self {
        Self {
            trace,
            file,
            disputed: None,
        }
    }

    /// Of a party that says of a leaf of the other's trace that it is false.
    pub fn against(self, disputed: Disputed) -> Self {
        Self {
            disputed: Some(disputed),
            ..self
        }
    }

    /// The job.
    pub fn job(&self) -> Job<'_> {
        self.trace.job()
    }

    fn disputed(&self, leaf: Leaf) -> Option<&Disputed> {
        let disputed = self.disputed.as_ref();
        disputed.filter(|disputed| leaf == Leaf::Trace(disputed.tensor, disputed.index))
    }

    /// Leaves with what proves them.
    ///
    /// # Errors
    /// [`TraceError::NoLeaf`] for the first that there is none of, [`TraceError::Model`] if the model
    /// file cannot be read.
    pub fn open(&self, leaves: &[Leaf]) -> Result<Vec<Opening>, TraceError> {
        leaves.iter().map(|&leaf| self.open_one(leaf)).collect()
    }

    fn open_one(&self, leaf: Leaf) -> Result<Opening, TraceError> {
        let (bytes, path) = if let Some(disputed) = self.disputed(leaf) {
            let Disputed { bytes, path, .. } = disputed.clone();
            (Some(bytes), Some(path))
        } else {
            match leaf {
                Leaf::Trace(tensor, index) => (
                    self.trace.hashed_leaf(tensor, index),
                    self.trace.path(tensor, index),
                ),
                Leaf::Prompt(index) => token_opening(self.trace.prompt(), index),
                Leaf::Output(index) => token_opening(self.trace.output(), index),
                Leaf::Scales(_) | Leaf::Tables(_) | Leaf::Weights(_) => (
                    self.file.leaf(leaf).map_err(ModelError::Io)?,
                    self.file.path(leaf).map_err(ModelError::Io)?,
                ),
            }
        };
        match (bytes, path) {
            (Some(bytes), Some(path)) => Ok(Opening { leaf, bytes, path }),
            _ => Err(TraceError::NoLeaf(leaf)),
        }
    }
}

impl Inputs for Position<'_> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        if let Some(disputed) = self.disputed(leaf) {
            return Some(Cow::Borrowed(&disputed.bytes));
        }
        match leaf {
            Leaf::Trace(tensor, index) => self.trace.leaf(tensor, index),
            Leaf::Prompt(index) => token_leaf(self.trace.prompt(), index),
            Leaf::Output(index) => token_leaf(self.trace.output(), index),
            _ => self.file.leaf(leaf).ok().flatten(),
        }
        .map(Cow::Owned)
    }

    fn weights(&self, place: &Place, row: usize, column: usize) -> Option<Cow<'_, [u8]>> {
        let weights = self.file.weights(place, row, column);
        weights.ok().map(Cow::Owned)
    }
}

/// A leaf of a token list, filled up with zeros.
fn token_leaf(tokens: &[u32], index: u64) -> Option<Vec<u8>> {
    let mut leaves = tokens.chunks(TOKENS);
    let tokens = leaves.nth(usize::try_from(index).ok()?)?.iter();
    let mut bytes: Vec<u8> = tokens.flat_map(|token| token.to_le_bytes()).collect();
    bytes.resize(Domain::Tokens.leaf_length(), 0);
    Some(bytes)
}

/// A leaf of an output with what proves it; `None` if there is no such leaf.
pub fn open_output(output: &[u32], index: u64) -> Option<Opening> {
    open_tokens(Leaf::Output(index), output, index)
}

/// A leaf of a prompt with what proves it; `None` if there is no such leaf.
pub fn open_prompt(prompt: &[u32], index: u64) -> Option<Opening> {
    open_tokens(Leaf::Prompt(index), prompt, index)
}

fn open_tokens(leaf: Leaf, tokens: &[u32], index: u64) -> Option<Opening> {
    let (bytes, path) = token_opening(tokens, index);
    Some(Opening {
        leaf,
        bytes: bytes?,
        path: path?,
    })
}

fn token_opening(tokens: &[u32], index: u64) -> (Option<Vec<u8>>, Option<Vec<[u8; 32]>>) {
    let Some(leaf) = token_leaf(tokens, index) else {
        return (None, None);
    };
    let leaves = (0..).map_while(|index| token_leaf(tokens, index));
    let hashes: Vec<_> = leaves
        .map(|leaf| padded_leaf::<Blake2b256>(Domain::Tokens, &leaf))
        .collect();
    let levels = depth(hashes.len() as u64);
    let path = siblings(Domain::Tokens, &hashes, index as usize, levels);
    (Some(leaf), Some(path))
}
