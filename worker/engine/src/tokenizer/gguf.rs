//! The tokenizer in the metadata of a GGUF file, as a `tokenizer.json`.

use super::TokenizerError;
use crate::convert::{Gguf, GgufValue};
use serde_json::{json, Map, Value};

/// How text is cut before it is merged, by the name that GGUF files give it. Each is a regular expression, or
/// nothing where the byte-level cut of GPT-2 is enough.
const CUTS: [(&str, Cut); 7] = [
    ("gpt-2", Cut::Gpt2),
    ("default", Cut::Gpt2),
    ("smollm", Cut::Digits),
    ("llama-bpe", Cut::Words { digits: "{1,3}" }),
    ("llama3", Cut::Words { digits: "{1,3}" }),
    ("qwen2", Cut::Words { digits: "" }),
    ("deepseek-r1-qwen", Cut::Words { digits: "" }),
];

/// A way to cut text.
#[derive(Clone, Copy)]
enum Cut {
    /// As GPT-2.
    Gpt2,
    /// Each digit by itself, then as GPT-2.
    Digits,
    /// Words with the sign before them, and so many digits together.
    Words { digits: &'static str },
}

/// Types of tokens in GGUF files.
mod kind {
    /// A token of the control of a conversation.
    pub const CONTROL: i64 = 3;
    /// A token that stands for its text as it is.
    pub const USER_DEFINED: i64 = 4;
    /// No token: the vocabulary is filled up with them.
    pub const UNUSED: i64 = 5;
}

impl Cut {
    fn json(self) -> Value {
        let bytes = |use_regex: bool| {
            json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                "use_regex": use_regex})
        };
        match self {
            Self::Gpt2 => bytes(true),
            Self::Digits => json!({"type": "Sequence", "pretokenizers": [
                {"type": "Digits", "individual_digits": true}, bytes(true)]}),
            Self::Words { digits } => json!({"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": words(digits)}, "behavior": "Isolated",
                    "invert": false}, bytes(false)]}),
        }
    }
}

/// English contractions, letters with one sign before them, digits, other signs with the line ends behind
/// them, line ends, and spaces, of which the last goes to what follows.
fn words(digits: &str) -> String {
    [
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
        r"[^\r\n\p{L}\p{N}]?\p{L}+",
        &format!(r"\p{{N}}{digits}"),
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
    .join("|")
}

/// The tokenizer of a file: byte-level BPE only, as other kinds need more than the file has.
///
/// # Errors
/// [`TokenizerError::Gguf`] if the file has none or one of another kind; then the `tokenizer.json` has to be
/// given.
pub fn from_gguf(gguf: &Gguf) -> Result<Vec<u8>, TokenizerError> {
    let refuse = |what: String| Err(TokenizerError::Gguf(what));
    match gguf.text("tokenizer.ggml.model") {
        Some("gpt2") => {}
        Some(other) => return refuse(format!("its tokenizer is of the kind {other}")),
        None => return refuse("it has no tokenizer".into()),
    }
    let name = gguf.text("tokenizer.ggml.pre").unwrap_or("default");
    let Some((_, cut)) = CUTS.iter().find(|(known, _)| *known == name) else {
        return refuse(format!("how its tokenizer cuts text, {name}, is not known"));
    };
    let tokens = texts(gguf, "tokenizer.ggml.tokens")?;
    let merges = texts(gguf, "tokenizer.ggml.merges")?;
    let kinds = match gguf.metadata().get("tokenizer.ggml.token_type") {
        Some(GgufValue::Integers(kinds)) if kinds.len() == tokens.len() => kinds.as_slice(),
        Some(_) => {
            return refuse("tokenizer.ggml.token_type has another length than tokens".into())
        }
        None => &[],
    };
    let mut vocabulary = Map::new();
    let mut added = Vec::new();
    for (id, token) in tokens.iter().enumerate() {
        let kind = kinds.get(id).copied().unwrap_or(1);
        if kind == kind::UNUSED {
            continue;
        }
        if kind == kind::CONTROL || kind == kind::USER_DEFINED {
            added.push(
                json!({"id": id, "content": token, "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": kind == kind::CONTROL}),
            );
        }
        if vocabulary.insert(token.clone(), id.into()).is_some() {
            return refuse(format!("token {id} is there twice"));
        }
    }
    let json = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": match *cut {
            Cut::Words { digits: "" } => json!({"type": "NFC"}),
            _ => Value::Null,
        },
        "pre_tokenizer": cut.json(),
        "post_processor": begin(gguf, tokens),
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            // Whole words of the vocabulary need no merges.
            "ignore_merges": matches!(cut, Cut::Words { digits } if !digits.is_empty()),
            "vocab": vocabulary, "merges": merges},
    });
    Ok(json.to_string().into_bytes())
}

/// What puts the first token before every text, if the file asks for it.
fn begin(gguf: &Gguf, tokens: &[String]) -> Value {
    let asked = gguf.metadata().get("tokenizer.ggml.add_bos_token") == Some(&GgufValue::Bool(true));
    let Some((id, token)) = special(gguf, "bos", tokens).filter(|_| asked) else {
        return Value::Null;
    };
    let sequence = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
    let first = json!({"SpecialToken": {"id": token, "type_id": 0}});
    json!({
        "type": "TemplateProcessing",
        "single": [first, sequence("A")],
        "pair": [first, sequence("A"), sequence("B")],
        "special_tokens": {token: {"id": token, "ids": [id], "tokens": [token]}},
    })
}

fn texts<'a>(gguf: &'a Gguf, key: &str) -> Result<&'a [String], TokenizerError> {
    match gguf.metadata().get(key) {
        Some(GgufValue::Texts(texts)) => Ok(texts),
        _ => Err(TokenizerError::Gguf(format!("it has no {key}"))),
    }
}

/// Id and text of the token that begins (`bos`) or ends (`eos`) a text.
fn special<'a>(gguf: &Gguf, which: &str, tokens: &'a [String]) -> Option<(usize, &'a str)> {
    let key = format!("tokenizer.ggml.{which}_token_id");
    let Some(GgufValue::Integer(id)) = gguf.metadata().get(&key) else {
        return None;
    };
    let id = usize::try_from(*id).ok()?;
    Some((id, tokens.get(id)?))
}

/// The text of the token that begins (`bos`) or ends (`eos`) a text.
pub fn special_text(gguf: &Gguf, which: &str) -> Option<String> {
    let tokens = texts(gguf, "tokenizer.ggml.tokens").ok()?;
    special(gguf, which, tokens).map(|(_, text)| text.to_owned())
}
