//! A model's tensors on a device.

use crate::{
    buffer::{Buffer, Element},
    device::{Device, DeviceError},
    operations::stride,
};
use aipg_exact::{
    header::{model, ModelHeader},
    layout::{norm_place, places, InputMode, Norm as WhichNorm, Place, Weight},
    quantise::int8_from_byte,
    trace::Sections,
};

/// Bytes of weights that are made ready for the device at a time.
const UPLOAD_BYTES: usize = 16 << 20;

/// An int8 weight matrix `[rows, columns]` with a multiplier per output channel.
#[derive(Debug)]
pub struct Matrix {
    /// `[rows, stride]`, zeros beyond the columns.
    pub weights: Buffer<i8>,
    /// `[rows]`.
    pub multipliers: Buffer<u16>,
    /// `[rows]`, in the format of the output.
    pub biases: Option<Buffer<i32>>,
    /// S.
    pub shift: i32,
    /// Output channels.
    pub rows: usize,
    /// Inputs.
    pub columns: usize,
    /// What its input goes through.
    pub input: InputMode,
}

/// Gains of an RMSNorm, or gains and biases of a LayerNorm.
#[derive(Debug)]
pub struct Norm {
    /// `[width]`, Q12.
    pub gains: Buffer<i32>,
    /// `None` in an RMSNorm.
    pub biases: Option<Buffer<i32>>,
    /// The header's, in units of 2⁻³².
    pub epsilon: u32,
}

/// The rows that tokens become.
#[derive(Debug)]
pub struct Embedding<'a> {
    /// `[vocabulary, stride]`.
    pub weights: &'a Buffer<i8>,
    /// `[vocabulary]`.
    pub multipliers: &'a Buffer<u32>,
    /// d.
    pub width: usize,
}

/// The tensors of one decoder layer.
#[derive(Debug)]
pub(crate) struct Layer {
    pub attention_norm: Norm,
    pub query: Matrix,
    pub key: Matrix,
    pub value: Matrix,
    pub query_norm: Option<Buffer<i32>>,
    pub key_norm: Option<Buffer<i32>>,
    pub attention_output: Matrix,
    pub feed_forward_norm: Norm,
    pub gate: Option<Matrix>,
    pub up: Matrix,
    pub down: Matrix,
}

/// A model on a device.
#[derive(Debug)]
pub struct DeviceModel {
    pub(crate) header: ModelHeader,
    /// `None` if the output matrix is the embedding.
    embedding: Option<Buffer<i8>>,
    embedding_multipliers: Buffer<u32>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) final_norm: Norm,
    pub(crate) output: Matrix,
    /// `[max_context, 2, head_dimension / 2]`.
    pub(crate) rotary: Buffer<i16>,
}

/// Reads numbers of sections, whose lengths are those that the header gives.
struct Reader<'a> {
    device: &'a dyn Device,
    header: &'a ModelHeader,
    sections: Sections<'a>,
}

/// Numbers of a section from a byte offset on.
fn numbers<T: Element>(section: &[u8], offset: u64, count: usize) -> Vec<T> {
    section[offset as usize..][..count * T::SIZE]
        .chunks_exact(T::SIZE)
        .map(T::take)
        .collect()
}

impl Reader<'_> {
    fn scales<T: Element>(&self, offset: u64, count: usize) -> Result<Buffer<T>, DeviceError> {
        Buffer::of(self.device, &numbers(self.sections.scales, offset, count))
    }

    /// Elements of a tensor as padded rows.
    fn elements(&self, place: &Place) -> Result<Buffer<i8>, DeviceError> {
        let (rows, columns) = (place.tensor.rows, place.tensor.columns);
        let stride = stride(columns);
        let mut buffer = Buffer::zeros(self.device, rows * stride)?;
        let rows_at_once = (UPLOAD_BYTES / stride).max(1);
        for first in (0..rows).step_by(rows_at_once) {
            let count = rows_at_once.min(rows - first);
            let bytes = &self.sections.weights[place.element(first, 0) as usize..];
            let mut padded = vec![0; count * stride];
            let bytes = bytes.chunks_exact(columns);
            for (slots, row) in padded.chunks_exact_mut(stride).zip(bytes) {
                for (slot, &byte) in slots.iter_mut().zip(row) {
                    *slot = int8_from_byte(byte);
                }
            }
            buffer.write(first * stride, &padded)?;
        }
        Ok(buffer)
    }

    fn matrix(&self, place: &Place) -> Result<Matrix, DeviceError> {
        let tensor = place.tensor;
        let shift: Vec<u16> = numbers(self.sections.scales, place.shift(), 1);
        Ok(Matrix {
            weights: self.elements(place)?,
            multipliers: self.scales(place.multiplier(0), tensor.rows)?,
            biases: place
                .bias(0)
                .map(|offset| self.scales(offset, tensor.rows))
                .transpose()?,
            shift: shift[0].into(),
            rows: tensor.rows,
            columns: tensor.columns,
            input: tensor.input,
        })
    }

    fn norm(&self, which: WhichNorm) -> Result<Norm, DeviceError> {
        let width = self.header.model_dimension as usize;
        let gains = norm_place(self.header, which);
        let biases = self
            .header
            .has(model::LAYER_NORM)
            .then(|| self.scales(gains + 4 * width as u64, width));
        Ok(Norm {
            gains: self.scales(gains, width)?,
            biases: biases.transpose()?,
            epsilon: self.header.epsilon,
        })
    }

    fn head_norm(&self, which: WhichNorm) -> Result<Option<Buffer<i32>>, DeviceError> {
        let width = self.header.head_dimension as usize;
        let gains = self
            .header
            .has(model::HEAD_NORM)
            .then(|| self.scales(norm_place(self.header, which), width));
        gains.transpose()
    }

    fn layer(
        &self,
        layer: usize,
        matrix: &mut impl FnMut() -> Result<Matrix, DeviceError>,
    ) -> Result<Layer, DeviceError> {
        let gated = !self.header.has(model::UNGATED);
        Ok(Layer {
            query: matrix()?,
            key: matrix()?,
            value: matrix()?,
            attention_output: matrix()?,
            gate: gated.then(&mut *matrix).transpose()?,
            up: matrix()?,
            down: matrix()?,
            attention_norm: self.norm(WhichNorm::Attention(layer))?,
            query_norm: self.head_norm(WhichNorm::Query(layer))?,
            key_norm: self.head_norm(WhichNorm::Key(layer))?,
            feed_forward_norm: self.norm(WhichNorm::FeedForward(layer))?,
        })
    }
}

impl DeviceModel {
    /// Copies a model to a device. The sections are those of a verified file: their lengths are the
    /// header's.
    ///
    /// # Errors
    /// [`DeviceError`] if it does not fit, or makes pictures.
    pub fn upload(
        device: &dyn Device,
        header: &ModelHeader,
        sections: Sections<'_>,
    ) -> Result<Self, DeviceError> {
        if header.picture().is_some() {
            return Err(DeviceError::PictureModel);
        }
        let reader = Reader {
            device,
            header,
            sections,
        };
        let mut places = places(header);
        let mut next = || places.next().expect("the layout names every tensor");
        let first = next();
        debug_assert_eq!(first.tensor.weight, Weight::Embedding);
        let embedding = if header.has(model::TIED_EMBEDDING) {
            None
        } else {
            Some(reader.elements(&first)?)
        };
        let embedding_multipliers = reader.scales(first.multiplier(0), first.tensor.rows)?;
        let mut matrix = || reader.matrix(&next());
        let layers = (0..header.layers as usize)
            .map(|layer| reader.layer(layer, &mut matrix))
            .collect::<Result<_, _>>()?;
        let output = matrix()?;
        let table = numbers(sections.tables, 0, sections.tables.len() / i16::SIZE);
        Ok(Self {
            embedding,
            embedding_multipliers,
            layers,
            final_norm: reader.norm(WhichNorm::Final)?,
            output,
            rotary: Buffer::of(device, &table)?,
            header: header.clone(),
        })
    }

    /// The model's header.
    pub const fn header(&self) -> &ModelHeader {
        &self.header
    }

    pub(crate) fn embedding(&self) -> Embedding<'_> {
        Embedding {
            weights: self.embedding.as_ref().unwrap_or(&self.output.weights),
            multipliers: &self.embedding_multipliers,
            width: self.header.model_dimension as usize,
        }
    }
}
