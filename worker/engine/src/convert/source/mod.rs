//! Where the tensors of a checkpoint are, and how they are read one at a time.
//!
//! What is kept of a checkpoint is a table of names, shapes and places; its elements are read when they are
//! asked for, a piece of the file at a time. So a conversion needs memory for the largest tensor, not for
//! the checkpoint.

mod blocks;
mod encoding;
pub(super) mod gguf;
mod index;
mod safetensors_file;

pub(super) use encoding::Encoding;

use super::ConvertError;
use std::{
    collections::{btree_map::Entry, BTreeMap},
    fmt,
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

/// Bytes that are read from a file at a time, about.
const PIECE: usize = 1 << 20;

/// Bytes that are read at offsets: a file, or memory.
pub(super) trait ReadAt: fmt::Debug + Send + Sync {
    /// How many there are.
    fn length(&self) -> u64;

    /// Fills the buffer with the bytes from `offset`.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// A file of known length.
#[derive(Debug)]
struct OpenFile {
    file: File,
    length: u64,
}

impl ReadAt for OpenFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

/// A file's content.
struct Memory(Vec<u8>);

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{} bytes", self.0.len())
    }
}

impl ReadAt for Memory {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).ok();
        let bytes = start
            .and_then(|start| self.0.get(start..)?.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

/// Opens a file for reads at offsets.
pub(super) fn open(path: &Path) -> Result<Arc<dyn ReadAt>, ConvertError> {
    let unreadable = |error| ConvertError::Unreadable {
        file: path.display().to_string(),
        error,
    };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    Ok(Arc::new(OpenFile { file, length }))
}

/// Where a tensor is, and what it is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Rows, columns; of a vector its length. Their product fits in a usize.
    pub shape: Vec<usize>,
    pub encoding: Encoding,
    pub bytes: Arc<dyn ReadAt>,
    /// Of its first byte. All its bytes are there.
    pub offset: u64,
    /// Heads whose rows (x₀, y₀, x₁, y₁, …) have to become (x₀, x₁, …, y₀, y₁, …): what is rotated together
    /// stands side by side in some files, and half a head apart here.
    pub interleaved_heads: Option<usize>,
}

/// The tensors of a checkpoint by name. Nothing but their places is in memory.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    places: BTreeMap<String, Place>,
}

impl Checkpoint {
    /// The tensors of a safetensors file in memory.
    ///
    /// # Errors
    /// [`ConvertError::Checkpoint`] or [`ConvertError::Truncated`] if it is none.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ConvertError> {
        let mut checkpoint = Self::default();
        safetensors_file::read("the checkpoint", Arc::new(Memory(bytes)), &mut checkpoint)?;
        Ok(checkpoint)
    }

    /// The tensors of a safetensors file.
    ///
    /// # Errors
    /// As [`Self::from_bytes`], and [`ConvertError::Unreadable`].
    pub fn from_file(path: &Path) -> Result<Self, ConvertError> {
        let mut checkpoint = Self::default();
        let name = path.display().to_string();
        safetensors_file::read(&name, open(path)?, &mut checkpoint)?;
        Ok(checkpoint)
    }

    /// The tensors of a directory: of `model.safetensors`, or of the shards that
    /// `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// [`ConvertError::NoCheckpoint`] if it has neither; [`ConvertError::Index`],
    /// [`ConvertError::BadShardName`], [`ConvertError::MissingShard`], [`ConvertError::MisplacedTensor`] or
    /// [`ConvertError::MissingTensor`] if shards and index disagree; otherwise as [`Self::from_file`].
    pub fn from_directory(directory: &Path) -> Result<Self, ConvertError> {
        index::read(directory)
    }

    /// Whether the checkpoint has a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Shape and elements of a tensor, row by row.
    ///
    /// # Errors
    /// [`ConvertError::MissingTensor`], [`ConvertError::NotFloat`], [`ConvertError::NotFinite`] or
    /// [`ConvertError::Unreadable`].
    pub fn tensor(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), ConvertError> {
        let Some(place) = self.places.get(name) else {
            return Err(ConvertError::MissingTensor(name.into()));
        };
        let elements = self.read(name, &place.shape)?;
        Ok((place.shape.clone(), elements))
    }

    /// Names of the tensors, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Adds a tensor.
    fn insert(&mut self, name: String, place: Place) -> Result<(), ConvertError> {
        match self.places.entry(name) {
            Entry::Occupied(entry) => Err(ConvertError::DuplicateTensor(entry.key().clone())),
            Entry::Vacant(entry) => {
                entry.insert(place);
                Ok(())
            }
        }
    }

    /// The place of a tensor of floats of the given shape.
    pub(super) fn place(&self, name: &str, shape: &[usize]) -> Result<&Place, ConvertError> {
        let Some(place) = self.places.get(name) else {
            return Err(ConvertError::MissingTensor(name.into()));
        };
        if place.encoding == Encoding::NotFloat {
            return Err(ConvertError::NotFloat(name.into()));
        }
        if place.shape != shape {
            return Err(ConvertError::WrongShape {
                name: name.into(),
                expected: shape.to_vec(),
                found: place.shape.clone(),
            });
        }
        Ok(place)
    }

    /// The elements of a tensor of the given shape, row by row.
    pub(super) fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ConvertError> {
        let place = self.place(name, shape)?;
        let elements = place.read().map_err(|error| ConvertError::Unreadable {
            file: name.into(),
            error,
        })?;
        match elements.iter().all(|element| element.is_finite()) {
            true => Ok(elements),
            false => Err(ConvertError::NotFinite(name.into())),
        }
    }
}

impl Place {
    fn read(&self) -> io::Result<Vec<f32>> {
        let count: usize = self.shape.iter().product();
        let (block, size) = self.encoding.block();
        let mut elements = Vec::with_capacity(count);
        let mut left = count / block * size;
        let mut offset = self.offset;
        let mut piece = vec![0; left.min((PIECE / size) * size)];
        while left > 0 {
            let length = left.min(piece.len());
            let piece = &mut piece[..length];
            self.bytes.read_at(offset, piece)?;
            self.encoding.decode(piece, &mut elements);
            left -= length;
            offset += length as u64;
        }
        Ok(match self.interleaved_heads {
            Some(heads) => separated(
                &elements,
                count / self.shape[0].max(1),
                self.shape[0] / heads,
            ),
            None => elements,
        })
    }
}

/// Rows of `columns` elements, of which each `width` are a head: those at even places, then those at odd ones.
fn separated(elements: &[f32], columns: usize, width: usize) -> Vec<f32> {
    let mut separated = Vec::with_capacity(elements.len());
    for head in elements.chunks_exact(columns * width) {
        for parity in 0..2 {
            let rows = head.chunks_exact(columns).skip(parity).step_by(2);
            separated.extend(rows.flatten());
        }
    }
    separated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_should_be_separated_row_by_row() {
        let rows: Vec<f32> = [0, 10, 1, 11, 2, 12, 3, 13].map(|x| x as f32).to_vec();
        // Two heads of four rows of one column, and one of four rows of two.
        assert_eq!(separated(&rows, 1, 4), [0., 1., 10., 11., 2., 3., 12., 13.]);
        assert_eq!(separated(&rows, 2, 4), [0., 10., 2., 12., 1., 11., 3., 13.]);
    }

    #[test]
    fn tensor_should_be_the_same_when_it_is_read_in_pieces() {
        let floats: Vec<f32> = (0..PIECE).map(|x| x as f32).collect();
        let place = Place {
            shape: vec![PIECE],
            encoding: Encoding::F32,
            bytes: Arc::new(Memory(
                floats.iter().flat_map(|x| x.to_le_bytes()).collect(),
            )),
            offset: 0,
            interleaved_heads: None,
        };
        assert!(place.read().unwrap() == floats);
        let cut = Place { offset: 4, ..place };
        assert_eq!(cut.read().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
