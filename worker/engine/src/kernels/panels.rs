//! Operands of matrix products, in the order in which kernels read them.

use rayon::prelude::*;
use std::ops::Range;

/// Rows side by side in a panel: one AVX-512 vector of 32-bit sums, two of AVX2.
pub const LANES: usize = 16;

/// Elements of a row side by side: what one multiply-add instruction adds up.
pub const DEPTH: usize = 4;

/// Rows of int8 (output channels of a weight matrix, or cached keys), none of them −128.
///
/// Panels of [`LANES`] rows follow one another. In a panel, for each group of [`DEPTH`] columns, the
/// elements of its rows lie side by side: `[panel][column / 4][row in the panel][column mod 4]`.
/// Zeros fill the last panel and the last group.
#[derive(Clone, Debug, Default)]
pub struct Panels {
    rows: usize,
    columns: usize,
    elements: Vec<i8>,
    /// Sum of each row, for kernels that multiply by an offset activation. Padded like the panels.
    sums: Vec<i32>,
}

impl Panels {
    /// Panels without rows.
    pub const fn new(columns: usize) -> Self {
        Self {
            rows: 0,
            columns,
            elements: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// The matrix `[rows, columns]`, stored row by row in `elements`.
    pub fn pack(elements: &[i8], columns: usize) -> Self {
        let mut panels = Self::new(columns);
        panels.reserve(elements.len() / columns.max(1));
        for row in elements.chunks_exact(columns) {
            panels.push(row);
        }
        panels
    }

    /// Makes room for exactly so many rows.
    pub fn reserve(&mut self, rows: usize) {
        let panels = rows.div_ceil(LANES);
        self.elements.reserve_exact(panels * self.panel_length());
        self.sums.reserve_exact(panels * LANES);
    }

    /// Bytes that there is room for.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.elements.capacity() + 4 * self.sums.capacity()
    }

    /// Appends a row of `columns` elements.
    pub fn push(&mut self, row: &[i8]) {
        debug_assert_eq!(row.len(), self.columns);
        let lane = self.rows % LANES;
        if lane == 0 {
            let panels = self.rows / LANES + 1;
            self.elements.resize(panels * self.panel_length(), 0);
            self.sums.resize(panels * LANES, 0);
        }
        let start = self.rows / LANES * self.panel_length();
        let groups = self.elements[start..].chunks_exact_mut(LANES * DEPTH);
        for (group, elements) in groups.zip(row.chunks(DEPTH)) {
            group[lane * DEPTH..][..elements.len()].copy_from_slice(elements);
        }
        self.sums[self.rows] = row.iter().map(|&element| i32::from(element)).sum();
        self.rows += 1;
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Number of panels.
    pub const fn panels(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    /// Groups of columns.
    pub const fn steps(&self) -> usize {
        self.columns.div_ceil(DEPTH)
    }

    const fn panel_length(&self) -> usize {
        self.steps() * LANES * DEPTH
    }

    /// Copies a row, of as many elements as `target` has.
    pub fn copy_row(&self, row: usize, target: &mut [i8]) {
        let panel = &self.elements[row / LANES * self.panel_length()..];
        let groups = panel.chunks_exact(LANES * DEPTH);
        for (target, group) in target.chunks_mut(DEPTH).zip(groups) {
            let elements = &group[row % LANES * DEPTH..];
            target.copy_from_slice(&elements[..target.len()]);
        }
    }

    /// Elements and row sums of a panel.
    pub fn panel(&self, index: usize) -> (&[i8], &[i32; LANES]) {
        let length = self.panel_length();
        let sums = self.sums[index * LANES..].first_chunk();
        (
            &self.elements[index * length..][..length],
            sums.expect("every panel has its sums"),
        )
    }
}

/// Cached value rows, of which attention forms weighted sums.
///
/// Four positions stand side by side for each column: `[position / 4][column][position mod 4]`, with
/// the columns padded to a multiple of [`LANES`]. Zeros fill the last group.
#[derive(Clone, Debug)]
pub struct Values {
    rows: usize,
    columns: usize,
    elements: Vec<i8>,
}

impl Values {
    /// No rows yet.
    pub const fn new(columns: usize) -> Self {
        Self {
            rows: 0,
            columns,
            elements: Vec::new(),
        }
    }

    /// Makes room for exactly so many rows.
    pub fn reserve(&mut self, rows: usize) {
        let length = self.columns.next_multiple_of(LANES) * DEPTH;
        self.elements.reserve_exact(rows.div_ceil(DEPTH) * length);
    }

    /// Bytes that there is room for.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.elements.capacity()
    }

    /// Appends the row of the next position.
    pub fn push(&mut self, row: &[i8]) {
        debug_assert_eq!(row.len(), self.columns);
        let length = self.columns.next_multiple_of(LANES) * DEPTH;
        if self.rows.is_multiple_of(DEPTH) {
            self.elements.resize(self.elements.len() + length, 0);
        }
        let start = self.elements.len() - length + self.rows % DEPTH;
        let slots = self.elements[start..].iter_mut().step_by(DEPTH);
        for (slot, &element) in slots.zip(row) {
            *slot = element;
        }
        self.rows += 1;
    }

    /// The groups that hold these rows.
    pub fn groups(&self, rows: Range<usize>) -> &[i8] {
        let length = self.columns.next_multiple_of(LANES) * DEPTH;
        &self.elements[rows.start / DEPTH * length..rows.end.div_ceil(DEPTH) * length]
    }
}

/// Rows of quantised activations, the other operand.
///
/// Rows are padded with zeros to a multiple of [`DEPTH`]. Beside the elements lies the form of them
/// that the kernel's instruction wants as its unsigned operand, see [`Companion`].
#[derive(Clone, Debug, Default)]
pub struct Activations {
    columns: usize,
    stride: usize,
    elements: Vec<i8>,
    companion: Vec<u8>,
}

/// The unsigned form of activations that a kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion {
    /// None: the kernel multiplies the elements themselves.
    None,
    /// |x|, for `maddubs` with the sign moved to the weight.
    Magnitude,
    /// x + 128, for `vpdpbusd`; 128 times the sum of the weights comes off the result.
    Offset,
}

/// A row of [`Activations`] to be written.
#[derive(Debug)]
pub struct ActivationRow<'a> {
    columns: usize,
    elements: &'a mut [i8],
    companion: &'a mut [u8],
}

impl ActivationRow<'_> {
    /// Lets `write` fill the elements and derives their companions.
    pub fn fill<T>(self, companion: Companion, write: impl FnOnce(&mut [i8]) -> T) -> T {
        let written = write(&mut self.elements[..self.columns]);
        let pairs = self.companion.iter_mut().zip(self.elements.iter());
        match companion {
            Companion::None => {}
            Companion::Magnitude => pairs.for_each(|(slot, &x)| *slot = x.unsigned_abs()),
            Companion::Offset => pairs.for_each(|(slot, &x)| *slot = x as u8 ^ 0x80),
        }
        written
    }
}

impl Activations {
    /// Zeros `[rows, columns]`.
    pub fn new(rows: usize, columns: usize) -> Self {
        let stride = columns.next_multiple_of(DEPTH);
        Self {
            columns,
            stride,
            elements: vec![0; rows * stride],
            companion: vec![0; rows * stride],
        }
    }

    /// The matrix `[rows, columns]`, stored row by row in `elements`.
    pub fn from_elements(companion: Companion, elements: &[i8], columns: usize) -> Self {
        let mut activations = Self::new(elements.len() / columns, columns);
        let rows = elements.chunks_exact(columns);
        for (index, source) in rows.enumerate() {
            activations
                .row_mut(index)
                .fill(companion, |row| row.copy_from_slice(source));
        }
        activations
    }

    /// A row to be written.
    pub fn row_mut(&mut self, index: usize) -> ActivationRow<'_> {
        let range = index * self.stride..(index + 1) * self.stride;
        ActivationRow {
            columns: self.columns,
            elements: &mut self.elements[range.clone()],
            companion: &mut self.companion[range],
        }
    }

    /// The rows to be written, in parallel.
    pub fn par_rows_mut(&mut self) -> impl IndexedParallelIterator<Item = ActivationRow<'_>> {
        let columns = self.columns;
        self.elements
            .par_chunks_exact_mut(self.stride)
            .zip(self.companion.par_chunks_exact_mut(self.stride))
            .map(move |(elements, companion)| ActivationRow {
                columns,
                elements,
                companion,
            })
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.elements.len() / self.stride
    }

    /// Elements of a row.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Groups of columns.
    pub const fn steps(&self) -> usize {
        self.stride / DEPTH
    }

    /// The elements of a row with their padding.
    pub fn row(&self, index: usize) -> &[i8] {
        &self.elements[index * self.stride..][..self.stride]
    }

    /// The elements of a row.
    pub fn elements(&self, index: usize) -> &[i8] {
        &self.elements[index * self.stride..][..self.columns]
    }

    /// The companions of a row with their padding.
    pub fn companion(&self, index: usize) -> &[u8] {
        &self.companion[index * self.stride..][..self.stride]
    }
}
