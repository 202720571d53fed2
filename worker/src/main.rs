//! `aipg-worker`; see the library for everything.

use aipg_worker::{cli::Cli, execute, exit_code};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::from(aipg_worker::EXIT_FAILURE);
        }
    };
    let result = runtime.block_on(execute(cli));
    // Runs of the model cannot be interrupted; the process does not wait for them.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}
