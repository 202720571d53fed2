//! Carries out what the command line asks for.

use aipg_runtime::opaque::Block;
use sc_cli::SubstrateCli;

use aipg_node::cli::{Cli, Subcommand};

use crate::service::{self, NodeParts};

/// Parses the command line of the process and does what it says; returns when that is done or,
/// for a running node, when the process is asked to stop.
pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_args();

    match &cli.subcommand {
        None => {
            let blobs_quota_mib = cli.run.blobs_quota_mib;
            cli.create_runner(&cli.run.base)?
                .run_node_until_exit(|config| async move {
                    service::start(config, blobs_quota_mib).map_err(sc_cli::Error::Service)
                })
        }
        Some(Subcommand::Key(command)) => command.run(&cli),
        Some(Subcommand::ExportChainSpec(command)) => command.run(cli.load_spec(&command.chain)?),
        Some(Subcommand::BuildSpec(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run(config.chain_spec, config.network)),
        Some(Subcommand::CheckBlock(command)) => {
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
        Some(Subcommand::ExportBlocks(command)) => {
            cli.create_runner(command)?.async_run(|mut config| {
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
        Some(Subcommand::ChainInfo(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run::<Block>(&config)),
    }
}
