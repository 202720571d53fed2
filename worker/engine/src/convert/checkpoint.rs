//! The float tensors of a model, and where a checkpoint has them.

use super::{
    configuration::CheckpointConfiguration,
    naming::{Names, Naming},
    source::{gguf::ROPE_DIVISORS, Checkpoint},
    ConvertError,
};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::weight_tensors,
};
use std::collections::BTreeSet;

/// A matrix `[rows, columns]` of the checkpoint, with a bias per row if the model has them.
#[derive(Clone, Debug)]
pub(super) struct FloatMatrix {
    /// Name in the checkpoint without `.weight` or `.bias`, for errors.
    pub name: String,
    /// The tensor of its elements; of a tied output matrix the embedding.
    tensor: String,
    rows: usize,
    pub columns: usize,
    pub biases: Option<Vec<f32>>,
    /// What the columns are multiplied by, if they are balanced with the norm before.
    pub factors: Option<Vec<f64>>,
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

/// Every tensor of a checkpoint, float32. Vectors are in memory, elements of matrices are read when they are asked
/// for.
#[derive(Clone, Debug)]
pub(super) struct FloatTensors<'a> {
    checkpoint: &'a Checkpoint,
    /// In the order of [`weight_tensors`].
    pub matrices: Vec<FloatMatrix>,
    pub layers: Vec<LayerNorms>,
    pub final_norm: FloatNorm,
}

impl<'a> FloatTensors<'a> {
    /// Finds the tensors that a model of this header has, and refuses any other.
    pub fn find(
        checkpoint: &'a Checkpoint,
        configuration: &CheckpointConfiguration,
        header: &ModelHeader,
    ) -> Result<Self, ConvertError> {
        let names = configuration.naming.names();
        let mut reader = Reader::new(checkpoint);
        let mut matrices: Vec<FloatMatrix> = Vec::new();
        for tensor in weight_tensors(header) {
            let name = names.matrix(tensor.weight, tensor.layer);
            let (rows, columns) = (tensor.rows, tensor.columns);
            let elements = match matrices.first() {
                Some(embedding) if tensor.tied => embedding.tensor.clone(),
                _ => format!("{name}.weight"),
            };
            checkpoint.place(&elements, &[rows, columns])?;
            reader.unused.remove(elements.as_str());
            let bias = format!("{name}.bias");
            let biases = tensor
                .biased
                .then(|| reader.vector(&bias, rows))
                .transpose()?;
            matrices.push(FloatMatrix {
                name,
                tensor: elements,
                rows,
                columns,
                biases,
                factors: None,
            });
        }
        let layers = (0..header.layers as usize)
            .map(|layer| reader.layer_norms(names, header, layer))
            .collect::<Result<_, _>>()?;
        let final_norm = reader.row_norm(names.final_norm.into(), header)?;
        reader.finish(configuration.naming)?;
        Ok(Self {
            checkpoint,
            matrices,
            layers,
            final_norm,
        })
    }

    /// The elements of a matrix, row by row.
    pub fn elements(&self, index: usize) -> Result<Vec<f32>, ConvertError> {
        let matrix = &self.matrices[index];
        let shape = [matrix.rows, matrix.columns];
        let mut elements = self.checkpoint.read(&matrix.tensor, &shape)?;
        if let Some(factors) = &matrix.factors {
            for row in elements.chunks_exact_mut(matrix.columns) {
                for (element, factor) in row.iter_mut().zip(factors) {
                    *element = (f64::from(*element) * factor) as f32;
                }
            }
        }
        Ok(elements)
    }
}

/// Reads vectors, and knows which tensors nobody asked for.
struct Reader<'a> {
    checkpoint: &'a Checkpoint,
    unused: BTreeSet<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(checkpoint: &'a Checkpoint) -> Self {
        let unused = checkpoint.names().collect();
        Self { checkpoint, unused }
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>, ConvertError> {
        self.unused.remove(name);
        self.checkpoint.read(name, &[length])
    }

    /// A norm of the residual stream.
    fn row_norm(&mut self, name: String, header: &ModelHeader) -> Result<FloatNorm, ConvertError> {
        let width = header.model_dimension as usize;
        let gains = self.vector(&format!("{name}.weight"), width)?;
        let bias = format!("{name}.bias");
        let biases = header
            .has(model::LAYER_NORM)
            .then(|| self.vector(&bias, width))
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
            let width = header.head_dimension as usize;
            let gains = self.vector(&format!("{name}.weight"), width)?;
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

    /// Refuses a checkpoint with tensors that the model has no place for. Rotary frequencies, which some
    /// checkpoints store, follow from the configuration.
    fn finish(self, naming: Naming) -> Result<(), ConvertError> {
        let follows = |name: &str| match naming {
            Naming::Plain => false,
            Naming::HuggingFace => name.ends_with(".rotary_emb.inv_freq"),
            Naming::Gguf => name == ROPE_DIVISORS,
        };
        match self.unused.into_iter().find(|name| !follows(name)) {
            Some(name) => Err(ConvertError::UnexpectedTensor(name.into())),
            None => Ok(()),
        }
    }
}

/// Names and shapes of the tensors that [`FloatTensors::find`] finds.
pub(crate) fn tensors_of(
    configuration: &CheckpointConfiguration,
    header: &ModelHeader,
) -> Vec<(String, Vec<usize>)> {
    let names = configuration.naming.names();
    let mut tensors = Vec::new();
    for tensor in weight_tensors(header) {
        let name = names.matrix(tensor.weight, tensor.layer);
        if !tensor.tied {
            tensors.push((format!("{name}.weight"), vec![tensor.rows, tensor.columns]));
        }
        if tensor.biased {
            tensors.push((format!("{name}.bias"), vec![tensor.rows]));
        }
    }
    let mut norm = |name: String, width: u32, biased: bool| {
        let shape = vec![width as usize];
        tensors.push((format!("{name}.weight"), shape.clone()));
        if biased {
            tensors.push((format!("{name}.bias"), shape));
        }
    };
    let (width, biased) = (header.model_dimension, header.has(model::LAYER_NORM));
    for layer in 0..header.layers as usize {
        norm(names.in_layer(layer, names.attention_norm), width, biased);
        norm(
            names.in_layer(layer, names.feed_forward_norm),
            width,
            biased,
        );
        if header.has(model::HEAD_NORM) {
            for part in [names.query_norm, names.key_norm] {
                norm(names.in_layer(layer, part), header.head_dimension, false);
            }
        }
    }
    norm(names.final_norm.into(), width, biased);
    tensors
}
