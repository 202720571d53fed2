//! Checkpoints in GGUF files.

mod common;

use aipg_engine::convert::{
    convert, ConvertError, ConvertInput, Decoder, Gguf, GgufError, HadamardChoice, RopeScaling,
};
use common::{
    gguf::{File, Tensor, Value},
    Checkpoint, SHAPE, VOCABULARY,
};

/// The rows of `heads` heads, what is rotated together side by side.
fn interleaved(elements: &[f32], rows: usize, heads: usize) -> Vec<f32> {
    let (columns, width) = (elements.len() / rows, rows / heads);
    let order = (0..rows).map(|row| {
        let (head, place) = (row / width, row % width);
        head * width + place % 2 * (width / 2) + place / 2
    });
    order
        .flat_map(|row| elements[row * columns..][..columns].to_vec())
        .collect()
}

fn name_in_gguf(name: &str) -> String {
    [
        ("feed_forward_norm", "ffn_norm"),
        ("attention_norm", "attn_norm"),
        ("attention.query_norm", "attn_q_norm"),
        ("attention.key_norm", "attn_k_norm"),
        ("attention.query", "attn_q"),
        ("attention.key", "attn_k"),
        ("attention.value", "attn_v"),
        ("attention.output", "attn_output"),
        ("feed_forward.gate", "ffn_gate"),
        ("feed_forward.up", "ffn_up"),
        ("feed_forward.down", "ffn_down"),
        ("layers", "blk"),
        ("embedding", "token_embd"),
        ("final_norm", "output_norm"),
    ]
    .iter()
    .fold(name.to_owned(), |name, (from, to)| {
        name.replacen(from, to, 1)
    })
}

/// The file of a checkpoint, float32.
fn file(checkpoint: &Checkpoint, architecture: &str) -> File {
    let configuration = &checkpoint.configuration;
    let mut file = File::new(architecture);
    for (key, value) in [
        ("block_count", configuration.layers),
        ("embedding_length", configuration.model_dimension),
        ("feed_forward_length", configuration.feed_forward),
        ("context_length", configuration.max_context),
        ("attention.head_count", configuration.heads),
        ("attention.head_count_kv", configuration.key_value_heads),
        ("attention.key_length", configuration.head_dimension),
        ("attention.value_length", configuration.head_dimension),
        ("rope.dimension_count", configuration.head_dimension),
    ] {
        file.set(&format!("{architecture}.{key}"), Value::U32(value));
    }
    for (key, value) in [
        ("rope.freq_base", configuration.rope_base),
        ("attention.layer_norm_rms_epsilon", configuration.epsilon),
    ] {
        file.set(&format!("{architecture}.{key}"), Value::F32(value as f32));
    }
    for (name, (shape, elements)) in &checkpoint.tensors {
        let heads = match name {
            _ if architecture != "llama" || name.contains("_norm") => None,
            name if name.contains("attention.query") => Some(configuration.heads),
            name if name.contains("attention.key") => Some(configuration.key_value_heads),
            _ => None,
        };
        let elements = match heads {
            Some(heads) => interleaved(elements, shape[0], heads as usize),
            None => elements.clone(),
        };
        file.float_tensor(&name_in_gguf(name), shape, &elements);
    }
    file
}

fn input(checkpoint: &Checkpoint, gguf: &Gguf) -> ConvertInput {
    ConvertInput {
        checkpoint: gguf.checkpoint().clone(),
        configuration: gguf.configuration().unwrap(),
        ..checkpoint.input(HadamardChoice::default())
    }
}

fn decoders() -> [(&'static str, Decoder); 4] {
    let biased = Decoder {
        attention_bias: true,
        ..Decoder::default()
    };
    let tied = Decoder {
        tied_embedding: true,
        ..biased.clone()
    };
    let normalised = Decoder {
        head_norm: true,
        ..Decoder::default()
    };
    [
        ("llama", Decoder::default()),
        ("llama", biased),
        ("qwen2", tied),
        ("qwen3", normalised),
    ]
}

#[test]
fn model_should_be_the_same_as_of_safetensors() {
    for (architecture, decoder) in decoders() {
        let checkpoint = Checkpoint::random_decoder(SHAPE, decoder, 5);
        let expected = convert(&checkpoint.input(HadamardChoice::default())).unwrap();
        for version in [2, 3] {
            let mut file = file(&checkpoint, architecture);
            file.version = version;
            let gguf = Gguf::from_bytes(file.bytes()).unwrap();
            let converted = convert(&input(&checkpoint, &gguf)).unwrap();
            assert!(
                converted.bytes == expected.bytes,
                "{architecture} {version}"
            );
        }
    }
}

#[test]
fn model_should_be_the_same_when_the_file_is_on_disk() {
    let checkpoint = Checkpoint::random(SHAPE, 5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, file(&checkpoint, "llama").bytes()).unwrap();
    let gguf = Gguf::from_file(&path).unwrap();
    let expected = convert(&checkpoint.input(HadamardChoice::default())).unwrap();
    assert!(convert(&input(&checkpoint, &gguf)).unwrap().bytes == expected.bytes);
    let missing = Gguf::from_file("no/such/file.gguf".as_ref());
    assert!(matches!(missing, Err(ConvertError::Unreadable { .. })));
}

/// Blocks of 32 elements of 8 bits.
fn blocks_of_eight_bits(elements: &[f32]) -> Vec<u8> {
    let blocks = elements.chunks_exact(32).flat_map(|block| {
        let largest = block.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let scale = half::f16::from_f32(largest / 127.0);
        let bytes = block
            .iter()
            .map(move |x| (x / scale.to_f32()).round() as i8 as u8);
        scale.to_le_bytes().into_iter().chain(bytes)
    });
    blocks.collect()
}

#[test]
fn quantised_file_should_give_nearly_the_same_model() {
    let mut checkpoint = Checkpoint::random(SHAPE, 5);
    let mut file = file(&checkpoint, "llama");
    for (_, tensor) in &mut file.tensors {
        if tensor.shape.len() == 2 {
            let floats: Vec<f32> = tensor
                .bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|word| f32::from_le_bytes(*word))
                .collect();
            (tensor.kind, tensor.bytes) = (8, blocks_of_eight_bits(&floats));
        }
    }
    let gguf = Gguf::from_bytes(file.bytes()).unwrap();
    let input = input(&checkpoint, &gguf);
    let model = aipg_engine::Model::from_bytes(&convert(&input).unwrap().bytes).unwrap();
    let error = common::relative_error(&checkpoint, &model, &common::tokens(21, 60));
    assert!(error < 0.04, "{error}");
    // Rows that are in another order give another model.
    checkpoint.tensors = Checkpoint::random(SHAPE, 6).tensors;
    let other = common::relative_error(&checkpoint, &model, &common::tokens(21, 60));
    assert!(other > 0.5, "{other}");
}

#[test]
fn configuration_should_be_read() {
    let checkpoint = Checkpoint::random(SHAPE, 5);
    let read = |change: &dyn Fn(&mut File)| {
        let mut file = file(&checkpoint, "llama");
        change(&mut file);
        Gguf::from_bytes(file.bytes()).unwrap().configuration()
    };
    let plain = read(&|_| ()).unwrap();
    assert_eq!((plain.epsilon, plain.rope_base), (1e-5, 10_000.0));
    assert_eq!((plain.vocabulary, plain.max_context), (VOCABULARY, 160));
    assert_eq!(plain.decoder, Decoder::default());

    let scaled = read(&|file| {
        file.set("llama.rope.scaling.type", "linear".into());
        file.set("llama.rope.scaling.factor", Value::F32(4.0));
    });
    assert_eq!(
        scaled.unwrap().decoder.rope_scaling,
        RopeScaling::Linear { factor: 4.0 }
    );
    let divided = read(&|file| file.float_tensor("rope_freqs.weight", &[16], &[2.0; 16]));
    let divisors = vec![2.0; 16];
    let divided = divided.unwrap().decoder.rope_scaling;
    assert_eq!(divided, RopeScaling::Divisors { divisors });

    let error = read(&|file| file.set("llama.rope.scaling.type", "yarn".into()));
    assert!(matches!(error, Err(ConvertError::UnknownRopeScaling(kind)) if kind == "yarn"));
    for (key, value) in [
        ("llama.expert_count", 8),
        ("llama.attention.value_length", 16),
        ("llama.rope.dimension_count", 16),
        ("llama.attention.sliding_window", 100),
    ] {
        let error = read(&|file| file.set(key, Value::U32(value)));
        assert!(matches!(error, Err(ConvertError::Unsupported(_))), "{key}");
    }
    for (key, value) in [
        ("llama.block_count", Value::F32(2.0)),
        ("llama.embedding_length", Value::U64(1 << 40)),
        ("llama.context_length", Value::I32(-1)),
        ("llama.attention.layer_norm_rms_epsilon", Value::U32(1)),
        ("llama.attention.head_count", Value::Integers(vec![4, 4])),
    ] {
        let error = read(&|file| file.set(key, value.clone()));
        assert!(
            matches!(&error, Err(ConvertError::Gguf(GgufError::MissingValue(found))) if found == key),
            "{key}: {error:?}"
        );
    }
    let error = read(&|file| {
        file.metadata
            .retain(|(key, _)| key != "llama.attention.key_length");
        file.set("llama.attention.head_count", Value::U32(5));
    });
    assert!(matches!(error, Err(ConvertError::HeadsDoNotDivide { .. })));
    let error = read(&|file| file.set("general.architecture", "mamba".into()));
    assert!(matches!(error, Err(ConvertError::UnknownArchitecture(kind)) if kind == "mamba"));
    let error = read(&|file| file.tensors.retain(|(name, _)| name != "token_embd.weight"));
    assert!(matches!(error, Err(ConvertError::MissingTensor(name)) if name == "token_embd.weight"));
}

#[test]
fn tensors_should_be_refused_when_they_are_not_those_of_the_model() {
    let checkpoint = Checkpoint::random([32, 1, 2, 1, 16, 32], 1);
    let refused = |change: &dyn Fn(&mut File)| {
        let mut file = file(&checkpoint, "llama");
        change(&mut file);
        let gguf = Gguf::from_bytes(file.bytes()).unwrap();
        convert(&input(&checkpoint, &gguf)).unwrap_err()
    };
    let missing = "blk.0.ffn_up.weight";
    let error = refused(&|file| file.tensors.retain(|(name, _)| name != missing));
    assert!(matches!(error, ConvertError::MissingTensor(name) if name == missing));
    let error = refused(&|file| file.float_tensor("blk.7.more", &[1], &[0.0]));
    assert!(matches!(error, ConvertError::UnexpectedTensor(name) if name == "blk.7.more"));
    let error = refused(&|file| {
        let (_, tensor) = file
            .tensors
            .iter_mut()
            .find(|(name, _)| name == missing)
            .unwrap();
        tensor.shape.reverse();
        tensor.shape[0] /= 2;
        tensor.shape[1] *= 2;
    });
    assert!(matches!(error, ConvertError::WrongShape { .. }), "{error}");
}

fn tiny() -> File {
    let mut file = File::new("llama");
    file.float_tensor("a", &[2, 32], &[1.0; 64]);
    file.float_tensor("b", &[32], &[2.0; 32]);
    file
}

fn refused(change: impl FnOnce(&mut File)) -> GgufError {
    let mut file = tiny();
    change(&mut file);
    refused_bytes(file.bytes())
}

fn refused_bytes(bytes: Vec<u8>) -> GgufError {
    match Gguf::from_bytes(bytes) {
        Err(ConvertError::Gguf(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn file_should_be_refused_when_it_is_malformed() {
    assert!(Gguf::from_bytes(tiny().bytes()).is_ok());
    let error = refused(|file| file.magic = *b"GGML");
    assert!(matches!(error, GgufError::BadMagic));
    for version in [1, 4, 3 << 24] {
        let error = refused(|file| file.version = version);
        assert!(matches!(error, GgufError::UnknownVersion(found) if found == version));
    }
    let raw = |kind: u32, bytes: &[u8]| {
        let value = Value::Raw(kind, bytes.to_vec());
        refused(|file| file.set("x", value))
    };
    assert!(matches!(raw(13, &[0; 8]), GgufError::UnknownValue(13)));
    let array = |kind: u32, count: u64| [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat();
    assert!(matches!(raw(9, &array(13, 0)), GgufError::UnknownValue(13)));
    assert!(matches!(raw(9, &array(9, 1)), GgufError::NestedArray));
    for count in [1 << 20, u64::MAX] {
        assert!(matches!(
            raw(9, &array(4, count)),
            GgufError::Truncated { .. }
        ));
        assert!(matches!(
            raw(8, &count.to_le_bytes()),
            GgufError::Truncated { .. }
        ));
    }
    let text = [&1u64.to_le_bytes()[..], &[0xff]].concat();
    assert!(matches!(raw(8, &text), GgufError::NotUtf8));
    let error = refused(|file| {
        let first = file.metadata[0].clone();
        file.metadata.push(first);
    });
    assert!(matches!(error, GgufError::DuplicateKey(key) if key == "general.architecture"));
    let error = refused(|file| file.set(&"x".repeat(70_000), Value::U32(1)));
    assert!(matches!(error, GgufError::LongName(70_000)));
    for wrong in [0, 4, 33, 1 << 21] {
        let error = refused(|file| file.set("general.alignment", Value::U32(wrong)));
        assert!(matches!(error, GgufError::BadAlignment(found) if found == wrong.into()));
    }
    let error = refused(|file| file.set("general.alignment", "wide".into()));
    assert!(matches!(error, GgufError::MissingValue(_)));
}

#[test]
fn file_should_be_refused_when_its_tensors_are_malformed() {
    let tensor = |change: fn(&mut Tensor)| refused(|file| change(&mut file.tensors[0].1));
    for error in [
        tensor(|tensor| tensor.shape = vec![]),
        tensor(|tensor| tensor.shape = vec![1; 5]),
        tensor(|tensor| tensor.shape = vec![2, 0]),
        tensor(|tensor| tensor.shape = vec![1 << 32, 1 << 32]),
        tensor(|tensor| tensor.shape = vec![1 << 62]),
    ] {
        assert!(
            matches!(&error, GgufError::BadShape(name) if name == "a"),
            "{error}"
        );
    }
    let error = tensor(|tensor| tensor.kind = 4);
    assert!(matches!(error, GgufError::UnknownEncoding { kind: 4, .. }));
    let error = tensor(|tensor| (tensor.shape, tensor.kind) = (vec![2, 33], 8));
    assert!(matches!(error, GgufError::Misaligned(name) if name == "a"));
    let error = refused(|file| file.shift = 8);
    assert!(matches!(error, GgufError::Misaligned(_)));
    let error = tensor(|tensor| tensor.shape = vec![3, 32]);
    assert!(matches!(error, GgufError::Overlap(name) if name == "b"));
    let error = refused(|file| file.shift = 1 << 40);
    assert!(matches!(error, GgufError::Truncated { .. }));
    let error = Gguf::from_bytes({
        let mut file = tiny();
        let first = file.tensors[0].clone();
        file.tensors.push(first);
        file.bytes()
    });
    assert!(matches!(error, Err(ConvertError::DuplicateTensor(name)) if name == "a"));
}

#[test]
fn file_should_be_refused_when_it_is_cut_off() {
    let whole = tiny().bytes();
    for length in 0..whole.len() {
        // Padding behind the last tensor is not needed; it ends at a multiple of it.
        let error = refused_bytes(whole[..length].to_vec());
        assert!(
            matches!(error, GgufError::Truncated { .. }),
            "{length}: {error}"
        );
    }
}
