//! The `aipg-model` binary, from a checkpoint on disk to an answer.

mod common;

use aipg_engine::{
    blob,
    convert::HadamardChoice,
    sampling::{Sampler, Settings},
    Model,
};
use common::{tokenizer, tokens, Checkpoint, SHAPE};
use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// Runs the binary in `folder` and returns what it printed, or its error.
fn run(folder: &Path, arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_aipg-model"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn commands_should_convert_inspect_score_and_generate() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let checkpoint = Checkpoint::random(SHAPE, 1);
    let configuration = r#"{"model_dimension": 64, "layers": 2, "heads": 4, "key_value_heads": 2,
        "head_dimension": 32, "feed_forward": 192, "vocabulary": 272, "max_context": 160,
        "rope_base": 10000.0, "epsilon": 1e-05}"#;
    fs::write(at.join("x.safetensors"), checkpoint.bytes()).unwrap();
    fs::write(at.join("c.json"), configuration).unwrap();
    fs::write(at.join("t.json"), tokenizer()).unwrap();
    fs::write(at.join("ids.bin"), blob::encode_tokens(&tokens(7, 200))).unwrap();

    let arguments = [
        "convert",
        "--checkpoint",
        "x.safetensors",
        "--config",
        "c.json",
        "--tokenizer",
        "t.json",
        "--calibration",
        "ids.bin",
        "--output",
        "m.aipg",
        "--header",
        "h.bin",
    ];
    let converted = run(at, &arguments).unwrap();
    let (expected, model) = checkpoint.convert(HadamardChoice::WherePossible);
    assert_eq!(fs::read(at.join("m.aipg")).unwrap(), expected.bytes);
    assert_eq!(
        fs::read(at.join("h.bin")).unwrap(),
        expected.header.encode()
    );
    assert_eq!(
        converted["root"],
        format!("0x{}", hex::encode(model.root()))
    );
    assert_eq!(run(at, &["inspect", "m.aipg"]).unwrap(), converted);

    let job = ["trace", "m.aipg", "--prompt", "20", "--rounds", "1"];
    let measured = |more: &[&str]| run(at, &[&job, more].concat());
    let trace = measured(&["--output", "5"]).unwrap();
    assert_eq!(
        (&trace["rows"], &trace["output_tokens"]),
        (&24.into(), &5.into())
    );
    assert!(trace["whole_trace_bytes"].as_u64() > Some(24 * 64 * 4));
    assert!(trace["ratio"].as_f64() > Some(0.0));
    let small = measured(&["--budget", "0"]).unwrap_err();
    assert!(small.contains("BudgetTooSmall"), "{small}");
    let long = measured(&["--output", "200"]).unwrap_err();
    assert!(long.contains("ContextOverflow"), "{long}");

    let score = run(at, &["score", "m.aipg", "ids.bin", "--window", "50"]).unwrap();
    let direct = model.score(&tokens(7, 200), 50, &mut |_| ()).unwrap();
    assert_eq!(
        score["bits_per_token"].as_f64(),
        Some(direct.bits_per_token)
    );
    assert_eq!(score["tokens"], 196);

    let arguments = [
        "generate",
        "m.aipg",
        "Hi",
        "--max-output",
        "8",
        "--tokenizer",
        "t.json",
    ];
    let answer = run(at, &arguments).unwrap();
    let direct = model
        .generate(
            &[256, 72, 105, 257],
            8,
            &[258],
            &Sampler::GREEDY,
            &mut |_| (),
        )
        .unwrap();
    assert_eq!(
        answer["digest"],
        format!("0x{}", hex::encode(direct.digest))
    );
    assert_eq!(answer["tokens"], serde_json::json!(direct.tokens));

    let drawn = [
        "--temperature",
        "2",
        "--top-k",
        "40",
        "--top-p",
        "0.9",
        "--min-p",
        "0.01",
        "--seed",
        "7",
    ];
    let answer = run(at, &[&arguments[..], &drawn].concat()).unwrap();
    let settings = Settings {
        temperature: 2.0,
        top_k: 40,
        top_p: 0.9,
        min_p: 0.01,
    };
    let sampler = Sampler::seeded(7, settings.parameters().unwrap().unwrap()).unwrap();
    let direct = model
        .generate(&[256, 72, 105, 257], 8, &[258], &sampler, &mut |_| ())
        .unwrap();
    assert_eq!(answer["tokens"], serde_json::json!(direct.tokens));
    for (flag, value, name) in [
        ("--temperature", "0.01", "TemperatureOutOfRange"),
        ("--top-p", "0", "TopPOutOfRange"),
        ("--min-p", "2", "MinPOutOfRange"),
    ] {
        let refused = run(at, &[&arguments[..], &[flag, value]].concat()).unwrap_err();
        assert!(refused.contains(name), "{refused}");
    }

    let plain: Vec<&str> = [
        "convert",
        "--checkpoint",
        "x.safetensors",
        "--config",
        "c.json",
        "--tokenizer",
        "t.json",
        "--calibration",
        "ids.bin",
        "--output",
        "plain.aipg",
        "--no-hadamard",
    ]
    .to_vec();
    run(at, &plain).unwrap();
    assert_eq!(
        Model::load(&at.join("plain.aipg"))
            .unwrap()
            .header()
            .input_flags[0],
        0
    );
}

#[test]
fn commands_should_name_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (converted, _) = common::small_model();
    let mut bytes = converted.bytes;
    fs::write(at.join("good.aipg"), &bytes).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(at.join("bad.aipg"), &bytes).unwrap();
    fs::write(at.join("odd.bin"), [1, 2, 3]).unwrap();
    fs::write(at.join("other.json"), [&tokenizer()[..], b" "].concat()).unwrap();

    let error = |arguments: &[&str]| run(at, arguments).unwrap_err();
    assert!(error(&["inspect", "bad.aipg"]).contains("WeightRootMismatch"));
    assert!(error(&["inspect", "none.aipg"]).contains("none.aipg"));
    assert!(error(&["score", "good.aipg", "odd.bin"]).contains("NotATokenList"));
    let arguments = ["generate", "good.aipg", "Hi", "--tokenizer", "other.json"];
    assert!(error(&arguments).contains("commits another tokenizer"));
    assert!(error(&["generate", "good.aipg", "Hi", "--max-output", "0"]).contains("NoOutput"));
    assert!(error(&["generate", "good.aipg", "Hi", "--stop", ""]).contains("EmptyStopText"));
}

#[test]
fn generate_should_say_what_ended_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (converted, model) = common::small_model();
    converted.write(&folder.path().join("m.aipg")).unwrap();
    let generate = |flags: &[&str]| {
        let arguments = ["generate", "m.aipg", "Hi"];
        run(folder.path(), &[&arguments[..], flags].concat()).unwrap()
    };
    let free = generate(&["--max-output", "8"]);
    assert_eq!(
        (&free["finish"], &free["stop"]),
        (&"length".into(), &Value::Null)
    );
    let text = free["text"].as_str().unwrap();
    assert!(text.starts_with(".=8"), "{text}");

    let stops = ["--stop", "-", "--stop", "no", "--stop", "=8"];
    let stopped = generate(&stops);
    assert_eq!(stopped["text"], ".");
    assert_eq!(
        (&stopped["finish"], &stopped["stop"]),
        (&"stop_sequence".into(), &"=8".into())
    );
    assert_eq!(stopped["tokens"], serde_json::json!([46, 61, 56]));
    assert_eq!(
        generate(&["--max-output", "3"])["digest"],
        stopped["digest"]
    );

    // A prompt of 4 tokens in a context of 160, and an answer that no stop token ends before that.
    let sampler = ["--temperature", "1", "--seed"];
    let finishes: Vec<(String, usize)> = (0..20)
        .map(|seed| {
            let seed = seed.to_string();
            let answer = generate(&[&sampler[..], &[&seed]].concat());
            let count = answer["tokens"].as_array().unwrap().len();
            (answer["finish"].as_str().unwrap().to_owned(), count)
        })
        .collect();
    assert_eq!(model.header().max_context, 160);
    assert!(finishes.contains(&("context".into(), 156)), "{finishes:?}");
    assert!(finishes
        .iter()
        .any(|(finish, count)| finish == "stop_token" && *count < 156));
}

#[test]
fn kernel_should_be_chosen_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let (converted, _) = common::small_model();
    converted.write(&folder.path().join("m.aipg")).unwrap();
    let generate = |kernel: &str| {
        Command::new(env!("CARGO_BIN_EXE_aipg-model"))
            .args(["generate", "m.aipg", "Hi", "--max-output", "8"])
            .env("AIPG_KERNEL", kernel)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let expected = generate("");
    assert!(expected.status.success());
    assert_eq!(generate("portable").stdout, expected.stdout);
    let refused = generate("abacus");
    assert!(!refused.status.success());
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("UnknownKernel"), "{error}");
}

#[test]
fn picture_should_be_made_of_words_or_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tokenizer = br#"{"kind": "words", "words": ["a", "red", "robot"]}"#;
    let header = common::pictures::header(blob::hash(tokenizer));
    let file = common::pictures::file(header, 4);
    fs::write(at.join("m.aipg"), &file).unwrap();
    let picture = |more: &[&str]| run(at, &[&["picture", "m.aipg"], more].concat());
    let words = [
        "--prompt",
        "A red robot.",
        "--seed",
        "7",
        "--output",
        "p.png",
    ];
    let error = picture(&words).unwrap_err();
    assert!(error.contains("cannot read tokenizer.json"), "{error}");
    fs::write(at.join("tokenizer.json"), tokenizer).unwrap();

    let found = picture(&words).unwrap();
    let painting = Model::from_bytes(&file)
        .unwrap()
        .paint(&[0, 1, 2], 7, &mut |_| ())
        .unwrap();
    let hexadecimal = |hash: [u8; 32]| format!("0x{}", hex::encode(hash));
    assert_eq!(found["pixels"], hexadecimal(blob::hash(&painting.pixels)));
    assert_eq!(found["digest"], hexadecimal(painting.digest));
    assert_eq!(found["positions"], 3 * (6 + 3));
    assert_eq!(fs::read(at.join("p.png")).unwrap(), painting.png().unwrap());
    let tokens = [
        "--prompt-tokens",
        "0,1,2",
        "--seed",
        "7",
        "--output",
        "q.png",
    ];
    let again = picture(&tokens).unwrap();
    assert_eq!(again["pixels"], found["pixels"]);
    let inspected = run(at, &["inspect", "m.aipg"]).unwrap();
    assert_eq!(inspected["template"], 2);
    assert_eq!(inspected["picture"]["steps"], 3);
    assert_eq!(inspected["window"], 0);

    let error = picture(&["--prompt", "a blue robot", "--output", "p.png"]).unwrap_err();
    assert!(error.contains("UnknownWord: \"blue\""), "{error}");
    assert!(error.contains("a, red, robot"), "{error}");
    fs::write(
        at.join("other.json"),
        r#"{"kind": "words", "words": ["a"]}"#,
    )
    .unwrap();
    let other = [
        "--prompt",
        "a",
        "--tokenizer",
        "other.json",
        "--output",
        "p.png",
    ];
    let error = picture(&other).unwrap_err();
    assert!(error.contains("commits another tokenizer"), "{error}");
    let error = picture(&["--prompt-tokens", "999", "--output", "p.png"]).unwrap_err();
    assert!(error.contains("TokenOutOfVocabulary"), "{error}");
    assert!(picture(&["--output", "p.png"]).is_err());
    let error = picture(&["--prompt", "a", "--output", "no/such/p.png"]).unwrap_err();
    assert!(error.contains("cannot write no/such/p.png"), "{error}");
    let error = run(at, &["generate", "m.aipg", "Hi"]).unwrap_err();
    assert!(error.contains("PictureModel"), "{error}");
}
