//! The engines under one interface.

use crate::shape::Shape;
use aipg_engine::{
    convert::CheckpointConfiguration, synthetic, Kernel, Request, Sampler, Sequence,
};
use anyhow::Result;
use candle_core::{
    quantized::{gguf_file, GgmlDType, QTensor},
    DType, Device, Tensor,
};
use candle_nn::VarBuilder;
use candle_transformers::models::{llama, quantized_llama};
use std::{collections::HashMap, fs::File, path::Path};

const SEED: u64 = 1;

/// An engine with a model, at the beginning of a sequence.
pub trait Engine {
    /// Processes the prompt and chooses the first token.
    fn prompt(&mut self, prompt: &[u32]) -> Result<u32>;
    /// Processes the last token and chooses the next; `position` is that of the last token.
    fn next(&mut self, token: u32, position: usize) -> Result<u32>;
}

/// Exact inference.
pub struct Exact {
    model: aipg_engine::Model,
    sequence: Option<Sequence>,
    most: u32,
}

impl Exact {
    /// `most` tokens will be generated.
    pub fn new(shape: Shape, most: u32) -> Result<Self> {
        Ok(Self {
            model: synthetic::model(&shape.configuration(), SEED)?
                .with_kernel(Kernel::from_environment()?),
            sequence: None,
            most,
        })
    }

    /// Replays the output as an auditor does.
    pub fn replay(&self, prompt: &[u32], output: &[u32]) -> Result<()> {
        self.model.replay(prompt, output, &Sampler::GREEDY)?;
        Ok(())
    }

    fn advance(&mut self, count: usize) -> Option<u32> {
        let sequence = self.sequence.as_mut()?;
        while sequence.output().len() < count && !sequence.is_finished() {
            self.model.advance(&mut [&mut *sequence]);
        }
        sequence.output().last().copied()
    }
}

impl Engine for Exact {
    fn prompt(&mut self, prompt: &[u32]) -> Result<u32> {
        self.sequence = Some(self.model.start(Request {
            prompt,
            max_output: self.most,
            stop: &[],
            sampler: Sampler::GREEDY,
        })?);
        Ok(self.advance(1).unwrap_or_default())
    }

    fn next(&mut self, token: u32, _: usize) -> Result<u32> {
        let count = self
            .sequence
            .as_ref()
            .map_or(0, |sequence| sequence.output().len());
        Ok(self.advance(count + 1).unwrap_or(token))
    }
}

/// candle with f32 weights.
pub struct CandleFloat {
    model: llama::Llama,
    cache: llama::Cache,
    config: llama::Config,
}

impl CandleFloat {
    pub fn new(shape: Shape) -> Result<Self> {
        let configuration = shape.configuration();
        let config = llama::Config {
            hidden_size: configuration.model_dimension as usize,
            intermediate_size: configuration.feed_forward as usize,
            vocab_size: configuration.vocabulary as usize,
            num_hidden_layers: configuration.layers as usize,
            num_attention_heads: configuration.heads as usize,
            num_key_value_heads: configuration.key_value_heads as usize,
            use_flash_attn: false,
            rms_norm_eps: configuration.epsilon,
            rope_theta: configuration.rope_base as f32,
            bos_token_id: None,
            eos_token_id: None,
            rope_scaling: None,
            max_position_embeddings: configuration.max_context as usize,
            tie_word_embeddings: false,
        };
        let tensors = tensors(&configuration)?
            .into_iter()
            .map(|(name, tensor)| (float_name(&name), tensor))
            .collect::<HashMap<_, _>>();
        let builder = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let model = llama::Llama::load(builder, &config)?;
        let cache = llama::Cache::new(true, DType::F32, &config, &Device::Cpu)?;
        Ok(Self {
            model,
            cache,
            config,
        })
    }
}

impl Engine for CandleFloat {
    fn prompt(&mut self, prompt: &[u32]) -> Result<u32> {
        self.cache = llama::Cache::new(true, DType::F32, &self.config, &Device::Cpu)?;
        let input = Tensor::new(prompt, &Device::Cpu)?.unsqueeze(0)?;
        largest(&self.model.forward(&input, 0, &mut self.cache)?)
    }

    fn next(&mut self, token: u32, position: usize) -> Result<u32> {
        let input = Tensor::new(&[token], &Device::Cpu)?.unsqueeze(0)?;
        largest(&self.model.forward(&input, position, &mut self.cache)?)
    }
}

/// candle with Q8_0 weights.
pub struct CandleQuantised(quantized_llama::ModelWeights);

impl CandleQuantised {
    /// Reads what [`write_gguf`] wrote.
    pub fn new(file: &Path) -> Result<Self> {
        let mut reader = File::open(file)?;
        let content = gguf_file::Content::read(&mut reader)?;
        Ok(Self(quantized_llama::ModelWeights::from_gguf(
            content,
            &mut reader,
            &Device::Cpu,
        )?))
    }
}

impl Engine for CandleQuantised {
    fn prompt(&mut self, prompt: &[u32]) -> Result<u32> {
        let input = Tensor::new(prompt, &Device::Cpu)?.unsqueeze(0)?;
        largest(&self.0.forward(&input, 0)?)
    }

    fn next(&mut self, token: u32, position: usize) -> Result<u32> {
        let input = Tensor::new(&[token], &Device::Cpu)?.unsqueeze(0)?;
        largest(&self.0.forward(&input, position)?)
    }
}

fn largest(logits: &Tensor) -> Result<u32> {
    Ok(logits.flatten_all()?.argmax(0)?.to_scalar::<u32>()?)
}

/// Tensors of a model under their names in GGUF files, normal with deviation 1/√width.
fn tensors(configuration: &CheckpointConfiguration) -> Result<Vec<(String, Tensor)>> {
    let d = configuration.model_dimension as usize;
    let width = configuration.head_dimension as usize;
    let queries = configuration.heads as usize * width;
    let keys = configuration.key_value_heads as usize * width;
    let inner = configuration.feed_forward as usize;
    let vocabulary = configuration.vocabulary as usize;
    let mut tensors = Vec::new();
    let mut matrix = |name: String, rows: usize, columns: usize| -> Result<()> {
        let deviation = 1.0 / (columns as f32).sqrt();
        tensors.push((
            name,
            Tensor::randn(0f32, deviation, (rows, columns), &Device::Cpu)?,
        ));
        Ok(())
    };
    matrix("token_embd.weight".into(), vocabulary, d)?;
    for layer in 0..configuration.layers {
        for (part, rows, columns) in [
            ("attn_q", queries, d),
            ("attn_k", keys, d),
            ("attn_v", keys, d),
            ("attn_output", d, queries),
            ("ffn_gate", inner, d),
            ("ffn_up", inner, d),
            ("ffn_down", d, inner),
        ] {
            matrix(format!("blk.{layer}.{part}.weight"), rows, columns)?;
        }
    }
    matrix("output.weight".into(), vocabulary, d)?;
    let ones = Tensor::ones(d, DType::F32, &Device::Cpu)?;
    for layer in 0..configuration.layers {
        for part in ["attn_norm", "ffn_norm"] {
            tensors.push((format!("blk.{layer}.{part}.weight"), ones.clone()));
        }
    }
    tensors.push(("output_norm.weight".into(), ones));
    Ok(tensors)
}

/// The name of a GGUF tensor in a safetensors checkpoint.
fn float_name(name: &str) -> String {
    match name {
        "token_embd.weight" => return "model.embed_tokens.weight".into(),
        "output.weight" => return "lm_head.weight".into(),
        "output_norm.weight" => return "model.norm.weight".into(),
        _ => {}
    }
    let mut name = name.replacen("blk.", "model.layers.", 1);
    for (from, to) in [
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"),
        ("attn_norm", "input_layernorm"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
        ("ffn_norm", "post_attention_layernorm"),
    ] {
        name = name.replace(&format!(".{from}."), &format!(".{to}."));
    }
    name
}

/// Writes a Q8_0 model that candle and llama.cpp read.
pub fn write_gguf(shape: Shape, file: &Path) -> Result<()> {
    write_gguf_of(&shape.configuration(), GgmlDType::Q8_0, file)
}

/// The same of any shape, its matrices of one type.
pub fn write_gguf_of(
    configuration: &CheckpointConfiguration,
    matrices: GgmlDType,
    file: &Path,
) -> Result<()> {
    use gguf_file::Value;
    let metadata = [
        ("general.architecture", Value::String("llama".into())),
        (
            "llama.context_length",
            Value::U32(configuration.max_context),
        ),
        (
            "llama.embedding_length",
            Value::U32(configuration.model_dimension),
        ),
        ("llama.block_count", Value::U32(configuration.layers)),
        (
            "llama.feed_forward_length",
            Value::U32(configuration.feed_forward),
        ),
        (
            "llama.attention.head_count",
            Value::U32(configuration.heads),
        ),
        (
            "llama.attention.head_count_kv",
            Value::U32(configuration.key_value_heads),
        ),
        (
            "llama.attention.layer_norm_rms_epsilon",
            Value::F32(configuration.epsilon as f32),
        ),
        (
            "llama.rope.dimension_count",
            Value::U32(configuration.head_dimension),
        ),
        (
            "llama.rope.freq_base",
            Value::F32(configuration.rope_base as f32),
        ),
        ("llama.vocab_size", Value::U32(configuration.vocabulary)),
        // Token ids only: there is no text to be read.
        ("tokenizer.ggml.model", Value::String("no_vocab".into())),
    ];
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let quantised = tensors(configuration)?
        .into_iter()
        .map(|(name, tensor)| {
            let kind = if tensor.rank() == 1 {
                GgmlDType::F32
            } else {
                matrices
            };
            Ok((name, QTensor::quantize(&tensor, kind)?))
        })
        .collect::<Result<Vec<_>>>()?;
    let named: Vec<_> = quantised
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    gguf_file::write(&mut File::create(file)?, &metadata, &named)?;
    Ok(())
}
