//! One measurement in a process of its own, so that its memory is its own too.

use crate::{
    engines::{CandleFloat, CandleQuantised, Engine, Exact},
    shape::Shape,
};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf, time::Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Exact,
    CandleF32,
    CandleQ8,
}

#[derive(Debug, Args)]
pub struct Settings {
    #[arg(long)]
    pub engine: Kind,
    #[arg(long)]
    pub shape: Shape,
    #[arg(long)]
    pub threads: usize,
    /// Tokens of the prompt.
    #[arg(long)]
    pub prompt: usize,
    /// Tokens that are generated.
    #[arg(long)]
    pub generate: usize,
    /// The Q8_0 model.
    #[arg(long)]
    pub gguf: Option<PathBuf>,
}

/// What was measured, in seconds and bytes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// The prompt, with the choice of the first token.
    pub prompt: f64,
    /// All tokens after the first.
    pub generation: f64,
    /// A replay of prompt and output, as an auditor does it; exact inference only.
    pub replay: Option<f64>,
    /// Largest resident memory of the process.
    pub memory: u64,
}

pub fn run(settings: &Settings) -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(settings.threads)
        .build_global()?;
    let most = settings.generate as u32;
    let mut exact = None;
    let mut other: Box<dyn Engine>;
    let engine: &mut dyn Engine = match settings.engine {
        Kind::Exact => exact.insert(Exact::new(settings.shape, most)?),
        Kind::CandleF32 => {
            other = Box::new(CandleFloat::new(settings.shape)?);
            other.as_mut()
        }
        Kind::CandleQ8 => {
            let file = settings.gguf.as_ref().context("--gguf is needed")?;
            other = Box::new(CandleQuantised::new(file)?);
            other.as_mut()
        }
    };
    let vocabulary = settings.shape.configuration().vocabulary as usize;
    let prompt: Vec<u32> = (0..settings.prompt)
        .map(|index| (index * 7_919 % vocabulary) as u32)
        .collect();
    // What was just made is in the caches or paged in; the second run counts.
    engine.prompt(&prompt[..prompt.len().min(16)])?;
    let start = Instant::now();
    let mut token = engine.prompt(&prompt)?;
    let prompt_time = start.elapsed().as_secs_f64();
    let mut output = vec![token];
    let start = Instant::now();
    for position in prompt.len()..prompt.len() + settings.generate - 1 {
        token = engine.next(token, position)?;
        output.push(token);
    }
    let generation = start.elapsed().as_secs_f64();
    let memory = peak_memory()?;
    let replay = match &exact {
        Some(exact) => {
            let start = Instant::now();
            exact.replay(&prompt, &output)?;
            Some(start.elapsed().as_secs_f64())
        }
        None => None,
    };
    let measured = Measured {
        prompt: prompt_time,
        generation,
        replay,
        memory,
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// Largest resident memory of this process so far, in bytes.
pub fn peak_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("VmHWM")?;
    Ok(kib.parse::<u64>()? * 1024)
}

/// Bytes a second at which `threads` threads read memory that no cache holds: the best of five.
pub fn bandwidth(threads: usize) -> Result<()> {
    const WORDS: usize = 64 << 20;
    let memory = vec![1u64; WORDS];
    let mut best = 0f64;
    for _ in 0..5 {
        let start = Instant::now();
        let total: u64 = std::thread::scope(|scope| {
            memory
                .chunks(WORDS.div_ceil(threads))
                .map(|part| scope.spawn(|| part.iter().sum::<u64>()))
                .collect::<Vec<_>>()
                .into_iter()
                .map(|reader| reader.join().expect("a reader does not fail"))
                .sum()
        });
        anyhow::ensure!(total == WORDS as u64, "read something else");
        best = best.max((WORDS * 8) as f64 / start.elapsed().as_secs_f64());
    }
    println!("{best}");
    Ok(())
}
