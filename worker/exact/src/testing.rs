//! What tests and benchmarks share: small models with random numbers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "nothing of this is in a chain or a worker"
)]

use crate::{
    commitment::{scale_root, table_root, weight_root},
    header::{input, model, output, patch, ModelHeader, Picture, MAX_LAYERS, WINDOW_MASK_LENGTH},
    layout::{place, places, section_lengths, Weight},
    picture,
    sampling::{self, Parameters},
    trace::{Claim, Job, Replay, Sampling, Sections},
    Hasher256,
};
use alloc::vec::Vec;

#[cfg(test)]
pub(crate) use crate::Blake2b256 as Blake;

#[cfg(test)]
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    <Blake as crate::Hasher256>::hash(&[bytes])
}

#[cfg(test)]
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Two layers of width 64 with 4 heads and 2 key-value heads of 32.
pub fn small_header() -> ModelHeader {
    let mut header = ModelHeader {
        semantics_version: 1,
        template: 1,
        model_dimension: 64,
        layers: 2,
        heads: 4,
        key_value_heads: 2,
        head_dimension: 32,
        feed_forward: 192,
        vocabulary: 40,
        max_context: 100,
        epsilon: 42_950,
        score_scale: 17_000_000,
        model_flags: 0,
        output_flags: 0,
        window: 0,
        input_flags: [0; MAX_LAYERS],
        value_formats: [0; MAX_LAYERS],
        window_layers: [0; WINDOW_MASK_LENGTH],
        tokenizer: [1; 32],
        scales: [2; 32],
        tables: [3; 32],
        weights: [4; 32],
    };
    header.value_formats[..2].copy_from_slice(&[12, 13]);
    header
}

/// [`small_header`] as a picture model: three steps, 8 × 16 pixels in eight patches of 4 × 4.
pub fn small_picture_header() -> ModelHeader {
    let mut header = ModelHeader {
        vocabulary: 256,
        max_context: 20,
        ..small_header()
    };
    header.set_picture(&Picture {
        steps: 3,
        height: 8,
        width: 16,
        patch: 4,
        flags: 0,
    });
    header
}

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of the numbers from 0 below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit
    }
}

/// A model with random numbers of a size that keeps signals alive.
#[derive(Clone, Debug)]
pub struct Model {
    /// The header; its roots are those of the sections.
    pub header: ModelHeader,
    /// Scale section.
    pub scales: Vec<u8>,
    /// Table section.
    pub tables: Vec<u8>,
    /// Weight section.
    pub weights: Vec<u8>,
}

impl Model {
    /// A model of this shape.
    ///
    /// # Panics
    /// If there is no such shape.
    pub fn random<H: Hasher256>(header: ModelHeader, seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        Self::drawn::<H>(header, || numbers.draw())
    }

    /// A model of this shape in which all that could differ from column to column or from token to token
    /// is the same: every row has its largest value many times.
    ///
    /// # Panics
    /// If there is no such shape.
    pub fn even<H: Hasher256>(header: ModelHeader) -> Self {
        Self::drawn::<H>(header, || 70)
    }

    fn drawn<H: Hasher256>(header: ModelHeader, mut draw: impl FnMut() -> u64) -> Self {
        let lengths = section_lengths(&header);
        let mut scales = Vec::new();
        for place in places(&header) {
            let rows = place.tensor.rows;
            if place.tensor.weight == Weight::Embedding {
                for _ in 0..rows {
                    scales.extend((20_000_000 + (draw() % 20_000_000) as u32).to_le_bytes());
                }
                continue;
            }
            scales.extend(24u16.to_le_bytes());
            for _ in 0..rows {
                scales.extend((16_384 + (draw() % 16_384) as u16).to_le_bytes());
            }
            if place.tensor.biased {
                for _ in 0..rows {
                    scales.extend(((draw() % 2_000) as i32 - 1_000).to_le_bytes());
                }
            }
        }
        while (scales.len() as u64) < lengths.scales {
            scales.extend(((draw() % 6_000) as i32 - 1_000).to_le_bytes());
        }
        let mut bytes = |length: u64| -> Vec<u8> { (0..length).map(|_| draw() as u8).collect() };
        let tables = bytes(lengths.tables);
        let weights = bytes(lengths.weights);
        header.validate().unwrap();
        let mut model = Self {
            header,
            scales,
            tables,
            weights,
        };
        model.commit::<H>();
        model
    }

    /// Makes each odd token's row of the output matrix that of the even token before it.
    ///
    /// # Panics
    /// If the output matrix is the embedding.
    pub fn pair_tokens<H: Hasher256>(&mut self) {
        let output = place(&self.header, Weight::Output, 0).unwrap();
        assert!(!output.tensor.tied);
        for token in (1..output.tensor.rows).step_by(2) {
            let element = |token| output.element(token, 0) as usize;
            let row = element(token - 1)..element(token);
            self.weights.copy_within(row, element(token));
            let multiplier = |token| output.multiplier(token) as usize;
            let number = multiplier(token - 1)..multiplier(token);
            self.scales.copy_within(number, multiplier(token));
        }
        self.commit::<H>();
    }

    /// Puts the roots of the sections into the header.
    fn commit<H: Hasher256>(&mut self) {
        self.header.scales = scale_root::<H>(&self.scales);
        self.header.tables = table_root::<H>(&self.tables);
        self.header.weights = weight_root::<H>(&self.header, &self.weights);
    }

    /// The picture of a prompt and a seed.
    ///
    /// # Panics
    /// If the prompt is none, or the model makes no pictures.
    pub fn paint<H: Hasher256>(&self, prompt: &[u32], seed: u64) -> Replay<'_> {
        let sections = Sections {
            scales: &self.scales,
            tables: &self.tables,
            weights: &self.weights,
        };
        Replay::paint(&self.header, sections, prompt, picture::key::<H>(seed)).unwrap()
    }

    /// A job before its first row.
    ///
    /// # Panics
    /// If the prompt is none.
    pub fn job(&self, prompt: &[u32], sampling: Option<Sampling>) -> Replay<'_> {
        let sections = Sections {
            scales: &self.scales,
            tables: &self.tables,
            weights: &self.weights,
        };
        Replay::new(&self.header, sections, prompt, sampling).unwrap()
    }
}

/// Sampling with every filter.
pub fn every_filter<H: Hasher256>() -> Option<Sampling> {
    Some(Sampling {
        parameters: Parameters {
            beta: 9_000,
            top_k: 20,
            top_p: 60_000,
            min_p: Some(400_000),
        },
        key: sampling::key::<H>(7),
    })
}

/// Shapes that between them have every flag, parts of chunks and of blocks, and rows of two chunks.
pub fn shapes() -> [ModelHeader; 3] {
    let plain = ModelHeader {
        model_dimension: 20,
        heads: 4,
        key_value_heads: 2,
        head_dimension: 6,
        feed_forward: 33,
        ..small_header()
    };
    let mut everything = ModelHeader {
        model_dimension: 300,
        heads: 3,
        key_value_heads: 3,
        head_dimension: 20,
        feed_forward: 100,
        model_flags: model::ALL,
        window: 3,
        output_flags: output::WIDE,
        ..small_header()
    };
    everything.window_layers[0] = 1;
    everything.input_flags[..2].fill(input::WIDE);
    let mut rotated = ModelHeader {
        model_dimension: 320,
        heads: 5,
        key_value_heads: 1,
        head_dimension: 64,
        feed_forward: 1_088,
        output_flags: output::HADAMARD,
        ..small_header()
    };
    rotated.input_flags[0] = input::HADAMARD;
    rotated.input_flags[1] = input::HADAMARD | input::WIDE;
    [plain, everything, rotated]
}

/// [`shapes`] as picture models: patches that are a part of a chunk, or two chunks, or rotated.
pub fn picture_shapes() -> [ModelHeader; 3] {
    let [mut plain, mut everything, mut rotated] = shapes();
    for (header, [steps, height, width, patch], flags) in [
        (&mut plain, [3, 4, 6, 2], 0),
        (&mut everything, [2, 20, 10, 10], patch::WIDE),
        (&mut rotated, [1, 8, 16, 8], patch::HADAMARD),
    ] {
        header.model_flags &= !model::TIED_EMBEDDING;
        header.vocabulary = 260;
        header.set_picture(&Picture {
            steps,
            height,
            width,
            patch,
            flags,
        });
    }
    [plain, everything, rotated]
}

/// What the defender tells of a claim's sums: the true values; or, if the claim would not hold with
/// these, values with which it does, if a search finds some.
pub fn best_lie(
    trace: &Replay<'_>,
    job: &Job<'_>,
    claim: &Claim,
    truth: &[i64],
) -> Option<Vec<i64>> {
    if claim.check(job, truth, trace).is_ok() {
        return Some(truth.to_vec());
    }
    if let Claim::Terms { value, count, .. } = claim {
        // Parts that add up: the last one carries the difference.
        if *count > 1 {
            let mut lie = truth.to_vec();
            let total: i64 = truth.iter().sum();
            *lie.last_mut()? += value - total;
            return Some(lie);
        }
    }
    // The first value is off by any power of two or a bit more.
    let first = *truth.first()?;
    for power in 0..44 {
        for numerator in [4i64, 5, 6, 7] {
            for sign in [1, -1] {
                let mut lie = truth.to_vec();
                *lie.first_mut()? = first + sign * (numerator << power) / 4;
                if claim.check(job, &lie, trace).is_ok() {
                    return Some(lie);
                }
            }
        }
    }
    None
}
