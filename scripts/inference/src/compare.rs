//! All engines in turn, and the report.

use crate::{measure::Measured, shape::Shape};
use anyhow::{ensure, Context, Result};
use clap::Args;
use serde::Deserialize;
use std::{
    env,
    fmt::Write,
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Debug, Args)]
pub struct Settings {
    /// Tokens of the prompt.
    #[arg(long, default_value_t = 256)]
    prompt: usize,
    /// Tokens that are generated.
    #[arg(long, default_value_t = 32)]
    generate: usize,
    /// Rounds; in each, all engines are measured once.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Threads; one table for each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// Only this shape.
    #[arg(long)]
    shape: Option<Shape>,
    /// Folder for the Q8_0 models.
    #[arg(long)]
    models: PathBuf,
    /// llama.cpp's `llama-bench`; without it llama.cpp is left out.
    #[arg(long)]
    llama_bench: Option<PathBuf>,
}

/// Runs that belong together: an engine with a shape and a number of threads.
#[derive(Debug, Default)]
struct Runs {
    prompt: Vec<f64>,
    generation: Vec<f64>,
    replay: Vec<f64>,
    memory: Vec<f64>,
}

const EXACT: &str = "exact";
const ENGINES: [&str; 3] = [EXACT, "candle-f32", "candle-q8"];
const LLAMA: &str = "llama.cpp";

pub fn run(settings: &Settings) -> Result<()> {
    let shapes = settings
        .shape
        .map_or(Shape::ALL.to_vec(), |shape| vec![shape]);
    let mut report = String::new();
    for shape in shapes {
        let gguf = settings.models.join(format!("{}.gguf", shape.name()));
        if !gguf.exists() {
            own(&["gguf", "--shape", shape.name(), path(&gguf)?])?;
        }
        for &threads in &settings.threads {
            report.push_str(&table(settings, shape, threads, &gguf)?);
        }
    }
    println!("{report}");
    Ok(())
}

fn table(settings: &Settings, shape: Shape, threads: usize, gguf: &Path) -> Result<String> {
    let mut engines: Vec<(&str, Runs)> = ENGINES.map(|name| (name, Runs::default())).into();
    if settings.llama_bench.is_some() {
        engines.push((LLAMA, Runs::default()));
    }
    let mut bandwidth = Vec::new();
    for round in 0..settings.rounds {
        bandwidth.push(
            own(&["bandwidth", "--threads", &threads.to_string()])?
                .trim()
                .parse()?,
        );
        for (name, runs) in &mut engines {
            eprintln!(
                "{} on {threads} threads, round {}: {name}",
                shape.name(),
                round + 1
            );
            match &settings.llama_bench {
                Some(program) if *name == LLAMA => llama(settings, program, threads, gguf, runs)?,
                _ => engine(settings, name, shape, threads, gguf, runs)?,
            }
        }
    }
    let generated = (settings.generate - 1) as f64;
    let limit = median(&bandwidth) / shape.weights_read() as f64;
    let mut text = format!(
        "\n### {} parameters read for a token, {threads} thread{}\n\n\
         Prompt of {} tokens, {} tokens generated, the median of {} rounds. Memory is read at \
         {:.1} GB/s, which allows {limit:.1} tokens/s at one byte a weight.\n\n\
         | engine | prompt, tokens/s | generation, tokens/s | of the limit | first token, ms | memory, MiB |\n\
         | --- | --: | --: | --: | --: | --: |\n",
        millions(shape.weights_read()),
        if threads == 1 { "" } else { "s" },
        settings.prompt,
        settings.generate,
        settings.rounds,
        median(&bandwidth) / 1e9,
    );
    for (name, runs) in &engines {
        let speed = generated / median(&runs.generation);
        let memory = match runs.memory.is_empty() {
            true => "–".into(),
            false => format!("{:.0}", median(&runs.memory) / f64::from(1 << 20)),
        };
        writeln!(
            text,
            "| {name} | {:.1} | {speed:.1} | {:.0} % | {:.0} | {memory} |",
            settings.prompt as f64 / median(&runs.prompt),
            100.0 * speed / limit,
            1e3 * median(&runs.prompt),
        )?;
    }
    text.push_str("\n| exact against | prompt | generation |\n| --- | --: | --: |\n");
    let (_, exact) = &engines[0];
    for (name, runs) in &engines[1..] {
        writeln!(
            text,
            "| {name} | {:.2} × | {:.2} × |",
            median(&runs.prompt) / median(&exact.prompt),
            median(&runs.generation) / median(&exact.generation),
        )?;
    }
    let whole = median(&exact.prompt) + median(&exact.generation);
    writeln!(
        text,
        "\nAuditing (a replay of prompt and output with all hashes) takes {:.2} of the time that \
         generating took.",
        median(&exact.replay) / whole,
    )?;
    Ok(text)
}

fn engine(
    settings: &Settings,
    name: &str,
    shape: Shape,
    threads: usize,
    gguf: &Path,
    runs: &mut Runs,
) -> Result<()> {
    let output = own(&[
        "measure",
        "--engine",
        name,
        "--shape",
        shape.name(),
        "--threads",
        &threads.to_string(),
        "--prompt",
        &settings.prompt.to_string(),
        "--generate",
        &settings.generate.to_string(),
        "--gguf",
        path(gguf)?,
    ])?;
    let measured: Measured = serde_json::from_str(&output)?;
    runs.prompt.push(measured.prompt);
    runs.generation.push(measured.generation);
    runs.replay.extend(measured.replay);
    runs.memory.push(measured.memory as f64);
    Ok(())
}

/// One line of `llama-bench -o json`.
#[derive(Debug, Deserialize)]
struct LlamaTest {
    n_prompt: usize,
    avg_ns: f64,
}

fn llama(
    settings: &Settings,
    program: &Path,
    threads: usize,
    gguf: &Path,
    runs: &mut Runs,
) -> Result<()> {
    let tests = format!("{},{}", settings.prompt, settings.generate - 1);
    let output = Command::new(program)
        .args(["-m", path(gguf)?, "-p", &settings.prompt.to_string()])
        .args(["-n", &(settings.generate - 1).to_string(), "-d", "0"])
        .args(["-t", &threads.to_string(), "-r", "1", "-o", "json"])
        .output()
        .with_context(|| format!("{} {tests}", program.display()))?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tests: Vec<LlamaTest> = serde_json::from_slice(&output.stdout)?;
    for test in tests {
        let seconds = test.avg_ns / 1e9;
        if test.n_prompt > 0 {
            runs.prompt.push(seconds);
        } else {
            runs.generation.push(seconds);
        }
    }
    Ok(())
}

/// Runs this program with other arguments.
fn own(arguments: &[&str]) -> Result<String> {
    let output = Command::new(env::current_exe()?).args(arguments).output()?;
    ensure!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

fn millions(count: u64) -> String {
    format!("{} million", count / 1_000_000)
}
