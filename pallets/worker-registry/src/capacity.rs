//! Capacity in classes, by which a draw weighs machines.
//!
//! A machine counts as much as the power that was measured of it, rounded down to three significant bits:
//! 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, … So it loses less than a fifth by rounding, and machines of a
//! class count the same: one of them can be drawn in constant time. One that was not measured counts as 1.

use crate::{Classes, Config, Pallet, WorkerOf};
use aipg_primitives::{MeasuredCapacity, ModelId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Significant bits of a class besides the leading one.
const FRACTION_BITS: u32 = 2;

/// Classes that each power of two is divided into.
const PER_OCTAVE: u32 = 1 << FRACTION_BITS;

/// As many classes as there can be: those of all `u32`.
pub const MAX_CLASSES: u32 = (u32::BITS - FRACTION_BITS + 1) * PER_OCTAVE;

/// Where a machine stands among those that serve a model: its class, and its place there.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Place {
    pub class: u8,
    pub index: u32,
}

/// How many machines of a class serve a model.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct ClassCount {
    pub class: u8,
    pub count: u32,
}

impl ClassCount {
    /// What all of them count in a draw.
    pub fn capacity(&self) -> u64 {
        u64::from(self.count).saturating_mul(capacity_of(self.class).into())
    }
}

/// Machines of all classes.
pub fn machines_of(classes: &[ClassCount]) -> u64 {
    classes
        .iter()
        .fold(0, |sum, it| sum.saturating_add(it.count.into()))
}

/// What the machines of all classes count in a draw.
pub fn capacity_of_all(classes: &[ClassCount]) -> u64 {
    classes
        .iter()
        .fold(0, |sum, it| sum.saturating_add(it.capacity()))
}

/// The class of a power, in steps of verified work.
pub fn class_of(power: u32) -> u8 {
    let power = power.max(1);
    let class = match power.ilog2().checked_sub(FRACTION_BITS) {
        None => power,
        // The leading bit and the next two, and how far they are shifted.
        Some(shift) => (power >> shift).saturating_add(shift.saturating_mul(PER_OCTAVE)),
    };
    u8::try_from(class).unwrap_or(u8::MAX)
}

/// What a machine of the class counts: the least power of it.
pub fn capacity_of(class: u8) -> u32 {
    let class = u32::from(class);
    match class.checked_sub(PER_OCTAVE) {
        None => class,
        Some(above) => {
            let (octave, part) = (above / PER_OCTAVE, above % PER_OCTAVE);
            PER_OCTAVE
                .saturating_add(part)
                .checked_shl(octave)
                .unwrap_or(u32::MAX)
        }
    }
}

impl<T: Config> Pallet<T> {
    /// What a machine counts in a draw.
    pub(crate) fn capacity(record: &WorkerOf<T>) -> u32 {
        capacity_of(class_of(record.power))
    }
}

impl<T: Config> MeasuredCapacity for Pallet<T> {
    /// One read. A machine of a single step is of the same class as those that were not measured, and is not seen.
    fn serves_measured(model: &ModelId) -> bool {
        let unmeasured = class_of(0);
        Classes::<T>::get(model)
            .iter()
            .any(|it| it.class > unmeasured && it.count > 0)
    }
}
