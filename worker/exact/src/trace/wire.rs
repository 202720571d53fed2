//! How statements about a trace travel: tensors, leaves, sums, claims and openings as bytes.
//!
//! The layout is that of SCALE: an enum is the number of its variant (u8) and its fields in order,
//! numbers are little-endian, columns, heads, layers and blocks are u32, and a list has its length
//! (at most 16,383) in front as a compact number. `docs/spec/useful-work.md`, section 8, lists the
//! numbers of the variants.

use super::{
    claim::Claim,
    descent::Node,
    evidence::{Evidence, TensorProof},
    flaw::Flaw,
    openings::Opening,
    reader::Leaf,
    sum::Sum,
    tensor::{Part, Tensor},
};
use crate::layout::{Norm, Weight};
use alloc::vec::Vec;

/// What can be sent.
pub trait Wire: Sized {
    /// Appends the bytes of the value.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes a value from the front of `input`. `None` if the bytes are none.
    fn read(input: &mut &[u8]) -> Option<Self>;

    /// The bytes of the value.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// The value of these bytes, all of them.
    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let value = Self::read(&mut bytes)?;
        bytes.is_empty().then_some(value)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn read(input: &mut &[u8]) -> Option<Self> {
                let (number, rest) = input.split_first_chunk()?;
                *input = rest;
                Some(Self::from_le_bytes(*number))
            }
        }
    )*};
}

numbers!(u8, u32, u64, i64);

/// Columns, layers, heads: none is beyond a u32.
impl Wire for usize {
    fn write(&self, out: &mut Vec<u8>) {
        u32::try_from(*self).unwrap_or(u32::MAX).write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        usize::try_from(u32::read(input)?).ok()
    }
}

impl Wire for [u8; 32] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let (hash, rest) = input.split_first_chunk()?;
        *input = rest;
        Some(*hash)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let length = self.len();
        match u8::try_from(length) {
            Ok(short) if short < 64 => out.push(short << 2),
            _ => {
                let compact = u16::try_from(length).unwrap_or(u16::MAX);
                out.extend((compact << 2 | 1).to_le_bytes());
            }
        }
        self.iter().for_each(|element| element.write(out));
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let first = u8::read(input)?;
        let length = match first & 3 {
            0 => u16::from(first >> 2),
            1 => u16::from_le_bytes([first, u8::read(input)?]) >> 2,
            _ => return None,
        };
        // Nothing is reserved for a length that the bytes may not have.
        (0..length).map(|_| T::read(input)).collect()
    }
}

macro_rules! variants {
    ($type:ident { $($tag:literal => $variant:ident $({$($field:ident),*})? $(($($place:ident),*))?,)* }) => {
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({$($field),*})? $(($($place),*))? => {
                        out.push($tag);
                        $($($field.write(out);)*)?
                        $($($place.write(out);)*)?
                    })*
                }
            }

            fn read(input: &mut &[u8]) -> Option<Self> {
                Some(match u8::read(input)? {
                    $($tag => {
                        $($(let $field = Wire::read(input)?;)*)?
                        $($(let $place = Wire::read(input)?;)*)?
                        Self::$variant $({$($field),*})? $(($($place),*))?
                    })*
                    _ => return None,
                })
            }
        }
    };
}

macro_rules! record {
    ($type:ident { $($field:ident),* }) => {
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)*
            }

            fn read(input: &mut &[u8]) -> Option<Self> {
                $(let $field = Wire::read(input)?;)*
                Some(Self { $($field),* })
            }
        }
    };
}

variants!(Weight {
    0 => Embedding,
    1 => Query,
    2 => Key,
    3 => Value,
    4 => AttentionOutput,
    5 => Gate,
    6 => Up,
    7 => Down,
    8 => Output,
    9 => Patch,
});

variants!(Norm {
    0 => Attention(layer),
    1 => Query(layer),
    2 => Key(layer),
    3 => FeedForward(layer),
    4 => Final,
    5 => Step(step),
});

variants!(Part {
    0 => AttentionNorm,
    1 => AttentionInput,
    2 => Queries,
    3 => Keys,
    4 => Values,
    5 => Softmax,
    6 => Attended,
    7 => AttendedPeak,
    8 => OutputInput,
    9 => Middle,
    10 => FeedForwardNorm,
    11 => FeedForwardInput,
    12 => GatedPeak,
    13 => DownInput,
    14 => Output,
});

variants!(Tensor {
    0 => Embedded,
    1 => Layer(layer, part),
    2 => FinalNorm,
    3 => FinalInput,
    4 => Chosen,
    5 => Latent(step),
    6 => PatchPeak(step),
    7 => PatchInput(step),
    8 => StepRows(step),
    9 => StepNorm(step),
    10 => StepInput(step),
});

variants!(Leaf {
    0 => Scales(index),
    1 => Tables(index),
    2 => Weights(index),
    3 => Prompt(index),
    4 => Output(index),
    5 => Trace(tensor, index),
});

variants!(Sum {
    0 => Norm { norm, row },
    1 => Squares { norm, row },
    2 => Product { weight, layer, row, channel },
    3 => Softmax { layer, row, head },
    4 => Attended { layer, row, column },
    5 => Ranked { token },
    6 => Total { token },
    7 => Kept { token },
});

variants!(Claim {
    0 => Embedded { row, chunk },
    1 => NormSum { norm, row },
    2 => NormSquares { norm, row },
    3 => NormLargest { norm, row, chunk },
    4 => NormPeak { norm, row, chunk },
    5 => NormInput { norm, row, chunk },
    6 => Head { part, layer, row, head },
    7 => SoftmaxLargest { layer, row, head, key },
    8 => SoftmaxTotal { layer, row, head },
    9 => Attended { layer, row, column },
    10 => AttendedPeak { layer, row, chunk },
    11 => AttendedInput { layer, row, chunk },
    12 => GatedPeak { layer, row, block },
    13 => GatedInput { layer, row, block },
    14 => Residual { weight, layer, row, column },
    15 => ChosenRecord { token },
    16 => ChosenLargest { token, candidate },
    17 => ChosenRanked { token },
    18 => ChosenRankedAt { token },
    19 => ChosenTotal { token },
    20 => ChosenKept { token },
    21 => ChosenNucleusAt { token },
    22 => ChosenToken { token },
    23 => ChosenBeats { token, candidate },
    24 => Terms { sum, first, count, value },
    25 => Noise { row, chunk },
    26 => Moved { step, row, column },
    27 => Pixel { row, column },
    28 => PatchPeak { step, row, chunk },
    29 => PatchInput { step, row, chunk },
    30 => PatchRow { step, row, column },
    31 => PromptRow { step, row, chunk },
});

variants!(Flaw {
    0 => UnknownToken(index),
    1 => EarlyStop(index),
    2 => EndsEarly,
    3 => UnknownInput(index),
});

record!(Node {
    tensor,
    level,
    index,
    hash
});
record!(Opening { leaf, bytes, path });
record!(TensorProof { tensor, root, path });
record!(Evidence { tensors, leaves });

/// Bytes of a claim at most: a part of a product.
pub const CLAIM_BYTES: usize = 43;

/// Bytes of the address of a leaf at most.
pub const LEAF_BYTES: usize = 15;

/// Bytes of a node at most.
pub const NODE_BYTES: usize = 50;
