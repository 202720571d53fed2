//! Why the public network cannot start from the files it was given.

use std::{fmt, path::PathBuf};

use aipg_runtime::{configs::system::SS58_PREFIX, AIPG, EXISTENTIAL_DEPOSIT};

use super::{AUTHORITIES_VARIABLE, BALANCES_VARIABLE, MAX_AUTHORITIES, MIN_AUTHORITIES};

/// Why there is no genesis. Every message begins with the name of the error.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum GenesisFileError {
    /// One of the two files was not given, or both.
    #[error(
        "GenesisFilesMissing: the chain `mainnet` needs --genesis-authorities FILE (or \
         {AUTHORITIES_VARIABLE}) and --genesis-balances FILE (or {BALANCES_VARIABLE}); with a \
         chain specification that somebody exported from them, give that instead: --chain FILE"
    )]
    Missing,
    /// The chain has a genesis of its own.
    #[error(
        "GenesisFilesNotUsed: the genesis of the chain `{chain}` is fixed; leave out \
         --genesis-authorities and --genesis-balances, and unset {AUTHORITIES_VARIABLE} and \
         {BALANCES_VARIABLE}"
    )]
    NotUsed {
        /// What was given to `--chain`.
        chain: String,
    },
    /// A file could not be read as text.
    #[error("GenesisFileUnreadable: cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The authorities are no list of records.
    #[error("InvalidAuthorities: `{}` is no list of authority records: {reason}", path.display())]
    InvalidAuthorities {
        /// The file.
        path: PathBuf,
        /// What the parser says, with line and column.
        reason: String,
    },
    /// With fewer authorities not one could fail.
    #[error(
        "TooFewAuthorities: `{}` has {found}, at least {MIN_AUTHORITIES} are needed for one of \
         them to fail without stopping finality", path.display()
    )]
    TooFewAuthorities {
        /// The file.
        path: PathBuf,
        /// Records in it.
        found: usize,
    },
    /// The runtime has no room for so many.
    #[error(
        "TooManyAuthorities: `{}` has {found}, at most {MAX_AUTHORITIES} are possible",
        path.display()
    )]
    TooManyAuthorities {
        /// The file.
        path: PathBuf,
        /// Records in it.
        found: usize,
    },
    /// An account of the chain itself is not among the balances.
    #[error(
        "RequiredAccountMissing: `{}` has no line for the {name}; it needs at least {} AIPG to \
         receive small shares: {address},{}",
        path.display(), in_aipg(EXISTENTIAL_DEPOSIT), in_aipg(EXISTENTIAL_DEPOSIT)
    )]
    RequiredAccountMissing {
        /// The file.
        path: PathBuf,
        /// What the account is.
        name: &'static str,
        /// Its address.
        address: String,
    },
    /// An entry of a file is wrong.
    #[error("{fault} ({place})")]
    Entry {
        /// Where it is.
        place: Place,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// Where an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of the balances, from 1.
    Line(PathBuf, usize),
    /// A record of the authorities, from 1.
    Record(PathBuf, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(path, number) => write!(formatter, "line {number} of `{}`", path.display()),
            Self::Record(path, number) => {
                write!(formatter, "authority {number} of `{}`", path.display())
            }
        }
    }
}

/// What is wrong with an entry. Every message begins with the name of the fault.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// The line has not two fields.
    #[error("MalformedLine: expected `ADDRESS,AMOUNT`, found {found} field(s)")]
    MalformedLine {
        /// Fields of the line.
        found: usize,
    },
    /// The address cannot be decoded.
    #[error("InvalidAddress: `{address}` is no SS58 address: {reason}")]
    InvalidAddress {
        /// What stands there.
        address: String,
        /// What the decoder says.
        reason: String,
    },
    /// The address is one of another chain.
    #[error(
        "WrongSs58Prefix: `{address}` has the prefix {found}, addresses of this chain have \
         {SS58_PREFIX}"
    )]
    WrongSs58Prefix {
        /// What stands there.
        address: String,
        /// Its prefix.
        found: u16,
    },
    /// Everybody has the secret of this key.
    #[error("DevelopmentKey: `{key}` is a development key, whose secret everybody has")]
    DevelopmentKey {
        /// The address or key.
        key: String,
    },
    /// The account was in the file before.
    #[error("DuplicateAccount: `{address}` is in the file already, as entry {first}")]
    DuplicateAccount {
        /// Its address.
        address: String,
        /// Line or record in which it was first, from 1.
        first: usize,
    },
    /// Another authority has the same key.
    #[error("DuplicateSessionKey: the {kind} key `{key}` is also that of authority {first}")]
    DuplicateSessionKey {
        /// `babe` or `grandpa`.
        kind: &'static str,
        /// The key.
        key: String,
        /// Record in which it was first, from 1.
        first: usize,
    },
    /// The key is not 32 bytes in hexadecimal digits, or all zero.
    #[error("InvalidSessionKey: `{key}` is no {kind} key: {reason}")]
    InvalidSessionKey {
        /// `babe` or `grandpa`.
        kind: &'static str,
        /// What stands there.
        key: String,
        /// Why not.
        reason: String,
    },
    /// The amount is no decimal number.
    #[error("InvalidAmount: `{amount}` is no amount; write digits, with a point before decimals")]
    InvalidAmount {
        /// What stands there.
        amount: String,
    },
    /// The amount is finer than the smallest unit.
    #[error("TooManyDecimals: `{amount}` has more than 18 decimals")]
    TooManyDecimals {
        /// What stands there.
        amount: String,
    },
    /// There is nothing to import.
    #[error("ZeroAmount: the amount is zero")]
    ZeroAmount,
    /// The account could not exist.
    #[error(
        "BelowExistentialDeposit: {amount} AIPG is less than {}, the least that an account can \
         hold",
        in_aipg(EXISTENTIAL_DEPOSIT)
    )]
    BelowExistentialDeposit {
        /// What stands there.
        amount: String,
    },
    /// With this entry the sum is above the supply cap.
    #[error(
        "SupplyAboveCap: with this entry the balances are above the supply cap of {} AIPG",
        in_aipg(aipg_runtime::genesis::CAP)
    )]
    SupplyAboveCap,
}

/// An amount in AIPG, without trailing zeros.
fn in_aipg(amount: u128) -> String {
    let (whole, part) = (amount / AIPG, amount % AIPG);
    if part == 0 {
        return whole.to_string();
    }
    let decimals = format!("{part:018}");
    format!("{whole}.{}", decimals.trim_end_matches('0'))
}
