//! The model file, `.aipg`.
//!
//! ```text
//! offset  length         content
//! 0       8              magic "AIPGMDL1"
//! 8       32             model root: hash of the header
//! 40      HEADER_LENGTH  header
//! …       …              scale section, table section, weight section (aipg_exact::layout)
//! ```
//!
//! No length is written anywhere: all follow from the header, and a file of any other length is
//! refused before a section is read. Every byte is covered: the magic by comparison, the header by
//! the root, each section by its root in the header.

use crate::{kernels::KernelError, Blake2b256};
use aipg_exact::{
    commitment,
    header::{HeaderError, ModelHeader, HEADER_LENGTH},
    layout::{section_lengths, SectionLengths},
};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};
use thiserror::Error;

pub use aipg_exact::layout::FILE_MAGIC as MAGIC;

/// Bytes before the sections.
pub const PREFIX_LENGTH: usize = MAGIC.len() + 32 + HEADER_LENGTH;

/// Why a model file is refused.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("Io: {0}")]
    Io(#[from] io::Error),
    /// The kernel that the environment names cannot be used.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The file is shorter than its header says.
    #[error("Truncated: the file has {found} of {expected} bytes")]
    Truncated {
        /// Bytes the file should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The file is longer than its header says.
    #[error("WrongLength: the file has {found} bytes, its header says {expected}")]
    WrongLength {
        /// Bytes the file should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The file does not begin with [`MAGIC`].
    #[error("BadMagic: this is no model file")]
    BadMagic,
    /// The header is out of range.
    #[error("BadHeader: {0}")]
    BadHeader(#[from] HeaderError),
    /// The header is not the one the file's model root was taken over.
    #[error("ModelRootMismatch: the header does not give the model root")]
    ModelRootMismatch,
    /// The scale section does not give the root in the header.
    #[error("ScaleRootMismatch: the scales do not give the root in the header")]
    ScaleRootMismatch,
    /// The table section does not give the root in the header.
    #[error("TableRootMismatch: the tables do not give the root in the header")]
    TableRootMismatch,
    /// The weight section does not give the root in the header.
    #[error("WeightRootMismatch: the weights do not give the root in the header")]
    WeightRootMismatch,
}

/// The three sections of a model; what lies where is said in `aipg_exact::layout`.
#[derive(Clone, Debug)]
pub struct Sections {
    /// Multipliers, biases and gains.
    pub scales: Vec<u8>,
    /// Cosines and sines of the rotary embedding.
    pub tables: Vec<u8>,
    /// int8 elements.
    pub weights: Vec<u8>,
}

/// How much of a file is verified when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Every byte: the header by the model root, the sections by their roots in the header.
    Everything,
    /// The header by the model root, and the lengths of the sections. For whoever has verified this very file
    /// before: what has changed in its sections since then is not noticed.
    Header,
}

/// Bytes of the file that a header describes.
pub fn file_length(header: &ModelHeader) -> u64 {
    let SectionLengths {
        scales,
        tables,
        weights,
    } = section_lengths(header);
    PREFIX_LENGTH as u64 + scales + tables + weights
}

/// Opens, reads and verifies a model file.
///
/// # Errors
/// [`ModelError`] that names what is wrong with it.
pub fn read_file(
    path: &Path,
    verification: Verification,
) -> Result<(ModelHeader, Sections), ModelError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    read(file, length, verification)
}

/// The header at the beginning of a file of `length` bytes, of which `prefix` are the first [`PREFIX_LENGTH`], or all.
///
/// # Errors
/// What is wrong with the prefix, or that the file has another length than the header says.
pub(crate) fn decode_prefix(prefix: &[u8], length: u64) -> Result<ModelHeader, ModelError> {
    let too_short = ModelError::Truncated {
        expected: PREFIX_LENGTH as u64,
        found: length,
    };
    let Some((magic, rest)) = prefix.split_first_chunk::<{ MAGIC.len() }>() else {
        return Err(too_short);
    };
    if magic != MAGIC {
        return Err(ModelError::BadMagic);
    }
    let Some((root, header)) = rest.split_first_chunk::<32>() else {
        return Err(too_short);
    };
    let Some(header) = header.first_chunk::<HEADER_LENGTH>() else {
        return Err(too_short);
    };
    let header = ModelHeader::decode(header)?;
    if header.root::<Blake2b256>() != *root {
        return Err(ModelError::ModelRootMismatch);
    }
    let expected = file_length(&header);
    let found = length;
    if found < expected {
        return Err(ModelError::Truncated { expected, found });
    }
    if found > expected {
        return Err(ModelError::WrongLength { expected, found });
    }
    Ok(header)
}

/// Reads and verifies a model of `length` bytes, as far as is asked for. Nothing is allocated for a section before the
/// length is known to be right.
pub(crate) fn read(
    mut source: impl Read,
    length: u64,
    verification: Verification,
) -> Result<(ModelHeader, Sections), ModelError> {
    let mut prefix = Vec::with_capacity(PREFIX_LENGTH);
    source
        .by_ref()
        .take(PREFIX_LENGTH as u64)
        .read_to_end(&mut prefix)?;
    let header = decode_prefix(&prefix, length)?;

    let lengths = section_lengths(&header);
    let mut section = |length: u64| -> Result<Vec<u8>, ModelError> {
        // The file is at least this long, so a length that does not fit memory is a real one.
        let length =
            usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let mut bytes = vec![0; length];
        source.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    let is_verified = verification == Verification::Everything;
    let scales = section(lengths.scales)?;
    if is_verified && commitment::scale_root::<Blake2b256>(&scales) != header.scales {
        return Err(ModelError::ScaleRootMismatch);
    }
    let tables = section(lengths.tables)?;
    if is_verified && commitment::table_root::<Blake2b256>(&tables) != header.tables {
        return Err(ModelError::TableRootMismatch);
    }
    let weights = section(lengths.weights)?;
    if is_verified && commitment::weight_root::<Blake2b256>(&header, &weights) != header.weights {
        return Err(ModelError::WeightRootMismatch);
    }
    Ok((
        header,
        Sections {
            scales,
            tables,
            weights,
        },
    ))
}

/// Fills in the header's roots of the sections.
pub(crate) fn commit(header: &mut ModelHeader, sections: &Sections) {
    header.scales = commitment::scale_root::<Blake2b256>(&sections.scales);
    header.tables = commitment::table_root::<Blake2b256>(&sections.tables);
    header.weights = commitment::weight_root::<Blake2b256>(header, &sections.weights);
}

/// What a model file has before its sections, [`PREFIX_LENGTH`] bytes.
pub(crate) fn prefix(header: &ModelHeader) -> Vec<u8> {
    let root = header.root::<Blake2b256>();
    [MAGIC.as_slice(), &root, &header.encode()].concat()
}

/// Writes a model file beside its place and moves it there, so that it is whole or not there.
pub(crate) fn write(path: &Path, header: &ModelHeader, sections: &Sections) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let written = File::create(&name).and_then(|mut file| {
        for part in [
            prefix(header).as_slice(),
            &sections.scales,
            &sections.tables,
            &sections.weights,
        ] {
            file.write_all(part)?;
        }
        file.sync_all()?;
        fs::rename(&name, path)
    });
    if written.is_err() {
        // What is left of it is of no use; the first error is the one that is told.
        let _ = fs::remove_file(&name);
    }
    written
}

/// The bytes of a model file.
pub(crate) fn encode(header: &ModelHeader, sections: &Sections) -> Vec<u8> {
    [
        prefix(header).as_slice(),
        &sections.scales,
        &sections.tables,
        &sections.weights,
    ]
    .concat()
}
