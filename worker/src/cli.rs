//! The command line.

use crate::{
    config::{LogFormat, MetricsAddress, ModelSetting},
    devices::Choice,
    earnings::Period,
    verified::Verify,
};
use aipg_client::{Amount, Region};
use aipg_engine::{
    command::Conversion,
    sampling::{OutOfRange, Parameters},
    Sampler,
};
use clap::{
    builder::{PossibleValuesParser, TypedValueParser},
    Args, Parser, Subcommand,
};
use serde::Serialize;
use std::path::PathBuf;

const SETTINGS_HELP: &str = "\
Every setting can come from a flag, from the environment or from a file; the first that names it
wins, in this order. The environment variable of a setting is AIPG_WORKER_ and its name in capitals
(AIPG_WORKER_NODE, AIPG_WORKER_KEY_FILE, AIPG_WORKER_MODELS=a.aipg,b.aipg=0.02). The file is TOML:

  node = \"ws://127.0.0.1:9944\"
  key_file = \"/home/miner/.aipg/worker.key\"
  data_dir = \"/var/lib/aipg-worker\"
  capacity = 1
  region = \"europe\"
  bond = \"200\"

  [[models]]
  path = \"models/demo/model.aipg\"
  ask = \"0.02\"           # AIPG per unit; without it the model's price floor
  root = \"0x...\"         # optional: refuse any other model

Exit codes: 0 done or stopped by a signal, 1 failed, 2 wrong command line, settings or key.";

/// The miner's side of AI Power Grid: registers a machine, runs its jobs, collects its rewards.
///
/// A machine signs with its own key, holds a bond on chain and offers committed models at a price
/// per unit of work. The chain draws it for jobs that its offers fit. `run` then fetches the
/// prompt from the node, claims the job, runs the model exactly, and delivers answer and digest.
#[derive(Debug, Parser)]
#[command(name = "aipg-worker", version, after_long_help = SETTINGS_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes a new random key into a file that only you can read, and prints its address.
    NewKey {
        /// File to create; an existing file is never overwritten.
        path: PathBuf,
    },
    /// Registers this machine, offers its models and goes online; repeats only what is missing.
    #[command(after_long_help = SETTINGS_HELP)]
    Register {
        #[command(flatten)]
        flags: Flags,
        /// Raise the bond of a machine that is registered already to the bond of the settings.
        #[arg(long)]
        top_up: bool,
    },
    /// Serves jobs until SIGINT or SIGTERM, then goes offline and finishes what it claimed.
    #[command(after_long_help = SETTINGS_HELP)]
    Run {
        #[command(flatten)]
        flags: Flags,
    },
    /// Replays somebody's result in one prefill and compares it bit for bit; needs no key, no node.
    Check {
        /// Model file; its root is the model of the job.
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Blob of the prompt, as the node serves it.
        #[arg(long, value_name = "FILE")]
        input: PathBuf,
        /// Blob of the answer.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
        /// Digest that the worker submitted.
        #[arg(long, value_name = "0xHASH")]
        digest: String,
        #[command(flatten)]
        sampling: SamplingFlags,
    },
    /// Audits: join the auditors, look into the results that this key is drawn for, leave.
    Auditor {
        #[command(subcommand)]
        command: AuditorCommand,
    },
    /// Block authorship: the seats that useful work earns.
    Author {
        #[command(subcommand)]
        command: AuthorCommand,
    },
    /// Disputes about results: check and challenge them, or watch.
    Dispute {
        #[command(subcommand)]
        command: DisputeCommand,
    },
    /// Prints how the machine stands: node, bond, reputation, offers, jobs, rewards, database.
    #[command(after_long_help = SETTINGS_HELP)]
    Status {
        #[command(flatten)]
        flags: Flags,
    },
    /// Prints what the machine earned: fees, block rewards and penalties.
    #[command(after_long_help = SETTINGS_HELP)]
    Earnings {
        #[command(flatten)]
        flags: Flags,
        /// One line for each of these.
        #[arg(long, value_enum, default_value_t = Period::Day)]
        by: Period,
        /// Print JSON with every line of the books and the state of every job.
        #[arg(long)]
        json: bool,
    },
    /// Checks everything that a working machine needs and says what to do about what is missing.
    ///
    /// Ends with 0 if no check failed, with 1 otherwise. Warnings do not fail.
    #[command(after_long_help = SETTINGS_HELP)]
    Doctor {
        #[command(flatten)]
        flags: Flags,
    },
    /// Turns a float checkpoint into a model file; needs no key, no node.
    ///
    /// The same input gives the same file, and so the same model root, on every machine. Prints shape, roots
    /// and the quality of the integer model against the float one as JSON.
    Convert(Conversion),
    /// Prints the places at which AIPG_WORKER_PAUSE_AT stops a worker, for tests that kill it.
    #[command(hide = true)]
    PausePlaces,
}

/// What is done about audits.
#[derive(Debug, Subcommand)]
pub enum AuditorCommand {
    /// Puts a bond on hold and registers the key that is drawn, in proportion to the bond.
    ///
    /// From some blocks on, `aipg-worker run` and `aipg-worker auditor run` look into the results that
    /// the key is drawn for. Who finds what a false result claims, or what is not so of a right one, loses half
    /// of the bond; who does not answer, 5 %.
    #[command(after_long_help = SETTINGS_HELP)]
    Join {
        #[command(flatten)]
        flags: Box<Flags>,
        /// What is put on hold, in AIPG; of who is an auditor already, the bond is raised to it.
        #[arg(long, value_name = "AIPG", default_value = "100")]
        auditor_bond: Amount,
    },
    /// Is drawn no more; the bond can be withdrawn some time later.
    #[command(after_long_help = SETTINGS_HELP)]
    Leave {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Takes the bond back.
    #[command(after_long_help = SETTINGS_HELP)]
    Withdraw {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Prints how the auditor stands.
    #[command(after_long_help = SETTINGS_HELP)]
    Show {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Audits until SIGINT or SIGTERM, without a machine; `aipg-worker run` does it beside its jobs.
    #[command(after_long_help = SETTINGS_HELP)]
    Run {
        #[command(flatten)]
        flags: Box<Flags>,
    },
}

impl AuditorCommand {
    /// The settings given on the command line.
    pub fn flags(&self) -> &Flags {
        match self {
            Self::Join { flags, .. }
            | Self::Leave { flags }
            | Self::Withdraw { flags }
            | Self::Show { flags }
            | Self::Run { flags } => flags,
        }
    }
}

/// What is done about authoring blocks. The node authors them; this registers it.
#[derive(Debug, Subcommand)]
pub enum AuthorCommand {
    /// Puts a bond on hold and has the node author blocks whenever it is drawn for a seat.
    ///
    /// Has the node make session keys, unless it has those that are registered, and registers them. The node has to
    /// run with --validator, on this machine: it makes keys for nobody else. The account is drawn in proportion to the
    /// roots of its bond and of the credit of its paid work. Whoever authors two blocks for one slot, which a second
    /// node with the same keys does, loses half of the bond and never authors again.
    #[command(after_long_help = SETTINGS_HELP)]
    Join {
        #[command(flatten)]
        flags: Box<Flags>,
        /// What is put on hold, in AIPG; of who is a candidate already, the bond is raised to it.
        #[arg(long, value_name = "AIPG", default_value = "1000")]
        author_bond: Amount,
    },
    /// Is drawn again after an absence.
    #[command(after_long_help = SETTINGS_HELP)]
    Stand {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Is drawn no more and gives up its seat; the bond can be withdrawn some time later.
    #[command(after_long_help = SETTINGS_HELP)]
    Leave {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Takes the bond back.
    #[command(after_long_help = SETTINGS_HELP)]
    Withdraw {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Prints how the author stands.
    #[command(after_long_help = SETTINGS_HELP)]
    Show {
        #[command(flatten)]
        flags: Box<Flags>,
    },
}

impl AuthorCommand {
    /// The settings given on the command line.
    pub fn flags(&self) -> &Flags {
        match self {
            Self::Join { flags, .. }
            | Self::Stand { flags }
            | Self::Leave { flags }
            | Self::Withdraw { flags }
            | Self::Show { flags } => flags,
        }
    }
}

/// What is done about disputes beside serving jobs.
#[derive(Debug, Subcommand)]
pub enum DisputeCommand {
    /// Checks every result of the given models and challenges what is false, until SIGINT or SIGTERM.
    ///
    /// Takes no registered machine: any account that can pay the bond of a challenge. Goes on where an
    /// earlier process stopped, in the middle of a game as well.
    #[command(after_long_help = SETTINGS_HELP)]
    Check {
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// Prints disputes as they go on, move by move; needs no key and no model.
    Watch {
        /// WebSocket address of a node.
        #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:9944")]
        node: Vec<String>,
        /// Only the dispute about this job; ends when it is closed.
        #[arg(long, value_name = "NUMBER")]
        job: Option<u64>,
    },
}

/// The integers of a job's sampling, as the chain has them.
#[derive(Clone, Copy, Debug, Args)]
pub struct SamplingFlags {
    /// Inverse temperature of the job, in 1/65536. Without it the answer is greedy.
    #[arg(long, value_name = "INTEGER")]
    beta: Option<u32>,
    /// Seed of the job: of a picture, or of a text with `--beta`.
    #[arg(long, value_name = "INTEGER", default_value_t = 0)]
    pub seed: u64,
    /// Most candidates that it draws from; 0 is all.
    #[arg(long, value_name = "INTEGER", requires = "beta", default_value_t = 0)]
    top_k: u32,
    /// Probability of the candidates that it draws from, in 1/65536.
    #[arg(
        long,
        value_name = "INTEGER",
        requires = "beta",
        default_value_t = 65_536
    )]
    top_p: u32,
    /// Largest distance of a candidate below the first, in 1/65536.
    #[arg(long, value_name = "INTEGER", requires = "beta")]
    min_p: Option<u32>,
}

impl SamplingFlags {
    /// What the flags stand for.
    ///
    /// # Errors
    /// [`OutOfRange`] if a number is.
    pub fn sampler(&self) -> Result<Sampler, OutOfRange> {
        let Some(beta) = self.beta else {
            return Ok(Sampler::GREEDY);
        };
        let parameters = Parameters {
            beta,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
        };
        Sampler::seeded(self.seed, parameters)
    }
}

/// Settings as flags. What is not given is left to the environment, the file and the defaults.
#[derive(Clone, Debug, Default, Args, Serialize)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// File with settings (TOML).
    #[arg(long, value_name = "FILE", env = "AIPG_WORKER_CONFIG")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// WebSocket address of a node; may be repeated, the first one that answers is used
    /// [default: ws://127.0.0.1:9944].
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node: Vec<String>,

    /// Well-known development key such as //Charlie; for real keys use --key-file.
    #[arg(long, value_name = "//NAME", conflicts_with = "key_file")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suri: Option<String>,

    /// File with a mnemonic, secret URI or seed; nobody but its owner may read it (mode 0600).
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,

    /// Model file to serve, with an optional ask per unit in AIPG; may be repeated.
    #[arg(long = "model", value_name = "FILE[=ASK]")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelSetting>,

    /// Ask in AIPG per unit (10^6 multiply-accumulates) of models that name none
    /// [default: the model's price floor].
    #[arg(long, value_name = "AIPG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<Amount>,

    /// Jobs that this machine takes at the same time [default: 1].
    #[arg(long, value_name = "JOBS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,

    /// Where the machine stands [default: unspecified].
    #[arg(long, value_parser = PossibleValuesParser::new(Region::NAMES).try_map(|name| name.parse::<Region>()))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,

    /// Bond in AIPG that registration puts on hold [default: 200].
    #[arg(long, value_name = "AIPG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond: Option<Amount>,

    /// How log lines look [default: compact].
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,

    /// Stay online on chain when stopped: for a restart within seconds.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stay_online: bool,

    /// Deliver results without recomputing them by one prefill first.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_self_check: bool,

    /// Check the results of others that `run` can run, and challenge those that are false. Takes the
    /// bond of a challenge for each; `dispute check` does only this.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub check_results: bool,

    /// Of the results that are checked, defend those that are right and challenged, if their worker has
    /// not by the end of the challenge window. Takes the bond of a trace for each.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub defend_others: bool,

    /// Seconds that claimed jobs get to finish after a stop signal [default: 60].
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<u64>,

    /// Part of an unannounced window's time in which the machine computes for its verified power, from 0 (it takes
    /// no part) to 1 [default: 0.5].
    #[arg(long, value_name = "SHARE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_share: Option<f64>,

    /// Memory that models and their runs may use, MiB [default: what is free].
    #[arg(long, value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,

    /// GPUs that models run on, beside the processor: all that are found (`auto`), none (`cpu`), or a list of
    /// their numbers such as 0,2 [default: auto].
    #[arg(long, value_name = "auto|cpu|LIST")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Choice>,

    /// When the bytes of model files are hashed: at every start, or only of files that have other times or another
    /// length than those that were verified before, which misses what a disk damages by itself [default: always].
    #[arg(long, value_enum, value_name = "WHEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,

    /// Where the worker keeps its state
    /// [default: aipg/worker/ADDRESS in $XDG_DATA_HOME or ~/.local/share].
    #[arg(long, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,

    /// Where metrics for Prometheus are served, or `none` [default: 127.0.0.1:9616].
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_address: Option<MetricsAddress>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_should_be_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn model_flags_should_take_an_ask_after_the_last_equals_sign() {
        let cli = Cli::parse_from([
            "aipg-worker",
            "run",
            "--model",
            "a.aipg",
            "--model",
            "odd=name.aipg=0.5",
        ]);
        let Command::Run { flags } = cli.command else {
            panic!("not run")
        };
        assert_eq!(flags.models[0], ModelSetting::of("a.aipg", None));
        assert_eq!(
            flags.models[1],
            ModelSetting::of("odd=name.aipg", "0.5".parse().ok())
        );
    }

    #[test]
    fn keys_should_conflict_when_both_are_flags() {
        let line = [
            "aipg-worker",
            "run",
            "--suri",
            "//Charlie",
            "--key-file",
            "k",
        ];
        assert!(Cli::try_parse_from(line).is_err());
    }
}
