//! The configuration in the metadata of a GGUF file.

use super::{Gguf, GgufError, Value};
use crate::convert::{CheckpointConfiguration, ConvertError, Decoder, Naming, RopeScaling};

/// Base of the rotary embedding where the file says none.
const ROPE_BASE: f64 = 10_000.0;

/// The tensor that divides the rotary frequencies, in files of Llama 3 and later.
pub(in crate::convert) const ROPE_DIVISORS: &str = "rope_freqs.weight";

impl Gguf {
    /// Shape and decoder of the model.
    ///
    /// # Errors
    /// [`GgufError::MissingValue`] within [`ConvertError::Gguf`]; [`ConvertError::UnknownArchitecture`],
    /// [`ConvertError::UnknownRopeScaling`] or [`ConvertError::Unsupported`] if it is of a kind that the
    /// semantics does not have; [`ConvertError::HeadsDoNotDivide`]; [`ConvertError::MissingTensor`] without an
    /// embedding.
    pub fn configuration(&self) -> Result<CheckpointConfiguration, ConvertError> {
        let architecture = self.architecture()?;
        let (heads, width) = (
            self.number("attention.head_count")?,
            self.number("embedding_length")?,
        );
        let key_value_heads = self.optional("attention.head_count_kv")?.unwrap_or(heads);
        let head_dimension = match self.optional("attention.key_length")? {
            Some(dimension) => dimension,
            None if heads != 0 && width.is_multiple_of(heads) => width / heads,
            None => return Err(ConvertError::HeadsDoNotDivide { width, heads }),
        };
        let max_context = self.number("context_length")?;
        self.refuse_what_is_lacking(head_dimension, max_context)?;
        Ok(CheckpointConfiguration {
            model_dimension: width,
            layers: self.number("block_count")?,
            heads,
            key_value_heads,
            head_dimension,
            feed_forward: self.number("feed_forward_length")?,
            vocabulary: self.vocabulary()?,
            max_context,
            rope_base: self.float("rope.freq_base")?.unwrap_or(ROPE_BASE),
            epsilon: self
                .float("attention.layer_norm_rms_epsilon")?
                .ok_or_else(|| self.missing("attention.layer_norm_rms_epsilon"))?,
            decoder: Decoder {
                tied_embedding: !self.checkpoint.has("output.weight"),
                attention_bias: self.checkpoint.has("blk.0.attn_q.bias"),
                attention_output_bias: self.checkpoint.has("blk.0.attn_output.bias"),
                feed_forward_bias: self.checkpoint.has("blk.0.ffn_up.bias"),
                head_norm: architecture == "qwen3",
                rope_scaling: self.rope_scaling(head_dimension)?,
                ..Decoder::default()
            },
            naming: Naming::Gguf,
        })
    }

    fn architecture(&self) -> Result<&str, ConvertError> {
        match self.text("general.architecture") {
            Some(known @ ("llama" | "qwen2" | "qwen3")) => Ok(known),
            Some(other) => Err(ConvertError::UnknownArchitecture(other.into())),
            None => Err(GgufError::MissingValue("general.architecture".into()).into()),
        }
    }

    fn refuse_what_is_lacking(
        &self,
        head_dimension: u32,
        context: u32,
    ) -> Result<(), ConvertError> {
        let refuse = |what: &str| Err(ConvertError::Unsupported(what.into()));
        if self
            .optional("expert_count")?
            .is_some_and(|count| count > 0)
        {
            return refuse("a mixture of experts");
        }
        let same = |suffix| {
            Ok::<_, ConvertError>(
                self.optional(suffix)?.unwrap_or(head_dimension) == head_dimension,
            )
        };
        if !same("attention.value_length")? {
            return refuse("values have another width than keys");
        }
        if !same("rope.dimension_count")? {
            return refuse("only a part of each head is rotated");
        }
        // Which layers have the window is not in the file.
        let window = self.optional("attention.sliding_window")?.unwrap_or(0);
        if window != 0 && window < context {
            return refuse("a sliding window in a GGUF file; take the safetensors checkpoint");
        }
        Ok(())
    }

    /// Rows of the embedding.
    fn vocabulary(&self) -> Result<u32, ConvertError> {
        let name = "token_embd.weight";
        let Some(place) = self.checkpoint.places.get(name) else {
            return Err(ConvertError::MissingTensor(name.into()));
        };
        let rows = place.shape.first().copied().unwrap_or(0);
        u32::try_from(rows).map_err(|_| GgufError::BadShape(name.into()).into())
    }

    fn rope_scaling(&self, head_dimension: u32) -> Result<RopeScaling, ConvertError> {
        if self.checkpoint.has(ROPE_DIVISORS) {
            let pairs = head_dimension as usize / 2;
            let divisors = self.checkpoint.read(ROPE_DIVISORS, &[pairs])?;
            let divisors = divisors.into_iter().map(f64::from).collect();
            return Ok(RopeScaling::Divisors { divisors });
        }
        match self.text(&self.key("rope.scaling.type")) {
            None | Some("none") => Ok(RopeScaling::None),
            Some("linear") => match self.float("rope.scaling.factor")? {
                Some(factor) => Ok(RopeScaling::Linear { factor }),
                None => Err(self.missing("rope.scaling.factor")),
            },
            Some(other) => Err(ConvertError::UnknownRopeScaling(other.into())),
        }
    }

    /// Files of the architecture `llama` have what is rotated together side by side in the rows of query and
    /// key.
    pub(super) fn mark_interleaved(&mut self) {
        let heads = |suffix| self.optional(suffix).ok().flatten();
        if self.text("general.architecture") != Some("llama") {
            return;
        }
        let queries = heads("attention.head_count");
        let keys = heads("attention.head_count_kv").or(queries);
        for (name, place) in &mut self.checkpoint.places {
            let heads = match name.rsplit_once('.').map(|(part, _)| part) {
                Some(part) if part.ends_with(".attn_q") => queries,
                Some(part) if part.ends_with(".attn_k") => keys,
                _ => continue,
            };
            let heads = heads.map_or(0, |heads| heads as usize);
            // What does not divide has another shape than the header says, and is refused by that.
            let rows = place.shape.first().copied().unwrap_or(0);
            let divides = heads > 0 && rows > 0 && rows.is_multiple_of(2 * heads);
            place.interleaved_heads = divides.then_some(heads);
        }
    }

    /// The text of a key of the metadata, if there is one.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A key of the architecture.
    fn key(&self, suffix: &str) -> String {
        let architecture = self.text("general.architecture").unwrap_or_default();
        format!("{architecture}.{suffix}")
    }

    fn missing(&self, suffix: &str) -> ConvertError {
        GgufError::MissingValue(self.key(suffix)).into()
    }

    /// A number of the architecture; an error if the value is anything else.
    fn optional(&self, suffix: &str) -> Result<Option<u32>, ConvertError> {
        match self.metadata.get(&self.key(suffix)) {
            None => Ok(None),
            Some(Value::Integer(number)) => match u32::try_from(*number) {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(self.missing(suffix)),
            },
            Some(_) => Err(self.missing(suffix)),
        }
    }

    fn number(&self, suffix: &str) -> Result<u32, ConvertError> {
        self.optional(suffix)?.ok_or_else(|| self.missing(suffix))
    }

    /// A float of 32 bits stands for the shortest decimal number that it is nearest to: 1e-5, not
    /// 9.999999747e-6.
    fn float(&self, suffix: &str) -> Result<Option<f64>, ConvertError> {
        match self.metadata.get(&self.key(suffix)) {
            None => Ok(None),
            Some(Value::Float(float)) => {
                let narrow = *float as f32;
                let is_narrow = f64::from(narrow) == *float;
                let decimal = narrow.to_string().parse().ok().filter(|_| is_narrow);
                Ok(Some(decimal.unwrap_or(*float)))
            }
            Some(_) => Err(self.missing(suffix)),
        }
    }
}
