//! Models and checkpoints with random weights, for measurements and tests: their shape is what matters, not what they say.

mod checkpoint;

pub use checkpoint::write_checkpoint;

use crate::{
    convert::{weights, CheckpointConfiguration, ConvertError, HadamardChoice},
    file::Sections,
    random::Random,
    Model,
};
use aipg_exact::layout::{section_lengths, weight_tensors, Weight, WeightTensor};

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

/// A model of this shape with normal weights of deviation 1/√width from `seed`; gains, and biases of
/// norms, are 1, other biases 0.
///
/// # Errors
/// [`ConvertError`] if the shape is out of range.
pub fn model(configuration: &CheckpointConfiguration, seed: u64) -> Result<Model, ConvertError> {
    let header = configuration.header(HadamardChoice::WherePossible, [0; 32])?;
    let mut sections = Sections {
        scales: Vec::new(),
        tables: configuration.rotary(&header).table(header.max_context),
        weights: Vec::new(),
    };
    let mut normal = Normal::new(seed);
    for tensor in weight_tensors(&header) {
        let WeightTensor { rows, columns, .. } = tensor;
        let deviation = 1.0 / (columns as f64).sqrt();
        let elements: Vec<f32> = normal
            .by_ref()
            .take(rows * columns)
            .map(|x| (x * deviation) as f32)
            .collect();
        let integers = if tensor.weight == Weight::Embedding {
            weights::embedding("", &elements, columns)?
        } else {
            weights::matrix("", &elements, columns, tensor.input.rotated)?
        };
        sections.scales.extend(integers.multipliers);
        let biases = if tensor.biased { rows } else { 0 };
        sections.scales.extend(std::iter::repeat_n(0, 4 * biases));
        if !tensor.tied {
            sections.weights.extend(integers.elements);
        }
    }
    // Norms are what is left.
    let norms = section_lengths(&header).scales as usize - sections.scales.len();
    for _ in 0..norms / 4 {
        sections.scales.extend(4_096i32.to_le_bytes());
    }
    Ok(Model::from_sections(header, &sections))
}
