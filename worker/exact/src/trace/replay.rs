//! Computes a trace: the portable forward pass.

mod picture;
mod proofs;
mod rows;

use super::{
    reader::{Inputs, Job, Leaf, Sampling},
    reveal::value,
    sum::Span,
    tensor::{Tensor, CHUNK},
};
use crate::{
    header::ModelHeader,
    layout::{places, section_lengths, Place, TILE_COLUMNS, TILE_ROWS},
    tree::{padded_leaf, TreeBuilder},
    Hasher256,
};
use alloc::{borrow::Cow, collections::BTreeMap, vec, vec::Vec};
use core::fmt;

/// The sections of a model, in memory.
#[derive(Clone, Copy, Debug)]
pub struct Sections<'a> {
    /// Scale section.
    pub scales: &'a [u8],
    /// Table section.
    pub tables: &'a [u8],
    /// Weight section.
    pub weights: &'a [u8],
}

/// Why a job cannot be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// A section has another length than the header says.
    SectionLength,
    /// The prompt is empty.
    EmptyPrompt,
    /// No output is wanted.
    NoOutput,
    /// A token is not in the vocabulary.
    Token(u32),
    /// Prompt and output do not fit the context.
    Context,
    /// The model makes pictures, and text was asked for.
    PictureModel,
    /// The model writes text, and a picture was asked for.
    NoPictureModel,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SectionLength => {
                formatter.write_str("SectionLength: a section is not as long as the header says")
            }
            Self::EmptyPrompt => formatter.write_str("EmptyPrompt: a job needs a prompt"),
            Self::NoOutput => formatter.write_str("NoOutput: a job has at least one output token"),
            Self::Token(token) => {
                write!(formatter, "Token: {token} is not in the vocabulary")
            }
            Self::Context => formatter.write_str("Context: the job does not fit the context"),
            Self::PictureModel => {
                formatter.write_str("PictureModel: the model makes pictures, not text")
            }
            Self::NoPictureModel => {
                formatter.write_str("NoPictureModel: the model writes text, it makes no pictures")
            }
        }
    }
}

impl core::error::Error for ReplayError {}

/// A job as it is computed: its tokens and the committed tensors of its trace.
///
/// It keeps every leaf in memory, about 30 times the residual stream for each layer: it is meant for
/// small models, for tests and for processors without threads.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    header: &'a ModelHeader,
    sections: Sections<'a>,
    sampling: Option<Sampling>,
    prompt: Vec<u32>,
    output: Vec<u32>,
    rows: u64,
    /// Leaves row by row.
    trace: BTreeMap<Tensor, Vec<Vec<u8>>>,
}

impl Inputs for Replay<'_> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        match leaf {
            Leaf::Scales(index) => section_leaf(self.sections.scales, index).map(Cow::Owned),
            Leaf::Tables(index) => section_leaf(self.sections.tables, index).map(Cow::Owned),
            Leaf::Weights(index) => self.tile(index).map(Cow::Owned),
            Leaf::Prompt(index) => token_leaf(&self.prompt, index).map(Cow::Owned),
            Leaf::Output(index) => token_leaf(&self.output, index).map(Cow::Owned),
            Leaf::Trace(tensor, index) => {
                let leaf = self.trace.get(&tensor)?.get(usize::try_from(index).ok()?)?;
                Some(Cow::Borrowed(leaf))
            }
        }
    }

    fn weights(&self, place: &Place, row: usize, column: usize) -> Option<Cow<'_, [u8]>> {
        let width = place.tensor.columns.checked_sub(column)?.min(CHUNK);
        let start = usize::try_from(place.element(row, column)).ok()?;
        let end = start.checked_add(width)?;
        self.sections.weights.get(start..end).map(Cow::Borrowed)
    }
}

/// A leaf of 1 KiB of a section, zeros beyond its end.
fn section_leaf(section: &[u8], index: u64) -> Option<Vec<u8>> {
    padded(section, index, 1024, 1024)
}

/// A leaf of 64 token ids.
fn token_leaf(tokens: &[u32], index: u64) -> Option<Vec<u8>> {
    let start = usize::try_from(index).ok()?.checked_mul(64)?;
    let tokens = tokens.get(start..)?;
    let bytes: Vec<u8> = tokens
        .iter()
        .take(64)
        .flat_map(|token| token.to_le_bytes())
        .collect();
    padded(&bytes, 0, 256, 256)
}

fn padded(bytes: &[u8], index: u64, each: usize, length: usize) -> Option<Vec<u8>> {
    let start = usize::try_from(index).ok()?.checked_mul(each)?;
    let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
    let mut leaf: Vec<u8> = rest.iter().copied().take(length).collect();
    leaf.resize(length, 0);
    Some(leaf)
}

impl<'a> Replay<'a> {
    /// A job before its first row.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn new(
        header: &'a ModelHeader,
        sections: Sections<'a>,
        prompt: &[u32],
        sampling: Option<Sampling>,
    ) -> Result<Self, ReplayError> {
        if header.picture().is_some() {
            return Err(ReplayError::PictureModel);
        }
        let replay = Self::begin(header, sections, prompt, sampling)?;
        replay.check(prompt, prompt.len())?;
        Ok(replay)
    }

    fn begin(
        header: &'a ModelHeader,
        sections: Sections<'a>,
        prompt: &[u32],
        sampling: Option<Sampling>,
    ) -> Result<Self, ReplayError> {
        let lengths = section_lengths(header);
        let fits = |section: &[u8], length| section.len() as u64 == length;
        if !fits(sections.scales, lengths.scales)
            || !fits(sections.tables, lengths.tables)
            || !fits(sections.weights, lengths.weights)
        {
            return Err(ReplayError::SectionLength);
        }
        if prompt.is_empty() {
            return Err(ReplayError::EmptyPrompt);
        }
        Ok(Self {
            header,
            sections,
            sampling,
            prompt: prompt.to_vec(),
            output: Vec::new(),
            rows: 0,
            trace: Tensor::all(header)
                .map(|tensor| (tensor, Vec::new()))
                .collect(),
        })
    }

    fn check(&self, tokens: &[u32], positions: usize) -> Result<(), ReplayError> {
        let vocabulary = self.header.vocabulary;
        if let Some(&token) = tokens.iter().find(|&&token| token >= vocabulary) {
            return Err(ReplayError::Token(token));
        }
        if positions > self.header.max_context as usize {
            return Err(ReplayError::Context);
        }
        Ok(())
    }

    /// Generates until a `stop` token or `most` tokens.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn generate(mut self, most: u32, stop: &[u32]) -> Result<Self, ReplayError> {
        if self.header.picture().is_some() {
            return Err(ReplayError::PictureModel);
        }
        if most == 0 {
            return Err(ReplayError::NoOutput);
        }
        let positions = self.prompt.len().saturating_add(most as usize);
        self.check(&[], positions)?;
        while self.output.len() < most as usize {
            let token = self.step(None);
            if stop.contains(&token) {
                break;
            }
        }
        Ok(self)
    }

    /// The trace of a given answer, right or not: records say how its tokens stand to the logits.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn teacher_force(mut self, output: &[u32]) -> Result<Self, ReplayError> {
        if self.header.picture().is_some() {
            return Err(ReplayError::PictureModel);
        }
        if output.is_empty() {
            return Err(ReplayError::NoOutput);
        }
        self.check(output, self.prompt.len().saturating_add(output.len()))?;
        for &token in output {
            self.step(Some(token));
        }
        Ok(self)
    }

    /// Rows up to the next that is sampled, and the token after it: `given`, or the one that the job's
    /// sampling chooses.
    fn step(&mut self, given: Option<u32>) -> u32 {
        let ready = (self.prompt.len() as u64).saturating_add(self.output.len() as u64);
        while self.rows < ready {
            self.advance();
        }
        self.choose(given)
    }

    /// The output so far.
    pub fn output(&self) -> &[u32] {
        &self.output
    }

    /// The job with the output so far as its output.
    pub fn job(&self) -> Job<'a> {
        Job {
            header: self.header,
            prompt: self.prompt.len() as u32,
            output: self.output.len() as u32,
            sampling: self.sampling,
        }
    }

    /// A leaf of the trace, to be changed: for tests of what finds it.
    pub fn leaf_mut(&mut self, tensor: Tensor, index: u64) -> Option<&mut Vec<u8>> {
        let leaves = self.trace.get_mut(&tensor)?;
        leaves.get_mut(usize::try_from(index).ok()?)
    }

    /// Hashes of the leaves of a tensor's tree.
    pub fn leaf_hashes<H: Hasher256>(&self, tensor: Tensor) -> Vec<[u8; 32]> {
        let (domain, _) = tensor.tree(&self.job());
        let leaves = self.trace.get(&tensor).into_iter().flatten();
        leaves.map(|leaf| padded_leaf::<H>(domain, leaf)).collect()
    }

    /// Root of a tensor. That of [`Tensor::last`] is the job's digest.
    pub fn root<H: Hasher256>(&self, tensor: Tensor) -> [u8; 32] {
        let (domain, shape) = tensor.tree(&self.job());
        let mut tree = TreeBuilder::<H>::new(domain);
        for leaf in self.trace.get(&tensor).into_iter().flatten() {
            tree.push(leaf);
        }
        tree.finish(&shape)
    }

    /// Values of sums, as an honest party reveals them. A sum that is not in the trace has the value 0.
    pub fn reveal(&self, spans: &[Span]) -> Vec<i64> {
        let job = self.job();
        let spans = spans.iter();
        spans
            .map(|&span| value(&job, self, span).unwrap_or(0))
            .collect()
    }

    fn tile(&self, index: u64) -> Option<Vec<u8>> {
        let place = places(self.header)
            .filter(|place| !place.tensor.tied)
            .find(|place| place.tiles().contains(&index))?;
        let across = place.tensor.columns.div_ceil(TILE_COLUMNS) as u64;
        let within = index.checked_sub(place.tiles().start)?;
        let first_row = (within.checked_div(across)? as usize).checked_mul(TILE_ROWS)?;
        let first_column = (within.checked_rem(across)? as usize).checked_mul(TILE_COLUMNS)?;
        let mut tile = vec![0; TILE_ROWS.saturating_mul(TILE_COLUMNS)];
        let rows = first_row..place.tensor.rows;
        for (row, slots) in rows.zip(tile.chunks_exact_mut(TILE_COLUMNS)) {
            let weights = self.weights(&place, row, first_column)?;
            for (slot, &weight) in slots.iter_mut().zip(weights.iter()) {
                *slot = weight;
            }
        }
        Some(tile)
    }
}
