//! Converts, inspects, scores and runs model files.

use aipg_engine::{
    blob,
    command::{read, read_tokens, Conversion, PictureJob, TraceMeasurement},
    conformance,
    sampling::{Sampler, Settings},
    tokenizer::Tokenizer,
    Answer, Model, Request, Stop,
};
use anyhow::{ensure, Context, Result};
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{
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
    Convert(Conversion),
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
    /// Measure what it takes to rebuild the trace of a job, beside a prefill of the same rows, as JSON
    Trace(TraceMeasurement),
    /// Answer test vectors: one question a line on the standard input, see docs/spec/vectors.md
    Conformance,
    /// Print the test vectors, one a line
    Vectors {
        /// Write their binary form instead
        #[arg(long)]
        binary: bool,
    },
    /// Make the picture of a prompt and a seed, write it as a PNG file and print what it is as JSON
    Picture(PictureJob),
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
        Command::Convert(conversion) => print(&conversion.run()?),
        Command::Inspect { model } => print(&load(&model)?.description()),
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
        Command::Trace(measurement) => print(&measurement.run()?),
        Command::Picture(job) => print(&job.run()?),
        Command::Conformance => Ok(conformance::serve(io::stdin().lock(), io::stdout().lock())?),
        Command::Vectors { binary } => {
            let mut output = io::stdout().lock();
            let vectors = conformance::vectors();
            if binary {
                output.write_all(&conformance::to_binary(&vectors))?;
                return Ok(());
            }
            for vector in &vectors {
                writeln!(output, "{}", conformance::to_line(vector)?)?;
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
                prompt: &tokenizer.encode(&text)?,
                max_output,
                stop: &tokenizer.ends(),
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
