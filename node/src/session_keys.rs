//! `aipg-node key session`: the keys with which an authority signs blocks and votes.
//!
//! An authority has two keys in the keystore of its node: BABE (sr25519) and GRANDPA (ed25519).
//! The command makes both, or derives them from a secret that the operator keeps elsewhere, and
//! prints the public record that the authorities file of the network takes. Called again it finds
//! the same keys and prints the same record.

use std::path::PathBuf;

use sc_cli::{KeystoreParams, SharedParams, SubstrateCli};
use sc_keystore::LocalKeystore;
use sc_service::config::{BasePath, KeystoreConfig};
use sp_core::{
    crypto::{key_types, ExposeSecret, KeyTypeId, SecretString, DEV_PHRASE},
    ed25519, sr25519, ByteArray, Pair,
};
use sp_keystore::Keystore;

use crate::{
    chain_spec,
    cli::Cli,
    genesis::{self, AuthorityRecord, Fault},
};

/// Path below the operator's secret at which the BABE key is derived.
const BABE_PATH: &str = "//babe";
/// Path below the operator's secret at which the GRANDPA key is derived.
const GRANDPA_PATH: &str = "//grandpa";

/// Makes the session keys of an authority and prints its public record.
#[derive(Debug, clap::Args)]
pub struct SessionKeysCommand {
    /// Account of the authority: it receives the author's share of block rewards.
    ///
    /// An address with the prefix of this chain. Its secret does not belong on the node.
    #[arg(long, value_name = "ADDRESS")]
    pub account: String,

    /// Derive the keys from this secret (at //babe and //grandpa) instead of making new ones.
    ///
    /// A phrase, a seed in hexadecimal digits, or the name of a file that holds one of them, which
    /// keeps it out of the list of processes.
    #[arg(long, value_name = "URI|FILE")]
    pub suri: Option<String>,

    #[allow(missing_docs)]
    #[command(flatten)]
    pub shared_params: SharedParams,

    #[allow(missing_docs)]
    #[command(flatten)]
    pub keystore_params: KeystoreParams,
}

/// Why there are no keys. Every message begins with the name of the error.
#[derive(Debug, thiserror::Error)]
pub enum SessionKeysError {
    /// The account cannot be an authority's.
    #[error(transparent)]
    Account(#[from] Fault),
    /// The chain cannot be named.
    #[error(transparent)]
    Chain(#[from] chain_spec::ChainSpecError),
    /// Options of the keystore could not be read.
    #[error("KeystoreOptions: {0}")]
    Options(Box<sc_cli::Error>),
    /// The keystore's folder cannot be used.
    #[error("KeystoreUnusable: cannot use the keystore `{}`: {reason}", path.display())]
    Keystore {
        /// The folder.
        path: PathBuf,
        /// What the keystore says.
        reason: String,
    },
    /// The secret is none.
    #[error("InvalidSecret: the secret given to --suri is none: {reason}")]
    InvalidSecret {
        /// What the decoder says; never the secret.
        reason: String,
    },
    /// Everybody has the secret: an empty phrase, or one that begins with a derivation, stands for
    /// the development phrase.
    #[error("DevelopmentSecret: the secret is that of development keys, which everybody has")]
    DevelopmentSecret,
    /// A password inside the secret would be lost by the derivation.
    #[error("PasswordInSecret: the secret has a password in it (after ///); use --password")]
    PasswordInSecret,
    /// It cannot be told which keys of the keystore are meant.
    #[error(
        "SessionKeysAmbiguous: the keystore `{}` has {babe} BABE and {grandpa} GRANDPA keys; move \
         those away that are not this authority's", path.display()
    )]
    Ambiguous {
        /// The folder.
        path: PathBuf,
        /// BABE keys in it.
        babe: usize,
        /// GRANDPA keys in it.
        grandpa: usize,
    },
    /// The keystore holds other keys than those that the secret gives.
    #[error(
        "SessionKeysDiffer: the keystore `{}` has other session keys than those that the secret \
         gives; move them away first", path.display()
    )]
    Differ {
        /// The folder.
        path: PathBuf,
    },
}

impl From<sc_cli::Error> for SessionKeysError {
    fn from(error: sc_cli::Error) -> Self {
        Self::Options(Box::new(error))
    }
}

impl SessionKeysCommand {
    /// Makes, derives or finds the keys; returns the record and the folder that holds the secrets.
    ///
    /// Errors: every variant of [`SessionKeysError`].
    pub fn run(&self) -> Result<(AuthorityRecord, PathBuf), SessionKeysError> {
        let account = genesis::account(&self.account)?;
        let base_path = self
            .shared_params
            .base_path()?
            .unwrap_or_else(|| BasePath::from_project("", "", &Cli::executable_name()));
        let chain = self.shared_params.chain_id(self.shared_params.is_dev());
        let chain = chain_spec::identify(&chain)?;
        let folder = base_path.config_dir(sc_service::ChainSpec::id(&chain));
        let KeystoreConfig::Path { path, password } =
            self.keystore_params.keystore_config(&folder)?
        else {
            return Err(sc_cli::Error::Input("the keystore has no folder".into()).into());
        };

        let secret = self.suri.as_deref().map(read_secret).transpose()?;
        let derived = secret
            .map(|secret| SessionSecrets::derive(&secret, password.as_ref()))
            .transpose()?;
        let keystore = Store::open(path, password)?;
        let (babe, grandpa) = keystore.settle(derived)?;
        Ok((
            AuthorityRecord::new(&account, &babe, &grandpa),
            keystore.path,
        ))
    }
}

/// The secret itself, or what is in the file of that name.
fn read_secret(given: &str) -> Result<String, SessionKeysError> {
    if !std::path::Path::new(given).is_file() {
        return Ok(given.into());
    }
    std::fs::read_to_string(given)
        .map(|text| text.trim().to_owned())
        .map_err(|error| SessionKeysError::InvalidSecret {
            reason: error.to_string(),
        })
}

/// The secrets of both keys with what is public of them.
struct SessionSecrets {
    babe: (String, sr25519::Public),
    grandpa: (String, ed25519::Public),
}

impl SessionSecrets {
    fn derive(secret: &str, password: Option<&SecretString>) -> Result<Self, SessionKeysError> {
        fn at<P: Pair>(
            secret: &str,
            path: &str,
            password: Option<&SecretString>,
        ) -> Result<(String, P::Public), SessionKeysError> {
            let secret = format!("{secret}{path}");
            let password = password.map(|password| password.expose_secret().as_str());
            let pair = P::from_string(&secret, password).map_err(|error| {
                SessionKeysError::InvalidSecret {
                    reason: format!("{error:?}"),
                }
            })?;
            Ok((secret, pair.public()))
        }
        if secret.is_empty() || secret.starts_with('/') || secret.contains(DEV_PHRASE) {
            return Err(SessionKeysError::DevelopmentSecret);
        }
        if secret.contains("///") {
            return Err(SessionKeysError::PasswordInSecret);
        }
        Ok(Self {
            babe: at::<sr25519::Pair>(secret, BABE_PATH, password)?,
            grandpa: at::<ed25519::Pair>(secret, GRANDPA_PATH, password)?,
        })
    }
}

/// A keystore and where it is.
struct Store {
    keystore: LocalKeystore,
    path: PathBuf,
}

impl Store {
    fn open(path: PathBuf, password: Option<SecretString>) -> Result<Self, SessionKeysError> {
        let keystore = LocalKeystore::open(path.clone(), password).map_err(|error| {
            SessionKeysError::Keystore {
                path: path.clone(),
                reason: error.to_string(),
            }
        })?;
        Ok(Self { keystore, path })
    }

    /// The keys that the keystore has afterwards: those that were in it, the derived ones, or new
    /// ones.
    fn settle(
        &self,
        derived: Option<SessionSecrets>,
    ) -> Result<(sr25519::Public, ed25519::Public), SessionKeysError> {
        let babe = self.public::<sr25519::Public>(key_types::BABE)?;
        let grandpa = self.public::<ed25519::Public>(key_types::GRANDPA)?;
        let kept = match (&babe[..], &grandpa[..]) {
            ([], []) => None,
            ([babe], [grandpa]) => Some((*babe, *grandpa)),
            _ => {
                return Err(SessionKeysError::Ambiguous {
                    path: self.path.clone(),
                    babe: babe.len(),
                    grandpa: grandpa.len(),
                })
            }
        };
        match (kept, derived) {
            (Some(kept), None) => Ok(kept),
            (Some(kept), Some(derived)) if kept == (derived.babe.1, derived.grandpa.1) => Ok(kept),
            (Some(_), Some(_)) => Err(SessionKeysError::Differ {
                path: self.path.clone(),
            }),
            (None, Some(SessionSecrets { babe, grandpa })) => {
                self.insert(key_types::BABE, &babe.0, &babe.1)?;
                self.insert(key_types::GRANDPA, &grandpa.0, &grandpa.1)?;
                Ok((babe.1, grandpa.1))
            }
            (None, None) => {
                let babe = self
                    .keystore
                    .sr25519_generate_new(key_types::BABE, None)
                    .map_err(|error| self.unusable(error))?;
                let grandpa = self
                    .keystore
                    .ed25519_generate_new(key_types::GRANDPA, None)
                    .map_err(|error| self.unusable(error))?;
                Ok((babe, grandpa))
            }
        }
    }

    fn public<P: ByteArray>(&self, kind: KeyTypeId) -> Result<Vec<P>, SessionKeysError> {
        let keys = self
            .keystore
            .keys(kind)
            .map_err(|error| self.unusable(error))?;
        Ok(keys
            .iter()
            .filter_map(|key| P::from_slice(key).ok())
            .collect())
    }

    fn insert(
        &self,
        kind: KeyTypeId,
        secret: &str,
        public: &impl AsRef<[u8]>,
    ) -> Result<(), SessionKeysError> {
        self.keystore
            .insert(kind, secret, public.as_ref())
            .map_err(|()| self.unusable("the key could not be stored"))
    }

    fn unusable(&self, reason: impl ToString) -> SessionKeysError {
        SessionKeysError::Keystore {
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
#[path = "session_keys_tests.rs"]
mod tests;
