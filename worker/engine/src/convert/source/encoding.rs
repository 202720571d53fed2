//! How the elements of a tensor are stored.

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
    /// Anything that the converter does not read.
    NotFloat,
}

impl Encoding {
    /// Elements in a block, and bytes of one.
    pub const fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            // Never read.
            Self::NotFloat => (1, 1),
        }
    }

    /// Appends the elements of whole blocks. Every float of 16 bits is one of 32.
    pub fn decode(self, bytes: &[u8], out: &mut Vec<f32>) {
        match self {
            Self::F32 => extend(out, bytes, f32::from_le_bytes),
            Self::F16 => extend(out, bytes, |word| f16::from_le_bytes(word).to_f32()),
            Self::Bf16 => extend(out, bytes, |word| bf16::from_le_bytes(word).to_f32()),
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
}
