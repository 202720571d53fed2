//! Numbers of all magnitudes.

use aipg_exact::{quantise::Scale, testing::Numbers};

/// Of any magnitude up to `bits` bits, both signs; every eighth the largest.
pub fn signed(numbers: &mut Numbers, bits: u32) -> i64 {
    let most = ((1u128 << bits) - 1) as i64;
    match numbers.below(16) {
        0 => most,
        1 => -most,
        2 => 0,
        _ => {
            let shift = 64 - 1 - bits + numbers.below(u64::from(bits)) as u32;
            (numbers.draw() as i64) >> shift
        }
    }
}

/// i32 of the semantics: −2³¹ does not occur.
pub fn int32s(numbers: &mut Numbers, count: usize, bits: u32) -> Vec<i32> {
    (0..count)
        .map(|_| (signed(numbers, bits) as i32).max(-i32::MAX))
        .collect()
}

/// int8 without −128, often the largest.
pub fn int8s(numbers: &mut Numbers, count: usize) -> Vec<i8> {
    (0..count)
        .map(|_| match numbers.below(8) {
            0 => 127,
            1 => -127,
            _ => (numbers.below(255) as i16 - 127) as i8,
        })
        .collect()
}

/// Scales as rows have them.
pub fn scale(numbers: &mut Numbers) -> Scale {
    Scale {
        mantissa: numbers.draw() as u16 | 1 << 15,
        exponent: numbers.below(30) as i32 - 12,
    }
}
