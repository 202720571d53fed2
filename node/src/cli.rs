//! The command line.

use sc_cli::SubstrateCli;

use crate::{
    blobs::DEFAULT_QUOTA_MIB, chain_spec, genesis::GenesisFiles, session_keys::SessionKeysCommand,
};

const SUMMARY: &str = "The AI Power Grid full node";

const DESCRIPTION: &str = "\
The AI Power Grid full node: a BABE + GRANDPA chain that pays AIPG for exact AI inference.

It serves JSON-RPC on port 9944 (HTTP and WebSocket), joins the peer-to-peer network on port
30333, offers Prometheus metrics on port 9615, and keeps the inputs and outputs of jobs as
content-addressed blobs of up to 4 MiB (RPC methods blobs_put, blobs_get, blobs_has).

A chain of your own on this machine, block author Alice, everything deleted on exit:
    aipg-node --dev
The same, kept on disk:
    aipg-node --dev --base-path ./data
Two of the four authorities of a local network (blocks become final once three are running):
    aipg-node --chain local --alice --base-path ./alice --unsafe-force-node-key-generation
    aipg-node --chain local --bob --base-path ./bob --unsafe-force-node-key-generation \\
        --port 30334 --rpc-port 9945
A full node of the chain described by a file:
    aipg-node --chain ./chain.json --base-path ./data
A new account (12 words, address, public key):
    aipg-node key generate
The session keys of an authority, and its public record for the authorities file:
    aipg-node key session --chain mainnet --account ADDRESS --base-path ./data
The public network, from the files that fix its genesis, written down for everybody else:
    aipg-node chain-spec --chain mainnet --genesis-authorities authorities.json \\
        --genesis-balances balances.csv --raw --output mainnet.json
    aipg-node --chain ./mainnet.json --base-path ./data --validator

State is kept in ParityDB under <base path>/chains/<chain id>.";

const CHAIN_HELP: &str = "\
Chain to join: `dev` (one author, for a single machine), `local` (four authorities, for a local
network), `mainnet` (the public network, from --genesis-authorities and --genesis-balances) or the
path of a chain specification in JSON, such as `chain-spec` writes.

[default: local]";

const DEV_HELP: &str = "\
Run a development chain on this machine.

Means --chain dev, --alice (she alone authors blocks), --force-authoring, --rpc-cors all, and,
without a --base-path, a temporary folder that is deleted on exit.";

/// Everything that can be asked of the binary.
#[derive(Debug, clap::Parser)]
pub struct Cli {
    /// What to do instead of running the node.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    /// How to run the node.
    #[command(flatten)]
    pub run: RunCommand,

    /// From what the public network starts.
    #[command(flatten)]
    pub genesis: GenesisFiles,
}

impl Cli {
    /// Whether the command looks at how the chain begins. Keys, for one, must be there before the
    /// authorities file can name them.
    fn needs_genesis(&self) -> bool {
        !matches!(
            self.subcommand,
            Some(Subcommand::Key(_) | Subcommand::PurgeChain(_) | Subcommand::ChainInfo(_))
        )
    }
}

/// Options of a running node: those of every Substrate node and those of the blob store.
#[derive(Debug, clap::Args)]
pub struct RunCommand {
    /// Options that every Substrate node has.
    #[command(flatten)]
    pub base: sc_cli::RunCmd,

    /// Disk space that stored blobs may take, in MiB.
    ///
    /// Blobs are the inputs and outputs of jobs that clients hand to this node by the RPC method
    /// `blobs_put`. They lie in <base path>/chains/<chain id>/blobs. When the space is used up,
    /// new blobs are refused with the error `StoreFull` and those stored stay readable.
    #[arg(
        long,
        value_name = "MIB",
        default_value_t = DEFAULT_QUOTA_MIB,
        value_parser = clap::value_parser!(u64).range(4..=(1 << 40)),
    )]
    pub blobs_quota_mib: u64,
}

/// Commands other than running the node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Make, inspect and store account keys, session keys and network keys.
    #[command(subcommand)]
    Key(KeyCommand),

    /// Write the specification of a chain as JSON, to edit it or to give it to others.
    ///
    /// With --raw the genesis state is written out, which is what the nodes of one network must
    /// share: it does not change when the binary does, and whoever has it needs no other file.
    #[command(visible_alias = "chain-spec")]
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// The older form of `export-chain-spec`: also adds this machine as a boot node.
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Execute one stored block again and compare its result with the header.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write blocks to a file, as JSON or (--binary) in the chain's encoding.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Check and import blocks from a file that `export-blocks` wrote.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Delete the database of a chain. Keys and blobs stay.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Take back the last blocks, at most down to the last finalised one.
    Revert(sc_cli::RevertCmd),

    /// Print best and finalised block of the stored chain as JSON.
    ChainInfo(sc_cli::ChainInfoCmd),
}

/// Commands on keys.
#[derive(Debug, clap::Subcommand)]
pub enum KeyCommand {
    /// Make the session keys of an authority and print its public record.
    ///
    /// Puts a BABE and a GRANDPA key into the keystore of the node and prints what the authorities
    /// file of a network (--genesis-authorities) takes: account and public keys, as JSON. Called
    /// again it prints the same record.
    Session(SessionKeysCommand),

    /// The commands that every Substrate node has.
    #[command(flatten)]
    Substrate(sc_cli::KeySubcommand),
}

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "AI Power Grid Node".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn description() -> String {
        DESCRIPTION.into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn setup_command(command: clap::Command) -> clap::Command {
        command
            .name(Self::executable_name())
            .version(Self::impl_version())
            .author(Self::author())
            .about(SUMMARY)
            .long_about(Self::description())
            .after_help(format!("Support: {}", Self::support_url()))
            .propagate_version(true)
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true)
            // What these two mean depends on the chains that this node knows.
            .mut_arg("chain", |chain| chain.long_help(CHAIN_HELP))
            .mut_arg("dev", |dev| dev.long_help(DEV_HELP))
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        let spec = if self.needs_genesis() {
            chain_spec::load(id, &self.genesis)
        } else {
            chain_spec::identify(id)
        };
        spec.map(|spec| Box::new(spec) as Box<dyn sc_service::ChainSpec>)
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{error::ErrorKind, CommandFactory};
    use sc_cli::{CliConfiguration, Database, Role};
    use sc_service::DatabaseSource;

    use crate::blobs::MAX_BLOB_SIZE;

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_from_iter(std::iter::once(&"aipg-node").chain(arguments))
    }

    #[test]
    fn command_line_should_be_consistent() {
        Cli::setup_command(Cli::command()).debug_assert();
    }

    #[test]
    fn help_should_tell_the_chains_and_what_the_node_does() {
        let help = Cli::setup_command(Cli::command())
            .render_long_help()
            .to_string();
        for text in [
            "aipg-node --dev",
            "`dev` (one author",
            "--blobs-quota-mib",
            "--genesis-authorities",
            "--genesis-balances",
            "AIPG_GENESIS_BALANCES",
            "key session",
            "ParityDB",
        ] {
            assert!(help.contains(text), "{text}");
        }
    }

    #[test]
    fn dev_should_mean_chain_dev_alice_and_a_temporary_folder_when_no_base_path_is_given() {
        let cli = parse(&["--dev"]).unwrap();
        let run = &cli.run.base;
        assert_eq!(run.chain_id(true).unwrap(), "dev");
        assert!(matches!(run.role(true).unwrap(), Role::Authority));
        assert_eq!(run.dev_key_seed(true).unwrap().as_deref(), Some("//Alice"));
        assert!(run.force_authoring().unwrap());
        let temporary = run.base_path().unwrap().unwrap();
        assert!(temporary.path().starts_with(std::env::temp_dir()));
    }

    #[test]
    fn dev_should_keep_its_data_when_a_base_path_is_given() {
        let cli = parse(&["--dev", "--base-path", "kept/here"]).unwrap();
        let path = cli.run.base.base_path().unwrap().unwrap();
        assert_eq!(path.path(), std::path::Path::new("kept/here"));
    }

    #[test]
    fn local_should_be_an_authority_of_the_local_chain_when_alice_is_given() {
        let cli = parse(&["--chain", "local", "--alice"]).unwrap();
        let run = &cli.run.base;
        assert_eq!(run.chain_id(false).unwrap(), "local");
        assert!(matches!(run.role(false).unwrap(), Role::Authority));
        let cli = parse(&["--chain", "local"]).unwrap();
        assert!(matches!(cli.run.base.role(false).unwrap(), Role::Full));
    }

    #[test]
    fn load_spec_should_return_the_named_error_when_the_chain_is_unknown() {
        let cli = parse(&["--chain", "testnet"]).unwrap();
        let error = cli.load_spec("testnet").err().unwrap();
        assert!(error.starts_with("UnknownChain"), "{error}");
    }

    #[test]
    fn database_should_be_refused_when_it_is_not_parity_db() {
        assert_eq!(
            parse(&["--database", "rocksdb"]).unwrap_err().kind(),
            ErrorKind::InvalidValue
        );
        let cli = parse(&["--database", "paritydb"]).unwrap();
        assert_eq!(cli.run.base.database().unwrap(), Some(Database::ParityDb));
    }

    #[tokio::test]
    async fn configuration_should_use_parity_db_when_no_database_is_given() {
        let cli = parse(&["--dev", "--rpc-port", "0"]).unwrap();
        let configuration =
            cli.create_configuration(&cli.run.base, tokio::runtime::Handle::current());
        match aipg_runtime::WASM_BINARY {
            Some(_) => {
                let configuration = configuration.unwrap();
                assert!(matches!(
                    configuration.database,
                    DatabaseSource::ParityDb { .. }
                ));
                assert_eq!(configuration.chain_spec.id(), "aipg-dev");
                assert!(configuration.data_path.ends_with("chains/aipg-dev"));
            }
            None => {
                let error = configuration.err().unwrap().to_string();
                assert!(error.contains("RuntimeBlobMissing"), "{error}");
            }
        }
    }

    #[test]
    fn rpc_should_let_the_largest_blob_through_when_no_limits_are_given() {
        let cli = parse(&[]).unwrap();
        // Two hexadecimal digits a byte, and room for the JSON around them.
        let needed = 2 * MAX_BLOB_SIZE + 1024;
        let limits = &cli.run.base.rpc_params;
        assert!(limits.rpc_max_request_size as usize * 1024 * 1024 >= needed);
        assert!(limits.rpc_max_response_size as usize * 1024 * 1024 >= needed);
    }

    #[test]
    fn quota_should_be_what_was_asked_and_4096_when_nothing_was() {
        assert_eq!(parse(&[]).unwrap().run.blobs_quota_mib, 4096);
        assert_eq!(
            parse(&["--blobs-quota-mib", "64"])
                .unwrap()
                .run
                .blobs_quota_mib,
            64
        );
        assert_eq!(
            parse(&["--blobs-quota-mib", "3"]).unwrap_err().kind(),
            ErrorKind::ValueValidation
        );
    }

    #[test]
    fn subcommands_should_all_parse() {
        for arguments in [
            &["key", "generate"][..],
            &["key", "session", "--account", "someone"],
            &["chain-spec", "--chain", "dev"],
            &["export-chain-spec", "--chain", "dev", "--raw"],
            &["build-spec", "--chain", "local"],
            &["check-block", "--chain", "dev", "1"],
            &["export-blocks", "--chain", "dev"],
            &["import-blocks", "--chain", "dev", "blocks.json"],
            &["purge-chain", "--chain", "dev", "-y"],
            &["revert", "--chain", "dev", "3"],
            &["chain-info", "--chain", "dev"],
        ] {
            let cli = parse(arguments).unwrap();
            assert!(cli.subcommand.is_some(), "{arguments:?}");
        }
        assert_eq!(
            parse(&["mine"]).unwrap_err().kind(),
            ErrorKind::InvalidSubcommand
        );
    }

    #[test]
    fn genesis_files_should_be_taken_before_and_after_a_subcommand_that_reads_them() {
        let expected = GenesisFiles {
            genesis_authorities: Some("a.json".into()),
            genesis_balances: Some("b.csv".into()),
        };
        let files = [
            "--genesis-authorities",
            "a.json",
            "--genesis-balances",
            "b.csv",
        ];
        for command in [
            &["--chain", "mainnet"][..],
            &["chain-spec", "--chain", "mainnet"],
            &["export-blocks", "--chain", "mainnet"],
            &["revert", "--chain", "mainnet", "1"],
        ] {
            let cli = parse(&[command, &files].concat()).unwrap();
            assert_eq!(cli.genesis, expected, "{command:?}");
            assert!(cli.needs_genesis());
            let error = cli.load_spec("mainnet").err().unwrap();
            assert!(error.starts_with("GenesisFileUnreadable"), "{error}");
        }
    }

    #[test]
    fn mainnet_should_be_named_without_its_files_when_only_its_folder_is_asked_for() {
        for command in [
            &["key", "session", "--account", "someone"][..],
            &["key", "generate-node-key"],
            &["purge-chain"],
            &["chain-info"],
        ] {
            let spec = parse(command).unwrap().load_spec("mainnet").unwrap();
            assert_eq!(spec.id(), "aipg-mainnet");
        }
        for command in [&[][..], &["check-block", "1"], &["chain-spec"]] {
            let error = parse(command).unwrap().load_spec("mainnet").err().unwrap();
            assert!(error.starts_with("GenesisFilesMissing"), "{error}");
        }
    }
}
