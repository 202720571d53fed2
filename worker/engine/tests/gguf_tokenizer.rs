//! Tokenizers in GGUF files.

mod common;

use aipg_engine::{
    convert::Gguf,
    template::ChatTemplate,
    tokenizer::{self, Tokenizer, TokenizerError},
};
use common::gguf::{File, Value};

/// Characters that stand for the bytes in byte-level vocabularies.
fn alphabet() -> Vec<String> {
    let plain = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 256;
    (0..256u32)
        .map(|byte| {
            let number = match plain(byte) {
                true => byte,
                false => {
                    next += 1;
                    next - 1
                }
            };
            char::from_u32(number).unwrap().to_string()
        })
        .collect()
}

/// A file of all bytes, a few merges, a beginning, an end and an added token.
fn file(cut: &str) -> File {
    let mut file = File::new("llama");
    let mut tokens = alphabet();
    let words = [
        "12", "123", "he", "\u{120}w", "<begin>", "<end>", "<tool>", "[PAD]",
    ];
    tokens.extend(words.map(String::from));
    let mut kinds = vec![1; tokens.len()];
    (kinds[260], kinds[261], kinds[262], kinds[263]) = (3, 3, 4, 5);
    let merges = ["1 2", "12 3", "h e", "\u{120} w"]
        .map(String::from)
        .to_vec();
    file.set("tokenizer.ggml.model", "gpt2".into());
    file.set("tokenizer.ggml.pre", cut.into());
    file.set("tokenizer.ggml.tokens", Value::Texts(tokens));
    file.set("tokenizer.ggml.token_type", Value::Integers(kinds));
    file.set("tokenizer.ggml.merges", Value::Texts(merges));
    file.set("tokenizer.ggml.bos_token_id", Value::U32(260));
    file.set("tokenizer.ggml.eos_token_id", Value::U32(261));
    file.set("tokenizer.ggml.add_bos_token", Value::Bool(true));
    file
}

fn gguf(file: &File) -> Gguf {
    Gguf::from_bytes(file.bytes()).unwrap()
}

fn parsed(file: &File) -> Tokenizer {
    Tokenizer::from_json(&tokenizer::from_gguf(&gguf(file)).unwrap()).unwrap()
}

#[test]
fn tokenizer_should_cut_as_the_file_says() {
    // Three digits stay together, or two are merged, or none, as each is cut off.
    for (cut, digits) in [
        ("llama-bpe", vec![257]),
        ("qwen2", vec![49, 50, 51]),
        ("smollm", vec![49, 50, 51]),
        ("gpt-2", vec![257]),
    ] {
        let tokenizer = parsed(&file(cut));
        assert_eq!(tokenizer.encode_rendered("123").unwrap(), digits, "{cut}");
        let text = "he w\u{e9} don't\r\n  x <end>";
        let ids = tokenizer.encode(text).unwrap();
        assert_eq!(ids[..4], [260, 258, 259, 0xc3], "{cut}");
        assert_eq!(ids[ids.len() - 1], 261);
        assert_eq!(tokenizer.decode(&ids), "he w\u{e9} don't\r\n  x ");
        // The padded id is none.
        assert_eq!(tokenizer.vocabulary(), 263);
        assert_eq!(
            (tokenizer.special("<end>"), tokenizer.special("<tool>")),
            (Some(261), None)
        );
        assert_eq!(tokenizer.bytes(262), b"<tool>");
    }
}

#[test]
fn tokenizer_should_begin_no_text_unless_the_file_asks_for_it() {
    let mut file = file("qwen2");
    file.set("tokenizer.ggml.add_bos_token", Value::Bool(false));
    assert_eq!(parsed(&file).encode("he").unwrap(), [258]);
}

#[test]
fn tokenizer_should_be_refused_when_it_is_of_another_kind() {
    let refused = |change: &dyn Fn(&mut File)| {
        let mut file = file("qwen2");
        change(&mut file);
        match tokenizer::from_gguf(&gguf(&file)) {
            Err(TokenizerError::Gguf(what)) => what,
            other => panic!("{other:?}"),
        }
    };
    for (key, value, word) in [
        ("tokenizer.ggml.model", Value::from("llama"), "llama"),
        ("tokenizer.ggml.model", Value::U32(1), "no tokenizer"),
        ("tokenizer.ggml.pre", "other".into(), "other"),
        ("tokenizer.ggml.tokens", Value::U32(1), "tokens"),
        ("tokenizer.ggml.merges", Value::Integers(vec![]), "merges"),
        (
            "tokenizer.ggml.token_type",
            Value::Integers(vec![1]),
            "token_type",
        ),
        (
            "tokenizer.ggml.tokens",
            Value::Texts(vec!["a".into(); 264]),
            "twice",
        ),
    ] {
        let what = refused(&|file| file.set(key, value.clone()));
        assert!(what.contains(word), "{what}");
    }
}

#[test]
fn template_should_be_that_of_the_file() {
    let mut file = file("qwen2");
    assert!(ChatTemplate::from_gguf(&gguf(&file)).unwrap().is_none());
    file.set(
        "tokenizer.chat_template",
        "{{ bos_token }}{{ messages | length }}{{ eos_token }}".into(),
    );
    let template = ChatTemplate::from_gguf(&gguf(&file)).unwrap().unwrap();
    assert_eq!(template.render(&[], true).unwrap(), "<begin>0<end>");
}
