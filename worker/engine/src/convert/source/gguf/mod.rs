//! GGUF files: metadata and tensors in one file, of floats or of quantised blocks.

mod configuration;
mod values;

pub(in crate::convert) use configuration::ROPE_DIVISORS;
pub use values::{Metadata, Value};

use super::{open, Checkpoint, Encoding, Memory, Place, ReadAt};
use crate::convert::ConvertError;
use std::{io, path::Path, sync::Arc};
use thiserror::Error;
use values::Cursor;

const MAGIC: [u8; 4] = *b"GGUF";

/// Distance of tensors, where the metadata do not say another.
const ALIGNMENT: u64 = 32;

/// Most dimensions of a tensor.
const MOST_DIMENSIONS: u32 = 4;

/// Least bytes of a pair of key and value: a length, a kind, a value.
const LEAST_PAIR: u64 = 8 + 4 + 1;

/// Least bytes of the description of a tensor: length of the name, dimensions, one of them, kind, offset.
const LEAST_TENSOR: u64 = 8 + 4 + 8 + 4 + 8;

/// Why a GGUF file is refused.
#[derive(Debug, Error)]
pub enum GgufError {
    /// The file cannot be read.
    #[error("Io: {0}")]
    Io(io::Error),
    /// The file does not begin as a GGUF file does.
    #[error("BadMagic: this is no GGUF file")]
    BadMagic,
    /// The file is of a version other than 2 and 3, or of a machine that stores the highest byte first.
    #[error("UnknownVersion: {0}, not 2 or 3")]
    UnknownVersion(u32),
    /// The file is shorter than it says.
    #[error("Truncated: the file has {found} of {expected} bytes")]
    Truncated {
        /// Bytes it should have, at least.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// There is more metadata than any model has.
    #[error("TooMuchMetadata: over 128 MiB")]
    TooMuchMetadata,
    /// A key or the name of a tensor is longer than any model has.
    #[error("LongName: {0} bytes")]
    LongName(usize),
    /// A text is not UTF-8.
    #[error("NotUtf8: a text of the metadata")]
    NotUtf8,
    /// A value is of a kind that is not known.
    #[error("UnknownValue: kind {0}")]
    UnknownValue(u32),
    /// An array is in an array.
    #[error("NestedArray: an array of arrays")]
    NestedArray,
    /// Two values have one key.
    #[error("DuplicateKey: {0}")]
    DuplicateKey(String),
    /// The alignment is no power of two from 8 to 2²⁰.
    #[error("BadAlignment: {0}")]
    BadAlignment(i128),
    /// A value is missing or of another kind.
    #[error("MissingValue: {0} is missing or of another kind")]
    MissingValue(String),
    /// A tensor has no dimensions, more than four, an empty one, or more elements than can be counted.
    #[error("BadShape: {0}")]
    BadShape(String),
    /// A tensor is encoded in a way that is not known.
    #[error("UnknownEncoding: {name} is of type {kind}")]
    UnknownEncoding {
        /// Name of the tensor.
        name: String,
        /// Number of its type.
        kind: u32,
    },
    /// A row of a tensor ends within a block, or the tensor begins at an offset that is not aligned.
    #[error("Misaligned: {0}")]
    Misaligned(String),
    /// Two tensors share bytes.
    #[error("Overlap: {0} begins before the tensor before it ends")]
    Overlap(String),
}

/// A GGUF file, of which the metadata are in memory.
#[derive(Clone, Debug)]
pub struct Gguf {
    metadata: Metadata,
    checkpoint: Checkpoint,
}

impl Gguf {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ConvertError::Unreadable`], or [`ConvertError::Gguf`] with what is wrong.
    pub fn from_file(path: &Path) -> Result<Self, ConvertError> {
        Self::read(open(path)?)
    }

    /// Reads the content of a file.
    ///
    /// # Errors
    /// [`ConvertError::Gguf`] with what is wrong.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ConvertError> {
        Self::read(Arc::new(Memory(bytes)))
    }

    /// Its metadata.
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its tensors.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    fn read(bytes: Arc<dyn ReadAt>) -> Result<Self, ConvertError> {
        let mut cursor = Cursor::new(bytes.as_ref());
        if cursor.array()? != MAGIC {
            return Err(GgufError::BadMagic.into());
        }
        match cursor.u32()? {
            2 | 3 => {}
            other => return Err(GgufError::UnknownVersion(other).into()),
        }
        let tensors = cursor.count(LEAST_TENSOR)?;
        let pairs = cursor.count(LEAST_PAIR)?;
        let metadata = cursor.metadata(pairs)?;
        let alignment = alignment(&metadata)?;
        let mut infos = Vec::new();
        for _ in 0..tensors {
            infos.push(Info::read(&mut cursor, alignment)?);
        }
        let data = cursor.offset.next_multiple_of(alignment);
        check_places(&mut infos, data, bytes.length())?;
        let mut checkpoint = Checkpoint::default();
        for info in infos {
            let place = Place {
                shape: info.shape,
                encoding: info.encoding,
                bytes: bytes.clone(),
                offset: data + info.offset,
                interleaved_heads: None,
            };
            checkpoint.insert(info.name, place)?;
        }
        let mut file = Self {
            metadata,
            checkpoint,
        };
        file.mark_interleaved();
        Ok(file)
    }
}

/// What a file says about a tensor.
struct Info {
    name: String,
    shape: Vec<usize>,
    encoding: Encoding,
    /// From the beginning of the data.
    offset: u64,
    /// In bytes.
    length: u64,
}

impl Info {
    fn read(cursor: &mut Cursor, alignment: u64) -> Result<Self, GgufError> {
        let name = cursor.name()?;
        let dimensions = cursor.u32()?;
        if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
            return Err(GgufError::BadShape(name));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            match usize::try_from(cursor.u64()?) {
                Ok(width) if width > 0 => shape.push(width),
                _ => return Err(GgufError::BadShape(name)),
            }
        }
        let kind = cursor.u32()?;
        let offset = cursor.u64()?;
        let Some(encoding) = Encoding::of_gguf(kind) else {
            return Err(GgufError::UnknownEncoding { name, kind });
        };
        let (block, size) = encoding.block();
        let mut widths = shape.iter().copied();
        let count = widths.try_fold(1usize, usize::checked_mul);
        let length = count.and_then(|count| (count / block).checked_mul(size));
        // Elements may be as many as four bytes each can be counted.
        let countable = count.is_some_and(|count| count.checked_mul(4).is_some());
        let Some(length) = length.filter(|_| countable) else {
            return Err(GgufError::BadShape(name));
        };
        if !shape[0].is_multiple_of(block) || !offset.is_multiple_of(alignment) {
            return Err(GgufError::Misaligned(name));
        }
        // The first dimension is the one that changes fastest.
        shape.reverse();
        Ok(Self {
            name,
            shape,
            encoding,
            offset,
            length: length as u64,
        })
    }
}

/// Whether each tensor lies within the file and has its bytes for itself.
fn check_places(infos: &mut [Info], data: u64, length: u64) -> Result<(), GgufError> {
    infos.sort_by_key(|info| info.offset);
    let mut end = 0;
    for info in infos {
        if info.offset < end {
            return Err(GgufError::Overlap(info.name.clone()));
        }
        end = info.offset.saturating_add(info.length);
        let expected = data.saturating_add(end);
        if expected > length {
            let found = length;
            return Err(GgufError::Truncated { expected, found });
        }
    }
    Ok(())
}

fn alignment(metadata: &Metadata) -> Result<u64, GgufError> {
    let Some(value) = metadata.get("general.alignment") else {
        return Ok(ALIGNMENT);
    };
    let Value::Integer(number) = *value else {
        return Err(GgufError::MissingValue("general.alignment".into()));
    };
    match u64::try_from(number) {
        Ok(alignment) if alignment.is_power_of_two() && (8..=1 << 20).contains(&alignment) => {
            Ok(alignment)
        }
        _ => Err(GgufError::BadAlignment(number)),
    }
}
