//! Exact inference beside float engines: speed and memory on the same shapes with random weights, on the same
//! machine, one after the other in turn, for `scripts/bench inference`; and what the loader reads of a
//! checkpoint, for `scripts/test --full`.

mod compare;
mod conversion;
mod engines;
mod loader;
mod measure;
mod shape;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Speed of exact inference beside that of float engines.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures all engines in turn and prints a report in Markdown.
    Compare(compare::Settings),
    /// Measures one engine once in this process and prints JSON.
    Measure(measure::Settings),
    /// Measures how fast memory is read and prints JSON.
    Bandwidth {
        /// Threads that read.
        #[arg(long)]
        threads: usize,
    },
    /// Compares what the loader reads of checkpoints with candle and prints a table in Markdown; fails if
    /// anything differs.
    Loader,
    /// Converts checkpoints with the shapes of published models and random weights and prints what it takes,
    /// a table in Markdown.
    Conversion(conversion::Settings),
    /// Converts the checkpoint in a folder and prints JSON.
    #[command(hide = true)]
    ConvertOne { folder: PathBuf },
    /// Runs the model in a folder and prints JSON.
    #[command(hide = true)]
    RunOne { folder: PathBuf },
    /// Writes a Q8_0 model of random weights.
    Gguf {
        /// Its shape.
        #[arg(long)]
        shape: shape::Shape,
        /// Where to.
        file: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Compare(settings) => compare::run(&settings),
        Command::Measure(settings) => measure::run(&settings),
        Command::Bandwidth { threads } => measure::bandwidth(threads),
        Command::Loader => loader::run(),
        Command::Conversion(settings) => conversion::run(&settings),
        Command::ConvertOne { folder } => conversion::convert_one(&folder),
        Command::RunOne { folder } => conversion::run_one(&folder),
        Command::Gguf { shape, file } => engines::write_gguf(shape, &file),
    }
}
