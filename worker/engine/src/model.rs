//! A model in memory.

use crate::{
    file::{self, ModelError, Sections},
    Blake2b256,
};
use aipg_exact::{
    gemm::dot,
    header::ModelHeader,
    layout::{weight_tensors, Weight, WeightTensor},
    quantise::{int8_from_byte, requantise, Scale},
};
use std::path::Path;

/// A verified model, ready to run.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) header: ModelHeader,
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

/// An int8 weight matrix `[rows, columns]` with a multiplier per row.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    elements: Vec<i8>,
    multipliers: Vec<u16>,
    shift: i32,
    /// Whether its input is rotated by Hadamard-64.
    pub rotated: bool,
}

/// Quantised rows, the input of a matrix product.
#[derive(Debug, Default)]
pub(crate) struct QuantisedRows {
    /// `[rows, columns]`
    pub elements: Vec<i8>,
    /// One per row.
    pub scales: Vec<Scale>,
}

impl Matrix {
    /// Products of all rows of `input` (format `from`) with this matrix, requantised to format `to`:
    /// `[input rows, self.rows]`.
    pub fn apply(&self, input: &QuantisedRows, from: i32, to: i32) -> Vec<i32> {
        let shift = self.shift + from - to;
        let mut output = vec![0; input.scales.len() * self.rows];
        let channels = self
            .elements
            .chunks_exact(self.columns)
            .zip(&self.multipliers);
        // Channels outside, rows inside: a weight row is read from memory once.
        for (channel, (weights, &multiplier)) in channels.enumerate() {
            let rows = input.elements.chunks_exact(self.columns).zip(&input.scales);
            let slots = output.iter_mut().skip(channel).step_by(self.rows);
            for (slot, (row, &scale)) in slots.zip(rows) {
                *slot = requantise(dot(row, weights), scale, multiplier, shift);
            }
        }
        output
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
    /// Reads a model file and recomputes every root in it.
    ///
    /// # Errors
    /// A [`ModelError`] that names what is wrong with the file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        file::read_file(path).map(|(header, sections)| Self::from_sections(header, &sections))
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
                    rows,
                    columns,
                    elements,
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
            embedding,
            embedding_multipliers,
            layers,
            rotary,
        }
    }
}
