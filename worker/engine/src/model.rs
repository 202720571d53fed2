//! A model in memory.

use crate::{
    file::{self, ModelError, Sections},
    kernels::{panels::Panels, product::Factor, Kernel},
    Blake2b256,
};
use aipg_exact::{
    header::ModelHeader,
    layout::{weight_tensors, Weight, WeightTensor},
    quantise::int8_from_byte,
};
use std::path::Path;

/// A verified model, ready to run.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) header: ModelHeader,
    pub(crate) kernel: &'static Kernel,
    root: [u8; 32],
    /// `[vocabulary, d]`
    pub(crate) embedding: Vec<i8>,
    /// One per embedding row.
    pub(crate) embedding_multipliers: Vec<u32>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) final_norm: Vec<i32>,
    pub(crate) output: Matrix,
    /// `[max_context, 2, head_dimension / 2]`: cosines, then sines.
    pub(crate) rotary: Vec<i16>,
}

/// The tensors of one decoder layer.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub attention_norm: Vec<i32>,
    pub query: Matrix,
    pub key: Matrix,
    pub value: Matrix,
    pub attention_output: Matrix,
    pub feed_forward_norm: Vec<i32>,
    pub gate: Matrix,
    pub up: Matrix,
    pub down: Matrix,
}

/// An int8 weight matrix with a multiplier per output channel.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    weights: Panels,
    multipliers: Vec<u16>,
    shift: i32,
    /// Whether its input is rotated by Hadamard-64.
    pub rotated: bool,
}

impl Matrix {
    /// As a factor of products whose input has the format `from` and whose output has the format `to`.
    pub fn factor(&self, from: i32, to: i32) -> Factor<'_> {
        Factor {
            weights: &self.weights,
            multipliers: &self.multipliers,
            shift: self.shift + from - to,
        }
    }
}

/// Takes numbers off the front of a section whose length was checked.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize, T>(&mut self, count: usize, decode: fn([u8; N]) -> T) -> Vec<T> {
        let (taken, rest) = self.0.split_at(count * N);
        self.0 = rest;
        taken
            .as_chunks::<N>()
            .0
            .iter()
            .map(|bytes| decode(*bytes))
            .collect()
    }
}

impl Model {
    /// Reads a model file and recomputes every root in it. It will run on the kernel that
    /// [`Kernel::from_environment`] chooses.
    ///
    /// # Errors
    /// A [`ModelError`] that names what is wrong with the file or the choice of a kernel.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let kernel = Kernel::from_environment()?;
        let (header, sections) = file::read_file(path)?;
        Ok(Self::from_sections(header, &sections).with_kernel(kernel))
    }

    /// [`Self::load`] of a file that is in memory.
    ///
    /// # Errors
    /// A [`ModelError`] that names what is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        file::read(bytes, bytes.len() as u64)
            .map(|(header, sections)| Self::from_sections(header, &sections))
    }

    /// The model's header.
    pub const fn header(&self) -> &ModelHeader {
        &self.header
    }

    /// The model root: its name on chain.
    pub const fn root(&self) -> [u8; 32] {
        self.root
    }

    /// The same model on other inner loops; the results are the same.
    pub const fn with_kernel(mut self, kernel: &'static Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// The inner loops it runs on.
    pub const fn kernel(&self) -> &'static Kernel {
        self.kernel
    }

    /// Builds the model from sections of the lengths that the header gives.
    pub(crate) fn from_sections(header: ModelHeader, sections: &Sections) -> Self {
        let mut scales = Cursor(&sections.scales);
        let mut weights = Cursor(&sections.weights);
        let mut embedding = Vec::new();
        let mut embedding_multipliers = Vec::new();
        let mut matrices = Vec::new();
        for tensor in weight_tensors(&header) {
            let WeightTensor {
                weight,
                rows,
                columns,
                rotated,
                ..
            } = tensor;
            let elements = weights.take(rows * columns, |[byte]| int8_from_byte(byte));
            if weight == Weight::Embedding {
                embedding = elements;
                embedding_multipliers = scales.take(rows, u32::from_le_bytes);
            } else {
                let shift = scales.take(1, u16::from_le_bytes)[0].into();
                let multipliers = scales.take(rows, u16::from_le_bytes);
                matrices.push(Matrix {
                    weights: Panels::pack(&elements, columns),
                    multipliers,
                    shift,
                    rotated,
                });
            }
        }
        let width = header.model_dimension as usize;
        let mut matrices = matrices.into_iter();
        // The layout yields seven matrices per layer and then the output.
        let mut matrix = || matrices.next().expect("the layout names every matrix");
        let layers = (0..header.layers)
            .map(|_| Layer {
                query: matrix(),
                key: matrix(),
                value: matrix(),
                attention_output: matrix(),
                gate: matrix(),
                up: matrix(),
                down: matrix(),
                attention_norm: scales.take(width, i32::from_le_bytes),
                feed_forward_norm: scales.take(width, i32::from_le_bytes),
            })
            .collect();
        let rotary = Cursor(&sections.tables).take(sections.tables.len() / 2, i16::from_le_bytes);
        Self {
            output: matrix(),
            final_norm: scales.take(width, i32::from_le_bytes),
            root: header.root::<Blake2b256>(),
            header,
            kernel: Kernel::best(),
            embedding,
            embedding_multipliers,
            layers,
            rotary,
        }
    }
}
