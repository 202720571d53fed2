//! Models with random weights, for measurements: their shape is what matters, not what they say.

use crate::{
    convert::{weights, CheckpointConfiguration, ConvertError, HadamardChoice},
    file::Sections,
    random::Random,
    Model,
};
use aipg_exact::layout::{weight_tensors, Weight};

/// About normal numbers of deviation 1: sums of four uniform ones. The same on every machine.
#[derive(Clone, Debug)]
pub struct Normal(Random);

impl Normal {
    /// The numbers of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }
}

impl Iterator for Normal {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let mixed = self.0.next();
        let sum: i32 = (0..4)
            .map(|part| i32::from((mixed >> (16 * part)) as u16 as i16))
            .sum();
        // Four uniform numbers over 2¹⁶ values have a deviation of 2¹⁶ · √(4/12).
        Some(f64::from(sum) / 37_837.0)
    }
}

/// A model of this shape with normal weights of deviation 1/√width from `seed`, and gains of 1.
///
/// # Errors
/// [`ConvertError`] if the shape is out of range.
pub fn model(configuration: &CheckpointConfiguration, seed: u64) -> Result<Model, ConvertError> {
    let header = configuration.header(HadamardChoice::WherePossible, [0; 32])?;
    let mut sections = Sections {
        scales: Vec::new(),
        tables: crate::convert::rotary_table(&header, configuration.rope_base),
        weights: Vec::new(),
    };
    let mut normal = Normal::new(seed);
    for tensor in weight_tensors(&header) {
        let Sections {
            scales, weights, ..
        } = &mut sections;
        let deviation = 1.0 / (tensor.columns as f64).sqrt();
        let elements: Vec<f64> = normal
            .by_ref()
            .take(tensor.rows * tensor.columns)
            .map(|x| x * deviation)
            .collect();
        if tensor.weight == Weight::Embedding {
            weights::push_embedding("", &elements, tensor.columns, scales, weights)?;
        } else {
            let (columns, rotated) = (tensor.columns, tensor.rotated);
            weights::push_matrix("", elements, columns, rotated, scales, weights)?;
        }
    }
    let gains = 2 * header.layers + 1;
    for _ in 0..gains * header.model_dimension {
        sections.scales.extend(4_096i32.to_le_bytes());
    }
    Ok(Model::from_sections(header, &sections))
}
