//! Commands of `aipg-model`; the conversion is one of `aipg-worker`, too.

mod conversion;
mod picture;
mod trace;

pub use conversion::Conversion;
pub use picture::PictureJob;
pub use trace::TraceMeasurement;

use crate::{blob, file::file_length, Blake2b256, Model, ModelHeader};
use anyhow::{Context, Result};
use serde_json::json;
use std::{fs, path::Path};

impl Model {
    /// Shape, flags and roots, as `aipg-model inspect` prints them.
    pub fn description(&self) -> serde_json::Value {
        describe(self.header())
    }
}

/// Shape, flags and roots of a model.
fn describe(header: &ModelHeader) -> serde_json::Value {
    let layers = header.layers as usize;
    json!({
        "root": hexadecimal(header.root::<Blake2b256>()),
        "bytes": file_length(header),
        "semantics_version": header.semantics_version,
        "template": header.template,
        "model_dimension": header.model_dimension,
        "layers": header.layers,
        "heads": header.heads,
        "key_value_heads": header.key_value_heads,
        "head_dimension": header.head_dimension,
        "feed_forward": header.feed_forward,
        "vocabulary": header.vocabulary,
        "max_context": header.max_context,
        "epsilon": header.epsilon,
        "score_scale": header.score_scale,
        "model_flags": header.model_flags,
        "output_flags": header.output_flags,
        // The field holds a picture's steps.
        "window": header.picture().map_or(header.window, |_| 0),
        "picture": header.picture().map(|picture| json!({
            "steps": picture.steps,
            "height": picture.height,
            "width": picture.width,
            "patch": picture.patch,
            "flags": picture.flags,
        })),
        "input_flags": header.input_flags[..layers],
        "value_formats": header.value_formats[..layers],
        "windowed_layers": (0..layers)
            .filter(|&layer| header.window_of(layer).is_some())
            .collect::<Vec<_>>(),
        "tokenizer": hexadecimal(header.tokenizer),
        "scales": hexadecimal(header.scales),
        "tables": hexadecimal(header.tables),
        "weights": hexadecimal(header.weights),
    })
}

/// A file's bytes.
///
/// # Errors
/// With the file's name.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A file's token ids, little-endian u32.
///
/// # Errors
/// With the file's name.
pub fn read_tokens(path: &Path) -> Result<Vec<u32>> {
    blob::decode_tokens(&read(path)?).with_context(|| format!("in {}", path.display()))
}

/// A hash as people read it.
fn hexadecimal(hash: [u8; 32]) -> String {
    format!("0x{}", hex::encode(hash))
}
