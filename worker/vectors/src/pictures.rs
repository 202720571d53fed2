//! What a picture has beside the layers.

use crate::{
    operations::{same_length, Row32},
    record::record,
};
use aipg_exact::{
    picture::{byte, key, noise, step},
    Hasher256,
};
use alloc::{string::String, vec::Vec};

record! {
    /// The noise that a picture begins with.
    pub struct Noise {
        /// The job's.
        pub seed: u64,
        /// The first value's number.
        pub first: u32,
        /// How many values.
        pub count: u32,
    }

    /// Values of a latent picture and the model's output for them.
    pub struct Step {
        /// The values, Q16.
        pub x: Vec<i32>,
        /// The output, Q16, one for each.
        pub v: Vec<i32>,
        /// κ of the step, Q16.
        pub kappa: i32,
        /// δ of the step, Q16.
        pub delta: i32,
    }

    /// Bytes of a picture.
    pub struct Pixels {
        /// One for each value.
        pub bytes: Vec<u8>,
    }
}

/// Values of a picture at most, as a header allows.
const MOST_VALUES: u32 = aipg_exact::header::MAX_PICTURE_VALUES;

pub(crate) fn start<H: Hasher256>(inputs: Noise) -> Result<Row32, String> {
    let end = inputs.first.checked_add(inputs.count);
    if end.is_none_or(|end| end > MOST_VALUES) {
        return Err("no picture has so many values".into());
    }
    let key = key::<H>(inputs.seed);
    let blocks = (inputs.first / 4..).flat_map(|block| noise(key, block));
    let skipped = (inputs.first % 4) as usize;
    let x = blocks.skip(skipped).take(inputs.count as usize).collect();
    Ok(Row32 { x })
}

pub(crate) fn take_step(inputs: Step) -> Result<Row32, String> {
    same_length("x and v", inputs.x.len(), inputs.v.len())?;
    let pairs = inputs.x.iter().zip(&inputs.v);
    let moved = pairs.map(|(&x, &v)| step(x, v, inputs.kappa, inputs.delta));
    Ok(Row32 { x: moved.collect() })
}

pub(crate) fn pixels(inputs: Row32) -> Result<Pixels, String> {
    let bytes = inputs.x.into_iter().map(byte).collect();
    Ok(Pixels { bytes })
}
