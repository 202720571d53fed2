//! Conversion of checkpoints that have the shapes of real models: what it takes, and how fast the model is.
//!
//! Each step runs in a process of its own, so that its memory is its own too.

use crate::measure::peak_memory;
use aipg_engine::{
    blob,
    convert::{convert_to_file, Checkpoint, CheckpointConfiguration, ConvertInput, HadamardChoice},
    synthetic, Model, Request, Sampler,
};
use anyhow::{ensure, Context, Result};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// Tokens that calibrate.
const CALIBRATION: usize = 256;

/// Tokens on which the quality is measured.
const MEASURED: usize = 64;

/// Tokens of the prompt, and of the answer.
const LENGTHS: [usize; 2] = [128, 32];

/// Configurations of published models; the weights are random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Published {
    #[value(name = "smollm-135m")]
    SmolLm,
    #[value(name = "qwen2.5-0.5b")]
    Qwen25,
    #[value(name = "qwen3-0.6b")]
    Qwen3,
}

impl Published {
    const ALL: [Self; 3] = [Self::SmolLm, Self::Qwen25, Self::Qwen3];

    const fn title(self) -> &'static str {
        match self {
            Self::SmolLm => "SmolLM-135M",
            Self::Qwen25 => "Qwen2.5-0.5B",
            Self::Qwen3 => "Qwen3-0.6B",
        }
    }

    fn configuration(self) -> Value {
        match self {
            Self::SmolLm => json!({
                "model_type": "llama", "hidden_act": "silu", "hidden_size": 576,
                "intermediate_size": 1_536, "num_hidden_layers": 30, "num_attention_heads": 9,
                "num_key_value_heads": 3, "vocab_size": 49_152, "max_position_embeddings": 2_048,
                "rms_norm_eps": 1e-5, "rope_theta": 10_000.0, "tie_word_embeddings": true
            }),
            Self::Qwen25 => json!({
                "model_type": "qwen2", "hidden_act": "silu", "hidden_size": 896,
                "intermediate_size": 4_864, "num_hidden_layers": 24, "num_attention_heads": 14,
                "num_key_value_heads": 2, "vocab_size": 151_936, "max_position_embeddings": 32_768,
                "rms_norm_eps": 1e-6, "rope_theta": 1e6, "tie_word_embeddings": true
            }),
            Self::Qwen3 => json!({
                "model_type": "qwen3", "hidden_act": "silu", "hidden_size": 1_024, "head_dim": 128,
                "intermediate_size": 3_072, "num_hidden_layers": 28, "num_attention_heads": 16,
                "num_key_value_heads": 8, "vocab_size": 151_936, "max_position_embeddings": 40_960,
                "rms_norm_eps": 1e-6, "rope_theta": 1e6, "tie_word_embeddings": true
            }),
        }
    }
}

#[derive(Debug, Args)]
pub struct Settings {
    /// Only this model's shape.
    #[arg(long)]
    shape: Option<Published>,
    /// Folder for checkpoints and models, of which one at a time is there: up to 2 GB.
    #[arg(long)]
    folder: PathBuf,
}

/// What a step took, in seconds and bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    seconds: f64,
    memory: u64,
    /// Other figures.
    report: Value,
}

/// Measures all shapes and prints a table in Markdown.
pub fn run(settings: &Settings) -> Result<()> {
    let shapes = settings
        .shape
        .map_or(Published::ALL.to_vec(), |shape| vec![shape]);
    fs::create_dir_all(&settings.folder)?;
    println!();
    println!(
        "| shape | checkpoint, MB | convert, s | its memory, MiB | model, MB | divergence, bits | load, s | \
         memory, MiB | prompt, tokens/s | generation, tokens/s |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for shape in shapes {
        let folder = settings.folder.join(shape.title());
        fs::create_dir_all(&folder)?;
        let measured = measure(shape, &folder);
        fs::remove_dir_all(&folder)?;
        println!("{}", measured.context(shape.title())?);
    }
    Ok(())
}

fn measure(shape: Published, folder: &Path) -> Result<String> {
    synthetic::write_checkpoint(folder, &shape.configuration(), 1, 2)?;
    let bytes: u64 = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.metadata()?.len()))
        .sum::<Result<u64>>()?;
    let convert = step("convert-one", folder)?;
    let run = step("run-one", folder)?;
    let (mega, mebi) = (|bytes: u64| bytes as f64 / 1e6, |bytes: u64| bytes >> 20);
    let number = |step: &Step, key: &str| step.report[key].as_f64().unwrap_or(f64::NAN);
    Ok(format!(
        "| {} | {:.0} | {:.1} | {} | {:.0} | {:.4} | {:.1} | {} | {:.1} | {:.1} |",
        shape.title(),
        mega(bytes),
        convert.seconds,
        mebi(convert.memory),
        mega(fs::metadata(folder.join("model.aipg"))?.len()),
        number(&convert, "divergence"),
        number(&run, "load"),
        mebi(run.memory),
        number(&run, "prompt"),
        number(&run, "generation"),
    ))
}

fn step(command: &str, folder: &Path) -> Result<Step> {
    let output = Command::new(env::current_exe()?)
        .arg(command)
        .arg(folder)
        .output()?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command}: {message}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Converts the checkpoint in a folder, within this process.
pub fn convert_one(folder: &Path) -> Result<()> {
    let start = Instant::now();
    let configuration = CheckpointConfiguration::from_json(&fs::read(folder.join("config.json"))?)?;
    let vocabulary = configuration.vocabulary;
    let input = ConvertInput {
        checkpoint: Checkpoint::from_directory(folder)?,
        configuration,
        tokenizer: Vec::new(),
        calibration: tokens(CALIBRATION, vocabulary),
        hadamard: HadamardChoice::WherePossible,
        loss_budget: None,
        measured_tokens: MEASURED,
    };
    let (_, quality) = convert_to_file(&input, &folder.join("model.aipg"), &mut |_| ())?;
    let divergence = quality.map(|quality| quality.divergence);
    print(start, json!({"divergence": divergence}))
}

/// Loads and runs the model in a folder, within this process.
pub fn run_one(folder: &Path) -> Result<()> {
    let start = Instant::now();
    let model = Model::load(&folder.join("model.aipg"))?;
    let load = start.elapsed().as_secs_f64();
    let [prompt, output] = LENGTHS;
    let ids = tokens(prompt, model.header().vocabulary);
    let begin = || {
        model.start(Request {
            prompt: &ids,
            max_output: output as u32,
            stop: &[],
            sampler: Sampler::GREEDY,
        })
    };
    // What was just loaded is not in the caches; the second run counts.
    model.advance(&mut [&mut begin()?]);
    let mut sequence = begin()?;
    let started = Instant::now();
    while sequence.output().is_empty() {
        model.advance(&mut [&mut sequence]);
    }
    let first = started.elapsed().as_secs_f64();
    while !sequence.is_finished() {
        model.advance(&mut [&mut sequence]);
    }
    let rest = started.elapsed().as_secs_f64() - first;
    let generated = (sequence.output().len() - 1) as f64;
    let digest = hex(blob::hash(&blob::encode_tokens(sequence.output())));
    print(
        start,
        json!({"load": load, "prompt": prompt as f64 / first, "generation": generated / rest, "tokens": digest}),
    )
}

fn tokens(count: usize, vocabulary: u32) -> Vec<u32> {
    (0..count as u32)
        .map(|index| index * 7_919 % vocabulary)
        .collect()
}

fn hex(hash: [u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn print(start: Instant, report: Value) -> Result<()> {
    let step = Step {
        seconds: start.elapsed().as_secs_f64(),
        memory: peak_memory()?,
        report,
    };
    println!("{}", serde_json::to_string(&step)?);
    Ok(())
}
