//! Records: what an op commits besides elements.

use crate::{
    normalise::{square_exponent, sum_of_squares},
    quantise::{magnitude, peak},
};

/// A largest value and where it is: the lowest index that has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeakRecord {
    /// Largest |u| of a row before it is quantised.
    pub peak: u64,
    /// Its index.
    pub witness: u32,
}

/// Statistics of a norm's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NormRecord {
    /// Σx, from which a LayerNorm's mean follows; 0 in an RMSNorm.
    pub sum: i64,
    /// Largest |x|, after the mean is subtracted.
    pub largest: u32,
    /// Its index, the lowest.
    pub witness: u32,
    /// Σ (x >> e0)².
    pub squares: u64,
    /// Largest |u| before the row is quantised.
    pub peak: PeakRecord,
}

/// Statistics of one query head's softmax at one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoftmaxRecord {
    /// Largest score, Q16.
    pub largest: i32,
    /// Position of the key that has it, the lowest.
    pub witness: u32,
    /// Z.
    pub total: u64,
}

/// How one output token was chosen. All but `value` is 0 if it is the greedy choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Logit of the token (greedy), or its scaled logit with noise.
    pub value: i64,
    /// Largest scaled logit.
    pub largest: i64,
    /// Its candidate, the lowest.
    pub witness: u32,
    /// The last place that top-k keeps; 2⁶⁴ − 1 if it keeps all.
    pub ranked: u64,
    /// Σ P over all candidates; 0 without top-p.
    pub total: u64,
    /// Σ P up to the last candidate that top-p keeps; 0 without top-p.
    pub kept: u64,
    /// The last place that top-p keeps; 2⁶⁴ − 1 if it keeps all.
    pub nucleus: u64,
}

impl PeakRecord {
    /// Of a row before it is quantised.
    pub fn of(u: &[i64]) -> Self {
        let largest = peak(u);
        let witness = u.iter().position(|&u| magnitude(u) == largest);
        Self {
            peak: largest,
            witness: witness.unwrap_or(0) as u32,
        }
    }
}

impl NormRecord {
    /// Of a row from which the mean is subtracted if it has one, and its Σx before, 0 in an RMSNorm. The
    /// largest |u| is left at 0, as it follows from the rest.
    pub fn of(sum: i64, x: &[i32]) -> Self {
        let largest = x.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0);
        let witness = x.iter().position(|x| x.unsigned_abs() == largest);
        Self {
            sum,
            largest,
            witness: witness.unwrap_or(0) as u32,
            squares: sum_of_squares(x, square_exponent(largest)),
            peak: PeakRecord::default(),
        }
    }
}

/// A record with one encoding of a fixed length.
pub trait Record: Sized {
    /// Bytes of the encoding.
    const LENGTH: usize;
    /// Its numbers, little-endian.
    fn encode(&self) -> alloc::vec::Vec<u8>;
    /// `None` for another length.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

macro_rules! record {
    ($name:ident, $length:literal, $($($field:ident).+: $kind:ty),+) => {
        impl Record for $name {
            const LENGTH: usize = $length;

            fn encode(&self) -> alloc::vec::Vec<u8> {
                let mut bytes = alloc::vec::Vec::with_capacity($length);
                $(bytes.extend(self.$($field).+.to_le_bytes());)+
                bytes
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                let mut record = Self::default();
                let rest = bytes;
                $(
                    let (field, rest) = rest.split_first_chunk()?;
                    record.$($field).+ = <$kind>::from_le_bytes(*field);
                )+
                rest.is_empty().then_some(record)
            }
        }
    };
}

record!(PeakRecord, 12, peak: u64, witness: u32);
record!(
    NormRecord, 36,
    sum: i64, largest: u32, witness: u32, squares: u64, peak.peak: u64, peak.witness: u32
);
record!(SoftmaxRecord, 16, largest: i32, witness: u32, total: u64);
record!(
    Chosen, 52,
    value: i64, largest: i64, witness: u32, ranked: u64, total: u64, kept: u64, nucleus: u64
);
