//! What the roots of a model and of a job are taken over.

use crate::{
    header::ModelHeader,
    layout::{self, TILE_COLUMNS, TILE_ROWS},
    tree::{self, Domain, TreeBuilder},
    Hasher256,
};
use alloc::{vec, vec::Vec};

/// Token ids in one leaf.
const TOKENS_PER_LEAF: usize = 64;

/// Levels between the leaves of a token list and its chunks.
const CHUNK_LEVELS: u32 = 5;

/// Token ids in one chunk: what of a token list is published on chain at a time, 8 KiB.
pub const TOKENS_PER_CHUNK: u32 = 1 << (TOKENS_PER_LEAF.trailing_zeros() + CHUNK_LEVELS);

/// Elements of a hidden state in one leaf.
const ELEMENTS_PER_LEAF: usize = 256;

/// Root of a token list; commits its length.
pub fn token_root<H: Hasher256>(ids: &[u32]) -> [u8; 32] {
    let mut builder = TreeBuilder::<H>::new(Domain::Tokens);
    token_leaves(ids).for_each(|leaf| builder.push(&leaf));
    builder.finish(&[ids.len() as u64])
}

/// The leaves of a token list, the last one not padded.
fn token_leaves(ids: &[u32]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let leaves = ids.chunks(TOKENS_PER_LEAF);
    leaves.map(|leaf| leaf.iter().flat_map(|id| id.to_le_bytes()).collect())
}

/// Number of the chunks of a list of `count` tokens. All but the last have [`TOKENS_PER_CHUNK`].
pub const fn token_chunks(count: u32) -> u32 {
    count.div_ceil(TOKENS_PER_CHUNK)
}

/// The tokens of a chunk, and what proves them: see [`is_token_chunk`]. `None` without such a chunk.
pub fn token_chunk<H: Hasher256>(ids: &[u32], chunk: u32) -> Option<(&[u32], Vec<[u8; 32]>)> {
    let count = u32::try_from(ids.len()).ok()?;
    let index = usize::try_from(chunk).ok()?;
    let chunks = || ids.chunks(TOKENS_PER_CHUNK as usize);
    let tops: Vec<[u8; 32]> = chunks().map(|ids| chunk_top::<H>(count, ids)).collect();
    let path = tree::path::<H>(Domain::Tokens, &tops, index)?;
    Some((chunks().nth(index)?, path))
}

/// Whether `ids` are a chunk of the list of `count` tokens that has this [`token_root`]; `path` are the
/// siblings between the chunk and the top of the tree, from below.
pub fn is_token_chunk<H: Hasher256>(
    root: &[u8; 32],
    count: u32,
    chunk: u32,
    ids: &[u32],
    path: &[[u8; 32]],
) -> bool {
    let before = u64::from(chunk).saturating_mul(TOKENS_PER_CHUNK.into());
    let length = u64::from(count)
        .saturating_sub(before)
        .min(TOKENS_PER_CHUNK.into());
    if ids.is_empty() || u64::try_from(ids.len()) != Ok(length) {
        return false;
    }
    let top = chunk_top::<H>(count, ids);
    let chunks = token_chunks(count).into();
    tree::top_of_path::<H>(Domain::Tokens, chunks, chunk.into(), top, path)
        .is_some_and(|top| tree::root::<H>(Domain::Tokens, &[count.into()], &top) == *root)
}

/// The node over the leaves of a chunk.
fn chunk_top<H: Hasher256>(count: u32, ids: &[u32]) -> [u8; 32] {
    let mut level: Vec<[u8; 32]> = token_leaves(ids)
        .map(|leaf| tree::padded_leaf::<H>(Domain::Tokens, &leaf))
        .collect();
    let leaves = u64::from(count).div_ceil(TOKENS_PER_LEAF as u64);
    // A list that is one chunk may have fewer levels.
    for _ in 0..tree::depth(leaves).min(CHUNK_LEVELS) {
        level = tree::parents::<H>(Domain::Tokens, &level);
    }
    level.first().copied().unwrap_or(tree::ABSENT)
}

/// Root of a model's scale section.
pub fn scale_root<H: Hasher256>(section: &[u8]) -> [u8; 32] {
    section_root::<H>(Domain::Scales, section)
}

/// Root of a model's table section.
pub fn table_root<H: Hasher256>(section: &[u8]) -> [u8; 32] {
    section_root::<H>(Domain::Tables, section)
}

fn section_root<H: Hasher256>(domain: Domain, section: &[u8]) -> [u8; 32] {
    let mut builder = TreeBuilder::<H>::new(domain);
    section
        .chunks(domain.leaf_length())
        .for_each(|chunk| builder.push(chunk));
    builder.finish(&[section.len() as u64])
}

/// Root of a model's weights, given as the weight section: every tensor of
/// [`layout::weight_tensors`] row by row.
///
/// A leaf is a tile of 16 rows × 256 columns of one tensor, row by row, zero-padded at the tensor's
/// right and lower edge; tiles run along the columns first, then down the rows, then on to the next
/// tensor. A section that is too short reads as if it went on with zeros.
pub fn weight_root<H: Hasher256>(header: &ModelHeader, section: &[u8]) -> [u8; 32] {
    let mut builder = TreeBuilder::<H>::new(Domain::Weights);
    let mut leaves = 0u64;
    let mut rest = section;
    let mut tile = vec![0u8; TILE_ROWS * TILE_COLUMNS];
    for tensor in layout::weight_tensors(header).filter(|tensor| !tensor.tied) {
        let (columns, rows) = (tensor.columns.max(1), tensor.rows);
        let (data, tail) = rest.split_at(rest.len().min(rows.saturating_mul(columns)));
        rest = tail;
        let mut first_row = 0usize;
        while first_row < rows {
            for first_column in (0..columns).step_by(TILE_COLUMNS) {
                tile.fill(0);
                let tile_rows = tile.chunks_exact_mut(TILE_COLUMNS).take(rows - first_row);
                for (row, target) in (first_row..).zip(tile_rows) {
                    let start = row.saturating_mul(columns).saturating_add(first_column);
                    let width = TILE_COLUMNS.min(columns - first_column);
                    let source = data.get(start..).unwrap_or_default();
                    for (slot, &byte) in target.iter_mut().zip(source.iter().take(width)) {
                        *slot = byte;
                    }
                }
                builder.push(&tile);
                leaves = leaves.saturating_add(1);
            }
            first_row = first_row.saturating_add(TILE_ROWS);
        }
    }
    builder.finish(&[leaves])
}

/// Builds the digest of a job: the root over the final hidden state (the residual stream after the
/// last layer, Q16) of every processed position.
#[derive(Clone, Debug)]
pub struct DigestBuilder<H> {
    tree: TreeBuilder<H>,
    positions: u64,
    width: u64,
}

impl<H: Hasher256> DigestBuilder<H> {
    /// A digest over no position.
    pub const fn new() -> Self {
        Self {
            tree: TreeBuilder::new(Domain::Digest),
            positions: 0,
            width: 0,
        }
    }

    /// Appends the final hidden state of the next position. All rows have the same width.
    pub fn push(&mut self, hidden: &[i32]) {
        for chunk in hidden.chunks(ELEMENTS_PER_LEAF) {
            let bytes: Vec<u8> = chunk
                .iter()
                .flat_map(|element| element.to_le_bytes())
                .collect();
            self.tree.push(&bytes);
        }
        self.positions = self.positions.saturating_add(1);
        self.width = hidden.len() as u64;
    }

    /// Positions so far.
    pub const fn positions(&self) -> u64 {
        self.positions
    }

    /// The digest; commits the number of positions and the width.
    pub fn finish(self) -> [u8; 32] {
        self.tree.finish(&[self.positions, self.width])
    }
}

impl<H: Hasher256> Default for DigestBuilder<H> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
