//! The `aipg-node` binary.
//!
//! | module | what it does |
//! |---|---|
//! | [`command`] | carries out what the command line asks for |
//! | [`service`] | puts database, transaction pool, BABE, GRANDPA, network and RPC together |
//! | [`rpc`] | the JSON-RPC methods beyond the ones that every Substrate node has |

#![allow(
    clippy::result_large_err,
    reason = "the error types are those of sc-service and sc-cli, whose callbacks prescribe them"
)]

use std::process::ExitCode;

mod command;
mod rpc;
mod service;

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
