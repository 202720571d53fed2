//! The two files from which the public network starts: who authors its first blocks, and which
//! balances of the old chain it takes over.
//!
//! Every node that starts from the files must come to the same genesis block, and nothing in it
//! can be repaired afterwards. So the files are checked to the last entry, and what they hold is
//! put into one order, whatever the order of their lines.

mod authorities;
mod balances;
mod error;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use aipg_runtime::{
    configs::{money::Treasury, system::SS58_PREFIX},
    AccountId, Balance, SessionKeys,
};
use sp_core::crypto::{Ss58AddressFormat, Ss58Codec};
use sp_runtime::traits::Get;

pub use authorities::{AuthorityRecord, MAX_AUTHORITIES, MIN_AUTHORITIES};
pub use error::{Fault, GenesisFileError, Place};

/// Environment variable for `--genesis-authorities`.
pub const AUTHORITIES_VARIABLE: &str = "AIPG_GENESIS_AUTHORITIES";
/// Environment variable for `--genesis-balances`.
pub const BALANCES_VARIABLE: &str = "AIPG_GENESIS_BALANCES";

/// Where the files are, as the command line or the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Genesis of mainnet")]
pub struct GenesisFiles {
    /// Authorities of `--chain mainnet`, a JSON file.
    ///
    /// A list of at least 4 records {"account": ADDRESS, "babe": "0x…", "grandpa": "0x…"}, each of
    /// which its authority makes with `aipg-node key session`. The order of the records does not
    /// matter.
    #[arg(long, global = true, value_name = "FILE", env = AUTHORITIES_VARIABLE)]
    pub genesis_authorities: Option<PathBuf>,

    /// Balances of the old chain that `--chain mainnet` takes over, a CSV file.
    ///
    /// A line for each account, `ADDRESS,AMOUNT`, the amount in AIPG with at most 18 decimals.
    /// Empty lines and lines that begin with # do not count, the order of the lines does not
    /// matter. The treasury and the stakers' pot must be among the accounts, with at least 0.001
    /// AIPG each: the sum of the file is all there is at the start.
    #[arg(long, global = true, value_name = "FILE", env = BALANCES_VARIABLE)]
    pub genesis_balances: Option<PathBuf>,
}

impl GenesisFiles {
    /// Whether any file was given.
    pub fn any(&self) -> bool {
        self.genesis_authorities.is_some() || self.genesis_balances.is_some()
    }

    /// Reads and checks both files.
    ///
    /// Errors: every variant of [`GenesisFileError`] except [`GenesisFileError::NotUsed`].
    pub fn read(&self) -> Result<Genesis, GenesisFileError> {
        let (Some(authorities), Some(balances)) =
            (&self.genesis_authorities, &self.genesis_balances)
        else {
            return Err(GenesisFileError::Missing);
        };
        Ok(Genesis {
            authorities: authorities::parse(authorities, &text_of(authorities)?)?,
            balances: balances::parse(balances, &text_of(balances)?)?,
        })
    }
}

/// What the files hold: valid, each list sorted by account.
#[derive(Debug, PartialEq, Eq)]
pub struct Genesis {
    authorities: Vec<(AccountId, SessionKeys)>,
    balances: Vec<(AccountId, Balance)>,
}

impl Genesis {
    /// The patch over the runtime's `mainnet` preset.
    pub fn into_patch(self) -> serde_json::Value {
        aipg_runtime::genesis::import(self.authorities, self.balances)
    }
}

fn text_of(path: &Path) -> Result<String, GenesisFileError> {
    std::fs::read_to_string(path).map_err(|error| GenesisFileError::Unreadable {
        path: path.into(),
        reason: error.to_string(),
    })
}

/// The account with this address, if it is one of this chain that only its owner can sign for.
///
/// Errors: [`Fault::InvalidAddress`], [`Fault::WrongSs58Prefix`], [`Fault::DevelopmentKey`].
pub fn account(address: &str) -> Result<AccountId, Fault> {
    let (account, format) =
        AccountId::from_ss58check_with_version(address).map_err(|error| Fault::InvalidAddress {
            address: address.into(),
            reason: error.to_string(),
        })?;
    let found = u16::from(format);
    if found != SS58_PREFIX {
        return Err(Fault::WrongSs58Prefix {
            address: address.into(),
            found,
        });
    }
    if is_development_account(&account) {
        return Err(Fault::DevelopmentKey {
            key: address.into(),
        });
    }
    Ok(account)
}

/// The address of an account on this chain.
pub fn address(account: &AccountId) -> String {
    account.to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX))
}

/// Whether the key of the account is in every Substrate program: whoever wants its tokens takes
/// them.
fn is_development_account(account: &AccountId) -> bool {
    sp_keyring::Sr25519Keyring::iter().any(|key| key.to_account_id() == *account)
        || sp_keyring::Ed25519Keyring::iter().any(|key| key.to_account_id() == *account)
}

/// The accounts that must be among the balances, because they receive shares below the existential
/// deposit from the first block on.
fn required_accounts() -> [(&'static str, AccountId); 2] {
    [
        ("treasury", Treasury::get()),
        (
            "stakers' pot",
            aipg_runtime::configs::money::StakersPot::get(),
        ),
    ]
}
