//! `aipg-worker convert` as a process: from a checkpoint as it is downloaded to the files of a model.

#[path = "../engine/tests/common/gguf.rs"]
mod gguf;

use aipg_engine::{blob, synthetic, template::ChatTemplate, Model, Sampler};
use serde_json::{json, Value};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn convert(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aipg-worker"))
        .arg("convert")
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// What a conversion that succeeds prints.
fn converted(arguments: &[&str]) -> Value {
    let output = convert(arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What one that fails says.
fn refused(arguments: &[&str]) -> String {
    let output = convert(arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

/// The characters of byte-level vocabularies, in the order of their bytes.
fn alphabet() -> Vec<String> {
    let plain = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut others = 256..;
    (0..256u32)
        .filter_map(|byte| {
            if plain(byte) {
                Some(byte)
            } else {
                others.next()
            }
        })
        .filter_map(char::from_u32)
        .map(String::from)
        .collect()
}

fn tokenizer() -> Value {
    let vocabulary: serde_json::Map<String, Value> = (0..)
        .zip(alphabet())
        .map(|(id, token)| (token, Value::from(id)))
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [{"id": 256, "content": "<|im_end|>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}],
        "normalizer": null, "post_processor": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": true},
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
            "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "vocab": vocabulary, "merges": []},
    })
}

const TEMPLATE: &str = "{% for m in messages %}{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}";

/// A small checkpoint of Qwen2 in three shards, with all that comes with one.
fn write_checkpoint(folder: &Path) {
    let config = json!({
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
        "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 272,
        "max_position_embeddings": 128, "rms_norm_eps": 1e-6, "rope_theta": 1e6,
        "tie_word_embeddings": true
    });
    synthetic::write_checkpoint(folder, &config, 1, 3).unwrap();
    fs::write(folder.join("tokenizer.json"), tokenizer().to_string()).unwrap();
    let configuration = json!({"chat_template": TEMPLATE, "eos_token": "<|im_end|>"});
    fs::write(
        folder.join("tokenizer_config.json"),
        configuration.to_string(),
    )
    .unwrap();
}

#[test]
fn folder_should_become_a_model_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("qwen"), folder.path().join("made"));
    fs::create_dir(&source).unwrap();
    write_checkpoint(&source);
    let report = converted(&[text(&source), "--into", text(&target)]);

    let model = Model::load(&target.join("model.aipg")).unwrap();
    assert_eq!(report["root"], format!("0x{}", hex::encode(model.root())));
    assert_eq!(
        fs::read(target.join("header.bin")).unwrap(),
        model.header().encode()
    );
    let tokenizer = fs::read(target.join("tokenizer.json")).unwrap();
    assert_eq!(tokenizer, fs::read(source.join("tokenizer.json")).unwrap());
    assert_eq!(blob::hash(&tokenizer), model.header().tokenizer);
    let template = ChatTemplate::from_directory(&target).unwrap().unwrap();
    assert_eq!(template.source(), TEMPLATE);
    let written: Value =
        serde_json::from_slice(&fs::read(target.join("report.json")).unwrap()).unwrap();
    assert_eq!(written, report);

    let quality = &report["quality"];
    let number = |key: &str| quality[key].as_f64().unwrap();
    assert_eq!(quality["tokens"], 127);
    assert!(number("divergence_bits_per_token") < 0.01, "{quality}");
    assert!(number("same_likeliest_token") > 0.9, "{quality}");
    let (float, integer) = (number("float_perplexity"), number("integer_perplexity"));
    assert!((float / integer - 1.0).abs() < 0.02, "{quality}");

    let answer = model
        .generate(&[72, 105], 4, &[256], &Sampler::GREEDY, &mut |_| ())
        .unwrap();
    assert!((1..=4).contains(&answer.tokens.len()));

    // Whoever converts the same checkpoint again gets the same model.
    let again = folder.path().join("again");
    let second = converted(&[text(&source), "--into", text(&again)]);
    assert_eq!(second, report);
    assert!(
        fs::read(again.join("model.aipg")).unwrap() == fs::read(target.join("model.aipg")).unwrap()
    );
}

#[test]
fn settings_should_change_the_model() {
    let folder = tempfile::tempdir().unwrap();
    write_checkpoint(folder.path());
    let output = folder.path().join("m.aipg");
    let place = ["--output", text(&output)];
    let source = text(folder.path());
    let report = converted(
        &[
            &[source, "--max-context", "40", "--no-hadamard"][..],
            &place,
        ]
        .concat(),
    );
    assert_eq!(report["max_context"], 40);
    assert_eq!(report["input_flags"], json!([0, 0]));
    assert_eq!(report["quality"], Value::Null);
    assert!(!folder.path().join("report.json").exists());

    let calibration = folder.path().join("text");
    fs::write(&calibration, "some text").unwrap();
    let flags = [
        "--calibration-text",
        text(&calibration),
        "--measured-tokens",
        "500",
    ];
    let report = converted(&[&[source][..], &flags, &place].concat());
    assert_eq!(report["quality"]["tokens"], 8);
    fs::write(&calibration, [0xff]).unwrap();
    let error = refused(&[&[source][..], &flags, &place].concat());
    assert!(error.contains("is not UTF-8"), "{error}");
}

/// A Llama of random weights in one file, with its tokenizer.
fn gguf_file() -> gguf::File {
    use gguf::Value;
    let mut file = gguf::File::new("llama");
    for (key, value) in [
        ("block_count", 1),
        ("embedding_length", 64),
        ("feed_forward_length", 96),
        ("context_length", 64),
        ("attention.head_count", 4),
        ("attention.head_count_kv", 2),
    ] {
        file.set(&format!("llama.{key}"), Value::U32(value));
    }
    file.set("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5));
    let mut tokens = alphabet();
    tokens.push("<end>".into());
    let mut kinds = vec![1; 257];
    kinds[256] = 3;
    file.set("tokenizer.ggml.model", "gpt2".into());
    file.set("tokenizer.ggml.pre", "smollm".into());
    file.set("tokenizer.ggml.tokens", Value::Texts(tokens));
    file.set("tokenizer.ggml.token_type", Value::Integers(kinds));
    file.set("tokenizer.ggml.merges", Value::Texts(vec![]));
    file.set("tokenizer.ggml.eos_token_id", Value::U32(256));
    file.set("tokenizer.chat_template", TEMPLATE.into());
    let mut normal = synthetic::Normal::new(1);
    let mut tensor = |name: &str, shape: &[usize], mean: f64| {
        let scale = if shape.len() == 2 { 0.125 } else { 0.1 };
        let count = shape.iter().product();
        let elements: Vec<f32> = normal
            .by_ref()
            .take(count)
            .map(|x| (mean + scale * x) as f32)
            .collect();
        file.float_tensor(name, shape, &elements);
    };
    tensor("token_embd.weight", &[272, 64], 0.0);
    tensor("output_norm.weight", &[64], 1.0);
    for (part, rows, columns) in [
        ("attn_q", 64, 64),
        ("attn_k", 32, 64),
        ("attn_v", 32, 64),
        ("attn_output", 64, 64),
        ("ffn_gate", 96, 64),
        ("ffn_up", 96, 64),
        ("ffn_down", 64, 96),
    ] {
        tensor(&format!("blk.0.{part}.weight"), &[rows, columns], 0.0);
    }
    tensor("blk.0.attn_norm.weight", &[64], 1.0);
    tensor("blk.0.ffn_norm.weight", &[64], 1.0);
    file
}

#[test]
fn gguf_file_should_become_a_model_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("llama.gguf"), folder.path().join("made"));
    fs::write(&source, gguf_file().bytes()).unwrap();
    let report = converted(&[
        text(&source),
        "--into",
        text(&target),
        "--loss-budget",
        "0.01",
    ]);
    let model = Model::load(&target.join("model.aipg")).unwrap();
    assert_eq!(report["root"], format!("0x{}", hex::encode(model.root())));
    assert_eq!(report["vocabulary"], 272);
    let quality = &report["quality"];
    assert!(
        quality["divergence_bits_per_token"].as_f64().unwrap() < 0.1,
        "{quality}"
    );
    let tokenizer = fs::read(target.join("tokenizer.json")).unwrap();
    assert_eq!(blob::hash(&tokenizer), model.header().tokenizer);
    let tokenizer = aipg_engine::tokenizer::Tokenizer::from_json(&tokenizer).unwrap();
    assert_eq!(tokenizer.encode("Hi").unwrap(), [72, 105]);
    assert!(ChatTemplate::from_directory(&target).unwrap().is_some());
}

#[test]
fn gguf_file_should_be_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("llama.gguf"), folder.path().join("made"));
    let line = [text(&source), "--into", text(&target)];
    let with = |key: &str, value: gguf::Value| {
        let mut file = gguf_file();
        file.set(key, value);
        fs::write(&source, file.bytes()).unwrap();
        refused(&line)
    };
    let error = with("tokenizer.ggml.model", "llama".into());
    assert!(error.contains("--tokenizer"), "{error}");
    let error = with("llama.expert_count", gguf::Value::U32(8));
    assert!(
        error.contains("Unsupported: a mixture of experts"),
        "{error}"
    );
    let whole = gguf_file().bytes();
    fs::write(&source, &whole[..whole.len() / 2]).unwrap();
    let error = refused(&line);
    assert!(error.contains("Truncated"), "{error}");
    assert!(!target.join("model.aipg").exists());
}

#[test]
fn folder_should_be_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    write_checkpoint(folder.path());
    let (source, target) = (text(folder.path()), folder.path().join("made"));
    let line = [source, "--into", text(&target)];
    let file = |name: &str| folder.path().join(name);

    let mut config: Value =
        serde_json::from_slice(&fs::read(file("config.json")).unwrap()).unwrap();
    let mut with = |key: &str, value: Value| {
        let before = std::mem::replace(&mut config[key], value);
        fs::write(file("config.json"), config.to_string()).unwrap();
        config[key] = before;
        refused(&line)
    };
    for (key, value, name) in [
        (
            "model_type",
            json!("mixtral"),
            "UnknownArchitecture: mixtral",
        ),
        (
            "rope_scaling",
            json!({"rope_type": "yarn", "factor": 4}),
            "UnknownRopeScaling: yarn",
        ),
        ("vocab_size", json!(200), "VocabularyMismatch"),
        ("num_attention_heads", json!(5), "HeadsDoNotDivide"),
        (
            "num_hidden_layers",
            json!(3),
            "MissingTensor: model.layers.2",
        ),
        ("intermediate_size", json!(64), "WrongShape"),
        (
            "tie_word_embeddings",
            json!(false),
            "MissingTensor: lm_head.weight",
        ),
        (
            "num_hidden_layers",
            json!(4_000_000_000u32),
            "the number of layers is out of range",
        ),
        (
            "num_hidden_layers",
            json!(1),
            "UnexpectedTensor: model.layers.1",
        ),
    ] {
        let error = with(key, value);
        assert!(error.contains(name), "{name}: {error}");
    }
    fs::write(file("config.json"), config.to_string()).unwrap();
    fs::remove_file(file("model-00002-of-00003.safetensors")).unwrap();
    assert!(refused(&line).contains("MissingShard"));
    fs::remove_file(file("tokenizer.json")).unwrap();
    assert!(refused(&line).contains("cannot read"));
    fs::write(file("tokenizer.model"), "").unwrap();
    assert!(refused(&line).contains("tokenizer.model"));
    assert!(!target.join("model.aipg").exists());

    let usage = convert(&[source]);
    assert_eq!(usage.status.code(), Some(2), "{usage:?}");
    assert_eq!(convert(&["--into", text(&target)]).status.code(), Some(2));
}
