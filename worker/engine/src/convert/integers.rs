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
    layout::{section_lengths, weight_tensors, SectionLengths, Weight, WeightTensor},
};

/// Integer tensors, made as they are asked for: with and without rotation they differ.
pub(super) struct Integers<'a> {
    tensors: &'a FloatTensors<'a>,
    tables: Vec<u8>,
    /// By tensor, plain and rotated, if they will be asked for again.
    kept: Option<Vec<[Option<IntegerMatrix>; 2]>>,
}

impl<'a> Integers<'a> {
    /// Integers that are forgotten once they stand in sections.
    pub fn new(tensors: &'a FloatTensors, tables: Vec<u8>) -> Self {
        Self {
            tensors,
            tables,
            kept: None,
        }
    }

    /// Integers that are kept for other sections.
    pub fn kept(tensors: &'a FloatTensors, tables: Vec<u8>) -> Self {
        let kept = vec![[None, None]; tensors.matrices.len()];
        Self {
            kept: Some(kept),
            ..Self::new(tensors, tables)
        }
    }

    /// The sections of a model of this header, which may differ from another in its flags of inputs. `done` hears
    /// of each matrix.
    pub fn sections(
        &mut self,
        header: &ModelHeader,
        done: &mut dyn FnMut(usize),
    ) -> Result<Sections, ConvertError> {
        let SectionLengths {
            scales, weights, ..
        } = section_lengths(header);
        let mut sections = Sections {
            scales: Vec::with_capacity(scales as usize),
            tables: self.tables.clone(),
            weights: Vec::with_capacity(weights as usize),
        };
        let tensors = self.tensors;
        for (index, (tensor, float)) in weight_tensors(header).zip(&tensors.matrices).enumerate() {
            let made;
            let slot = self.kept.as_mut().and_then(|kept| kept.get_mut(index));
            let integers = match slot.map(|slots| &mut slots[usize::from(tensor.input.rotated)]) {
                Some(Some(integers)) => &*integers,
                Some(slot) => &*slot.insert(tensors.integers(index, &tensor)?),
                None => {
                    made = tensors.integers(index, &tensor)?;
                    &made
                }
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
            done(index + 1);
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

impl FloatTensors<'_> {
    /// A matrix as integers.
    fn integers(&self, index: usize, tensor: &WeightTensor) -> Result<IntegerMatrix, ConvertError> {
        let name = &self.matrices[index].name;
        let elements = self.elements(index)?;
        match tensor.weight {
            Weight::Embedding => weights::embedding(name, &elements, tensor.columns),
            _ => weights::matrix(name, &elements, tensor.columns, tensor.input.rotated),
        }
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
