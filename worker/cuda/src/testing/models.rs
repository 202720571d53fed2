//! Models with any bytes in their sections, as files and as sections.

use crate::{
    decoder::{Decoder, Limits},
    device::Device,
    model::DeviceModel,
    operations::Tuning,
};
use aipg_exact::{
    header::{input, model, output, ModelHeader},
    layout::FILE_MAGIC,
    testing::{shapes, small_header, Model},
    trace::Sections,
    Blake2b256,
};
use std::sync::Arc;

/// The file of a model.
pub fn file(model: &Model) -> Vec<u8> {
    [
        FILE_MAGIC.as_slice(),
        &model.header.root::<Blake2b256>(),
        &model.header.encode(),
        &model.scales,
        &model.tables,
        &model.weights,
    ]
    .concat()
}

/// Shapes of the semantics' own tests and more: windows, a tied output matrix, few and many heads.
pub fn models() -> Vec<Model> {
    let mut headers: Vec<ModelHeader> = shapes().into();
    headers.push(small_header());
    // Qwen-like: tied, biases, head norms; the window ends before the prompt does.
    let mut windowed = ModelHeader {
        model_dimension: 72,
        heads: 6,
        key_value_heads: 2,
        head_dimension: 10,
        feed_forward: 128,
        model_flags: model::TIED_EMBEDDING | model::ATTENTION_BIAS | model::HEAD_NORM,
        window: 5,
        ..small_header()
    };
    windowed.window_layers[0] = 2;
    windowed.input_flags[0] = input::DOWN | input::WIDE;
    headers.push(windowed);
    let mut gelu = ModelHeader {
        model_dimension: 64,
        heads: 1,
        key_value_heads: 1,
        head_dimension: 128,
        feed_forward: 64,
        vocabulary: 331,
        model_flags: model::GELU | model::UNGATED | model::LAYER_NORM,
        output_flags: output::HADAMARD | output::WIDE,
        ..small_header()
    };
    gelu.input_flags[..2].fill(input::HADAMARD | input::WIDE);
    headers.push(gelu);
    (1..)
        .zip(headers)
        .map(|(seed, header)| Model::random::<Blake2b256>(header, seed))
        .collect()
}

/// The model on a device.
///
/// # Panics
/// If the device fails.
pub fn decoder(device: &Arc<dyn Device>, model: &Model, limits: Limits, tuning: Tuning) -> Decoder {
    let sections = Sections {
        scales: &model.scales,
        tables: &model.tables,
        weights: &model.weights,
    };
    let uploaded = DeviceModel::upload(&**device, &model.header, sections).unwrap();
    Decoder::new(device.clone(), uploaded, limits, tuning).unwrap()
}
