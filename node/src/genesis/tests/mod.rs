mod authorities;
mod balances;
mod files;

use super::*;
use sp_core::{ed25519, sr25519, Pair};
use std::fmt::Write as _;
use tempfile::TempDir;

/// An account whose secret nobody has.
fn someone(number: u8) -> String {
    address(&AccountId::new([number; 32]))
}

fn authority(number: u8) -> AuthorityRecord {
    AuthorityRecord::new(
        &AccountId::new([number; 32]),
        &sr25519::Pair::from_seed(&[number; 32]).public(),
        &ed25519::Pair::from_seed(&[number; 32]).public(),
    )
}

fn json(records: &[AuthorityRecord]) -> String {
    serde_json::to_string(records).unwrap()
}

fn four() -> Vec<AuthorityRecord> {
    (1..=4).map(authority).collect()
}

/// The lines without which no file is complete.
fn required() -> String {
    required_accounts()
        .iter()
        .fold(String::new(), |mut lines, (_, account)| {
            writeln!(lines, "{},0.001", address(account)).unwrap();
            lines
        })
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn files(&self, authorities: impl AsRef<[u8]>, balances: impl AsRef<[u8]>) -> GenesisFiles {
        GenesisFiles {
            genesis_authorities: Some(self.write("authorities.json", authorities)),
            genesis_balances: Some(self.write("balances.csv", balances)),
        }
    }
}

fn read(authorities: &str, balances: &str) -> Result<Genesis, GenesisFileError> {
    Folder::new().files(authorities, balances).read()
}

/// What is wrong with a balances file of the required lines and, on line 3, this one.
fn line_fault(line: &str) -> Fault {
    match read(&json(&four()), &format!("{}{line}\n", required())) {
        Err(GenesisFileError::Entry {
            place: Place::Line(_, 3),
            fault,
        }) => fault,
        other => panic!("{line}: {other:?}"),
    }
}

/// What is wrong with the fourth of these authorities.
fn record_fault(change: impl FnOnce(&mut AuthorityRecord)) -> Fault {
    let mut records = four();
    change(&mut records[3]);
    match read(&json(&records), &required()) {
        Err(GenesisFileError::Entry {
            place: Place::Record(_, 4),
            fault,
        }) => fault,
        other => panic!("{other:?}"),
    }
}
