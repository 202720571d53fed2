//! A model in memory.

use crate::{
    file::{self, ModelError, Sections, Verification},
    kernels::{panels::Panels, product::Factor, Kernel},
    Blake2b256,
};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::{weight_tensors, InputMode, Weight, WeightTensor},
    quantise::int8_from_byte,
};
use std::path::Path;

/// A verified model, ready to run.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) header: ModelHeader,
    pub(crate) kernel: &'static Kernel,
    root: [u8; 32],
    /// `[vocabulary, d]`; empty if the output matrix is the embedding.
    embedding: Vec<i8>,
    /// One per embedding row.
    pub(crate) embedding_multipliers: Vec<u32>,
    /// From the values of a patch to the residual stream; `None` in a decoder.
    pub(crate) patch: Option<Matrix>,
    pub(crate) layers: Vec<Layer>,
    /// One for each step of a picture, one in a decoder.
    pub(crate) final_norms: Vec<Norm>,
    pub(crate) output: Matrix,
    /// `[max_context, 2, head_dimension / 2]`: cosines, then sines.
    pub(crate) rotary: Vec<i16>,
    /// κ and δ of each step of a picture; none in a decoder.
    pub(crate) moves: Vec<[i32; 2]>,
}

/// The tensors of one layer.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// One for each step of a picture, one in a decoder.
    pub norms: Vec<LayerNorms>,
    pub query: Matrix,
    pub key: Matrix,
    pub value: Matrix,
    pub attention_output: Matrix,
    /// `None` in a feed-forward layer without a gate.
    pub gate: Option<Matrix>,
    pub up: Matrix,
    pub down: Matrix,
}

/// The norms of a layer.
#[derive(Clone, Debug)]
pub(crate) struct LayerNorms {
    pub attention: Norm,
    /// Gains of the norms of query and key heads, `[head_dimension]`; empty if there are none.
    pub query: Vec<i32>,
    pub key: Vec<i32>,
    pub feed_forward: Norm,
}

/// Gains of an RMSNorm, `[d]`, or gains and biases of a LayerNorm.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    pub gains: Vec<i32>,
    /// `None` in an RMSNorm.
    pub biases: Option<Vec<i32>>,
}

/// An int8 weight matrix with a multiplier per output channel.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    weights: Panels,
    multipliers: Vec<u16>,
    /// One per channel, in the format of the output; empty if there are none.
    biases: Vec<i32>,
    shift: i32,
    /// What its input goes through.
    pub input: InputMode,
}

impl Matrix {
    /// Output channels.
    pub const fn channels(&self) -> usize {
        self.weights.rows()
    }

    /// As a factor of products whose input has the format `from` and whose output has the format `to`.
    pub fn factor(&self, from: i32, to: i32) -> Factor<'_> {
        Factor {
            weights: &self.weights,
            multipliers: &self.multipliers,
            biases: &self.biases,
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
        Self::load_verifying(path, Verification::Everything)
    }

    /// [`Self::load`] that verifies no more than is asked for.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn load_verifying(path: &Path, verification: Verification) -> Result<Self, ModelError> {
        let kernel = Kernel::from_environment()?;
        let (header, sections) = file::read_file(path, verification)?;
        Ok(Self::from_sections(header, &sections).with_kernel(kernel))
    }

    /// [`Self::load`] of a file that is in memory.
    ///
    /// # Errors
    /// A [`ModelError`] that names what is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        file::read(bytes, bytes.len() as u64, Verification::Everything)
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

    /// The row of a token in the embedding, `[d]`.
    pub(crate) fn embedding_row(&self, token: usize, row: &mut [i8]) {
        if self.header.has(model::TIED_EMBEDDING) {
            self.output.weights.copy_row(token, row);
        } else {
            let width = row.len();
            row.copy_from_slice(&self.embedding[token * width..(token + 1) * width]);
        }
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
                ..
            } = tensor;
            let take =
                |weights: &mut Cursor| weights.take(rows * columns, |[byte]| int8_from_byte(byte));
            if weight == Weight::Embedding {
                embedding = take(&mut weights);
                embedding_multipliers = scales.take(rows, u32::from_le_bytes);
                continue;
            }
            let elements = if tensor.tied {
                std::mem::take(&mut embedding)
            } else {
                take(&mut weights)
            };
            let shift = scales.take(1, u16::from_le_bytes)[0].into();
            let multipliers = scales.take(rows, u16::from_le_bytes);
            let biases = if tensor.biased { rows } else { 0 };
            matrices.push(Matrix {
                weights: Panels::pack(&elements, columns),
                multipliers,
                biases: scales.take(biases, i32::from_le_bytes),
                shift,
                input: tensor.input,
            });
        }
        let mut matrices = matrices.into_iter();
        // The layout yields the patch matrix, if there is one, the matrices of each layer and the output.
        let mut matrix = || matrices.next().expect("the layout names every matrix");
        let patch = header.picture().map(|_| matrix());
        let mut layers: Vec<Layer> = (0..header.layers)
            .map(|_| Layer {
                norms: Vec::new(),
                query: matrix(),
                key: matrix(),
                value: matrix(),
                attention_output: matrix(),
                gate: (!header.has(model::UNGATED)).then(&mut matrix),
                up: matrix(),
                down: matrix(),
            })
            .collect();
        let final_norms = read_norms(&header, &mut scales, &mut layers);
        let mut tables = Cursor(&sections.tables);
        let angles = header.max_context as usize * header.head_dimension as usize;
        Self {
            output: matrix(),
            patch,
            final_norms,
            rotary: tables.take(angles, i16::from_le_bytes),
            moves: read_moves(&header, &mut tables),
            root: header.root::<Blake2b256>(),
            header,
            kernel: Kernel::best(),
            embedding,
            embedding_multipliers,
            layers,
        }
    }
}

/// Gives the layers their norms, which end the scale section, and returns the final norms.
fn read_norms(header: &ModelHeader, scales: &mut Cursor<'_>, layers: &mut [Layer]) -> Vec<Norm> {
    let width = header.model_dimension as usize;
    let head = if header.has(model::HEAD_NORM) {
        header.head_dimension as usize
    } else {
        0
    };
    let layer_norm = header.has(model::LAYER_NORM);
    let norm = |scales: &mut Cursor<'_>| Norm {
        gains: scales.take(width, i32::from_le_bytes),
        biases: layer_norm.then(|| scales.take(width, i32::from_le_bytes)),
    };
    (0..header.norm_lists())
        .map(|_| {
            for layer in &mut *layers {
                layer.norms.push(LayerNorms {
                    attention: norm(scales),
                    query: scales.take(head, i32::from_le_bytes),
                    key: scales.take(head, i32::from_le_bytes),
                    feed_forward: norm(scales),
                });
            }
            norm(scales)
        })
        .collect()
}

/// κ and δ of each step of a picture, which follow the rotary table.
fn read_moves(header: &ModelHeader, tables: &mut Cursor<'_>) -> Vec<[i32; 2]> {
    let steps = header.picture().map_or(0, |picture| picture.steps);
    let moves = tables.take(2 * steps as usize, i32::from_le_bytes);
    moves.as_chunks().0.to_vec()
}
