//! Commands of `aipg-model`; the conversion is one of `aipg-worker`, too.

mod trace;

pub use trace::TraceMeasurement;

use crate::{
    blob,
    convert::{
        convert_to_file, Checkpoint, CheckpointConfiguration, ConvertError, ConvertInput,
        HadamardChoice,
    },
    file::file_length,
    Blake2b256, Model, ModelHeader,
};
use anyhow::{Context, Result};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Arguments of a conversion.
#[derive(Clone, Debug, Args)]
pub struct Conversion {
    /// Checkpoint: a safetensors file of float tensors, or a directory of shards and their index
    #[arg(long)]
    pub checkpoint: PathBuf,
    /// Shape of the checkpoint, a JSON file: ours, or a config.json of Llama, Qwen2 or Qwen3
    #[arg(long)]
    pub config: PathBuf,
    /// Tokenizer file, whose hash the model commits
    #[arg(long)]
    pub tokenizer: PathBuf,
    /// Token ids (little-endian u32) typical for the model's use; they calibrate the value scales
    #[arg(long)]
    pub calibration: PathBuf,
    /// Where the model file goes
    #[arg(long)]
    pub output: PathBuf,
    /// Where the encoded header goes, which registers the model on chain
    #[arg(long)]
    pub header: Option<PathBuf>,
    /// Rotate no input before it is quantised (default: every input whose width allows it)
    #[arg(long)]
    pub no_hadamard: bool,
    /// Loss that is allowed, as a part of the float model's bits per token: norms are balanced with the
    /// weights behind them and rotations taken back where that loses less, and inputs get 16 bits until
    /// it is met. 0.001 suits most models
    #[arg(long)]
    pub loss_budget: Option<f64>,
}

impl Conversion {
    /// Converts and writes the files. Returns shape, roots and quality of the model.
    ///
    /// # Errors
    /// What cannot be read, converted or written, with the file's name. Nothing is written unless the
    /// conversion succeeds.
    pub fn run(&self) -> Result<serde_json::Value> {
        let input = ConvertInput {
            checkpoint: open_checkpoint(&self.checkpoint)?,
            configuration: CheckpointConfiguration::from_json(&read(&self.config)?)?,
            tokenizer: read(&self.tokenizer)?,
            calibration: read_tokens(&self.calibration)?,
            hadamard: match self.no_hadamard {
                true => HadamardChoice::Nowhere,
                false => HadamardChoice::WherePossible,
            },
            loss_budget: self.loss_budget,
            measured_tokens: 0,
        };
        let spinner = ProgressBar::new_spinner().with_message("converting");
        spinner.enable_steady_tick(Duration::from_millis(100));
        let (header, quality) = convert_to_file(&input, &self.output, &mut |_| ())?;
        spinner.finish_and_clear();
        if let Some(path) = &self.header {
            fs::write(path, header.encode())?;
        }
        let mut report = describe(&header);
        if let Some(quality) = quality {
            report["quality"] = json!({
                "tokens": quality.tokens,
                "float_bits_per_token": quality.float_bits,
                "integer_bits_per_token": quality.integer_bits,
                "divergence_bits_per_token": quality.divergence,
            });
        }
        Ok(report)
    }
}

/// The tensors of a safetensors file, or of a directory of them.
fn open_checkpoint(path: &Path) -> Result<Checkpoint, ConvertError> {
    match path.is_dir() {
        true => Checkpoint::from_directory(path),
        false => Checkpoint::from_file(path),
    }
}

impl Model {
    /// Shape, flags and roots, as `aipg-model inspect` prints them.
    pub fn description(&self) -> serde_json::Value {
        describe(self.header())
    }
}

/// Shape, flags and roots of a model.
fn describe(header: &ModelHeader) -> serde_json::Value {
    let layers = header.layers as usize;
    json!({
        "root": hexadecimal(header.root::<Blake2b256>()),
        "bytes": file_length(header),
        "semantics_version": header.semantics_version,
        "template": header.template,
        "model_dimension": header.model_dimension,
        "layers": header.layers,
        "heads": header.heads,
        "key_value_heads": header.key_value_heads,
        "head_dimension": header.head_dimension,
        "feed_forward": header.feed_forward,
        "vocabulary": header.vocabulary,
        "max_context": header.max_context,
        "epsilon": header.epsilon,
        "score_scale": header.score_scale,
        "model_flags": header.model_flags,
        "output_flags": header.output_flags,
        "window": header.window,
        "input_flags": header.input_flags[..layers],
        "value_formats": header.value_formats[..layers],
        "windowed_layers": (0..layers)
            .filter(|&layer| header.window_of(layer).is_some())
            .collect::<Vec<_>>(),
        "tokenizer": hexadecimal(header.tokenizer),
        "scales": hexadecimal(header.scales),
        "tables": hexadecimal(header.tables),
        "weights": hexadecimal(header.weights),
    })
}

/// A file's bytes.
///
/// # Errors
/// With the file's name.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A file's token ids, little-endian u32.
///
/// # Errors
/// With the file's name.
pub fn read_tokens(path: &Path) -> Result<Vec<u32>> {
    blob::decode_tokens(&read(path)?).with_context(|| format!("in {}", path.display()))
}

/// A hash as people read it.
fn hexadecimal(hash: [u8; 32]) -> String {
    format!("0x{}", hex::encode(hash))
}
