use super::*;
use clap::{error::ErrorKind, CommandFactory};
use sc_cli::{CliConfiguration, Database, Role};
use sc_service::DatabaseSource;

use crate::blobs::MAX_BLOB_SIZE;

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_from_iter(std::iter::once(&"aipg-node").chain(arguments))
}

#[test]
fn command_line_should_be_consistent() {
    Cli::setup_command(Cli::command()).debug_assert();
}

#[test]
fn help_should_tell_the_chains_and_what_the_node_does() {
    let help = Cli::setup_command(Cli::command())
        .render_long_help()
        .to_string();
    for text in [
        "aipg-node --dev",
        "`dev` (one author",
        "--blobs-quota-mib",
        "--blobs-peer-mib-per-minute",
        "--blobs-served-mib-per-minute",
        "--blobs-retention-minutes",
        "--genesis-authorities",
        "--genesis-balances",
        "AIPG_GENESIS_BALANCES",
        "key session",
        "ParityDB",
    ] {
        assert!(help.contains(text), "{text}");
    }
}

#[test]
fn dev_should_mean_chain_dev_alice_and_a_temporary_folder_when_no_base_path_is_given() {
    let cli = parse(&["--dev"]).unwrap();
    let run = &cli.run.base;
    assert_eq!(run.chain_id(true).unwrap(), "dev");
    assert!(matches!(run.role(true).unwrap(), Role::Authority));
    assert_eq!(run.dev_key_seed(true).unwrap().as_deref(), Some("//Alice"));
    assert!(run.force_authoring().unwrap());
    let temporary = run.base_path().unwrap().unwrap();
    assert!(temporary.path().starts_with(std::env::temp_dir()));
}

#[test]
fn dev_should_keep_its_data_when_a_base_path_is_given() {
    let cli = parse(&["--dev", "--base-path", "kept/here"]).unwrap();
    let path = cli.run.base.base_path().unwrap().unwrap();
    assert_eq!(path.path(), std::path::Path::new("kept/here"));
}

#[test]
fn local_should_be_an_authority_of_the_local_chain_when_alice_is_given() {
    let cli = parse(&["--chain", "local", "--alice"]).unwrap();
    let run = &cli.run.base;
    assert_eq!(run.chain_id(false).unwrap(), "local");
    assert!(matches!(run.role(false).unwrap(), Role::Authority));
    let cli = parse(&["--chain", "local"]).unwrap();
    assert!(matches!(cli.run.base.role(false).unwrap(), Role::Full));
}

#[test]
fn load_spec_should_return_the_named_error_when_the_chain_is_unknown() {
    let cli = parse(&["--chain", "testnet"]).unwrap();
    let error = cli.load_spec("testnet").err().unwrap();
    assert!(error.starts_with("UnknownChain"), "{error}");
}

#[test]
fn database_should_be_refused_when_it_is_not_parity_db() {
    assert_eq!(
        parse(&["--database", "rocksdb"]).unwrap_err().kind(),
        ErrorKind::InvalidValue
    );
    let cli = parse(&["--database", "paritydb"]).unwrap();
    assert_eq!(cli.run.base.database().unwrap(), Some(Database::ParityDb));
}

#[tokio::test]
async fn configuration_should_use_parity_db_when_no_database_is_given() {
    let cli = parse(&["--dev", "--rpc-port", "0"]).unwrap();
    let configuration = cli.create_configuration(&cli.run.base, tokio::runtime::Handle::current());
    match aipg_runtime::WASM_BINARY {
        Some(_) => {
            let configuration = configuration.unwrap();
            assert!(matches!(
                configuration.database,
                DatabaseSource::ParityDb { .. }
            ));
            assert_eq!(configuration.chain_spec.id(), "aipg-dev");
            assert!(configuration.data_path.ends_with("chains/aipg-dev"));
        }
        None => {
            let error = configuration.err().unwrap().to_string();
            assert!(error.contains("RuntimeBlobMissing"), "{error}");
        }
    }
}

#[test]
fn rpc_should_let_the_largest_blob_through_when_no_limits_are_given() {
    let cli = parse(&[]).unwrap();
    // Two hexadecimal digits a byte, and room for the JSON around them.
    let needed = 2 * MAX_BLOB_SIZE + 1024;
    let limits = &cli.run.base.rpc_params;
    assert!(limits.rpc_max_request_size as usize * 1024 * 1024 >= needed);
    assert!(limits.rpc_max_response_size as usize * 1024 * 1024 >= needed);
}

#[test]
fn blob_options_should_be_what_was_asked_and_the_defaults_when_nothing_was() {
    let options = parse(&[]).unwrap().run.blobs;
    assert_eq!(options, BlobOptions::default());
    assert_eq!(options.quota_mib, 4096);
    let options = parse(&[
        "--blobs-quota-mib=64",
        "--blobs-peer-mib-per-minute=5",
        "--blobs-served-mib-per-minute=0",
        "--blobs-retention-minutes=1",
    ])
    .unwrap()
    .run
    .blobs;
    let expected = BlobOptions {
        quota_mib: 64,
        peer_mib_per_minute: 5,
        served_mib_per_minute: 0,
        retention_minutes: 1,
    };
    assert_eq!(options, expected);
    for argument in [
        "--blobs-quota-mib=3",
        "--blobs-peer-mib-per-minute=1048577",
        "--blobs-served-mib-per-minute=1048577",
        "--blobs-retention-minutes=0",
    ] {
        let error = parse(&[argument]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueValidation, "{argument}");
    }
}

#[test]
fn subcommands_should_all_parse() {
    for arguments in [
        &["key", "generate"][..],
        &["key", "session", "--account", "someone"],
        &["chain-spec", "--chain", "dev"],
        &["export-chain-spec", "--chain", "dev", "--raw"],
        &["build-spec", "--chain", "local"],
        &["check-block", "--chain", "dev", "1"],
        &["export-blocks", "--chain", "dev"],
        &["import-blocks", "--chain", "dev", "blocks.json"],
        &["purge-chain", "--chain", "dev", "-y"],
        &["revert", "--chain", "dev", "3"],
        &["chain-info", "--chain", "dev"],
    ] {
        let cli = parse(arguments).unwrap();
        assert!(cli.subcommand.is_some(), "{arguments:?}");
    }
    assert_eq!(
        parse(&["mine"]).unwrap_err().kind(),
        ErrorKind::InvalidSubcommand
    );
}

#[test]
fn genesis_files_should_be_taken_before_and_after_a_subcommand_that_reads_them() {
    let expected = GenesisFiles {
        genesis_authorities: Some("a.json".into()),
        genesis_balances: Some("b.csv".into()),
    };
    let files = [
        "--genesis-authorities",
        "a.json",
        "--genesis-balances",
        "b.csv",
    ];
    for command in [
        &["--chain", "mainnet"][..],
        &["chain-spec", "--chain", "mainnet"],
        &["export-blocks", "--chain", "mainnet"],
        &["revert", "--chain", "mainnet", "1"],
    ] {
        let cli = parse(&[command, &files].concat()).unwrap();
        assert_eq!(cli.genesis, expected, "{command:?}");
        assert!(cli.needs_genesis());
        let error = cli.load_spec("mainnet").err().unwrap();
        assert!(error.starts_with("GenesisFileUnreadable"), "{error}");
    }
}

#[test]
fn mainnet_should_be_named_without_its_files_when_only_its_folder_is_asked_for() {
    for command in [
        &["key", "session", "--account", "someone"][..],
        &["key", "generate-node-key"],
        &["purge-chain"],
        &["chain-info"],
    ] {
        let spec = parse(command).unwrap().load_spec("mainnet").unwrap();
        assert_eq!(spec.id(), "aipg-mainnet");
    }
    for command in [&[][..], &["check-block", "1"], &["chain-spec"]] {
        let error = parse(command).unwrap().load_spec("mainnet").err().unwrap();
        assert!(error.starts_with("GenesisFilesMissing"), "{error}");
    }
}
