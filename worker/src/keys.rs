//! The key that signs for a machine, and how its address is written.

use blake2::{Blake2b512, Digest};
use std::{
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};
use subxt::utils::AccountId32;
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair, DeriveJunction, SecretUri};
use thiserror::Error;

/// SS58 prefix of the chain's addresses.
pub const ADDRESS_PREFIX: u16 = 2686;

/// Where the key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A well-known development key such as `//Charlie`; no secret.
    Development(String),
    /// A file with a mnemonic, a secret URI or a hexadecimal seed.
    File(PathBuf),
}

/// Why there is no key. No variant carries secret text.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error("`suri` takes development keys only (//Charlie, //Dave, ...): what stands on a command line or in an environment can be read by others; put a mnemonic into a key file")]
    DevelopmentKeyOnly,
    #[error("cannot read the key file {path}: {error}", path = .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("the key file {path} can be read by others (mode {mode:04o}); run: chmod 600 {path}", path = .path.display())]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("the key file {path} is no regular file", path = .path.display())]
    NotAFile { path: PathBuf },
    #[error("the key file {path} is empty", path = .path.display())]
    Empty { path: PathBuf },
    #[error("the key is neither a mnemonic of 12 to 24 words, nor a secret URI, nor a seed of 64 hexadecimal digits")]
    Malformed,
    #[error("{path} exists already; a key file is never overwritten", path = .path.display())]
    Exists { path: PathBuf },
    #[error("cannot write the key file {path}: {error}", path = .path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("the system gives no randomness: {0}")]
    NoRandomness(String),
}

/// Loads the key pair of `source`.
pub fn load(source: &KeySource) -> Result<Keypair, KeyError> {
    match source {
        KeySource::Development(uri) if uri.starts_with("//") => parse(uri),
        KeySource::Development(_) => Err(KeyError::DevelopmentKeyOnly),
        KeySource::File(path) => parse(&read_key_file(path)?),
    }
}

/// Writes a new random mnemonic of 24 words into `path`, readable by the owner alone, and returns
/// its key pair.
pub fn create(path: &Path) -> Result<Keypair, KeyError> {
    let mut entropy = [0u8; 32];
    getrandom::getrandom(&mut entropy)
        .map_err(|error| KeyError::NoRandomness(error.to_string()))?;
    let mnemonic = Mnemonic::from_entropy(&entropy).map_err(|_| KeyError::Malformed)?;
    let pair = Keypair::from_phrase(&mnemonic, None).map_err(|_| KeyError::Malformed)?;
    write_key_file(path, &format!("{mnemonic}\n"))?;
    Ok(pair)
}

/// The account of a key pair.
pub fn account(pair: &Keypair) -> AccountId32 {
    pair.public_key().to_account_id()
}

/// What hides the root that this key commits to when it challenges the result of `job`. It follows from the
/// key, so that a restart forgets nothing, and says nothing about it.
pub fn salt(pair: &Keypair, job: u64) -> [u8; 32] {
    let path = [DeriveJunction::hard("aipg.salt"), DeriveJunction::hard(job)];
    pair.derive(path).public_key().0
}

/// What hides the root that this key commits to in an audit of `job`. It is shown when that is revealed, so
/// it is another one than [`salt`].
pub fn audit_salt(pair: &Keypair, job: u64) -> [u8; 32] {
    let path = [
        DeriveJunction::hard("aipg.audit.salt"),
        DeriveJunction::hard(job),
    ];
    pair.derive(path).public_key().0
}

/// The secret that draws an auditor: nobody who knows it signs for the account.
pub fn audit_secret(pair: &Keypair) -> [u8; 32] {
    let path = [DeriveJunction::hard("aipg.audit.key")];
    pair.derive(path).public_key().0
}

/// The SS58 address of an account on this chain.
pub fn address(account: &AccountId32) -> String {
    use base58::ToBase58;
    // Two prefix bytes: the low six bits of the first hold bits 2..8 of the prefix, the second
    // holds its bits 8..14 and, on top, its lowest two.
    let [low, high] = ADDRESS_PREFIX.to_le_bytes();
    let mut bytes = vec![(low >> 2) | 0b0100_0000, high | ((low & 0b11) << 6)];
    bytes.extend(account.0);
    let checksum = Blake2b512::new()
        .chain_update(b"SS58PRE")
        .chain_update(&bytes)
        .finalize();
    bytes.extend(&checksum[..2]);
    bytes.to_base58()
}

fn parse(text: &str) -> Result<Keypair, KeyError> {
    let uri = SecretUri::from_str(text).map_err(|_| KeyError::Malformed)?;
    Keypair::from_uri(&uri).map_err(|_| KeyError::Malformed)
}

/// The first line that is neither empty nor a comment.
fn read_key_file(path: &Path) -> Result<String, KeyError> {
    let unreadable = |error| KeyError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(KeyError::NotAFile {
            path: path.to_owned(),
        });
    }
    check_mode(path, &metadata)?;
    let text = fs::read_to_string(path).map_err(unreadable)?;
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .ok_or_else(|| KeyError::Empty {
            path: path.to_owned(),
        })
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::TooOpen {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

fn write_key_file(path: &Path, text: &str) -> Result<(), KeyError> {
    use io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists {
            path: path.to_owned(),
        },
        _ => KeyError::Unwritable {
            path: path.to_owned(),
            error,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use subxt_signer::sr25519::dev;

    const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

    fn key_file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn development_key_should_load() {
        let pair = load(&KeySource::Development("//Charlie".into())).unwrap();
        assert_eq!(account(&pair), account(&dev::charlie()));
    }

    #[test]
    fn development_key_should_be_refused_when_it_is_a_mnemonic() {
        let source = KeySource::Development(PHRASE.into());
        assert!(matches!(load(&source), Err(KeyError::DevelopmentKeyOnly)));
    }

    #[test]
    fn key_file_should_load_mnemonic_after_comments() {
        let (_folder, path) = key_file(
            &format!("# the miner's key\n\n  {PHRASE}//Charlie \n"),
            0o600,
        );
        let pair = load(&KeySource::File(path)).unwrap();
        assert_eq!(account(&pair), account(&dev::charlie()));
    }

    #[test]
    fn key_file_should_be_refused_when_others_can_read_it() {
        for mode in [0o644, 0o640, 0o604, 0o620] {
            let (_folder, path) = key_file(PHRASE, mode);
            match load(&KeySource::File(path.clone())) {
                Err(KeyError::TooOpen {
                    path: named,
                    mode: found,
                }) => {
                    assert_eq!((named, found), (path, mode));
                }
                other => panic!("mode {mode:o}: {other:?}"),
            }
        }
    }

    #[test]
    fn key_file_should_be_refused_when_missing_empty_or_a_folder() {
        let (folder, path) = key_file("# nothing but a comment\n", 0o600);
        assert!(matches!(
            load(&KeySource::File(path)),
            Err(KeyError::Empty { .. })
        ));
        let missing = KeySource::File(folder.path().join("missing"));
        assert!(matches!(load(&missing), Err(KeyError::Unreadable { .. })));
        let directory = KeySource::File(folder.path().to_owned());
        assert!(matches!(load(&directory), Err(KeyError::NotAFile { .. })));
    }

    #[test]
    fn key_errors_should_not_repeat_the_secret() {
        let secret = "these words are secret but no valid mnemonic";
        let (_folder, path) = key_file(secret, 0o600);
        let error = load(&KeySource::File(path)).unwrap_err();
        assert!(matches!(error, KeyError::Malformed));
        assert!(!format!("{error} {error:?}").contains("secret but"));
    }

    #[test]
    fn new_key_should_be_private_and_load_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.key");
        let pair = create(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let again = load(&KeySource::File(path.clone())).unwrap();
        assert_eq!(account(&pair), account(&again));
        assert!(matches!(create(&path), Err(KeyError::Exists { .. })));
        let nowhere = folder.path().join("no folder").join("new.key");
        assert!(matches!(create(&nowhere), Err(KeyError::Unwritable { .. })));
        assert_eq!(
            account(&load(&KeySource::File(path)).unwrap()),
            account(&pair)
        );
    }

    #[test]
    fn secrets_of_audits_should_be_of_one_key_and_of_one_use() {
        let (charlie, dave) = (dev::charlie(), dev::dave());
        let all = |pair| {
            [
                audit_salt(pair, 7),
                audit_salt(pair, 8),
                salt(pair, 7),
                audit_secret(pair),
            ]
        };
        let mut secrets = [all(&charlie), all(&dave)].concat();
        assert_eq!(audit_salt(&charlie, 7), secrets[0]);
        secrets.sort();
        secrets.dedup();
        assert_eq!(secrets.len(), 8);
    }

    #[test]
    fn salt_should_follow_from_key_and_job() {
        let (charlie, dave) = (dev::charlie(), dev::dave());
        assert_eq!(salt(&charlie, 7), salt(&charlie, 7));
        assert_ne!(salt(&charlie, 7), salt(&charlie, 8));
        assert_ne!(salt(&charlie, 7), salt(&dave, 7));
    }

    #[test]
    fn address_should_carry_the_prefix_and_decode_to_the_account() {
        let account = account(&dev::charlie());
        let text = address(&account);
        // The library checks length and checksum and ignores the prefix.
        assert_eq!(AccountId32::from_str(&text).unwrap(), account);
        let bytes = base58::FromBase58::from_base58(text.as_str()).unwrap();
        let prefix = (u16::from(bytes[0] & 0b0011_1111) << 2)
            | u16::from(bytes[1] >> 6)
            | (u16::from(bytes[1] & 0b0011_1111) << 8);
        assert_eq!(prefix, ADDRESS_PREFIX);
    }
}
