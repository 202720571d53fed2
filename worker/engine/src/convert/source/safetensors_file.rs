//! One safetensors file: a length, a header in JSON, the tensors.

use super::{Checkpoint, Encoding, Place, ReadAt};
use crate::convert::ConvertError;
use safetensors::{tensor::Metadata, Dtype};
use std::sync::Arc;

/// Bytes of the header's length.
const LENGTH: u64 = 8;

/// Longest header. The largest checkpoints have some hundred kilobytes.
const LONGEST_HEADER: u64 = 100_000_000;

/// Adds the tensors of a file to a checkpoint.
///
/// # Errors
/// [`ConvertError::Checkpoint`] if the header is malformed or tensors overlap, [`ConvertError::Truncated`] if the
/// file is shorter than the header says, [`ConvertError::DuplicateTensor`].
pub(super) fn read(
    name: &str,
    bytes: Arc<dyn ReadAt>,
    checkpoint: &mut Checkpoint,
) -> Result<(), ConvertError> {
    let refuse = |what: String| ConvertError::Checkpoint(format!("{name}: {what}"));
    let truncated = |expected: u64| ConvertError::Truncated {
        file: name.into(),
        expected,
        found: bytes.length(),
    };
    if bytes.length() < LENGTH {
        return Err(truncated(LENGTH));
    }
    let unreadable = |error| ConvertError::Unreadable {
        file: name.into(),
        error,
    };
    let mut length = [0; LENGTH as usize];
    bytes.read_at(0, &mut length).map_err(unreadable)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err(refuse(format!("a header of {length} bytes")));
    }
    let data = LENGTH + length;
    if bytes.length() < data {
        return Err(truncated(data));
    }
    let mut header = vec![0; length as usize];
    bytes.read_at(LENGTH, &mut header).map_err(unreadable)?;
    // Refuses shapes that overflow or do not fit their bytes, holes and overlaps.
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|error| refuse(error.to_string()))?;
    let expected = data.saturating_add(metadata.data_len() as u64);
    if bytes.length() < expected {
        return Err(truncated(expected));
    }
    if bytes.length() > expected {
        return Err(refuse(format!(
            "{} bytes after the last tensor",
            bytes.length() - expected
        )));
    }
    for (name, tensor) in metadata.tensors() {
        let place = Place {
            shape: tensor.shape.clone(),
            encoding: match tensor.dtype {
                Dtype::F32 => Encoding::F32,
                Dtype::F16 => Encoding::F16,
                Dtype::BF16 => Encoding::Bf16,
                _ => Encoding::NotFloat,
            },
            bytes: bytes.clone(),
            offset: data + tensor.data_offsets.0 as u64,
            interleaved_heads: None,
        };
        checkpoint.insert(name, place)?;
    }
    Ok(())
}
