//! Which headers are valid.

use super::{
    input, model, output, HeaderError, ModelHeader, HADAMARD_WIDTH, MAX_CONTEXT, MAX_EPSILON,
    MAX_HEAD_DIMENSION, MAX_INNER_DIMENSION, MAX_LAYERS, MAX_PICTURE_CONTEXT, MAX_SCORE_SCALE,
    MAX_VOCABULARY, MODEL_DIMENSION_LIMIT, PICTURE_VOCABULARY, SEMANTICS_VERSION,
    TEMPLATE_DENSE_DECODER, TEMPLATE_PICTURE, VALUE_FORMATS,
};

const fn check(holds: bool, error: HeaderError) -> Result<(), HeaderError> {
    if holds {
        Ok(())
    } else {
        Err(error)
    }
}

/// Whether an input of this width may have a Hadamard flag.
fn rotates(flag: bool, width: u32) -> bool {
    !flag || width.is_multiple_of(HADAMARD_WIDTH)
}

impl ModelHeader {
    /// Checks every field, as [`Self::decode`] does.
    ///
    /// # Errors
    /// A [`HeaderError`] that names the first field out of range.
    pub fn validate(&self) -> Result<(), HeaderError> {
        check(
            self.semantics_version == SEMANTICS_VERSION,
            HeaderError::SemanticsVersion,
        )?;
        check(
            matches!(self.template, TEMPLATE_DENSE_DECODER | TEMPLATE_PICTURE),
            HeaderError::Template,
        )?;
        self.validate_shape()?;
        self.validate_numbers()?;
        self.validate_flags()?;
        self.validate_layers()?;
        match self.picture() {
            Some(picture) => picture.validate(self.layers, self.max_context),
            None => self.validate_window(),
        }
    }

    /// H · a; 0 if it is beyond a u32.
    fn attention_width(&self) -> u32 {
        self.heads.checked_mul(self.head_dimension).unwrap_or(0)
    }

    fn validate_shape(&self) -> Result<(), HeaderError> {
        check(
            (1..MODEL_DIMENSION_LIMIT).contains(&self.model_dimension),
            HeaderError::ModelDimension,
        )?;
        let layers = usize::try_from(self.layers).map_err(|_| HeaderError::Layers)?;
        check((1..=MAX_LAYERS).contains(&layers), HeaderError::Layers)?;
        check(
            self.head_dimension != 0
                && self.head_dimension.is_multiple_of(2)
                && self.head_dimension <= MAX_HEAD_DIMENSION,
            HeaderError::HeadDimension,
        )?;
        check(
            (1..=MAX_INNER_DIMENSION).contains(&self.attention_width()),
            HeaderError::Heads,
        )?;
        check(
            self.key_value_heads != 0 && self.heads.is_multiple_of(self.key_value_heads),
            HeaderError::KeyValueHeads,
        )?;
        check(
            (1..=MAX_INNER_DIMENSION).contains(&self.feed_forward),
            HeaderError::FeedForward,
        )
    }

    fn validate_numbers(&self) -> Result<(), HeaderError> {
        let (tokens, positions) = match self.picture() {
            Some(_) => (PICTURE_VOCABULARY, MAX_PICTURE_CONTEXT),
            None => (1, MAX_CONTEXT),
        };
        check(
            (tokens..=MAX_VOCABULARY).contains(&self.vocabulary),
            HeaderError::Vocabulary,
        )?;
        check(
            (2..=positions).contains(&self.max_context),
            HeaderError::MaxContext,
        )?;
        check(
            (1..=MAX_EPSILON).contains(&self.epsilon),
            HeaderError::Epsilon,
        )?;
        check(
            (1..=MAX_SCORE_SCALE).contains(&self.score_scale),
            HeaderError::ScoreScale,
        )
    }

    fn validate_flags(&self) -> Result<(), HeaderError> {
        // The output of a picture model is no token, so it cannot be the embedding.
        let allowed = match self.picture() {
            Some(_) => model::ALL & !model::TIED_EMBEDDING,
            None => model::ALL,
        };
        check(
            self.model_flags & !allowed == 0
                && self.output_flags & !(output::HADAMARD | output::WIDE) == 0,
            HeaderError::UnknownFlag,
        )?;
        // The embedding is not rotated, so a rotated input could not be read by it.
        check(
            !self.has(model::TIED_EMBEDDING) || self.output_flags & output::HADAMARD == 0,
            HeaderError::TiedRotation,
        )?;
        check(
            rotates(
                self.output_flags & output::HADAMARD != 0,
                self.model_dimension,
            ),
            HeaderError::HadamardWidth,
        )
    }

    fn validate_layers(&self) -> Result<(), HeaderError> {
        let layers = usize::try_from(self.layers).map_err(|_| HeaderError::Layers)?;
        let entries = self.input_flags.iter().zip(&self.value_formats);
        for (flags, value_format) in entries.clone().take(layers) {
            check(
                rotates(
                    flags & (input::ATTENTION | input::FEED_FORWARD) != 0,
                    self.model_dimension,
                ) && rotates(flags & input::ATTENTION_OUTPUT != 0, self.attention_width())
                    && rotates(flags & input::DOWN != 0, self.feed_forward),
                HeaderError::HadamardWidth,
            )?;
            check(
                VALUE_FORMATS.contains(value_format),
                HeaderError::ValueFormat,
            )?;
        }
        let padded = entries.skip(layers).all(|entry| entry == (&0, &0));
        let masked_beyond = (layers..MAX_LAYERS).any(|layer| self.is_windowed(layer));
        check(padded && !masked_beyond, HeaderError::Padding)
    }

    /// One way to write a model without windows: no size and no layer.
    fn validate_window(&self) -> Result<(), HeaderError> {
        let layers = usize::try_from(self.layers).map_err(|_| HeaderError::Layers)?;
        check(
            self.window <= self.max_context
                && (self.window != 0) == (0..layers).any(|layer| self.is_windowed(layer)),
            HeaderError::Window,
        )
    }
}
