//! The loader beside candle: the same checkpoints of random weights, read by both, must give the same logits in
//! float; and blocks of GGUF files the same floats, bit for bit.

use crate::engines;
use aipg_engine::{
    convert::{
        convert, float_logits, Checkpoint, CheckpointConfiguration, ConvertInput, Gguf,
        HadamardChoice,
    },
    synthetic::{self, Normal},
    Model,
};
use anyhow::{ensure, Context, Result};
use candle_core::{
    quantized::{gguf_file, GgmlDType, QTensor},
    safetensors, DType, Device, Tensor,
};
use candle_nn::VarBuilder;
use candle_transformers::models::{llama, quantized_llama, qwen2, qwen3};
use serde_json::{json, Value};
use std::{collections::HashMap, fs::File, path::Path};

/// Relative error that float32 may have beside f64.
const ALLOWED: f64 = 1e-5;

/// Lengths of the prompts whose last logits are compared.
const LENGTHS: [usize; 4] = [1, 2, 33, 96];

const VOCABULARY: u32 = 1_024;

/// Encodings of GGUF files that both read.
const ENCODINGS: [GgmlDType; 13] = [
    GgmlDType::F32,
    GgmlDType::F16,
    GgmlDType::BF16,
    GgmlDType::Q4_0,
    GgmlDType::Q4_1,
    GgmlDType::Q5_0,
    GgmlDType::Q5_1,
    GgmlDType::Q8_0,
    GgmlDType::Q2K,
    GgmlDType::Q3K,
    GgmlDType::Q4K,
    GgmlDType::Q5K,
    GgmlDType::Q6K,
];

/// Compares everything and prints a table in Markdown; an error if anything differs.
pub fn run() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("aipg-loader-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let compared = compare(&folder);
    std::fs::remove_dir_all(&folder)?;
    compared
}

fn compare(folder: &Path) -> Result<()> {
    println!("| checkpoint | float beside candle | integers beside float |");
    println!("|---|---|---|");
    for (name, config) in checkpoints() {
        let folder = folder.join(name.replace(' ', "-"));
        std::fs::create_dir_all(&folder)?;
        compare_checkpoint(name, &folder, &config).with_context(|| name.to_owned())?;
    }
    compare_gguf(&folder.join("llama.gguf")).context("GGUF")?;
    compare_encodings(&folder.join("encodings.gguf")).context("encodings")?;
    println!("| {} GGUF encodings | the same bits | – |", ENCODINGS.len());
    Ok(())
}

/// Small models with the proportions of real ones.
fn checkpoints() -> Vec<(&'static str, Value)> {
    let with = |model_type: &str, changes: Value| {
        let mut config = json!({
            "model_type": model_type, "hidden_act": "silu", "hidden_size": 256,
            "intermediate_size": 704, "num_hidden_layers": 4, "num_attention_heads": 8,
            "num_key_value_heads": 2, "vocab_size": VOCABULARY, "max_position_embeddings": 128,
            "max_window_layers": 4, "sliding_window": 128, "use_sliding_window": false,
            "rms_norm_eps": 1e-6, "rope_theta": 10_000.0, "tie_word_embeddings": false,
            "attention_bias": false
        });
        for (key, value) in changes.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        config
    };
    let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 32});
    vec![
        ("Llama", with("llama", json!({}))),
        (
            "Llama 3 scaled",
            with(
                "llama",
                json!({"rope_scaling": scaling, "tie_word_embeddings": true}),
            ),
        ),
        (
            "Qwen2",
            with(
                "qwen2",
                json!({"rope_theta": 1e6, "tie_word_embeddings": true}),
            ),
        ),
        ("Qwen2 untied", with("qwen2", json!({"rope_theta": 1e6}))),
        (
            "Qwen3",
            with("qwen3", json!({"head_dim": 64, "rope_theta": 1e6})),
        ),
    ]
}

fn prompt() -> Vec<u32> {
    let most = LENGTHS.into_iter().max().unwrap_or(1) as u32;
    (0..most).map(|index| index * 7_919 % VOCABULARY).collect()
}

fn compare_checkpoint(name: &str, folder: &Path, config: &Value) -> Result<()> {
    synthetic::write_checkpoint(folder, config, 1, 2)?;
    let configuration = CheckpointConfiguration::from_json(config.to_string().as_bytes())?;
    let checkpoint = Checkpoint::from_directory(folder)?;
    let prompt = prompt();
    let float = float_logits(&checkpoint, &configuration, &prompt)?;
    let model_type = config["model_type"].as_str().unwrap_or_default();
    let mut worst = 0.0f64;
    for length in LENGTHS {
        let theirs = candle_logits(model_type, folder, config, &prompt[..length])?;
        worst = worst.max(relative_error(&float[length - 1], &theirs));
    }
    let input = ConvertInput {
        checkpoint,
        configuration,
        tokenizer: Vec::new(),
        calibration: prompt.clone(),
        hadamard: HadamardChoice::WherePossible,
        loss_budget: None,
        measured_tokens: 0,
    };
    let model = Model::from_bytes(&convert(&input)?.bytes)?;
    let integers = model.logits(&prompt)?;
    let integers: Vec<f64> = integers.iter().map(|&x| f64::from(x) / 65_536.0).collect();
    let error = relative_error(&float.concat(), &integers);
    println!("| {name} | {worst:.1e} | {error:.4} |");
    ensure!(
        worst <= ALLOWED,
        "the logits differ from candle's by {worst:e}"
    );
    Ok(())
}

/// √(Σ difference² / Σ expected²)
fn relative_error(expected: &[f64], found: &[f64]) -> f64 {
    let pairs = expected.iter().zip(found);
    let difference: f64 = pairs.map(|(x, y)| (x - y).powi(2)).sum();
    let total: f64 = expected.iter().map(|x| x.powi(2)).sum();
    match expected.len() == found.len() {
        true => (difference / total).sqrt(),
        false => f64::INFINITY,
    }
}

/// The last logits of a prompt.
fn candle_logits(
    model_type: &str,
    folder: &Path,
    config: &Value,
    prompt: &[u32],
) -> Result<Vec<f64>> {
    let device = &Device::Cpu;
    let mut tensors = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "safetensors")
        {
            tensors.extend(safetensors::load(path, device)?);
        }
    }
    for tensor in tensors.values_mut() {
        *tensor = tensor.to_dtype(DType::F32)?;
    }
    let builder = VarBuilder::from_tensors(tensors, DType::F32, device);
    let input = Tensor::new(prompt, device)?.unsqueeze(0)?;
    let config = config.clone();
    let logits = match model_type {
        "llama" => {
            let config: llama::LlamaConfig = serde_json::from_value(config)?;
            let config = config.into_config(false);
            let mut cache = llama::Cache::new(false, DType::F32, &config, device)?;
            llama::Llama::load(builder, &config)?.forward(&input, 0, &mut cache)?
        }
        "qwen2" => {
            let config: qwen2::Config = serde_json::from_value(config)?;
            qwen2::ModelForCausalLM::new(&config, builder)?.forward(&input, 0)?
        }
        _ => {
            let config: qwen3::Config = serde_json::from_value(config)?;
            qwen3::ModelForCausalLM::new(&config, builder)?.forward(&input, 0)?
        }
    };
    floats(&logits)
}

fn floats(logits: &Tensor) -> Result<Vec<f64>> {
    let logits = logits.flatten_all()?.to_vec1::<f32>()?;
    Ok(logits.into_iter().map(f64::from).collect())
}

/// A GGUF file of float32: candle rotates the rows as they stand in it, we bring them into our order first.
fn compare_gguf(path: &Path) -> Result<()> {
    let configuration = CheckpointConfiguration {
        model_dimension: 256,
        layers: 4,
        heads: 8,
        key_value_heads: 2,
        head_dimension: 32,
        feed_forward: 704,
        vocabulary: VOCABULARY,
        max_context: 128,
        rope_base: 10_000.0,
        epsilon: 1e-5,
        decoder: Default::default(),
        naming: Default::default(),
    };
    engines::write_gguf_of(&configuration, GgmlDType::F32, path)?;
    let gguf = Gguf::from_file(path)?;
    let prompt = prompt();
    let float = float_logits(gguf.checkpoint(), &gguf.configuration()?, &prompt)?;
    let mut file = File::open(path)?;
    let mut worst = 0.0f64;
    for length in LENGTHS {
        let content = gguf_file::Content::read(&mut file)?;
        let mut model = quantized_llama::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?;
        let input = Tensor::new(&prompt[..length], &Device::Cpu)?.unsqueeze(0)?;
        let theirs = floats(&model.forward(&input, 0)?)?;
        worst = worst.max(relative_error(&float[length - 1], &theirs));
        std::io::Seek::rewind(&mut file)?;
    }
    println!("| Llama, GGUF | {worst:.1e} | – |");
    ensure!(
        worst <= ALLOWED,
        "the logits differ from candle's by {worst:e}"
    );
    Ok(())
}

fn compare_encodings(path: &Path) -> Result<()> {
    let elements: Vec<f32> = Normal::new(3).take(8 * 1_024).map(|x| x as f32).collect();
    let tensor = Tensor::from_vec(elements, (8, 1_024), &Device::Cpu)?;
    let quantised = ENCODINGS
        .iter()
        .map(|&encoding| {
            Ok((
                format!("{encoding:?}"),
                QTensor::quantize(&tensor, encoding)?,
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    let named: Vec<_> = quantised
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    gguf_file::write(&mut File::create(path)?, &[], &named)?;
    let gguf = Gguf::from_file(path)?;
    for (name, tensor) in &quantised {
        let theirs = tensor
            .dequantize(&Device::Cpu)?
            .flatten_all()?
            .to_vec1::<f32>()?;
        let (shape, ours) = gguf.checkpoint().tensor(name)?;
        ensure!(shape == [8, 1_024], "{name} has the shape {shape:?}");
        let differ = ours
            .iter()
            .zip(&theirs)
            .filter(|(x, y)| x.to_bits() != y.to_bits())
            .count();
        ensure!(
            differ == 0,
            "{name}: {differ} of {} elements differ from candle's",
            ours.len()
        );
    }
    Ok(())
}
