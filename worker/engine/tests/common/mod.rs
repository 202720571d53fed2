//! Random tiny checkpoints and a float model that reads the same tensors.
#![allow(dead_code)]

use aipg_engine::{
    convert::{convert, CheckpointConfiguration, ConvertInput, ConvertedModel, HadamardChoice},
    Model,
};
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

pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// A float checkpoint.
#[derive(Clone)]
pub struct Checkpoint {
    pub configuration: CheckpointConfiguration,
    pub tensors: Tensors,
}

pub const VOCABULARY: u32 = 272;

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
    }
}

impl Checkpoint {
    pub fn random(shape: [u32; 6], seed: u64) -> Self {
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

    /// Makes a few channels of every normalised row `factor` times larger, as real models have
    /// them, and the weights that read them smaller, so that the function stays the same.
    pub fn with_outliers(mut self, factor: f32) -> Self {
        let d = self.configuration.model_dimension as usize;
        let channels = [3, d / 2 + 5];
        for (name, (shape, elements)) in &mut self.tensors {
            if name.ends_with("norm.weight") {
                channels
                    .iter()
                    .for_each(|&channel| elements[channel] *= factor);
            } else if !name.contains("attention.output")
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

    pub fn input(&self, hadamard: HadamardChoice) -> ConvertInput {
        ConvertInput {
            checkpoint: self.bytes(),
            configuration: self.configuration.clone(),
            tokenizer: tokenizer(),
            calibration: tokens(7, 200),
            hadamard,
        }
    }

    pub fn convert(&self, hadamard: HadamardChoice) -> (ConvertedModel, Model) {
        let converted = convert(&self.input(hadamard)).unwrap();
        let model = Model::from_bytes(&converted.bytes).unwrap();
        (converted, model)
    }

    fn tensor(&self, name: &str) -> &[f32] {
        &self.tensors[name].1
    }

    /// x · Wᵀ
    fn product(&self, name: &str, x: &[f64]) -> Vec<f64> {
        self.tensor(name)
            .chunks_exact(x.len())
            .map(|row| row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum())
            .collect()
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let root = (mean + self.configuration.epsilon).sqrt();
        x.iter()
            .zip(self.tensor(name))
            .map(|(x, &gain)| x / root * f64::from(gain))
            .collect()
    }

    fn rotate(&self, heads: &mut [f64], position: usize) {
        let width = self.configuration.head_dimension as usize;
        let half = width / 2;
        for head in heads.chunks_exact_mut(width) {
            for i in 0..half {
                let frequency = self.configuration.rope_base.powf(-(i as f64) / half as f64);
                let (sine, cosine) = (position as f64 * frequency).sin_cos();
                let (x, y) = (head[i], head[i + half]);
                head[i] = x * cosine - y * sine;
                head[i + half] = x * sine + y * cosine;
            }
        }
    }

    /// Logits `[tokens][vocabulary]` of the float model, with no trick at all.
    pub fn float_logits(&self, tokens: &[u32]) -> Vec<Vec<f64>> {
        let c = &self.configuration;
        let (d, width) = (c.model_dimension as usize, c.head_dimension as usize);
        let (heads, groups) = (c.heads as usize, c.key_value_heads as usize);
        let embedding = self.tensor("embedding.weight");
        let mut hidden: Vec<Vec<f64>> = tokens
            .iter()
            .map(|&t| {
                embedding[t as usize * d..][..d]
                    .iter()
                    .map(|&x| x.into())
                    .collect()
            })
            .collect();
        for layer in 0..c.layers {
            let name = |part: &str| format!("layers.{layer}.{part}.weight");
            let (mut keys, mut values) = (vec![], vec![]);
            for (position, row) in hidden.iter_mut().enumerate() {
                let x = self.norm(&name("attention_norm"), row);
                let mut query = self.product(&name("attention.query"), &x);
                let mut key = self.product(&name("attention.key"), &x);
                self.rotate(&mut query, position);
                self.rotate(&mut key, position);
                keys.push(key);
                values.push(self.product(&name("attention.value"), &x));
                let mut attended = vec![0.0; heads * width];
                for head in 0..heads {
                    let group = head * groups / heads * width;
                    let q = &query[head * width..][..width];
                    let weights: Vec<f64> = keys
                        .iter()
                        .map(|key| {
                            let product: f64 =
                                q.iter().zip(&key[group..]).map(|(q, k)| q * k).sum();
                            (product / (width as f64).sqrt()).exp()
                        })
                        .collect();
                    let total: f64 = weights.iter().sum();
                    for (weight, value) in weights.iter().zip(&values) {
                        for i in 0..width {
                            attended[head * width + i] += weight / total * value[group + i];
                        }
                    }
                }
                let update = self.product(&name("attention.output"), &attended);
                row.iter_mut()
                    .zip(update)
                    .for_each(|(x, update)| *x += update);

                let x = self.norm(&name("feed_forward_norm"), row);
                let gate = self.product(&name("feed_forward.gate"), &x);
                let up = self.product(&name("feed_forward.up"), &x);
                let inner: Vec<f64> = gate
                    .iter()
                    .zip(up)
                    .map(|(g, up)| g / (1.0 + (-g).exp()) * up)
                    .collect();
                let update = self.product(&name("feed_forward.down"), &inner);
                row.iter_mut()
                    .zip(update)
                    .for_each(|(x, update)| *x += update);
            }
        }
        hidden
            .iter()
            .map(|row| self.product("output.weight", &self.norm("final_norm.weight", row)))
            .collect()
    }
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
