//! `aipg-worker`; see the library for everything.

use aipg_worker::{cli::Cli, conduct::Honest, run_to_end};
use clap::Parser;
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    run_to_end(Cli::parse().command, Arc::new(Honest))
}
