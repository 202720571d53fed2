//! `aipg-liar`: the worker with one thing about it false. All else is `aipg-worker`, so that what is
//! tested and shown is how the real one fares against the real one.

mod lies;

use aipg_worker::cli::Command;
use clap::{Parser, ValueEnum};
use lies::Liar;
use std::{process::ExitCode, sync::Arc};

/// A worker that lies, to test and to demonstrate disputes. Loses its bond on any chain with one honest
/// checker.
#[derive(Debug, Parser)]
#[command(name = "aipg-liar", version)]
struct Cli {
    /// What is false.
    #[arg(long, value_enum)]
    lie: Option<Lie>,
    /// Share of the jobs whose answers are false, in per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, requires = "lie")]
    lie_share: u8,
    /// Do not stand for the result when it is challenged.
    #[arg(long)]
    silent: bool,
    /// Make no move from this stage of a game on.
    #[arg(long, value_enum)]
    stall: Option<StallAt>,
    /// Reveal sums with which a false claim holds, as far as some can be found.
    #[arg(long)]
    false_sums: bool,
    /// Say of every checked result that it is false.
    #[arg(long)]
    accuse: bool,
    /// Do not put the answer onto the node, where others find it.
    #[arg(long)]
    hide: bool,
    /// Do not publish what is demanded.
    #[arg(long)]
    withhold: bool,
    /// Commit to something in audits without having looked.
    #[arg(long)]
    stamp: bool,
    /// Do not answer the audits of own results.
    #[arg(long)]
    mute: bool,
    #[command(subcommand)]
    command: Command,
}

/// A lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lie {
    /// Tokens and digest without any computation.
    Garbage,
    /// The answer to the last half of the prompt, as a cheaper model would give it.
    Cheap,
    /// The last token is another one, with the true trace of that.
    Token,
    /// The same, with a record of how a token was chosen that is false.
    Record,
    /// A number deep in a layer is another one, and so is the digest.
    Accumulator,
    /// The right answer with a wrong digest.
    Digest,
    /// One byte in the middle of a picture is another one, with the true trace of the right one.
    Pixel,
    /// The answer ends before its time.
    Short,
    /// The answer goes on after its stop token.
    Long,
    /// The answer of another seed.
    Seed,
    /// A token that the vocabulary does not have.
    Unknown,
}

/// A stage of a game, in which one of the two sides has to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StallAt {
    /// As a challenger, before a tensor is named.
    Opening,
    /// As a defender, before any node is revealed.
    Nodes,
    /// As a challenger, before a node is chosen.
    Choice,
    /// As a defender, before the leaf is revealed.
    Leaf,
    /// As a challenger, before a claim is named.
    Accusation,
    /// As a defender, before sums are revealed.
    Sums,
    /// As a challenger, before the claim is executed.
    Verdict,
}

fn main() -> ExitCode {
    let Cli {
        lie,
        lie_share,
        silent,
        stall,
        false_sums,
        accuse,
        hide,
        withhold,
        stamp,
        mute,
        command,
    } = Cli::parse();
    let liar = Liar {
        lie,
        lie_share,
        silent,
        stall,
        false_sums,
        accuse,
        hide,
        withhold,
        stamp,
        mute,
    };
    aipg_worker::run_to_end(command, Arc::new(liar))
}
