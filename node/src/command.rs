//! Carries out what the command line asks for.

use std::path::{Path, PathBuf};

use aipg_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_service::Configuration;
use sp_core::crypto::{set_default_ss58_version, Ss58AddressFormat};

use aipg_node::{
    chain_spec::SS58_FORMAT,
    cli::{Cli, KeyCommand, Subcommand},
};

use crate::service::{self, NodeParts};

/// Parses the command line of the process and does what it says; returns when that is done or,
/// for a running node, when the process is asked to stop.
pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_args();

    match &cli.subcommand {
        None => {
            let blobs = cli.run.blobs;
            cli.create_runner(&cli.run.base)?
                .run_node_until_exit(|config| async move {
                    // RPC methods that take an address then know those of this chain. Not before:
                    // the genesis is written in the general format.
                    set_default_ss58_version(Ss58AddressFormat::custom(SS58_FORMAT));
                    service::start(config, blobs).map_err(sc_cli::Error::Service)
                })
        }
        Some(Subcommand::Key(KeyCommand::Session(command))) => {
            let (record, keystore) = command.run().map_err(application)?;
            eprintln!("The session keys are in {}", keystore.display());
            let record = serde_json::to_string_pretty(&record).map_err(application)?;
            println!("{record}");
            Ok(())
        }
        Some(Subcommand::Key(KeyCommand::Substrate(command))) => {
            // These print addresses. Only here: the runtime reads those of a genesis in the
            // general format.
            set_default_ss58_version(Ss58AddressFormat::custom(SS58_FORMAT));
            command.run(&cli)
        }
        Some(Subcommand::ExportChainSpec(command)) => command.run(cli.load_spec(&command.chain)?),
        Some(Subcommand::BuildSpec(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run(config.chain_spec, config.network)),
        Some(Subcommand::CheckBlock(command)) => {
            cli.create_runner(command)?.async_run(|mut config| {
                require_chain_data(&config)?;
                let NodeParts {
                    client,
                    import_queue,
                    task_manager,
                    ..
                } = service::node_parts(&mut config)?;
                Ok((command.run(client, import_queue), task_manager))
            })
        }
        Some(Subcommand::ExportBlocks(command)) => {
            cli.create_runner(command)?.async_run(|mut config| {
                require_chain_data(&config)?;
                let NodeParts {
                    client,
                    task_manager,
                    ..
                } = service::node_parts(&mut config)?;
                Ok((command.run(client, config.database), task_manager))
            })
        }
        Some(Subcommand::ImportBlocks(command)) => {
            cli.create_runner(command)?.async_run(|mut config| {
                let NodeParts {
                    client,
                    import_queue,
                    task_manager,
                    ..
                } = service::node_parts(&mut config)?;
                Ok((command.run(client, import_queue), task_manager))
            })
        }
        Some(Subcommand::PurgeChain(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run(config.database)),
        Some(Subcommand::Revert(command)) => {
            cli.create_runner(command)?.async_run(|mut config| {
                require_chain_data(&config)?;
                let NodeParts {
                    client,
                    backend,
                    task_manager,
                    ..
                } = service::node_parts(&mut config)?;
                // BABE's epochs and GRANDPA's authority sets are kept beside the blocks, so they
                // have to be taken back with them.
                let revert_consensus = Box::new(|client, backend, blocks| {
                    sc_consensus_babe::revert(std::sync::Arc::clone(&client), backend, blocks)?;
                    sc_consensus_grandpa::revert(client, blocks)?;
                    Ok(())
                });
                Ok((
                    command.run(client, backend, Some(revert_consensus)),
                    task_manager,
                ))
            })
        }
        Some(Subcommand::ChainInfo(command)) => cli.create_runner(command)?.sync_run(|config| {
            require_chain_data(&config)?;
            command.run::<Block>(&config)
        }),
    }
}

fn application(error: impl std::error::Error + Send + Sync + 'static) -> sc_cli::Error {
    sc_cli::Error::Application(Box::new(error))
}

/// There is nothing that the command could work on.
#[derive(Debug, thiserror::Error)]
#[error(
    "ChainDataMissing: there is no database of the chain `{chain}` in `{}`; is --base-path right?",
    folder.display()
)]
struct ChainDataMissing {
    chain: String,
    folder: PathBuf,
}

/// Refuses a command on stored blocks where none are: opening the database would make an empty one
/// and answer from that.
fn require_chain_data(config: &Configuration) -> sc_cli::Result<()> {
    if config.database.path().is_some_and(Path::exists) {
        return Ok(());
    }
    Err(application(ChainDataMissing {
        chain: config.chain_spec.id().into(),
        folder: config.data_path.clone(),
    }))
}
