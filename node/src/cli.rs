//! The command line.

use sc_cli::SubstrateCli;

use crate::{
    blobs::BlobOptions, chain_spec, genesis::GenesisFiles, session_keys::SessionKeysCommand,
};

const SUMMARY: &str = "The AI Power Grid full node";

const DESCRIPTION: &str = "\
The AI Power Grid full node: a BABE + GRANDPA chain that pays AIPG for exact AI inference.

It serves JSON-RPC on port 9944 (HTTP and WebSocket), joins the peer-to-peer network on port
30333, offers Prometheus metrics on port 9615, and keeps the inputs and outputs of jobs as
content-addressed blobs of up to 4 MiB (RPC methods blobs_put, blobs_get, blobs_has, blobs_provider), which nodes
fetch from each other.

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

    /// Options of the blob store.
    #[command(flatten)]
    pub blobs: BlobOptions,
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
#[path = "cli_tests.rs"]
mod tests;
