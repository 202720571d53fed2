//! The header of a checkpoint.

use super::{
    choose, math::power_of_two, CheckpointConfiguration, ConvertError, Decoder, HadamardChoice,
};
use aipg_exact::header::{
    ModelHeader, MAX_LAYERS, SEMANTICS_VERSION, TEMPLATE_DENSE_DECODER, WINDOW_MASK_LENGTH,
};

/// V-scale format of the first calibration pass.
const FIRST_VALUE_FORMAT: u8 = 10;

impl CheckpointConfiguration {
    /// The header of a checkpoint of this shape, without roots of sections.
    pub(crate) fn header(
        &self,
        hadamard: HadamardChoice,
        tokenizer: [u8; 32],
    ) -> Result<ModelHeader, ConvertError> {
        let finite = self.epsilon.is_finite() && self.rope_base.is_finite();
        if !finite || self.rope_base <= 1.0 {
            return Err(ConvertError::Configuration(
                "rope_base or epsilon is out of range".into(),
            ));
        }
        let mut header = ModelHeader {
            semantics_version: SEMANTICS_VERSION,
            template: TEMPLATE_DENSE_DECODER,
            model_dimension: self.model_dimension,
            layers: self.layers,
            heads: self.heads,
            key_value_heads: self.key_value_heads,
            head_dimension: self.head_dimension,
            feed_forward: self.feed_forward,
            vocabulary: self.vocabulary,
            max_context: self.max_context,
            // A cast from float saturates, and the header refuses what is out of range.
            epsilon: (self.epsilon * power_of_two(32)).round() as u32,
            score_scale: score_scale(self.head_dimension),
            model_flags: self.decoder.flags(),
            output_flags: 0,
            window: self.decoder.window,
            input_flags: [0; MAX_LAYERS],
            value_formats: [0; MAX_LAYERS],
            window_layers: window_mask(&self.decoder, self.layers),
            tokenizer,
            scales: [0; 32],
            tables: [0; 32],
            weights: [0; 32],
        };
        let layers = (header.layers as usize).min(MAX_LAYERS);
        header.value_formats[..layers].fill(FIRST_VALUE_FORMAT);
        header.validate()?;
        let pairs = header.head_dimension as usize / 2;
        self.decoder.rope_scaling.check(pairs)?;
        if hadamard == HadamardChoice::WherePossible {
            choose::rotate_where_possible(&mut header);
        }
        header.validate()?;
        Ok(header)
    }
}

/// A bit for each windowed layer.
fn window_mask(decoder: &Decoder, layers: u32) -> [u8; WINDOW_MASK_LENGTH] {
    let mut mask = [0u8; WINDOW_MASK_LENGTH];
    let all: Vec<u32> = match decoder.window {
        0 => Vec::new(),
        _ => (0..layers).collect(),
    };
    let chosen = match decoder.windowed_layers.as_slice() {
        [] => &all,
        some => some,
    };
    for &layer in chosen {
        if let Some(byte) = mask.get_mut(layer as usize / 8) {
            *byte |= 1 << (layer % 8);
        }
    }
    mask
}

/// round(log₂e / (√head_dimension · 127²) · 2⁴⁰)
fn score_scale(head_dimension: u32) -> u32 {
    let divisor = f64::from(head_dimension).sqrt() * 16_129.0;
    (std::f64::consts::LOG2_E / divisor * power_of_two(40)).round() as u32
}
