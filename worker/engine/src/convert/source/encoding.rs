//! How the elements of a tensor are stored.

use super::blocks::{self, LARGE, SMALL};
use half::{bf16, f16};

/// An encoding of floats, or what is no float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::convert) enum Encoding {
    /// 32 bits.
    F32,
    /// 1 sign, 5 exponent, 10 mantissa bits.
    F16,
    /// The upper half of an F32.
    Bf16,
    /// Quantised blocks of GGUF files.
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
    /// Anything that the converter does not read.
    NotFloat,
}

impl Encoding {
    /// That of a number in a GGUF file.
    pub const fn of_gguf(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            6 => Self::Q5_0,
            7 => Self::Q5_1,
            8 => Self::Q8_0,
            10 => Self::Q2K,
            11 => Self::Q3K,
            12 => Self::Q4K,
            13 => Self::Q5K,
            14 => Self::Q6K,
            30 => Self::Bf16,
            _ => return None,
        })
    }

    /// Elements in a block, and bytes of one.
    pub const fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (SMALL, 18),
            Self::Q4_1 => (SMALL, 20),
            Self::Q5_0 => (SMALL, 22),
            Self::Q5_1 => (SMALL, 24),
            Self::Q8_0 => (SMALL, 34),
            Self::Q2K => (LARGE, 84),
            Self::Q3K => (LARGE, 110),
            Self::Q4K => (LARGE, 144),
            Self::Q5K => (LARGE, 176),
            Self::Q6K => (LARGE, 210),
            // Never read.
            Self::NotFloat => (1, 1),
        }
    }

    /// Appends the elements of whole blocks. Every float of 16 bits is one of 32.
    pub fn decode(self, bytes: &[u8], out: &mut Vec<f32>) {
        let mut blocks = |decode: fn(&[u8], &mut Vec<f32>)| {
            let (_, size) = self.block();
            bytes
                .chunks_exact(size)
                .for_each(|block| decode(block, out));
        };
        match self {
            Self::F32 => extend(out, bytes, f32::from_le_bytes),
            Self::F16 => extend(out, bytes, |word| f16::from_le_bytes(word).to_f32()),
            Self::Bf16 => extend(out, bytes, |word| bf16::from_le_bytes(word).to_f32()),
            Self::Q4_0 => blocks(blocks::q4_0),
            Self::Q4_1 => blocks(blocks::q4_1),
            Self::Q5_0 => blocks(blocks::q5_0),
            Self::Q5_1 => blocks(blocks::q5_1),
            Self::Q8_0 => blocks(blocks::q8_0),
            Self::Q2K => blocks(blocks::q2_k),
            Self::Q3K => blocks(blocks::q3_k),
            Self::Q4K => blocks(blocks::q4_k),
            Self::Q5K => blocks(blocks::q5_k),
            Self::Q6K => blocks(blocks::q6_k),
            Self::NotFloat => {}
        }
    }
}

fn extend<const N: usize>(out: &mut Vec<f32>, bytes: &[u8], float: impl Fn([u8; N]) -> f32) {
    let words = bytes.as_chunks::<N>().0;
    out.extend(words.iter().map(|word| float(*word)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, bytes: &[u8]) -> Vec<f32> {
        let mut out = Vec::new();
        encoding.decode(bytes, &mut out);
        out
    }

    #[test]
    fn halves_should_be_exact() {
        for (bits, value) in [
            (0x3c00u16, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(
                decoded(Encoding::F16, &bits.to_le_bytes()),
                [value],
                "{bits:#x}"
            );
        }
        assert!(decoded(Encoding::F16, &0x7c01u16.to_le_bytes())[0].is_nan());
        assert_eq!(decoded(Encoding::Bf16, &[0x80, 0x3f, 0, 0xc0]), [1.0, -2.0]);
        assert_eq!(decoded(Encoding::F32, &1.5f32.to_le_bytes()), [1.5]);
    }

    #[test]
    fn blocks_should_have_the_elements_that_they_say() {
        for number in 0..64 {
            if let Some(encoding) = Encoding::of_gguf(number) {
                let (elements, size) = encoding.block();
                let decoded = decoded(encoding, &vec![0; 3 * size]);
                assert_eq!(decoded.len(), 3 * elements, "{encoding:?}");
            }
        }
    }
}
