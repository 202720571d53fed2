//! The authorities file: a JSON list of records.

use std::{collections::BTreeMap, path::Path};

use aipg_runtime::{AccountId, SessionKeys};
use serde::{Deserialize, Serialize};
use sp_core::{ed25519, sr25519};

use super::{account, address, Fault, GenesisFileError, Place};

/// Least authorities: of four, one may fail and GRANDPA still finalises.
pub const MIN_AUTHORITIES: usize = 4;
/// Most authorities, the runtime's bound.
pub const MAX_AUTHORITIES: usize = aipg_runtime::configs::consensus::MAX_AUTHORITIES as usize;

/// An authority as it stands in the file and as `aipg-node key session` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRecord {
    /// Address of the account that receives the author's share of block rewards.
    pub account: String,
    /// Public BABE key (sr25519), 64 hexadecimal digits after `0x`.
    pub babe: String,
    /// Public GRANDPA key (ed25519), 64 hexadecimal digits after `0x`.
    pub grandpa: String,
}

impl AuthorityRecord {
    /// The record of an account and its public session keys.
    pub fn new(account: &AccountId, babe: &sr25519::Public, grandpa: &ed25519::Public) -> Self {
        Self {
            account: address(account),
            babe: format!("0x{}", hex::encode(babe)),
            grandpa: format!("0x{}", hex::encode(grandpa)),
        }
    }

    /// Errors: [`Fault::InvalidSessionKey`], [`Fault::DevelopmentKey`] and those of [`account`].
    fn decode(&self) -> Result<(AccountId, [u8; 32], [u8; 32]), Fault> {
        let account = account(&self.account)?;
        let babe = key_bytes("babe", &self.babe)?;
        let grandpa = key_bytes("grandpa", &self.grandpa)?;
        let development = sp_keyring::Sr25519Keyring::iter().any(|key| key.public().0 == babe);
        if development {
            return Err(Fault::DevelopmentKey {
                key: self.babe.clone(),
            });
        }
        let development = sp_keyring::Ed25519Keyring::iter().any(|key| key.public().0 == grandpa);
        if development {
            return Err(Fault::DevelopmentKey {
                key: self.grandpa.clone(),
            });
        }
        Ok((account, babe, grandpa))
    }
}

fn key_bytes(kind: &'static str, key: &str) -> Result<[u8; 32], Fault> {
    let fault = |reason: String| Fault::InvalidSessionKey {
        kind,
        key: key.into(),
        reason,
    };
    let digits = key
        .strip_prefix("0x")
        .ok_or_else(|| fault("it does not begin with 0x".into()))?;
    let bytes = hex::decode(digits).map_err(|error| fault(error.to_string()))?;
    let length = bytes.len();
    let bytes: [u8; 32] = bytes
        .try_into()
        .map_err(|_| fault(format!("it has {length} bytes, 32 are needed")))?;
    if bytes == [0; 32] {
        return Err(fault("all its bytes are zero".into()));
    }
    Ok(bytes)
}

/// The authorities in `text`, sorted by account; `path` is named in errors.
pub(super) fn parse(
    path: &Path,
    text: &str,
) -> Result<Vec<(AccountId, SessionKeys)>, GenesisFileError> {
    let records: Vec<AuthorityRecord> =
        serde_json::from_str(text).map_err(|error| GenesisFileError::InvalidAuthorities {
            path: path.into(),
            reason: error.to_string(),
        })?;

    let mut authorities = BTreeMap::new();
    let mut accounts = BTreeMap::new();
    let mut babe_keys = BTreeMap::new();
    let mut grandpa_keys = BTreeMap::new();
    for (record, number) in records.iter().zip(1..) {
        let refuse = |fault| GenesisFileError::Entry {
            place: Place::Record(path.into(), number),
            fault,
        };
        let (account, babe, grandpa) = record.decode().map_err(refuse)?;
        if let Some(first) = accounts.insert(account.clone(), number) {
            let address = record.account.clone();
            return Err(refuse(Fault::DuplicateAccount { address, first }));
        }
        for (kind, keys, key, text) in [
            ("babe", &mut babe_keys, babe, &record.babe),
            ("grandpa", &mut grandpa_keys, grandpa, &record.grandpa),
        ] {
            if let Some(first) = keys.insert(key, number) {
                let key = text.clone();
                return Err(refuse(Fault::DuplicateSessionKey { kind, key, first }));
            }
        }
        let keys = SessionKeys {
            babe: sr25519::Public::from_raw(babe).into(),
            grandpa: ed25519::Public::from_raw(grandpa).into(),
        };
        authorities.insert(account, keys);
    }

    let (path, found) = (path.into(), records.len());
    if found < MIN_AUTHORITIES {
        return Err(GenesisFileError::TooFewAuthorities { path, found });
    }
    if found > MAX_AUTHORITIES {
        return Err(GenesisFileError::TooManyAuthorities { path, found });
    }
    Ok(authorities.into_iter().collect())
}
