//! Leaves of a model, and what proves them: from the model file, which is not in memory.

use super::{grouped::GroupedTree, TraceError};
use crate::{
    file::{self, ModelError, PREFIX_LENGTH},
    Blake2b256, Model, ModelHeader,
};
use aipg_exact::{
    layout::{places, section_lengths, Place, TILE_COLUMNS, TILE_ROWS},
    trace::Leaf,
    tree::{padded_leaf, Domain},
};
use rayon::prelude::*;
use std::{
    fs::File,
    io,
    ops::Range,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Bytes of a leaf of the scale and table sections.
const SECTION_LEAF: u64 = Domain::Scales.leaf_length() as u64;

/// Bytes of a tile.
const TILE: usize = TILE_ROWS * TILE_COLUMNS;

/// A model file with what it takes to prove its leaves: 32 bytes in memory for each MiB of weights.
#[derive(Debug)]
pub struct ModelFile {
    source: Source,
    sections: [Section; 2],
    weights: GroupedTree,
    /// Where the weight section begins in the file.
    weights_start: u64,
    /// Tensors that are stored, in the order of the section.
    stored: Vec<Place>,
}

/// The scale or the table section.
#[derive(Debug)]
struct Section {
    tree: GroupedTree,
    start: u64,
    length: u64,
}

/// Where the bytes are.
#[derive(Debug)]
enum Source {
    File(Mutex<File>),
    Memory(Vec<u8>),
}

impl Source {
    /// Bytes from an offset on.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        use io::{Read, Seek};
        match self {
            Self::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(io::SeekFrom::Start(offset))?;
                file.read_exact(buffer)
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).map_err(io::Error::other)?;
                let source = bytes.get(start..start.saturating_add(buffer.len()));
                buffer.copy_from_slice(source.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    fn length(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => {
                let file = file.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(file.metadata()?.len())
            }
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }
}

impl ModelFile {
    /// The file of a model, which is read through once.
    ///
    /// # Errors
    /// [`TraceError::Model`] if it cannot be read or is not what the header says,
    /// [`TraceError::OtherModel`] if it holds another model.
    pub fn open(path: &Path, model: &Model) -> Result<Self, TraceError> {
        let file = File::open(path).map_err(ModelError::Io)?;
        Self::new(Source::File(Mutex::new(file)), model)
    }

    /// The same of a file that is in memory.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn from_bytes(bytes: Vec<u8>, model: &Model) -> Result<Self, TraceError> {
        Self::new(Source::Memory(bytes), model)
    }

    fn new(source: Source, model: &Model) -> Result<Self, TraceError> {
        let header = model.header();
        let mut prefix = vec![0; PREFIX_LENGTH];
        let (found, expected) = (
            source.length().map_err(ModelError::Io)?,
            file::file_length(header),
        );
        if found < PREFIX_LENGTH as u64 {
            return Err(ModelError::Truncated { expected, found }.into());
        }
        source.read(0, &mut prefix).map_err(ModelError::Io)?;
        if prefix != file::prefix(header) {
            return Err(TraceError::OtherModel);
        }
        if found < expected {
            return Err(ModelError::Truncated { expected, found }.into());
        }
        if found > expected {
            return Err(ModelError::WrongLength { expected, found }.into());
        }
        let lengths = section_lengths(header);
        let section = |domain, start, length: u64| Section {
            tree: GroupedTree::new(domain, length.div_ceil(SECTION_LEAF)),
            start,
            length,
        };
        let scales = section(Domain::Scales, PREFIX_LENGTH as u64, lengths.scales);
        let tables_start = scales.start + lengths.scales;
        let tables = section(Domain::Tables, tables_start, lengths.tables);
        let stored: Vec<Place> = places(header).filter(|place| !place.tensor.tied).collect();
        let tiles = stored.iter().map(|place| place.tiles().end).max();
        let mut this = Self {
            source,
            sections: [scales, tables],
            weights: GroupedTree::new(Domain::Weights, tiles.unwrap_or(0)),
            weights_start: tables_start + lengths.tables,
            stored,
        };
        this.read_through(header)?;
        Ok(this)
    }

    /// Builds all trees and compares their roots with those of the header.
    fn read_through(&mut self, header: &ModelHeader) -> Result<(), ModelError> {
        for number in 0..self.sections.len() {
            let leaves = self.sections[number].tree.leaves();
            for first in (0..leaves).step_by(1 << 12) {
                let hashes = self.section_hashes(number, first..leaves.min(first + (1 << 12)))?;
                self.sections[number].tree.extend(&hashes);
            }
        }
        for number in 0..self.stored.len() {
            let tiles = self.stored[number].tiles();
            for first in tiles.clone().step_by(1 << 11) {
                let hashes = self.tile_hashes(first..tiles.end.min(first + (1 << 11)))?;
                self.weights.extend(&hashes);
            }
        }
        let [scales, tables] = &self.sections;
        if scales.tree.root(&[scales.length]) != header.scales {
            return Err(ModelError::ScaleRootMismatch);
        }
        if tables.tree.root(&[tables.length]) != header.tables {
            return Err(ModelError::TableRootMismatch);
        }
        if self.weights.root(&[self.weights.leaves()]) != header.weights {
            return Err(ModelError::WeightRootMismatch);
        }
        Ok(())
    }

    /// A leaf of the model as it is hashed; `None` if there is no such leaf, or it is not the model's.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn leaf(&self, leaf: Leaf) -> io::Result<Option<Vec<u8>>> {
        match leaf {
            Leaf::Scales(index) => self.section_leaf(0, index),
            Leaf::Tables(index) => self.section_leaf(1, index),
            Leaf::Weights(index) => {
                let mut tile = vec![0; TILE];
                let found = self.bands(index..index.saturating_add(1), |_, found| {
                    tile.copy_from_slice(&found[..TILE]);
                })?;
                Ok((found > 0).then_some(tile))
            }
            _ => Ok(None),
        }
    }

    /// Siblings of a leaf from it up to the root in the header; `None` as for [`Self::leaf`].
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn path(&self, leaf: Leaf) -> io::Result<Option<Vec<[u8; 32]>>> {
        let section = |number: usize, index| {
            let tree = &self.sections[number].tree;
            let path = (index < tree.leaves())
                .then(|| tree.path(index, |leaves| self.section_hashes(number, leaves)));
            path.transpose()
        };
        match leaf {
            Leaf::Scales(index) => section(0, index),
            Leaf::Tables(index) => section(1, index),
            Leaf::Weights(index) => (index < self.weights.leaves())
                .then(|| self.weights.path(index, |tiles| self.tile_hashes(tiles)))
                .transpose(),
            _ => Ok(None),
        }
    }

    /// Weights of a row from a column on: what the row has of a tile.
    pub(super) fn weights(&self, place: &Place, row: usize, column: usize) -> io::Result<Vec<u8>> {
        let width = place.tensor.columns.saturating_sub(column);
        let mut weights = vec![0; width.min(TILE_COLUMNS)];
        let offset = self.weights_start + place.element(row, column);
        self.source.read(offset, &mut weights)?;
        Ok(weights)
    }

    fn section_leaf(&self, number: usize, index: u64) -> io::Result<Option<Vec<u8>>> {
        let section = &self.sections[number];
        if index >= section.tree.leaves() {
            return Ok(None);
        }
        let first = index * SECTION_LEAF;
        let length = SECTION_LEAF.min(section.length - first);
        let mut leaf = vec![0; SECTION_LEAF as usize];
        let offset = section.start + first;
        self.source.read(offset, &mut leaf[..length as usize])?;
        Ok(Some(leaf))
    }

    fn section_hashes(&self, number: usize, leaves: Range<u64>) -> io::Result<Vec<[u8; 32]>> {
        let section = &self.sections[number];
        let first = leaves.start * SECTION_LEAF;
        let end = (leaves.end * SECTION_LEAF).min(section.length);
        let mut bytes = vec![0; (end - first) as usize];
        self.source.read(section.start + first, &mut bytes)?;
        let domain = [Domain::Scales, Domain::Tables][number];
        let leaves = bytes.par_chunks(SECTION_LEAF as usize);
        Ok(leaves
            .map(|leaf| padded_leaf::<Blake2b256>(domain, leaf))
            .collect())
    }

    fn tile_hashes(&self, tiles: Range<u64>) -> io::Result<Vec<[u8; 32]>> {
        let mut hashes = Vec::with_capacity((tiles.end - tiles.start) as usize);
        self.bands(tiles, |_, tiles| {
            let tiles = tiles.par_chunks_exact(TILE);
            hashes.par_extend(tiles.map(|tile| padded_leaf::<Blake2b256>(Domain::Weights, tile)));
        })?;
        Ok(hashes)
    }

    /// Shows consecutive tiles, those of one band of 16 rows at a time, and counts them.
    fn bands(&self, tiles: Range<u64>, mut show: impl FnMut(u64, &[u8])) -> io::Result<u64> {
        let mut shown = 0;
        for place in &self.stored {
            let across = place.tensor.columns.div_ceil(TILE_COLUMNS) as u64;
            let own = place.tiles();
            let mut next = tiles.start.max(own.start);
            while next < tiles.end.min(own.end) {
                let band = (next - own.start) / across;
                let first = own.start + band * across;
                let end = tiles.end.min(first + across);
                let bytes = self.band(place, band as usize, (next - first)..(end - first))?;
                show(next, &bytes);
                shown += end - next;
                next = end;
            }
        }
        Ok(shown)
    }

    /// Some tiles of a band, zeros beyond the tensor's edges.
    fn band(&self, place: &Place, band: usize, tiles: Range<u64>) -> io::Result<Vec<u8>> {
        let columns = place.tensor.columns;
        let first_row = band * TILE_ROWS;
        let rows = TILE_ROWS.min(place.tensor.rows - first_row);
        let mut elements = vec![0; rows * columns];
        let offset = self.weights_start + place.element(first_row, 0);
        self.source.read(offset, &mut elements)?;
        let mut bytes = vec![0; (tiles.end - tiles.start) as usize * TILE];
        for (tile, slots) in tiles.zip(bytes.chunks_exact_mut(TILE)) {
            let column = tile as usize * TILE_COLUMNS;
            let width = TILE_COLUMNS.min(columns - column);
            let rows = elements.chunks_exact(columns);
            for (row, slots) in rows.zip(slots.chunks_exact_mut(TILE_COLUMNS)) {
                slots[..width].copy_from_slice(&row[column..column + width]);
            }
        }
        Ok(bytes)
    }
}
