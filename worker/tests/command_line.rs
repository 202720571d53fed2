//! The program as a process: exit codes, and what it says when it cannot start.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn worker(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aipg-worker"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AIPG_WORKER_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn outcome(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

#[test]
fn help_should_explain_settings_and_exit_codes() {
    let output = worker(&["--help"]);
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    for word in [
        "register",
        "run",
        "status",
        "earnings",
        "doctor",
        "new-key",
        "AIPG_WORKER_",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} is missing");
    }
}

#[test]
fn program_should_exit_with_2_when_the_settings_are_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("worker.toml");
    fs::write(&file, "capacitty = 2\n").unwrap();
    let (code, message) = outcome(&worker(&["status", "--config", text(&file)]));
    assert_eq!(code, Some(2));
    assert!(message.contains("capacitty"), "{message}");

    let (code, message) = outcome(&worker(&["status"]));
    assert_eq!(code, Some(2));
    assert!(message.contains("no key"), "{message}");

    let (code, message) = outcome(&worker(&["run", "--suri", "//Charlie"]));
    assert_eq!(code, Some(2));
    assert!(message.contains("no model"), "{message}");
}

#[test]
fn program_should_exit_with_2_when_the_key_is_no_development_key() {
    let (code, message) = outcome(&worker(&["status", "--suri", "some secret words"]));
    assert_eq!(code, Some(2));
    assert!(message.contains("development keys only"), "{message}");
    assert!(!message.contains("some secret words"), "{message}");
}

#[cfg(unix)]
#[test]
fn program_should_exit_with_2_when_others_can_read_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("worker.key");
    assert_eq!(outcome(&worker(&["new-key", text(&key)])).0, Some(0));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, message) = outcome(&worker(&["status", "--key-file", text(&key)]));
    assert_eq!(code, Some(2));
    assert!(
        message.contains("can be read by others (mode 0644)"),
        "{message}"
    );
}

#[test]
fn new_key_should_print_the_address_and_never_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("worker.key");
    let output = worker(&["new-key", text(&key)]);
    assert!(output.status.success());
    let address = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(address.len() >= 48, "{address}");
    let words = fs::read_to_string(&key).unwrap();
    assert_eq!(words.split_whitespace().count(), 24);
    assert!(!String::from_utf8_lossy(&output.stderr).contains(words.trim()));

    let (code, message) = outcome(&worker(&["new-key", text(&key)]));
    assert_eq!(code, Some(2));
    assert!(message.contains("never overwritten"), "{message}");
    assert_eq!(fs::read_to_string(&key).unwrap(), words);
}

#[test]
fn program_should_exit_with_1_when_the_model_cannot_be_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.aipg");
    fs::write(&model, "not a model").unwrap();
    let line = ["register", "--suri", "//Charlie", "--model", text(&model)];
    let (code, message) = outcome(&worker(&line));
    assert_eq!(code, Some(1));
    assert!(message.contains("cannot load"), "{message}");
}

/// What conversions do is in `convert.rs`.
#[test]
fn convert_should_name_the_file_that_it_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("checkpoint.safetensors");
    let output = folder.path().join("model.aipg");
    let mut arguments = vec!["convert", "--checkpoint", text(&missing)];
    for flag in ["--config", "--tokenizer", "--calibration"] {
        arguments.extend([flag, text(&missing)]);
    }
    arguments.extend(["--output", text(&output)]);
    let (code, message) = outcome(&worker(&arguments));
    assert_eq!(code, Some(1));
    assert!(message.contains("cannot read"), "{message}");
    assert!(message.contains(text(&missing)), "{message}");
    assert!(!output.exists());
}

#[test]
fn program_should_exit_with_1_when_no_node_answers() {
    // Port 1 is reserved and nothing listens there.
    let line = [
        "status",
        "--suri",
        "//Charlie",
        "--node",
        "ws://127.0.0.1:1",
    ];
    let (code, message) = outcome(&worker(&line));
    assert_eq!(code, Some(1));
    assert!(
        message.contains("connection to the node failed"),
        "{message}"
    );
}

/// Settings of a machine without a node, with its state in `folder`.
fn without_node<'a>(command: &'a str, folder: &'a Path) -> Vec<&'a str> {
    vec![
        command,
        "--suri",
        "//Charlie",
        "--node",
        "ws://127.0.0.1:1",
        "--data-dir",
        text(folder),
    ]
}

#[test]
fn earnings_should_be_told_without_a_node() {
    let folder = tempfile::tempdir().unwrap();
    let output = worker(&without_node("earnings", folder.path()));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert!(table.contains("total"), "{table}");
    assert!(table.contains("unclaimed rewards are not shown"), "{table}");

    let mut line = without_node("earnings", folder.path());
    line.push("--json");
    let output = worker(&line);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["total"]["fees"], "0 AIPG");
    assert!(report["node_error"].is_string());
}

#[test]
fn doctor_should_name_what_fails_and_exit_with_1() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("worker.redb"), "no database").unwrap();
    let output = worker(&without_node("doctor", folder.path()));
    assert_eq!(output.status.code(), Some(1));
    let checks = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in [
        "ok    key of",
        "fail  database: DatabaseCorrupt",
        "fail  models: none given",
        "fail  node ws://127.0.0.1:1",
    ] {
        assert!(checks.contains(line), "{line} is missing in:\n{checks}");
    }
}

#[test]
fn run_should_be_refused_by_name_when_the_database_is_damaged_or_of_another_key() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/demo/model.aipg");
    let folder = tempfile::tempdir().unwrap();
    let run = |suri: &'static str| {
        let mut line = without_node("run", folder.path());
        line[2] = suri;
        line.extend(["--model", model, "--metrics-address", "none"]);
        outcome(&worker(&line))
    };
    fs::write(folder.path().join("worker.redb"), "no database").unwrap();
    let (code, message) = run("//Charlie");
    assert_eq!(code, Some(1));
    assert!(message.contains("DatabaseCorrupt"), "{message}");

    fs::remove_file(folder.path().join("worker.redb")).unwrap();
    let charlie = aipg_worker::keys::load(&aipg_worker::keys::KeySource::Development(
        "//Charlie".into(),
    ));
    let charlie = aipg_worker::keys::account(&charlie.unwrap());
    drop(aipg_worker::store::Store::open(folder.path(), &charlie).unwrap());
    let (code, message) = run("//Dave");
    assert_eq!(code, Some(1));
    assert!(message.contains("DatabaseOfOtherKey"), "{message}");
}
