use super::*;
use std::fs;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

fn file(text: &str) -> (tempfile::TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("worker.toml");
    fs::write(&path, text).unwrap();
    (
        folder,
        Flags {
            config: Some(path),
            ..Flags::default()
        },
    )
}

#[test]
fn settings_should_be_the_defaults_when_nothing_is_given() {
    let settings = Settings::load(&Flags::default(), []).unwrap();
    assert_eq!(settings.node, ["ws://127.0.0.1:9944"]);
    assert_eq!(settings.metrics_address, None);
    assert_eq!(settings.capacity, 1);
    assert_eq!(settings.bond, Amount::whole(200));
    assert_eq!(settings.region, Region::Unspecified);
    assert_eq!(settings.log_format, LogFormat::Compact);
    assert!(!settings.stay_online && !settings.no_self_check);
    assert!(matches!(settings.key(), Err(ConfigError::NoKey)));
    assert!(matches!(
        settings.served_models(),
        Err(ConfigError::NoModels)
    ));
}

#[test]
fn settings_should_prefer_flags_over_environment_over_file_over_defaults() {
    let (_folder, mut flags) = file("capacity = 2\nbond = 200\nask = 0.2\nregion = \"asia\"\n");
    let variables = environment(&[
        ("AIPG_WORKER_BOND", "300"),
        ("AIPG_WORKER_ASK", "0.3"),
        ("AIPG_WORKER_CONFIG", "read with the flags"),
        ("PATH", "/usr/bin"),
    ]);
    flags.ask = Some("0.4".parse().unwrap());
    let settings = Settings::load(&flags, variables).unwrap();
    assert_eq!(settings.ask, Some("0.4".parse().unwrap()), "the flag");
    assert_eq!(settings.bond, Amount::whole(300), "the environment");
    assert_eq!(
        (settings.capacity, settings.region),
        (2, Region::Asia),
        "the file"
    );
    assert_eq!(settings.drain_seconds, 60, "the default");
    assert_eq!(settings.power_share, 0.5, "the default");
}

#[test]
fn models_should_come_from_tables_texts_and_the_environment() {
    let (_folder, flags) = file(concat!(
        "models = [\"a.aipg\", \"b.aipg=0.5\", ",
        "{ path = \"c.aipg\", ask = \"1\", root = \"0x01\" }]\n",
    ));
    let models = Settings::load(&flags, []).unwrap().models;
    assert_eq!(models[0], ModelSetting::of("a.aipg", None));
    assert_eq!(models[1], ModelSetting::of("b.aipg", "0.5".parse().ok()));
    assert_eq!(models[2].root.as_deref(), Some("0x01"));

    let variables = environment(&[("AIPG_WORKER_MODELS", "d.aipg, e.aipg=2")]);
    let models = Settings::load(&flags, variables).unwrap().models;
    assert_eq!(
        models,
        [
            ModelSetting::of("d.aipg", None),
            ModelSetting::of("e.aipg", Some(Amount::whole(2)))
        ]
    );
}

#[test]
fn key_should_be_the_one_of_the_strongest_source() {
    let (_folder, mut flags) = file("key_file = \"/keys/worker\"\n");
    let from_file = Settings::load(&flags, []).unwrap().key().unwrap();
    assert_eq!(from_file, KeySource::File("/keys/worker".into()));

    let variables = environment(&[("AIPG_WORKER_SURI", "//Charlie")]);
    let from_environment = Settings::load(&flags, variables.clone())
        .unwrap()
        .key()
        .unwrap();
    assert_eq!(from_environment, KeySource::Development("//Charlie".into()));

    flags.key_file = Some("/keys/flag".into());
    let from_flag = Settings::load(&flags, variables).unwrap().key().unwrap();
    assert_eq!(from_flag, KeySource::File("/keys/flag".into()));
}

#[test]
fn key_should_be_refused_when_one_source_names_two() {
    let (_folder, flags) = file("key_file = \"/keys/worker\"\nsuri = \"//Charlie\"\n");
    assert!(matches!(
        Settings::load(&flags, []),
        Err(ConfigError::TwoKeys("the file"))
    ));
}

#[test]
fn settings_should_be_refused_when_the_file_is_missing() {
    let flags = Flags {
        config: Some("/nowhere/worker.toml".into()),
        ..Flags::default()
    };
    assert!(matches!(
        Settings::load(&flags, []),
        Err(ConfigError::FileMissing(_))
    ));
}

#[test]
fn settings_should_be_refused_when_a_name_or_value_is_wrong() {
    for text in [
        "capacitty = 2\n",
        "capacity = \"many\"\n",
        "bond = \"1e3\"\n",
        "region = \"mars\"\n",
    ] {
        let (_folder, flags) = file(text);
        assert!(
            matches!(Settings::load(&flags, []), Err(ConfigError::Invalid(_))),
            "{text}"
        );
    }
    let variables = environment(&[("AIPG_WORKER_CAPACITTY", "2")]);
    assert!(matches!(
        Settings::load(&Flags::default(), variables),
        Err(ConfigError::Invalid(_))
    ));
}

#[test]
fn settings_should_be_refused_when_the_node_is_no_web_socket() {
    let flags = Flags {
        node: vec!["ws://127.0.0.1:9944".into(), "http://127.0.0.1:9944".into()],
        ..Flags::default()
    };
    assert!(matches!(
        Settings::load(&flags, []),
        Err(ConfigError::NotAWebSocket(_))
    ));
}

#[test]
fn nodes_should_come_from_a_text_a_list_and_the_environment() {
    let (_folder, flags) = file("node = \"ws://a\"\n");
    assert_eq!(Settings::load(&flags, []).unwrap().node, ["ws://a"]);
    let (_folder, mut flags) = file("node = [\"ws://a\", \"wss://b\"]\n");
    assert_eq!(
        Settings::load(&flags, []).unwrap().node,
        ["ws://a", "wss://b"]
    );
    let variables = environment(&[("AIPG_WORKER_NODE", "ws://c, ws://d")]);
    assert_eq!(
        Settings::load(&flags, variables.clone()).unwrap().node,
        ["ws://c", "ws://d"]
    );
    flags.node = vec!["ws://e".into()];
    assert_eq!(Settings::load(&flags, variables).unwrap().node, ["ws://e"]);
}

#[test]
fn settings_should_be_refused_when_no_node_is_named() {
    let (_folder, flags) = file("node = []\n");
    assert!(matches!(
        Settings::load(&flags, []),
        Err(ConfigError::NoNode)
    ));
}

#[test]
fn data_directory_should_be_the_given_one_or_one_of_the_key() {
    let flags = Flags {
        data_dir: Some("/data".into()),
        ..Flags::default()
    };
    let given = Settings::load(&flags, []).unwrap();
    assert_eq!(given.data_dir("5Key").unwrap(), PathBuf::from("/data"));
    let usual = Settings::load(&Flags::default(), []).unwrap();
    let path = usual.data_dir("5Key").unwrap();
    assert!(path.ends_with("aipg/worker/5Key"), "{}", path.display());
}

#[test]
fn metrics_address_should_be_an_address_or_none() {
    let address = |text: &str| {
        let variables = environment(&[("AIPG_WORKER_METRICS_ADDRESS", text)]);
        Settings::load(&Flags::default(), variables).map(|settings| settings.metrics_address)
    };
    assert_eq!(address("none").unwrap(), Some(MetricsAddress::Off));
    assert_eq!(
        address("127.0.0.1:9616").unwrap(),
        Some(MetricsAddress::At(MetricsAddress::DEFAULT))
    );
    assert!(matches!(address("9616x"), Err(ConfigError::Invalid(_))));
}

#[test]
fn place_to_pause_at_should_be_no_setting() {
    let variables = environment(&[(pause::VARIABLE, "claim-sent")]);
    assert!(Settings::load(&Flags::default(), variables).is_ok());
}

#[test]
fn settings_should_be_refused_when_there_is_no_capacity() {
    let flags = Flags {
        capacity: Some(0),
        ..Flags::default()
    };
    assert!(matches!(
        Settings::load(&flags, []),
        Err(ConfigError::NoCapacity)
    ));
}

#[test]
fn devices_should_be_read_from_every_source() {
    let these = |numbers: &[usize]| Choice::These(numbers.to_vec());
    for (text, choice) in [
        ("", Choice::Auto),
        ("devices = \"auto\"\n", Choice::Auto),
        ("devices = \"cpu\"\n", Choice::Cpu),
        ("devices = 1\n", these(&[1])),
        ("devices = [0, 2]\n", these(&[0, 2])),
        ("devices = \"0,2\"\n", these(&[0, 2])),
    ] {
        let (_folder, flags) = file(text);
        let settings = Settings::load(&flags, []).unwrap();
        assert_eq!(settings.devices, choice, "{text}");
    }
    for (text, choice) in [
        ("cpu", Choice::Cpu),
        ("3", these(&[3])),
        ("1,0", these(&[1, 0])),
    ] {
        let variables = environment(&[("AIPG_WORKER_DEVICES", text)]);
        let settings = Settings::load(&Flags::default(), variables.clone()).unwrap();
        assert_eq!(settings.devices, choice, "{text}");
        let flags = Flags {
            devices: Some(Choice::Auto),
            ..Flags::default()
        };
        let settings = Settings::load(&flags, variables).unwrap();
        assert_eq!(settings.devices, Choice::Auto, "the flag");
    }
}

#[test]
fn devices_should_be_refused_by_name_when_they_are_none() {
    for (text, name) in [
        ("devices = \"gpu\"\n", "BadDevices"),
        ("devices = -1\n", "BadDevices"),
        ("devices = []\n", "BadDevices"),
        ("devices = [1, 1]\n", "DeviceTwice"),
        ("devices = true\n", "`auto`, `cpu` or a list"),
    ] {
        let (_folder, flags) = file(text);
        let error = Settings::load(&flags, []).unwrap_err().to_string();
        assert!(error.contains(name), "{text}: {error}");
    }
}

#[test]
fn models_should_be_verified_always_unless_a_setting_says_otherwise() {
    let verify = |flags: &Flags| Settings::load(flags, []).unwrap().verify;
    assert_eq!(verify(&Flags::default()), Verify::Always);
    let (_folder, mut flags) = file("verify = \"changed\"\n");
    assert_eq!(verify(&flags), Verify::Changed);
    flags.verify = Some(Verify::Always);
    assert_eq!(verify(&flags), Verify::Always, "the flag");
    let (_folder, flags) = file("verify = \"never\"\n");
    let error = Settings::load(&flags, []).unwrap_err().to_string();
    assert!(error.contains("never"), "{error}");
}
