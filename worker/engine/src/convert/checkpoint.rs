//! The float checkpoint: safetensors and the float tensors in it.

use super::{
    configuration::CheckpointConfiguration,
    naming::{Names, Naming},
    ConvertError,
};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::weight_tensors,
};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeSet;

/// A matrix `[rows, columns]` of the checkpoint, with a bias per row if the model has them.
#[derive(Clone, Debug)]
pub(super) struct FloatMatrix {
    /// Name in the checkpoint without `.weight` or `.bias`, for errors.
    pub name: String,
    pub columns: usize,
    /// Empty in a tied output matrix.
    pub elements: Vec<f32>,
    pub biases: Option<Vec<f32>>,
}

/// Gains, and biases of a LayerNorm.
#[derive(Clone, Debug)]
pub(super) struct FloatNorm {
    pub name: String,
    pub gains: Vec<f32>,
    pub biases: Option<Vec<f32>>,
}

/// The norms of one layer.
#[derive(Clone, Debug)]
pub(super) struct LayerNorms {
    pub attention: FloatNorm,
    /// Of query and key heads, if the model has them.
    pub heads: Option<[FloatNorm; 2]>,
    pub feed_forward: FloatNorm,
}

/// Every tensor of a checkpoint, float32.
#[derive(Clone, Debug)]
pub(super) struct FloatTensors {
    /// In the order of [`weight_tensors`].
    pub matrices: Vec<FloatMatrix>,
    pub layers: Vec<LayerNorms>,
    pub final_norm: FloatNorm,
}

impl FloatTensors {
    /// Reads the tensors that a model of this header has, and refuses any other.
    pub fn read(
        bytes: &[u8],
        configuration: &CheckpointConfiguration,
        header: &ModelHeader,
    ) -> Result<Self, ConvertError> {
        let mut checkpoint = Checkpoint::parse(bytes)?;
        let names = configuration.naming.names();
        let mut matrices = Vec::new();
        for tensor in weight_tensors(header) {
            let name = names.matrix(tensor.weight, tensor.layer);
            let elements = match tensor.tied {
                true => Vec::new(),
                false => {
                    checkpoint.take(&format!("{name}.weight"), &[tensor.rows, tensor.columns])?
                }
            };
            let bias = format!("{name}.bias");
            let biases = tensor
                .biased
                .then(|| checkpoint.take(&bias, &[tensor.rows]))
                .transpose()?;
            matrices.push(FloatMatrix {
                name,
                columns: tensor.columns,
                elements,
                biases,
            });
        }
        let layers = (0..header.layers as usize)
            .map(|layer| checkpoint.layer_norms(names, header, layer))
            .collect::<Result<_, _>>()?;
        let final_norm = checkpoint.row_norm(names.final_norm.into(), header)?;
        if configuration.naming == Naming::HuggingFace {
            checkpoint.drop_frequencies();
        }
        checkpoint.finish()?;
        Ok(Self {
            matrices,
            layers,
            final_norm,
        })
    }

    /// The elements of the output matrix, which may be the embedding's.
    pub fn output_elements(&self) -> &[f32] {
        match (self.matrices.first(), self.matrices.last()) {
            (Some(embedding), Some(output)) if output.elements.is_empty() => &embedding.elements,
            (_, Some(output)) => &output.elements,
            _ => &[],
        }
    }
}

/// Float tensors by name.
struct Checkpoint<'a> {
    tensors: SafeTensors<'a>,
    /// Names that were not asked for yet.
    unused: BTreeSet<String>,
}

impl<'a> Checkpoint<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ConvertError> {
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| ConvertError::Checkpoint(error.to_string()))?;
        let unused = tensors
            .names()
            .into_iter()
            .map(|name| name.to_string())
            .collect();
        Ok(Self { tensors, unused })
    }

    /// The elements of a tensor of the given shape. Every float of 16 bits is one of 32.
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ConvertError> {
        let name = name.to_owned();
        let Ok(tensor) = self.tensors.tensor(&name) else {
            return Err(ConvertError::MissingTensor(name));
        };
        self.unused.remove(&name);
        let data = tensor.data();
        let halves = || {
            data.as_chunks::<2>()
                .0
                .iter()
                .copied()
                .map(u16::from_le_bytes)
        };
        let elements: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => {
                let words = data.as_chunks::<4>().0.iter();
                words.map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            Dtype::BF16 => halves()
                .map(|bits| f32::from_bits(u32::from(bits) << 16))
                .collect(),
            Dtype::F16 => halves().map(float_of_half).collect(),
            _ => return Err(ConvertError::NotFloat(name)),
        };
        if tensor.shape() != shape {
            let (expected, found) = (shape.to_vec(), tensor.shape().to_vec());
            return Err(ConvertError::WrongShape {
                name,
                expected,
                found,
            });
        }
        if elements.iter().any(|element| !element.is_finite()) {
            return Err(ConvertError::NotFinite(name));
        }
        Ok(elements)
    }

    /// A norm of the residual stream.
    fn row_norm(&mut self, name: String, header: &ModelHeader) -> Result<FloatNorm, ConvertError> {
        let shape = [header.model_dimension as usize];
        let gains = self.take(&format!("{name}.weight"), &shape)?;
        let bias = format!("{name}.bias");
        let biases = header
            .has(model::LAYER_NORM)
            .then(|| self.take(&bias, &shape))
            .transpose()?;
        Ok(FloatNorm {
            name,
            gains,
            biases,
        })
    }

    fn layer_norms(
        &mut self,
        names: &Names,
        header: &ModelHeader,
        layer: usize,
    ) -> Result<LayerNorms, ConvertError> {
        let attention = self.row_norm(names.in_layer(layer, names.attention_norm), header)?;
        let mut head = |part| -> Result<FloatNorm, ConvertError> {
            let name = names.in_layer(layer, part);
            let shape = [header.head_dimension as usize];
            let gains = self.take(&format!("{name}.weight"), &shape)?;
            Ok(FloatNorm {
                name,
                gains,
                biases: None,
            })
        };
        let heads = match header.has(model::HEAD_NORM) {
            true => Some([head(names.query_norm)?, head(names.key_norm)?]),
            false => None,
        };
        let feed_forward = self.row_norm(names.in_layer(layer, names.feed_forward_norm), header)?;
        Ok(LayerNorms {
            attention,
            heads,
            feed_forward,
        })
    }

    /// Forgets the rotary frequencies that some checkpoints store; they follow from the configuration.
    fn drop_frequencies(&mut self) {
        self.unused
            .retain(|name| !name.ends_with(".rotary_emb.inv_freq"));
    }

    /// Refuses a checkpoint with tensors that the model has no place for.
    fn finish(self) -> Result<(), ConvertError> {
        match self.unused.into_iter().next() {
            Some(name) => Err(ConvertError::UnexpectedTensor(name)),
            None => Ok(()),
        }
    }
}

/// A float of 16 bits (1 sign, 5 exponent, 10 mantissa), which a float of 32 holds exactly.
fn float_of_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, mantissa) = (bits >> 10 & 31, f32::from(bits & 1023) / 1024.0);
    sign * match exponent {
        0 => mantissa * f32::from_bits((127 - 14) << 23),
        31 if mantissa == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1.0 + mantissa) * f32::from_bits((127 - 15 + u32::from(exponent)) << 23),
    }
}

#[cfg(test)]
mod tests {
    use super::float_of_half;

    #[test]
    fn halves_should_be_exact() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(float_of_half(bits), value, "{bits:#x}");
        }
        assert!(float_of_half(0x7c01).is_nan());
    }
}
