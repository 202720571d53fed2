//! The miner's worker of AI Power Grid.
//!
//! A worker is a client of a node and of nothing else. It reads the chain through runtime APIs,
//! moves it by signed calls, and exchanges prompts and answers through the node's blob store; all
//! of that is in the crate `aipg-client`.
//!
//! - [`jobs`] decides what to do next for each job, [`ledger`] what finalised blocks brought; both
//!   are pure.
//! - [`journal`] keeps what they know on disk ([`store`]) before anything is done that depends on it.
//! - [`session`] does it over one connection; [`run`] keeps a connection to one of several nodes.
//! - [`models`] checks what comes from outside before money depends on it; [`verified`] remembers it.
//! - [`inference`] runs the exact engine on threads of its own, [`devices`] on GPUs, and checks its own answers.
//! - [`check`] replays somebody else's result; [`disputes`] challenges false ones and defends own ones.

pub mod audits;
mod authors;
mod caller;
pub mod check;
pub mod cli;
pub mod conduct;
pub mod config;
pub mod devices;
pub mod disputes;
pub mod doctor;
pub mod earnings;
pub mod inference;
pub mod jobs;
pub mod journal;
pub mod keys;
pub mod ledger;
pub mod local;
pub mod lock;
pub mod log;
pub mod memory;
pub mod metrics;
pub mod models;
pub mod pause;
pub mod register;
pub mod run;
pub mod session;
pub mod status;
pub mod stop;
pub mod store;
pub mod verified;
pub mod work;

use cli::{AuditorCommand, AuthorCommand, Command, DisputeCommand, Flags};
use conduct::Conduct;
use config::{ConfigError, Settings};
use keys::KeyError;
use std::{process::ExitCode, sync::Arc};

/// Exit code of a wrong command line, wrong settings or an unusable key.
pub const EXIT_CONFIGURATION: u8 = 2;
/// Exit code of everything else that fails.
pub const EXIT_FAILURE: u8 = 1;

/// Carries out a command line and tells how that went.
pub fn run_to_end(command: Command, conduct: Arc<dyn Conduct>) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::from(EXIT_FAILURE);
        }
    };
    let result = runtime.block_on(execute(command, conduct));
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

/// Carries out a command line.
pub async fn execute(command: Command, conduct: Arc<dyn Conduct>) -> anyhow::Result<()> {
    match command {
        Command::NewKey { path } => {
            let pair = keys::create(&path)?;
            println!("{}", keys::address(&keys::account(&pair)));
            eprintln!(
                "wrote {}; keep a copy of it: nothing else can restore the key",
                path.display()
            );
            Ok(())
        }
        Command::Register { flags, top_up } => {
            let settings = load(&flags)?;
            log::start(settings.log_format);
            register::register(&settings, top_up).await
        }
        Command::Run { flags } => {
            let settings = load(&flags)?;
            let bars = log::start(settings.log_format);
            run::run(&settings, bars, conduct).await
        }
        Command::Check {
            model,
            input,
            output,
            digest,
            sampling,
        } => {
            let sampler = sampling.sampler()?;
            let seed = sampling.seed;
            let positions = check::check(&model, &input, &output, &digest, &sampler, seed)?;
            println!("the result stands: {positions} positions replayed, digest {digest}");
            Ok(())
        }
        Command::Convert(conversion) => {
            println!("{:#}", conversion.run()?);
            Ok(())
        }
        Command::Auditor { command } => {
            let settings = load(command.flags())?;
            log::start(settings.log_format);
            match command {
                AuditorCommand::Join { auditor_bond, .. } => {
                    audits::commands::join(&settings, auditor_bond).await
                }
                AuditorCommand::Leave { .. } => audits::commands::leave(&settings).await,
                AuditorCommand::Withdraw { .. } => audits::commands::withdraw(&settings).await,
                AuditorCommand::Show { .. } => audits::commands::show(&settings).await,
                AuditorCommand::Run { .. } => {
                    disputes::commands::keep(&settings, conduct, false).await
                }
            }
        }
        Command::Author { command } => {
            let settings = load(command.flags())?;
            log::start(settings.log_format);
            match command {
                AuthorCommand::Join { author_bond, .. } => {
                    authors::join(&settings, author_bond).await
                }
                AuthorCommand::Stand { .. } => authors::stand(&settings).await,
                AuthorCommand::Leave { .. } => authors::leave(&settings).await,
                AuthorCommand::Withdraw { .. } => authors::withdraw(&settings).await,
                AuthorCommand::Show { .. } => authors::show(&settings).await,
            }
        }
        Command::Dispute { command } => match command {
            DisputeCommand::Check { flags } => {
                let settings = load(&flags)?;
                log::start(settings.log_format);
                disputes::commands::keep(&settings, conduct, true).await
            }
            DisputeCommand::Watch { node, job } => disputes::commands::watch(node, job).await,
        },
        Command::Status { flags } => {
            let settings = load(&flags)?;
            log::start(settings.log_format);
            status::status(&settings).await
        }
        Command::Earnings { flags, by, json } => {
            let settings = load(&flags)?;
            log::start(settings.log_format);
            earnings::earnings(&settings, by, json).await
        }
        Command::Doctor { flags } => {
            let settings = load(&flags)?;
            log::start(settings.log_format);
            doctor::doctor(&settings).await
        }
        Command::PausePlaces => {
            for place in pause::Place::ALL {
                println!("{:18} {}", place.name(), place.when());
            }
            Ok(())
        }
    }
}

/// The exit code that tells what kind of error ended the process.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<ConfigError>() || error.is::<KeyError>() {
        EXIT_CONFIGURATION
    } else {
        EXIT_FAILURE
    }
}

fn load(flags: &Flags) -> Result<Settings, ConfigError> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Settings::load(flags, environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_code_should_tell_settings_from_failures() {
        assert_eq!(exit_code(&ConfigError::NoKey.into()), 2);
        assert_eq!(exit_code(&KeyError::Malformed.into()), 2);
        assert_eq!(exit_code(&session::SessionError::Suspended.into()), 1);
    }
}
