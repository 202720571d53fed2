//! Converts, inspects, scores and runs model files.

use aipg_engine::{
    blob, conformance,
    convert::{convert, CheckpointConfiguration, ConvertInput, HadamardChoice},
    file::file_length,
    sampling::{Sampler, Settings},
    tokenizer::Tokenizer,
    Answer, Model, Request, Stop,
};
use anyhow::{ensure, Context, Result};
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Integer models of exact inference
#[derive(Parser)]
#[command(name = "aipg-model", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Turn a float checkpoint into a model file. The same input gives the same file everywhere
    Convert {
        /// Checkpoint: a safetensors file of float tensors
        #[arg(long)]
        checkpoint: PathBuf,
        /// Shape of the checkpoint, a JSON file: ours, or a config.json of Llama, Qwen2 or Qwen3
        #[arg(long)]
        config: PathBuf,
        /// Tokenizer file, whose hash the model commits
        #[arg(long)]
        tokenizer: PathBuf,
        /// Token ids (little-endian u32) typical for the model's use; they calibrate the value scales
        #[arg(long)]
        calibration: PathBuf,
        /// Where the model file goes
        #[arg(long)]
        output: PathBuf,
        /// Where the encoded header goes, which registers the model on chain
        #[arg(long)]
        header: Option<PathBuf>,
        /// Rotate no input before it is quantised (default: every input whose width allows it)
        #[arg(long)]
        no_hadamard: bool,
        /// Loss that is allowed, as a part of the float model's bits per token: norms are balanced with the
        /// weights behind them and rotations taken back where that loses less, and inputs get 16 bits until
        /// it is met. 0.001 suits most models
        #[arg(long)]
        loss_budget: Option<f64>,
    },
    /// Verify a model file and print its shape and roots as JSON
    Inspect {
        /// Model file
        model: PathBuf,
    },
    /// Print how well a model predicts held-out tokens, as JSON
    Score {
        /// Model file
        model: PathBuf,
        /// Token ids, little-endian u32
        ids: PathBuf,
        /// Tokens in one teacher-forced window; the first of each is given
        #[arg(long, default_value_t = 256)]
        window: usize,
    },
    /// Answer test vectors: one question a line on the standard input, see docs/spec/vectors.md
    Conformance,
    /// Print the test vectors, one a line
    Vectors,
    /// Continue a text and print the answer as JSON, with what ended it
    Generate {
        /// Model file
        model: PathBuf,
        /// Prompt
        text: String,
        /// Most tokens of the answer; fewer if the context has no room for more
        #[arg(long, default_value_t = 256)]
        max_output: u32,
        /// End the answer before this text, which may begin and end within tokens. May be given several
        /// times; the first to be complete counts
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        stop: Vec<String>,
        /// Tokenizer file; without it the demo model's ids. Must be the one the model commits
        #[arg(long)]
        tokenizer: Option<PathBuf>,
        #[command(flatten)]
        sampling: Sampling,
    },
}

#[derive(Args)]
struct Sampling {
    /// 0 takes the most likely token each time; 1/16 to 131072 draws, the more evenly the larger
    #[arg(long, default_value_t = 0.0)]
    temperature: f64,
    /// Draw from so many of the most likely tokens; 0 is all of them
    #[arg(long, default_value_t = 0)]
    top_k: u32,
    /// Draw from the most likely tokens that make up this probability
    #[arg(long, default_value_t = 1.0)]
    top_p: f64,
    /// Draw from tokens at least so many times as likely as the likeliest
    #[arg(long, default_value_t = 0.0)]
    min_p: f64,
    /// The same seed gives the same answer
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Sampling {
    fn sampler(&self) -> Result<Sampler> {
        let settings = Settings {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
        };
        Ok(match settings.parameters()? {
            None => Sampler::GREEDY,
            Some(parameters) => Sampler::seeded(self.seed, parameters)?,
        })
    }
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Convert {
            checkpoint,
            config,
            tokenizer,
            calibration,
            output,
            header,
            no_hadamard,
            loss_budget,
        } => {
            let input = ConvertInput {
                checkpoint: read(&checkpoint)?,
                configuration: CheckpointConfiguration::from_json(&read(&config)?)?,
                tokenizer: read(&tokenizer)?,
                calibration: read_tokens(&calibration)?,
                hadamard: match no_hadamard {
                    true => HadamardChoice::Nowhere,
                    false => HadamardChoice::WherePossible,
                },
                loss_budget,
            };
            let spinner = ProgressBar::new_spinner().with_message("converting");
            spinner.enable_steady_tick(std::time::Duration::from_millis(100));
            let converted = convert(&input)?;
            spinner.finish_and_clear();
            converted.write(&output)?;
            if let Some(path) = header {
                converted.write_header(&path)?;
            }
            let mut report = description(&Model::from_bytes(&converted.bytes)?);
            if let Some(quality) = converted.quality {
                report["quality"] = json!({
                    "tokens": quality.tokens,
                    "float_bits_per_token": quality.float_bits,
                    "integer_bits_per_token": quality.integer_bits,
                    "divergence_bits_per_token": quality.divergence,
                });
            }
            print(&report)
        }
        Command::Inspect { model } => print(&description(&load(&model)?)),
        Command::Score { model, ids, window } => {
            let (model, ids) = (load(&model)?, read_tokens(&ids)?);
            let bar = progress_bar(ids.len())?;
            let score = model.score(&ids, window, &mut |done| bar.set_position(done as u64))?;
            bar.finish_and_clear();
            print(&json!({
                "model": hexadecimal(model.root()),
                "window": window,
                "tokens": score.tokens,
                "bits_per_token": score.bits_per_token,
            }))
        }
        Command::Conformance => Ok(conformance::serve(io::stdin().lock(), io::stdout().lock())?),
        Command::Vectors => {
            let mut output = io::stdout().lock();
            for vector in conformance::vectors() {
                writeln!(output, "{}", serde_json::to_string(&vector)?)?;
            }
            Ok(())
        }
        Command::Generate {
            model,
            text,
            max_output,
            stop,
            tokenizer,
            sampling,
        } => {
            let sampler = sampling.sampler()?;
            let mut answer = Answer::new(stop.into_iter().map(Stop::Text).collect())?;
            let model = load(&model)?;
            let tokenizer = match tokenizer {
                None => Tokenizer::default(),
                Some(path) => {
                    let hash = blob::hash(&read(&path)?);
                    let committed = model.header().tokenizer;
                    ensure!(hash == committed, "the model commits another tokenizer");
                    Tokenizer::from_file(&path)?
                }
            };
            let mut sequence = model.start_within_context(Request {
                prompt: &tokenizer.encode(&text),
                max_output,
                stop: &[tokenizer.answer_end],
                sampler,
            })?;
            let bar = progress_bar(max_output as usize)?;
            while !sequence.is_finished() {
                model.advance(&mut [&mut sequence]);
                answer.read(&mut sequence, |token| tokenizer.bytes(token));
                bar.set_position(sequence.output().len() as u64);
            }
            bar.finish_and_clear();
            let finish = sequence.finish();
            let generation = sequence.into_generation();
            print(&json!({
                "text": answer.text(),
                "finish": finish,
                "stop": match answer.stop() {
                    Some(Stop::Text(text)) => Some(text),
                    _ => None,
                },
                "tokens": generation.tokens,
                "digest": hexadecimal(generation.digest),
                "positions": generation.positions,
            }))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_tokens(path: &Path) -> Result<Vec<u32>> {
    blob::decode_tokens(&read(path)?).with_context(|| format!("in {}", path.display()))
}

fn load(path: &Path) -> Result<Model> {
    Model::load(path).with_context(|| format!("cannot load {}", path.display()))
}

fn hexadecimal(hash: [u8; 32]) -> String {
    format!("0x{}", hex::encode(hash))
}

fn progress_bar(length: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} tokens, {eta} left")?;
    Ok(ProgressBar::new(length as u64).with_style(style))
}

fn print(value: &serde_json::Value) -> Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// What `inspect` says about a model.
fn description(model: &Model) -> serde_json::Value {
    let header = model.header();
    let layers = header.layers as usize;
    json!({
        "root": hexadecimal(model.root()),
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
