//! How much memory a model and its runs need, from its header alone.

use crate::{
    file::{file_length, ModelError, PREFIX_LENGTH},
    generate::PREFILL_ROWS,
    kernels::panels::{DEPTH, LANES},
    sequence::LOGIT_ROWS,
};
use aipg_exact::header::ModelHeader;
use std::{fs::File, io::Read, path::Path};

/// Bytes of the scales of a cached position's key and value, and of the sum of its key, for one head: a mantissa of
/// 16 bits and an exponent of 32, a value scale of 16, a sum of 32.
const SCALES: u64 = 2 + 4 + 2 + 4;

/// Bytes that a model needs, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Of the model itself, once it is loaded.
    pub model: u64,
    /// More than that while it is read and verified: the file's sections are there as well then.
    pub loading: u64,
    /// Of one run over the whole context.
    pub run: u64,
}

impl Needs {
    /// What the model of a header needs.
    pub fn of(header: &ModelHeader) -> Self {
        let file = file_length(header);
        Self {
            // Rows are padded to whole panels, a sum is kept for each, and offsets of panels cost little.
            model: file.saturating_add(file / 16),
            loading: file,
            run: cache(header).saturating_add(scratch(header)),
        }
    }
}

/// Keys and values of as many positions as the context has.
fn cache(header: &ModelHeader) -> u64 {
    let width = u64::from(header.head_dimension);
    let key = width.next_multiple_of(DEPTH as u64);
    let value = width.next_multiple_of(LANES as u64);
    let positions = u64::from(header.max_context).next_multiple_of(LANES as u64);
    let heads = u64::from(header.layers) * u64::from(header.key_value_heads);
    // A vector that grows may have room for twice what is in it. A picture has all of its rows in each layer, and
    // room is made for them.
    2 * heads * positions * (key + value + SCALES)
}

/// Rows that go through a layer together with the widest of what is computed of them, and rows of logits.
fn scratch(header: &ModelHeader) -> u64 {
    // The rows of a picture go together, of which its latent values and output are far less than the rest.
    let (rows, logits) = match header.picture() {
        Some(picture) => (
            u64::from(header.max_context),
            2 * u64::from(picture.values()) * 8,
        ),
        None => (
            PREFILL_ROWS as u64,
            LOGIT_ROWS as u64 * u64::from(header.vocabulary) * 12,
        ),
    };
    let attention = u64::from(header.heads) * u64::from(header.head_dimension);
    let widest = u64::from(header.feed_forward)
        .max(u64::from(header.model_dimension))
        .max(attention);
    // Residual rows, what is added to them, and gate, up and product as 32 bits and quantised.
    let rows = rows * (2 * u64::from(header.model_dimension) + 4 * widest) * 8;
    rows + logits
}

/// The header of a model file, which is not verified further than that its root is the file's.
///
/// # Errors
/// [`ModelError`] if the file cannot be read or does not begin as a model file does.
pub fn read_header(path: &Path) -> Result<ModelHeader, ModelError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut prefix = Vec::new();
    file.take(PREFIX_LENGTH as u64).read_to_end(&mut prefix)?;
    crate::file::decode_prefix(&prefix, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{CheckpointConfiguration, Decoder, Naming};
    use crate::{synthetic, Request, Sampler};

    fn configuration() -> CheckpointConfiguration {
        CheckpointConfiguration {
            model_dimension: 64,
            layers: 3,
            heads: 4,
            key_value_heads: 2,
            head_dimension: 18,
            feed_forward: 192,
            vocabulary: 300,
            max_context: 96,
            rope_base: 10_000.0,
            epsilon: 1e-5,
            decoder: Decoder::default(),
            naming: Naming::default(),
        }
    }

    #[test]
    fn cache_of_a_whole_context_should_be_within_what_a_run_needs() {
        let model = synthetic::model(&configuration(), 1).unwrap();
        let mut sequence = model
            .start(Request {
                prompt: &[1; 90],
                max_output: 6,
                stop: &[],
                sampler: Sampler::GREEDY,
            })
            .unwrap();
        while !sequence.is_finished() {
            model.advance(&mut [&mut sequence]);
        }
        let (used, counted) = (sequence.cache_bytes(), cache(model.header()));
        assert!(used <= counted, "{used} bytes, counted were {counted}");
        assert!(counted <= 4 * used, "{counted} bytes for {used}");
    }

    #[test]
    fn needs_should_be_those_of_the_shape() {
        let header = synthetic::model(&configuration(), 1)
            .unwrap()
            .header()
            .clone();
        let needs = Needs::of(&header);
        assert_eq!(needs.loading, file_length(&header));
        assert!(needs.model >= needs.loading);
        let longer = ModelHeader {
            max_context: 2 * header.max_context,
            ..header
        };
        assert!(Needs::of(&longer).run > needs.run);
    }
}
