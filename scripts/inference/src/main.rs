//! Speed and memory of exact inference beside float engines: the same shapes with random weights,
//! on the same machine, one after the other in turn. `scripts/bench inference` calls it.

mod compare;
mod engines;
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
        Command::Gguf { shape, file } => engines::write_gguf(shape, &file),
    }
}
