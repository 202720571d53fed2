//! Positions, scores and heads.

use crate::{
    operations::{not_minus_128, same_length, Number, Row32},
    record::record,
};
use aipg_exact::{attention, header::MAX_HEAD_DIMENSION, quantise::Scale, rope};
use alloc::{string::String, vec, vec::Vec};

record! {
    /// A head and the table's row for its position.
    pub struct Rotary {
        /// The head.
        pub head: Vec<i32>,
        /// One for each pair.
        pub cosines: Vec<i16>,
        /// One for each pair.
        pub sines: Vec<i16>,
    }

    /// A query and a key.
    pub struct Score {
        /// Elements of the query.
        pub query: Vec<i8>,
        /// Of the query's scale.
        pub query_mantissa: u16,
        /// Of the query's scale.
        pub query_exponent: i32,
        /// Elements of the key.
        pub key: Vec<i8>,
        /// Of the key's scale.
        pub key_mantissa: u16,
        /// Of the key's scale.
        pub key_exponent: i32,
        /// C of the header.
        pub score_scale: u32,
    }

    /// The scale of a value row.
    pub struct ValueScale {
        /// Of the scale.
        pub mantissa: u16,
        /// Of the scale.
        pub exponent: i32,
        /// f_v.
        pub value_format: u8,
    }

    /// The scores of a head and the values that they weigh.
    pub struct Attend {
        /// One for each position.
        pub scores: Vec<i32>,
        /// `[positions, columns]`, row by row.
        pub values: Vec<i8>,
        /// Of the head.
        pub columns: usize,
        /// One for each position.
        pub value_scales: Vec<u16>,
        /// f_v.
        pub value_format: u8,
    }
}

pub(crate) fn rotary(mut inputs: Rotary) -> Result<Row32, String> {
    same_length("cosines", inputs.head.len(), 2 * inputs.cosines.len())?;
    same_length("sines", inputs.head.len(), 2 * inputs.sines.len())?;
    rope::rotate(&mut inputs.head, &inputs.cosines, &inputs.sines);
    Ok(Row32 { x: inputs.head })
}

pub(crate) fn score(inputs: Score) -> Result<Number, String> {
    same_length("query and key", inputs.query.len(), inputs.key.len())?;
    not_minus_128(&inputs.query)?;
    not_minus_128(&inputs.key)?;
    let scale = |mantissa, exponent| Scale { mantissa, exponent };
    let value = attention::score(
        &inputs.query,
        scale(inputs.query_mantissa, inputs.query_exponent),
        &inputs.key,
        scale(inputs.key_mantissa, inputs.key_exponent),
        inputs.score_scale,
    );
    Ok(Number {
        value: value.into(),
    })
}

pub(crate) fn value_scale(inputs: ValueScale) -> Result<Number, String> {
    let scale = Scale {
        mantissa: inputs.mantissa,
        exponent: inputs.exponent,
    };
    let value = attention::value_scale(scale, inputs.value_format);
    Ok(Number {
        value: value.into(),
    })
}

pub(crate) fn attend(inputs: Attend) -> Result<Row32, String> {
    let (positions, columns) = (inputs.scores.len(), inputs.columns);
    // Without positions nothing else bounds the output.
    if columns > MAX_HEAD_DIMENSION as usize {
        return Err("a head has no more than 256 columns".into());
    }
    same_length("values", inputs.values.len(), positions * columns)?;
    same_length("value scales", inputs.value_scales.len(), positions)?;
    not_minus_128(&inputs.values)?;
    let mut x = vec![0; columns];
    attention::attend(
        &inputs.scores,
        inputs.values.chunks_exact(columns.max(1)),
        inputs.value_scales.iter().copied(),
        inputs.value_format,
        &mut vec![0; positions],
        &mut x,
    );
    Ok(Row32 { x })
}
