//! The float checkpoint: a safetensors file and the configuration next to it.

use super::ConvertError;
use aipg_exact::layout::{Weight, WeightTensor};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Shape of a checkpoint; the JSON file next to it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointConfiguration {
    /// Width of the residual stream.
    pub model_dimension: u32,
    /// Decoder layers.
    pub layers: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads.
    pub key_value_heads: u32,
    /// Width of a head.
    pub head_dimension: u32,
    /// Width of the feed-forward layer.
    pub feed_forward: u32,
    /// Size of the vocabulary.
    pub vocabulary: u32,
    /// Most positions.
    pub max_context: u32,
    /// Base of the rotary embedding's wavelengths.
    pub rope_base: f64,
    /// Epsilon of RMSNorm.
    pub epsilon: f64,
}

impl CheckpointConfiguration {
    /// Parses the JSON file.
    ///
    /// # Errors
    /// [`ConvertError::Configuration`] if a field is missing, unknown or of another type.
    pub fn from_json(json: &[u8]) -> Result<Self, ConvertError> {
        serde_json::from_slice(json).map_err(|error| ConvertError::Configuration(error.to_string()))
    }
}

/// Float tensors by name.
pub(super) struct Checkpoint<'a> {
    tensors: SafeTensors<'a>,
    /// Names that were not asked for yet.
    unused: BTreeSet<String>,
}

impl<'a> Checkpoint<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ConvertError> {
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| ConvertError::Checkpoint(error.to_string()))?;
        let unused = tensors
            .names()
            .into_iter()
            .map(|name| name.to_string())
            .collect();
        Ok(Self { tensors, unused })
    }

    /// The elements of a tensor of the given shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f64>, ConvertError> {
        let name = name.to_owned();
        let Ok(tensor) = self.tensors.tensor(&name) else {
            return Err(ConvertError::MissingTensor(name));
        };
        self.unused.remove(&name);
        if tensor.dtype() != Dtype::F32 {
            return Err(ConvertError::NotFloat32(name));
        }
        if tensor.shape() != shape {
            let (expected, found) = (shape.to_vec(), tensor.shape().to_vec());
            return Err(ConvertError::WrongShape {
                name,
                expected,
                found,
            });
        }
        let elements: Vec<f64> = tensor
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
            .collect();
        if elements.iter().any(|element| !element.is_finite()) {
            return Err(ConvertError::NotFinite(name));
        }
        Ok(elements)
    }

    /// Refuses a checkpoint with tensors that the template has no place for, such as biases.
    pub fn finish(self) -> Result<(), ConvertError> {
        match self.unused.into_iter().next() {
            Some(name) => Err(ConvertError::UnexpectedTensor(name)),
            None => Ok(()),
        }
    }
}

/// Name of a weight tensor in the checkpoint.
pub(super) fn tensor_name(tensor: &WeightTensor) -> String {
    let part = match tensor.weight {
        Weight::Embedding => return "embedding.weight".into(),
        Weight::Output => return "output.weight".into(),
        Weight::Query => "attention.query",
        Weight::Key => "attention.key",
        Weight::Value => "attention.value",
        Weight::AttentionOutput => "attention.output",
        Weight::Gate => "feed_forward.gate",
        Weight::Up => "feed_forward.up",
        Weight::Down => "feed_forward.down",
    };
    format!("layers.{}.{part}.weight", tensor.layer)
}
