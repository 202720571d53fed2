use super::*;
use crate::cli::{KeyCommand, Subcommand};
use aipg_runtime::AccountId;
use sc_cli::SubstrateCli;
use std::path::Path;

const PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

fn operator() -> String {
    genesis::address(&AccountId::new([9; 32]))
}

fn run_as(
    account: &str,
    base_path: &Path,
    extra: &[&str],
) -> Result<(AuthorityRecord, PathBuf), SessionKeysError> {
    let base_path = base_path.to_str().unwrap();
    let arguments = [
        &["aipg-node", "key", "session", "--chain", "mainnet"][..],
        &["--account", account, "--base-path", base_path],
        extra,
    ]
    .concat();
    match Cli::try_from_iter(arguments).unwrap().subcommand {
        Some(Subcommand::Key(KeyCommand::Session(command))) => command.run(),
        other => panic!("{other:?}"),
    }
}

fn run(base_path: &Path, extra: &[&str]) -> Result<(AuthorityRecord, PathBuf), SessionKeysError> {
    run_as(&operator(), base_path, extra)
}

#[test]
fn keys_should_be_made_once_and_found_again_for_a_chain_that_needs_files_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let (record, keystore) = run(folder.path(), &[]).unwrap();
    assert_eq!(keystore, folder.path().join("chains/aipg-mainnet/keystore"));
    assert_eq!(record.account, operator());
    let files = || std::fs::read_dir(&keystore).unwrap().count();
    assert_eq!(files(), 2);
    let (again, _) = run(folder.path(), &[]).unwrap();
    assert_eq!(again, record);
    assert_eq!(files(), 2);

    let other = tempfile::tempdir().unwrap();
    let (another, _) = run(other.path(), &[]).unwrap();
    assert_ne!(another.babe, record.babe);
    assert_ne!(another.grandpa, record.grandpa);
}

#[test]
fn keys_should_be_those_of_the_secret_when_one_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let (record, keystore) = run(folder.path(), &["--suri", PHRASE]).unwrap();
    let babe = sr25519::Pair::from_string(&format!("{PHRASE}//babe"), None).unwrap();
    let grandpa = ed25519::Pair::from_string(&format!("{PHRASE}//grandpa"), None).unwrap();
    assert_eq!(record.babe, format!("0x{}", hex::encode(babe.public())));
    assert_eq!(
        record.grandpa,
        format!("0x{}", hex::encode(grandpa.public()))
    );

    // The node can sign with what is stored.
    let stored = LocalKeystore::open(keystore, None).unwrap();
    let signature = stored
        .sr25519_sign(key_types::BABE, &babe.public(), b"block")
        .unwrap()
        .unwrap();
    assert!(sr25519::Pair::verify(&signature, b"block", &babe.public()));

    // The same secret in a file, with or without saying it again.
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{PHRASE}\n")).unwrap();
    for extra in [&["--suri", file.to_str().unwrap()][..], &[]] {
        assert_eq!(run(folder.path(), extra).unwrap().0, record);
    }
}

#[test]
fn keys_should_depend_on_the_password() {
    let one = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let (plain, _) = run(one.path(), &["--suri", PHRASE]).unwrap();
    let extra = ["--suri", PHRASE, "--password", "secret"];
    let (protected, keystore) = run(other.path(), &extra).unwrap();
    assert_ne!(plain.babe, protected.babe);
    let stored = LocalKeystore::open(keystore, Some("secret".parse().unwrap())).unwrap();
    let public = stored.sr25519_public_keys(key_types::BABE)[0];
    assert!(stored
        .sr25519_sign(key_types::BABE, &public, b"block")
        .unwrap()
        .is_some());
}

#[test]
fn record_should_be_one_that_the_authorities_file_takes() {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<_> = (0..4)
        .map(|number: u8| {
            let account = genesis::address(&AccountId::new([number + 1; 32]));
            let base_path = folder.path().join(number.to_string());
            run_as(&account, &base_path, &[]).unwrap().0
        })
        .collect();
    let authorities = folder.path().join("authorities.json");
    std::fs::write(&authorities, serde_json::to_string(&records).unwrap()).unwrap();
    let balances = folder.path().join("balances.csv");
    std::fs::write(&balances, "").unwrap();
    let files = genesis::GenesisFiles {
        genesis_authorities: Some(authorities),
        genesis_balances: Some(balances),
    };
    // The authorities pass; it is the empty balances that are refused.
    let error = files.read().unwrap_err().to_string();
    assert!(error.starts_with("RequiredAccountMissing"), "{error}");
}

#[test]
fn command_should_name_the_error_when_the_account_cannot_be_an_authority() {
    let folder = tempfile::tempdir().unwrap();
    let alice = genesis::address(&sp_keyring::Sr25519Keyring::Alice.to_account_id());
    let polkadot = "14E5nqKAp3oAJcmzgZhUD2RcptBeUBScxKHgJKU4HPNcKVf3";
    for (account, name) in [
        ("nobody", "InvalidAddress"),
        (polkadot, "WrongSs58Prefix"),
        (&alice, "DevelopmentKey"),
    ] {
        let error = run_as(account, folder.path(), &[]).unwrap_err();
        assert!(matches!(error, SessionKeysError::Account(_)));
        assert!(error.to_string().starts_with(name), "{error}");
    }
    assert!(!folder.path().join("chains").exists(), "nothing was made");
}

#[test]
fn command_should_name_the_error_when_the_secret_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for secret in ["not a phrase", "0x1234"] {
        let error = run(folder.path(), &["--suri", secret]).unwrap_err();
        assert!(matches!(error, SessionKeysError::InvalidSecret { .. }));
        let message = error.to_string();
        assert!(message.starts_with("InvalidSecret: "), "{message}");
        assert!(!message.contains(secret), "{message}");
    }
    // An empty phrase is Substrate's way to say the development phrase.
    for secret in ["", "//Alice", DEV_PHRASE] {
        let error = run(folder.path(), &["--suri", secret]).unwrap_err();
        assert!(
            error.to_string().starts_with("DevelopmentSecret"),
            "{error}"
        );
    }
    let error = run(folder.path(), &["--suri", &format!("{PHRASE}///pass")]).unwrap_err();
    assert!(error.to_string().starts_with("PasswordInSecret"), "{error}");
}

#[test]
fn command_should_name_the_error_when_the_keystore_holds_other_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (_, keystore) = run(folder.path(), &[]).unwrap();
    let error = run(folder.path(), &["--suri", PHRASE]).unwrap_err();
    assert!(matches!(error, SessionKeysError::Differ { .. }));
    assert!(
        error.to_string().starts_with("SessionKeysDiffer"),
        "{error}"
    );

    let store = LocalKeystore::open(&keystore, None).unwrap();
    store.sr25519_generate_new(key_types::BABE, None).unwrap();
    for extra in [&[][..], &["--suri", PHRASE]] {
        let error = run(folder.path(), extra).unwrap_err();
        assert!(matches!(
            error,
            SessionKeysError::Ambiguous {
                babe: 2,
                grandpa: 1,
                ..
            }
        ));
        assert!(error.to_string().starts_with("SessionKeysAmbiguous"));
    }
}

#[test]
fn command_should_name_the_error_when_the_keystore_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("chains/aipg-mainnet")).unwrap();
    std::fs::write(folder.path().join("chains/aipg-mainnet/keystore"), b"").unwrap();
    let error = run(folder.path(), &[]).unwrap_err();
    assert!(matches!(error, SessionKeysError::Keystore { .. }));
    assert!(error.to_string().starts_with("KeystoreUnusable"), "{error}");

    let error = run(folder.path(), &["--password-filename", "missing"]).unwrap_err();
    assert!(error.to_string().starts_with("KeystoreOptions"), "{error}");
}
