//! Runs the benchmarks in a runtime blob and prints what they cost as JSON.
//!
//! `scripts/weights` calls it and turns the JSON into Rust; docs/weights.md explains the whole way.
//! The stock command for this, `frame-benchmarking-cli`, brings the code of the relay chain along
//! with it: four hundred crates that the node does without, compiled with other features than the
//! node's. Here only the loop around `frame-benchmarking` is written again, over crates that the
//! node is built from.
//!
//! - [`blob`]: the runtime, and the state that it starts from;
//! - [`plan`]: which values of its components a benchmark is run with;
//! - [`measure`]: the runs;
//! - [`cost`]: what is read off their results;
//! - [`speed`]: how fast this machine is next to the reference machine.

mod blob;
mod cost;
mod measure;
mod plan;
mod speed;

use anyhow::{ensure, Result};
use blob::Blob;
use clap::{Parser, Subcommand};
use measure::Effort;
use std::{path::PathBuf, time::Duration};
use tracing_subscriber::EnvFilter;

/// Runs the benchmarks in a runtime blob.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The runtime as WebAssembly, compiled with the feature `runtime-benchmarks`.
    #[arg(long)]
    blob: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the names of the pallets that have benchmarks, one a line.
    List,
    /// Prints what every benchmark of the pallets costs, as JSON.
    Measure {
        /// Names of pallets; all of them if there are none.
        pallets: Vec<String>,
        /// Values of each component that are measured, at least two.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..))]
        steps: u32,
        /// Timed runs for each of them.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        repeat: u32,
        /// Least time that the runs of a benchmark take together, in seconds.
        #[arg(long, default_value_t = 0)]
        seconds: u64,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // What the runtime says in a panic.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let blob = Blob::read(&arguments.blob)?;
    let benchmarks = measure::Benchmarks::of(&blob)?;
    match arguments.command {
        Command::List => {
            for pallet in benchmarks.pallets() {
                println!("{pallet}");
            }
        }
        Command::Measure {
            pallets,
            steps,
            repeat,
            seconds,
        } => {
            for wanted in &pallets {
                ensure!(
                    benchmarks.pallets().any(|pallet| pallet == wanted),
                    "the runtime has no benchmarks of {wanted}"
                );
            }
            let effort = Effort {
                steps,
                repeat,
                least: Duration::from_secs(seconds),
            };
            let measured = benchmarks.measure(&blob, &pallets, &effort)?;
            println!("{}", serde_json::to_string_pretty(&measured)?);
        }
    }
    Ok(())
}
