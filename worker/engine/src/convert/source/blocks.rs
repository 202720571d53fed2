//! The quantised blocks of GGUF files, back to floats.
//!
//! A block has one or two scales of 16 bits, which in the larger ones are multiplied by small integers for
//! every 16 or 32 elements, and elements of 2 to 8 bits. Products are rounded to float32 in the order in which
//! the format is defined: scale · integer first, then · element, then less the minimum.

use half::f16;

/// Elements of a small block.
pub(super) const SMALL: usize = 32;

/// Elements of a large one.
pub(super) const LARGE: usize = 256;

fn half(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// Both halves of bytes of two elements: the low ones first, then the high ones.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let low = bytes.iter().map(|byte| byte & 15);
    low.chain(bytes.iter().map(|byte| byte >> 4))
}

/// Elements of 5 bits, of which the fifth are a bitmap.
fn five_bits<'a>(high: &[u8], low: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
    let high = u32::from_le_bytes([high[0], high[1], high[2], high[3]]);
    nibbles(low)
        .zip(0..)
        .map(move |(low, index)| low | ((high >> index) as u8 & 1) << 4)
}

/// 4 bits, less 8; 18 bytes.
pub(super) fn q4_0(block: &[u8], out: &mut Vec<f32>) {
    let scale = half(block, 0);
    out.extend(nibbles(&block[2..18]).map(|q| f32::from(i16::from(q) - 8) * scale));
}

/// 4 bits and a minimum; 20 bytes.
pub(super) fn q4_1(block: &[u8], out: &mut Vec<f32>) {
    let (scale, minimum) = (half(block, 0), half(block, 2));
    out.extend(nibbles(&block[4..20]).map(|q| f32::from(q) * scale + minimum));
}

/// 5 bits, less 16; 22 bytes.
pub(super) fn q5_0(block: &[u8], out: &mut Vec<f32>) {
    let scale = half(block, 0);
    let elements = five_bits(&block[2..6], &block[6..22]);
    out.extend(elements.map(|q| f32::from(i16::from(q) - 16) * scale));
}

/// 5 bits and a minimum; 24 bytes.
pub(super) fn q5_1(block: &[u8], out: &mut Vec<f32>) {
    let (scale, minimum) = (half(block, 0), half(block, 2));
    let elements = five_bits(&block[4..8], &block[8..24]);
    out.extend(elements.map(|q| f32::from(q) * scale + minimum));
}

/// 8 bits; 34 bytes.
pub(super) fn q8_0(block: &[u8], out: &mut Vec<f32>) {
    let scale = half(block, 0);
    out.extend(block[2..34].iter().map(|&q| f32::from(q as i8) * scale));
}

/// Where element `index` of a large block of 2-bit parts is: byte, shift, and number of its 16 elements.
const fn quarter(index: usize) -> (usize, usize, usize) {
    let (half, part, place) = (index / 128, index % 128 / 32, index % 32);
    (32 * half + place, 2 * part, index / 16)
}

/// 2 bits, scale and minimum of 4 bits for every 16; 84 bytes.
pub(super) fn q2_k(block: &[u8], out: &mut Vec<f32>) {
    let (scales, elements) = block.split_at(16);
    let (scale, minimum) = (half(block, 80), half(block, 82));
    out.extend((0..LARGE).map(|index| {
        let (byte, shift, group) = quarter(index);
        let q = elements[byte] >> shift & 3;
        let (step, least) = (scales[group] & 15, scales[group] >> 4);
        scale * f32::from(step) * f32::from(q) - minimum * f32::from(least)
    }));
}

/// 3 bits of which the third are a bitmap, less 4; scales of 6 bits, less 32, for every 16; 110 bytes.
pub(super) fn q3_k(block: &[u8], out: &mut Vec<f32>) {
    let (mask, elements, scales) = (&block[..32], &block[32..96], &block[96..108]);
    let scale = half(block, 108);
    let step = |group: usize| {
        let low = scales[group % 8] >> (4 * (group / 8)) & 15;
        let high = scales[8 + group % 4] >> (2 * (group / 4)) & 3;
        i16::from(low | high << 4) - 32
    };
    out.extend((0..LARGE).map(|index| {
        let (byte, shift, group) = quarter(index);
        let low = elements[byte] >> shift & 3;
        let high = mask[index % 32] >> (index / 32) & 1;
        let q = i16::from(low | high << 2) - 4;
        scale * f32::from(step(group)) * f32::from(q)
    }));
}

/// Scale and minimum of 6 bits of group `index` of eight, packed into 12 bytes.
fn six_bits(packed: &[u8], index: usize) -> (u8, u8) {
    if index < 4 {
        return (packed[index] & 63, packed[index + 4] & 63);
    }
    (
        packed[index + 4] & 15 | packed[index - 4] >> 6 << 4,
        packed[index + 4] >> 4 | packed[index] >> 6 << 4,
    )
}

/// 4 bits, scale and minimum of 6 bits for every 32; 144 bytes.
pub(super) fn q4_k(block: &[u8], out: &mut Vec<f32>) {
    large(block, &block[16..144], |_| 0, out);
}

/// 5 bits of which the fifth are a bitmap, scale and minimum of 6 bits for every 32; 176 bytes.
pub(super) fn q5_k(block: &[u8], out: &mut Vec<f32>) {
    let mask = &block[16..48];
    let fifth = |index: usize| (mask[index % 32] >> (index / 32) & 1) << 4;
    large(block, &block[48..176], fifth, out);
}

fn large(block: &[u8], elements: &[u8], fifth: impl Fn(usize) -> u8, out: &mut Vec<f32>) {
    let (scale, minimum, packed) = (half(block, 0), half(block, 2), &block[4..16]);
    out.extend((0..LARGE).map(|index| {
        let group = index / 32;
        // Two groups share their bytes.
        let byte = elements[group / 2 * 32 + index % 32];
        let q = byte >> (4 * (group % 2)) & 15 | fifth(index);
        let (step, least) = six_bits(packed, group);
        scale * f32::from(step) * f32::from(q) - minimum * f32::from(least)
    }));
}

/// 6 bits, less 32; scales of 8 bits for every 16; 210 bytes.
pub(super) fn q6_k(block: &[u8], out: &mut Vec<f32>) {
    let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let scale = half(block, 208);
    out.extend((0..LARGE).map(|index| {
        let (half, part, place) = (index / 128, index % 128 / 32, index % 32);
        // The four parts of 32 share two bytes of low halves and one of high quarters.
        let low = low[64 * half + 32 * (part % 2) + place] >> (4 * (part / 2)) & 15;
        let high = high[32 * half + place] >> (2 * part) & 3;
        let q = i16::from(low | high << 4) - 32;
        scale * f32::from(scales[index / 16] as i8) * f32::from(q)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes one block.
    fn decoded(decode: fn(&[u8], &mut Vec<f32>), block: &[u8]) -> Vec<f32> {
        let mut out = Vec::new();
        decode(block, &mut out);
        out
    }

    const ONE: [u8; 2] = 0x3c00u16.to_le_bytes();
    const TWO: [u8; 2] = 0x4000u16.to_le_bytes();

    #[test]
    fn small_blocks_should_give_their_elements() {
        // Element i is i mod 16 below 16, and 15 − i mod 16 above.
        let low: Vec<u8> = (0..16).map(|i| i | (15 - i) << 4).collect();
        let expected: Vec<f32> = (0..16).chain((0..16).rev()).map(|q| q as f32).collect();
        let shifted = |by: f32, factor: f32| -> Vec<f32> {
            expected.iter().map(|q| (q + by) * factor).collect()
        };
        let block = [&TWO[..], &low].concat();
        assert_eq!(decoded(q4_0, &block), shifted(-8.0, 2.0));
        let block = [&TWO[..], &ONE, &low].concat();
        assert_eq!(decoded(q4_1, &block), shifted(0.5, 2.0));
        // Every element of an odd number has its fifth bit.
        let high = 0xaaaa_aaaau32.to_le_bytes();
        let fifth = |mut floats: Vec<f32>, by: f32| {
            floats.iter_mut().skip(1).step_by(2).for_each(|x| *x += by);
            floats
        };
        let block = [&TWO[..], &high, &low].concat();
        assert_eq!(decoded(q5_0, &block), fifth(shifted(-16.0, 2.0), 32.0));
        let block = [&TWO[..], &ONE, &high, &low].concat();
        assert_eq!(decoded(q5_1, &block), fifth(shifted(0.5, 2.0), 32.0));
        let bytes: Vec<u8> = (0..32u8).map(|i| i.wrapping_sub(16)).collect();
        let block = [&TWO[..], &bytes].concat();
        let expected: Vec<f32> = (-16..16).map(|q| 2.0 * q as f32).collect();
        assert_eq!(decoded(q8_0, &block), expected);
    }

    /// Which elements change, and to what, when a bit of a block is set: the layout, bit by bit.
    fn set(
        decode: fn(&[u8], &mut Vec<f32>),
        block: &[u8],
        byte: usize,
        bits: u8,
    ) -> Vec<(usize, f32)> {
        let before = decoded(decode, block);
        let mut changed = block.to_vec();
        changed[byte] ^= bits;
        let after = decoded(decode, &changed).into_iter();
        let pairs = after.zip(before).enumerate();
        pairs
            .filter(|(_, (x, y))| x != y)
            .map(|(i, (x, _))| (i, x))
            .collect()
    }

    #[test]
    fn large_blocks_of_two_and_three_bits_should_give_their_elements() {
        // Scales 3 and minima 1 everywhere.
        let block = [&[0x13; 16][..], &[0; 64], &TWO, &ONE].concat();
        assert_eq!(decoded(q2_k, &block), [-1.0; 256]);
        assert_eq!(set(q2_k, &block, 16, 0b11), [(0, 2.0 * 3.0 * 3.0 - 1.0)]);
        assert_eq!(
            set(q2_k, &block, 16 + 31, 0b1000),
            [(32 + 31, 2.0 * 3.0 * 2.0 - 1.0)]
        );
        assert_eq!(
            set(q2_k, &block, 16 + 32, 0b100_0000),
            [(128 + 96, 2.0 * 3.0 - 1.0)]
        );
        let group = set(q2_k, &block, 5, 0x30);
        assert_eq!(group, (80..96).map(|i| (i, -2.0)).collect::<Vec<_>>());

        // Third bits set: 4 − 4 = 0. Scales of 33 − 32: low halves 1, high quarters 2.
        let block = [&[0xff; 32][..], &[0; 64], &[0x11; 8], &[0xaa; 4], &TWO].concat();
        assert_eq!(decoded(q3_k, &block), [0.0; 256]);
        assert_eq!(set(q3_k, &block, 0, 0b10), [(32, -8.0)]);
        assert_eq!(set(q3_k, &block, 31, 0x80), [(255, -8.0)]);
        assert_eq!(set(q3_k, &block, 32 + 33, 0b1100), [(128 + 32 + 1, 6.0)]);
        // An element of 1 everywhere shows the scales.
        let block = [&[0xff; 32][..], &[0x55; 64], &[0x11; 8], &[0xaa; 4], &TWO].concat();
        assert_eq!(decoded(q3_k, &block), [2.0; 256]);
        let scales = |byte, bits| {
            let changed = set(q3_k, &block, byte, bits);
            assert_eq!(changed.len(), 16);
            (changed[0].0 / 16, changed[0].1)
        };
        assert_eq!(scales(96, 0x02), (0, 6.0));
        assert_eq!(scales(96 + 7, 0x20), (15, 6.0));
        assert_eq!(scales(96 + 9, 0b01), (1, 2.0 * 17.0));
        assert_eq!(scales(96 + 11, 0b100_0000), (15, 2.0 * 17.0));
    }

    #[test]
    fn large_blocks_of_four_and_five_bits_should_give_their_elements() {
        // Scales 1 and minima 0 in groups 0 to 3 (bytes 0 to 3), and in 4 to 7 (low halves of bytes 8 to 11).
        let packed = [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1];
        let block = [&TWO[..], &ONE, &packed, &[0x11; 128]].concat();
        assert_eq!(decoded(q4_k, &block), [2.0; 256]);
        assert_eq!(set(q4_k, &block, 16 + 33, 0x06), [(64 + 1, 14.0)]);
        assert_eq!(set(q4_k, &block, 16 + 127, 0x80), [(255, 18.0)]);
        let groups = |byte: usize, bits: u8| {
            let changed = set(q4_k, &block, 4 + byte, bits);
            assert_eq!(changed.len(), 32);
            (changed[0].0 / 32, changed[0].1)
        };
        assert_eq!(groups(2, 0x20), (2, 2.0 * 33.0));
        assert_eq!(groups(7, 0x20), (3, 2.0 - 32.0));
        assert_eq!(groups(9, 0x08), (5, 2.0 * 9.0));
        assert_eq!(groups(9, 0x80), (5, 2.0 - 8.0));
        assert_eq!(groups(1, 0x40), (5, 2.0 * 17.0));
        assert_eq!(groups(5, 0x40), (5, 2.0 - 16.0));

        let block = [&TWO[..], &ONE, &packed, &[0; 32], &[0x11; 128]].concat();
        assert_eq!(decoded(q5_k, &block), [2.0; 256]);
        assert_eq!(set(q5_k, &block, 16 + 3, 0x20), [(5 * 32 + 3, 34.0)]);
        assert_eq!(set(q5_k, &block, 48 + 3, 0x20), [(32 + 3, 6.0)]);
    }

    #[test]
    fn large_blocks_of_six_bits_should_give_their_elements() {
        // 33 − 32 everywhere: low halves 1, high quarters 2; scales −1.
        let block = [&[0x11; 128][..], &[0xaa; 64], &[0xff; 16], &TWO].concat();
        assert_eq!(decoded(q6_k, &block), [-2.0; 256]);
        assert_eq!(set(q6_k, &block, 5, 0x02), [(5, -6.0)]);
        assert_eq!(set(q6_k, &block, 5, 0x20), [(64 + 5, -6.0)]);
        assert_eq!(set(q6_k, &block, 32 + 5, 0x20), [(96 + 5, -6.0)]);
        assert_eq!(set(q6_k, &block, 64, 0x02), [(128, -6.0)]);
        assert_eq!(
            set(q6_k, &block, 128 + 32 + 1, 0x04),
            [(128 + 32 + 1, -2.0 * 17.0)]
        );
        let changed = set(q6_k, &block, 192 + 15, 0x81);
        assert_eq!(changed.len(), 16);
        assert_eq!(changed[0], (240, 2.0 * 126.0));
    }
}
