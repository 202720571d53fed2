//! Random tiny checkpoints and a float model that reads the same tensors.
#![allow(dead_code)]

pub mod batch;
mod float;
pub mod gguf;
pub mod pictures;
pub mod trace;

use aipg_engine::{
    convert::{
        self, convert, CheckpointConfiguration, ConvertInput, ConvertedModel, Decoder,
        HadamardChoice, Naming,
    },
    file::PREFIX_LENGTH,
    Model, ModelHeader,
};
use aipg_exact::layout::{section_lengths, weight_tensors, Weight};
use safetensors::{tensor::TensorView, Dtype};
use std::collections::BTreeMap;

/// A small generator of pseudo-random numbers, the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// About normal with deviation 1: a sum of four uniform numbers, exact in f32.
    pub fn normal(&mut self) -> f32 {
        let sum: i64 = (0..4).map(|_| (self.next() >> 48) as i64 - 32_768).sum();
        sum as f32 / 37_837.0
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        (self.next() >> 33) as u32 % limit
    }
}

/// Takes `count` numbers of N bytes off the front of a section.
fn take<'a, const N: usize>(
    section: &mut &'a [u8],
    count: usize,
) -> impl Iterator<Item = [u8; N]> + use<'a, N> {
    let (taken, rest) = section.split_at(count * N);
    *section = rest;
    taken.as_chunks::<N>().0.iter().copied()
}

pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// A float checkpoint.
#[derive(Clone)]
pub struct Checkpoint {
    pub configuration: CheckpointConfiguration,
    pub tensors: Tensors,
}

pub const VOCABULARY: u32 = 272;

/// The tensors of a safetensors file.
pub fn checkpoint(bytes: Vec<u8>) -> convert::Checkpoint {
    convert::Checkpoint::from_bytes(bytes).unwrap()
}

pub fn tokenizer() -> Vec<u8> {
    br#"{"kind": "byte", "vocabulary": 272,
         "special": {"start": 256, "prompt_end": 257, "answer_end": 258}}"#
        .to_vec()
}

/// Shape [d, layers, heads, key-value heads, head dimension, feed-forward].
pub fn configuration(shape: [u32; 6]) -> CheckpointConfiguration {
    let [model_dimension, layers, heads, key_value_heads, head_dimension, feed_forward] = shape;
    CheckpointConfiguration {
        model_dimension,
        layers,
        heads,
        key_value_heads,
        head_dimension,
        feed_forward,
        vocabulary: VOCABULARY,
        max_context: 160,
        rope_base: 10_000.0,
        epsilon: 1e-5,
        decoder: Decoder::default(),
        naming: Naming::Plain,
    }
}

impl Checkpoint {
    pub fn random(shape: [u32; 6], seed: u64) -> Self {
        Self::random_decoder(shape, Decoder::default(), seed)
    }

    /// Random tensors of any decoder. The weights are those of [`Self::random`] wherever both have
    /// them.
    pub fn random_decoder(shape: [u32; 6], decoder: Decoder, seed: u64) -> Self {
        let mut checkpoint = Self::random_llama(shape, seed);
        checkpoint.configuration.decoder = decoder.clone();
        let [d, layers, heads, groups, width, feed_forward] = shape.map(|x| x as usize);
        let tensors = &mut checkpoint.tensors;
        if decoder.tied_embedding {
            tensors.remove("output.weight");
        }
        let mut random = Random::new(seed + 1000);
        let mut vector = |name: String, length: usize, mean: f32, deviation: f32| {
            let elements = (0..length).map(|_| mean + deviation * random.normal());
            tensors.insert(name, (vec![length], elements.collect()));
        };
        for layer in 0..layers {
            let name = |part: &str| format!("layers.{layer}.{part}");
            for (has, part, length) in [
                (decoder.attention_bias, "attention.query", heads * width),
                (decoder.attention_bias, "attention.key", groups * width),
                (decoder.attention_bias, "attention.value", groups * width),
                (decoder.attention_output_bias, "attention.output", d),
                (
                    decoder.feed_forward_bias && !decoder.ungated,
                    "feed_forward.gate",
                    feed_forward,
                ),
                (decoder.feed_forward_bias, "feed_forward.up", feed_forward),
                (decoder.feed_forward_bias, "feed_forward.down", d),
                (decoder.layer_norm, "attention_norm", d),
                (decoder.layer_norm, "feed_forward_norm", d),
            ] {
                if has {
                    vector(name(&format!("{part}.bias")), length, 0.0, 0.5);
                }
            }
            if decoder.head_norm {
                vector(name("attention.query_norm.weight"), width, 1.0, 0.3);
                vector(name("attention.key_norm.weight"), width, 1.0, 0.3);
            }
        }
        if decoder.layer_norm {
            vector("final_norm.bias".into(), d, 0.0, 0.5);
        }
        if decoder.ungated {
            for layer in 0..layers {
                tensors.remove(&format!("layers.{layer}.feed_forward.gate.weight"));
            }
        }
        checkpoint
    }

    fn random_llama(shape: [u32; 6], seed: u64) -> Self {
        let configuration = configuration(shape);
        let mut random = Random::new(seed);
        let mut tensors = Tensors::new();
        let [d, layers, heads, groups, width, feed_forward] = shape.map(|x| x as usize);
        let mut matrix = |name: &str, rows: usize, columns: usize, deviation: f32| {
            let elements = (0..rows * columns)
                .map(|_| random.normal() * deviation)
                .collect();
            tensors.insert(name.into(), (vec![rows, columns], elements));
        };
        matrix("embedding.weight", VOCABULARY as usize, d, 1.0);
        matrix(
            "output.weight",
            VOCABULARY as usize,
            d,
            2.0 / (d as f32).sqrt(),
        );
        for layer in 0..layers {
            for (part, rows, columns) in [
                ("attention.query", heads * width, d),
                ("attention.key", groups * width, d),
                ("attention.value", groups * width, d),
                ("attention.output", d, heads * width),
                ("feed_forward.gate", feed_forward, d),
                ("feed_forward.up", feed_forward, d),
                ("feed_forward.down", d, feed_forward),
            ] {
                let deviation = 1.0 / (columns as f32).sqrt();
                matrix(
                    &format!("layers.{layer}.{part}.weight"),
                    rows,
                    columns,
                    deviation,
                );
            }
        }
        let mut gain = |name: String| {
            let elements = (0..d).map(|_| 1.0 + 0.2 * random.normal()).collect();
            tensors.insert(name, (vec![d], elements));
        };
        for layer in 0..layers {
            gain(format!("layers.{layer}.attention_norm.weight"));
            gain(format!("layers.{layer}.feed_forward_norm.weight"));
        }
        gain("final_norm.weight".into());
        Self {
            configuration,
            tensors,
        }
    }

    /// The floats that the integers of a model file of the plain Llama type stand for: rotations undone,
    /// rotary base 10,000.
    pub fn of_model_file(bytes: &[u8]) -> Self {
        let header = ModelHeader::decode(&bytes[40..PREFIX_LENGTH]).unwrap();
        assert_eq!(header.model_flags, 0);
        let lengths = section_lengths(&header);
        let mut scales = &bytes[PREFIX_LENGTH..];
        let mut weights = &scales[(lengths.scales + lengths.tables) as usize..];
        let mut tensors = Tensors::new();
        for tensor in weight_tensors(&header) {
            let steps: Vec<f64> = if tensor.weight == Weight::Embedding {
                let numbers = take(&mut scales, tensor.rows).map(u32::from_le_bytes);
                numbers.map(|m| f64::from(m) * 2f64.powi(-32)).collect()
            } else {
                let shift = take(&mut scales, 1).map(u16::from_le_bytes).next().unwrap();
                let unit = 127.0 * 2f64.powi(-i32::from(shift));
                let numbers = take(&mut scales, tensor.rows).map(u16::from_le_bytes);
                numbers.map(|m| f64::from(m) * unit).collect()
            };
            let mut elements = Vec::new();
            for step in steps {
                let row = take(&mut weights, tensor.columns).map(i8::from_le_bytes);
                let mut row: Vec<i64> = row.map(i64::from).collect();
                if tensor.input.rotated {
                    aipg_exact::hadamard::rotate(&mut row);
                }
                elements.extend(row.iter().map(|&q| (q as f64 * step) as f32));
            }
            let part = match tensor.weight {
                Weight::Embedding => "embedding",
                Weight::Patch => "patch",
                Weight::Output => "output",
                Weight::Query => "attention.query",
                Weight::Key => "attention.key",
                Weight::Value => "attention.value",
                Weight::AttentionOutput => "attention.output",
                Weight::Gate => "feed_forward.gate",
                Weight::Up => "feed_forward.up",
                Weight::Down => "feed_forward.down",
            };
            let name = match tensor.weight {
                Weight::Embedding | Weight::Patch | Weight::Output => format!("{part}.weight"),
                _ => format!("layers.{}.{part}.weight", tensor.layer),
            };
            tensors.insert(name, (vec![tensor.rows, tensor.columns], elements));
        }
        let d = header.model_dimension as usize;
        let names = (0..header.layers).flat_map(|layer| {
            ["attention_norm", "feed_forward_norm"]
                .map(|norm| format!("layers.{layer}.{norm}.weight"))
        });
        for name in names.chain(["final_norm.weight".to_owned()]) {
            let gains = take(&mut scales, d).map(i32::from_le_bytes);
            let gains = gains.map(|gain| gain as f32 / 4096.0).collect();
            tensors.insert(name, (vec![d], gains));
        }
        let configuration = CheckpointConfiguration {
            model_dimension: header.model_dimension,
            layers: header.layers,
            heads: header.heads,
            key_value_heads: header.key_value_heads,
            head_dimension: header.head_dimension,
            feed_forward: header.feed_forward,
            vocabulary: header.vocabulary,
            max_context: header.max_context,
            rope_base: 10_000.0,
            epsilon: f64::from(header.epsilon) / 4_294_967_296.0,
            decoder: Decoder::default(),
            naming: Naming::Plain,
        };
        Self {
            configuration,
            tensors,
        }
    }

    /// Makes a few channels of every normalised row `factor` times larger, as real models have
    /// them, and the weights that read them smaller, so that the function stays the same.
    pub fn with_outliers(mut self, factor: f32) -> Self {
        let d = self.configuration.model_dimension as usize;
        let channels = [3, d / 2 + 5];
        let tied = self.configuration.decoder.tied_embedding;
        for (name, (shape, elements)) in &mut self.tensors {
            if name.contains("norm") {
                // Not norms of heads, and not the norm before an output matrix that is the embedding.
                if elements.len() != d || (tied && name.starts_with("final_norm")) {
                    continue;
                }
                channels
                    .iter()
                    .for_each(|&channel| elements[channel] *= factor);
            } else if name.ends_with("weight")
                && !name.contains("attention.output")
                && !name.contains("down")
                && !name.contains("embedding")
            {
                for row in elements.chunks_exact_mut(shape[1]) {
                    channels.iter().for_each(|&channel| row[channel] /= factor);
                }
            }
        }
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let data: Vec<(&String, &Vec<usize>, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, (shape, elements))| {
                let bytes = elements.iter().flat_map(|x| x.to_le_bytes()).collect();
                (name, shape, bytes)
            })
            .collect();
        let views = data.iter().map(|(name, shape, bytes)| {
            (
                *name,
                TensorView::new(Dtype::F32, (*shape).clone(), bytes).unwrap(),
            )
        });
        safetensors::serialize(views, None).unwrap()
    }

    /// The same, each element cut to the 16 bits of a bfloat16.
    pub fn brain_float_bytes(&self) -> Vec<u8> {
        let data: Vec<(&String, &Vec<usize>, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, (shape, elements))| {
                let halves = elements.iter().map(|x| (x.to_bits() >> 16) as u16);
                (name, shape, halves.flat_map(u16::to_le_bytes).collect())
            })
            .collect();
        let views = data.iter().map(|(name, shape, bytes)| {
            (
                *name,
                TensorView::new(Dtype::BF16, (*shape).clone(), bytes).unwrap(),
            )
        });
        safetensors::serialize(views, None).unwrap()
    }

    pub fn input(&self, hadamard: HadamardChoice) -> ConvertInput {
        ConvertInput {
            checkpoint: checkpoint(self.bytes()),
            configuration: self.configuration.clone(),
            tokenizer: tokenizer(),
            calibration: tokens(7, 200),
            hadamard,
            loss_budget: None,
            measured_tokens: 0,
        }
    }

    pub fn convert(&self, hadamard: HadamardChoice) -> (ConvertedModel, Model) {
        let converted = convert(&self.input(hadamard)).unwrap();
        let model = Model::from_bytes(&converted.bytes).unwrap();
        (converted, model)
    }
}

/// Relative error of an integer model's logits: √(Σ difference² / Σ float²).
pub fn relative_error(checkpoint: &Checkpoint, model: &Model, ids: &[u32]) -> f64 {
    let exact = model.logits(ids).unwrap();
    let float = checkpoint.float_logits(ids);
    let (mut difference, mut total) = (0.0, 0.0);
    for (row, float) in exact.chunks_exact(VOCABULARY as usize).zip(&float) {
        for (&logit, float) in row.iter().zip(float) {
            difference += (f64::from(logit) / 65536.0 - float).powi(2);
            total += float.powi(2);
        }
    }
    (difference / total).sqrt()
}

pub fn tokens(seed: u64, count: usize) -> Vec<u32> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.below(VOCABULARY)).collect()
}

/// The shape most tests use: grouped-query attention, widths that allow rotation everywhere.
pub const SHAPE: [u32; 6] = [64, 2, 4, 2, 32, 192];

pub fn small_model() -> (ConvertedModel, Model) {
    Checkpoint::random(SHAPE, 1).convert(HadamardChoice::WherePossible)
}
