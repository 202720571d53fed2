//! Rows of a tensor as bytes: what their leaves hold, one after the other.

use crate::{
    kernels::product::QuantisedRows,
    observer::{Observer, Rows},
    Blake2b256, ModelHeader,
};
use aipg_exact::{
    quantise::PLANE_BITS,
    trace::{
        tensor::{Elements, Part},
        Record, Tensor,
    },
    tree::{padded_leaf, Domain},
};
use rayon::prelude::*;
use std::ops::Range;

/// Bytes of a row.
pub(super) const fn row_bytes(elements: Elements) -> usize {
    let last = elements.leaves() - 1;
    leaf_bytes(elements, last).end
}

/// Where in a row a leaf lies.
pub(super) const fn leaf_bytes(elements: Elements, leaf: usize) -> Range<usize> {
    // All leaves but the last are as long as the first.
    let first = leaf * elements.leaf_bytes(0);
    first..first + elements.leaf_bytes(leaf)
}

/// Rows as bytes.
pub(super) fn encode(rows: &Rows<'_>, elements: Elements) -> Vec<u8> {
    match rows {
        Rows::Stream(stream) => {
            let mut bytes = Vec::with_capacity(4 * stream.len());
            stream.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
            bytes
        }
        Rows::Quantised(rows) => quantised(rows),
        Rows::Heads(heads) => {
            let count = heads.scales.len();
            let mut bytes = Vec::with_capacity(count * elements.leaf_bytes(0));
            for (head, scale) in heads.scales.iter().enumerate() {
                let elements = heads.activations.elements(head);
                bytes.extend(elements.iter().map(|&element| element as u8));
                bytes.extend(scale.mantissa.to_le_bytes());
                bytes.extend(scale.exponent.to_le_bytes());
            }
            bytes
        }
        Rows::Norms(records) => all(records),
        Rows::Peaks(records) => all(records),
        Rows::Softmax(records) => all(records),
    }
}

fn quantised(rows: &QuantisedRows) -> Vec<u8> {
    let (high, low) = (&rows.activations, rows.low.as_ref());
    let width = if low.is_some() { 2 } else { 1 };
    let mut bytes = Vec::with_capacity(width * high.rows() * high.columns());
    for row in 0..high.rows() {
        let elements = high.elements(row).iter();
        match low {
            None => bytes.extend(elements.map(|&q| q as u8)),
            Some(low) => {
                for (&high, &low) in elements.zip(low.elements(row)) {
                    let q = (i16::from(high) << PLANE_BITS) + i16::from(low);
                    bytes.extend(q.to_le_bytes());
                }
            }
        }
    }
    bytes
}

/// Records as bytes.
pub(super) fn all<R: Record>(records: &[R]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len() * R::LENGTH);
    records
        .iter()
        .for_each(|record| bytes.extend(record.encode()));
    bytes
}

/// Hashes of the leaves of whole rows.
pub(super) fn hash(domain: Domain, elements: Elements, rows: &[u8]) -> Vec<[u8; 32]> {
    let leaves = elements.leaves();
    let rows: Vec<&[u8]> = rows.chunks_exact(row_bytes(elements)).collect();
    let mut hashes = vec![[0; 32]; rows.len() * leaves];
    hashes
        .par_chunks_exact_mut(leaves)
        .zip(rows)
        .for_each(|(hashes, row)| {
            for (leaf, hash) in hashes.iter_mut().enumerate() {
                *hash = padded_leaf::<Blake2b256>(domain, &row[leaf_bytes(elements, leaf)]);
            }
        });
    hashes
}

/// Keeps the bytes of some tensors of a layer.
#[derive(Debug)]
pub(super) struct Captured<'a> {
    header: &'a ModelHeader,
    parts: Vec<(Part, Vec<u8>)>,
}

impl<'a> Captured<'a> {
    /// For `rows` rows of these tensors.
    pub fn new(header: &'a ModelHeader, layer: usize, parts: &[Part], rows: usize) -> Self {
        let room = |&part: &Part| {
            let elements = Tensor::Layer(layer, part).elements(header);
            (part, Vec::with_capacity(rows * row_bytes(elements)))
        };
        Self {
            header,
            parts: parts.iter().map(room).collect(),
        }
    }

    /// The bytes of each.
    pub fn into_parts(self) -> Vec<(Part, Vec<u8>)> {
        self.parts
    }
}

impl Observer for Captured<'_> {
    const TENSORS: bool = true;

    fn rows(&mut self, tensor: Tensor, rows: Rows<'_>) {
        let Tensor::Layer(_, part) = tensor else {
            return;
        };
        if let Some((_, bytes)) = self.parts.iter_mut().find(|(wanted, _)| *wanted == part) {
            bytes.extend(encode(&rows, tensor.elements(self.header)));
        }
    }
}
