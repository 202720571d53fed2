//! The integer tensors of a conversion, and the sections that they make under given flags.

use super::{
    checkpoint::FloatTensors,
    weights::{self, IntegerMatrix},
    ConvertError,
};
use crate::file::Sections;
use aipg_exact::{
    format,
    header::ModelHeader,
    layout::{weight_tensors, Weight},
};

/// Integer tensors, made as they are asked for: with and without rotation they differ.
pub(super) struct Integers<'a> {
    tensors: &'a FloatTensors,
    tables: Vec<u8>,
    /// By tensor, plain and rotated.
    matrices: Vec<[Option<IntegerMatrix>; 2]>,
}

impl<'a> Integers<'a> {
    pub fn new(tensors: &'a FloatTensors, tables: Vec<u8>) -> Self {
        Self {
            tensors,
            tables,
            matrices: vec![[None, None]; tensors.matrices.len()],
        }
    }

    /// The sections of a model of this header, which may differ from another in its flags of inputs.
    pub fn sections(&mut self, header: &ModelHeader) -> Result<Sections, ConvertError> {
        let mut sections = Sections {
            scales: Vec::new(),
            tables: self.tables.clone(),
            weights: Vec::new(),
        };
        let tensors = self.tensors;
        let slots = self.matrices.iter_mut().zip(&tensors.matrices);
        for (tensor, (slots, float)) in weight_tensors(header).zip(slots) {
            let slot = &mut slots[usize::from(tensor.input.rotated)];
            let elements = match tensor.tied {
                true => tensors.output_elements(),
                false => &float.elements,
            };
            let integers = match slot {
                Some(integers) => integers,
                None => slot.insert(match tensor.weight {
                    Weight::Embedding => weights::embedding(&float.name, elements, tensor.columns)?,
                    _ => weights::matrix(
                        &float.name,
                        elements,
                        tensor.columns,
                        tensor.input.rotated,
                    )?,
                }),
            };
            sections.scales.extend(&integers.multipliers);
            if let Some(biases) = &float.biases {
                let bits = bias_format(tensor.weight);
                sections
                    .scales
                    .extend(weights::biases(&float.name, biases, bits)?);
            }
            if !tensor.tied {
                sections.weights.extend(&integers.elements);
            }
        }
        for layer in &tensors.layers {
            sections.scales.extend(weights::norm(&layer.attention)?);
            for head in layer.heads.iter().flatten() {
                sections.scales.extend(weights::norm(head)?);
            }
            sections.scales.extend(weights::norm(&layer.feed_forward)?);
        }
        sections.scales.extend(weights::norm(&tensors.final_norm)?);
        Ok(sections)
    }
}

/// Fractional bits of the biases of a matrix: those of its output.
const fn bias_format(weight: Weight) -> u32 {
    match weight {
        Weight::Query | Weight::Key | Weight::Value | Weight::Gate | Weight::Up => {
            format::PROJECTION as u32
        }
        _ => format::RESIDUAL as u32,
    }
}
